"""Transcript fragments put together again."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

_SENTENCE_ENDS = (".", "?", "!", "…", '."', '?"', '!"')


def needs_space(before: str, after: str) -> bool:
    """Whether two pieces are whole sentences that lost the space between them.

    Pieces such as `" my"`, `" name"` carry their own spaces and join as they are; 3.x sends whole sentences
    without.
    """
    return (
        before.endswith(_SENTENCE_ENDS)
        and after[:1].isalpha()
        and after[0] == after[0].upper() != after[0].lower()
    )


@dataclass(slots=True)
class Words:
    """What was said, in the pieces it came in.

    Each piece keeps the `mark` it came with — for the model's speech, how many milliseconds of its sound had
    come by then — so that a cut can be placed in the text.
    """

    pieces: list[str] = field(default_factory=list)
    marks: list[float] = field(default_factory=list)
    finished: bool = False

    def add(self, text: str | None, mark: float = 0.0, finished: bool = False) -> None:
        """Add one piece. After one that was `finished`, the next begins a new sentence."""
        if text:
            before = self.pieces[-1] if self.pieces else ""
            parted = before[-1:].isspace() or text[0].isspace()
            if before and not parted and (self.finished or needs_space(before, text)):
                text = " " + text
            self.pieces.append(text)
            self.marks.append(mark)
            self.finished = False
        self.finished = self.finished or finished

    def __str__(self) -> str:
        return "".join(self.pieces).strip()

    def __bool__(self) -> bool:
        return any(piece.strip() for piece in self.pieces)

    def until(self, heard_ms: float, total_ms: float) -> str:
        """The part of the text that `heard_ms` of `total_ms` of its sound cover, to the last whole word.

        Pieces run a little ahead of their sound, so each is spread over the sound up to the next one's mark;
        where all came before the sound (Vertex), the text is spread evenly.
        """
        whole = "".join(self.pieces)
        if heard_ms >= total_ms or not whole:
            return whole.strip()
        letters = round(_position(self._knots(total_ms), heard_ms))
        if letters < len(whole) and not whole[letters].isspace():
            letters = max(whole.rfind(" ", 0, letters), 0)
        return whole[:letters].strip()

    def _knots(self, total_ms: float) -> list[tuple[float, int]]:
        knots: list[tuple[float, int]] = [(0.0, 0)]
        letters = 0
        for piece, mark in zip(self.pieces, self.marks, strict=True):
            if mark > knots[-1][0]:
                knots.append((mark, letters))
            letters += len(piece)
        if total_ms > knots[-1][0]:
            knots.append((total_ms, letters))
        return knots


def _position(knots: list[tuple[float, int]], at: float) -> float:
    """Read a broken line through `knots` at `at`."""
    for (x0, y0), (x1, y1) in itertools.pairwise(knots):
        if at <= x1:
            return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return knots[-1][1]
