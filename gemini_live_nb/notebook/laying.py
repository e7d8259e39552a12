"""A run's frames, laid onto the two lanes of its waveform, with the marks along it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..log.index import Row
from ..protocol.kinds import BIT, mask
from .lanes import Cut, Lanes, Piece

if TYPE_CHECKING:
    from ..log.frame import LogFrame
    from ..log.run import SessionLog

Mark = dict[str, Any]
"""`t` in seconds, `kind`, and the word beside the line, empty where the line says it."""

_SOUND = mask("realtimeInput.audio", "realtimeInput.mediaChunks", "modelTurn.audio")
_MARKS = mask("interrupted", "turnComplete", "toolCall", "mark", "open", "close", "playback")
_ENDS = mask("interrupted", "turnComplete")
_READ = _SOUND | mask("playback")
KINDS = _SOUND | _MARKS
"""Mask of the frames that are laid or marked."""

_KEPT_S = 600
_LONGEST_S = 7200
_AT_ONCE = 1000
"""Frames of the past read in one go, so that other views are not kept waiting."""


class _News(NamedTuple):
    row: Row
    frame: LogFrame | None


class Laid(NamedTuple):
    """What is new on the lanes since it was asked last."""

    pieces: list[Piece]
    cuts: list[Cut]
    marks: list[Mark]


class Laying:
    """The lanes of one run.

    Attributes:
        lanes: Both sides' sound, as far as it is laid.
        marks: Interruptions, ends of turns, calls and the user's own marks; the last 2000.
        behind: Whether more of the past is to be laid: it is read in stretches.
    """

    def __init__(self) -> None:
        self.lanes = Lanes(_KEPT_S)
        self.marks: deque[Mark] = deque(maxlen=2000)
        self.behind = False
        self._news: deque[_News] = deque()
        self._looked_back = False
        self._past: Iterator[_News] = iter(())
        self._read = -1
        self._unheard = False

    @classmethod
    def of(cls, log: SessionLog) -> Laying:
        """A whole run, laid in one go: reads all its sound."""
        laying = cls()
        laying.lay(log)
        while laying.behind:
            laying.lay(log)
        return laying

    def seen(self, log: SessionLog | None, row: Row) -> None:
        """Put a frame aside, on the thread that records."""
        # The frame is taken while it is in memory: reading it back from the disk costs more.
        frame = log.frame(row.seq) if log is not None and row.kinds & _READ else None
        self._news.append(_News(row, frame))

    def lay(self, log: SessionLog | None) -> Laid:
        """Lay what has come, or the next stretch of what was there before."""
        if not self._looked_back:
            self._looked_back = True
            if log is not None:
                self._look_back(log)
        pieces: list[Piece] = []
        cuts: list[Cut] = []
        marks: list[Mark] = []
        for news in self._coming():
            if news.frame is not None and not (self._unheard and news.frame.direction == "received"):
                pieces += self.lanes.add(news.frame, news.row)
            silenced = _silences(news)
            if news.row.kinds & _ENDS or silenced:
                self._unheard = silenced
            if news.row.kinds & BIT["interrupted"] or silenced:
                cut = self.lanes.cut(news.row.t_ns * 1e-9)
                if cut is not None:
                    cuts.append(cut)
                    pieces = [_before(piece, cut) for piece in pieces if _kept(piece, cut)]
            mark = _mark(news.row, silenced=silenced)
            if mark is not None:
                marks.append(mark)
        self.marks += marks
        return Laid(pieces, cuts, marks)

    def _look_back(self, log: SessionLog) -> None:
        """Set about reading what was recorded before."""
        rows = log.table().rows
        heads = rows[(rows["part"] == 0) & ((rows["kinds"] & KINDS) != 0)]
        if len(heads):
            self._read = int(heads["seq"][-1])
            length = float(heads["t_ns"][-1]) * 1e-9
            seconds = min(_LONGEST_S, max(_KEPT_S, int(length) + 60))
            self.lanes = Lanes(seconds)
            self._past = (_from_log(log, row) for row in heads[heads["t_ns"] >= (length - seconds) * 1e9])

    def _coming(self) -> Iterator[_News]:
        for count, news in enumerate(self._past, 1):
            yield news
            if count == _AT_ONCE:
                self.behind = True
                return
        self.behind = False
        while self._news:
            news = self._news.popleft()
            if news.row.seq > self._read:
                yield news


def _kept(piece: Piece, cut: Cut) -> bool:
    return piece.lane != cut.lane or piece.slot < cut.slot


def _before(piece: Piece, cut: Cut) -> Piece:
    return piece if piece.lane != cut.lane else piece._replace(pairs=piece.pairs[: cut.slot - piece.slot])


def _from_log(log: SessionLog, record: Any) -> _News:
    row = Row(*record[list(Row._fields[:11])].item())._replace(media_rate=int(record["media_rate"]))
    return _News(row, log.frame(row.seq) if row.kinds & _READ else None)


def _silences(news: _News) -> bool:
    """Whether the model's sound is stopped here: what is still to come of this turn is not heard."""
    return bool(
        news.row.kinds & BIT["playback"]
        and news.frame is not None
        and news.frame.fields.get("action") == "flush"
    )


def _mark(row: Row, *, silenced: bool = False) -> Mark | None:
    """What is marked of a frame."""
    if silenced:
        return {"t": round(row.t_ns * 1e-9, 3), "kind": "interrupted", "label": "stopped"}
    for kind, word in (
        ("interrupted", "interrupted"),
        ("mark", row.text or "mark"),
        ("toolCall", row.tool_name),
    ):
        if row.kinds & BIT[kind]:
            return {"t": round(row.t_ns * 1e-9, 3), "kind": kind, "label": word[:40]}
    if row.kinds & BIT["turnComplete"]:
        return {"t": round(row.t_ns * 1e-9, 3), "kind": "turn", "label": ""}
    return None
