"""What time is it, what day is it, how long until then: answers from the clock."""

from __future__ import annotations

import functools
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from .dates import DAYS, MONTHS, find
from .recall import find_note
from .scene import Intent, Scene, intent
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
    named = re.search(r"\bin ([\w .'-]+?)(?: (?:right )?now)?$", scene.text)
    if not named:
        return f"It is {say_time(scene.now)}."
    place = named[1].title()
    zone = _zones().get(place.lower())
    if not zone:
        return f"I do not know the time zone of {place}. Here it is {say_time(scene.now)}."
    return f"In {place} it is {say_time(scene.now.astimezone(ZoneInfo(zone)))}."


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
    return f"{days} {'day' if days == 1 else 'days'}, counting from today: it is on {say_date(moments[0])}."


INTENTS: tuple[Intent, ...] = (
    intent(
        "days until",
        _days_until,
        r"\bhow (?:many days|long)\b.*\b(?:until|till|to|before)\b",
        rf"\bwhen is (?:{'|'.join(_HOLIDAYS)})",
    ),
    intent("is it", _is_it, rf"^is (?:it|today|tomorrow)\b.*\b(?P<day>{'|'.join(DAYS)})\b"),
    intent(
        "time",
        _what_time,
        r"\bwhat time (?:is it|it is|do (?:you|we) have|have (?:you|we))\b",
        r"\b(?:the|exact|local|current) time(?: is| is it| it is)?(?: (?:right )?now)?(?: in [\w .'-]+)?$",
        r"^time(?: please)?$",
    ),
    intent(
        "date",
        _what_day,
        r"\b(?:what|which) (?:day|date|weekday)\b",
        r"\b(?:the|today's|current|tomorrow's|yesterday's) date\b",
        r"\bwhat is today\b|\bday of the week\b|^date$",
    ),
    intent(
        "part of the date",
        _part_of_date,
        r"\b(?:what|which) (?:is the )?(?:current )?(?P<part>year|month|week)\b(?: is it| it is| is this)?",
    ),
)
