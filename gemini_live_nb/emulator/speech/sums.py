"""Sums said in words: rewritten to signs, then read with the usual precedence, in exact fractions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt

from .numbers import at_place, spoken
from .words import word_set, words

LARGEST = 10**30

_REWRITES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\b(?:the )?sum of (.+)", lambda m: _joined(m[1], "plus")),
        (r"\b(?:the )?product of (.+)", lambda m: _joined(m[1], "times")),
        (r"\b(?:the )?difference between (.+?) and (.+)", r"\1 minus \2"),
        (r"\bsubtract (.+?) from (.+)", r"\2 minus \1"),
        (r"\btake (?:away )?(.+?) (?:away )?from (.+)", r"\2 minus \1"),
        (r"\badd (.+?) to (.+)", r"\2 plus \1"),
        (r"\badd (.+)", lambda m: _joined(m[1], "plus")),
        (r"\bmultiply (.+?) (?:by|with|and|times) (.+)", r"\1 times \2"),
        (r"\bdivide (.+?) (?:by|into) (.+)", r"\1 over \2"),
        (r"\bhow (?:many times does|often does) (.+?) (?:go|fit) in(?:to)? (.+)", r"\2 over \1"),
        (r"\b(?:increase|raise) (.+?) by (.+ percent)", r"\1 plus \2"),
        (r"\b(?:decrease|reduce|lower) (.+?) by (.+ percent)", r"\1 minus \2"),
        (r"\b(.+ percent) off (?:of )?(.+)", r"\2 minus \1"),
        (r"\bsquare (?=\d|[a-z]+$)(?!root)(.+)", r"\1 squared"),
        (r"\b(?:double|twice) (?:of )?", "2 times "),
        (r"\btriple (?:of )?", "3 times "),
        (r"\bhalve ", "half of "),
        (r"\b(?:the )?remainder of (.+?) (?:divided by|over) (.+)", r"\1 modulo \2"),
        (r"\bto the (?:power of )?(\w+)(?: power)?\b", r"power \1"),
        (r"\braised to (?:the )?(?:power (?:of )?)?", "power "),
        (r"\b(?:multiplied by|times by)\b", "times"),
        (r"\bdivided by\b", "over"),
        (r"\b(?:take away|less)\b", "minus"),
        (r"\badded to\b", "plus"),
        (r"(?<=\d)\s*x\s*(?=\d)", " times "),
    )
)
_BINARY = {"plus": 1, "+": 1, "minus": 1, "-": 1, "times": 2, "*": 2, "×": 2, "x": 2, "over": 2, "/": 2,
           "÷": 2, "modulo": 2, "mod": 2, "power": 4, "^": 4}  # fmt: skip
_SIGNS = {
    "+": "plus",
    "-": "minus",
    "*": "times",
    "×": "times",
    "x": "times",
    "/": "over",
    "÷": "over",
    "mod": "modulo",
    "^": "power",
}
_SUFFIXES: dict[str, Callable[[Fraction], Fraction]] = {"squared": lambda v: v**2, "cubed": lambda v: v**3}
_SAID = {"over": "divided by", "power": "to the power of"}
_ENDS = word_set("is equal equals = and then makes make") | {""}
"""What may come after a sum."""


class NoAnswer(Exception):  # noqa: N818  # named for what happened, as in errors.py
    """A sum that cannot be worked out; the message says why, in words to be spoken."""


def _joined(text: str, operator: str) -> str:
    return re.sub(r",? and |, ?", f" {operator} ", text)


def answer(
    text: str, known: Callable[[str], Fraction | None] = lambda _: None
) -> tuple[str, Fraction | None] | None:
    """Work out the sum in a sentence, if there is one: what to say, and the value.

    Args:
        text: one sentence.
        known: gives the value of a name ("it", "my lucky number"), as this conversation knows it.

    Example:
        >>> answer("What is twelve plus 7.5 times two?")[0]
        '12 plus 7.5 times 2 is 27.'
    """
    average = re.search(r"\b(?:average|mean) of (.+)", text, re.IGNORECASE)
    if average:
        return _average(average[1])
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    low = [word.low for word in words(text)]
    for start in range(len(low)):
        reader = _Reader(low, start, known)
        try:
            value = reader.expression(1)
        except _NotASum:
            continue
        except NoAnswer as error:
            return str(error), None
        if reader.operations and reader.next() in _ENDS:
            return f"{reader.said()} is {spoken(value)}.", value
    return None


def _average(text: str) -> tuple[str, Fraction | None] | None:
    parts = [part for part in re.split(r",? and |, ?", text) if part]
    values = []
    for part in parts:
        low = [word.low for word in words(part)]
        number = at_place(low, 0) if low else None
        if not number:
            return None
        values.append(number.value)
    mean = sum(values, Fraction(0)) / len(values)
    return f"The average is {spoken(mean)}.", mean


class _NotASum(Exception):  # noqa: N818  # as above
    """The words at this place are no expression."""


class _Reader:
    """Precedence climbing over words; keeps what it understood, to say it back."""

    def __init__(self, low: Sequence[str], at: int, known: Callable[[str], Fraction | None]) -> None:
        self.low, self.at, self._known = low, at, known
        self.operations = 0
        self._said: list[str] = []

    def said(self) -> str:
        text = " ".join(self._said)
        return text[:1].upper() + text[1:]

    def next(self) -> str:
        return self.low[self.at] if self.at < len(self.low) else ""

    def expression(self, least: int) -> Fraction:
        left = self._operand()
        while (strength := _BINARY.get(self.next(), 0)) >= least:
            sign, before, said = self.next(), self.at, len(self._said)
            sign = _SIGNS.get(sign, sign)
            self.at += 1
            self._said.append(_SAID.get(sign, sign))
            try:
                right = self.expression(strength if sign == "power" else strength + 1)
            except _NotASum:
                self.at = before
                del self._said[said:]
                break
            if self._said[-1] == "percent" and sign in ("plus", "minus"):
                right *= left
            left = _apply(sign, left, right)
            self.operations += 1
        return left

    def _operand(self) -> Fraction:
        while self.next() == "the":
            self.at += 1
        for kind, degree in (("square", 2), ("cube", 3)):
            if self.next() == kind and list(self.low[self.at + 1 : self.at + 2]) == ["root"]:
                self.at += 3 if list(self.low[self.at + 2 : self.at + 3]) == ["of"] else 2
                self._said.append(f"the {kind} root of")
                self.operations += 1
                return _root(self.expression(4), degree)
        value = self._named() or self._number()
        while self.next() in _SUFFIXES:
            self._said.append(self.next())
            value = _checked(_SUFFIXES[self.next()](value))
            self.at += 1
            self.operations += 1
        if self.next() in ("percent", "per") or (value.denominator > 1 and self.next() == "of"):
            return self._share(value)
        return value

    def _number(self) -> Fraction:
        number = at_place(self.low, self.at) if self.at < len(self.low) else None
        if not number:
            raise _NotASum
        said = self.low[self.at : number.end]
        self.at = number.end
        self._said.append(
            " ".join(said) if number.value.denominator > 1 and said[0].isalpha() else spoken(number.value, 10)
        )
        self._skip_unit()
        return number.value

    def _skip_unit(self) -> None:
        """Pass over what is counted: 3 *apples* plus 4 *apples*."""
        after = self.low[self.at + 1] if self.at + 1 < len(self.low) else ""
        counted = self.next().isalpha() and self.next() not in {
            *_BINARY,
            *_SUFFIXES,
            *_ENDS,
            "percent",
            "per",
            "of",
        }
        if counted and (after in _BINARY or after in _ENDS):
            self.at += 1

    def _named(self) -> Fraction | None:
        for length in (4, 3, 2, 1):
            name = " ".join(self.low[self.at : self.at + length])
            value = self._known(name) if name else None
            if value is not None:
                self.at += min(length, len(self.low) - self.at)
                self._said.append(spoken(value))
                return value
        return None

    def _share(self, value: Fraction) -> Fraction:
        if self.next() != "of":
            self.at += 2 if self.next() == "per" else 1
            self._said.append("percent")
            value /= 100
        if self.next() != "of":
            return value
        self.at += 1
        self._said.append("of")
        self.operations += 1
        whole = self.expression(3)
        return value * whole


def _apply(sign: str, left: Fraction, right: Fraction) -> Fraction:
    if sign in ("over", "modulo") and right == 0:
        raise NoAnswer("Nothing can be divided by zero.")
    if sign == "power":
        if right.denominator != 1 or abs(right) > 1_000 or (left == 0 and right < 0):
            raise NoAnswer("That power is beyond me.")
        size = max(abs(left.numerator), left.denominator).bit_length() * abs(right)
        if size > LARGEST.bit_length() * 4:
            raise NoAnswer("That number is too large for me.")
        return _checked(left ** int(right))
    operations: dict[str, Callable[[], Fraction]] = {
        "plus": lambda: left + right,
        "minus": lambda: left - right,
        "times": lambda: left * right,
        "over": lambda: left / right,
        "modulo": lambda: left % right,
    }
    return _checked(operations[sign]())


def _checked(value: Fraction) -> Fraction:
    if abs(value) > LARGEST:
        raise NoAnswer("That number is too large for me.")
    return value


def _root(value: Fraction, degree: int) -> Fraction:
    if value < 0 and degree == 2:
        raise NoAnswer("A negative number has no real square root.")
    if (
        degree == 2
        and isqrt(value.numerator) ** 2 == value.numerator
        and isqrt(value.denominator) ** 2 == value.denominator
    ):
        return Fraction(isqrt(value.numerator), isqrt(value.denominator))
    sign = -1 if value < 0 else 1
    near = Fraction(round(float(abs(value)) ** (1 / degree), 10))
    whole = Fraction(round(near))
    return sign * (whole if whole**degree == abs(value) else near)
