"""The conversation as text, while it is being held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..protocol.kinds import mask
from .assets import module, style
from .view import Buffers, Fields, View

if TYPE_CHECKING:
    from ..log.turn import Turn

_PAGE = 40
"""Turns that a page is given at first, and each time it asks for earlier ones."""

_UNSETTLED = 4
"""So many turns may still change: words come late, and what was heard is known after the cut."""

_GROWING = ("user", "model", "thoughts")


class Transcript(View):
    """Who said what: stitched into turns, thoughts apart, struck out what was never heard.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or a replay.
        layout: `height="320px"` and what else ipywidgets takes.

    Example:
        >>> Transcript(live, height="400px")  # doctest: +SKIP
    """

    _esm = module("transcript.js")
    _css = style("transcript.css")

    kinds: ClassVar[int] = ~mask(
        "realtimeInput.audio", "realtimeInput.video", "realtimeInput", "sessionResumptionUpdate"
    )

    def __init__(self, of: Any, **layout: Any) -> None:
        self._shown: dict[int, Fields] = {}
        super().__init__(of, **layout)

    @property
    def text(self) -> str:
        """The whole conversation as Markdown, cut-off words struck through."""
        return "\n\n".join(filter(None, (_markdown(turn) for turn in self.source.turns)))

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs."""
        turns = self.source.turns
        last = len(turns)
        shown = {i: told(turns[i], i) for i in range(max(0, last - _PAGE), last)}
        self._shown = {i: fields for i, fields in shown.items() if i >= last - _UNSETTLED}
        return {"turns": list(shown.values()), "empty": self._empty()}, []

    def changed(self) -> tuple[Fields, Buffers] | None:
        """What is new since the last message."""
        turns = self.source.turns
        last = len(turns)
        news: list[Fields] = []
        for i in range(max(0, min([last - _UNSETTLED, *self._shown])), last):
            now = told(turns[i], i)
            new = difference(self._shown.get(i), now)
            if new:
                news.append({"i": i, **new})
            self._shown[i] = now
        for i in [i for i in self._shown if i < last - _UNSETTLED]:
            del self._shown[i]
        return ({"turns": news}, []) if news else None

    def _empty(self) -> str:
        """What to say while nothing was said."""
        if self.source.replayed:
            return "The words come as they came, when the recording is played."
        return "Nothing said yet. Talk, or type a message." if self.source.live else "Nothing was said."

    def anew(self) -> None:
        """Forget the run before."""
        self._shown.clear()

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Answer the page."""
        match message.get("kind"):
            case "older":
                self.reply(message, {"turns": self._page(int(message.get("before", 0)))})
            case "text":
                self.reply(message, {"text": self.text})

    def _page(self, before: int) -> list[Fields]:
        turns = self.source.turns
        end = min(max(before, 0), len(turns))
        return [told(turns[i], i) for i in range(max(0, end - _PAGE), end)]


def told(turn: Turn, i: int) -> Fields:
    """A turn as the page is told of it."""
    text, heard = turn.text, turn.heard_text
    return {
        "i": i,
        "at": _clock(turn),
        "user": turn.user_text,
        "model": text,
        "thoughts": turn.thoughts,
        "heard": heard if turn.cut and heard != text else None,
        "tools": [call.name for call in turn.tool_calls],
        "state": "interrupted" if turn.cut else "complete" if turn.over or turn.complete else "open",
        "note": note(turn),
    }


def difference(before: Fields | None, now: Fields) -> Fields:
    """What changed, growing texts as what was added to them (`model_add`)."""
    if before is None:
        return now
    new: Fields = {}
    for name, value in now.items():
        was = before[name]
        if value == was:
            continue
        if name in _GROWING and was and value.startswith(was):
            new[name + "_add"] = value[len(was) :]
        else:
            new[name] = value
    return new


def note(turn: Turn) -> str:
    """What is worth knowing about how a turn went, in a few words."""
    if turn.lost:
        return "lost: the connection ended in the middle of the answer"
    if turn.cut and turn.audio_ms:
        how = "stopped" if turn.times.silenced is not None else "cut off"
        about = "about " if turn.heard_is_estimate else ""
        return f"{how} after {about}{turn.heard_ms / 1000:.1f} s of {turn.audio_ms / 1000:.1f} s"
    if turn.interrupted:
        return "cut off"
    if turn.ttfa is not None and (turn.complete or turn.over):
        return f"first sound after {turn.ttfa:.2f} s"
    return ""


def _clock(turn: Turn) -> str:
    times = turn.times
    begun = times.sent if times.sent is not None else times.first_frame
    return "" if begun is None else f"{int(begun // 60)}:{int(begun % 60):02}"


def _markdown(turn: Turn) -> str:
    lines: list[str] = []
    if turn.user_text:
        lines.append(f"**You:** {turn.user_text}")
    text, heard = turn.text, turn.heard_text
    if text:
        lost = text[len(heard) :].strip() if turn.cut and text.startswith(heard) else ""
        lines.append(f"**Model:** {heard} ~~{lost}~~" if lost else f"**Model:** {text}")
    return "\n\n".join(lines)


__all__: Sequence[str] = ["Transcript"]
