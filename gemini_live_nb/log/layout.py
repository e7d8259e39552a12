"""How frames and their rows lie in the files of a run: what each file gets of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from . import index
from .index import Chunk, Described, Place
from .lines import Cut, Frame, frame_line, line_like, payload


class Ends(NamedTuple):
    """Where the files end that a batch is added to."""

    media: int
    lines: int
    heap: int


class Pieces(NamedTuple):
    """What each file gets, in the order the files are written in."""

    media: list[bytes | memoryview]
    lines: list[bytes]
    strings: list[bytes]
    records: list[bytes]


class Layout:
    """Lays frames out, batch after batch.

    Nearly every frame is a chunk of sound, as long as the one before it and wrapped alike. So the wrapping is
    remembered, and what is like the last of its direction needs no search for its base64.
    """

    def __init__(self) -> None:
        self._last: dict[int, _Wrapping] = {}

    def pieces(self, frames: Sequence[Frame], described: Sequence[Described | None], ends: Ends) -> Pieces:
        """What each file gets of frames, each with its rows; `None` where it has none."""
        media_end, line_end, heap_end = ends
        pieces = media, lines, strings, records = Pieces([], [], [], [])
        for frame, rows in zip(frames, described, strict=True):
            last = self._last.get(frame[3])
            if last is not None and isinstance(rows, Chunk) and last.like(rows):
                raw = payload(frame[5])
                if raw.startswith(last.before) and raw.endswith(last.after):
                    line = last.line % (frame[0], frame[1], media_end)
                    where = (line_end, len(line), media_end, last.length, heap_end)
                    # A view, because a copy would only be made to be written.
                    media.append(memoryview(raw)[last.start : last.stop])
                    lines.append(line)
                    records.append(index.pack_chunk(rows, *where))
                    media_end += last.length
                    line_end += len(line)
                    continue
            line, runs, cuts = frame_line(frame, media_end)
            media += runs
            lines.append(line)
            if rows is not None:
                record, text = index.pack(rows, Place(line_end, len(line), cuts), heap_end)
                records.append(record)
                strings.append(text)
                heap_end += len(text)
            if isinstance(rows, Chunk) and len(cuts) == 1:
                self._last[frame[3]] = _Wrapping(frame, rows, cuts[0])
            media_end += sum(map(len, runs))
            line_end += len(line)
        return pieces


class _Wrapping:
    """What stands around the base64 of a chunk of sound, and the line of such a frame but for its numbers."""

    __slots__ = ("_chunk", "after", "before", "length", "line", "start", "stop")

    def __init__(self, frame: Frame, chunk: Chunk, cut: Cut) -> None:
        raw = payload(frame[5])
        self._chunk = chunk
        self.start, _, self.length = cut
        self.stop = self.start + self.length
        self.before, self.after = raw[: self.start], raw[self.stop :]
        self.line = line_like(frame, self.before + self.after, cut)

    def like(self, chunk: Chunk) -> bool:
        """Whether it may be that of another chunk.

        A frame as long as this one, with the same before and behind its base64 and as many bytes of sound in
        it, has nothing else between the two.
        """
        mine = self._chunk
        return (
            chunk.wire_bytes == mine.wire_bytes
            and chunk.media_bytes == mine.media_bytes
            and chunk.conn == mine.conn
            and chunk.opcode == mine.opcode
        )
