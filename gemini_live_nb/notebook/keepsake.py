"""The record that stays in the cell when no kernel is there to draw the panel."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from .laying import Laying
from .pace import PACE
from .record import MOST_TURNS, record, together

if TYPE_CHECKING:
    from ..live import Live
    from ..log.run import SessionLog
    from .waveform import Waveform

_PATIENCE_S = 10.0
_NOTE = '<div style="opacity:.75">A live panel was here; run the cell to have it back.</div>'
# Where no kernel draws the panel its output says "model not found": that line is hidden.
_HIDE = (
    "<style>.jp-OutputArea-child:has(+ .jp-OutputArea-child .glnb-keepsake):not(:has(.glnb-panel))"
    "{display:none}</style>"
)


class Keepsake:
    """A second output under the panel: empty at first, then what was said, in all runs of a `Live`.

    The panel's own style hides it while that is there.

    Args:
        live: Whose conversation.
        waveform: Has both sides' sound.
        audio: Whether to keep the answers as sound too.
    """

    def __init__(self, live: Live, waveform: Waveform, *, audio: bool = False) -> None:
        self.every = 10.0
        self._live = live
        self._waveform = waveform
        self._audio = audio
        self._handles: list[Any] = []
        self._over: weakref.WeakKeyDictionary[SessionLog, str] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def html(self) -> str:
        """The record as it is now; a line that says what was here where nothing was said."""
        written: list[str] = []
        done = threading.Event()

        def write() -> None:
            try:
                written.append(self._html())
            finally:
                done.set()

        PACE.do(write)
        done.wait(_PATIENCE_S)
        return written[0] if written else _NOTE

    def _html(self) -> str:
        records: list[str] = []
        turns = left_out = 0
        for log in reversed(self._live.runs):
            if turns >= MOST_TURNS:
                left_out += len(log.conversation)
                continue
            records.insert(0, self._record(log, MOST_TURNS - turns))
            left_out += max(0, len(log.conversation) - (MOST_TURNS - turns))
            turns += len(log.conversation)
        return together(records, left_out) or _NOTE

    def _record(self, log: SessionLog, most: int) -> str:
        written = self._over.get(log)
        if written is not None:
            return written
        now = log is self._waveform.source.log
        lanes = self._waveform.caught_up() if now else Laying.of(log).lanes
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(log.started))
        title = " · ".join(filter(None, ("Gemini Live", when, log.model.removeprefix("models/"))))
        written = record(log.conversation[-most:], lanes, title=title, audio=self._audio)
        if not now:
            self._over[log] = written
        return written

    def show(self, bundle: dict[str, Any] | None) -> None:
        """Display the panel, and under it the place for the record."""
        from IPython.display import display

        shown = {**(bundle or {}), "text/html": _NOTE}
        display(shown, raw=True)  # type: ignore[no-untyped-call]  # IPython is not typed
        handle = display({"text/html": "", "text/plain": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        with self._lock:
            self._handles.append(handle)
        if self._live.turns:
            self.update(at_once=True)

    def update(self, *, at_once: bool = False) -> None:
        """Write the record anew: at the end of a session at once, in mid-session now and then."""
        if self._handles:
            if at_once:
                PACE.do(self.flush)
            else:
                PACE.soon(self)

    def flush(self) -> None:
        """Write it, on the pace's thread."""
        html = self._html()
        with self._lock:
            handles = list(self._handles)
        for handle in handles:
            handle.update({"text/html": _HIDE + html, "text/plain": "a conversation"}, raw=True)
