"""A recorded run told again in its own time, to the same views that watch a live one. No key, no network.

What a view needs of a live conversation is its log: the frames so far, the turns so far, and to be told of
each new frame. A replay has such a log, over the frames of the recorded run up to the moment it has come to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .fold import fold_table, voices
from .folder import Table
from .index import Row, unpack
from .lines import Frame, Line
from .run import SessionLog
from .stores import Listener, Store
from .turns import TurnFold

# Frames that lie this close together are told in one go.
_TICK_S = 0.01


class _Until:
    """A store that knows only the first rows of a run."""

    def __init__(self, whole: Store, table: Table, rows: int) -> None:
        self._whole = whole
        self._table = table
        self.rows = rows
        self.notes = whole.notes
        self.forgotten = whole.forgotten

    @property
    def meta(self) -> dict[str, Any]:
        return self._whole.meta

    @property
    def folder(self) -> Path | None:
        return self._whole.folder

    def table(self) -> Table:
        return Table(self._table.rows[: self.rows], self._table.heap)

    def pending(self, seq: int) -> Frame | None:
        return self._whole.pending(seq)

    def line(self, offset: int, length: int) -> Line | None:
        return self._whole.line(offset, length)

    def media(self, offset: int, length: int) -> bytes:
        return self._whole.media(offset, length)


class _Telling:
    """What a replay's log takes for its recorder."""

    def __init__(self, fold: TurnFold) -> None:
        self.fold = fold
        self.seq = 0
        self.closed = False
        self._listeners: list[Listener] = []

    def flush(self) -> bool:
        return True

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners = [*self._listeners, listener]

        def stop() -> None:
            self._listeners = [other for other in self._listeners if other is not listener]

        return stop

    def tell(self, rows: list[Row], verdict: int) -> None:
        self.seq = rows[0].seq + 1
        self.fold.feed(rows, verdict)
        for listener in self._listeners:
            listener(rows[0].seq, rows)


class Replay:
    """A recorded run, played. Give it to any view in the place of a `Live`.

    Args:
        run: The recorded run.
        speed: How fast: 1 as it was, 2 in half the time.

    Attributes:
        run: The whole run.
        log: The run up to where the replay has come; another one after `seek`.
        speed: How fast; may be changed while it plays.

    >>> replay = run.replay(speed=2)                                        # doctest: +SKIP
    >>> replay.play(); replay.seek(30); replay.pause()                      # doctest: +SKIP
    """

    def __init__(self, run: SessionLog, speed: float = 1.0) -> None:
        self.run = run
        self.speed = speed
        self._table = run.table()
        self._verdict = voices(self._table.rows)
        self._heads = self._table.heads
        self._times = self._table.rows["t_ns"][self._heads] * 1e-9
        self._changed: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._begin(0)

    def _begin(self, frames: int) -> None:
        """Make a log that holds the first frames."""
        self._told = frames
        self.t = float(self._times[frames - 1]) if frames else 0.0
        self._store = _Until(self.run.store, self._table, self._row(frames))
        self.log = SessionLog(self._store, name=self.run.name)
        self._telling = _Telling(fold_table(self._store.table(), self.log).fold)
        self._telling.seq = int(self._table.rows["seq"][self._heads[frames - 1]]) + 1 if frames else 0
        self.log.attach(self._telling)

    def _row(self, frame: int) -> int:
        return int(self._heads[frame]) if frame < len(self._heads) else len(self._table.rows)

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return float(self._times[-1]) if len(self._times) else 0.0

    @property
    def playing(self) -> bool:
        """Whether it is playing now."""
        return self._thread is not None and self._thread.is_alive()

    def play(self) -> Replay:
        """Play on from where it is; from the start, where it had come to the end."""
        if not self.playing:
            if self._told >= len(self._heads):
                self.seek(0.0)
            self._stopping = False
            self._ended.clear()
            self._thread = threading.Thread(target=self._play, name="gemini-live-replay", daemon=True)
            self._thread.start()
        return self

    def pause(self) -> Replay:
        """Stop, to go on later."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5.0)
        return self

    def seek(self, t: float) -> Replay:
        """Go to a moment, in seconds since the run's start. The views begin anew from there."""
        playing = self.playing
        self.pause()
        with self._lock:
            self._begin(int(np.searchsorted(self._times, t, "right")) if t > 0 else 0)
            self.t = min(max(0.0, t), self.duration)
        for changed in list(self._changed):
            changed()
        return self.play() if playing and self._told < len(self._heads) else self

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has come to the end, or is paused. Returns whether it did in time."""
        return self._ended.wait(timeout)

    def close(self) -> None:
        """End it. Its log can still be read."""
        self.pause()
        self._telling.closed = True

    def subscribe_run(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` whenever `log` is another one, after `seek`. Returns what ends it."""
        self._changed.append(changed)
        return lambda: self._changed.remove(changed)

    def _play(self) -> None:
        begun, before = time.monotonic(), self.t
        speed = self.speed
        try:
            while self._told < len(self._heads) and not self._stopping:
                if speed != self.speed:
                    begun, before, speed = time.monotonic(), self.t, self.speed
                due = float(self._times[self._told])
                left = (due - before) / max(speed, 1e-9) - (time.monotonic() - begun)
                if left > _TICK_S:
                    self._wake.wait(min(left, 0.1))
                    self._wake.clear()
                    self.t = min(due, before + (time.monotonic() - begun) * speed)
                    continue
                self._tell(due)
        finally:
            self._ended.set()

    def _tell(self, due: float) -> None:
        with self._lock:
            start = int(self._heads[self._told])
            stop = self._row(self._told + 1)
            self._told += 1
            self._store.rows = stop
            self.t = due
            rows = unpack(self._table.rows[start:stop], self._table.heap)
            self._telling.tell(rows, int(self._verdict[start:stop].max()))

    def __repr__(self) -> str:
        state = "playing" if self.playing else "paused"
        return f"<Replay of {self.run.name}: {state} at {self.t:.1f} of {self.duration:.1f} s>"
