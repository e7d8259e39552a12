"""Numbers in words and digits, exactly: "two thousand and five", "minus 3.5", "a dozen", "three quarters"."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
UNITS = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * at for at, word in enumerate(_TENS, 2)
}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
PARTS = {
    word: Fraction(1, value)
    for value, word in (
        (2, "half"),
        (3, "third"),
        (4, "quarter"),
        (4, "fourth"),
        (5, "fifth"),
        (8, "eighth"),
        (10, "tenth"),
    )
}
ORDINALS = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        1,
    )
} | {"thirtieth": 30}


class Number(NamedTuple):
    """A number found in a sentence: words `start` to `end` (exclusive) of it say `value`."""

    value: Fraction
    start: int
    end: int


def find(low: Sequence[str]) -> list[Number]:
    """All numbers in lower-case words, left to right.

    Example:
        >>> [str(number.value) for number in find("minus two and a half or twenty one point five".split())]
        ['-5/2', '43/2']
    """
    found: list[Number] = []
    at = 0
    while at < len(low):
        after_number = bool(found) and found[-1].end == at and low[at] in ("-", "minus")
        number = None if after_number else at_place(low, at)
        if number:
            found.append(number)
        at = number.end if number else at + 1
    return found


def at_place(low: Sequence[str], at: int) -> Number | None:
    """The longest number that starts exactly at word `at`, if one does."""
    start = at
    negative = low[at] in ("minus", "negative", "-")
    if negative:
        at += 1
    if at >= len(low):
        return None
    read = _fraction(low, at) or _whole(low, at)
    if not read:
        return None
    value, at = read
    value, at = _tail(low, value, at)
    return Number(-value if negative else value, start, at)


def _word(low: Sequence[str], at: int) -> str:
    return low[at] if at < len(low) else ""


def _digits(word: str) -> Fraction | None:
    try:
        return Fraction(word) if word and word[-1].isdigit() and "/" not in word else None
    except ValueError:
        return None


def _fraction(low: Sequence[str], at: int) -> tuple[Fraction, int] | None:
    """A half, one third, three quarters; "second" and "third" alone are ordinals, not numbers."""
    top = Fraction(1) if low[at] in ("a", "one", "half") else _small(low[at])
    part = at if low[at] == "half" else at + 1
    name = _word(low, part).removesuffix("s") if top and top > 1 else _word(low, part)
    name = "half" if name == "halve" else name
    if top is None or name not in PARTS or (low[at] != "half" and top == 1 and name == "second"):
        return None
    return top * PARTS[name], part + 1


def _small(word: str) -> Fraction | None:
    return Fraction(UNITS[word]) if word in UNITS else _digits(word)


def _hyphened(word: str) -> Fraction | None:
    tens, _, ones = word.partition("-")
    if tens in _TENS and 0 < UNITS.get(ones, 0) < 10:
        return Fraction(UNITS[tens] + UNITS[ones])
    return _small(word)


def _whole(low: Sequence[str], at: int) -> tuple[Fraction, int] | None:
    if low[at] == "a" and _word(low, at + 1) in (*SCALES, "dozen", "couple"):
        at += 1
    if low[at] in ("dozen", "couple"):
        return Fraction(12 if low[at] == "dozen" else 2), at + 1
    if low[at] in SCALES:
        total, group, start = Fraction(0), Fraction(1), at
    else:
        first = _hyphened(low[at])
        if first is None:
            return None
        total, group, start = Fraction(0), first, at + 1
    at = start
    while at < len(low):
        word = low[at]
        if word in SCALES:
            group *= SCALES[word]
            if word != "hundred":
                total, group = total + group, Fraction(0)
            at += 1
        elif word == "dozen":
            return total + group * 12, at + 1
        elif (
            word == "and"
            and low[at - 1] in SCALES
            and _small(_word(low, at + 1)) is not None
            and UNITS.get(low[at + 1], 100) < 100
        ):
            at += 1
        else:
            value = _hyphened(word)
            if value is None or not _continues(low[at - 1], word, group):
                break
            group += value if low[at - 1] in (*SCALES, "and") or 0 < value < 10 else group * 99 + value
            at += 1
    return total + group, at


def _continues(before: str, word: str, group: Fraction) -> bool:
    """Whether `word` goes on with the number said so far: twenty|one, hundred|five, nineteen|eighty."""
    if word not in UNITS and "-" not in word:
        return before in SCALES and before != "hundred" and group == 0
    if before in (*SCALES, "and"):
        return True
    value = UNITS.get(word.partition("-")[0], 0)
    if before in _TENS and 0 < value < 10:
        return True
    return (before in UNITS and 13 <= UNITS[before] <= 20 and value >= 10 and value % 10 == 0) or (
        before == "twenty" and value >= 10
    )


def _tail(low: Sequence[str], value: Fraction, at: int) -> tuple[Fraction, int]:
    """What may follow a whole number: "point five", "and a half", "million" after digits, "dozen"."""
    if _word(low, at) == "point":
        digits, end = "", at + 1
        while (word := _word(low, end)) and (
            (word in UNITS and UNITS[word] < 10) or word.isdigit() or word == "oh"
        ):
            digits += "0" if word == "oh" else str(UNITS.get(word, word))
            end += 1
        if digits:
            value, at = value + Fraction(int(digits), 10 ** len(digits)), end
    if _word(low, at) == "and" and _word(low, at + 1) in ("a", "one", *UNITS) and at + 1 < len(low):
        part = _fraction(low, at + 1)
        if part:
            value, at = value + part[0], part[1]
    while _word(low, at) in ("million", "billion", "thousand"):
        value, at = value * SCALES[low[at]], at + 1
    return value, at


def spoken(value: Fraction, digits: int = 4) -> str:
    """A number as an answer says it: exact where it can be, else rounded and said to be so.

    Example:
        >>> spoken(Fraction(-5, 2)), spoken(Fraction(1, 3)), spoken(Fraction(1200000))
        ('minus 2.5', 'about 0.3333', '1,200,000')
    """
    rounded = round(value, digits)
    sign = "minus " if rounded < 0 else ""
    whole, rest = divmod(abs(rounded), 1)
    text = f"{int(whole):,}"
    if rest:
        text += f".{int(rest * 10**digits):0{digits}d}".rstrip("0")
    return f"{'' if rounded == value else 'about '}{sign}{text}"
