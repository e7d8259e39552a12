"""What a chunk of sound is: its media type, its rate, its peak."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import lru_cache

from .index import MIME_NUMBER, NO_LEVEL, OTHER_MIME

LONGEST_MIME = 60


@lru_cache(maxsize=256)
def sound_type(mime_type: str | None, default_rate: int) -> tuple[str, int]:
    """A sound's media type as given and its rate in Hz; Vertex leaves the rate out and means 24 kHz."""
    mime = (mime_type or "audio/pcm")[:LONGEST_MIME]
    for option in mime.split(";")[1:]:
        name, _, value = option.strip().partition("=")
        if name == "rate" and value.isdecimal() and 0 < int(value[:9]) < 1_000_000:
            return mime, int(value)
    return mime, default_rate


@lru_cache(maxsize=256)
def sound_number(mime_type: str | None, default_rate: int) -> tuple[int, int]:
    """The same with the media type by its number in the index."""
    mime, rate = sound_type(mime_type, default_rate)
    return MIME_NUMBER.get(mime, OTHER_MIME), rate


def peak_level(pcm: bytes) -> int:
    """The peak of 16-bit sound in hundredths of a dB below full scale, taken from some 24 of its samples.

    Enough to tell speech from silence, at about a microsecond a chunk.
    """
    if len(pcm) < 2:
        return NO_LEVEL
    return _centibel(max(_some_samples(len(pcm) // 2)(pcm)))


@lru_cache(maxsize=256)
def _some_samples(count: int) -> Callable[[bytes], tuple[int, ...]]:
    """What reads some 24 of so many samples, evenly spread, in one call."""
    step = count // 24 or 1
    return struct.Struct("<h" + f"{2 * step - 2}xh" * ((count - 1) // step)).unpack_from


@lru_cache(maxsize=1 << 15)
def _centibel(peak: int) -> int:
    return round(2000 * math.log10(max(peak, 1) / 32768))
