"""When frames come: all times are the simulated clock's, so they are exact whatever the machine does."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Emulator, Heard, Pause, Say, ScriptBrain

from .raw import EXTENDED, LIVE_3_1, LIVE_3_8, NATIVE, VERTEX_2_5, has, open_session, silence, sound, voice

pytestmark = pytest.mark.anyio

SECONDS = 4.74
ANSWER = Say(
    "I am booking the 3 p.m. slot for you now. Would you like a list?",
    np.full(int(SECONDS * 24000), 7, np.int16),
)
ALL = [NATIVE, LIVE_3_1, LIVE_3_8, EXTENDED, VERTEX_2_5]


async def spoken_turn(model, brain=None, **options):
    clock = SimulatedClock()
    brain = brain or ScriptBrain([[Heard("Hello."), ANSWER]])
    async with (
        clock.running(),
        Emulator(brain, clock=clock, **options) as emulator,
        open_session(emulator, model) as client,
    ):
        await clock.sleep(1)
        await client.say("go")
        client.asked = clock.monotonic()
        await client.turn()
        return client


@pytest.mark.parametrize("model", ALL)
async def test_delivery_is_four_times_faster_than_playing(model):
    client = await spoken_turn(model)
    chunks = client.sounds()
    delivery = chunks[-1][0] - chunks[0][0]
    undelivered = chunks[-1][1] / 48000
    assert sum(size for _, size in chunks) == int(SECONDS * 24000) * 2
    assert delivery == pytest.approx((SECONDS - undelivered) / 4, abs=0.005)
    assert 1.0 < delivery < 1.3  # 1.10 s was measured


@pytest.mark.parametrize("model", ALL)
async def test_turn_complete_waits_for_the_end_of_playback_and_generation_complete_does_not(model):
    client = await spoken_turn(model)
    chunks = client.sounds()
    assert client.at("turnComplete") - chunks[0][0] == pytest.approx(SECONDS, abs=0.005)
    last = chunks[-1][0] + chunks[-1][1] / 48000 / 4
    assert client.at("generationComplete") - last == pytest.approx(0.03, abs=0.005)


@pytest.mark.parametrize(
    ("model", "first", "then"),
    [(NATIVE, 9600, 11520), (LIVE_3_8, 4800, 15360), (EXTENDED, 4800, 15360), (VERTEX_2_5, 9600, 11520)],
)
async def test_chunk_sizes(model, first, then):
    sizes = [size for _, size in (await spoken_turn(model)).sounds()]
    assert sizes[0] == first
    assert then in sizes
    assert max(sizes) <= 32640
    assert all(size % 480 == 0 for size in sizes[:-1])


async def test_setup_handle_and_first_frame_take_as_long_as_measured():
    client = await spoken_turn(LIVE_3_8)
    assert client.at("setupComplete") == pytest.approx(0.26)
    assert client.at("sessionResumptionUpdate") - client.at("setupComplete") == pytest.approx(0.12)
    assert client.sounds()[0][0] - client.asked == pytest.approx(0.2, abs=0.005)


async def test_the_brains_own_time_counts():
    brain = ScriptBrain([[Pause(1.5), ANSWER, Pause(10), Say("And more.")]])
    client = await spoken_turn(NATIVE, brain)
    assert client.sounds()[0][0] - client.asked == pytest.approx(1.5, abs=0.005)
    gap = max(b - a for (a, _), (b, _) in zip(client.sounds(), client.sounds()[1:], strict=False))
    assert gap == pytest.approx(10)
    more = len(Say("And more.").text) / 15
    # the client's playback ran dry for a while: the turn ends when what came later has been played
    late = next(t for t, _ in client.sounds() if t > client.asked + 11)
    assert client.at("turnComplete") - late == pytest.approx(more, abs=0.03)


@pytest.mark.parametrize(
    ("model", "low", "high"), [(LIVE_3_8, 1.0, 1.5), (NATIVE, 0.5, 0.9), (LIVE_3_1, 0.7, 1.1)]
)
async def test_end_of_speech_to_the_words(model, low, high):
    clock = SimulatedClock()
    brain = ScriptBrain([[Heard("Hello."), ANSWER]])
    async with (
        clock.running(),
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, model) as client,
    ):
        await client.audio(np.concatenate([silence(0.3), voice(2), silence(2)]), chunk=0.02)
        await client.turn()
        end = client.at("setupComplete") + 2.3
        assert low <= client.at("inputTranscription") - end <= high
        first_sound = client.sounds()[0][0] - client.at("inputTranscription")
        assert 0 <= first_sound <= 0.62


async def test_voice_activity_offsets_count_the_sessions_audio():
    clock = SimulatedClock()
    brain = ScriptBrain([[Heard("Hello."), Say("Yes.")]], repeat=True)
    async with (
        clock.running(),
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, LIVE_3_8) as client,
    ):
        await client.audio(np.concatenate([voice(2), silence(4), voice(1), silence(3)]), chunk=0.02)
        await client.turn()
        await client.turn()
        marks = [m["voiceActivity"] for _, m in client.frames if "voiceActivity" in m]
        assert [mark["type"] for mark in marks] == ["ACTIVITY_START", "ACTIVITY_END"] * 2
        offsets = [float(mark["audioOffset"].rstrip("s")) for mark in marks]
        assert 0.1 <= offsets[0] <= 0.3
        assert 3.0 <= offsets[1] <= 3.4
        assert 6.1 <= offsets[2] <= 6.3
        assert 8.0 <= offsets[3] <= 8.4


async def test_pace_zero_waits_for_nothing():
    client = await spoken_turn(LIVE_3_8, pace=0)
    assert client.at("turnComplete") - client.asked == 0


async def test_sound_arrives_unchanged():
    client = await spoken_turn(NATIVE)
    heard = np.frombuffer(b"".join(sound(m) for _, m in client.frames), np.int16)
    assert np.array_equal(heard, ANSWER.audio)
    assert (
        "".join(
            m["serverContent"]["outputTranscription"]["text"]
            for _, m in client.frames
            if has(m, "outputTranscription")
        )
        == ANSWER.text
    )
