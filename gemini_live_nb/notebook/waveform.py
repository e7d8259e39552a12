"""The sound of both sides, scrolling with time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import traitlets as t

from ..protocol.kinds import BIT, mask
from .assets import module, style
from .lanes import Cut, Lanes, Piece
from .view import Buffers, Fields, View

if TYPE_CHECKING:
    from ..log.frame import LogFrame
    from ..log.index import Row

_SOUND = mask("realtimeInput.audio", "realtimeInput.mediaChunks", "modelTurn.audio")
_MARKS = mask("interrupted", "turnComplete", "toolCall", "mark", "open", "close", "playback")
_ENDS = mask("interrupted", "turnComplete")
_READ = _SOUND | mask("playback")
_KEPT_S = 600
_LONGEST_S = 7200
_AT_ONCE = 1000
"""Frames of the past read in one go, so that other views are not kept waiting."""


class _News(NamedTuple):
    row: Row
    frame: LogFrame | None


class Waveform(View):
    """You above, the model below, with marks: interrupted, a turn's end, a tool called.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or a replay.
        span: Seconds shown at first; a recorded run is shown whole.
        layout: What ipywidgets takes.

    Example:
        >>> Waveform(live, span=60)  # doctest: +SKIP
    """

    _esm = module("waveform.js")
    _css = style("waveform.css")

    every: ClassVar[float] = 0.08
    kinds: ClassVar[int] = _SOUND | _MARKS

    span = t.Int(20).tag(sync=True)
    height = t.Unicode("116px").tag(sync=True)

    def __init__(self, of: Any, *, span: int = 20, **layout: Any) -> None:
        self._news: deque[_News] = deque()
        self._reset()
        super().__init__(of, span=span, **layout)

    def _reset(self) -> None:
        self._lanes = Lanes(_KEPT_S)
        self._looked_back = False
        self._past: Iterator[_News] = iter(())
        self._read = -1
        self._unheard = False
        self._marks: deque[Fields] = deque(maxlen=2000)

    def anew(self) -> None:
        """Forget the run before."""
        self._reset()

    def seen(self, rows: Sequence[Row]) -> bool:
        """Put a frame aside."""
        log = self.source.log
        # The frame is taken while it is in memory: reading it back from the disk costs more.
        frame = log.frame(rows[0].seq) if log is not None and rows[0].kinds & _READ else None
        self._news.append(_News(rows[0], frame))
        return True

    @property
    def lanes(self) -> Lanes:
        """Both sides' sound as it is shown."""
        return self._lanes

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs."""
        self._absorb()
        return self._message(self._lanes.kept(), [], list(self._marks))

    def changed(self) -> tuple[Fields, Buffers] | None:
        """What is new since the last message."""
        return self._message(*self._absorb())

    def _message(self, pieces: list[Piece], cuts: list[Cut], marks: list[Fields]) -> tuple[Fields, Buffers]:
        now, running = self.source.now(), self.source.running
        fields = {
            # What has ended is shown to the end of its sound, which may be laid out further than it came.
            "now": now if running or self.source.replayed else max(now, self._lanes.end),
            "running": running,
            "kept": self._lanes.seconds,
            "pieces": [(piece.lane, piece.slot) for piece in pieces],
            "cuts": cuts,
            "marks": marks,
        }
        return fields, [piece.pairs.tobytes() for piece in pieces]

    def _absorb(self) -> tuple[list[Piece], list[Cut], list[Fields]]:
        """Lay what has come, or the next stretch of what was there before this view was."""
        if not self._looked_back:
            self._look_back()
        pieces: list[Piece] = []
        cuts: list[Cut] = []
        marks: list[Fields] = []
        for news in self._coming():
            if news.frame is not None and not (self._unheard and news.frame.direction == "received"):
                pieces += self._lanes.add(news.frame, news.row)
            silenced = _silences(news)
            if news.row.kinds & _ENDS or silenced:
                self._unheard = silenced
            if news.row.kinds & BIT["interrupted"] or silenced:
                cut = self._lanes.cut(news.row.t_ns * 1e-9)
                if cut is not None:
                    cuts.append(cut)
                    pieces = [
                        _before(piece, cut)
                        for piece in pieces
                        if piece.lane != cut.lane or piece.slot < cut.slot
                    ]
            mark = _mark(news.row, silenced=silenced)
            if mark is not None:
                marks.append(mark)
        self._marks += marks
        return pieces, cuts, marks

    def _look_back(self) -> None:
        """Set about reading what was recorded before this view was made."""
        log = self.source.log
        self._looked_back = True
        if log is not None:
            rows = log.table().rows
            heads = rows[(rows["part"] == 0) & ((rows["kinds"] & (_SOUND | _MARKS)) != 0)]
            if len(heads):
                self._read = int(heads["seq"][-1])
                length = float(heads["t_ns"][-1]) * 1e-9
                seconds = min(_LONGEST_S, max(_KEPT_S, int(length) + 60))
                self._lanes = Lanes(seconds)
                self._past = (_from_log(log, row) for row in heads[heads["t_ns"] >= (length - seconds) * 1e9])

    def _coming(self) -> Iterator[_News]:
        for count, news in enumerate(self._past, 1):
            yield news
            if count == _AT_ONCE:
                self.touch()
                return
        while self._news:
            news = self._news.popleft()
            if news.row.seq > self._read:
                yield news


def _before(piece: Piece, cut: Cut) -> Piece:
    return piece if piece.lane != cut.lane else piece._replace(pairs=piece.pairs[: cut.slot - piece.slot])


def _from_log(log: Any, record: Any) -> _News:
    from ..log.index import Row

    row = Row(*record[list(Row._fields[:11])].item())._replace(media_rate=int(record["media_rate"]))
    return _News(row, log.frame(row.seq) if row.kinds & _READ else None)


def _silences(news: _News) -> bool:
    """Whether the model's sound is stopped here: what is still to come of this turn is not heard."""
    return bool(
        news.row.kinds & BIT["playback"]
        and news.frame is not None
        and news.frame.fields.get("action") == "flush"
    )


def _mark(row: Row, *, silenced: bool = False) -> Fields | None:
    """What is marked of a frame; the word beside the line, none where the line says it."""
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
