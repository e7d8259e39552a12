"""Sound of any kind to what the wire takes, and back to what people look at."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
import soundfile

from gemini_live_nb.audio import Resampler, level, pcm, peaks, rate_of, read, samples_of, wav
from gemini_live_nb.errors import MediaError


def tone(rate, seconds=1.0, hertz=440.0, loud=0.5):
    return loud * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def heard(samples, rate):
    """The frequency that stands out."""
    return np.abs(np.fft.rfft(samples.astype(float))).argmax() * rate / len(samples)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("to", [16000, 24000])
def test_any_rate_is_resampled_and_sounds_the_same(rate, to):
    out = pcm(tone(rate), rate, to)
    assert out.dtype == np.int16
    assert out.shape == (to,)
    assert heard(out, to) == pytest.approx(440, abs=2)
    assert np.abs(out).max() == pytest.approx(0.5 * 32767, rel=0.03)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 1, -1], "float32"), [0, 32767, -32767]),
        (np.array([0.5, 1.7, -9e-9, np.nan, np.inf]), [16384, 32767, 0, 0, 32767]),
        (np.array([1, -2, 32767], "int16"), [1, -2, 32767]),
        (np.array([1, -2, 32767], ">i2"), [1, -2, 32767]),
        (np.array([1 << 16, -(1 << 31)], "int32"), [1, -32768]),
        (np.array([128, 0, 255], "uint8"), [0, -32768, 32512]),
        (np.array([1, -128], "int8"), [256, -32768]),
        (np.array([32768, 0, 65535], "uint16"), [0, -32768, 32767]),
        ([1, -2, 99999], [1, -2, 32767]),
        (np.array([[100, 300], [0, 0]], "int16"), [200, 0]),
        (np.array([[0.0, 1.0]] * 9), [16384] * 9),
        (np.array([[0.0] * 9, [1.0] * 9]), [16384] * 9),
        (b"\x01\x00\xfe\xff\x07", [1, -2]),
        (bytearray(b"\x01\x00"), [1]),
        ([], []),
        (np.zeros(0, "int16"), []),
    ],
    ids=repr,
)
def test_any_kind_of_samples(samples, expected):
    assert pcm(samples, 16000).tolist() == expected


@pytest.mark.parametrize(
    "samples",
    [
        "words",
        None,
        [[1, 2], [3]],
        np.zeros((2, 2, 2)),
        np.array(5),
        np.array([100.0, -20000.0]),
        np.array([1 + 2j]),
    ],
    ids=repr,
)
def test_what_is_no_sound_is_said(samples):
    with pytest.raises(MediaError) as caught:
        pcm(samples, 16000)
    assert caught.value.hint


@pytest.mark.parametrize(("rate", "to"), [(0, 16000), (-1, 16000), (16000, 0)])
def test_a_rate_that_is_none(rate, to):
    with pytest.raises(MediaError, match="rate"):
        pcm([0], rate, to)


def test_what_comes_in_is_not_changed():
    mine = np.array([1, 2, 3], "int16")
    pcm(mine, 16000)
    assert mine.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("rate_in", "rate_out"), [(48000, 16000), (44100, 16000), (24000, 48000), (16000, 16000)]
)
@pytest.mark.parametrize("chunk", [160, 441, 4096])
def test_a_stream_has_no_seams(rate_in, rate_out, chunk):
    whole = pcm(tone(rate_in), rate_in, rate_in)
    stream = Resampler(rate_in, rate_out)
    pieces = [stream.push(whole[start : start + chunk]) for start in range(0, whole.size, chunk)]
    out = np.concatenate([*pieces, stream.flush()])
    at_once = pcm(whole, rate_in, rate_out)
    assert abs(out.size - at_once.size) <= 1
    shared = min(out.size, at_once.size)
    assert np.abs(out[:shared].astype(int) - at_once[:shared]).max() < 60
    again = np.concatenate([stream.push(whole), stream.flush()])
    assert abs(again.size - at_once.size) <= 1


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [(".wav", "PCM_16"), (".wav", "FLOAT"), (".wav", "PCM_24"), (".flac", "PCM_16"), (".ogg", None)],
)
def test_a_files_header_is_never_sound(tmp_path, suffix, subtype):
    path = tmp_path / f"a{suffix}"
    mono = np.concatenate([np.zeros(4410), tone(44100)])
    stereo = np.stack([mono, mono], axis=1)
    soundfile.write(path, stereo, 44100, subtype=subtype)
    out = read(path, 16000)
    assert abs(out.size - 17600) <= 64
    assert heard(out[1600:], 16000) == pytest.approx(440, abs=3)
    assert np.abs(out[:1500].astype(int)).max() < 400
    assert read(str(path), 24000).size == pytest.approx(26400, abs=96)


def test_a_headerless_file_is_all_sound(tmp_path):
    path = tmp_path / "hello.pcm"
    path.write_bytes(b"\x01\x00\x02\x00")
    assert read(path).tolist() == [1, 2]


def test_a_file_that_is_no_sound(tmp_path):
    with pytest.raises(MediaError, match="no file"):
        read(tmp_path / "nowhere.wav")
    with pytest.raises(MediaError, match="no file"):
        read(tmp_path)
    path = tmp_path / "words.wav"
    path.write_text("these are words")
    with pytest.raises(MediaError, match=r"words\.wav"):
        read(path)


def test_a_wav_of_some_sound():
    with wave.open(io.BytesIO(wav(np.array([1, -2], "int16"), 24000))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        assert file.readframes(9) == b"\x01\x00\xfe\xff"


def test_peaks_show_the_extremes_of_each_slice():
    samples = np.array([0, 25600, -12800, 0, 0, 256, 0], "int16")
    assert peaks(samples, rate=300, per_second=100).tolist() == [[-50, 100], [0, 1], [0, 0]]
    assert peaks(np.zeros(0, "int16"), 24000).shape == (0, 2)
    assert peaks(np.array([-32768, 32767], "int16"), 100, per_second=1000).tolist() == [
        [-128, -128],
        [127, 127],
    ]
    assert peaks(np.zeros(24000, "int16"), 24000).shape == (100, 2)


def test_loudness():
    assert level(np.full(100, -32768, "int16")) == pytest.approx(0)
    assert level(pcm(tone(16000, loud=1.0), 16000)) == pytest.approx(-3.01, abs=0.02)
    assert level(pcm(tone(16000, loud=0.1), 16000)) == pytest.approx(-23.01, abs=0.05)
    assert level(np.zeros(100, "int16")) == level(np.zeros(0, "int16")) == -96


def test_the_bytes_of_a_message():
    assert samples_of(b"\x01\x00\xff\xff\x05").tolist() == [1, -1]
    assert samples_of(b"").size == samples_of(b"x").size == 0
    assert samples_of(memoryview(b"\x01\x00")).dtype == np.int16


@pytest.mark.parametrize(
    ("mime", "rate"),
    [
        ("audio/pcm;rate=16000", 16000),
        ("audio/pcm; rate=8000", 8000),
        ("audio/pcm", 24000),
        (None, 24000),
        ("", 24000),
    ],
)
def test_the_rate_in_a_mime_type(mime, rate):
    assert rate_of(mime) == rate
    assert rate_of("audio/pcm", 16000) == 16000
