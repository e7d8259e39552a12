"""Google's own JavaScript client, unmodified, over plain `ws://`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gemini_live_nb.emulator import Emulator

from .answers import Answers
from .process import run_client
from .spoken import question

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent.parent
CLIENT = Path(__file__).parent / "js" / "google_genai.mjs"


@pytest.fixture(autouse=True)
def package():
    if shutil.which("node") is None or not (ROOT / "node_modules" / "@google" / "genai").is_dir():
        pytest.skip("node and npm's @google/genai are not installed: npm install")


async def run(scenario, tmp_path):
    speech = tmp_path / "speech.raw"
    speech.write_bytes(question("What is the weather like in London today?").astype("<i2").tobytes())
    async with Emulator(Answers()) as emulator:
        return await run_client("node", CLIENT, scenario, emulator.url.replace("ws", "http", 1), speech)


async def test_text_turns(tmp_path):
    seen = await run("text", tmp_path)
    assert (seen["turns"], seen["said"]) == (2, "Hello there." * 2)
    assert seen["audio"] > 2 * 30_000


async def test_a_spoken_turn_by_voice_activity(tmp_path):
    seen = await run("spoken", tmp_path)
    assert (seen["turns"], seen["said"]) == (1, "I heard you.")
    assert 2 < float(seen["heard"].split()[0]) < 4


async def test_a_tool_round(tmp_path):
    seen = await run("tools", tmp_path)
    assert seen["calls"] == [["get_weather", {"city": "London"}]]
    assert (seen["turns"], seen["said"]) == (1, "It is foggy.")


async def test_barge_in(tmp_path):
    seen = await run("barge_in", tmp_path)
    assert seen["interrupted"] == 1
    assert seen["said"].endswith("I heard you.")


async def test_a_resumed_session(tmp_path):
    seen = await run("resumed", tmp_path)
    assert seen["said"] == "Hello there.Ada."


async def test_a_token_session(tmp_path):
    seen = await run("token", tmp_path)
    assert seen["token"].startswith("auth_tokens/")
    assert seen["said"] == "Hello there."


async def test_a_refusal(tmp_path):
    code, reason = (await run("refused", tmp_path))["closed"]
    assert code == 1008
    assert reason.startswith(
        "models/gemini-9 is not found for API version v1beta, or is not supported for bidiGenerate"
    )
