"""Arithmetic in words, read with the usual precedence in exact fractions: "7 squared plus half of 3"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import factorial, isqrt

from .numbers import at_place, spoken
from .words import word_set

LARGEST = 10**30


class NoAnswer(Exception):  # noqa: N818  # named for what happened, as in errors.py
    """A sum that cannot be worked out; the message says why, in words to be spoken."""


class NotASum(Exception):  # noqa: N818  # as above
    """The words at this place are no expression."""


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


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or value < 0:
        raise NoAnswer("Only whole numbers have a factorial.")
    if value > 25:
        raise NoAnswer("That number is too large for me.")
    return Fraction(factorial(int(value)))


_SUFFIXES: dict[str, Callable[[Fraction], Fraction]] = {
    "squared": lambda v: v**2,
    "cubed": lambda v: v**3,
    "factorial": _factorial,
}
_SAID = {"over": "divided by", "power": "to the power of"}
_UNCOUNTED = {*_BINARY, *_SUFFIXES, *word_set("percent per of bracket unbracket is equal equals and then")}
ENDS = word_set("is equal equals = and then makes make") | {""}
"""What may come after a sum."""


class Reader:
    """Precedence climbing over words.

    Args:
        low: the words, in lower case.
        at: where the sum begins.
        known: gives the value of a name ("it"), if it has one.
    """

    def __init__(self, low: Sequence[str], at: int, known: Callable[[str], Fraction | None]) -> None:
        self.low, self.at, self._known = low, at, known
        self.operations = 0
        self._said: list[str] = []

    def said(self) -> str:
        """The sum as it was understood, to say it back."""
        text = " ".join(self._said)
        return text[:1].upper() + text[1:]

    def next(self) -> str:
        """The next word; empty at the end."""
        return self.low[self.at] if self.at < len(self.low) else ""

    def expression(self, least: int) -> Fraction:
        """The value of what follows, of operators that bind at least so strongly.

        Raises:
            NotASum: there is none.
            NoAnswer: it has no value.
        """
        left = self._operand()
        while (strength := _BINARY.get(self.next(), 0)) >= least:
            sign, before, said = self.next(), self.at, len(self._said)
            sign = _SIGNS.get(sign, sign)
            self.at += 1
            self._said.append(_SAID.get(sign, sign))
            try:
                right = self.expression(strength if sign == "power" else strength + 1)
            except NotASum:
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
        value = self._bracket()
        if value is None:
            value = self._named()
        if value is None:
            value = self._number()
        while self.next() in _SUFFIXES:
            self._said.append(self.next())
            value = _checked(_SUFFIXES[self.next()](value))
            self.at += 1
            self.operations += 1
        if self.next() in ("percent", "per") or (value.denominator > 1 and self.next() == "of"):
            return self._share(value)
        return value

    def _bracket(self) -> Fraction | None:
        if self.next() != "bracket":
            return None
        self.at += 1
        said = len(self._said)
        value = self.expression(1)
        if self.next() != "unbracket":
            raise NotASum
        self.at += 1
        self._said[said] = f"({self._said[said]}"
        self._said[-1] += ")"
        return value

    def _number(self) -> Fraction:
        number = at_place(self.low, self.at) if self.at < len(self.low) else None
        if not number:
            raise NotASum
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
        counted = self.next().isalpha() and self.next() not in _UNCOUNTED
        if counted and (after in _BINARY or after in ENDS):
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
