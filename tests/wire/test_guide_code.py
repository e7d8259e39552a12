"""Google's raw-WebSocket guide, followed to the letter: refused as the real service refuses it, and taken on request."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from gemini_live_nb.emulator import Call, Emulator, Heard, Say, ScriptBrain

from .process import run_client
from .raw import DEVELOPER, silence, voice

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parent / "clients" / "guide.py"


def brain():
    def reply(ask, talk):
        if ask.kind == "tool_result":
            return [Say("It is " + ask.results[0].response["result"])]
        if "weather" in ask.text:
            return [Call("get_weather", {"city": "Paris"})]
        return [Heard("Hi."), Say("Hello there.")] if ask.kind == "speech" else [Say("I am well.")]

    return ScriptBrain(reply)


@pytest.fixture
def speech(tmp_path):
    file = tmp_path / "speech.raw"
    file.write_bytes(np.concatenate([voice(1), silence(1.5)]).astype("<i2").tobytes())
    return file


async def test_the_guide_holds_a_conversation_where_config_is_accepted(speech):
    async with Emulator(brain(), accept_config=True) as emulator:
        heard = await run_client(sys.executable, GUIDE, f"{emulator.url}{DEVELOPER}?key=k", speech)
    assert heard["turns"] == 3
    assert heard["calls"] == ["get_weather"]
    assert heard["audio_bytes"] > 3 * 20_000
    assert "closed" not in heard


async def test_the_guide_is_refused_as_the_service_refuses_it(speech):
    async with Emulator(brain()) as emulator:
        heard = await run_client(sys.executable, GUIDE, f"{emulator.url}{DEVELOPER}?key=k", speech)
    assert heard["closed"] == [
        1007,
        'Invalid JSON payload received. Unknown name "config": Cannot find field.',
    ]
    assert heard["turns"] == 0
