"""Which chunks of the microphone hold speech: the client's own estimate of when you stopped speaking.

Models before 3.1 never say when they heard speech end, and those that do say so a second late. A chunk
counts as voiced when its peak is 15 dB above the noise and above -45 dB of full scale. The noise is the
lowest recent peak: it falls at once and rises by 1 dB a second. Voiced chunks less than a second apart make
    one burst.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SILENT, VOICED, BEGINS = 0, 1, 2

# Hundredths of a dB and nanoseconds: whole numbers, so that one chunk at a time and all at once agree
# exactly.
_ABOVE_NOISE = 1500
_LOUD_ENOUGH = -4500
_FIRST_NOISE = -6000
_RISE_PER_MS = 0.1
_BURST_GAP_NS = 3_000_000_000


class Voice:
    """The running estimate, one chunk at a time."""

    def __init__(self) -> None:
        self._floor = _FIRST_NOISE
        self._last_ns: int | None = None

    def push(self, level: int, milliseconds: float, t_ns: int) -> int:
        """Judge a chunk by its peak (hundredths of a dB): SILENT, VOICED, or BEGINS, which opens a burst."""
        self._floor = min(level, self._floor + int(milliseconds * _RISE_PER_MS))
        if level <= self._floor + _ABOVE_NOISE or level <= _LOUD_ENOUGH:
            return SILENT
        begins = self._last_ns is None or t_ns - self._last_ns > _BURST_GAP_NS
        self._last_ns = t_ns
        return BEGINS if begins else VOICED


def judge(
    levels: npt.NDArray[np.int16], milliseconds: npt.NDArray[np.float32], t_ns: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """The same for many chunks at once."""
    level = levels.astype(np.int64)
    rise = np.cumsum((milliseconds.astype(np.float64) * _RISE_PER_MS).astype(np.int64))
    floor = np.minimum(np.minimum.accumulate(level - rise), _FIRST_NOISE) + rise
    verdict = ((level > floor + _ABOVE_NOISE) & (level > _LOUD_ENOUGH)).astype(np.int8)
    voiced = np.flatnonzero(verdict)
    if len(voiced):
        begins = np.diff(t_ns[voiced], prepend=np.int64(-(2**62))) > _BURST_GAP_NS
        verdict[voiced[begins]] = BEGINS
    return verdict
