"""What the views see of a conversation, whatever it is given as.

A `Live`, a `LiveSession`, a `SessionLog` or a replay: each has a log, and a log that is being written tells
of every frame the moment it is indexed. So one adapter does for all. It reads nothing twice: rows come once
each, turns and calls are those of the one fold that the session uses itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..log.replay import Replay
from ..log.run import SessionLog
from ..protocol.kinds import BIT

if TYPE_CHECKING:
    from ..log.index import Row
    from ..log.turn import ToolCall, Turn

Told = Callable[["Sequence[Row] | None"], None]
"""Called with the rows of one frame, on the thread that records, or with None when another run has begun."""

_OPEN, _CLOSE = BIT["open"], BIT["close"]


class Source:
    """One conversation, as its views follow it.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or anything with a `.log`.

    Attributes:
        of: What it was made of.
        log: The run, None as long as there is none.
    """

    def __init__(self, of: Any) -> None:
        self.of = of
        self.log: SessionLog | None = None
        self._open = False
        self._told: list[Told] = []
        self._lock = threading.Lock()
        self._heard_at = 0.0
        self._heard_t = 0.0
        self._stop: Callable[[], None] = lambda: None
        self.refresh()
        if hasattr(of, "subscribe_run"):
            of.subscribe_run(self.refresh)
        elif getattr(of, "log", of) is None:
            # A session has its log from its first event on.
            self._ear = of.subscribe(1, accepts=self._first)

    def __repr__(self) -> str:
        return f"{type(self.of).__name__}"

    def _first(self, _event: Any) -> bool:
        self.refresh()
        return False

    def listen(self, told: Told) -> Callable[[], None]:
        """Hear of every frame from now on, and of every new run; returns what ends it."""
        with self._lock:
            self._told = [*self._told, told]

        def stop() -> None:
            with self._lock:
                self._told = [other for other in self._told if other is not told]

        return stop

    def refresh(self) -> None:
        """Look whether there is another run now: a `Live` begins one with each connection."""
        log = self.of if isinstance(self.of, SessionLog) else getattr(self.of, "log", None)
        if log is self.log:
            return
        self._stop()
        self.log = log
        self._open = False
        self._heard_t = 0.0
        if log is not None:
            self._stop = log.listen(self._row)
            self._open = log.live and _is_open(log)
            self._heard_t, self._heard_at = _last_heard(log)
        for told in self._told:
            told(None)

    @property
    def running(self) -> bool:
        """Whether the run's clock goes on: a connection stands, as the log tells, or it is played again."""
        return self._open and (not isinstance(self.of, Replay) or self.of.playing)

    @property
    def replayed(self) -> bool:
        """Whether it was held before, and is played again."""
        return isinstance(self.of, Replay)

    @property
    def live(self) -> bool:
        """Whether something may still be said."""
        return not isinstance(self.of, SessionLog) or self.of.live

    def now(self) -> float:
        """Seconds on the run's clock; it stands still while no connection does."""
        if isinstance(self.of, Replay):
            return self.of.t
        return self._heard_t + (time.monotonic() - self._heard_at if self._open else 0.0)

    @property
    def turns(self) -> Sequence[Turn]:
        """The turns so far; of a run that is being recorded the very list that grows, not a copy."""
        if self.log is None:
            return ()
        fold = self.log.fold
        return fold.turns if fold is not None else self.log.conversation

    def calls(self, after: int = 0) -> list[ToolCall]:
        """The tool calls in the order they were asked for, without the first `after` ones."""
        if self.log is None:
            return []
        fold = self.log.fold
        if fold is None:
            return self.log.tool_calls[after:]
        newest = islice(reversed(fold.calls.values()), max(0, len(fold.calls) - after))
        return list(newest)[::-1]

    def _row(self, _seq: int, rows: list[Row]) -> None:
        head = rows[0]
        self._heard_t, self._heard_at = head.t_ns * 1e-9, time.monotonic()
        if head.kinds & _OPEN:
            self._open = True
        elif head.kinds & _CLOSE:
            self._open = False
        for told in self._told:
            told(rows)


def _is_open(log: SessionLog) -> bool:
    """Whether the last that the log says of the connection is that it was opened."""
    rows = log.table().rows
    ends = rows["kinds"] & (_OPEN | _CLOSE)
    last = ends.nonzero()[0]
    return bool(len(last) and ends[last[-1]] & _OPEN)


def _last_heard(log: SessionLog) -> tuple[float, float]:
    """When the last frame came, on the run's clock and on the machine's."""
    rows = log.table().rows
    t = float(rows["t_ns"][-1]) * 1e-9 if len(rows) else 0.0
    return t, float(log.meta.get("monotonic", time.monotonic() - t)) + t


def source(of: Any) -> Source:
    """The source of a view.

    Raises:
        TypeError: `of` has no log.

    Example:
        >>> from gemini_live_nb.log.recorder import Recorder
        >>> len(source(Recorder(None).log).turns)
        0
    """
    if isinstance(of, Source):
        return of
    if not isinstance(of, SessionLog) and not hasattr(of, "log"):
        raise TypeError(f"a view shows a Live, a LiveSession or a SessionLog, not {type(of).__name__}")
    return Source(of)
