"""What the speaker has still to say: pieces of speech, from the first one not yet heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

SAMPLE = 2
"""Bytes of a sample."""


@dataclass(slots=True)
class Piece:
    """Speech of one turn.

    Attributes:
        turn: whose it is.
        start: where in the turn it begins, in samples.
        samples: how long it is; 0 marks the end of the turn.
        seq: its number, by which `read` finds it again.
        pcm: the sound, or None where it is to be read when its time comes.
    """

    turn: int
    start: int
    samples: int
    seq: int
    pcm: bytes | None


class Speech:
    """Pieces in order; the front is what the ear is at, and a mark stands at what is not yet sent.

    Args:
        keep: samples held in memory; beyond that a piece is dropped from memory and read again by `read`.
        read: finds a piece's sound by (turn, seq), in a log say; None keeps everything in memory.
    """

    def __init__(self, keep: int, read: Callable[[int, int], bytes] | None = None) -> None:
        self.keep = keep
        self.read = read
        self.waiting = 0
        """Samples not yet heard."""
        self.ahead = 0
        """Samples sent and not yet heard."""
        self._pieces: deque[Piece] = deque()
        self._sent = 0
        self._lengths: dict[int, int] = {}
        self._cut = -1

    def add(self, turn: int, seq: int, pcm: bytes, longest: int) -> None:
        """Add a turn's next sound, in pieces of `longest` samples at most.

        What comes for a turn after it was cut is not wanted.
        """
        if turn <= self._cut:
            return
        start = self._lengths.setdefault(turn, 0)
        samples = len(pcm) // SAMPLE
        self._lengths[turn] = start + samples
        held = self.read is None or self.waiting < self.keep
        if not held:
            self._pieces.append(Piece(turn, start, samples, seq, None))
        else:
            for at in range(0, samples, longest):
                part = pcm[SAMPLE * at : SAMPLE * (at + longest)]
                self._pieces.append(Piece(turn, start + at, len(part) // SAMPLE, seq, part))
        self.waiting += samples

    def end(self, turn: int) -> None:
        """Mark the end of a turn."""
        if turn > self._cut:
            self._pieces.append(Piece(turn, self._lengths.pop(turn, 0), 0, 0, None))

    def cut(self, turn: int) -> None:
        """Forget everything up to this turn, and what is still to come of it."""
        self._cut = max(self._cut, turn)
        kept = [piece for piece in self._pieces if piece.turn > turn]
        gone = len(self._pieces) - len(kept)
        self._pieces = deque(kept)
        self._sent = max(0, self._sent - gone)
        self.waiting = sum(piece.samples for piece in kept)
        self.ahead = sum(piece.samples for piece in kept[: self._sent])
        self._lengths = {each: length for each, length in self._lengths.items() if each > turn}

    def next(self) -> Piece | None:
        """The next piece to send, its sound with it; None where all is sent."""
        if self._sent >= len(self._pieces):
            return None
        piece = self._pieces[self._sent]
        if piece.pcm is None and piece.samples and self.read is not None:
            piece.pcm = self.read(piece.turn, piece.seq)
        self._sent += 1
        self.ahead += piece.samples
        return piece

    def heard(self, turn: int, played: int) -> None:
        """The ear is this far: what lies behind it is done with."""
        while self._sent and self._pieces:
            piece = self._pieces[0]
            behind = piece.turn < turn or (piece.turn == turn and piece.start + piece.samples <= played)
            if not behind:
                break
            self._pieces.popleft()
            self._sent -= 1
            self.ahead -= piece.samples
            self.waiting -= piece.samples

    def again(self) -> None:
        """What was sent is lost: begin again at what is not yet heard."""
        self._sent = 0
        self.ahead = 0
