"""What the wire console knows of each frame: a few columns that grow, and the filter over them.

Rows come once each, from the recorder or, for what was recorded before, from the log's index; nothing is
read again per update. Most frames are bare sound, and their words are made from the columns when a row is
looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from ..log.index import unpack
from ..log.lines import DIRECTIONS
from ..protocol.kinds import BIT, KINDS, main, mask, names

if TYPE_CHECKING:
    from ..log.folder import Table
    from ..log.index import Row

SOUND = mask("realtimeInput.audio", "realtimeInput.mediaChunks", "modelTurn.audio")
MEDIA = SOUND | mask("realtimeInput.video")
_PLAYBACK, EMPTY = BIT["playback"], BIT["empty"]
_TELLING = ~(MEDIA | mask("realtimeInput", "serverContent")) & (2**64 - 1)
_CONTAINERS = {"realtimeInput", "serverContent"}
_LONGEST = 160

_COLUMNS = np.dtype(
    [
        ("seq", "i8"),
        ("t", "f8"),
        ("direction", "u1"),
        ("kinds", "u8"),
        ("bytes", "u4"),
        ("ms", "f4"),
        ("rate", "u4"),
        ("media", "u4"),
        ("dull", "?"),
    ]
)

Line = tuple[int, float, int, str, str, str, str, int]
"""seq, seconds, direction, telling kind, other kinds, words, size: a row of the console; and what sort of row
it is (`folds.py`)."""


class Frames:
    """Every frame so far, in the order of the log.

    Attributes:
        kinds: A mask of every kind seen.
    """

    def __init__(self) -> None:
        self._columns = np.zeros(1024, _COLUMNS)
        self._words: dict[int, str] = {}
        self._count = 0
        self.kinds = 0

    def __len__(self) -> int:
        return self._count

    @property
    def columns(self) -> npt.NDArray[np.void]:
        """One record a frame; `dull` is one that tells nothing beside others of its sort."""
        return self._columns[: self._count]

    @property
    def last_seq(self) -> int:
        """The newest frame's number, -1 where there is none."""
        return int(self._columns["seq"][self._count - 1]) if self._count else -1

    def load(self, table: Table) -> None:
        """Take in what was recorded before."""
        rows = table.rows
        heads = table.heads
        if not len(heads):
            return
        columns = np.zeros(max(1024, 2 * len(heads)), _COLUMNS)
        for name, column in (
            ("seq", "seq"),
            ("direction", "direction"),
            ("kinds", "kinds"),
            ("bytes", "wire_bytes"),
        ):
            columns[name][: len(heads)] = rows[column][heads]
        for name, column in (("ms", "media_ms"), ("rate", "media_rate"), ("media", "media_bytes")):
            columns[name][: len(heads)] = rows[column][heads]
        columns["t"][: len(heads)] = rows["t_ns"][heads] * 1e-9
        self._columns, self._count = columns, len(heads)
        self.kinds = int(np.bitwise_or.reduce(rows["kinds"][heads]))
        columns["dull"][: len(heads)] = bare(rows["kinds"][heads])
        telling = np.flatnonzero(~columns["dull"][: len(heads)])
        ends = np.append(heads[1:], len(rows))
        for place in telling.tolist():
            parts = unpack(rows[heads[place] : ends[place]], table.heap)
            self._words[place] = words(parts)
            columns["dull"][place] = dull(parts[0])

    def add(self, rows: Sequence[Row]) -> None:
        """Take in one new frame."""
        head = rows[0]
        if head.seq <= self.last_seq:
            return
        if self._count == len(self._columns):
            self._columns = np.concatenate((self._columns, np.zeros(self._count, _COLUMNS)))
        self._columns[self._count] = (
            *(head.seq, head.t_ns * 1e-9, head.direction, head.kinds, head.wire_bytes),
            *(head.media_ms, head.media_rate, head.media_bytes, dull(head)),
        )
        if not bare(head.kinds):
            self._words[self._count] = words(rows)
        self.kinds |= head.kinds
        self._count += 1

    def words_at(self, place: int) -> str:
        """What a frame says, in a line."""
        said = self._words.get(place)
        if said is not None:
            return said
        column = self._columns[place]
        return _media(
            float(column["ms"]),
            int(column["rate"]),
            int(column["media"]),
            sound=bool(int(column["kinds"]) & SOUND),
        )

    def line(self, place: int, sort: int = 0) -> Line:
        """One row of the console."""
        seq, t, direction, kinds, size, *_ = self._columns[place].tolist()
        telling = main(kinds)
        others = [name for name in names(kinds) if name != telling and name not in _CONTAINERS]
        said = self.words_at(place)
        return seq, round(t, 3), direction, telling, ", ".join(others), said, f"{size:,} B", sort


@dataclass(frozen=True)
class Filter:
    """Which frames to show.

    Attributes:
        way: `sent`, `received`, `local`, or empty for all.
        kind: A kind, `-media` for all but sound and pictures, or empty for every kind.
        text: What must be in the frame, whatever its case.
    """

    way: str = ""
    kind: str = ""
    text: str = ""

    def candidates(self, frames: Frames, begin: int, end: int) -> npt.NDArray[np.intp]:
        """The places in `begin … end` that direction and kind let through."""
        columns = frames.columns[begin:end]
        fits = np.ones(len(columns), bool)
        if self.way in DIRECTIONS:
            fits &= columns["direction"] == DIRECTIONS.index(self.way)
        if self.kind == "-media":
            fits &= ~bare(columns["kinds"])
        elif self.kind in KINDS:
            fits &= (columns["kinds"] & np.uint64(mask(self.kind))) != 0
        return begin + np.flatnonzero(fits)

    def fits_text(self, frames: Frames, place: int, raw: Callable[[int], str]) -> bool:
        """Whether the text is in what the row says, or else in the frame itself, bare sound apart."""
        wanted = self.text.casefold()
        kinds = int(frames.columns["kinds"][place])
        if wanted in frames.words_at(place).casefold() or any(
            wanted in name.casefold() for name in names(kinds)
        ):
            return True
        return not bare(kinds) and wanted in raw(int(frames.columns["seq"][place])).casefold()


def bare(kinds: Any) -> Any:
    """Whether a frame is sound or a picture and nothing else; for one mask, or an array of them."""
    return ((kinds & MEDIA) != 0) & ((kinds & _TELLING) == 0)


def dull(head: Row) -> bool:
    """Whether a frame is sound, a picture, or how far it was played: nothing worth a line of its own."""
    if head.kinds == _PLAYBACK:
        return '"position"' in head.extra
    return head.kinds == EMPTY or bool(bare(head.kinds))


def words(rows: Iterable[Row]) -> str:
    """What a frame says, in one line: transcripts, calls with arguments, media by length."""
    said = [part for part in map(_said, rows) if part]
    return " · ".join(dict.fromkeys(said))[:_LONGEST]


def _said(row: Row) -> str:
    if row.tool_name:
        return f"{row.tool_name}({_arguments(row.extra)})"
    if row.text:
        return row.text.replace("\n", " ")[:_LONGEST]
    if row.media_bytes:
        return _media(row.media_ms, row.media_rate, row.media_bytes, sound=row.media_rate > 0)
    if row.total_tokens > 0:
        return f"{row.total_tokens:,} tokens"
    if row.extra and row.extra != "{}":
        return row.extra[:_LONGEST]
    return ""


def _arguments(extra: str) -> str:
    try:
        given = msgspec.json.decode(extra or "{}")
    except msgspec.DecodeError:
        return "…"
    inside = given.get("args", given.get("response", given)) if isinstance(given, dict) else given
    if not isinstance(inside, dict):
        return str(inside)[:_LONGEST]
    return ", ".join(f"{name}={msgspec.json.encode(value).decode()}" for name, value in inside.items())[
        :_LONGEST
    ]


def _media(ms: float, rate: int, size: int, *, sound: bool) -> str:
    if sound:
        return f"🔊 {ms:,.0f} ms {rate / 1000:g} kHz"
    return f"🖼 {size / 1000:,.0f} kB" if size else ""
