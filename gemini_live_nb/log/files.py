"""The files of a run on disk, written append-only and never left half written.

A batch goes out in the order media, lines, strings, rows, so that what a row or a line speaks of is there
before it. When a write fails (a full disk), every file is cut back to where the batch began, and the batch
can be tried again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import index
from .index import Described
from .layout import Ends, Layout
from .lines import Frame

SESSION = "session.json"
MESSAGES = "messages.jsonl"
MEDIA = "media.bin"
INDEX = "index.bin"
HEAP = "heap.bin"
SCHEMA = 1

# How many pieces one `writev` takes; 0 where the system has none.
_MOST_PIECES = min(1024, os.sysconf("SC_IOV_MAX")) if hasattr(os, "writev") else 0


class _Appended:
    """One file, and how much of it is known to be good."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
        )
        self.end = os.fstat(self.descriptor).st_size

    def append(self, pieces: Sequence[bytes | memoryview]) -> int:
        """Write pieces one behind the other. Returns how many bytes they are."""
        size = sum(map(len, pieces))
        wrote = os.writev(self.descriptor, pieces) if 0 < len(pieces) <= _MOST_PIECES else 0
        if wrote < size:
            view = memoryview(b"".join(pieces))[wrote:]
            while view:
                view = view[os.write(self.descriptor, view) :]
        return size

    def cut_back(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self.descriptor, self.end)


class RunFiles:
    """A run's folder, open for writing. Makes the folder (mode 0700) and `session.json`.

    Args:
        folder: Where; it must not hold a run already.
        meta: What `session.json` says, see `recorder.Recorder`.

    Raises:
        OSError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path, meta: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (folder / MESSAGES).exists():
            raise FileExistsError(f"{folder} already holds a run")
        folder.chmod(0o700)
        self.folder = folder
        self.meta = dict(meta)
        self.write_meta()
        self._media, self._lines, self._heap, self._index = (
            _Appended(folder / name) for name in (MEDIA, MESSAGES, HEAP, INDEX)
        )
        head = index.header()
        self._index.append([head])
        self._index.end = len(head)
        self._layout = Layout()

    @property
    def rows(self) -> int:
        """How many index rows are safely written."""
        return (self._index.end - index.HEADER_BYTES) // index.ROW.itemsize

    @property
    def size(self) -> int:
        """Bytes written so far, all files together."""
        return self._media.end + self._lines.end + self._heap.end + self._index.end

    def write_meta(self, **changes: Any) -> None:
        """Write `session.json`, whole or not at all."""
        self.meta.update(changes)
        new = self.folder / (SESSION + ".new")
        new.touch(mode=0o600)
        new.write_bytes(msgspec.json.format(msgspec.json.encode(self.meta, enc_hook=str), indent=2) + b"\n")
        new.replace(self.folder / SESSION)

    def write(self, frames: Sequence[Frame], described: Sequence[Described | None]) -> None:
        """Append frames, each with its rows; `None` for a frame that has none, and gets them on opening.

        Raises:
            OSError: nothing of the batch was written; it can be tried again.
        """
        files = (self._media, self._lines, self._heap, self._index)
        ends = Ends(self._media.end, self._lines.end, self._heap.end)
        try:
            pieces = self._layout.pieces(frames, described, ends)
            sizes = [
                self._media.append(pieces.media),
                self._lines.append(pieces.lines),
                self._heap.append(pieces.strings),
                self._index.append(pieces.records),
            ]
        except OSError:
            for file in files:
                file.cut_back()
            raise
        for file, size in zip(files, sizes, strict=True):
            file.end += size

    def close(self) -> None:
        """Push everything to the disk and close the files."""
        for file in (self._media, self._lines, self._heap, self._index):
            with contextlib.suppress(OSError):
                os.fsync(file.descriptor)
            os.close(file.descriptor)


__all__ = ["HEAP", "INDEX", "MEDIA", "MESSAGES", "SCHEMA", "SESSION", "RunFiles"]
