"""The wire console: every frame both ways."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..protocol.kinds import names
from .assets import module, style
from .folds import Folds
from .frames import Filter, Frames
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

    A run of sound is one line, which opens to its frames.

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
        self._filter = Filter()
        self._filters = 0
        self._reset()
        super().__init__(of, **layout)

    def _reset(self) -> None:
        self._frames = Frames()
        self._loaded = False
        self._search_again()

    def _search_again(self) -> None:
        # Who asks for a kind, or for words, wants to see each.
        plain = bool(self._filter.text) or self._filter.kind not in {"", "-media"}
        self._folds = Folds(self._frames, on=not plain)
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
        kinds, total, matched = self._frames.kinds, len(self._frames), self._folds.matches
        self._take_in()
        if (total, matched) == (len(self._frames), self._folds.matches):
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
                last = first + min(int(message.get("count", 0)), _MOST_ASKED)
                rows = self._folds.lines(first, last)
                self.reply(message, {"filter": self._filters, "first": first, "rows": rows})
            case "fold" if self._folds.toggle(int(message.get("seq", -1))):
                self._filters += 1
                self.restart()
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
            self._folds.extend(places)
            self._searched = len(self._frames)
            return
        until = time.monotonic() + _SEARCH_S
        for place in places.tolist():
            if self._filter.fits_text(self._frames, place, self._raw):
                self._folds.extend(np.array([place]))
            self._searched = place + 1
            if time.monotonic() > until:
                self.touch()
                return
        self._searched = len(self._frames)

    def _raw(self, seq: int) -> str:
        frame = self.source.log.frame(seq) if self.source.log is not None else None
        return frame.text if frame is not None else ""

    def _state(self) -> Fields:
        lines = len(self._folds)
        first = max(0, lines - _NEWEST)
        return {
            "total": len(self._frames),
            "matched": self._folds.matches,
            "lines": lines,
            "filter": self._filters,
            "first": first,
            "rows": self._folds.lines(first, lines),
        }
