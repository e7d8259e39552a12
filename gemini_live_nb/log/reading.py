"""Reading a run frame by frame: exact frames, their media, the newest as they come."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from gemini_live_nb.audio import VOICE_RATE, pcm, samples_of

from .cursor import Cursor
from .folder import Table
from .frame import LogFrame, base64_bytes
from .index import KIND
from .lines import join, payload, split
from .stores import Listener, Recording, Store

if TYPE_CHECKING:
    from .turns import TurnFold


class RunFrames:
    """The frames of one run, in order of `seq`, from wherever they are kept.

    Attributes:
        name: The run's name.
        store: Where they are kept.
    """

    def __init__(self, store: Store, *, name: str) -> None:
        self.store = store
        self._recorder: Recording | None = None
        self.name = name

    def attach(self, recorder: Recording) -> None:
        """Read the newest frames from the recorder that is writing this run."""
        self._recorder = recorder

    @property
    def path(self) -> Path | None:
        """The run's folder; `None` where it is kept in memory only."""
        return self.store.folder

    @property
    def live(self) -> bool:
        """Whether the run is being recorded in this process."""
        return self._recorder is not None and not self._recorder.closed

    def table(self) -> Table:
        """The index: one row a frame and further part (`index.ROW`)."""
        if self._recorder is not None:
            self._recorder.flush()
        return self.store.table()

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
        waiting = self.store.pending(seq)
        if waiting is not None:
            return LogFrame(waiting)
        table = self.store.table()
        position = _search(table.rows["seq"], seq)
        found = position < len(table.rows) and table.rows["seq"][position] == seq
        return self._at(table, position) if found else None

    def at(self, position: int) -> LogFrame:
        """The frame of one row of the index."""
        return self._at(self.table(), position)

    def bare(self) -> Iterator[tuple[int, int, bytes]]:
        """Each frame without its long base64: its row in the index, its direction, what is left of it."""
        rows, heads = (table := self.table()).rows, table.heads
        numbers = (rows[name][heads].tolist() for name in ("seq", "direction", "line_offset", "line_bytes"))
        for position, seq, direction, offset, length in zip(heads.tolist(), *numbers, strict=True):
            waiting = self.store.pending(seq)
            if waiting is not None:
                yield position, direction, split(payload(waiting[5]), 0)[0]
            elif (line := self.store.line(offset, length)) is not None:
                yield position, direction, line.rest

    def _at(self, table: Table, position: int | np.intp) -> LogFrame:
        record = table.rows[position]
        seq = int(record["seq"])
        waiting = self.store.pending(seq)
        if waiting is not None:
            return LogFrame(waiting)
        line = self.store.line(int(record["line_offset"]), int(record["line_bytes"]))
        if line is None:
            t_ns, conn, direction = (int(record[name]) for name in ("t_ns", "conn", "direction"))
            return LogFrame((seq, t_ns, conn, direction, 0, b"", ""), whole=False)
        raw = join(line.rest, line.cut, self.store.media)
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

    def listen(self, listener: Listener) -> Callable[[], None]:
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

    def sound(
        self, first_seq: int, last_seq: int, *, kind: str = "modelTurn.audio", rate: int = VOICE_RATE
    ) -> npt.NDArray[np.int16]:
        """The sound in a stretch of frames, chunk after chunk, as int16 mono.

        Args:
            first_seq: The first frame.
            last_seq: The last frame, included.
            kind: Whose sound: `modelTurn.audio` or `realtimeInput.audio`.
            rate: Samples per second wanted; what came at another rate is resampled.
        """
        table = self.table()
        seqs = table.rows["seq"]
        start, stop = _search(seqs, first_seq), _search(seqs, last_seq + 1)
        chosen = start + np.flatnonzero(table.rows["kind"][start:stop] == KIND[kind])
        # A stray odd byte would shift every sample after it: each chunk is cut to whole samples.
        chunks = [samples_of(self.media(table, position)) for position in chosen]
        return _at_rate(chunks, table.rows["media_rate"][chosen].tolist(), rate)

    def media(self, table: Table, position: int | np.intp) -> bytes:
        """The media of one row of the index, decoded."""
        record = table.rows[position]
        offset = int(record["media_offset"])
        if offset >= 0:
            return base64_bytes(self.store.media(offset, int(record["media_chars"])))
        if not record["media_bytes"]:
            return b""
        # Too short to be cut out of its frame, or not yet written.
        parts = table.rows[int(position) - int(record["part"]) : int(position)]
        media = [piece for piece in self._at(table, position).media() if piece.data]
        nth = int(np.count_nonzero(parts["media_bytes"]))
        return media[nth].data if nth < len(media) else b""


def _search(column: npt.NDArray[np.uint32], seq: int) -> int:
    return int(np.searchsorted(column, seq))


def _at_rate(chunks: list[npt.NDArray[np.int16]], rates: list[int], to: int) -> npt.NDArray[np.int16]:
    """Chunks of one or more rates, one after another at one rate."""
    pieces: list[npt.NDArray[np.int16]] = []
    for rate, run in itertools.groupby(zip(rates, chunks, strict=True), key=lambda pair: pair[0]):
        samples = np.concatenate([chunk for _, chunk in run])
        pieces.append(samples if rate in (0, to) else pcm(samples, rate, to))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
