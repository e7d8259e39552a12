"""The record that stays in the cell when no kernel is there to draw the panel."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from .pace import PACE
from .record import record

if TYPE_CHECKING:
    from ..live import Live
    from .waveform import Waveform

_EVERY_S = 5.0
_NOTE = '<div style="opacity:.75">A live panel was here; run the cell to have it back.</div>'
# Where no kernel draws the panel its output says "model not found": that line is hidden.
_HIDE = (
    "<style>.jp-OutputArea-child:has(+ .jp-OutputArea-child .glnb-keepsake):not(:has(.glnb-panel))"
    "{display:none}</style>"
)


class Keepsake:
    """A second output under the panel: empty at first, then what was said.

    The panel's own style hides it while that is there.

    Args:
        live: Whose conversation.
        waveform: Has both sides' sound.
        audio: Whether to keep the answers as sound too.
    """

    def __init__(self, live: Live, waveform: Waveform, *, audio: bool = False) -> None:
        self._live = live
        self._waveform = waveform
        self._audio = audio
        self._handles: list[Any] = []
        self._written = 0.0
        self._lock = threading.Lock()

    def html(self) -> str:
        """The record as it is now; a line that says what was here where nothing was said."""
        source = self._waveform.source
        model = self._live.config.model or ""
        when = (
            time.strftime("%Y-%m-%d %H:%M", time.localtime(source.log.started))
            if source.log is not None
            else ""
        )
        title = " · ".join(filter(None, ("Gemini Live", when, model)))
        return record(source.turns, self._waveform.lanes, title=title, audio=self._audio) or _NOTE

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
        if self._handles and (at_once or time.monotonic() - self._written >= _EVERY_S):
            self._written = time.monotonic()
            PACE.do(self._write)

    def _write(self) -> None:
        html = self.html()
        with self._lock:
            handles = list(self._handles)
        for handle in handles:
            handle.update({"text/html": _HIDE + html, "text/plain": "a conversation"}, raw=True)
