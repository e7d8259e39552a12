"""Sound as the wire wants it: PCM, 16 bits, little-endian, mono; and as people want to see it.

The microphone's side of the API is 16 kHz, the model's voice is 24 kHz (PROTOCOL.md §0.5). Resampling is
soxr's, files are read by libsndfile; both are loaded when first used.
"""

from __future__ import annotations

import io
import os
import re
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .errors import MediaError

if TYPE_CHECKING:
    import soxr

Samples = npt.NDArray[np.int16]

MIC_RATE = 16_000
VOICE_RATE = 24_000
# Headerless files of samples, as in Google's own examples; they hold what the microphone's side wants.
_HEADERLESS = {".pcm", ".raw"}
# What a path of sound is told by, where text is meant otherwise.
_SOUND_FILES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".pcm", ".raw")
_LONGEST_PATH = 1000
# The quietest level 16 bits can tell from nothing.
SILENCE_DB = -96.0
# Floats beyond this are no overshoot but samples on another scale.
_LOUDEST_FLOAT = 8.0


def samples_of(data: bytes | bytearray | memoryview) -> Samples:
    r"""View the bytes of a message as samples, without a copy. A stray last byte is left out.

    >>> samples_of(b"\x01\x00\xff\xff\x00").tolist()
    [1, -1]
    """
    return np.frombuffer(data, dtype="<i2", count=len(data) // 2).astype(np.int16, copy=False)


def rate_of(mime_type: str | None, default: int = VOICE_RATE) -> int:
    """Read the sample rate out of a MIME type such as `audio/pcm;rate=24000`; Vertex leaves it out."""
    found = re.search(r"rate=(\d+)", mime_type or "")
    return int(found[1]) if found else default


def pcm(samples: Any, rate: int, to: int = MIC_RATE) -> Samples:
    """Turn any sound into 16-bit mono at one rate.

    Args:
        samples: An array or list of floats (−1…1) or integers (scaled by their width; 64-bit ones are taken
            as 16-bit values), mono or `(n, channels)` (or `(channels, n)` where that is plainly meant), or
            bytes of 16-bit samples. Channels are averaged.
        rate: Samples per second of what is given.
        to: Samples per second wanted.

    Returns:
        int16 array of shape `(n,)`.

    Raises:
        MediaError: it is no sound (wrong type or shape, floats on another scale, no rate).

    Example:
        >>> pcm(np.zeros((48_000, 2), dtype="float32"), rate=48_000).shape
        (16000,)
    """
    if rate <= 0 or to <= 0:
        raise MediaError(f"A sample rate is a positive number, not {min(rate, to)}.", hint="pass rate=16000")
    mono = _as_int16(_as_mono(samples_of(samples) if isinstance(samples, bytes | bytearray) else samples))
    if rate == to or mono.size == 0:
        return mono
    import soxr

    return np.asarray(soxr.resample(mono, rate, to), dtype=np.int16)


def _as_mono(samples: Any) -> npt.NDArray[Any]:
    try:
        sound = np.asarray(samples)
    except ValueError:
        raise MediaError(
            "These samples have no one shape.", hint="pass an array of floats or int16"
        ) from None
    if sound.dtype.kind not in "iuf":
        raise MediaError(f"Sound is numbers, not {sound.dtype}.", hint="pass an array of floats or int16")
    if sound.ndim == 1:
        return sound
    if sound.ndim != 2:
        raise MediaError(f"Sound has one or two dimensions, not {sound.ndim}.", hint="shape it (n, channels)")
    channels_first = sound.shape[0] <= 8 < sound.shape[1]
    mixed: npt.NDArray[Any] = sound.mean(axis=0 if channels_first else 1, dtype=np.float64)
    return mixed if sound.dtype.kind == "f" else mixed.astype(sound.dtype)


def _as_int16(sound: npt.NDArray[Any]) -> Samples:
    if sound.dtype == np.int16:
        return np.ascontiguousarray(sound)
    if sound.dtype.kind == "f":
        finite = np.nan_to_num(sound.astype(np.float64), posinf=1.0, neginf=-1.0)
        if finite.size and np.abs(finite).max() > _LOUDEST_FLOAT:
            raise MediaError(
                f"Float samples lie between -1 and 1; these reach {np.abs(finite).max():.6g}.",
                hint="divide by the largest value first, or pass integers",
            )
        return np.clip(np.rint(finite * 32767), -32768, 32767).astype(np.int16)
    if sound.dtype.itemsize == 8:
        # What plain Python integers and sums of int16 become: 16-bit values, not 64-bit ones.
        return np.asarray(np.clip(sound, -32768, 32767), dtype=np.int16)
    bits = sound.dtype.itemsize * 8
    centred = sound.astype(np.int64) - (1 << (bits - 1) if sound.dtype.kind == "u" else 0)
    scaled: npt.NDArray[np.int64] = centred >> (bits - 16) if bits > 16 else centred << (16 - bits)
    return scaled.astype(np.int16)


class Resampler:
    """A stream of chunks from one rate to another, without a seam between them.

    Args:
        rate_in: Samples per second of what goes in.
        rate_out: Samples per second of what comes out.

    Example:
        >>> stream = Resampler(48_000, 16_000)
        >>> out = np.concatenate([stream.push(np.zeros(4_800, "int16")), stream.flush()])
        >>> out.shape
        (1600,)
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in = rate_in
        self.rate_out = rate_out
        self._stream: soxr.ResampleStream | None = None
        if rate_in != rate_out:
            import soxr

            self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16")

    def push(self, chunk: Samples) -> Samples:
        """Take a chunk, return what is ready; the first chunks return less, held back for the filter."""
        if self._stream is None:
            return chunk
        return np.asarray(self._stream.resample_chunk(chunk), dtype=np.int16)

    def flush(self) -> Samples:
        """Return what was held back, and begin anew."""
        if self._stream is None:
            return np.zeros(0, dtype=np.int16)
        rest = np.asarray(self._stream.resample_chunk(np.zeros(0, dtype=np.int16), last=True), dtype=np.int16)
        self._stream.clear()
        return rest


def read(path: str | os.PathLike[str], rate: int = MIC_RATE) -> Samples:
    """Read a sound file as 16-bit mono. Its header is never taken for sound.

    Args:
        path: WAV, FLAC, OGG, MP3, …; a `.pcm` or `.raw` file is taken as headerless 16 kHz 16-bit mono.
        rate: Samples per second wanted.

    Raises:
        MediaError: there is no such file, or no sound in it.
    """
    place = Path(path)
    if not place.is_file():
        raise MediaError(f"There is no file {place}.", hint="it is looked for from the working folder")
    if place.suffix.lower() in _HEADERLESS:
        return pcm(place.read_bytes(), MIC_RATE, rate)
    import soundfile

    try:
        sound, rate_in = soundfile.read(place, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, ValueError) as refusal:
        problem = f"{place.name} is no sound file that can be read: {refusal}"
        raise MediaError(problem, hint="convert it to WAV") from None
    return pcm(sound, rate_in, rate)


def spoken_not_typed(text: str) -> None:
    """Refuse text that is but the name of a sound file here: it would be typed, not spoken.

    Raises:
        MediaError: There is such a file.
    """
    if text.lower().endswith(_SOUND_FILES) and len(text) < _LONGEST_PATH and Path(text).is_file():
        raise MediaError(
            f"{text!r} is text here, though there is a sound file of this name.",
            hint=f"to have it spoken: pathlib.Path({text!r}); to type the name: send_text",
        )


def wav(samples: Any, rate: int) -> bytes:
    """Make a WAV file of some sound: 16-bit mono at its own rate. Takes what `pcm` takes."""
    whole = pcm(samples, rate, rate)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.astype("<i2", copy=False).tobytes())
    return out.getvalue()


def peaks(samples: Samples, rate: int, per_second: int = 100) -> npt.NDArray[np.int8]:
    """Reduce sound to what a waveform shows: the lowest and highest sample of each slice.

    Args:
        samples: int16 mono.
        rate: Samples per second.
        per_second: Slices per second.

    Returns:
        int8 array of shape `(slices, 2)`: lowest and highest, −128…127. A last short slice counts.
    """
    width = max(1, round(rate / per_second))
    if samples.size == 0:
        return np.zeros((0, 2), dtype=np.int8)
    starts = np.arange(0, samples.size, width)
    extremes = np.stack([np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)], axis=1)
    return (extremes >> 8).astype(np.int8)


def level(samples: Samples) -> float:
    """Return how loud it is, in dB below full scale: 0 is the loudest square wave, −96 is silence."""
    if samples.size == 0:
        return SILENCE_DB
    loudness = np.sqrt(np.mean(np.square(samples.astype(np.float64)))) / 32768
    return max(SILENCE_DB, float(20 * np.log10(loudness))) if loudness > 0 else SILENCE_DB
