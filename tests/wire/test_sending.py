"""What a session sends: sound of any kind, files in real time, each verb its frame, nothing that is refused."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb import audio
from gemini_live_nb.emulator import EchoBrain, Fault, ScriptBrain
from gemini_live_nb.errors import ConfigError, MediaError
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import Content, Part

from .conversations import conversation, frames, sent, voice


async def test_speech_in_a_file_is_sent_without_its_header_in_real_time(tmp_path):
    path = tmp_path / "question.wav"
    sound = voice(1.0, rate=48_000)
    path.write_bytes(audio.wav(sound, 48_000))
    async with conversation(ScriptBrain([["Yes."]])) as (talk, _):
        turn = await talk.ask(path, timeout=30)
        assert turn.text == "Yes."
        chunks = [frame for frame in frames(talk, "sent") if frame.kind == "realtimeInput.audio"]
        pcm = b"".join(chunk.media()[0].data for chunk in chunks)
        assert {chunk.media()[0].mime_type for chunk in chunks} == {"audio/pcm;rate=16000"}
        np.testing.assert_array_equal(np.frombuffer(pcm, "<i2"), audio.read(path))
        gaps = np.diff([chunk.t for chunk in chunks])
        assert gaps == pytest.approx(0.04, abs=1e-6)


async def test_turns_marked_by_hand():
    config = LiveConfig(automatic_activity_detection=False)
    async with conversation(ScriptBrain([["Over."]]), config=config) as (talk, _):
        turn = await talk.ask(voice(0.5))
        assert turn.text == "Over."
        kinds = [name for frame in sent(talk) for name in frame.get("realtimeInput", {})]
        assert (kinds[0], kinds[-1]) == ("activityStart", "activityEnd")
        with pytest.raises(ConfigError, match="audioStreamEnd is for automatic"):
            await talk.end_audio()


async def test_what_is_refused_with_automatic_detection_is_not_sent():
    async with conversation() as (talk, _):
        with pytest.raises(ConfigError, match="activityStart is refused"):
            await talk.activity_start()
        with pytest.raises(ConfigError, match="automatic_activity_detection=False"):
            await talk.activity_end()


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        (voice(0.2), 16_000),
        (voice(0.2).tobytes(), 16_000),
        (memoryview(voice(0.2).tobytes()), 16_000),
        (voice(0.2).astype("float32") / 32767, 16_000),
        (voice(0.2, 48_000), 48_000),
        (voice(0.2, 44_100), 44_100),
        (np.stack([voice(0.2, 24_000)] * 2, axis=1), 24_000),
    ],
    ids=["int16", "bytes", "memoryview", "float", "48 kHz", "44.1 kHz", "stereo"],
)
async def test_any_sound_goes_out_as_16_khz_and_says_so(given, rate):
    async with conversation() as (talk, _):
        await talk.send_audio(given, rate)
        (chunk,) = [frame for frame in frames(talk, "sent") if frame.kind == "realtimeInput.audio"]
        media = chunk.media()[0]
        assert media.mime_type == "audio/pcm;rate=16000"
        samples = np.frombuffer(media.data, "<i2")
        # A streaming resampler holds a little back for the next chunk.
        assert 2600 <= len(samples) <= 3200
        if rate == 16_000:
            np.testing.assert_allclose(samples, voice(0.2), atol=1)


async def test_resampled_chunks_join_without_a_seam():
    sound = voice(1.0, 48_000)
    async with conversation() as (talk, _):
        for start in range(0, len(sound), 960):
            await talk.send_audio(sound[start : start + 960], 48_000)
        chunks = [
            frame.media()[0].data for frame in frames(talk, "sent") if frame.kind == "realtimeInput.audio"
        ]
    joined = np.frombuffer(b"".join(chunks), "<i2")
    whole = audio.pcm(sound, 48_000)
    np.testing.assert_allclose(joined, whole[: len(joined)], atol=2)


async def test_what_is_no_sound_is_refused_here():
    async with conversation() as (talk, _):
        with pytest.raises(MediaError, match="odd in number"):
            await talk.send_audio(b"abc")
        with pytest.raises(MediaError):
            await talk.send_audio(np.array(["a"]))
        with pytest.raises(MediaError, match="no file"):
            await talk.stream_audio("nowhere.wav")


async def test_every_verb_sends_its_frame():
    config = LiveConfig(automatic_activity_detection=False)
    async with conversation(EchoBrain(), config=config) as (talk, _):
        await talk.send_text("one")
        await talk.send_content("two", turn_complete=False)
        await talk.send_content(
            [{"role": "user", "parts": [{"text": "three"}]}, Content(role="model", parts=[Part(text="four")])]
        )
        await talk.send_video(b"\xff\xd8jpeg")
        await talk.send_context_update(system_instruction="Be brief.", tools=[])
        await talk.activity_start()
        await talk.activity_end()
        await talk.send_raw({"realtimeInput": {"text": "five"}})
        await talk.send_raw('{"realtimeInput":{"text":"six"}}')
        said = sent(talk)[1:]
    assert said[0] == {"realtimeInput": {"text": "one"}}
    assert said[1] == {
        "clientContent": {"turns": [{"role": "user", "parts": [{"text": "two"}]}], "turnComplete": False}
    }
    assert said[2]["clientContent"]["turns"] == [
        {"role": "user", "parts": [{"text": "three"}]},
        {"role": "model", "parts": [{"text": "four"}]},
    ]
    assert said[3]["realtimeInput"]["video"] == {"mimeType": "image/jpeg", "data": "/9hqcGVn"}
    assert said[4] == {
        "contextUpdate": {
            "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
            "tools": {"tools": []},
        }
    }
    assert said[5:] == [
        {"realtimeInput": {"activityStart": {}}},
        {"realtimeInput": {"activityEnd": {}}},
        {"realtimeInput": {"text": "five"}},
        {"realtimeInput": {"text": "six"}},
    ]


async def test_a_turn_that_is_none_is_refused_here():
    async with conversation() as (talk, _):
        with pytest.raises(ConfigError, match="unknown field 'role2'"):
            await talk.send_content({"role2": "user"})


async def test_sound_waits_while_the_server_does_not_read_and_the_drop_is_told():
    """The socket's own buffers come first: this test fills them."""
    async with conversation(faults=[]) as (talk, server):
        dropped = talk.subscribe(accepts=lambda event: type(event).__name__ == "Dropped")
        await server.inject(Fault("slow_reader", at="now", seconds=60))
        chunk = np.random.default_rng(0).integers(-9, 9, 16_000, np.int16)
        for _ in range(600):
            await talk.send_audio(chunk)
            await talk._clock.sleep(0.05)
        told = dropped.get(timeout=0)
        assert (told.what, told.count > 0) == ("audio", True)
        assert talk._outbox.audio_seconds <= 3.1
        assert (await talk.ask("did you hear?", timeout=200)).complete
