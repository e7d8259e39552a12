"""Sums as people ask for them: rewritten to plain arithmetic, then worked out, one step after the other."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from .expression import ENDS, NoAnswer, NotASum, Reader
from .numbers import UNITS, at_place, spoken
from .words import words


def _joined(text: str, operator: str) -> str:
    return re.sub(r",? and |, ?", f" {operator} ", text)


_MISHEARD = r"won|too?|for|ate"
"""What a recogniser may write for one, two, four and eight; only beside a sign is it a number."""


def _meant(match: re.Match[str]) -> str:
    number = {"won": "one", "to": "two", "too": "two", "for": "four", "ate": "eight"}
    return match["sign"] + number[match["heard"].lower()]


_HAVING = r"\b(?:if|suppose) .*?\b(?:have|had|has) (.+?),? (?:and|but) (?:then )?(?:\w+ )?"
_AWAY = r"(?:eat|ate|gives?|gave|lose|lost|spend|spent|sell|sold|use|used|drink|drank|drop|dropped)(?: away)?"
_MORE = r"(?:get|got|buy|bought|find|found|win|won|receive|received|pick up|add|added)"
_REWRITES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r" ?%", " percent"),
        (r"\bwhat percent(?:age)? of (.+?) (?:is|are) (.+)", r"100 times \2 over \1"),
        (r"\b(\S+) (?:is|are) what percent(?:age)? of (.+)", r"100 times \1 over \2"),
        (rf"(?P<sign>)\b(?P<heard>{_MISHEARD})(?= (?:plus|minus|times|over|divided|multiplied)\b)", _meant),
        (rf"\b(?P<sign>(?:plus|minus|times) )(?P<heard>{_MISHEARD})(?=[ ?.!]*$)", _meant),
        (rf"\b({'|'.join(UNITS)}|\d+) square\b(?! root| of)", r"\1 squared"),
        (rf"{_HAVING}{_AWAY} (.+?),? how .*", r"\1 minus \2"),
        (rf"{_HAVING}{_MORE} (.+?),? how .*", r"\1 plus \2"),
        (r"\b(?:split|share) (?:up )?(.+?) (?:between|among|by|into) (.+)", r"\1 over \2"),
        (r"\b(?:the )?sum (?:of |up )?(.+)", lambda m: _joined(m[1], "plus")),
        (r"\b(?:the )?(square|cube) of (.+)", lambda m: f"{m[2]} {m[1]}d"),
        (r"\b(?:the )?factorial of (.+)", r"\1 factorial"),
        (r"\(", " bracket "),
        (r"\)", " unbracket "),
        (
            r"^(?:how much|what) (?:is|are|do|does) (?P<a>[\w.-]+) and (?P<b>[\w.-]+)(?: make)?$",
            r"\g<a> plus \g<b>",
        ),
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
        (r"\b(?:(?:what|how much) is )?(.+ percent) off (?:of )?(.+)", r"\2 minus \1"),
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
_STEP = re.compile(
    r",? (?:and )?(?:then )?(?=(?:add|subtract|multiply|divide) (?!.+ (?:to|from|and) ))", re.IGNORECASE
)
_GOES_ON = re.compile(r"(?:plus|minus|times|divided|multiplied|squared|cubed)\b|[+*/-] ?\d", re.IGNORECASE)
_FIRST_IS_IT = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (r"(?:add|plus|\+) ?(?!.* (?:to|and) )(.+)", "plus"),
        (r"(?:subtract|minus|take away|-) ?(?!.* from )(.+)", "minus"),
        (r"(?:multiply|multiplied|times|\*)(?: (?:it|that))? ?(?:by )?(.+)", "times"),
        (r"(?:divide|divided|/)(?: (?:it|that))? ?(?:by )?(.+)", "over"),
        (r"(squared|cubed)$", ""),
    )
)
Known = Callable[[str], Fraction | None]
"""Gives the value of a name, if it has one."""


def answer(text: str, known: Known = lambda _: None) -> tuple[str, Fraction | None] | None:
    """Work out the sum in a sentence, if there is one: what to say, and the value.

    Args:
        text: one sentence.
        known: gives the value of a name ("it", "my lucky number"), as this conversation knows it.

    Example:
        >>> answer("What is twelve plus 7.5 times two?")[0]
        '12 plus 7.5 times 2 is 27.'
    """
    if average := re.search(r"\b(?:average|mean) of (.+)", text, re.IGNORECASE):
        return _average(average[1])
    first, *steps = _STEP.split(text)
    said: list[str] = []
    value: Fraction | None = None
    for step in (first, *steps):
        names = known if value is None else _then(value, known)
        goes_on = value is not None or _GOES_ON.match(step)
        done = _worked_out(_goes_on(step) if goes_on else step, names)
        if not done:
            return None
        words, value = done
        if value is None:
            return words, None
        said.append(words)
    return f"{', then '.join(said)}.", value


def _then(value: Fraction, known: Known) -> Known:
    return lambda name: value if name in ("it", "that", "the result") else known(name)


def _goes_on(step: str) -> str:
    """A step without its first number: "add 3", "times two", "divide by 4"."""
    for pattern, sign in _FIRST_IS_IT:
        if match := pattern.match(step):
            return f"it {sign} {match[1]}"
    return step


def _worked_out(text: str, known: Known) -> tuple[str, Fraction | None] | None:
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    low = [word.low for word in words(text)]
    for start in range(len(low)):
        reader = Reader(low, start, known)
        try:
            value = reader.expression(1)
        except NotASum:
            continue
        except NoAnswer as error:
            return str(error), None
        if reader.operations and reader.next() in ENDS:
            return f"{reader.said()} is {spoken(value)}", value
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
