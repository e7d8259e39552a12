"""The panel: everything of a live session in one place, made of the widgets that also stand alone."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import ipywidgets

from ..protocol.kinds import mask
from ..session.events import Closed, Event, TurnEnded
from .controls import Composer, Controls
from .desk import Desk
from .diagnosis import Diagnosis
from .keepsake import Keepsake
from .kernel import release_on_rerun
from .messages import MessageTable
from .names import stop_when_rebound
from .settings import Settings
from .source import Source
from .toolcalls import ToolCalls
from .transcript import Transcript
from .view import View
from .waveform import Waveform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..live import Live
    from ..log.index import Row

_CALLS = mask("toolCall", "modelTurn.functionCall")

_panels: weakref.WeakKeyDictionary[Any, Panel] = weakref.WeakKeyDictionary()


class Panel(ipywidgets.VBox):
    """A `Live` in the notebook: talk, type, see, hear; the words, the calls, the wire.

    `live` shows it. One `Live` has one panel, shown as often as you like: the microphone is tapped once, the
    sound is played once.

    Args:
        live: The session's owner.
        audio: Put the model's answers as sound into the record that stays in a saved notebook.

    Attributes:
        waveform, transcript, toolcalls, messages, diagnosis, settings: The views it is made of.

    Example:
        >>> Panel.of(live)  # doctest: +SKIP
    """

    def __init__(self, live: Live, *, audio: bool = False) -> None:
        self._live = live
        wiring = live.media
        source = Source(live)
        self._desk = desk = Desk(live, source, wiring, self._touch)
        self.waveform = Waveform(source)
        self.transcript = Transcript(source, height="356px")
        self.toolcalls = ToolCalls(source, height="356px")
        self.messages = MessageTable(source, height="420px")
        self.settings = Settings(source, changed=desk.settings_changed, reconnect=desk.reconnect)
        self.diagnosis = Diagnosis(source, look=desk.look)
        standing = lambda: desk.standing(self.diagnosis.facts)  # noqa: E731 - read anew each time
        self._controls = Controls(source, standing=standing, acts=desk.acts)
        self._composer = Composer(source, standing=desk.speaking, acts=desk.acts)
        self._keepsake = Keepsake(live, self.waveform, audio=audio)
        self._main = _box("main", self.transcript, self.toolcalls)
        self._taps = (wiring.mic, wiring.camera, wiring.screen, wiring.speaker)
        super().__init__(children=self._laid_out())
        for name in ("glnb", "glnb-panel"):
            self.add_class(name)
        if not live.tools:
            self._main.add_class("glnb-toolless")
            source.listen(self._first_call)
        for tap in self._taps:
            tap.observe(self._touch, ["state", "problem"])
        wiring.mic.observe(self._touch, "muted")
        wiring.channel.observe(self._touch, "carrier")
        live.subscribe(self._happened)
        if not stop_when_rebound(live, self.stop):
            release_on_rerun(self)

    @classmethod
    def of(cls, live: Live) -> Panel:
        """The panel of a `Live`, made when it is first asked for."""
        if live not in _panels:
            _panels[live] = cls(live)
        return _panels[live]

    def __repr__(self) -> str:
        return f"<Panel of {self._live!r}>"

    def stop(self) -> None:
        """End the session and release every device."""
        self._desk.do(self._live.close)

    def close(self) -> None:
        """Take the panel off the page; the `Live` itself goes on."""
        for view in self._views():
            view.close()
        super().close()

    def _laid_out(self) -> list[Any]:
        drawers = {"messages": self.messages, "settings": self.settings, "diagnosis": self.diagnosis}
        hidden = [_box(f"drawer glnb-drawer-{name}", view) for name, view in drawers.items()]
        toolbar = _box("toolbar", *self._taps)
        return [self._controls, toolbar, self.waveform, self._main, self._composer, *hidden]

    def _views(self) -> list[View]:
        shown = (self.waveform, self.transcript, self.toolcalls, self.messages, self.settings)
        return [*shown, self.diagnosis, self._controls, self._composer]

    def _ipython_display_(self) -> None:
        self._keepsake.show(super()._repr_mimebundle_())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_() or {}
        return {**bundle, "text/plain": repr(self), "text/html": self._keepsake.html()}

    def _touch(self, *_: Any) -> None:
        for view in (self._controls, self._composer, self.diagnosis):
            view.touch()

    def _happened(self, event: Event) -> None:
        if isinstance(event, Closed | TurnEnded):
            self._keepsake.update(at_once=isinstance(event, Closed))

    def _first_call(self, rows: Sequence[Row] | None) -> None:
        if rows is not None and rows[0].kinds & _CALLS:
            self._main.remove_class("glnb-toolless")


def _box(name: str, *children: Any) -> Any:
    box = ipywidgets.Box(children=children)
    for each in f"glnb-{name}".split():
        box.add_class(each)
    return box
