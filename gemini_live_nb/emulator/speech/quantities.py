"""Numbers as arguments: each goes to the parameter whose words, or whose unit, stand closest to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from .filling import Filling
from .numbers import Number, find
from .slots import Slot
from .units import SECONDS
from .words import stem, word_set


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


_UNIT_STEMS = {stem(name): size for name, size in SECONDS.items()}
_DURATIONS = frozenset(_UNIT_STEMS) | _stems("duration timer length")
_AMOUNTS = _stems("count quantity number amount times copies how n limit top")
_MOST, _BELOW = _stems("max maximum most upper"), word_set("under below most up than maximum until")
_LEAST, _ABOVE = _stems("min minimum least lower"), word_set("over above least than from minimum")
_PARTIES = _stems("people guests party persons seats size")
_LEVELS = _stems("percent percentage level volume brightness degrees temperature")


def fill_numbers(filling: Filling, slots: list[Slot]) -> None:
    """Give numbers to numeric parameters: the closest pairs first, then in order to required ones."""
    found = find(filling.low)
    pairs = [
        (_closeness(filling, slot, number), -order, -number.start, slot, number)
        for order, slot in enumerate(slots)
        for number in found
    ]
    used: set[int] = set()
    for closeness, _, _, slot, number in sorted(pairs, key=lambda pair: pair[:3], reverse=True):
        free = number.start not in used and slot.name not in filling.args
        if closeness > 0 and free and _give(filling, slot, number):
            used.add(number.start)
    for slot in slots:
        rest = [number for number in found if number.start not in used]
        wanted = slot.name not in filling.args and (slot.required or filling.alone)
        if rest and wanted and _give(filling, slot, rest[0]):
            used.add(rest[0].start)
    rest = [number for number in found if number.start not in used]
    open_slots = [slot for slot in slots if slot.name not in filling.args]
    if len(rest) == len(open_slots) == 1 and not filling.has_texts:  # nothing else can be meant by it
        _give(filling, open_slots[0], rest[0])


def fill_number_list(filling: Filling, slot: Slot) -> None:
    """Give all numbers that are left to a parameter that takes a list of them."""
    found = find(filling.low)
    if found:
        span = [at for number in found for at in range(number.start, number.end)]
        own = [at for at, word in enumerate(filling.found) if stem(word.low) in slot.own]
        filling.take(slot, [json_number(number.value) for number in found], [*span, *own])


def json_number(value: Fraction) -> int | float:
    """The value as JSON writes it: whole numbers without a point."""
    return int(value) if value.denominator == 1 else float(value)


def _closeness(filling: Filling, slot: Slot, number: Number) -> float:
    """How near the parameter's own words stand to a number; 0 is not at all."""
    low = [word.low for word in filling.found]
    after, before = low[number.end : number.end + 2], low[max(0, number.start - 3) : number.start]
    places = (
        (after[:1], 4.0),
        (after[1:], 2.0),
        (before[-1:], 4.5),
        (before[-2:-1], 2.0),
        (before[-3:-2], 1.5),
    )
    score = 0.0
    for near, weight in places:
        stems = {stem(word) for word in near}
        score += weight if stems & slot.own else weight / 2 if stems & slot.about else 0.0
    meant = slot.own | slot.about
    if slot.own & _AMOUNTS:
        score += 2.5 if after and stem(after[0]) in filling.asked else 1.0
    bounds = _BELOW if slot.own & _MOST else _ABOVE if slot.own & _LEAST else frozenset()
    score += 3.0 if bounds & set(before) else 0.0
    if _unit(after) and meant & _DURATIONS:
        score += 3.0
    if before[-1:] == ["for"] and slot.own & _PARTIES:
        score += 3.0
    if after and after[0] in ("percent", "degree", "degrees") and meant & _LEVELS:
        score += 3.0
    if before and before[-1] in ("from", "to") and before[-1] in slot.cues[:1]:
        score += 2.0
    return score


def _unit(after: Sequence[str]) -> int:
    """Seconds of the unit of time that follows a number, 0 if none does."""
    return SECONDS.get(after[0].removesuffix("s"), 0) if after else 0


def _give(filling: Filling, slot: Slot, number: Number) -> bool:
    """Take a number for a parameter, in the unit it counts; false if it cannot be one of its values."""
    low = [word.low for word in filling.found]
    value, end = number.value, number.end
    said = _unit(low[end : end + 1])
    counted = [size for name, size in _UNIT_STEMS.items() if name in slot.own]
    counted += [size for name, size in _UNIT_STEMS.items() if name in slot.about]
    if said and counted:
        value, end = value * said / counted[0], end + 1
    elif low[end : end + 1] == ["percent"]:
        value, end = value / 100 if value > 1 and _is_share(slot) else value, end + 1
    plain = json_number(value)
    if (slot.kind == "integer" and value.denominator != 1) or (slot.enum and plain not in slot.enum):
        return False
    near = [at for at in (number.start - 1, end) if 0 <= at < len(low) and stem(low[at]) in slot.own]
    filling.take(slot, plain, [*range(number.start, end), *near])
    return True


def _is_share(slot: Slot) -> bool:
    """Whether a parameter counts from 0 to 1: by its maximum, else by how it is described."""
    top: Any = slot.schema.get("maximum")
    if top is not None:
        return float(top) <= 1
    about = str(slot.schema.get("description") or "")
    return bool(re.search(r"\b0(?:\.0)?\b.*\b1(?:\.0)?\b(?!\d)", about)) and "100" not in about
