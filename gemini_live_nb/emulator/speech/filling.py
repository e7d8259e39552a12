"""The state of filling a function's parameters from a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .slots import Slot
from .words import Word


@dataclass(slots=True)
class Filling:
    """A request, which of its words are spent, and the arguments so far.

    Attributes:
        text: the request.
        now: local time, for "tomorrow".
        found: its words.
        asked: stems of the function's name and description.
        alone: it answers a question for exactly these parameters, so that all of it may be the value.
        has_texts: free texts are wanted too, so that a number may belong to one of them.
        spent: numbers of the words that were taken for a value.
        args: values by parameter name.
    """

    text: str
    now: datetime
    found: list[Word]
    asked: frozenset[str] = frozenset()
    alone: bool = False
    has_texts: bool = False
    spent: set[int] = field(default_factory=set)
    args: dict[str, Any] = field(default_factory=dict)

    @property
    def low(self) -> list[str]:
        """The words in lower case; a spent one reads as a blank."""
        return ["" if at in self.spent else word.low for at, word in enumerate(self.found)]

    def take(self, slot: Slot, value: Any, span: Iterable[int]) -> None:
        """Give `slot` its value and spend the words it came from."""
        self.args[slot.name] = value
        self.spent.update(span)

    def said(self, start: int, end: int) -> str:
        """The request's own writing from word `start` to `end` (exclusive)."""
        return self.text[self.found[start].start : self.found[end - 1].end]
