"""Google's own Python client, unmodified, told where to go by two environment variables, cannot tell the difference."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from gemini_live_nb.emulator import Emulator

from .answers import Answers
from .process import run_client
from .spoken import question

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("google.genai") is None, reason="google-genai is not installed"
    ),
]

CLIENT = Path(__file__).parent / "clients" / "google_genai.py"


async def run(scenario, tmp_path):
    speech = tmp_path / "speech.raw"
    speech.write_bytes(question("What is the weather like in London today?").astype("<i2").tobytes())
    async with Emulator(Answers(), tls=True) as emulator:
        env = {
            **os.environ,
            "GEMINI_API_KEY": "any",
            "GOOGLE_GEMINI_BASE_URL": emulator.tls_url.replace("wss", "https"),
            "SSL_CERT_FILE": str(emulator.certificate.ca_file),
        }
        return await run_client(sys.executable, CLIENT, scenario, speech, env=env)


async def test_text_turns(tmp_path):
    seen = await run("text", tmp_path)
    assert (seen["turns"], seen["said"]) == (2, "Hello there." * 2)
    assert seen["audio"] > 2 * 30_000
    assert seen["tokens"] > 20


async def test_a_spoken_turn_by_voice_activity(tmp_path):
    seen = await run("spoken", tmp_path)
    assert seen["turns"] == 1
    assert 2 < float(seen["heard"].split()[0]) < 4
    assert seen["said"] == "I heard you."


async def test_a_tool_round(tmp_path):
    seen = await run("tools", tmp_path)
    assert seen["calls"] == [["get_weather", {"city": "London"}]]
    assert seen["said"] == "It is foggy."
    assert seen["turns"] == 1


async def test_barge_in(tmp_path):
    seen = await run("barge_in", tmp_path)
    assert seen["interrupted"] == 1
    assert seen["turns"] == 2
    assert seen["said"].endswith("I heard you.")


async def test_a_resumed_session(tmp_path):
    seen = await run("resumed", tmp_path)
    assert seen["said"] == "Hello there.Ada."
    assert seen["handle"]


async def test_a_token_session(tmp_path):
    seen = await run("token", tmp_path)
    assert seen["token"].startswith("auth_tokens/")
    assert (seen["turns"], seen["said"]) == (1, "")  # locked without a mask, so no transcription either
    assert seen["audio"] > 30_000
    assert "1007" in seen["second"]


async def test_a_refusal(tmp_path):
    seen = await run("refused", tmp_path)
    assert "1008" in seen["error"]
    assert (
        "models/gemini-9 is not found for API version v1, or is not supported for bidiGenerateContent"
        in seen["error"]
    )


async def test_the_list_of_models(tmp_path):
    seen = await run("listed", tmp_path)
    assert "models/gemini-3.8-live" in seen["models"]
    assert len(seen["models"]) == len(set(seen["models"])) > 3
