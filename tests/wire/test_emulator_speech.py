"""Speech: when somebody speaks, when he has spoken, and what that does to an answer."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Emulator, Heard, Say, ScriptBrain

from .listener import LONG, Listener
from .raw import LIVE_3_1, LIVE_3_8, NATIVE, VERTEX_2_5, audio, has, open_session, silence, texts, voice

pytestmark = pytest.mark.anyio


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


async def barge_in(clock, model, *, after=0.4, **setup):
    """A long answer, and speech that begins in the middle of it; the client and when the speech began."""
    brain = ScriptBrain([[LONG], [Heard("Stop."), Say("All right.")]])
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, model, **setup) as client:
        await client.audio(silence(0.5), chunk=0.02)
        await client.say("go")
        await client.until(lambda m: "inlineData" in str(m))
        await clock.sleep(after)
        began = clock.monotonic()
        await client.audio(np.concatenate([voice(1), silence(2.5)]), chunk=0.02)
        await client.turn()
        await client.turn()
        return client, began, emulator.sessions[0].talk.history


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8, VERTEX_2_5])
@pytest.mark.parametrize("after", [0.4, 3.0])
async def test_barge_in(clock, model, after):
    client, began, history = await barge_in(clock, model, after=after)
    cut = client.at("interrupted")
    low_sensitivity = model == VERTEX_2_5
    assert 0.09 <= cut - began <= (0.26 if low_sensitivity else 0.18)  # 137 to 173 ms were measured
    assert client.at("turnComplete") - cut == pytest.approx(0.004, abs=0.001)
    between = [t for t, _ in client.sounds() if cut <= t < client.at("turnComplete") + 0.5]
    assert between == []
    generation_over = any(has(m, "generationComplete") for t, m in client.frames if t < cut)
    assert generation_over == (after == 3.0)  # generated already, but still being played
    said = history[1].parts[0].text
    if after == 0.4 and model != VERTEX_2_5:
        assert said
        assert LONG.text.startswith(said)
        assert said != LONG.text
    usage = next(m for _, m in client.frames if has(m, "turnComplete"))["usageMetadata"]
    sent = sum(size for t, size in client.sounds() if t < cut) / 48000
    details = usage.get("responseTokensDetails") or usage["candidatesTokensDetails"]
    assert details[-1] == {"modality": "AUDIO", "tokenCount": round(sent * 25)}


async def test_no_interruption_takes_the_speech_and_answers_it_afterwards(clock):
    brain = ScriptBrain([[LONG], [Heard("Stop."), Say("All right.")]])
    config = {"activityHandling": "NO_INTERRUPTION"}
    async with (
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, realtimeInputConfig=config) as client,
    ):
        await client.say("go")
        await client.until(lambda m: "inlineData" in str(m))
        await client.audio(np.concatenate([voice(1), silence(2)]), chunk=0.02)
        await client.turn()
        await client.turn()
        assert not any(has(m, "interrupted") for _, m in client.frames)
        assert texts(client, "outputTranscription") == LONG.text + "All right."


async def test_manual_activity(clock):
    brain = Listener()
    config = {"automaticActivityDetection": {"disabled": True}}
    async with (
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, realtimeInputConfig=config) as client,
    ):
        await client.audio(voice(1))  # outside an activity: not heard
        await client.send({"realtimeInput": {"activityStart": {}}})
        speech = voice(0.5)
        await client.audio(speech)
        await client.send({"realtimeInput": {"activityEnd": {}}})
        asked = clock.monotonic()
        await client.turn()
        assert client.at("inputTranscription") - asked < 0.01  # activityEnd triggers the answer at once
        assert np.array_equal(brain.asks[0].audio, speech)
        await client.send({"realtimeInput": {"text": "go"}})
        await client.until(lambda m: "inlineData" in str(m))
        await client.send({"realtimeInput": {"activityStart": {}}})
        await client.until("interrupted")


async def test_audio_stream_end_closes_the_turn_at_once(clock):
    async with Emulator(Listener(), clock=clock) as emulator, open_session(emulator, LIVE_3_8) as client:
        await client.audio(voice(1))
        before = clock.monotonic()
        await client.send({"realtimeInput": {"audioStreamEnd": True}})
        await client.until("inputTranscription")
        assert client.at("inputTranscription") == before
        await client.turn()
        await client.audio(np.concatenate([voice(1), silence(2)]))  # audio may resume any time
        await client.turn()


async def test_a_microphone_that_just_stops_is_answered_all_the_same(clock):
    async with Emulator(Listener(), clock=clock) as emulator, open_session(emulator) as client:
        await client.send(audio(voice(3)))  # one message, as in js-genai's recordings
        await client.turn()


async def heard(clock, sound, *, model=NATIVE, **detection):
    brain = Listener()
    config = {"automaticActivityDetection": detection}
    async with (
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, model, realtimeInputConfig=config) as client,
    ):
        await client.audio(sound, chunk=0.02)
        await clock.sleep(5)
        times = [t - client.at("setupComplete") for t, m in client.frames if has(m, "inputTranscription")]
        return brain.asks, times


async def test_silence_duration(clock):
    speech = np.concatenate([voice(1), silence(0.5), voice(1), silence(2)])
    short, times = await heard(clock, speech, silenceDurationMs=200)
    assert len(short) == 2
    assert 1.15 <= times[0] <= 1.35
    long, times = await heard(clock, speech, silenceDurationMs=1500)
    assert len(long) == 1
    assert 3.9 <= times[0] <= 4.2


async def test_end_sensitivity(clock):
    speech = np.concatenate([voice(1), silence(0.8), voice(1), silence(2)])
    high, _ = await heard(clock, speech, endOfSpeechSensitivity="END_SENSITIVITY_HIGH")
    low, _ = await heard(clock, speech, endOfSpeechSensitivity="END_SENSITIVITY_LOW")
    assert (len(high), len(low)) == (2, 1)


async def test_prefix_padding_is_the_speech_needed_for_a_start(clock):
    word = np.concatenate([silence(0.3), voice(0.25), silence(2)])
    assert len((await heard(clock, word, prefixPaddingMs=20))[0]) == 1
    assert len((await heard(clock, word, prefixPaddingMs=600))[0]) == 0


async def test_start_sensitivity(clock):
    word = np.concatenate([silence(0.3), voice(0.16), silence(2)])
    assert len((await heard(clock, word, startOfSpeechSensitivity="START_SENSITIVITY_HIGH"))[0]) == 1
    assert len((await heard(clock, word, startOfSpeechSensitivity="START_SENSITIVITY_LOW"))[0]) == 0


async def test_turn_coverage(clock):
    sound = np.concatenate([silence(3), voice(1), silence(2)])
    lengths = {}
    for coverage in ("TURN_INCLUDES_ONLY_ACTIVITY", "TURN_INCLUDES_ALL_INPUT"):
        brain = Listener()
        async with (
            Emulator(brain, clock=clock) as emulator,
            open_session(emulator, realtimeInputConfig={"turnCoverage": coverage}) as client,
        ):
            await client.audio(sound)
            await client.turn()
        lengths[coverage] = len(brain.asks[0].audio) / 16000
    assert 1.5 <= lengths["TURN_INCLUDES_ONLY_ACTIVITY"] <= 2.2
    assert 4.3 <= lengths["TURN_INCLUDES_ALL_INPUT"] <= 5.0


@pytest.mark.parametrize("rate", [8000, 24000, 44100, 48000])
async def test_any_sample_rate_is_heard(clock, rate):
    brain = Listener()
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator) as client:
        await client.audio(np.concatenate([voice(1, rate=rate), silence(2, rate)]), rate=rate)
        await client.turn()
        assert 1.2 <= len(brain.asks[0].audio) / 16000 <= 2.2


class Slow(Listener):
    """Needs a while to make out what was said."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.utterances = 0

    async def reply(self, ask, talk):
        self.utterances += 1
        words = f"utterance {self.utterances}"
        await talk.clock.sleep(self.seconds)
        yield Heard(words)
        async for piece in super().reply(ask, talk):
            if not isinstance(piece, Heard):
                yield piece


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8, VERTEX_2_5])
async def test_who_goes_on_speaking_before_the_answer_is_heard_both_times(clock, model):
    brain = Slow(1)
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, model) as client:
        await client.audio(np.concatenate([voice(1), silence(1.2), voice(1), silence(3)]), chunk=0.02)
        await client.turn()
        await client.turn()
        history = [(one.role, one.parts[0].text) for one in emulator.sessions[0].talk.history]
        assert history == [("user", "utterance 1"), ("user", "utterance 2"), ("model", "Yes.")]
        assert texts(client, "inputTranscription").replace(" ", "") == "utterance1utterance2"
        ends = [m for _, m in client.frames if has(m, "turnComplete") or has(m, "interrupted")]
        assert [has(m, "interrupted") for m in ends] == [True, False, False]
        assert client.at("inputTranscription") <= client.at("interrupted")


async def test_words_that_are_not_made_out_in_time_do_not_hold_up_the_next_turn(clock):
    async with Emulator(Slow(20), clock=clock) as emulator, open_session(emulator, LIVE_3_8) as client:
        await client.audio(np.concatenate([voice(1), silence(2), voice(1), silence(2)]), chunk=0.02)
        began = clock.monotonic()
        await client.turn()
        assert clock.monotonic() - began < 3
        await client.turn()
        history = [(one.role, one.parts[0].text) for one in emulator.sessions[0].talk.history]
        assert history == [("user", ""), ("user", "utterance 2"), ("model", "Yes.")]
