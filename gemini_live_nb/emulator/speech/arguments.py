"""Filling a function's parameters from what was said.

Each word is used once, the surest kinds of value go first.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from .dates import Moment
from .dates import find as find_moments
from .filling import Filling
from .phrases import Phrases
from .quantities import fill_number_list, fill_numbers
from .slots import Slot, slots
from .words import STOP, name_words, stem, word_set, words

_ALIASES = {
    "dollar": "usd",
    "buck": "usd",
    "euro": "eur",
    "pound": "gbp",
    "yen": "jpy",
    "franc": "chf",
    "centigrade": "celsius",
    "big": "large",
    "little": "small",
}
"""What people say for values that enums are full of."""
_OFF = re.compile(r"\b(?:off|disabled?|deactivated?|no|not|without|never|stop|false|un\w+ed)\b")
_ON = re.compile(r"\b(?:on|enabled?|activated?|yes|yeah|yep|sure|true|start)\b")
_NEGATED = re.compile(r"\b(?:no|not|without|non|un|disable|off|skip)\b")
_SWITCHES = frozenset(
    stem(word) for word in word_set("on off enabled enable active state power value status open locked lock")
)
_OPPOSITES = (("open", "close"), ("lock", "unlock"), ("start", "stop"))
_PRONOUNS = word_set("they it he she we you them")
_LITTLE = word_set("is be with has includ")


def fill(
    text: str,
    parameters: Sequence[Slot],
    now: datetime,
    *,
    name: frozenset[str] = frozenset(),
    asked: frozenset[str] = frozenset(),
    verbs: frozenset[str] = frozenset(),
    alone: bool = False,
) -> dict[str, Any]:
    """Arguments for `parameters`, as far as `text` has them.

    Args:
        text: the request.
        parameters: what is to be filled.
        now: local time, for "tomorrow".
        name: words of the function's name.
        asked: stems of the function's name and description.
        verbs: these and what means the same; such words are no values.
        alone: the text is the answer to a question for exactly these parameters, so all of it may be the
            value.
    """
    has_texts = any(slot.takes_text for slot in parameters)
    filling = Filling(text, now, words(text), asked, alone, has_texts)
    for kind, filler in _FILLERS:
        wanted = [slot for slot in parameters if slot.name not in filling.args and kind(slot)]
        if wanted:
            filler(filling, wanted)
    texts = [slot for slot in parameters if slot.name not in filling.args and slot.takes_text]
    for slot, value in Phrases(filling, verbs, name).fill(texts).items():
        filling.args[slot.name] = _items(value) if slot.listed else value
    return {slot.name: filling.args[slot.name] for slot in parameters if slot.name in filling.args}


def _items(value: str) -> list[str]:
    """The items of a list as it was said."""
    parts = (
        re.sub(r"^(?:the|a|an|my|our) ", "", part, flags=re.IGNORECASE)
        for part in re.split(r",? and |, ", value)
    )
    return [part for part in parts if part.lower() not in _PRONOUNS]


def _enums(filling: Filling, wanted: list[Slot]) -> None:
    """Enums: those with a direction ("from", "to") by the word before, the others in the order of mention."""
    leads = {"from": ("from",), "to": ("to", "in", "into")}
    for slot in wanted:
        before = next((leads[cue] for cue in slot.cues[:1] if cue in leads), None)
        for span, value in choices(filling, slot.enum):
            if not before or (span.start and filling.found[span.start - 1].low in before):
                filling.take(slot, value, [*span, *_own_words_before(filling, slot, span.start)])
                break
    for slot in wanted:
        if slot.name not in filling.args:
            for span, value in choices(filling, slot.enum)[:1]:
                filling.take(slot, value, span)


def _own_words_before(filling: Filling, slot: Slot, start: int) -> list[int]:
    """The parameter's own words just before its value: "*sorted by* rating"."""
    near = range(max(0, start - 2), start)
    return list(near) if near and _names(filling.found[near[0]].low, slot.own) else []


def choices(filling: Filling, values: Sequence[Any]) -> list[tuple[range, Any]]:
    """Where the values of an enum are named, in order. Long names first: "dark blue" is not "blue"."""
    named: list[tuple[range, Any]] = []
    taken: set[int] = set()
    for value in sorted(values, key=lambda value: -len(str(value))):
        low = str(value).lower()
        names = [
            name_words(str(value)) or [low],
            [low],
            *([alias] for alias, short in _ALIASES.items() if short == low),
        ]
        for span in (span for name in names for span in _spans(filling, name)):
            if not taken & set(span):
                named.append((span, value))
                taken |= set(span)
    return sorted(named or _almost(filling, values), key=lambda pair: pair[0].start)


def _spans(filling: Filling, phrase: Sequence[str]) -> list[range]:
    low, wanted = [stem(word) for word in filling.low], [stem(word) for word in phrase]
    size = len(wanted)
    return [range(at, at + size) for at in range(len(low) - size + 1) if low[at : at + size] == wanted]


def _almost(filling: Filling, values: Sequence[Any]) -> list[tuple[range, Any]]:
    """A value of which one word was said ("warm" for "warm white"), or that sounds almost like a word."""
    by_name = {str(value).lower(): value for value in values}
    for at, word in enumerate(filling.low):
        if len(word) < 4 or word in STOP:
            continue
        part = [
            name for name in by_name if stem(word) in map(stem, name_words(name)) or word.startswith(name)
        ]
        near = part if len(part) == 1 else difflib.get_close_matches(word, list(by_name), 1, 0.84)
        if near:
            return [(range(at, at + 1), by_name[near[0]])]
    return []


def _booleans(filling: Filling, wanted: list[Slot]) -> None:
    for slot in wanted:
        only = filling.alone or (slot.required and len(wanted) == 1)
        value, span = _truth(filling, slot, only=only)
        if value is not None:
            filling.take(slot, value, span)


def _truth(filling: Filling, slot: Slot, *, only: bool) -> tuple[bool | None, Iterable[int]]:
    """Named itself: true, unless a "no" stands close by. Else on or off, where it is the only switch."""
    own = slot.own - _LITTLE
    named = [at for at, word in enumerate(filling.low) if word and _names(word, own)]
    if named and not slot.own & {"on", "off"}:
        before = re.split(r"\b(?:but|and)\b", " ".join(filling.low[max(0, named[0] - 3) : named[0]]))[-1]
        after = " ".join(filling.low[named[-1] + 1 : named[-1] + 3])
        return not (_NEGATED.search(before) or re.match(r"off|false|no\b|is not|disabled", after)), named
    if not (slot.own & _SWITCHES or only):
        return None, ()
    low = " ".join(word or "." for word in filling.low)
    for pattern, value in ((_OFF, False), (_ON, True)):
        if match := pattern.search(low):
            return value != ("off" in slot.own), [filling.low.index(match[0])]
    for yes, no in _OPPOSITES:
        if stem(yes) in slot.own and re.search(rf"\b(?:{yes}|{no})", low):
            return not re.search(rf"\b{no}", low), ()
    return None, ()


def _names(word: str, own: frozenset[str]) -> bool:
    found = stem(word)
    alike = (part for part in own if len(part) > 4 and (part.startswith(found) or found.startswith(part)))
    return found in own or (len(found) > 4 and any(alike))


def _moments(filling: Filling, wanted: list[Slot]) -> None:
    """Days and times as texts: in the form the description asks for (ISO, HH:MM), else as they were said."""
    for slot in wanted:
        left = [word._replace(low=low or "-") for word, low in zip(filling.found, filling.low, strict=True)]
        moments = find_moments(left, filling.now)
        asked = slot.own if slot.own & {"dat", "day", "tim", "hour"} else slot.own | slot.about
        both = bool(asked & {"datetim", "when", "start", "moment", "timestamp"}) or {"dat", "tim"} <= asked
        wants_day, wants_time = asked & {"dat", "day", "deadlin", "birthday"}, asked & {"tim", "hour", "at"}
        day = next((moment for moment in moments if moment.day and (both or wants_day)), None)
        clock = next((moment for moment in moments if moment.clock and (both or wants_time)), None)
        if filling.alone and not (day or clock) and moments:
            day = clock = moments[0]
        if day or clock:
            span = [at for moment in (day, clock) if moment for at in range(moment.start, moment.end)]
            filling.take(slot, _moment_text(filling, slot, day, clock), span)


def _moment_text(filling: Filling, slot: Slot, day: Moment | None, clock: Moment | None) -> str:
    form = f"{slot.schema.get('description') or ''} {slot.schema.get('format') or ''}"
    iso = re.search(r"iso|yyyy|date-time|rfc|\d{4}-\d\d-\d\d|^ (?:date|time)$", form, re.IGNORECASE)
    digits = iso or re.search(r"hh:mm|24.?h|\d\d:\d\d", form, re.IGNORECASE)
    parts = []
    if day and day.day:
        parts.append(day.day.isoformat() if iso else filling.said(day.start, day.end))
    if clock and clock.clock and (clock is not day or digits):
        parts.append(clock.clock.strftime("%H:%M") if digits else filling.said(clock.start, clock.end))
    return ("T" if iso else " at ").join(parts)


def _lists(filling: Filling, wanted: list[Slot]) -> None:
    for slot in wanted:
        items = slot.schema.get("items") or {}
        if items.get("enum"):
            named = choices(filling, items["enum"])
            if named:
                filling.take(slot, [value for _, value in named], [at for span, _ in named for at in span])
        elif str(items.get("type") or "").lower() in ("number", "integer"):
            fill_number_list(filling, slot)


def _objects(filling: Filling, wanted: list[Slot]) -> None:
    for slot in wanted:
        inner = fill(filling.text, slots(slot.schema), filling.now)
        if inner:
            filling.args[slot.name] = inner


_FILLERS: tuple[tuple[Callable[[Slot], bool], Callable[[Filling, list[Slot]], None]], ...] = (
    (lambda slot: bool(slot.enum) and slot.kind == "string", _enums),
    (lambda slot: slot.kind == "array" and bool((slot.schema.get("items") or {}).get("enum")), _lists),
    (lambda slot: slot.takes_text and slot.dated, _moments),
    (lambda slot: slot.kind in ("number", "integer"), fill_numbers),
    (lambda slot: slot.kind == "array", _lists),
    (lambda slot: slot.kind == "boolean", _booleans),
    (lambda slot: slot.kind == "object", _objects),
)
