"""Two lanes of sound on one time line: yours as it was sent, the model's as it is played."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import audio

if TYPE_CHECKING:
    from ..log.frame import LogFrame
    from ..log.index import Row

RATE = 100
"""Slots a second; each slot holds the least and the greatest sample of its hundredth."""

YOU, MODEL = 0, 1

# Pieces this close belong together, in seconds: the wire is not even, and a gap of a few slots is none.
_NEAR = 0.3

Samples = npt.NDArray[np.int16]
Pairs = npt.NDArray[np.int8]


class Piece(NamedTuple):
    """Pairs of one lane, shape (n, 2), from `slot` on."""

    lane: int
    slot: int
    pairs: Pairs


class Cut(NamedTuple):
    """Of this lane nothing was played from `slot` on."""

    lane: int
    slot: int


class Lane:
    """The last `seconds` of one side, in a ring.

    Attributes:
        end: The first slot after what is there.
    """

    def __init__(self, seconds: int) -> None:
        self._pairs = np.zeros((seconds * RATE, 2), np.int8)
        self._rest: Samples = np.zeros(0, np.int16)
        self.end = 0

    @property
    def begin(self) -> int:
        """The first slot that is still kept."""
        return max(0, self.end - len(self._pairs))

    def pairs(self, begin: int, end: int) -> Pairs:
        """The pairs of some slots that are kept, shape (n, 2)."""
        return self._pairs[np.arange(begin, end) % len(self._pairs)]

    def extend(self, samples: Samples, rate: int, begins: float) -> tuple[int, Pairs] | None:
        """Add one chunk that begins at `begins` seconds, or where the one before ends.

        Returns:
            Where it was laid and its pairs; None where it was too short to fill a slot.
        """
        per_slot = max(1, rate // RATE)
        samples = np.concatenate((self._rest, samples))
        count = len(samples) // per_slot
        self._rest = samples[count * per_slot :]
        if not count:
            return None
        slot = max(self.end, round(begins * RATE))
        if slot - self.end < _NEAR * RATE:
            slot = self.end
        pairs = audio.peaks(samples[: count * per_slot], rate, RATE)
        self._put(slot, pairs)
        return slot, pairs

    def _put(self, slot: int, pairs: Pairs) -> None:
        silence = np.arange(max(self.end, slot - len(self._pairs)), slot) % len(self._pairs)
        self._pairs[silence] = 0
        kept = pairs[-len(self._pairs) :]
        first = slot + len(pairs) - len(kept)
        self._pairs[np.arange(first, first + len(kept)) % len(self._pairs)] = kept
        self.end = slot + len(pairs)

    def cut(self, slot: int) -> bool:
        """Take away everything from `slot` on. Returns whether there was anything."""
        if slot >= self.end:
            return False
        self._pairs[np.arange(max(slot, self.begin), self.end) % len(self._pairs)] = 0
        self.end = slot
        self._rest = np.zeros(0, np.int16)
        return True


class Lanes:
    """Both lanes, laid frame by frame.

    Sound of the model comes faster than it is played: each piece begins where the one before ends, and what
    is left of it when the model is interrupted was never played.

    Args:
        seconds: How much of the past is kept.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self.lanes = (Lane(seconds), Lane(seconds))

    def add(self, frame: LogFrame, row: Row) -> list[Piece]:
        """Lay the sound of one frame."""
        pieces: list[Piece] = []
        lane = YOU if frame.direction == "sent" else MODEL
        for mime, data in frame.media():
            if not mime.startswith("audio/"):
                continue
            rate = row.media_rate or (16_000 if lane == YOU else 24_000)
            samples = np.frombuffer(data, "<i2", len(data) // 2).astype(np.int16)
            begins = frame.t - (len(samples) / rate if lane == YOU else 0.0)
            laid = self.lanes[lane].extend(samples, rate, begins)
            if laid is not None:
                pieces.append(Piece(lane, *laid))
        return pieces

    def cut(self, t: float) -> Cut | None:
        """The model was interrupted at `t` seconds."""
        slot = max(0, round(t * RATE))
        return Cut(MODEL, slot) if self.lanes[MODEL].cut(slot) else None

    @property
    def end(self) -> float:
        """Seconds to the end of the longer lane."""
        return max(lane.end for lane in self.lanes) / RATE

    def kept(self) -> list[Piece]:
        """All that is kept, a piece a lane."""
        return [
            Piece(number, lane.begin, lane.pairs(lane.begin, lane.end))
            for number, lane in enumerate(self.lanes)
            if lane.end > lane.begin
        ]
