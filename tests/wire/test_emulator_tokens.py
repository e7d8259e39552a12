"""Ephemeral tokens: minted, spent, dead, and what they lock."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Emulator

from .raw import DEVELOPER, LIVE_3_8, NATIVE, connect, handle_of, resumption
from .rest import call

pytestmark = pytest.mark.anyio

CONSTRAINED = DEVELOPER.replace("v1beta", "v1alpha") + "Constrained"


async def token(emulator, **body):
    status, made = await call(emulator, "POST", "/v1alpha/auth_tokens", body)
    assert status == 200, made
    assert re.fullmatch(r"auth_tokens/\w+", made["name"])
    return made["name"]


def stamp(clock, seconds):
    return datetime.fromtimestamp(clock.time() + seconds, UTC).isoformat().replace("+00:00", "Z")


@contextlib.asynccontextmanager
async def with_token(emulator, name, *, header=False):
    options = {"headers": {"Authorization": f"Token {name}", "x-goog-api-key": name}} if header else {}
    query = "?" if header else f"?access_token={name}"
    async with connect(emulator, CONSTRAINED, query=query, **options) as client:
        yield client


@pytest.fixture
async def still():
    """A clock that stands still, and an emulator on it that waits for nothing: HTTP runs in threads it cannot see."""
    clock = SimulatedClock()
    async with Emulator(clock=clock, latency=0, go_away=None) as emulator:
        yield emulator


@pytest.mark.parametrize("header", [True, False])
async def test_a_token_opens_one_session(still, header):
    name = await token(still)
    async with with_token(still, name, header=header) as client:
        await client.setup()
    async with with_token(still, name, header=header) as client:
        await client.send({"setup": {"model": NATIVE}})
        assert (await client.closed())[0] == 1007


async def test_resuming_costs_no_use_of_a_token(still):
    name = await token(still)
    async with with_token(still, name) as client:
        await client.setup(LIVE_3_8)
        await still.clock.advance(1)
        handle = await handle_of(client)
    async with with_token(still, name) as client:
        await client.setup(LIVE_3_8, **resumption(handle))


async def test_uses_none_is_without_limit(still):
    name = await token(still, uses=0)
    for _ in range(3):
        async with with_token(still, name) as client:
            await client.setup()


async def test_a_token_dies(still):
    clock = still.clock
    name = await token(still, uses=0, expireTime=stamp(clock, 120), newSessionExpireTime=stamp(clock, 30))
    async with with_token(still, name) as client:
        await client.setup()
        await clock.advance(60)
        async with with_token(still, name) as late:  # too late for a new session
            await late.send({"setup": {"model": NATIVE}})
            assert await late.closed() == (1007, "API key expired. Please renew the API key.")
        await clock.advance(61)
        await client.say("too late for anything")
        assert await client.closed() == (1007, "API key expired. Please renew the API key.")


LOCKED = {
    "everything where there is no mask": (None, {"temperature": 0.5, "voice": None}),
    "what the mask names": ("generationConfig.temperature", {"temperature": 0.5, "voice": "Puck"}),
    "to nothing what the mask names and the token lacks": (
        "generationConfig.speechConfig",
        {"temperature": 1.0, "voice": None},
    ),
}


@pytest.mark.parametrize("case", LOCKED)
async def test_a_token_locks_the_setup(still, case):
    mask, expected = LOCKED[case]
    fields = {"fieldMask": mask} if mask else {}
    name = await token(
        still, bidiGenerateContentSetup={"model": NATIVE, "generationConfig": {"temperature": 0.5}}, **fields
    )
    voice_config = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}}
    async with with_token(still, name) as client:
        await client.setup(NATIVE, generationConfig={"temperature": 1.0, "speechConfig": voice_config})
        generation = still.sessions[0].setup.generation_config
        speech = generation.speech_config
        assert generation.temperature == expected["temperature"]
        assert (speech.voice_config.prebuilt_voice_config.voice_name if speech else None) == expected["voice"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"config": {}},
            "Invalid JSON payload received. Unknown name \"config\" at 'auth_token': Cannot find field.",
        ),
        (
            {"bidiGenerateContentSetup": {"config": {}}},
            "Invalid JSON payload received. Unknown name \"config\" at 'auth_token.bidi_generate_content_setup': Cannot find field.",
        ),
        ({"expireTime": "2099-01-01T00:00:00Z"}, "Request contains an invalid argument."),
        (
            {"expireTime": "soon"},
            "Invalid value at 'auth_token.expire_time' (type.googleapis.com/google.protobuf.Timestamp), \"soon\"",
        ),
    ],
)
async def test_bad_token_requests(still, body, message):
    status, error = await call(still, "POST", "/v1alpha/auth_tokens", body)
    assert status == 400
    assert error == {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
