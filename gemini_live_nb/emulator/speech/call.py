"""Choosing one of the user's declared functions for a request, asking for what is missing, and telling what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..brain import Call
from .arguments import fill
from .recall import statement
from .scene import Memory, Pending
from .slots import Slot, slots, stems
from .words import STOP, name_words, plain, stem, words

if TYPE_CHECKING:
    from ...protocol.content import FunctionDeclaration

ENOUGH = 2.0
"""Score from which a request counts as meant for a function: one noun of its name, or two words of its description."""
TOLD = 3.0
"""What a statement ("I like pizza") needs on top of it: people tell things without wanting them done."""
_GENERIC = frozenset(
    stem(word)
    for word in ["get", "set", "do", "make", "find", "show", "give", "tell", "fetch", "read", "check", "list", "create", "add", "new", "update", "run", "use", "call", "want", "need", "look", "up", "data", "info", "information", "value", "current", "function", "tool", "return", "returns", "specific", "user", "given", "optional", "name", "number", "type"]
)
_LEADS = _GENERIC - {
    stem(word) for word in ("call", "name", "user", "number", "type", "value", "information")
}
_LIGHT_VERBS = frozenset(stem(word) for word in ["turn", "switch", "put", "start", "on", "off"])
_READING = frozenset(
    ["get", "find", "fetch", "read", "check", "list", "show", "search", "look", "lookup", "query", "is", "has", "count", "calculate", "compute", "convert"]
)
_DOING = frozenset(
    ["set", "turn", "switch", "start", "stop", "create", "add", "delete", "book", "order", "send", "play", "move", "dim", "lock", "power", "make", "schedule"]
)
_QUESTION = re.compile(r"(?:what|how|is|are|where|when|who|which|do|does|will|can|any)\b", re.IGNORECASE)
_GROUPS = (
    "weather forecast rain raining sunny snow temperature umbrella windy warm cold hot", "turn switch put set power", "book reserve",
    "schedule plan arrange create", "cancel delete remove clear", "buy order purchase", "send text email message write",
    "find search lookup google", "start begin launch play", "stop end halt", "increase raise up louder", "light lamp bulb",
    "dim brightness bright", "alarm wake", "timer countdown", "transfer move wire", "money buck dollar euro pound cash", "price cost much expensive stock", "translate translation",
    "distance far", "convert exchange", "movie film", "song music track", "roll dice die", "appointment meeting event calendar",
    "restaurant table dinner", "thermostat heating heat warm cool", "picture image photo", "news headlines", "door lock unlock",
    "add plus sum", "subtract minus", "multiply times product", "divide over", "phone call dial ring", "open close shut",
    "flight fly plane", "average mean", "time clock hour", "todo task", "buy shopping groceries",
)  # fmt: skip
_PHRASAL = re.compile(r"\b(?:look(?:ing)? (?:up|for)|google)\b ?", re.IGNORECASE)
_SAME: dict[str, frozenset[int]] = {}
for _number, _group in enumerate(_GROUPS):
    for _word in _group.split():
        _SAME[stem(_word)] = _SAME.get(stem(_word), frozenset()) | {_number}


def score(request: str, declaration: FunctionDeclaration) -> float:
    """How well a request fits a function, by the words it shares with name, enums, parameters and description."""
    name = [stem(word) for word in name_words(declaration.name or "")]
    parameters = slots(declaration.parameters)
    request = _PHRASAL.sub("search ", request)
    enums = frozenset(
        part
        for slot in parameters
        for value in _enum_values(slot)
        for part in stems(str(value).replace("_", " "))
    )
    own = frozenset(part for slot in parameters for part in slot.own) - _GENERIC
    about = stems(declaration.description or "")
    more = frozenset(part for slot in parameters for part in slot.about) - _GENERIC
    total = -TOLD if statement(plain(request), asked=False) else 0.0
    if declaration.name and (
        declaration.name.lower() in request.lower()
        or " ".join(name_words(declaration.name)) in request.lower()
    ):
        total += 4.0
    said = [stem(word.low) for word in words(request) if word.low not in STOP or word.low in ("on", "off")]
    said = list(dict.fromkeys(said))
    for at, word in enumerate(said):
        weight = (
            0.3
            if word in _GENERIC or word in _LIGHT_VERBS
            else 1.5
            if at == 0 and total == 0 and not _QUESTION.match(request)
            else 1.0
        )
        for known, worth in ((frozenset(name), 3.0), (enums, 1.5), (own, 1.2), (about, 1.3), (more, 0.6)):
            if fit := _fit(word, known):
                total += worth * fit * weight
                break
    verb = name_words(declaration.name or "")[:1]
    if total > 0 and _QUESTION.match(plain(request)) and verb:
        total += 0.8 if verb[0] in _READING else -0.8 if verb[0] in _DOING else 0.0
    return total


def _fit(word: str, known: frozenset[str]) -> float:
    """1 for the same word, less for one of the same family or meaning."""
    if word in known:
        return 1.0
    if len(word) > 3 and any(
        len(other) > 3 and (other.startswith(word) or word.startswith(other)) for other in known
    ):
        return 0.9
    return 0.7 if _akin(word, known) else 0.0


def _akin(word: str, known: Iterable[str]) -> bool:
    groups = _SAME.get(word)
    return bool(groups) and any(groups & _SAME.get(other, frozenset()) for other in known)


def _enum_values(slot: Slot) -> tuple[Any, ...]:
    return slot.enum or tuple((slot.schema.get("items") or {}).get("enum") or ())


def named(request: str, functions: Mapping[str, FunctionDeclaration]) -> bool:
    """Whether a request says the whole name of a function, as written or in words."""
    low = request.lower()
    return any(name.lower() in low or " ".join(name_words(name)) in low for name in functions)


def choose(
    request: str, functions: Mapping[str, FunctionDeclaration], now: datetime
) -> tuple[FunctionDeclaration, dict[str, Any]] | None:
    """The function a request is meant for and what it says of its arguments, or `None` if it fits none well enough."""
    scored = []
    for order, declaration in enumerate(functions.values()):
        value = score(request, declaration)
        if value >= ENOUGH:
            args = arguments(request, declaration, now)
            complete = not missing(declaration, args)
            scored.append((value + 0.5 * complete + 0.2 * len(args), -order, declaration, args))
    if not scored:
        return None
    _, _, declaration, args = max(scored, key=lambda entry: entry[:2])
    return declaration, args


def arguments(request: str, declaration: FunctionDeclaration, now: datetime) -> dict[str, Any]:
    """Arguments of a call, as far as the request has them."""
    asked = frozenset(stem(word) for word in name_words(declaration.name or "")) | stems(
        declaration.description or ""
    )
    groups = frozenset(word for word in _SAME if _akin(word, asked))
    return fill(
        _PHRASAL.sub("search ", plain(request)),
        slots(declaration.parameters),
        now,
        name=frozenset(name_words(declaration.name or "")),
        asked=asked,
        verbs=asked | groups | _LEADS,
    )


def missing(declaration: FunctionDeclaration, args: Mapping[str, Any]) -> list[Slot]:
    """Required parameters that have no value yet."""
    return [slot for slot in slots(declaration.parameters) if slot.required and slot.name not in args]


def answer_pending(
    request: str, declaration: FunctionDeclaration, pending: Pending, now: datetime
) -> dict[str, Any]:
    """What the user's answer to "which …?" adds to a call's arguments."""
    parameters = {slot.name: slot for slot in slots(declaration.parameters)}
    asked = parameters[pending.asked]
    found = fill(plain(request), [asked], now, alone=True)
    others = [slot for slot in missing(declaration, pending.args | found)]
    return found | (fill(plain(request), others, now) if len(words(request)) > 4 else {})


def request_call(
    text: str, functions: Mapping[str, FunctionDeclaration], memory: Memory, now: datetime
) -> tuple[Call, ...] | str | None:
    """Calls for a request, a question for what is missing, or `None` if no function is meant."""
    chosen = choose(text, functions, now)
    if not chosen:
        return None
    declaration, args = chosen
    return complete(declaration, args, memory)


def complete(
    declaration: FunctionDeclaration, args: dict[str, Any], memory: Memory
) -> tuple[Call, ...] | str:
    """The call if nothing is missing, else the question for the first missing argument (kept as `memory.pending`)."""
    lacking = missing(declaration, args)
    name = declaration.name or ""
    if lacking:
        memory.pending = Pending(name, args, lacking[0].name)
        return lacking[0].question()
    memory.pending = None
    return several(declaration, args)


def several(declaration: FunctionDeclaration, args: dict[str, Any]) -> tuple[Call, ...]:
    """One call; or one each where a single place or thing was asked for and two were named ("Paris and London")."""
    name = declaration.name or ""
    required = [slot for slot in slots(declaration.parameters) if slot.required]
    if (
        len(required) == 1
        and required[0].kind == "string"
        and not required[0].enum
        and "place" in required[0].roles
    ):
        key = required[0].name
        values = [
            value.strip() for value in str(args[key]).replace(", ", " and ").split(" and ") if value.strip()
        ]
        return tuple(Call(name, {**args, key: value.removeprefix("in ").strip()}) for value in values)
    return (Call(name, args),)
