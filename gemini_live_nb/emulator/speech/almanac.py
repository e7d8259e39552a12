"""What time is it, what day is it, how long until then: answers from the clock."""

from __future__ import annotations

import calendar
import functools
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from .dates import DAYS, MONTHS, find
from .numbers import find as find_numbers
from .recall import find_note
from .scene import Intent, Scene, intent
from .units import SECONDS
from .words import words

_HOLIDAYS = {"christmas": (12, 25), "new year": (1, 1), "halloween": (10, 31), "valentine": (2, 14)}


def say_time(moment: datetime) -> str:
    """As a clock is read out: 7:05 PM."""
    return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"


def say_date(day: date) -> str:
    """As a date is read out: Sunday, November 22, 2026."""
    return f"{DAYS[day.weekday()].capitalize()}, {MONTHS[day.month - 1].capitalize()} {day.day}, {day.year}"


@functools.cache
def _zones() -> dict[str, str]:
    return {
        zone.rpartition("/")[2].replace("_", " ").lower(): zone
        for zone in sorted(available_timezones())
        if "/" in zone
    }


def _what_time(scene: Scene) -> str:
    if shift := _shift(scene.text):
        then = scene.now + shift
        verb = "will be" if shift > timedelta() else "was"
        day = "" if then.date() == scene.now.date() else f" on {say_date(then.date())}"
        return f"It {verb} {say_time(then)}{day}."
    named = re.search(r"\bin ([\w .'-]+?)(?: (?:right )?now)?$", scene.text)
    if not named:
        return f"It is {say_time(scene.now)}."
    place = named[1].title()
    zone = _zones().get(place.lower())
    if not zone:
        return f"I do not know the time zone of {place}. Here it is {say_time(scene.now)}."
    return f"In {place} it is {say_time(scene.now.astimezone(ZoneInfo(zone)))}."


def _shift(text: str) -> timedelta | None:
    """How far from now: "in ninety minutes", "two and a half hours ago"."""
    ago = bool(re.search(r"\bago$", text, re.IGNORECASE))
    if not ago and not re.search(r"\b(?:in|after)\b|\bfrom(?: now)?$|\blater$", text, re.IGNORECASE):
        return None
    text = re.sub(r"\bhalf an?\b", "half", text, flags=re.IGNORECASE)
    low = [word.low.removesuffix("s") for word in words(re.sub(r"\ban?(?= hour| minute)", "one", text))]
    for number in find_numbers(low):
        unit = SECONDS.get(low[number.end], 0) if number.end < len(low) else 0
        seconds = number.value * unit
        if 0 < seconds <= 400 * SECONDS["day"]:
            return timedelta(seconds=float(-seconds if ago else seconds))
    return None


def _time_there_too(scene: Scene) -> str | None:
    """After the time somewhere: "And in Tokyo?"."""
    before = scene.memory.said[-1:]
    return _what_time(scene) if before and re.match(r"It is \d|In .* it is \d", before[0]) else None


def _days_between(scene: Scene) -> str | None:
    days = [moment.day for moment in find(words(scene.text), scene.now) if moment.day]
    if len(days) != 2:
        return None
    first, last = days
    if last < first and not re.search(r"\b\d{4}\b", scene.text):
        last = last.replace(year=last.year + 1)
    between = abs((last - first).days)
    return f"From {say_date(first)} to {say_date(last)} it is {_counted(between, 'day')}."


def _what_day(scene: Scene) -> str:
    text = re.sub(r"'s\b", "", scene.text)
    moments = [moment for moment in find(words(text), scene.now) if moment.day]
    day = moments[0].day if moments and moments[0].day else scene.now.date()
    name = {0: "Today", 1: "Tomorrow", -1: "Yesterday"}.get((day - scene.now.date()).days)
    verb = "was" if day < scene.now.date() else "is"
    if name:
        return f"{name} {verb} {say_date(day)}."
    weekday, _, rest = say_date(day).partition(", ")
    return f"{rest} {verb} a {weekday}."


def _is_it(scene: Scene) -> str:
    ahead = 1 if scene.text.lower().startswith("is tomorrow") or "tomorrow" in scene.text.lower() else 0
    day = scene.now.date() + timedelta(ahead)
    yes = DAYS[day.weekday()] == scene.groups["day"].lower()
    return f"{'Yes' if yes else 'No'}, {'tomorrow' if ahead else 'today'} is {say_date(day)}."


def _part_of_date(scene: Scene) -> str:
    part = scene.groups["part"].lower()
    month = MONTHS[scene.now.month - 1].capitalize()
    week = scene.now.isocalendar().week
    return {
        "year": f"It is {scene.now.year}.",
        "month": f"It is {month}.",
        "week": f"It is week {week} of the year.",
    }[part]


def _days_until(scene: Scene) -> str:
    today = scene.now.date()
    holiday = next((day for name, day in _HOLIDAYS.items() if name in scene.text.lower()), None)
    moments = [moment.day for moment in find(words(scene.text), scene.now) if moment.day]
    if holiday:
        day = date(today.year, *holiday)
        moments = [day if day >= today else date(today.year + 1, *holiday)]
    told = find_note(scene.memory, re.sub(r"^.*\b(?:until|till|to|before)\b", "", scene.text))
    if not moments and told:
        moments = [moment.day for moment in find(words(told), scene.now) if moment.day]
    if not moments or moments[0] is None:
        return "I could not tell which day you mean."
    days = (moments[0] - today).days
    told = _counted(days, "day")
    if "week" in scene.text.lower():
        told = " and ".join(
            _counted(size, unit) for size, unit in zip(divmod(days, 7), ("week", "day"), strict=True) if size
        )
    return f"{told}, counting from today: it is on {say_date(moments[0])}."


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _leap(scene: Scene) -> str:
    year = int(scene.groups["year"] or scene.now.year)
    is_leap = calendar.isleap(year)
    return f"{'Yes' if is_leap else 'No'}, {year} is {'a' if is_leap else 'no'} leap year."


INTENTS: tuple[Intent, ...] = (
    intent(
        "days between",
        _days_between,
        r"\bhow (?:many days|long)\b.*\b(?:between|from)\b.*\b(?:and|to|until)\b",
    ),
    intent(
        "days until",
        _days_until,
        r"\bhow (?:many (?:days|weeks)|long)\b.*\b(?:until|till|to|before)\b",
        rf"\bwhen is (?:{'|'.join(_HOLIDAYS)})",
    ),
    intent("is it", _is_it, rf"^is (?:it|today|tomorrow)\b.*\b(?P<day>{'|'.join(DAYS)})\b"),
    intent(
        "time",
        _what_time,
        r"\bwhat (?:time|is the time) (?:is it|it is|do (?:you|we) have|have (?:you|we))\b",
        r"\bwhat time (?:will it be|it will be|was it|it was)\b|\bwhat (?:will|was) the time\b",
        r"\b(?:the|exact|local|current) time(?: is| is it| it is)?(?: (?:right )?now)?(?: in [\w .'-]+)?$",
        r"^time(?: please)?$",
    ),
    intent("time there too", _time_there_too, r"^(?:what about |how about )?in (?P<place>[\w .'-]+)$"),
    intent(
        "date",
        _what_day,
        r"\b(?:what|which) (?:day|date|weekday)\b",
        r"\b(?:the|today's|current|tomorrow's|yesterday's) date\b",
        r"\bwhat is today\b|\bday of the week\b|^date$",
    ),
    intent("leap year", _leap, r"\bis (?:it |this )?(?:year )?(?P<year>\d{4})?.*\bleap year\b"),
    intent(
        "part of the date",
        _part_of_date,
        r"\b(?:what|which) (?:is the )?(?:current )?(?P<part>year|month|week)\b(?: is it| it is| is this)?",
    ),
)
