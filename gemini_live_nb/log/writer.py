"""The thread that writes a run: every `FLUSH_S`, in one batch."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

from gemini_live_nb.errors import LogError

from .live import LiveStore

# Frames are on disk within 200 ms; each turn of the thread costs as much as some ten frames.
FLUSH_S = 0.15

# More than this waiting is written at once.
EARLY_BYTES = 4 << 20
_RETRY_S = 1.0

_FULL_OR_SLOW = "The disk was full or too slow."


class Losses(Protocol):
    """What the writer needs of its recorder."""

    lost: int

    def local(self, kind: str, conn: int | None = None, **fields: object) -> int:
        """Record a local event."""

    def tell(self, trouble: LogError) -> None:
        """Tell the user."""


class Writer:
    """Write what a store holds, until stopped. A disk that refuses is told once and tried again each second.

    Args:
        store: The frames and rows waiting.
        recorder: Told of what is lost.
    """

    def __init__(self, store: LiveStore, recorder: Losses) -> None:
        self._store = store
        self._recorder = recorder
        self._wake = threading.Event()
        self._stopping = False
        self._failed_at: float | None = None
        self._full = False
        self._told = 0
        self._written = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="gemini-live-log", daemon=True)
        self._thread.start()

    def hurry(self) -> None:
        """Write now."""
        if not self._wake.is_set():
            self._wake.set()

    def flush(self, goal: int, timeout: float) -> bool:
        """Wait until every frame before `goal` is on disk. Returns whether it is."""
        if self._store.written(goal):
            return True
        with self._written:
            self._wake.set()
            return self._written.wait_for(lambda: self._store.written(goal), timeout)

    def stop(self, timeout: float) -> None:
        """Write what is left, say so in `session.json` and close the files."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout)
        if not self._thread.is_alive():
            self._write()
        left = self._store.unwritten
        if left:
            self._recorder.lost += left
            self._recorder.tell(
                LogError(f"the last {left} frames could not be written to the log", hint=_FULL_OR_SLOW)
            )
        if not self._thread.is_alive():
            self._finish()

    def _finish(self) -> None:
        try:
            self._store.close(ended=datetime.now(UTC).isoformat(), lost=self._recorder.lost)
        except OSError as error:
            self._recorder.tell(LogError(f"the log could not be closed: {error}", hint=_FULL_OR_SLOW))

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(FLUSH_S)
            self._wake.clear()
            self._write()

    def _write(self) -> None:
        failed = self._failed_at
        if failed is not None and time.monotonic() - failed < _RETRY_S and not self._stopping:
            return
        try:
            self._store.write()
        except Exception as error:  # noqa: BLE001  # a thread that ends in silence would lose all that follows
            self._failed_at = time.monotonic()
            self._tell_full(error)
        else:
            self._failed_at = None
            self._tell_lost()
        with self._written:
            self._written.notify_all()

    def _tell_full(self, error: Exception) -> None:
        if not self._full:
            self._full = True
            megabytes = self._store.most >> 20
            self._recorder.tell(
                LogError(
                    f"the log cannot be written: {getattr(error, 'strerror', None) or error}; "
                    f"up to {megabytes} MB wait in memory, what comes beyond is lost",
                    hint=f"Make room on the disk of {self._store.folder}; recording goes on by itself.",
                )
            )

    def _tell_lost(self) -> None:
        self._full = False
        lost = self._recorder.lost - self._told
        if lost:
            self._told += lost
            self._recorder.local("drop", what="log", count=lost)
            self._recorder.tell(LogError(f"{lost} frames could not be kept in the log", hint=_FULL_OR_SLOW))
