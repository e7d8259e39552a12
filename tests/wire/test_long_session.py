"""An hour of conversation over many connections: nothing lost that the service had completed, memory flat."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from gemini_live_nb.emulator import Brain, Heard, Say
from gemini_live_nb.errors import AnswerLost
from gemini_live_nb.session.events import GoingAway, Lost, Resumed

from .long_life import world
from .raw import LIVE_3_8, NATIVE, silence, voice

HOUR = 3600.0
GO_AWAY = 420.0
"""Seconds into each connection: seven minutes, as users report."""
DROPS = (700.0, 1900.0, 3100.0)
"""When the TCP connection is cut."""


class Numbered(Brain):
    """Says how many questions it has heard in this conversation, over all its connections."""

    async def reply(self, ask, talk):
        if ask.kind == "speech":
            yield Heard(f"{len(ask.audio) / 16000:.1f} seconds of speech")
        talk.memory["asked"] = talk.memory.get("asked", 0) + 1
        yield Say(f"{talk.memory['asked']}: {ask.text or 'spoken'}", np.zeros(24000, np.int16))


async def converse(here, until, lost):
    """Type and speak in turn, every twelve seconds or so; returns how many questions were answered."""
    answered = i = 0
    while here.clock.monotonic() < until:
        i += 1
        question = f"question {i}" if i % 3 else np.concatenate([voice(0.5), silence(0.5)])
        try:
            turn = await here.session.ask(question, timeout=120)
        except AnswerLost as error:
            lost.append(error.turn)
        else:
            answered += 1
            assert turn.complete
            assert turn.text.endswith(question if i % 3 else "spoken")
        await here.after(10)
    return answered


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_8])
@pytest.mark.timeout(300)
async def test_an_hour_over_six_go_aways_and_three_drops(model, tmp_path):
    lost = []
    async with world(model, brain=Numbered(), log=tmp_path / "run", go_away=GO_AWAY) as here:
        answered = 0
        for at in (*DROPS, HOUR):
            answered += await converse(here, at, lost)
            if at < HOUR:
                await here.emulator.inject("drop@speaking")
        goodbyes, drops, resumed = here.events(GoingAway), here.events(Lost), here.events(Resumed)
        session = here.session
        assert len(goodbyes) >= 6
        assert len(drops) == len(lost) == 3
        assert len(resumed) == session.conn == len(goodbyes) + len(drops)
        assert all(not event.lost for event in resumed if event.gap < 1)
        # The service answered them all, in order, and remembers those whose answer was cut.
        numbers = [int(turn.text.split(":")[0]) for turn in session.turns if turn.text]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) == answered + len(lost)
        here.check_log()
    _check_record(session.log, len(goodbyes), offsets=model == LIVE_3_8)


def _check_record(log, goodbyes, *, offsets):
    frames = list(log)
    conns = [frame.conn for frame in frames]
    assert conns == sorted(conns)
    assert set(conns) == set(range(conns[-1] + 1))
    closes = {frame.conn: frame.fields for frame in frames if frame.kind == "close"}
    assert sum(one["code"] == 1000 and one["by"] == "us" for one in closes.values()) == goodbyes + 1
    assert sum(one["code"] == 1006 for one in closes.values()) == len(DROPS)
    heard = [
        float(frame.json()["voiceActivity"]["audioOffset"].rstrip("s"))
        for frame in frames
        if frame.kind == "voiceActivity"
    ]
    # The service counts the user's sound through all connections.
    assert heard == sorted(heard)
    assert bool(heard) == offsets


@pytest.mark.timeout(300)
async def test_memory_stays_flat(tmp_path):
    """After half an hour, in which queues and caches have filled, an hour costs what its turns do."""
    lost, sizes = [], []
    async with world(LIVE_3_8, brain=Numbered(), log=tmp_path / "run", go_away=120, time_left=20) as here:
        tracemalloc.start()
        try:
            for at in (HOUR / 2, HOUR):
                await converse(here, at, lost)
                here.events().clear()
                for tap in here.taps:
                    tap.came.clear()
                    tap.went.clear()
                here.session._recorder.flush()
                gc.collect()
                sizes.append((tracemalloc.get_traced_memory()[0], len(here.session.turns), here.session.conn))
        finally:
            tracemalloc.stop()
        (before, turns, conns), (after, more, last) = sizes
        assert last - conns >= 6
        assert not lost
        # The words and times of a turn in the record, and once more in the emulator's history: about 6 kB.
        assert (after - before) / (more - turns) < 10_000
