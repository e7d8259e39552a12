"""The head of the panel: what is going on, and the button that begins and ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from ..protocol.kinds import mask
from .assets import module, style
from .notices import Notice
from .view import Buffers, Fields, View


@dataclass(kw_only=True)
class Standing:
    """How things stand, as the head of the panel says it.

    Attributes:
        phase: `off`, `opening`, `on` or `mending`.
        words: The same in words.
        banner: A plain sentence that stays, such as that the built-in server answers.
        capturing: What is captured now: `microphone`, `camera`, `screen`.
        elapsed: Seconds since the session began, None where none runs.
        facts: Name, value and explanation of each figure.
        notices: What went wrong.
        findings: How many things the diagnosis has against it.
    """

    phase: str = "off"
    words: str = ""
    banner: str = ""
    capturing: list[str] = field(default_factory=list)
    elapsed: float | None = None
    facts: list[tuple[str, str, str]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    findings: int = 0


Act = Callable[[Fields], Any]
"""What a message of the page makes the panel do; what it returns is nobody's."""


class Controls(View):
    """Connect and stop, status in words, a red mark while something is captured, figures, problems.

    Args:
        of: A `Live`.
        standing: Says how things stand.
        acts: What to do on `connect`, `stop`, `dismiss`, `here`, `bye`.
        layout: What ipywidgets takes.
    """

    _esm = module("controls.js")
    _css = style("controls.css", "panel.css")

    every: ClassVar[float] = 0.15
    kinds: ClassVar[int] = mask("open", "close", "error", "status", "usageMetadata", "turnComplete", "drop")

    def __init__(
        self, of: Any, *, standing: Callable[[], Standing], acts: dict[str, Act], **layout: Any
    ) -> None:
        self._standing = standing
        self._acts = acts
        super().__init__(of, **layout)

    def whole(self) -> tuple[Fields, Buffers]:
        """How things stand now."""
        return asdict(self._standing()), []

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Do what a button says."""
        act = self._acts.get(str(message.get("kind")))
        if act is not None:
            act(message)


class Composer(View):
    """The foot of the panel: type, hold to talk, stop the model's voice.

    Args:
        of: A `Live`.
        standing: Says whether turns are marked by hand, and whether the model is being heard.
        acts: What to do on `text`, `talk`, `hush`, `interrupt`.
        layout: What ipywidgets takes.
    """

    _esm = module("composer.js")
    _css = style("composer.css")

    every: ClassVar[float] = 0.1
    kinds: ClassVar[int] = mask("open", "close", "modelTurn.audio", "turnComplete", "interrupted")

    def __init__(
        self, of: Any, *, standing: Callable[[], tuple[bool, bool]], acts: dict[str, Act], **layout: Any
    ) -> None:
        self._standing = standing
        self._acts = acts
        self._said: Fields = {}
        super().__init__(of, **layout)

    def whole(self) -> tuple[Fields, Buffers]:
        """Which of the three buttons are of use now."""
        manual, speaking = self._standing()
        typing = "Type a message" if self.source.running else "Type a message; it connects first"
        self._said = {"manual": manual, "speaking": speaking, "placeholder": typing}
        return self._said, []

    def changed(self) -> tuple[Fields, Buffers] | None:
        """The same, where it is another than before."""
        before = self._said
        now, _ = self.whole()
        return (now, []) if now != before else None

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Do what was typed or pressed."""
        act = self._acts.get(str(message.get("kind")))
        if act is not None:
            act(message)
