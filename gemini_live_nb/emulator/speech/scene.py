"""What an answer may draw on: the sentence, the conversation's memory, the clock; so nothing is invented."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from random import Random

    from ...protocol.content import FunctionDeclaration
    from ..brain import Call, Talk
    from .see import Look

LABEL = "offline demo voice — not Gemini"


@dataclass(slots=True)
class Pending:
    """A function call that still lacks an argument, and the one the user was asked for."""

    function: str
    args: dict[str, Any]
    asked: str


@dataclass(slots=True)
class Memory:
    """What this conversation has told the brain; lives in `talk.memory`, so it survives a resumed connection.

    Attributes:
        name: the user's.
        facts: what they said of themselves, by subject in lower case: `"favorite color" → "is green"`.
        notes: what they asked to have remembered, as said.
        heard: their requests, oldest first.
        said: the brain's answers, oldest first.
        result: value of the last sum.
        pending: a call waiting for an argument.
        called: the last call that was made.
        look: what the last picture looked like.
        frames: pictures that have come in so far, those of the camera included.
    """

    name: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    result: Fraction | None = None
    pending: Pending | None = None
    called: Call | None = None
    look: Look | None = None
    frames: int = 0

    @classmethod
    def of(cls, talk: Talk) -> Memory:
        """The memory of a conversation, made on first use."""
        found = talk.memory.get("speech")
        memory = found if isinstance(found, cls) else cls()
        talk.memory["speech"] = memory
        return memory


@dataclass(slots=True)
class Scene:
    """One sentence to be answered.

    Attributes:
        text: the sentence without politeness, see `words.plain`.
        memory: what the conversation knows.
        now: local time by the emulator's clock.
        rng: the session's seeded chance.
        functions: what the user declared.
        groups: what the row being asked found in the sentence, by group name; "" for what it did not find.
    """

    text: str
    memory: Memory
    now: datetime
    rng: Random
    functions: dict[str, FunctionDeclaration]
    groups: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Scene], str | None]


class Intent(NamedTuple):
    """One row of the table: what it is called, how it is asked for, how it is answered.

    `answer` may return `None`: it was not meant after all, and the next row is tried.
    """

    name: str
    pattern: re.Pattern[str]
    answer: Answer


def intent(name: str, answer: Answer | str, *patterns: str) -> Intent:
    """A row from an answer, or words always said, and the patterns that ask for it (any case, anywhere)."""
    words = answer
    reply: Answer = (lambda _: words) if isinstance(words, str) else words
    return Intent(name, re.compile("|".join(patterns), re.IGNORECASE), reply)


def listed(items: list[str], last: str = "and") -> str:
    """`items` as one says them.

    Example:
        >>> listed(["one", "two", "three"])
        'one, two and three'
    """
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1] if items else "") if part)
