"""When: the times that recorders write beside frames, in whatever unit, and the one clock made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

_TIME = re.compile(
    r"(?:t|ts|time|timestamp|at|when|elapsed|offset|wall|since_start|rel|relative|rel_time|relative_time|date|datetime"
    r"|wall_time|(?:started|received|sent|recorded|created)(?:_at)?|time_?stamp|monotonic|clock)"
    r"(?:_?(ns|us|ms|millis)|_(s|secs?|seconds|iso|utc))?"
)
_UNITS = {"sec": "s", "secs": "s", "seconds": "s", "millis": "ms", "iso": "", "utc": ""}
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):(\d\d):(\d\d(?:[.,]\d+)?)")
_NUMBER = re.compile(r"(?<![\w.])(\d+\.\d+)\s*(ms|s)?(?![\w.])")
# Times from here on are by the calendar: 2001 in seconds.
_CALENDAR_S = 1e9
# What is later is no time: 2286.
_LATEST_S = 1e10
# Clocks that count from elsewhere (the machine's start, midnight) are set to 0 at the first frame.
_SETTLED_S = 60.0


class Moment(NamedTuple):
    """A time as it was written: a number and its unit, `ns`, `us`, `ms`, `s`, or empty where none was."""

    number: float
    unit: str


def is_time(name: str) -> bool:
    """Whether a field of this name tells a time."""
    return _TIME.fullmatch(snake(name)) is not None


def moment_of(value: dict[str, Any], own: Any) -> Moment | None:
    """When: the time that says its unit, or else the first there is."""
    found: list[Moment] = []
    for name, told in value.items():
        fits = _TIME.fullmatch(snake(name)) if name in own else None
        if fits is None:
            continue
        said = fits[1] or fits[2] or ""
        unit = _UNITS.get(said, said)
        moment = _read_moment(told, unit)
        if moment is not None:
            found.append(moment)
    return max(found, key=lambda moment: bool(moment.unit), default=None)


def _read_moment(value: Any, unit: str) -> Moment | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Moment(float(value), unit)
    if isinstance(value, datetime):
        return Moment((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp(), "s")
    if not isinstance(value, str):
        return None
    try:
        return Moment(float(value), unit)
    except ValueError:
        return written_in(value)


def written_in(label: str) -> Moment | None:
    """The time in some words: a date and time, a time of day, seconds with a fraction."""
    if iso := _ISO.search(label):
        try:
            when = datetime.fromisoformat(iso[0].replace(",", "."))
        except ValueError:
            return None
        return Moment((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp(), "s")
    if clock := _CLOCK.search(label):
        hours, minutes, seconds = clock.groups()
        return Moment(int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", ".")), "s")
    number = _NUMBER.search(label)
    return Moment(float(number[1]), number[2] or "s") if number else None


def clock(moments: Sequence[Moment | None]) -> tuple[list[int], str, float]:
    """The time of each in nanoseconds since the first, how that is known, and the first by the calendar."""
    told = [moment for moment in moments if moment is not None]
    if not told:
        return [at * 1_000_000 for at in range(len(moments))], "made up, a millisecond apart", 0.0
    unit = _unit([moment.number for moment in told if not moment.unit])
    seconds = [
        None if moment is None else moment.number / _PER_SECOND[moment.unit or unit] for moment in moments
    ]
    seconds = [each if each is not None and -_CALENDAR_S < each < _LATEST_S else None for each in seconds]
    known = [each for each in seconds if each is not None] or [0.0]
    by_calendar = known[0] >= _CALENDAR_S
    start = known[0] if by_calendar or known[0] > _SETTLED_S else min(0.0, *known)
    # Written down by several tasks, frames may be told of a little out of order: time never runs back.
    times: list[int] = []
    now = 0
    for each in seconds:
        now = max(now, now if each is None else round((each - start) * 1e9))
        times.append(now)
    return times, "as captured", known[0] if by_calendar else 0.0


_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def _unit(numbers: Sequence[float]) -> str:
    """The unit of times that say none: times by the calendar tell by their size, whole numbers are ms."""
    most = max((abs(number) for number in numbers), default=0.0)
    for unit, least in (("ns", 1e17), ("us", 1e14), ("ms", 1e11), ("s", _CALENDAR_S)):
        if most >= least:
            return unit
    return "ms" if all(number == int(number) for number in numbers) and most >= len(numbers) else "s"


def snake(name: str) -> str:
    """A name in snake_case, however it is spelt."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().replace("-", "_").strip("_")
