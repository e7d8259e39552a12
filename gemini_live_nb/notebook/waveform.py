"""The sound of both sides, scrolling with time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from .assets import module, style
from .laying import KINDS, Laid, Laying
from .view import Buffers, Fields, View

if TYPE_CHECKING:
    from ..log.index import Row
    from .lanes import Lanes


class Waveform(View):
    """You above, the model below, with marks: interrupted, a turn's end, a tool called.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or a replay.
        span: Seconds shown at first; a recorded run is shown whole.
        layout: `height="116px"` and what else ipywidgets takes.

    Example:
        >>> Waveform(live, span=60)  # doctest: +SKIP
    """

    _esm = module("waveform.js")
    _css = style("waveform.css")

    every: ClassVar[float] = 0.08
    kinds: ClassVar[int] = KINDS

    span = t.Int(20).tag(sync=True)
    height = t.Unicode("116px").tag(sync=True)

    def __init__(self, of: Any, *, span: int = 20, **layout: Any) -> None:
        self._laying = Laying()
        super().__init__(of, span=span, **layout)

    def anew(self) -> None:
        """Forget the run before."""
        self._laying = Laying()

    def seen(self, rows: Sequence[Row]) -> bool:
        """Put a frame aside."""
        self._laying.seen(self.source.log, rows[0])
        return True

    @property
    def lanes(self) -> Lanes:
        """Both sides' sound as it is shown."""
        return self._laying.lanes

    def caught_up(self) -> Lanes:
        """Both sides' sound to this moment, on the pace's thread; the page is sent what it has not yet."""
        self.flush()
        while self._laying.behind:
            self.flush()
        return self.lanes

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs."""
        self._lay()
        return self._message(Laid(self.lanes.kept(), [], list(self._laying.marks)))

    def changed(self) -> tuple[Fields, Buffers] | None:
        """What is new since the last message."""
        return self._message(self._lay())

    def _lay(self) -> Laid:
        laid = self._laying.lay(self.source.log)
        if self._laying.behind:
            self.touch()
        return laid

    def _message(self, laid: Laid) -> tuple[Fields, Buffers]:
        now, running = self.source.now(), self.source.running
        lanes = self.lanes
        fields = {
            # What has ended is shown to the end of its sound, which may be laid out further than it came.
            "now": now if running or self.source.replayed else max(now, lanes.end),
            "running": running,
            "kept": lanes.seconds,
            "pieces": [(piece.lane, piece.slot) for piece in laid.pieces],
            "cuts": laid.cuts,
            "marks": laid.marks,
        }
        return fields, [piece.pairs.tobytes() for piece in laid.pieces]
