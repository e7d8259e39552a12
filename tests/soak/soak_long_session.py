"""A conversation on the real clock: goAway every twenty seconds, a dropped connection a minute, the microphone open.

Ten minutes, or SOAK_MINUTES. The emulator is a process of its own, as for users.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import numpy as np
import pytest

from gemini_live_nb.errors import AnswerLost
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.events import Dropped, GoingAway, Lost, Resumed
from gemini_live_nb.session.session import LiveSession
from tests.wire.process import emulator_process
from tests.wire.raw import LIVE_3_8, silence, voice
from tests.wire.rest import http

MINUTES = float(os.environ.get("SOAK_MINUTES", "10"))
GO_AWAY, TIME_LEFT = 20, 8
OF_INTEREST = (GoingAway, Lost, Resumed, Dropped)


def resident():
    """MB of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def drops(url, until):
    """Cut the connection once a minute, wherever the conversation is."""
    while time.monotonic() < until - 60:
        await asyncio.sleep(60)
        status, _ = await asyncio.to_thread(
            http, "POST", url.replace("ws", "http", 1) + "/emulator/faults", {"name": "drop"}
        )
        assert status == 200


async def converse(session, until):
    """Type and speak in turn; returns what was answered, and what was lost and told."""
    answered, lost, sizes = 0, 0, []
    speech = np.concatenate([voice(1), silence(0.5)])
    while time.monotonic() < until:
        question = f"question {answered + lost}" if (answered + lost) % 2 else speech
        try:
            turn = await session.ask(question, timeout=90)
        except AnswerLost:
            lost += 1
        else:
            answered += 1
            assert turn.text
        await asyncio.sleep(1)
        gc.collect()
        sizes.append(resident())
    return answered, lost, sizes


@pytest.mark.anyio
async def test_minutes_over_many_connections(tmp_path):
    async with emulator_process(
        "--brain", "echo", "--go-away", str(GO_AWAY), "--time-left", str(TIME_LEFT)
    ) as lines:
        url = lines[0].removeprefix("listening on ")
        until = time.monotonic() + 60 * MINUTES
        async with LiveSession(
            LiveConfig(model=LIVE_3_8), url=url, api_key="offline", log=tmp_path / "run"
        ) as session:
            listener = session.subscribe(limit=100_000, accepts=lambda event: isinstance(event, OF_INTEREST))
            cutting = asyncio.create_task(drops(url, until))
            answered, lost, sizes = await converse(session, until)
            await cutting
            await asyncio.sleep(3)
            assert session.status == "listening"
            told = []
            while (event := listener.get(0)) is not None:
                told.append(event)
    counts = {kind.__name__: sum(isinstance(event, kind) for event in told) for kind in OF_INTEREST}
    warm = sizes[len(sizes) // 3]
    print(
        f"\n{MINUTES:g} min: {answered} answered, {lost} lost and told, {session.conn + 1} connections, {counts}, "
        f"longest gap {max(event.gap for event in told if isinstance(event, Resumed)):.2f} s, "
        f"{warm:.0f} MB after a third, {sizes[-1]:.0f} MB at the end"
    )
    assert counts["Resumed"] >= MINUTES * 60 / (GO_AWAY + TIME_LEFT) - 1
    assert lost <= counts["Lost"]
    assert counts["Lost"] >= int(MINUTES) - 1
    assert sizes[-1] - warm < 10 + MINUTES
