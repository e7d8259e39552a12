"""Runs of sound in one line: without them a console shows the microphone and nothing else.

A line is a frame, or a run of frames that tell nothing by themselves. A run that the reader opens has a line
for each of its frames, under a line that says what they are together; it is over then: what comes later
begins another one, so that no line moves while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..log.lines import DIRECTIONS
from ..protocol.kinds import main
from .frames import EMPTY, SOUND, Frames, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

Places = npt.NDArray[np.intp]

FRAME, FOLD, OPENED, INSIDE = 0, 1, 2, 3
"""What a line is: a frame, a run that is folded, the head of one that is open, a frame of that."""

MOST = 1500
"""Frames of a run, a minute of sound: a longer one is several."""

_BOTH_WAYS = len(DIRECTIONS)
_SENT = DIRECTIONS.index("sent")


class Growing:
    """Rows of numbers that are appended to, and taken away at the end.

    Args:
        width: Numbers a row.
    """

    def __init__(self, width: int = 1) -> None:
        self._rows = np.zeros((1024, width), np.intp)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> Places:
        return self._rows[: self._count][part]

    def extend(self, more: Places) -> None:
        """Append rows."""
        needed = self._count + len(more)
        if needed > len(self._rows):
            room = np.zeros((2 * needed - self._count, self._rows.shape[1]), np.intp)
            self._rows = np.concatenate((self._rows[: self._count], room))
        self._rows[self._count : needed] = more
        self._count = needed

    def pop(self) -> None:
        """Take the last row away."""
        self._count -= 1


class Folds:
    """The lines of a console, oldest first.

    Args:
        frames: Every frame.
        on: Whether runs are folded; else each match is a line.
    """

    def __init__(self, frames: Frames, *, on: bool = True) -> None:
        self._frames = frames
        self._on = on
        self._matches = Growing()
        self._lines = Growing(3)
        self._opened: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def matches(self) -> int:
        """Frames in all lines."""
        return len(self._matches)

    def extend(self, places: Places) -> None:
        """Take in frames, in order."""
        first = len(self._matches)
        self._matches.extend(places[:, None])
        if first and self._on:
            begin, count, sort = self._lines[-1:][0].tolist()
            if sort in {FRAME, FOLD} and count < MOST:
                self._lines.pop()
                first = begin
        self._lay(first)

    def toggle(self, seq: int) -> bool:
        """Open the run that begins with this frame, or close it. Returns whether there was one."""
        rows = self._lines[:]
        heads = rows[(rows[:, 2] == FOLD) | (rows[:, 2] == OPENED)]
        begins = self._matches[:][heads[:, 0], 0]
        found = np.flatnonzero(self._frames.columns["seq"][begins] == seq)
        if not len(found):
            return False
        begin, count, _ = heads[found[0]].tolist()
        first, last = self._place(begin), self._place(begin + count - 1)
        if self._opened.pop(first, None) is None:
            self._opened[first] = last
        self._lines = Growing(3)
        self._lay(0)
        return True

    def lines(self, first: int, last: int) -> list[Line]:
        """Lines as the page shows them."""
        return [self._line(*row) for row in self._lines[first:last].tolist()]

    def _place(self, match: int) -> int:
        return int(self._matches[match : match + 1][0, 0])

    def _lay(self, first: int) -> None:
        """Lay lines from a match on."""
        places = self._matches[first:][:, 0]
        if not len(places):
            return
        begins, counts = self._runs(places) if self._on else (np.arange(len(places)), None)
        if counts is None:
            counts = np.ones(len(places), np.intp)
        rows = np.stack((begins + first, counts, np.where(counts > 1, FOLD, FRAME)), axis=1)
        starts = places[begins]
        done = 0
        for line in np.flatnonzero(np.isin(starts, list(self._opened))).tolist():
            self._lines.extend(rows[done:line])
            begin, count, _ = rows[line].tolist()
            inside = np.arange(begin, begin + count)
            each = np.stack((inside, np.ones_like(inside), np.full_like(inside, INSIDE)), axis=1)
            self._lines.extend(np.concatenate((each, [[begin, count, OPENED]])))
            done = line + 1
        self._lines.extend(rows[done:])

    def _runs(self, places: Places) -> tuple[Places, Places]:
        """Where runs begin among some matches, and how long they are."""
        dull = self._frames.columns["dull"][places]
        begins = np.ones(len(places), bool)
        begins[1:] = ~(dull[1:] & dull[:-1])
        for opened, last in self._opened.items():
            begins |= places == opened
            begins[1:] |= places[:-1] == last
        number = np.arange(len(places))
        begins |= (number - np.maximum.accumulate(np.where(begins, number, 0))) % MOST == 0
        starts = np.flatnonzero(begins)
        return starts, np.diff(np.append(starts, len(places)))

    def _line(self, begin: int, count: int, sort: int) -> Line:
        if sort in {FRAME, INSIDE}:
            return self._frames.line(self._place(begin), sort)
        run = self._frames.columns[self._matches[begin : begin + count][:, 0]]
        ways = set(run["direction"].tolist())
        kinds, order = np.unique(run["kinds"], return_counts=True)
        names = list(dict.fromkeys(main(int(kinds[i])) for i in np.argsort(-order)))
        return (
            *(int(run["seq"][0]), round(float(run["t"][0]), 3), ways.pop() if len(ways) == 1 else _BOTH_WAYS),
            *(names[0], ", ".join(names[1:]), " · ".join(_together(run)), f"{int(run['bytes'].sum()):,} B"),
            sort,
        )


def _together(run: npt.NDArray[np.void]) -> Iterator[str]:
    """What the frames of a run are, sort by sort."""
    sound = (run["kinds"] & np.uint64(SOUND)) != 0
    picture = ~sound & (run["media"] > 0)
    sent = run["direction"] == _SENT
    for mark, which in (("🎙", sound & sent), ("🔊", sound & ~sent)):
        if which.any():
            yield f"{mark} {_lengths(run['ms'][which].tolist())}"
    if picture.any():
        yield f"🖼 {picture.sum()} × {run['media'][picture].mean() / 1000:,.0f} kB"
    empty = run["kinds"] == EMPTY
    if empty.any():
        yield f"{empty.sum()} empty"
    rest = int((~sound & ~picture & ~empty).sum())
    if rest:
        yield f"{rest} playback report{'s' * (rest > 1)}"


def _lengths(ms: Sequence[float]) -> str:
    shortest, longest = round(min(ms)), round(max(ms))
    if shortest == longest:
        return f"{len(ms)} × {longest} ms sound"
    return f"{len(ms)} × {shortest}–{longest} ms sound, {sum(ms) / 1000:,.2f} s"
