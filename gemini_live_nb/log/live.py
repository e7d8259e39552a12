"""The store of a run that is being recorded: what waits for the disk, and what is there already.

Without a folder it is all there is: the last frames, within a limit of bytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import index
from .files import RunFiles
from .folder import EMPTY, FolderStore, Table, in_order, read_index
from .index import Described, Place
from .lines import Frame, Line

# One batch of the writer: few enough that what is made for it does not call for the collector.
_BATCH = 250

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
        # In memory the oldest go one by one, and are found at once in a linked list only.
        self._frames: dict[int, Frame] = OrderedDict() if files is None else {}
        self._rows: dict[int, Described] = {}
        # What the writer has taken over, and how much of it is on disk.
        self._leaving = _Leaving({}, {})
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
            oldest = next(iter(self._frames))
            frame = self._frames.pop(oldest)
            self.waiting -= len(frame[5]) + _OVERHEAD
            self._rows.pop(oldest, None)
            self.forgotten += 1
        return True

    def index(self, seq: int, described: Described) -> None:
        """Take in the rows of a frame that was taken in."""
        self._rows[seq] = described

    # Called by the writer.

    def write(self) -> None:
        """Write what waits, in batches.

        Raises:
            OSError: the disk refused; what was not written still waits.
        """
        if self.files is None:
            return
        with self._writing:
            while self._leaving or self._take_over():
                frames, rows = self._leaving.batch()
                self.files.write(frames, rows)
                self._leaving.wrote(frames)
                with self.lock:
                    self.waiting -= sum([len(frame[5]) for frame in frames]) + _OVERHEAD * len(frames)

    def _take_over(self) -> bool:
        """Take over what waits, all of it in one move, so that the recorder is hardly held up."""
        with self.lock:
            self._leaving = _Leaving(self._frames, self._rows)
            self._frames, self._rows = {}, {}
        return bool(self._leaving)

    def written(self, seq: int) -> bool:
        """Whether every frame before `seq` is on disk."""
        with self.lock:
            waiting = self._leaving.first_frame, next(iter(self._frames), None)
            return all(first is None or first >= seq for first in waiting)

    @property
    def unwritten(self) -> int:
        """How many frames wait for the disk."""
        return self._leaving.frames_left + len(self._frames) if self.files is not None else 0

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
        return self._frames.get(seq) or self._leaving.frames.get(seq)

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
            kept = list(self._rows.values())
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


class _Leaving:
    """Frames and their rows on their way to the disk, in batches.

    Attributes:
        frames: By `seq`; readers look here until the whole of it is written.
    """

    def __init__(self, frames: dict[int, Frame], rows: dict[int, Described]) -> None:
        self.frames = frames
        self._frames = list(frames.values())
        self._rows: list[Described | None] = list(map(rows.get, frames))
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._frames)

    @property
    def frames_left(self) -> int:
        """How many frames are not yet written."""
        return len(self._frames) - self._at

    @property
    def first_frame(self) -> int | None:
        """The first frame not yet written."""
        return self._frames[self._at][0] if self else None

    def batch(self) -> tuple[list[Frame], list[Described | None]]:
        """What goes next."""
        end = self._at + _BATCH
        return self._frames[self._at : end], self._rows[self._at : end]

    def wrote(self, frames: list[Frame]) -> None:
        """Note that this batch is on disk."""
        self._at += len(frames)
