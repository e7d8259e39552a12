"""One thread that does the widgets' work, paced.

Events come in on the I/O thread and clicks on whatever thread the kernel picks; both only leave a note here.
The notes are
worked off in one place, in order, and a widget that has something to show sends it at most every so often:
Jupyter drops what exceeds its message rate without a word, and a page has no use for more than some twenty
updates a second.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

Job = Callable[[], None]


class Paced(Protocol):
    """What the pace asks of a widget."""

    every: float
    """Least time between two updates, in seconds."""

    def flush(self) -> None:
        """Send what is new."""


class Pace:
    """Runs jobs in order, and flushes each widget that asked for it, no more often than it wants.

    Args:
        report: told of an exception out of a job or a flush.
    """

    def __init__(self, report: Callable[[BaseException], None] | None = None) -> None:
        self._report = report or _excepthook
        self._wake = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._due: dict[Paced, float] = {}
        self._last: dict[Paced, float] = {}
        self._thread: threading.Thread | None = None

    def do(self, job: Job) -> None:
        """Run `job` on the pace's thread, after those before it. Returns at once."""
        with self._wake:
            self._jobs.append(job)
            self._start()
            self._wake.notify()

    def soon(self, widget: Paced) -> None:
        """Have `widget.flush()` called as soon as its pace allows, once for all calls until then."""
        if widget in self._due:
            return
        with self._wake:
            self._due.setdefault(widget, max(time.monotonic(), self._last.get(widget, 0.0) + widget.every))
            self._start()
            self._wake.notify()

    def forget(self, widget: Paced) -> None:
        """Never flush this widget again."""
        with self._wake:
            self._due.pop(widget, None)
            self._last.pop(widget, None)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="gemini-live-views", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            job = self._next()
            try:
                job()
            except Exception as error:  # noqa: BLE001 - it is told, and the next job runs
                self._report(error)

    def _next(self) -> Job:
        """Waits for a job, or for a widget whose time has come."""
        with self._wake:
            while True:
                if self._jobs:
                    return self._jobs.popleft()
                now = time.monotonic()
                widget = min(self._due, key=self._due.__getitem__, default=None)
                if widget is not None and self._due[widget] <= now:
                    del self._due[widget]
                    self._last[widget] = now
                    return widget.flush
                self._wake.wait(None if widget is None else self._due[widget] - now)


def _excepthook(error: BaseException) -> None:
    """Shows what went wrong where Python shows exceptions of threads."""
    threading.excepthook(
        threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
    )


PACE = Pace()
"""The pace of this process."""
