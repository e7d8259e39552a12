"""The wire console: every frame both ways."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..protocol.kinds import names
from .assets import module, style
from .frames import Filter, Frames, Line
from .unfold import as_json, as_python, media, unfold
from .view import Buffers, Fields, View

if TYPE_CHECKING:
    from ..log.index import Row

_NEWEST = 24
"""Rows sent along with every update, so that the newest show even while the kernel is too busy to be
asked."""
_MOST_ASKED = 500
_SEARCH_S = 0.03


class MessageTable(View):
    """Every frame both ways, newest first: filtered, opened to JSON, copied as JSON or as Python.

    Frames are held by the log; the page has the rows in sight. Resumption handles are struck out here: a
    display must not show what opens a whole conversation.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or a replay.
        layout: `height="400px"` and what else ipywidgets takes.

    Example:
        >>> MessageTable(SessionLog.open(path))  # doctest: +SKIP
    """

    _esm = module("messages.js")
    _css = style("messages.css")

    every: ClassVar[float] = 0.2

    def __init__(self, of: Any, **layout: Any) -> None:
        self._news: deque[Sequence[Row]] = deque()
        self._reset()
        self._filter = Filter()
        self._filters = 0
        super().__init__(of, **layout)

    def _reset(self) -> None:
        self._frames = Frames()
        self._loaded = False
        self._search_again()

    def _search_again(self) -> None:
        self._matches = _Growing()
        self._searched = 0

    def anew(self) -> None:
        """Forget the run before."""
        self._reset()

    def seen(self, rows: Sequence[Row]) -> bool:
        """Put a frame aside."""
        self._news.append(rows)
        return True

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs."""
        self._take_in()
        return {"kinds": list(names(self._frames.kinds)), **self._state()}, []

    def changed(self) -> tuple[Fields, Buffers] | None:
        """What is new since the last message."""
        kinds, total, matched = self._frames.kinds, len(self._frames), len(self._matches)
        self._take_in()
        if (total, matched) == (len(self._frames), len(self._matches)):
            return None
        state = self._state()
        if kinds != self._frames.kinds:
            state["kinds"] = list(names(self._frames.kinds))
        return state, []

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Answer the page."""
        match message.get("kind"):
            case "filter":
                self._set_filter(*(str(message.get(name, "")) for name in ("way", "of", "text")))
            case "rows":
                first = max(0, int(message.get("first", 0)))
                last = min(len(self._matches), first + min(int(message.get("count", 0)), _MOST_ASKED))
                self.reply(
                    message, {"filter": self._filters, "first": first, "rows": self._lines(first, last)}
                )
            case "frame" | "copy" | "media":
                self._open(message)

    def _set_filter(self, way: str, kind: str, text: str) -> None:
        self._filter = Filter(way, kind, text)
        self._filters += 1
        self._search_again()
        self.restart()

    def _open(self, message: Fields) -> None:
        log = self.source.log
        frame = log.frame(int(message["seq"])) if log is not None else None
        if frame is None:
            gone: Fields = {
                "text": "no longer kept",
                "value": None,
                "media": [],
                "notes": [],
                "copies": False,
            }
            self.reply(message, gone)
        elif message["kind"] == "frame":
            self.reply(message, unfold(frame))
        elif message["kind"] == "copy":
            self.reply(
                message, {"text": as_python(frame) if message.get("form") == "python" else as_json(frame)}
            )
        else:
            item = list(media(frame.json()))[int(message["i"])]
            self.reply(
                message,
                {"sort": item.sort, "mime": item.mime, "rate": item.rate(frame.direction)},
                [item.data],
            )

    def _take_in(self) -> None:
        """Take in what is new, and look through as much of it as there is time for."""
        log = self.source.log
        if not self._loaded:
            self._loaded = True
            if log is not None and len(table := log.table().rows):
                self._frames.load(log.table())
                del table
        while self._news:
            self._frames.add(self._news.popleft())
        self._search()

    def _search(self) -> None:
        places = self._filter.candidates(self._frames, self._searched, len(self._frames))
        if not self._filter.text:
            self._matches.extend(places)
            self._searched = len(self._frames)
            return
        until = time.monotonic() + _SEARCH_S
        for place in places.tolist():
            if self._filter.fits_text(self._frames, place, self._raw):
                self._matches.extend(np.array([place]))
            self._searched = place + 1
            if time.monotonic() > until:
                self.touch()
                return
        self._searched = len(self._frames)

    def _raw(self, seq: int) -> str:
        frame = self.source.log.frame(seq) if self.source.log is not None else None
        return frame.text if frame is not None else ""

    def _state(self) -> Fields:
        matched = len(self._matches)
        first = max(0, matched - _NEWEST)
        return {
            "total": len(self._frames),
            "matched": matched,
            "filter": self._filters,
            "first": first,
            "rows": self._lines(first, matched),
        }

    def _lines(self, first: int, last: int) -> list[Line]:
        return [self._frames.line(place) for place in self._matches[first:last].tolist()]


class _Growing:
    """Numbers that are only ever appended to."""

    def __init__(self) -> None:
        self._numbers = np.zeros(1024, np.intp)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> npt.NDArray[np.intp]:
        return self._numbers[: self._count][part]

    def extend(self, more: npt.NDArray[np.intp]) -> None:
        needed = self._count + len(more)
        if needed > len(self._numbers):
            self._numbers = np.concatenate(
                (self._numbers[: self._count], np.zeros(2 * needed - self._count, np.intp))
            )
        self._numbers[self._count : needed] = more
        self._count = needed
