"""Filling a function's parameters from what was said. Each value is taken from the words once, the surest kinds first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from . import dates, numbers
from .phrases import Phrases
from .slots import Slot
from .words import STOP, Word, name_words, stem, words

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_ALIASES = {
    "dollar": "usd", "buck": "usd", "euro": "eur", "pound": "gbp", "yen": "jpy", "franc": "chf", "celsius": "c", "fahrenheit": "f",
    "centigrade": "celsius", "switched on": "on", "switched off": "off", "medium sized": "medium", "big": "large", "little": "small",
}  # fmt: skip
_AMOUNTS = frozenset(
    stem(word) for word in ("count", "quantity", "number", "amount", "times", "copies", "how", "n")
)
_OFF = re.compile(
    r"\b(?:off|disabled?|deactivated?|no|not|without|never|stop|false|mute[d]? off|un\w+ed)\b", re.IGNORECASE
)
_ON = re.compile(r"\b(?:on|enabled?|activated?|yes|yeah|yep|sure|true|start|please do)\b", re.IGNORECASE)


@dataclass(slots=True)
class Filling:
    """The state of one filling: the request, which of its words are spent, and the arguments so far."""

    text: str
    now: datetime
    found: list[Word]
    asked: frozenset[str] = frozenset()
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


def fill(
    text: str,
    slots: Sequence[Slot],
    now: datetime,
    *,
    name: frozenset[str] = frozenset(),
    asked: frozenset[str] = frozenset(),
    verbs: frozenset[str] = frozenset(),
    alone: bool = False,
) -> dict[str, Any]:
    """Arguments for `slots`, as far as `text` has them.

    Args:
        text: the request.
        slots: the parameters to fill.
        now: local time, for "tomorrow".
        name: words of the function's name.
        asked: stems of the function's name and description.
        verbs: these and what means the same; such words are no values.
        alone: the text is the answer to a question for exactly these parameters, so all of it may be the value.
    """
    filling = Filling(text, now, words(text), asked)
    for kind, filler in _FILLERS:
        open_slots = [slot for slot in slots if slot.name not in filling.args and kind(slot)]
        if open_slots:
            filler(filling, open_slots, alone)
    strings = [
        slot
        for slot in slots
        if slot.name not in filling.args and ((slot.kind == "string" and not slot.enum) or slot.listed)
    ]
    for slot, value in (
        Phrases(filling.text, filling.found, filling.spent, verbs, name).fill(strings, alone=alone).items()
    ):
        filling.args[slot.name] = re.split(r",? and |, ", value) if slot.listed else value
    return {slot.name: filling.args[slot.name] for slot in slots if slot.name in filling.args}


def _spans(filling: Filling, phrase: Sequence[str]) -> list[range]:
    low = filling.low
    wanted = [stem(word) for word in phrase]
    return [
        range(at, at + len(wanted))
        for at in range(len(low) - len(wanted) + 1)
        if [stem(word) for word in low[at : at + len(wanted)]] == wanted
    ]


def choices(filling: Filling, values: Sequence[Any]) -> list[tuple[range, Any]]:
    """Where the values of an enum are named, in order; long names first, so "dark blue" is not "blue"."""
    named: list[tuple[range, Any]] = []
    taken: set[int] = set()
    for value in sorted(values, key=lambda value: -len(str(value))):
        names = [name_words(str(value)) or [str(value).lower()], [str(value).lower()]]
        names += [alias.split() for alias, short in _ALIASES.items() if short == str(value).lower()]
        for name in names:
            for span in _spans(filling, name):
                if not taken & set(span):
                    named.append((span, value))
                    taken |= set(span)
    if not named:
        named = _misheard(filling, values)
    return sorted(named, key=lambda pair: pair[0].start)


def _misheard(filling: Filling, values: Sequence[Any]) -> list[tuple[range, Any]]:
    """A value of which only one word was said ("warm" for "warm white"), or that sounds almost like what was said."""
    for at, word in enumerate(filling.low):
        if len(word) < 4 or word in STOP:
            continue
        part = [
            value
            for value in values
            if stem(word) in map(stem, name_words(str(value))) or word.startswith(str(value).lower())
        ]
        near = difflib.get_close_matches(word, [str(value).lower() for value in values], 1, 0.84)
        if len(part) == 1 or near:
            return [
                (
                    range(at, at + 1),
                    part[0]
                    if len(part) == 1
                    else next(value for value in values if str(value).lower() == near[0]),
                )
            ]
    return []


def _enums(filling: Filling, slots: list[Slot], alone: bool) -> None:
    """Enums, those with a direction ("from", "to") by the word before, the others by their values, in order."""
    for slot in slots:
        ends = {"from", "to"} & {cue for cue in slot.cues[:1]}
        named = choices(filling, slot.enum)
        for span, value in named:
            if not ends or (
                span.start
                and filling.found[span.start - 1].low
                in (*ends, "in" if "to" in ends else "from", "into" if "to" in ends else "")
            ):
                filling.take(slot, value, span)
                break
    for slot in slots:
        if slot.name not in filling.args:
            for span, value in choices(filling, slot.enum):
                filling.take(slot, value, span)
                break


def _booleans(filling: Filling, slots: list[Slot], alone: bool) -> None:
    for slot in slots:
        value, span = _truth(filling, slot, alone=alone or (slot.required and len(slots) == 1))
        if value is not None:
            filling.take(slot, value, span)


def _truth(filling: Filling, slot: Slot, *, alone: bool) -> tuple[bool | None, Iterable[int]]:
    """Named itself: true, unless a "no" or "off" stands close by. Else on or off, where it is the only switch."""
    named = [
        at
        for at, word in enumerate(filling.low)
        if word and _names(word, slot.own - {"is", "be", "with", "has", "includ"})
    ]
    if named and not (slot.own & {"on", "off"}):
        before = re.split(r"\b(?:but|and)\b", " ".join(filling.low[max(0, named[0] - 3) : named[0]]))[-1]
        after = " ".join(filling.low[named[-1] + 1 : named[-1] + 3])
        no = re.search(r"\b(?:no|not|without|do not|non|un|disable|off|skip)\b", before) or re.match(
            r"(?:off|false|no\b|is not|disabled)", after
        )
        return not no, named
    switch = slot.own & {
        stem(word)
        for word in (
            "on",
            "off",
            "enabled",
            "enable",
            "active",
            "state",
            "power",
            "value",
            "status",
            "open",
            "locked",
            "lock",
        )
    }
    if not (switch or alone):
        return None, ()
    low = " ".join(word or "." for word in filling.low)
    if match := _OFF.search(low):
        return bool(slot.own & {"off"}), _at(filling, match)
    if match := _ON.search(low):
        return not slot.own & {"off"}, _at(filling, match)
    for yes, no in (("open", "close"), ("lock", "unlock"), ("start", "stop")):
        if stem(yes) in slot.own and re.search(rf"\b(?:{yes}|{no})", low):
            return not re.search(rf"\b{no}", low), ()
    return None, ()


def _names(word: str, own: frozenset[str]) -> bool:
    found = stem(word)
    return found in own or (
        len(found) > 4
        and any(len(part) > 4 and (part.startswith(found) or found.startswith(part)) for part in own)
    )


def _at(filling: Filling, match: re.Match[str]) -> Iterable[int]:
    wanted = match[0].split()[0].lower()
    return [at for at, word in enumerate(filling.low) if word == wanted][:1]


def _moments(filling: Filling, slots: list[Slot], alone: bool) -> None:
    """Days and times as strings: in the form the description asks for (ISO, HH:MM), else as they were said."""
    for slot in slots:
        moments = dates.find(
            [word._replace(low=low or "-") for word, low in zip(filling.found, filling.low, strict=True)],
            filling.now,
        )
        asked = (
            slot.own
            if slot.own & {stem(word) for word in ("date", "day", "time", "hour")}
            else slot.own | slot.about
        )
        both = bool(asked & {"datetim", "when", "start", "moment", "timestamp"}) or ({"dat", "tim"} <= asked)
        wants_day = both or bool(asked & {"dat", "day", "deadlin", "birthday"})
        wants_time = both or bool(asked & {"tim", "hour", "at"})
        day = next((moment for moment in moments if moment.day and wants_day), None)
        clock = next((moment for moment in moments if moment.clock and wants_time), None)
        if alone and not (day or clock) and moments:
            day = clock = moments[0]
        if not (day or clock):
            continue
        said = [moment for moment in (day, clock) if moment]
        span = [at for moment in said for at in range(moment.start, moment.end)]
        filling.take(slot, _moment_text(filling, slot, day, clock, span), span)


def _moment_text(
    filling: Filling, slot: Slot, day: dates.Moment | None, clock: dates.Moment | None, span: list[int]
) -> str:
    form = str(slot.schema.get("description") or "") + str(slot.schema.get("format") or "")
    iso = re.search(r"iso|yyyy|date-time|rfc", form, re.IGNORECASE) or slot.schema.get("format") in (
        "date",
        "time",
    )
    clock_form = re.search(r"hh:mm|24.?h|iso|\d\d:\d\d", form, re.IGNORECASE) or iso
    parts = []
    if day and day.day:
        parts.append(day.day.isoformat() if iso else _as_said(filling, day))
    if clock and clock.clock and (clock is not day or clock_form):
        parts.append(clock.clock.strftime("%H:%M") if clock_form else _as_said(filling, clock))
    return ("T" if iso and len(parts) > 1 else " at " if len(parts) > 1 else "").join(parts)


def _as_said(filling: Filling, moment: dates.Moment) -> str:
    return filling.text[filling.found[moment.start].start : filling.found[moment.end - 1].end]


def _numbers(filling: Filling, slots: list[Slot], alone: bool) -> None:
    """Each number goes to the parameter whose words stand closest to it; what is left over, in order, to required ones."""
    found = numbers.find(filling.low)
    pairs = sorted(
        (
            (-_closeness(filling, slot, number), order, number.start, slot, number)
            for order, slot in enumerate(slots)
            for number in found
        ),
        key=lambda pair: pair[:3],
    )
    used: set[int] = set()
    for closeness, _, start, slot, number in pairs:
        if (
            closeness < 0
            and start not in used
            and slot.name not in filling.args
            and _give(filling, slot, number)
        ):
            used.add(start)
    for slot in slots:
        rest = [number for number in found if number.start not in used]
        if (
            slot.name not in filling.args
            and rest
            and (slot.required or alone)
            and _give(filling, slot, rest[0])
        ):
            used.add(rest[0].start)


def _closeness(filling: Filling, slot: Slot, number: numbers.Number) -> float:
    """How near the slot's own words (or a unit it counts) stand to a number: 0 is not at all."""
    low = [word.low for word in filling.found]
    after, before = low[number.end : number.end + 2], low[max(0, number.start - 3) : number.start]
    score = 0.0
    for near, weight in (
        (after[:1], 4.0),
        (after[1:2], 2.0),
        (before[-1:], 4.5),
        (before[-2:-1], 2.0),
        (before[-3:-2], 1.5),
    ):
        stems = {stem(word) for word in near}
        score += weight if stems & slot.own else weight / 2 if stems & slot.about else 0.0
    if after and stem(after[0]) in filling.asked and slot.own & _AMOUNTS:
        score += 2.5
    unit = _unit(after[:1])
    if unit and (slot.own | slot.about) & {stem(name) for name in (*UNITS, "duration", "timer", "length")}:
        score += 3.0
    if before[-1:] == ["for"] and slot.own & {
        stem(word) for word in ("people", "guests", "party", "persons", "seats", "size")
    }:
        score += 3.0
    if after[:1] in (["percent"], ["degrees"], ["degree"]) and (slot.own | slot.about) & {
        "percent",
        "percentag",
        "level",
        "volum",
        "brightnes",
        "degre",
        "temperatur",
    }:
        score += 3.0
    if {"to", "from"} & set(before[-1:]) & {word for cue in slot.cues[:1] for word in [cue]}:
        score += 2.0
    return score


def _unit(near: Sequence[str]) -> int:
    return UNITS.get(near[0].removesuffix("s"), 0) if near else 0


def _give(filling: Filling, slot: Slot, number: numbers.Number) -> bool:
    value, low = number.value, [word.low for word in filling.found]
    span = range(number.start, number.end)
    said = _unit(low[number.end : number.end + 1])
    wanted = next((size for name, size in UNITS.items() if stem(name) in slot.own), 0) or next(
        (size for name, size in UNITS.items() if stem(name) in slot.about), 0
    )
    if said and wanted:
        value, span = value * said / wanted, range(number.start, number.end + 1)
    top = slot.schema.get("maximum")
    if low[number.end : number.end + 1] == ["percent"]:
        span = range(number.start, number.end + 1)
        value = value / 100 if value > 1 and _is_share(slot, top) else value
    whole = slot.kind == "integer"
    if whole and value.denominator != 1:
        return False
    if slot.enum and plain(value) not in slot.enum and str(plain(value)) not in slot.enum:
        return False
    near = [at for at in (span.start - 1, span.stop) if 0 <= at < len(low) and stem(low[at]) in slot.own]
    filling.take(slot, plain(value), [*span, *near])
    return True


def _is_share(slot: Slot, top: Any) -> bool:
    """Whether a parameter counts from 0 to 1: by its maximum, else by how it is described."""
    if top is not None:
        return float(top) <= 1
    about = str(slot.schema.get("description") or "")
    return bool(re.search(r"\b0(?:\.0)?\b.*\b1(?:\.0)?\b(?!\d)", about)) and "100" not in about


def plain(value: Fraction) -> int | float:
    """A JSON number."""
    return int(value) if value.denominator == 1 else float(value)


def _arrays(filling: Filling, slots: list[Slot], alone: bool) -> None:
    for slot in slots:
        items = slot.schema.get("items") or {}
        kind = str(items.get("type") or "string").lower()
        if items.get("enum"):
            named = choices(filling, items["enum"])
            if named:
                filling.take(slot, [value for _, value in named], [at for span, _ in named for at in span])
        elif kind in ("number", "integer"):
            found = numbers.find(filling.low)
            if found:
                filling.take(
                    slot,
                    [plain(number.value) for number in found],
                    [at for number in found for at in range(number.start, number.end)],
                )
                filling.spent.update(
                    at for at, word in enumerate(filling.found) if stem(word.low) in slot.own
                )


def _objects(filling: Filling, slots: list[Slot], alone: bool) -> None:
    from .slots import slots as parts_of

    for slot in slots:
        inner = fill(filling.text, parts_of(slot.schema), filling.now)
        if inner:
            filling.args[slot.name] = inner


_FILLERS: tuple[tuple[Callable[[Slot], bool], Callable[[Filling, list[Slot], bool], None]], ...] = (
    (lambda slot: bool(slot.enum) and slot.kind == "string", _enums),
    (lambda slot: slot.kind == "array" and bool((slot.schema.get("items") or {}).get("enum")), _arrays),
    (
        lambda slot: slot.kind == "string" and not slot.enum and bool({"date", "time"} & set(slot.roles)),
        _moments,
    ),
    (lambda slot: slot.kind in ("number", "integer"), _numbers),
    (lambda slot: slot.kind == "array" and not (slot.schema.get("items") or {}).get("enum"), _arrays),
    (lambda slot: slot.kind == "boolean", _booleans),
    (lambda slot: slot.kind == "object", _objects),
)
