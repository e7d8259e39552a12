"""Who is speaking: voices from noise, keys and hum; starts and ends by the session's rules."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb.emulator.profiles import PROFILES
from gemini_live_nb.emulator.vad import VadSettings, VoiceActivity
from gemini_live_nb.protocol.client import AutomaticActivityDetection

RATE = 16000
NATIVE = PROFILES["2.5-native"]


def voice(seconds, pitch=140):
    """A buzz with three formants and four syllables a second."""
    time = np.arange(int(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * pitch * n * time + n) / n for n in range(1, 20))
    syllables = np.clip(0.6 + 0.6 * np.sin(2 * np.pi * 4 * time - 1.5), 0, 1)
    return 0.12 * buzz * syllables


def silence(seconds):
    return np.zeros(int(seconds * RATE))


def room(kind, length):
    """A second of room noise and on, at unit power."""
    random = np.random.default_rng(3)
    white = random.standard_normal(length)
    if kind == "white":
        return white
    if kind == "fan":
        low = np.convolve(white, np.ones(24) / 24, "same")
        return low / low.std()
    keys = np.zeros(length)
    for at in range(800, length - 400, 2700):
        keys[at : at + 320] += random.standard_normal(320) * np.exp(-np.arange(320) / 60)
    return keys / keys.std()


def mixed(speech, noise, decibels):
    loud = speech[np.abs(speech) > 0.01]
    return speech + noise * np.sqrt((loud**2).mean() / 10 ** (decibels / 10))


def edges(sound, chunk=320):
    activity = VoiceActivity(VadSettings())
    samples = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
    return [edge for at in range(0, len(samples), chunk) for edge in activity.push(samples[at : at + chunk])]


SPEECH = np.concatenate([silence(1.5), voice(1.2), silence(1.5)])


@pytest.mark.parametrize("pitch", [90, 140, 220, 300])
@pytest.mark.parametrize(("noise", "decibels"), [(None, 0), ("white", 5), ("fan", 10), ("keys", 10)])
def test_one_voice_is_one_activity(pitch, noise, decibels):
    speech = np.concatenate([silence(1.5), voice(1.2, pitch), silence(1.5)])
    sound = mixed(speech, room(noise, len(speech)), decibels) if noise else speech
    start, end = edges(sound)
    assert (start.kind, end.kind) == ("start", "end")
    assert 1.55 <= start.at <= 1.95
    assert 3.0 <= end.at <= 3.6


@pytest.mark.parametrize("level", [1.0, 0.1, 0.03])
def test_quiet_voices_are_heard(level):
    assert [edge.kind for edge in edges(SPEECH * level)] == ["start", "end"]


@pytest.mark.parametrize("noise", ["white", "keys"])
@pytest.mark.parametrize("level", [0.01, 0.1, 0.3])
def test_noise_alone_is_nobody(noise, level):
    assert edges(room(noise, 10 * RATE) * level) == []


def test_a_hum_passes_for_a_voice_but_not_for_long():
    hum = 0.05 * np.sin(2 * np.pi * 118 * np.arange(8 * RATE) / RATE)
    spoken = edges(hum)
    assert [edge.kind for edge in spoken] in ([], ["start", "end"])
    assert not spoken or spoken[-1].at < 6


@pytest.mark.parametrize("chunk", [160, 320, 512, 1600, 100_000, 7])
def test_chunks_do_not_matter(chunk):
    assert edges(SPEECH, chunk=chunk) == edges(SPEECH)


def test_flush_closes_what_is_being_said():
    activity = VoiceActivity(VadSettings())
    assert activity.flush() == []
    activity.push((voice(1) * 32767).astype(np.int16))
    assert activity.speaking
    (end,) = activity.flush()
    assert end.kind == "end"
    assert not activity.speaking


def test_offsets_go_on_from_where_the_last_connection_stopped():
    activity = VoiceActivity(VadSettings(), offset=100.0)
    start = activity.push((SPEECH * 32767).astype(np.int16))[0]
    assert 101.5 <= start.at <= 101.9


def test_settings():
    def of(**fields):
        return VadSettings.of(AutomaticActivityDetection(**fields), NATIVE)

    assert VadSettings.of(None, NATIVE) == of()
    assert of(silence_duration_ms=1234).silence == 1.234
    assert of(prefix_padding_ms=500).speech == 0.5
    assert of(start_of_speech_sensitivity="START_SENSITIVITY_LOW").speech > of().speech
    assert of(end_of_speech_sensitivity="END_SENSITIVITY_LOW").silence > of().silence
    assert VadSettings.of(None, PROFILES["vertex-2.5"]).speech > of().speech  # LOW is Vertex's default
    assert of(start_of_speech_sensitivity="START_SENSITIVITY_UNSPECIFIED") == of()
