"""A recorded run to hear and see again: its sound, and the views that watched it when it was live."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets
import numpy as np

from ..log.replay import Replay
from ..log.run import SessionLog
from .assets import module, style
from .toolcalls import ToolCalls
from .transcript import Transcript
from .view import Buffers, Fields, View
from .waveform import Waveform

if TYPE_CHECKING:
    from ..log.index import Row

_BEGIN_S = 10.0
"""A page that comes later than this does not play by itself: it was reloaded, or opened again."""
_NEAR_S = 0.3
"""Sound and replay may be this far apart before the replay is moved."""
_LONGEST_S = 1800.0


class Transport(View):
    """The sound of a run, and the hand that plays it.

    What the page plays, the replay tells. The sound goes down as a message and is in no trait, so a saved
    notebook does not hold it.

    Args:
        replay: The run, replayed.
        begin: Play as soon as it is shown.
        layout: What ipywidgets takes.

    Attributes:
        moved: Called when the page played, paused or sought.
    """

    _esm = module("player.js")
    _css = style("player.css")

    kinds: ClassVar[int] = 0

    def __init__(self, replay: Replay, *, begin: bool = False, **layout: Any) -> None:
        self._replay = replay
        self.moved: Callable[[], None] = lambda: None
        self._until = time.monotonic() + _BEGIN_S if begin else 0.0
        super().__init__(replay, **layout)

    def whole(self) -> tuple[Fields, Buffers]:
        """The sound, both voices on one clock."""
        long = self._replay.duration > _LONGEST_S
        words = "Half an hour is the most that sounds here; log.wav() has it all." if long else ""
        return {"begin": time.monotonic() < self._until, "words": words}, [self._sound]

    def changed(self) -> None:
        """Nothing: a recorded run has one sound."""

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Follow the page's player."""
        self._until = 0.0
        t = float(message.get("t", 0.0))
        self._replay.speed = float(message.get("speed", 1.0)) or 1.0
        match message.get("kind"):
            case "play":
                self._meet(t)
                self._replay.play()
            case "pause":
                # A seek to the very end is told as a pause alone.
                self._replay.pause()
                self._meet(t)
            case "seek":
                self._meet(t)
        self.moved()

    def _meet(self, t: float) -> None:
        if abs(t - self._replay.t) > _NEAR_S:
            self._replay.seek(t)

    def _recorded(self, rows: Sequence[Row] | None) -> None:
        """Neither a frame nor a seek changes the sound."""

    @cached_property
    def _sound(self) -> bytes:
        import soundfile

        if self._replay.duration > _LONGEST_S:
            samples, rate = np.zeros(int(self._replay.duration * 8000), np.int16), 8000
        else:
            mix = self._replay.run.wav("mix")
            samples, rate = mix.samples, mix.rate
        file = io.BytesIO()
        soundfile.write(file, samples, rate, format="FLAC", subtype="PCM_16")
        return file.getvalue()


class Player(ipywidgets.VBox):
    """A recorded run, played again with sound: waveform, words and function calls come as they came.

    No key, no network and no microphone. Seek by the sound's own bar.

    Args:
        of: A `SessionLog`, or a replay of one.
        autoplay: Play as soon as it is shown, where the browser lets it; not again after a reload.

    Attributes:
        replay: The replay that the views watch; `replay.seek(12)` moves them, the sound stays.
        waveform, transcript, toolcalls: The views.

    Example:
        >>> Player(gemini_live_nb.demo())  # doctest: +SKIP
    """

    def __init__(self, of: SessionLog | Replay, *, autoplay: bool = False) -> None:
        self.replay = of if isinstance(of, Replay) else of.replay()
        self.transport = Transport(self.replay, begin=autoplay)
        self.waveform = Waveform(self.replay, span=30)
        self.transport.moved = self.waveform.touch
        self.transcript = Transcript(self.replay, height="280px")
        self.toolcalls = ToolCalls(self.replay, height="280px")
        said = [self.transcript, self.toolcalls] if self.replay.run.tool_calls else [self.transcript]
        words = ipywidgets.Box(said)
        words.add_class("glnb-recorded-words")
        super().__init__(children=[self.transport, self.waveform, words])
        for name in ("glnb", "glnb-recorded"):
            self.add_class(name)

    def __repr__(self) -> str:
        return f"<Player of {self.replay!r}>"

    def close(self) -> None:
        """Stop, and take it off the page."""
        self.replay.pause()
        for view in (self.transport, self.waveform, self.transcript, self.toolcalls):
            view.close()
        super().close()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_() or {}
        run = self.replay.run
        return {**bundle, "text/plain": repr(self), "text/html": run._repr_html_()}
