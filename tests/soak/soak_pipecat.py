"""An agent framework's own Gemini Live service holds conversations with the emulator over TLS: pipecat, unmodified.

It is installed into an environment of its own for this, from the package index.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from gemini_live_nb.emulator import Emulator, Fault, Say
from tests.wire.answers import Answers
from tests.wire.process import run_client
from tests.wire.raw import LIVE_3_1, LIVE_3_8, NATIVE
from tests.wire.spoken import question

CLIENT = Path(__file__).parent / "clients" / "pipecat_live.py"
PACKAGE = "pipecat-ai[google]"
INSTALL_SECONDS = 900
TALK_SECONDS = 150

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(INSTALL_SECONDS + TALK_SECONDS)]


class Told(Answers):
    """Takes a function's result under whatever name the framework puts it; the connection on which it is told a
    name ends a little later.
    """

    def __init__(self):
        self.emulator = None
        self.asked_on = []

    async def reply(self, ask, talk):
        if ask.kind == "tool_result":
            yield Say(f"It is {' '.join(map(str, ask.results[0].response.values()))}.")
            return
        if "name" in ask.text:
            self.asked_on.append(self.emulator.connections[-1])
        if "name is" in ask.text:
            await self.emulator.inject(Fault("deadline", at="turn_end", delay=3))
        async for piece in super().reply(ask, talk):
            yield piece


async def done(*command):
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), INSTALL_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, out.decode()[-3000:]


@pytest.fixture(scope="module")
async def python(tmp_path_factory):
    """An interpreter that has pipecat, and nothing of ours."""
    if "SOAK_PIPECAT" in os.environ:
        return os.environ["SOAK_PIPECAT"]
    folder = tmp_path_factory.mktemp("pipecat") / "venv"
    await done(sys.executable, "-m", "venv", folder)
    await done(folder / "bin" / "pip", "install", "--quiet", PACKAGE)
    return folder / "bin" / "python"


def environment(emulator):
    return {
        **os.environ,
        "GEMINI_API_KEY": "offline",
        "GOOGLE_GEMINI_BASE_URL": emulator.tls_url.replace("wss", "https"),
        "SSL_CERT_FILE": str(emulator.certificate.ca_file),
    }


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8])
async def test_pipecat_holds_a_conversation(python, model, tmp_path):
    speech = tmp_path / "speech.raw"
    speech.write_bytes(question("What is the weather like in London today?").astype("<i2").tobytes())
    told = Told()
    async with Emulator(told, tls=True) as emulator:
        told.emulator = emulator
        seen = await run_client(
            python, CLIENT, "talk", model, speech, env=environment(emulator), limit=TALK_SECONDS
        )
    print(seen)
    assert [seen[name]["errors"] for name in ("text", "spoken", "tool", "barge-in")] == [[]] * 4
    assert seen["text"]["said"].strip() == "Hello there."
    assert seen["text"]["audio"] > 30_000
    assert seen["spoken"]["said"].strip() == "I heard you."
    assert float(seen["spoken"]["heard"].split()[0]) > 2
    assert seen["calls"] == [["get_weather", {"city": "London"}]]
    assert "foggy" in seen["tool"]["said"]
    assert seen["barge-in"]["interruptions"] == 1
    assert "I heard you." in seen["barge-in"]["said"]
    assert seen["resumed"]["said"].strip() == "Ada."
    first, second = told.asked_on
    assert first is not second


async def test_pipecat_holds_a_conversation_with_a_token(python, tmp_path):
    async with Emulator(Told(), tls=True) as emulator:
        seen = await run_client(python, CLIENT, "token", LIVE_3_8, os.devnull, env=environment(emulator))
    assert seen["text"]["errors"] == []
    assert seen["text"]["said"].strip() == "Hello there."
