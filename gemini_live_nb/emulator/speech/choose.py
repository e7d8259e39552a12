"""Which function a request is meant for, by the words it shares with name, parameters and description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .recall import statement
from .slots import Slot, slots, stems
from .words import STOP, name_words, plain, stem, word_set, words

if TYPE_CHECKING:
    from gemini_live_nb.protocol.content import FunctionDeclaration

ENOUGH = 2.0
"""Score from which a request counts as meant for a function: about one noun of its name."""
HINTED = 1.0
"""Enough where the request also has everything the function needs: "make it 20 degrees in the kitchen"."""
TOLD = 3.0
"""What a statement ("I like pizza") needs on top of it: people tell things without wanting them done."""

NAME, ENUM, OWN, DESCRIPTION, MORE = 3.0, 1.5, 1.2, 1.3, 0.6
"""Weight of a word found in the name, an enum, a parameter's name, the description, a parameter's."""


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


GENERIC = _stems(
    "get set do make find show give tell fetch read check list create add new update run use call want"
    " need look up data"
    " info information value current function tool return returns specific user given optional name"
    " number type"
)
"""Words found in any function's name or description; they count for little."""
_LIGHT = _stems("turn switch put start on off")
_SEEKING = _stems("search find list read check call")
"""Generic, yet telling where a command begins with them."""
_READING = word_set(
    "get find fetch read check list show search look lookup query is has count calculate compute convert"
)
_DOING = word_set(
    "set turn switch start stop create add delete book order send play move dim lock power make schedule"
)
_QUESTION = re.compile(r"(?:what|how|is|are|where|when|who|which|do|does|will|can|any)\b", re.IGNORECASE)
_PHRASAL = re.compile(r"\b(?:look(?:ing)? (?:up|for)|google)\b ?", re.IGNORECASE)

_GROUPS = (
    "weather forecast rain raining sunny snow temperature umbrella windy warm cold hot",
    "turn switch put set power",
    "book reserve",
    "schedule plan arrange create",
    "cancel delete remove clear",
    "buy order purchase",
    "send text email message write",
    "find search lookup list",
    "start begin launch play",
    "stop end halt",
    "increase raise up louder",
    "light lamp bulb",
    "dim brightness bright",
    "alarm wake",
    "timer countdown",
    "transfer move wire",
    "money buck dollar euro pound cash",
    "price cost much expensive stock",
    "convert exchange",
    "movie film",
    "song music track",
    "roll dice die",
    "appointment meeting event calendar",
    "restaurant table dinner",
    "thermostat heating heat warm cool",
    "picture image photo",
    "news headlines",
    "add plus sum",
    "subtract minus",
    "multiply times product",
    "divide over",
    "average mean",
    "phone call dial ring",
    "open close shut",
    "flight fly plane",
    "time clock hour",
    "todo task",
    "buy shopping groceries",
    "far distance",
    "long duration length",
)
"""Words that mean the same to a function."""


def _same() -> dict[str, frozenset[int]]:
    same: dict[str, frozenset[int]] = {}
    for number, group in enumerate(_GROUPS):
        for word in _stems(group):
            same[word] = same.get(word, frozenset()) | {number}
    return same


_SAME = _same()


def akin(known: frozenset[str]) -> frozenset[str]:
    """All words that mean the same as one of `known` (stems)."""
    groups = frozenset(group for word in known for group in _SAME.get(word, ()))
    return frozenset(word for word, numbers in _SAME.items() if numbers & groups)


def spelled_out(request: str) -> str:
    """A request with verbs of two words as one: "look up" is "search"."""
    return _PHRASAL.sub("search ", plain(request))


def named(request: str, functions: Mapping[str, FunctionDeclaration]) -> bool:
    """Whether a request says the whole name of a function, as written or in words."""
    low = request.lower()
    return any(name.lower() in low or " ".join(name_words(name)) in low for name in functions)


def score(request: str, declaration: FunctionDeclaration) -> float:
    """How well a request fits a function."""
    name = declaration.name or ""
    text = spelled_out(request)
    asking = bool(_QUESTION.match(text))
    told = statement(text, asked=False) is not None
    said = list(
        dict.fromkeys(
            stem(word.low) for word in words(text) if word.low not in STOP or word.low in ("on", "off")
        )
    )
    places = _places(declaration)
    total = (4.0 if named(request, {name: declaration}) else 0.0) - (TOLD if told else 0.0)
    for at, word in enumerate(said):
        weight = 0.3 if word in GENERIC or word in _LIGHT else 1.0
        if at == 0 and word in _SEEKING and not asking:
            weight = 0.7
        if at == 0 and weight == 1.0 and not asking and not told:
            weight = 1.5  # a command begins with what is to be done
        total += weight * next((worth * fit for known, worth in places if (fit := _fit(word, known))), 0.0)
    verb = next(iter(name_words(name)), "")
    if total > 0 and asking:
        total += 0.8 if verb in _READING else -0.8 if verb in _DOING else 0.0
    return total


def _places(declaration: FunctionDeclaration) -> tuple[tuple[frozenset[str], float], ...]:
    """Where a word may be found, the weightiest first."""
    parameters = slots(declaration.parameters)
    enums = frozenset(
        part for slot in parameters for value in _values(slot) for part in stems(str(value).replace("_", " "))
    )
    return (
        (frozenset(stem(word) for word in name_words(declaration.name or "")), NAME),
        (enums, ENUM),
        (frozenset(part for slot in parameters for part in slot.own) - GENERIC, OWN),
        (stems(declaration.description or ""), DESCRIPTION),
        (frozenset(part for slot in parameters for part in slot.about) - GENERIC, MORE),
    )


def _fit(word: str, known: frozenset[str]) -> float:
    """1 for the same word, less for one of the same family or meaning, 0 for none."""
    if word in known:
        return 1.0
    if len(word) > 3 and any(
        len(other) > 3 and (other.startswith(word) or word.startswith(other)) for other in known
    ):
        return 0.9
    groups = _SAME.get(word, frozenset())
    return 0.7 if any(groups & _SAME.get(other, frozenset()) for other in known) else 0.0


def _values(slot: Slot) -> tuple[Any, ...]:
    return slot.enum or tuple((slot.schema.get("items") or {}).get("enum") or ())
