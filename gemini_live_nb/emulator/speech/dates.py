"""Days and times of day as a request names them: "tomorrow at half past seven", "March 5th"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from .numbers import ORDINALS, at_place
from .words import Word

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_NAMED = {"noon": 12, "midday": 12, "midnight": 0}


class Moment(NamedTuple):
    """A day, a time of day, or both, named by words `start` to `end` (exclusive)."""

    day: date | None
    clock: time | None
    start: int
    end: int


def find(found: Sequence[Word], now: datetime) -> list[Moment]:
    """Days and times named in a request, in order.

    Example:
        >>> from gemini_live_nb.emulator.speech.words import words
        >>> moment = find(words("on Friday at half past seven pm"), datetime(2026, 11, 22))
        >>> [(m.day, m.clock) for m in moment]
        [(datetime.date(2026, 11, 27), None), (None, datetime.time(19, 30))]
    """
    low = [word.low.rstrip(".").replace(".", "") if word.low[0].isalpha() else word.low for word in found]
    moments: list[Moment] = []
    at = 0
    while at < len(low):
        moment = _day_at(low, at, now.date()) or _time_at(low, at)
        if moment:
            moments.append(moment)
        at = moment.end if moment else at + 1
    return moments


def _at(low: Sequence[str], at: int) -> str:
    return low[at] if 0 <= at < len(low) else ""


def _day_at(low: Sequence[str], at: int, today: date) -> Moment | None:
    word = low[at]
    near = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
    if relative := _relative_at(low, at, today):
        return relative
    if low[at : at + 3] == ["day", "after", "tomorrow"]:
        return Moment(today + timedelta(2), None, at, at + 3)
    if word in near:
        return Moment(today + timedelta(near[word]), time(20) if word == "tonight" else None, at, at + 1)
    if word == "next" and _at(low, at + 1) == "week":
        return Moment(today + timedelta(7), None, at, at + 2)
    name = word.removesuffix("s") if word != "next" else _at(low, at + 1)
    if name in DAYS:
        ahead = (DAYS.index(name) - today.weekday()) % 7 or 7
        return Moment(today + timedelta(ahead), None, at, at + (2 if word == "next" else 1))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", word):
        return Moment(date.fromisoformat(word), None, at, at + 1)
    return _month_at(low, at, today)


def _relative_at(low: Sequence[str], at: int, today: date) -> Moment | None:
    """In three days, two weeks ago, a week from now."""
    start = at
    at += low[at] == "in"
    number = at_place(low, at) if at < len(low) else None
    count, at = (
        (int(number.value), number.end) if number else (1, at + 1 if _at(low, at) in ("a", "one") else at)
    )
    size = {"day": 1, "week": 7}.get(_at(low, at).removesuffix("s"), 0)
    later = low[at + 1 : at + 3] in (["from", "now"], ["from", "today"])
    ago = _at(low, at + 1) == "ago"
    if not size or not (low[start] == "in" or later or ago) or count > 10_000:
        return None
    return Moment(
        today + timedelta(-count * size if ago else count * size),
        None,
        start,
        at + (3 if later else 2 if ago else 1),
    )


def _month_at(low: Sequence[str], at: int, today: date) -> Moment | None:
    """March 5, the fifth of March, 5 March, with or without a year."""
    start = at
    at += _at(low, at) == "the"
    if low[start] in MONTHS or (
        low[start][:3] in [month[:3] for month in MONTHS] and len(low[start]) in (3, 4)
    ):
        month, at = _month(low[start]), start + 1
        at += _at(low, at) == "the"
        day = _day_number(low, at)
        if not month or not day:
            return None
        at = day[1]
    else:
        day = _day_number(low, at)
        if not day:
            return None
        at = day[1] + (_at(low, day[1]) == "of")
        month = _month(_at(low, at))
        if not month:
            return None
        at += 1
    year = at_place(low, at) if at < len(low) else None
    named = int(year.value) if year and 1900 <= year.value <= 2200 else None
    try:
        found = date(named or today.year, month, day[0])
        if not named and found < today:
            found = found.replace(year=today.year + 1)
    except ValueError:
        return None
    return Moment(found, None, start, year.end if named and year else at)


def _month(word: str) -> int:
    return next(
        (
            at
            for at, month in enumerate(MONTHS, 1)
            if word == month or (len(word) in (3, 4) and month.startswith(word))
        ),
        0,
    )


def _day_number(low: Sequence[str], at: int) -> tuple[int, int] | None:
    word = _at(low, at)
    tens, _, ones = word.partition("-")
    if ones in ORDINALS and tens in ("twenty", "thirty"):
        return {"twenty": 20, "thirty": 30}[tens] + ORDINALS[ones], at + 1
    if word in ("twenty", "thirty") and _at(low, at + 1) in ORDINALS:
        return {"twenty": 20, "thirty": 30}[word] + ORDINALS[_at(low, at + 1)], at + 2
    if word in ORDINALS:
        return ORDINALS[word], at + 1
    number = at_place(low, at) if at < len(low) else None
    return (
        (int(number.value), number.end)
        if number and number.value.denominator == 1 and 1 <= number.value <= 31
        else None
    )


def _time_at(low: Sequence[str], at: int) -> Moment | None:
    """7:30, seven pm, half past seven, quarter to eight, ten thirty, noon, eight o'clock, "at seven"."""
    if low[at] in _NAMED:
        return Moment(None, time(_NAMED[low[at]]), at, at + 1)
    offset, then = _offset(low, at)
    hour = _hour(low, then)
    if not hour:
        return None
    half, end = _half(low, hour.end)
    sure = (
        hour.sure
        or offset
        or end > hour.end
        or _at(low, at - 1) in ("at", "by", "until", "till", "around", "before", "after")
    )
    return _clock(hour.hour, hour.minutes + offset, hour.half or half, at, end) if sure else None


def _offset(low: Sequence[str], at: int) -> tuple[int, int]:
    """Minutes of "half past" and "a quarter to", and where the hour follows."""
    then = at + (low[at] == "a")
    minutes = {"half": 30, "quarter": 15}.get(_at(low, then), 0)
    sign = {"past": 1, "after": 1, "to": -1}.get(_at(low, then + 1), 0)
    return (minutes * sign, then + 2) if minutes and sign else (0, at)


class _Hour(NamedTuple):
    hour: int
    minutes: int
    half: str
    end: int
    sure: bool


def _hour(low: Sequence[str], at: int) -> _Hour | None:
    if clock := re.fullmatch(r"(\d{1,2}):(\d\d)", _at(low, at)):
        return _Hour(int(clock[1]), int(clock[2]), "", at + 1, sure=True)
    if glued := re.fullmatch(r"(\d{1,2})(am|pm)", _at(low, at)):
        return _Hour(int(glued[1]), 0, glued[2], at + 1, sure=True)
    number = at_place(low, at) if at < len(low) else None
    if not number or number.value.denominator != 1 or not 0 <= number.value <= 24:
        return None
    minutes = at_place(low, number.end) if number.end < len(low) else None
    if minutes and minutes.value in range(10, 60, 5) and low[number.end] not in ("-", "minus"):
        return _Hour(int(number.value), int(minutes.value), "", minutes.end, sure=True)
    return _Hour(int(number.value), 0, "", number.end, sure=False)


def _half(low: Sequence[str], at: int) -> tuple[str, int]:
    """Am or pm, also from "in the evening" and "at night", and where it ends."""
    if _at(low, at) in ("am", "pm"):
        return low[at], at + 1
    at += _at(low, at) in ("o'clock", "oclock")
    size = 3 if low[at : at + 2] == ["in", "the"] else 2 if _at(low, at) in ("at", "this", "tomorrow") else 0
    part = {"morning": "am", "afternoon": "pm", "evening": "pm", "night": "pm"}.get(
        _at(low, at + size - 1) if size else "", ""
    )
    return (part, at + size) if part else ("", at)


def _clock(hour: int, minutes: int, half: str, start: int, end: int) -> Moment | None:
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    total = (hour * 60 + minutes) % (24 * 60)
    return Moment(None, time(total // 60, total % 60), start, end) if hour <= 24 else None
