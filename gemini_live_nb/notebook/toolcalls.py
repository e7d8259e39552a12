"""The model's function calls as cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..log.markup import readable
from ..protocol.kinds import BIT, mask
from .assets import module, style
from .view import Buffers, Fields, View

if TYPE_CHECKING:
    from ..log.turn import ToolCall

_TOOL = BIT["tool"]
_NOT_RUN = "not run: "
"""How the error of a call begins that was refused (`session/calls.py`)."""
_PAGE = 30
_LONG = 2000
"""Longer results and prints are shown shortened until asked for."""


class ToolCalls(View):
    """A card per call: name, arguments, state, result or error, what it printed, how long it took.

    Where a tool wants approval (`@tool(approve=True)`), its card has the two buttons.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or a replay.
        layout: `height="320px"` and what else ipywidgets takes.

    Example:
        >>> ToolCalls(live)  # doctest: +SKIP
    """

    _esm = module("toolcalls.js")
    _css = style("toolcalls.css")

    kinds: ClassVar[int] = mask(
        "toolCall", "modelTurn.functionCall", "toolCallCancellation", "toolResponse", "tool", "close"
    )

    def __init__(self, of: Any, **layout: Any) -> None:
        self._reset()
        super().__init__(of, **layout)

    def _reset(self) -> None:
        self._calls: list[ToolCall] = []
        self._open: dict[int, Fields] = {}

    def whole(self) -> tuple[Fields, Buffers]:
        """The newest cards, and every one that is not done."""
        self._calls += self.source.calls(after=len(self._calls))
        first = max(0, len(self._calls) - _PAGE)
        self._open = {i: self._told(i) for i, call in enumerate(self._calls) if call.open}
        shown = [*(i for i in self._open if i < first), *range(first, len(self._calls))]
        return {"total": len(self._calls), "calls": [self._told(i) for i in shown]}, []

    def changed(self) -> tuple[Fields, Buffers] | None:
        """What is new since the last message."""
        known = len(self._calls)
        self._calls += self.source.calls(after=known)
        news: list[Fields] = []
        for i in [*self._open, *range(known, len(self._calls))]:
            now = self._told(i)
            if now != self._open.get(i):
                news.append(now)
            self._open[i] = now
            if not self._calls[i].open:
                del self._open[i]
        return ({"total": len(self._calls), "calls": news}, []) if news else None

    def anew(self) -> None:
        """Begin with no calls."""
        self._reset()

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Answer the page."""
        match message.get("kind"):
            case "answer":
                self._answer(str(message.get("key")), approved=message.get("approved") is True)
            case "older":
                end = max(0, len(self._calls) - int(message.get("shown", 0)))
                page = range(end - 1, max(0, end - _PAGE) - 1, -1)
                self.reply(message, {"calls": [self._told(i) for i in page]})
            case "whole":
                call = self._call(str(message.get("key")))
                if call is not None:
                    self.reply(message, {"result": _result(call), "prints": "".join(call.prints)})

    def _call(self, key: str) -> ToolCall | None:
        return self._calls[int(key)] if key.isdecimal() and int(key) < len(self._calls) else None

    def _answer(self, key: str, *, approved: bool) -> None:
        call = self._call(key)
        if call is not None and call.open:
            getattr(self.source.of, "approve" if approved else "deny")(call.id)

    def _told(self, i: int) -> Fields:
        return told(self._calls[i], i, self.source.now(), answerable=self.source.running)


def told(call: ToolCall, i: int, now: float, *, answerable: bool = False) -> Fields:
    """A call as the page is told of it; in a session that runs it may be approved."""
    state, words = _state(call, answerable=answerable)
    result, prints = _result(call), "".join(call.prints)
    since = None
    if state == "running":
        since = max(0.0, now - (call.started if call.started is not None else call.requested or now))
    return {
        "key": str(i),
        "id": call.id,
        "name": call.name,
        "args": [(name, readable(value)[:_LONG]) for name, value in list(call.args.items())[:40]],
        "state": state,
        "words": words,
        "result": result[:_LONG] if call.error is None else "",
        "error": (call.error or "")[:_LONG],
        "prints": prints[-_LONG:],
        "took": "" if since is not None else _took(call),
        "since": since,
        "cut": len(result) > _LONG or len(prints) > _LONG,
    }


def _state(call: ToolCall, *, answerable: bool) -> tuple[str, str]:
    if call.state == "asking" and answerable:
        return "asked", "waits for your approval"
    if call.state == "done":
        return "done", "done"
    if call.state == "cancelled":
        return "cancelled", "cancelled"
    if call.state == "error" and (call.error or "").startswith(_NOT_RUN):
        return "denied", "not run"
    if call.state == "error":
        return "failed", "failed"
    return "running", "running" if call.started is not None else "asked for"


def _took(call: ToolCall) -> str:
    end = call.answered if call.finished is None else call.finished
    begun = call.requested if call.started is None else call.started
    if end is None or begun is None:
        return ""
    seconds = end - begun
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _result(call: ToolCall) -> str:
    if call.error is not None:
        return call.error
    if call.result is None:
        return ""
    # What a function returned is sent as {"result": …}; the wrapping says nothing here.
    value = call.result["result"] if call.result.keys() == {"result"} else call.result
    return value if isinstance(value, str) else readable(value)


__all__: Sequence[str] = ["ToolCalls"]
