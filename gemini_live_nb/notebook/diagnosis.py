"""Why is nothing happening? The page's facts, the kernel's and the session's, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ..protocol.kinds import mask
from .assets import module, style
from .findings import Facts, Finding, diagnose
from .kernel import ipykernel_version
from .view import Buffers, Fields, View

_TYPES = {
    "host": str, "secure": bool, "media": bool, "microphone": str, "camera": str,
    "microphones": int, "cameras": int,
}  # fmt: skip


class Diagnosis(View):
    """What stands in the way of a conversation, and what to do about it.

    Args:
        of: A `Live`, a `LiveSession` or a `SessionLog`; a `Live` has the most to tell.
        look: Fills in what is known beside the page's facts; the panel's own, where it stands in one.
        layout: What ipywidgets takes.

    Example:
        >>> Diagnosis(live)  # doctest: +SKIP
    """

    _esm = module("diagnosis.js")
    _css = style("diagnosis.css")

    every: ClassVar[float] = 0.5
    kinds: ClassVar[int] = mask("open", "close", "error", "setupComplete")

    def __init__(self, of: Any, *, look: Callable[[Facts], None] | None = None, **layout: Any) -> None:
        self._page: dict[str, Any] = {}
        self._look = look
        super().__init__(of, **layout)

    @property
    def facts(self) -> Facts:
        """What is known now, of the page, the kernel and the session."""
        facts = Facts(
            **self._page, ipykernel=ipykernel_version(), phase="on" if self.source.running else "off"
        )
        error = getattr(self.source.of, "error", None)
        if error is not None:
            facts.error = str(getattr(error, "message", error)), str(getattr(error, "hint", ""))
        if self._look is not None:
            self._look(facts)
        return facts

    @property
    def findings(self) -> list[Finding]:
        """What there is to say now, worst first."""
        return diagnose(self.facts)

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs."""
        return {"findings": [finding._asdict() for finding in self.findings]}, []

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Answer the page."""
        if message.get("kind") == "facts" and isinstance(given := message.get("facts"), dict):
            self._page = {
                name: given[name] for name, kind in _TYPES.items() if isinstance(given.get(name), kind)
            }
            self.reply(message, {})
            self.touch()


__all__: Sequence[str] = ["Diagnosis"]
