"""A recorded conversation: every frame, its turns, and the views of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np
import numpy.typing as npt

from .cursor import Cursor
from .fold import Folded, fold_table
from .folder import FolderStore, Table
from .frame import LogFrame, base64_bytes
from .index import KIND
from .lines import Frame, Line, join

if TYPE_CHECKING:
    import pandas as pd

    from .index import Row
    from .recorder import Recorder
    from .turn import ToolCall, Turn
    from .turns import TurnFold


class Store(Protocol):
    """Where a run is read from: a folder (`folder.py`), or a recorder at work (`live.py`)."""

    notes: list[str]

    @property
    def meta(self) -> dict[str, Any]:
        """`session.json`."""

    @property
    def folder(self) -> Path | None:
        """The run's folder, if it has one."""

    def table(self) -> Table:
        """The index."""

    def pending(self, seq: int) -> Frame | None:
        """A frame that is still in memory."""

    def line(self, offset: int, length: int) -> Line | None:
        """One line of `messages.jsonl`."""

    def media(self, offset: int, length: int) -> bytes:
        """A stretch of `media.bin`."""


class SessionLog:
    """One run. Open a recorded one with `SessionLog.open`, or take `live.log` of a session under way.

    >>> log = SessionLog.open(path)                          # doctest: +SKIP
    >>> log[3].raw, len(log), log.turn(0).text               # doctest: +SKIP
    >>> log.messages().query("kind == 'toolCall'")           # doctest: +SKIP
    """

    def __init__(self, store: Store, *, name: str, meta: dict[str, Any] | None = None) -> None:
        self._store = store
        self._meta = meta
        self.name = name
        self._recorder: Recorder | None = None
        self._folded: tuple[int, Folded] | None = None

    @classmethod
    def open(cls, path: Path | str) -> SessionLog:
        """Open a run's folder, or an exported `.zip` of one.

        A torn last line, a truncated `media.bin`, a missing or foreign index are no obstacle; `log.notes`
        says what was found.

        Raises:
            LogError: there is no run there.
        """
        path = Path(path)
        if path.suffix == ".zip" and path.is_file():
            from .export import unpacked

            path = unpacked(path)
        return cls(FolderStore(path), name=path.name)

    @classmethod
    def from_capture(cls, path: Path | str, folder: Path | str | None = None) -> SessionLog:
        """Make a run of frames captured elsewhere; see `capture.read` for the forms understood."""
        from .capture import from_capture

        return from_capture(path, folder)

    def attach(self, recorder: Recorder) -> None:
        """Read the newest frames from the recorder that is writing this run."""
        self._recorder = recorder

    # What the run is.

    @property
    def path(self) -> Path | None:
        """The run's folder; `None` where it is kept in memory only."""
        return self._store.folder

    @property
    def meta(self) -> dict[str, Any]:
        """What `session.json` says: schema, versions, model, redacted setup, when the run started."""
        return self._meta if self._meta is not None else self._store.meta

    @property
    def notes(self) -> list[str]:
        """What was found damaged on opening, in words; empty for a whole run."""
        self.table()
        return list(self._store.notes)

    @property
    def live(self) -> bool:
        """Whether the run is being recorded in this process."""
        return self._recorder is not None

    @property
    def started(self) -> float:
        """The run's start in seconds since 1970; every `t` counts from here."""
        return float(self.meta.get("wall", 0.0))

    def table(self) -> Table:
        """The index: one row a frame and further part (`index.ROW`)."""
        if self._recorder is not None:
            self._recorder.flush()
        return self._store.table()

    # Frames.

    def __len__(self) -> int:
        return len(self.table().heads)

    @overload
    def __getitem__(self, at: int) -> LogFrame: ...
    @overload
    def __getitem__(self, at: slice) -> list[LogFrame]: ...
    def __getitem__(self, at: int | slice) -> LogFrame | list[LogFrame]:
        table = self.table()
        if isinstance(at, slice):
            return [self._at(table, position) for position in table.heads[at]]
        return self._at(table, table.heads[at])

    def __iter__(self) -> Iterator[LogFrame]:
        table = self.table()
        for position in table.heads:
            yield self._at(table, position)

    def frame(self, seq: int) -> LogFrame | None:
        """The frame with this `seq`, `None` where there is none. Quick for the newest frames."""
        waiting = self._store.pending(seq)
        if waiting is not None:
            return LogFrame(waiting)
        table = self._store.table()
        position = _search(table.rows["seq"], seq)
        found = position < len(table.rows) and table.rows["seq"][position] == seq
        return self._at(table, position) if found else None

    def _at(self, table: Table, position: int | np.intp) -> LogFrame:
        record = table.rows[position]
        seq = int(record["seq"])
        waiting = self._store.pending(seq)
        if waiting is not None:
            return LogFrame(waiting)
        line = self._store.line(int(record["line_offset"]), int(record["line_bytes"]))
        if line is None:
            t_ns, conn, direction = (int(record[name]) for name in ("t_ns", "conn", "direction"))
            return LogFrame((seq, t_ns, conn, direction, 0, b"", ""), whole=False)
        raw = join(line.rest, line.cut, self._store.media)
        whole = len(raw) == len(line.rest) + sum(length for _, _, length in line.cut)
        frame = (seq, line.t_ns, line.conn, line.direction, line.opcode, raw, line.kind)
        return LogFrame(frame, whole=whole)

    def cursor(self, after: int = -1) -> Cursor:
        """Read on from a frame at any pace, also while the run is recorded: the log is the backlog."""
        return Cursor(self, after)

    def subscribe(self, listener: Callable[[LogFrame], None]) -> Callable[[], None]:
        """Hear of each frame as it is recorded; returns what ends it.

        The listener is called on the thread that records and must not block. A recorded run has nothing more
        to tell.
        """
        if self._recorder is None:
            return lambda: None

        def tell(seq: int, _: object) -> None:
            frame = self.frame(seq)
            if frame is not None:
                listener(frame)

        return self._recorder.listen(tell)

    def listen(self, listener: Callable[[int, list[Row]], None]) -> Callable[[], None]:
        """Call `listener(seq, rows)` with each frame's index rows as it is recorded; returns what ends it.

        Called on the thread that records; it must not block. A recorded run has nothing more to tell.
        """
        return self._recorder.listen(listener) if self._recorder is not None else lambda: None

    @property
    def fold(self) -> TurnFold | None:
        """The fold at work on a run that is being recorded, `None` for a recorded one."""
        return self._recorder.fold if self._recorder is not None else None

    @property
    def last_seq(self) -> int:
        """The `seq` of the newest frame, -1 where there is none."""
        if self._recorder is not None:
            return self._recorder.seq - 1
        rows = self.table().rows
        return int(rows["seq"][-1]) if len(rows) else -1

    # Turns.

    def folded(self) -> Folded:
        """The turns of the run so far, and which frame belongs to which."""
        table = self.table()
        if self._recorder is not None:
            return Folded.of(self._recorder.fold)
        if self._folded is None or self._folded[0] != len(table.rows):
            self._folded = (len(table.rows), fold_table(table, self))
        return self._folded[1]

    @property
    def conversation(self) -> list[Turn]:
        """The turns, in order."""
        return list(self.folded().turns)

    def turn(self, number: int) -> Turn:
        """One turn: its words, sound, calls and times. Negative numbers count from the end."""
        return self.folded().turns[number]

    @property
    def tool_calls(self) -> list[ToolCall]:
        """Every function call of the run, in order of the requests."""
        return list(self.folded().calls)

    # Sound.

    def sound(self, first_seq: int, last_seq: int, *, kind: str = "modelTurn.audio") -> npt.NDArray[np.int16]:
        """The sound in a stretch of frames, chunk after chunk, as int16 mono at the rate it came in."""
        table = self.table()
        seqs = table.rows["seq"]
        start, stop = _search(seqs, first_seq), _search(seqs, last_seq + 1)
        chosen = start + np.flatnonzero(table.rows["kind"][start:stop] == KIND[kind])
        chunks = [self.media(table, position) for position in chosen]
        # A stray odd byte would shift every sample after it.
        return np.frombuffer(b"".join(chunk[: len(chunk) & ~1] for chunk in chunks), "<i2")

    def media(self, table: Table, position: int | np.intp) -> bytes:
        """The media of one row of the index, decoded."""
        record = table.rows[position]
        offset = int(record["media_offset"])
        if offset >= 0:
            return base64_bytes(self._store.media(offset, int(record["media_chars"])))
        if not record["media_bytes"]:
            return b""
        # Too short to be cut out of its frame, or not yet written.
        parts = table.rows[int(position) - int(record["part"]) : int(position)]
        media = [piece for piece in self._at(table, position).media() if piece.data]
        nth = int(np.count_nonzero(parts["media_bytes"]))
        return media[nth].data if nth < len(media) else b""

    # Frames for pandas; every column is told in `columns.py`.

    def messages(self, *, raw: bool = False) -> pd.DataFrame:
        """One row a frame: times, direction, kinds, sizes, words, media, tool, tokens, turn.

        Args:
            raw: Add the column `raw`, the frame byte for byte.
        """
        from . import frames

        return frames.messages(self, raw=raw)

    def parts(self) -> pd.DataFrame:
        """One row for each thing a frame holds, bundles taken apart."""
        from . import frames

        return frames.parts(self)

    def audio_chunks(self) -> pd.DataFrame:
        """One row a chunk of sound, both tracks: timing, level, gaps, underruns."""
        from . import frames

        return frames.audio_chunks(self)

    def __repr__(self) -> str:
        where = self.path or "memory"
        return f"<SessionLog {self.name}: {len(self)} frames, {len(self.conversation)} turns, {where}>"


def _search(column: npt.NDArray[np.uint32], seq: int) -> int:
    return int(np.searchsorted(column, seq))
