"""From a request to a function call: the function, its arguments, and a question for what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gemini_live_nb.emulator.brain import Call

from .arguments import fill
from .choose import ENOUGH, GENERIC, HINTED, akin, score, spelled_out
from .dates import find
from .scene import Memory, Pending
from .slots import Slot, slots, stems
from .words import name_words, stem, straight, word_set, words

if TYPE_CHECKING:
    from gemini_live_nb.protocol.content import FunctionDeclaration

_VALUES_TOO = frozenset(
    stem(word) for word in ("call", "name", "user", "number", "type", "value", "information")
)
"""Generic words that may well begin a value: "remind me to *call* mum"."""


_FURTHER = re.compile(
    r"(?:and|or|now|what about|how about|and now|and what about|and how about)"
    r" (?P<rest>(?:(?:in|for|at|to|on|from|with) )?[\w'-]+(?: [\w'-]+){0,3})(?: please)?[ ?.!]*",
    re.IGNORECASE,
)
_PRONOUNS = word_set("you me i we they he she it that this what who where when why how is are")


def request_call(
    request: str, functions: Mapping[str, FunctionDeclaration], memory: Memory, now: datetime
) -> tuple[Call, ...] | str | None:
    """Calls for a request, a question for what is missing, or `None` if no function is meant."""
    chosen = choose(request, functions, now)
    return complete(*chosen, memory) if chosen else None


def choose(
    request: str, functions: Mapping[str, FunctionDeclaration], now: datetime
) -> tuple[FunctionDeclaration, dict[str, Any]] | None:
    """The function a request is meant for and what it says of its arguments; `None` if none fits."""
    best: tuple[FunctionDeclaration, dict[str, Any]] | None = None
    highest = 0.0
    for declaration in functions.values():
        fit = score(request, declaration)
        if fit < HINTED:
            continue
        args = arguments(request, declaration, now)
        complete = not missing(declaration, args)
        if fit < ENOUGH and not (complete and len(args) > 1):
            continue
        fit += 0.2 * len(args) + (0.5 if complete else 0.0)
        if fit > highest:
            best, highest = (declaration, args), fit
    return best


def arguments(request: str, declaration: FunctionDeclaration, now: datetime) -> dict[str, Any]:
    """Arguments of a call, as far as the request has them."""
    name = name_words(declaration.name or "")
    asked = frozenset(stem(word) for word in name) | stems(declaration.description or "")
    verbs = asked | akin(asked) | (GENERIC - _VALUES_TOO)
    parameters = slots(declaration.parameters)
    return fill(spelled_out(request), parameters, now, name=frozenset(name), asked=asked, verbs=verbs)


def missing(declaration: FunctionDeclaration, args: Mapping[str, Any]) -> list[Slot]:
    """Required parameters that have no value yet."""
    return [slot for slot in slots(declaration.parameters) if slot.required and slot.name not in args]


def asked(declaration: FunctionDeclaration, pending: Pending) -> Slot | None:
    """The parameter the user was asked for, if the function still has it."""
    return next((slot for slot in slots(declaration.parameters) if slot.name == pending.asked), None)


def answer_pending(
    request: str, declaration: FunctionDeclaration, pending: Pending, asked: Slot, now: datetime
) -> dict[str, Any]:
    """What the user's answer to "which …?" adds to a call's arguments."""
    text = spelled_out(request)
    found = fill(text, [asked], now, alone=True)
    others = missing(declaration, pending.args | found) if len(words(text)) > 4 else []
    return found | fill(text, others, now)


def complete(
    declaration: FunctionDeclaration, args: dict[str, Any], memory: Memory
) -> tuple[Call, ...] | str:
    """The call if nothing is missing, else the question for what is (kept as `memory.pending`)."""
    lacking = missing(declaration, args)
    if lacking:
        memory.pending = Pending(declaration.name or "", args, lacking[0].name)
        return lacking[0].question()
    memory.pending = None
    calls = several(declaration, args)
    memory.called = calls[-1]
    return calls


def goes_on(
    request: str, functions: Mapping[str, FunctionDeclaration], memory: Memory, now: datetime
) -> tuple[Call, ...] | None:
    """The last call once more with what is new: "And in Paris?", "What about tomorrow?", "Now blue."."""
    before = memory.called
    declaration = functions.get(before.name) if before else None
    further = _FURTHER.fullmatch(straight(request))
    if not before or not declaration or not further or further["rest"].split()[0].lower() in _PRONOUNS:
        return None
    parameters = slots(declaration.parameters)
    found = fill(further["rest"], [slot for slot in parameters if not slot.takes_text or slot.dated], now)
    if not found:
        named = [slot for slot in parameters if slot.takes_text and slot.name in before.args][:1]
        found = fill(further["rest"], named, now, alone=True) if not find(words(further["rest"]), now) else {}
    made = complete(declaration, {**before.args, **found}, memory) if found else None
    return made if isinstance(made, tuple) else None


def several(declaration: FunctionDeclaration, args: dict[str, Any]) -> tuple[Call, ...]:
    """One call; or one each where a single place was asked for and two were named ("Paris and London")."""
    name = declaration.name or ""
    required = [slot for slot in slots(declaration.parameters) if slot.required]
    if (
        len(required) != 1
        or required[0].kind != "string"
        or required[0].enum
        or "place" not in required[0].roles
    ):
        return (Call(name, args),)
    key = required[0].name
    values = [value.strip() for value in str(args[key]).replace(", ", " and ").split(" and ")]
    return tuple(Call(name, {**args, key: value.removeprefix("in ")}) for value in values if value)
