"""`ScriptBrain`: answers by a script. For tests, lessons, and whatever must come out the same each time."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .answer import hum
from .brain import OUTPUT_RATE, Ask, Brain, Call, Extra, Heard, Piece, Say, Talk, Thought


@dataclass(frozen=True, slots=True)
class Pause:
    """Think for so many seconds of the emulator's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """Die here, as a bug in a brain would: the service closes with 1011."""

    message: str = "the script says so"


Line: TypeAlias = Piece | Pause | Fail
Script: TypeAlias = Callable[[Ask, Talk], Iterable[Line | str]]


@dataclass(frozen=True, slots=True)
class Step:
    """One answer: what it answers to, and what it consists of.

    Attributes:
        emit: the pieces, in order.
        expect: a kind of ask (`"text"`, `"speech"`, `"images"`, `"tool_result"`), or None for any.
        contains: words the ask's text must contain, whatever the case.
    """

    emit: Sequence[Line] = field(default_factory=tuple)
    expect: str | None = None
    contains: str = ""

    def fits(self, ask: Ask) -> bool:
        """Whether it answers this ask."""
        return self.expect in (None, ask.kind) and self.contains.lower() in ask.text.lower()


class ScriptBrain(Brain):
    """Answers each ask with the next step that fits it; says so when none does.

    Every conversation goes through the script on its own, from the start.

    Args:
        steps: `Step`s, or lists of pieces (strings are said), or one function `(ask, talk) -> pieces` for all
            asks.
        repeat: begin again when the script is at its end.

    Example:
        >>> weather = Step([Call("get_weather", {"city": "Rome"})], contains="weather")
        >>> brain = ScriptBrain([["Hello there."], weather])
    """

    label = "offline script — not Gemini"

    def __init__(
        self,
        steps: Iterable[Step | Sequence[Line | str]] | Script,
        *,
        repeat: bool = False,
    ) -> None:
        self._function: Script | None = None
        self._steps: list[Step] = []
        if callable(steps):
            self._function = steps
        else:
            self._steps = [_step(step) for step in steps]
        self._repeat = repeat

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ScriptBrain:
        """A script from a JSON file: a list of steps, or `{"repeat": true, "steps": […]}`.

        A step is `{"expect": "text", "contains": "weather", "emit": […]}` or just the list. Pieces are
        `"words to say"`, `{"say": …, "seconds": 2.5}`, `{"heard": …}`, `{"thought": …}`, `{"call": {"name",
            "args"}}`,
        `{"calls": [{…}, {…}]}`, `{"extra": {…}, "at_end": true}`, `{"pause": 0.5}`, `{"fail": "why"}`.
        """
        script: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        steps = script["steps"] if isinstance(script, dict) else script
        return cls(
            [_read_step(step) for step in steps],
            repeat=isinstance(script, dict) and bool(script.get("repeat")),
        )

    async def reply(self, ask: Ask, talk: Talk) -> AsyncIterator[Piece]:
        """Answer by the script; see `Brain.reply`."""
        for line in self._lines(ask, talk):
            match line:
                case Pause(seconds):
                    await talk.clock.sleep(seconds)
                case Fail(message):
                    raise RuntimeError(message)
                case str():
                    yield Say(line)
                case _:
                    yield line

    def _lines(self, ask: Ask, talk: Talk) -> Iterable[Line | str]:
        if self._function is not None:
            return self._function(ask, talk)
        at: int = talk.memory.get("script_step", 0)
        again = range(at) if self._repeat else range(0)
        for i in (*range(at, len(self._steps)), *again):
            step: Step = self._steps[i]
            if step.fits(ask):
                talk.memory["script_step"] = i + 1
                return step.emit
        return ["The script has nothing to say to this."]


def _step(step: Step | Sequence[Line | str]) -> Step:
    if isinstance(step, Step):
        return step
    lines = [step] if isinstance(step, str) else step
    return Step(tuple(Say(line) if isinstance(line, str) else line for line in lines))


def _read_step(step: Any) -> Step:
    if not isinstance(step, Mapping):
        step = {"emit": step}
    emit = step.get("emit", ())
    lines = [emit] if isinstance(emit, (str, Mapping)) else emit
    return Step(tuple(_read_line(line) for line in lines), step.get("expect"), step.get("contains", ""))


def _read_line(line: Any) -> Line:
    match line:
        case str():
            return Say(line)
        case {"say": text, "seconds": length}:
            return Say(text, np.resize(hum("x" * 30), round(length * OUTPUT_RATE)))
        case {"say": text}:
            return Say(text)
        case {"heard": text}:
            return Heard(text)
        case {"thought": text}:
            return Thought(text)
        case {"call": call}:
            return _read_call(call)
        case {"calls": calls}:
            return tuple(_read_call(call) for call in calls)
        case {"extra": content, **rest}:
            return Extra(content, at_end=bool(rest.get("at_end")))
        case {"pause": seconds}:
            return Pause(seconds)
        case {"fail": message}:
            return Fail(message)
    raise ValueError(f"no script line: {line!r}")


def _read_call(call: Mapping[str, Any]) -> Call:
    return Call(call["name"], call.get("args", {}))
