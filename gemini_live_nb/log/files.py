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
from .index import Place, Row
from .lines import LOCAL, Cut, Frame, FrameLines, local_line

SESSION = "session.json"
MESSAGES = "messages.jsonl"
MEDIA = "media.bin"
INDEX = "index.bin"
HEAP = "heap.bin"
SCHEMA = 1

_MOST_UNDESCRIBED = 10_000


class _Appended:
    """One file, and how much of it is known to be good."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
        )
        self.end = os.fstat(self.descriptor).st_size

    def append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]

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
        self._index.append(head)
        self._index.end = len(head)
        self._frame_lines = FrameLines()
        self._places: dict[int, Place] = {}

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

    def write(self, frames: Sequence[Frame], described: Sequence[Sequence[Row]]) -> None:
        """Append frames, and the rows of frames already handed over.

        Raises:
            OSError: nothing of the batch was written; it can be tried again.
        """
        lines, media, places = self._lay_out(frames)
        places = self._places | places
        rows, strings = self._pack(described, places)
        files = (self._media, self._lines, self._heap, self._index)
        pieces = (media, lines, strings, rows)
        try:
            for file, data in zip(files, pieces, strict=True):
                if data:
                    file.append(data)
        except OSError:
            for file in files:
                file.cut_back()
            raise
        for file, data in zip(files, pieces, strict=True):
            file.end += len(data)
        for rows_of_one in described:
            places.pop(rows_of_one[0].seq, None)
        while len(places) > _MOST_UNDESCRIBED:
            del places[next(iter(places))]
        self._places = places

    def _lay_out(self, frames: Sequence[Frame]) -> tuple[bytes, bytes, dict[int, Place]]:
        lines: list[bytes] = []
        media: list[bytes] = []
        places: dict[int, Place] = {}
        line_end, media_end = self._lines.end, self._media.end
        for frame in frames:
            cuts: list[Cut] = []
            if frame[3] == LOCAL:
                line = local_line(frame)
            else:
                line, runs, cuts = self._frame_lines.line(frame, media_end)
                if cuts:
                    media += runs
                    media_end = cuts[-1][1] + cuts[-1][2]
            places[frame[0]] = Place(line_end, len(line), cuts)
            lines.append(line)
            line_end += len(line)
        return b"".join(lines), b"".join(media), places

    def _pack(self, described: Sequence[Sequence[Row]], places: Mapping[int, Place]) -> tuple[bytes, bytes]:
        records: list[bytes] = []
        strings: list[bytes] = []
        heap_end = self._heap.end
        for rows in described:
            place = places.get(rows[0].seq)
            if place is None:
                continue
            record, text = index.pack(rows, place, heap_end)
            records.append(record)
            if text:
                strings.append(text)
                heap_end += len(text)
        return b"".join(records), b"".join(strings)

    def close(self) -> None:
        """Push everything to the disk and close the files."""
        for file in (self._media, self._lines, self._heap, self._index):
            with contextlib.suppress(OSError):
                os.fsync(file.descriptor)
            os.close(file.descriptor)


__all__ = ["HEAP", "INDEX", "MEDIA", "MESSAGES", "SCHEMA", "SESSION", "RunFiles"]
