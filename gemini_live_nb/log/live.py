"""The store of a run that is being recorded: what waits for the disk, and what is there already.

Without a folder it is all there is: the last frames, within a limit of bytes.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import index
from .files import RunFiles
from .folder import EMPTY, FolderStore, Table, in_order, read_index
from .index import Place, Row
from .lines import Frame, Line

# One batch of the writer: small, because the memory of a large one is fetched anew from the system each time.
_BATCH = 500

# Beyond its data, a frame and its row cost about this much memory.
_OVERHEAD = 800


class LiveStore:
    """Frames and rows as the recorder hands them over.

    Args:
        files: Where they are written, `None` to keep them in memory.
        most: Most bytes waiting for the disk, or kept in memory.
        meta: `session.json` of a run without files.

    Attributes:
        waiting: Bytes waiting for the disk, or kept in memory.
        forgotten: Frames that memory had no more room for.
        lock: Held by the recorder while it hands something over.
    """

    def __init__(self, files: RunFiles | None, most: int, meta: Mapping[str, Any] | None = None) -> None:
        self.files = files
        self._meta = dict(meta or {})
        self.most = most
        self.forgotten = 0
        self.lock = threading.RLock()
        self.notes: list[str] = []
        # Ordered by linked list: the oldest is found at once, however many were taken out before it.
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._rows: list[list[Row]] = []
        self._kept: dict[int, list[Row]] = {}
        self.waiting = 0
        self._writing = threading.Lock()
        self._disk = FolderStore(files.folder) if files is not None else None
        self._seen = EMPTY
        self._seen_rows = 0

    @property
    def folder(self) -> Path | None:
        """The run's folder, `None` in memory."""
        return self.files.folder if self.files is not None else None

    @property
    def meta(self) -> dict[str, Any]:
        """`session.json`."""
        return self.files.meta if self.files is not None else self._meta

    # Called by the recorder, which holds the lock.

    def take(self, frame: Frame) -> bool:
        """Take a frame in. Returns whether there was room."""
        size = len(frame[5]) + _OVERHEAD
        if self.waiting + size > self.most and not self._make_room(size):
            return False
        self._frames[frame[0]] = frame
        self.waiting += size
        return True

    def _make_room(self, size: int) -> bool:
        if self.files is not None or size > self.most:
            return False
        while self.waiting + size > self.most:
            oldest, frame = self._frames.popitem(last=False)
            self.waiting -= len(frame[5]) + _OVERHEAD
            self._kept.pop(oldest, None)
            self.forgotten += 1
        return True

    def index(self, rows: list[Row]) -> None:
        """Take in the rows of a frame."""
        if self.files is not None:
            self._rows.append(rows)
        elif rows[0].seq in self._frames:
            self._kept[rows[0].seq] = rows

    # Called by the writer.

    def write(self) -> None:
        """Write what waits, in batches.

        Raises:
            OSError: the disk refused; what was not written still waits.
        """
        if self.files is None:
            return
        with self._writing:
            while self._write_batch(self.files):
                pass

    def _write_batch(self, files: RunFiles) -> bool:
        with self.lock:
            rows = self._rows[:_BATCH]
            frames = list(itertools.islice(self._frames.values(), _BATCH))
        if not rows and not frames:
            return False
        if len(frames) == _BATCH:
            # Rows go with or after their frame.
            last = frames[-1][0]
            rows = list(itertools.takewhile(lambda described: described[0].seq <= last, rows))
        files.write(frames, sorted(rows, key=_first_seq))
        with self.lock:
            del self._rows[: len(rows)]
            for frame in frames:
                del self._frames[frame[0]]
                self.waiting -= len(frame[5]) + _OVERHEAD
        return True

    def written(self, seq: int) -> bool:
        """Whether every frame before `seq`, and every row handed over, is on disk."""
        with self.lock:
            first = next(iter(self._frames), None)
            return (first is None or first >= seq) and (not self._rows or self._rows[0][0].seq >= seq)

    @property
    def unwritten(self) -> int:
        """How many frames wait for the disk."""
        return len(self._frames) if self.files is not None else 0

    def close(self, **meta: Any) -> None:
        """End the run.

        Raises:
            OSError: `session.json` could not be written; the files are closed all the same.
        """
        if self.files is not None:
            with self._writing:
                try:
                    self.files.write_meta(**meta)
                finally:
                    self.files.close()

    # Called by readers.

    def pending(self, seq: int) -> Frame | None:
        """A frame that is still in memory."""
        return self._frames.get(seq)

    def table(self) -> Table:
        """The index so far. In a folder: as far as it is written, so flush first for the latest."""
        if self.files is None:
            return self._memory_table()
        rows = self.files.rows
        if rows != self._seen_rows:
            read, heap = read_index(self.files.folder, rows)
            self._seen, self._seen_rows = Table(in_order(read), heap), rows
        return self._seen

    def _memory_table(self) -> Table:
        records: list[bytes] = []
        strings: list[bytes] = []
        heap_end = 0
        with self.lock:
            kept = list(self._kept.values())
        for rows in kept:
            record, text = index.pack(rows, Place(0, 1, []), heap_end)
            records.append(record)
            strings.append(text)
            heap_end += len(text)
        rows_read = np.frombuffer(b"".join(records), index.ROW)
        return Table(in_order(rows_read), b"".join(strings))

    def line(self, offset: int, length: int) -> Line | None:
        """One written line, read."""
        return self._disk.line(offset, length) if self._disk is not None else None

    def media(self, offset: int, length: int) -> bytes:
        """A written run of base64."""
        return self._disk.media(offset, length) if self._disk is not None else b""


def _first_seq(rows: Sequence[Row]) -> int:
    return rows[0].seq
