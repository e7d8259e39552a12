"""A run's folder, read: whole or torn, finished or still being written."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

import gemini_live_nb
from gemini_live_nb.errors import LogError

from . import index
from .describe import describe_frame
from .files import HEAP, INDEX, MEDIA, MESSAGES, SCHEMA, SESSION
from .index import Described, Place, RowArray
from .lines import Line, join, read_line


def runs_folder() -> Path:
    """The default home of runs: `GEMINI_LIVE_RUNS`, else this user's data folder of the platform."""
    chosen = os.environ.get("GEMINI_LIVE_RUNS")
    if chosen:
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share"))
    return base / "gemini-live-nb" / "runs"


def session_meta(wall: float, monotonic: float, meta: Mapping[str, Any]) -> dict[str, Any]:
    """What `session.json` says of a run that starts now."""
    return {
        "schema": SCHEMA,
        "started": datetime.fromtimestamp(wall, UTC).isoformat(),
        "wall": wall,
        "monotonic": monotonic,
        "versions": {
            "gemini_live_nb": gemini_live_nb.__version__,
            "python": ".".join(map(str, sys.version_info[:3])),
            "platform": sys.platform,
        },
        **meta,
    }


class Table(NamedTuple):
    """The index of a run at one moment: rows in order of `seq` and `part`, and the heap of their strings."""

    rows: RowArray
    heap: bytes

    @property
    def heads(self) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """Positions of part 0 of each frame."""
        return np.flatnonzero(self.rows["part"] == 0)


EMPTY = Table(np.zeros(0, index.ROW), b"")


class FolderStore:
    """Read a run's folder.

    Args:
        folder: The run.

    Attributes:
        notes: What was found damaged, in words.
        forgotten: Frames that are not there any more; a folder keeps all.

    Raises:
        LogError: there is no run there.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not (self.folder / MESSAGES).is_file():
            raise LogError(
                f"{self.folder} holds no run: {MESSAGES} is missing",
                hint="Give the folder that log.path names, or unpack an exported .zip with SessionLog.open.",
            )
        self.notes: list[str] = []
        self.forgotten = 0
        self._lines = _Pages(self.folder / MESSAGES)
        self._media = _Pages(self.folder / MEDIA)

    @cached_property
    def meta(self) -> dict[str, Any]:
        """`session.json`; where it is missing or torn, as much as can be said."""
        try:
            read = msgspec.json.decode((self.folder / SESSION).read_bytes())
        except (OSError, msgspec.DecodeError):
            self.notes.append(f"{SESSION} is missing or torn: the run's wall-clock time is that of its files")
            wall = (self.folder / MESSAGES).stat().st_mtime
            return {"schema": SCHEMA, "wall": wall, "started": datetime.fromtimestamp(wall, UTC).isoformat()}
        return read if isinstance(read, dict) else {}

    def table(self) -> Table:
        """The index, with rows made anew for frames it lacks."""
        return self._table

    @cached_property
    def _table(self) -> Table:
        rows, heap = read_index(self.folder)
        rows, heap = _without_nonsense(rows, heap, self._lines.size)
        missing = list(self._missing(rows))
        if missing:
            rows, heap = self._rebuilt(rows, heap, missing)
        return Table(in_order(rows), heap)

    def _missing(self, rows: RowArray) -> Iterator[tuple[int, int]]:
        """The stretches of `messages.jsonl` that no row speaks of."""
        starts, ends = _lines_of(rows)
        if np.any(starts[1:] < starts[:-1]):
            order = np.argsort(starts, kind="stable")
            starts, ends = starts[order], ends[order]
        begins = np.concatenate(([0], ends))
        stops = np.concatenate((starts, [self._lines.size]))
        for gap in np.flatnonzero(stops > begins):
            yield int(begins[gap]), int(stops[gap])

    def _rebuilt(self, rows: RowArray, heap: bytes, gaps: list[tuple[int, int]]) -> tuple[RowArray, bytes]:
        records: list[bytes] = []
        strings: list[bytes] = []
        heap_end = len(heap)
        for start, stop in gaps:
            for offset, line in self._lines.lines(start, stop):
                read = read_line(line)
                if read is None:
                    torn = not line.endswith(b"\n")
                    self.notes.append(
                        f"the {'torn last' if torn else 'unreadable'} line at byte {offset} is left out"
                    )
                    continue
                record, text = index.pack(
                    self._describe(read), Place(offset, len(line), list(read.cut)), heap_end
                )
                records.append(record)
                strings.append(text)
                heap_end += len(text)
        made = np.frombuffer(b"".join(records), index.ROW)
        return np.concatenate((rows, made)), b"".join((heap, *strings))

    def _describe(self, line: Line) -> Described:
        raw = join(line.rest, line.cut, self.media)
        return describe_frame((line.seq, line.t_ns, line.conn, line.direction, line.opcode, raw, line.kind))

    def line(self, offset: int, length: int) -> Line | None:
        """One line, read."""
        return read_line(self._lines.read(offset, length))

    def media(self, offset: int, length: int) -> bytes:
        """A run of base64 as it stood in its frame; shorter where `media.bin` was cut off."""
        return self._media.read(offset, length)

    def pending(self, seq: int) -> None:
        """Nothing waits to be written: the run is not being recorded here."""


def read_index(folder: Path, rows: int | None = None) -> tuple[RowArray, bytes]:
    """Read `index.bin` and `heap.bin`: nothing where they are missing or of another layout."""
    try:
        with (folder / INDEX).open("rb") as file:
            if file.read(index.HEADER_BYTES) != index.header():
                return EMPTY.rows, b""
            read = np.fromfile(file, index.ROW, -1 if rows is None else rows)
        heap = (folder / HEAP).read_bytes()
    except OSError:
        return EMPTY.rows, b""
    return read, heap


def in_order(rows: RowArray) -> RowArray:
    """Rows by `seq` and `part`; they are already, unless two threads recorded at once."""
    key = rows["seq"].astype(np.int64) << 16 | rows["part"]
    return rows if np.all(key[1:] > key[:-1]) else rows[np.argsort(key, kind="stable")]


def _lines_of(rows: RowArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the line of each frame begins and ends."""
    heads = rows["part"] == 0
    starts = rows["line_offset"][heads].astype(np.int64)
    return starts, starts + rows["line_bytes"][heads]


def _without_nonsense(rows: RowArray, heap: bytes, lines_size: int) -> tuple[RowArray, bytes]:
    """Drop rows that speak of lines or strings which are not there."""
    good = index.sensible(rows)
    ends = rows["heap_offset"].copy()
    good &= ends <= len(heap)
    for name in index.LENGTHS:
        ends += rows[name]
    good &= ends <= len(heap)
    good &= rows["line_bytes"] > 0
    good &= (rows["line_offset"] <= lines_size) & (rows["line_offset"] + rows["line_bytes"] <= lines_size)
    if np.all(good):
        return rows, heap
    # A frame whose parts are not all there is described again from its line.
    bad = np.unique(rows["seq"][~good])
    return rows[~np.isin(rows["seq"], bad)], heap


class _Pages:
    """A file read by position, also while it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedReader | None = None
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def read(self, offset: int, length: int) -> bytes:
        with self._lock:
            try:
                if self._file is None:
                    self._file = self._path.open("rb")
                self._file.seek(offset)
                return self._file.read(length)
            except OSError:
                return b""

    def __del__(self) -> None:
        # A log is a value to its reader, who has nothing to close.
        if self._file is not None:
            self._file.close()

    def lines(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            file.seek(start)
            while start < stop:
                line = file.readline()
                if not line:
                    return
                yield start, line
                start += len(line)


__all__ = ["EMPTY", "FolderStore", "Table", "in_order", "read_index", "runs_folder", "session_meta"]
