"""Function results in words: what the function said, and nothing that it did not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from ..brain import Result
from .numbers import spoken
from .scene import listed
from .words import name_words

LONGEST = 400
"""Characters of a result that are read out."""


def tell(results: Sequence[Result]) -> str:
    """Results as one answer."""
    return " ".join(_tell(result) for result in results)


def _tell(result: Result) -> str:
    name = " ".join(name_words(result.name)) or "the function"
    response = dict(result.response)
    if "error" in response:
        return f"{name.capitalize()} failed: {in_words(response['error']).rstrip('.')}."
    for key in ("output", "result"):
        if key in response and len(response) == 1:
            return _value(name, result, response[key])
    return _value(name, result, response)


def _value(name: str, result: Result, value: Any) -> str:
    so_far = "So far: " if result.will_continue else ""
    if value is None or value in ({}, [], ""):
        return f"{so_far}{name.capitalize()} is done."
    if isinstance(value, bool):
        return f"{so_far}{name.capitalize()} says {'yes' if value else 'no'}."
    said = in_words(value)
    if len(said) > LONGEST:
        said = said[:LONGEST].rpartition(" ")[0] + ", and so on"
    if isinstance(value, str) and len(said.split()) > 2:
        said = said[:1].upper() + said[1:]
        return f"{so_far}{said}" + ("" if said[-1] in ".!?" else ".")
    about = [str(arg) for arg in result.args.values() if isinstance(arg, str)]
    where = f" for {about[0]}" if len(about) == 1 and len(about[0]) < 40 else ""
    return f"{so_far}{name.capitalize()}{where} says: {said}."


def in_words(value: Any) -> str:
    """Any JSON value, readable aloud.

    Example:
        >>> in_words({"temp_c": 18.5, "sky": ["clear", "calm"], "rain": False})
        'temp c is 18.5, sky is clear and calm and rain is no'
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return spoken(Fraction(str(value))) if isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return listed(
            [f"{' '.join(name_words(str(key))) or key} is {in_words(part)}" for key, part in value.items()]
        )
    if isinstance(value, list | tuple):
        return listed([in_words(part) for part in value]) or "nothing"
    return "nothing" if value is None else str(value)
