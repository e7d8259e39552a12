"""A recorded conversation played back: the same bytes, in the same order, at any speed."""

from __future__ import annotations

import json

import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Emulator, Heard, ReplayBrain

from .raw import (
    DEVELOPER,
    NATIVE,
    VERTEX,
    answer,
    audio,
    collapse,
    connect,
    kind,
    open_session,
    silence,
    typed,
    voice,
)

pytestmark = pytest.mark.anyio

FRAMES = [
    (0, "client", {"setup": {"model": "models/gemini-2.0-flash-exp"}}),
    (300, "server", {"setupComplete": {}}),
    (1000, "client", typed("hello")),
    (1400, "server", {"serverContent": {"outputTranscription": {"text": "Hi."}}}),
    (1500, "server", {"serverContent": {"generationComplete": True}}),
    (2400, "server", {"serverContent": {"turnComplete": True}, "usageMetadata": {"totalTokenCount": 9}}),
    (3000, "client", typed("call")),
    (3200, "server", {"toolCall": {"functionCalls": [{"id": "fc_1", "name": "f", "args": {}}]}}),
    (4000, "client", answer({"id": "fc_1", "name": "f"}, {"output": 1})),
    (4100, "server", {"serverContent": {"turnComplete": True}}),
]


@pytest.fixture
def capture(tmp_path):
    file = tmp_path / "run.jsonl"
    lines = [json.dumps({"t_ms": t, "dir": side, "msg": message}) for t, side, message in FRAMES]
    file.write_text("\n".join(lines))
    return file


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


async def replayed(clock, brain, *, pause=5.0):
    """Go through the recorded conversation, taking longer than the recorded client did."""
    async with Emulator(brain, clock=clock) as emulator, connect(emulator) as client:
        await client.setup("models/anything")
        await clock.sleep(pause)
        await client.say("something else")
        await client.turn()
        await clock.sleep(pause)
        await client.say("call")
        call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
        await client.send(answer(call, {}))
        await client.turn()
        return client


async def test_frames_come_as_recorded_each_after_what_the_client_sent(clock, capture):
    client = await replayed(clock, ReplayBrain(capture))
    assert [message for _, message in client.frames] == [
        message for _, side, message in FRAMES if side == "server"
    ]
    times = [t for t, _ in client.frames]
    assert times[0] == pytest.approx(0.3)
    asked = 0.3 + 5
    assert [t - asked for t in times[1:4]] == pytest.approx([0.4, 0.5, 1.4])


async def test_speed(clock, capture):
    client = await replayed(clock, ReplayBrain(capture, speed=2), pause=0)
    assert client.frames[-1][0] == pytest.approx((0.3 + 1.4 + 0.2 + 0.1) / 2)
    client = await replayed(clock, ReplayBrain(capture, speed=0), pause=0)
    assert client.frames[-1][0] == client.frames[0][0]


async def test_without_waiting_it_plays_on_after_the_setup(clock, capture):
    brain = ReplayBrain(capture, wait=False)
    async with Emulator(brain, clock=clock) as emulator, connect(emulator) as client:
        await client.setup()
        await clock.sleep(10)
        assert len(client.frames) == 6
        assert client.frames[-1][0] == pytest.approx(4.1)


async def test_captures_of_the_real_service_byte_for_byte(shared, clock):
    """js-genai's recordings: what the server sent then is what a client gets now."""
    for file in sorted((shared / "captures" / "raw").glob("*.websocket.log")):
        recorded = file.read_bytes()
        async with Emulator(ReplayBrain(file, speed=0, wait=False), clock=clock) as emulator:
            path = VERTEX if "Vertex" in file.name else DEVELOPER
            async with connect(emulator, path) as client:
                await client.send({"setup": {"model": NATIVE}})
                await clock.sleep(1)
                assert client.payloads
                assert all(payload in recorded for payload in client.payloads), file.name


async def test_the_recorded_signature(shared, clock):
    file = (
        shared
        / "captures"
        / "normalized"
        / "pydantic-ai__test_google_ws__test_audio_in_server_vad_turn.jsonl"
    )
    frames = [json.loads(line) for line in file.read_text().splitlines()]
    async with Emulator(ReplayBrain(file), clock=clock) as emulator, connect(emulator) as client:
        await client.setup()
        await clock.sleep(3)
        assert client.kinds() == ["setupComplete"]  # waits for the first sound
        await client.send(audio(silence(0.1)))
        await client.turn()
        assert client.kinds() == collapse(kind(frame["msg"]) for frame in frames if frame["dir"] == "server")


async def test_interim_guesses_where_the_family_sends_them(clock):
    class Guesser(Brain):
        async def hear(self, samples, talk):
            return f"{len(samples) / 16000:.1f}"

        async def reply(self, ask, talk):
            yield Heard("All of it.")

    setup = {"generationConfig": {"responseModalities": ["TEXT"]}}
    async with (
        Emulator(Guesser(), clock=clock) as emulator,
        open_session(emulator, "models/gemini-3.5-transcribe-live", **setup) as client,
    ):
        await client.audio(voice(2))
        await client.audio(silence(2))
        await client.until("inputTranscription")
        guesses = [
            float(m["serverContent"]["interimInputTranscription"]["text"]) for _, m in client.frames[1:-1]
        ]
        assert len(guesses) >= 5
        assert guesses == sorted(guesses)


async def test_a_capture_of_the_servers_frames_alone_is_played_too(clock, tmp_path):
    file = tmp_path / "answers.txt"
    said = {"serverContent": {"outputTranscription": {"text": "Hi."}}}
    file.write_text(f"[0.250] < {json.dumps(said)}\n[0.750] < {json.dumps({'goAway': {}})}\n")
    async with Emulator(ReplayBrain(file), clock=clock) as emulator, connect(emulator) as client:
        await client.setup()
        await clock.sleep(2)
        assert [message for _, message in client.frames] == [{"setupComplete": {}}, said, {"goAway": {}}]
        assert client.frames[2][0] - client.frames[1][0] == pytest.approx(0.5)
