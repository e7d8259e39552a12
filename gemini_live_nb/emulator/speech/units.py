"""Units people ask about, exactly: how many minutes a day has, what five miles are in kilometres."""

from __future__ import annotations

import re
from fractions import Fraction

from .numbers import find, spoken
from .scene import Intent, Scene, intent
from .words import words

SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_INCH, _POUND = Fraction("25.4"), Fraction("453.59237")
_KINDS: tuple[dict[str, Fraction], ...] = (
    {name: Fraction(size) for name, size in SECONDS.items()},
    {"month": Fraction(1), "year": Fraction(12), "decade": Fraction(120), "century": Fraction(1200)},
    {
        "millimeter": Fraction(1),
        "centimeter": Fraction(10),
        "meter": Fraction(1_000),
        "kilometer": Fraction(1_000_000),
        "inch": _INCH,
        "foot": _INCH * 12,
        "yard": _INCH * 36,
        "mile": _INCH * 63_360,
    },
    {
        "milligram": Fraction(1, 1_000),
        "gram": Fraction(1),
        "kilogram": Fraction(1_000),
        "ton": Fraction(1_000_000),
        "ounce": _POUND / 16,
        "pound": _POUND,
    },
    {"milliliter": Fraction(1), "liter": Fraction(1_000)},
    {"item": Fraction(1), "dozen": Fraction(12)},
)
"""Units that can be turned into each other, each in the smallest of its kind."""
_ALSO = {
    "feet": "foot",
    "inches": "inch",
    "centuries": "century",
    "kilo": "kilogram",
    "tonne": "ton",
    "mm": "millimeter",
    "cm": "centimeter",
    "km": "kilometer",
    "kg": "kilogram",
    "egg": "item",
    "thing": "item",
}


def _unit(word: str) -> str:
    """A unit's own name: "kilometres" → "kilometer"; empty for what is none."""
    low = word.lower()
    one = _ALSO.get(low) or low.removesuffix("s")
    one = _ALSO.get(one, re.sub(r"(met|lit)re$", r"\1er", one))
    return one if any(one in kind for kind in _KINDS) else ""


def _convert(scene: Scene) -> str | None:
    """A number of one unit in another."""
    amount, old = re.sub(r" ?degrees?$", "", scene.groups["amount"]).strip(), scene.groups["old"]
    numbers = find([word.low for word in words(amount)])
    value = numbers[0].value if numbers else Fraction(1) if amount in ("", "a", "an", "one", "the") else None
    first, then = _unit(old), _unit(scene.groups["new"])
    if value is None or not first or not then:
        return _degrees(value, old, scene.groups["new"]) if value is not None else None
    kind = next((kind for kind in _KINDS if first in kind and then in kind), None)
    if kind is None:
        return _days_of_a_year(first, then)
    result = value * kind[first] / kind[then]
    verb = "is" if value == 1 else "are"
    return f"{spoken(value)} {_counted(first, value)} {verb} {spoken(result)} {_counted(then, result)}."


def _degrees(value: Fraction, old: str, new: str) -> str | None:
    scales = f"{old[:1]}{new[:1]}".lower()
    if not re.match(r"(?:celsius|fahrenheit)$", old, re.IGNORECASE) or scales not in ("cf", "fc"):
        return None
    result = value * 9 / 5 + 32 if scales == "cf" else (value - 32) * 5 / 9
    return f"{spoken(value)} degrees {old.capitalize()} are {spoken(result, 1)} degrees {new.capitalize()}."


def _days_of_a_year(long: str, short: str) -> str | None:
    if (long, short) != ("year", "day"):
        return None
    return "A year has 365 days, and a leap year 366."


def _counted(unit: str, value: Fraction) -> str:
    many = {"foot": "feet", "inch": "inches", "century": "centuries", "dozen": "dozen"}
    return unit if value == 1 else many.get(unit, f"{unit}s")


_IN = r"(?:(?:are|is|make|go) )?(?:there )?(?:in(?:to)?|make(?: up)?)"
_AMOUNT = r"(?P<amount>[\w., -]*?) ?\b(?P<old>[a-z]+)"
_ASKED = r"\b(?:convert|what (?:is|are)|how much (?:is|are))"
INTENTS: tuple[Intent, ...] = tuple(
    intent("units", _convert, pattern)
    for pattern in (
        rf"^how many (?P<new>\w+) {_IN} {_AMOUNT}$",
        rf"^how many (?P<new>\w+) (?:does|do|has|have) {_AMOUNT} have$",
        rf"{_ASKED} {_AMOUNT} (?:in|into|to|as) (?:degrees? )?(?P<new>[a-z]+)$",
    )
)
