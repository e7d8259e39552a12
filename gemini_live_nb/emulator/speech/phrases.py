"""Free text as an argument: in quotes, after a telling word ("in Paris", "saying …"), or what is left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .filling import Filling
from .slots import Slot
from .words import STOP, stem, word_set

_QUOTED = re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")
_EDGE = word_set(
    "a an the my some any to for of in at on with by and please is are be it that me from about up as"
    " under over"
)
_WHERE = word_set("from to on in into off at")
_CLOSING = word_set("please thanks thank")
_TIMES = word_set(
    "today tomorrow tonight yesterday now this next right monday tuesday wednesday thursday friday"
    " saturday sunday"
)
_BETWEEN = word_set("against versus vs and with to or than")
_NO_VALUE = word_set("something anything me us you it him her them there here this that")


class _Found(NamedTuple):
    """A value after a telling word: how sure the word is (0 is surest), whose value, from where to where."""

    rank: int
    order: int
    slot: Slot
    start: int
    end: int


class Phrases:
    """Gives texts their values from the words that nothing else has taken.

    Args:
        filling: the request and what of it is spent.
        verbs: stems of words that ask for the function and are no values.
        name: words of the function's name; a value ends before them.
    """

    def __init__(self, filling: Filling, verbs: frozenset[str], name: frozenset[str]) -> None:
        self._filling, self._words, self._spent = filling, filling.found, filling.spent
        self._verbs, self._name = verbs, name

    def fill(self, wanted: Sequence[Slot]) -> dict[Slot, str]:
        """Values for `wanted`: quotes first, then by telling words, then the rest for required ones."""
        values: dict[Slot, str] = {}
        order = sorted(wanted, key=lambda slot: (not slot.required, "text" not in slot.roles))
        for quote, slot in zip(_QUOTED.finditer(self._filling.text), order, strict=False):
            values[slot] = quote[1] or quote[2]
            self._spent.update(
                at for at, word in enumerate(self._words) if quote.start() <= word.start < quote.end()
            )
        while found := min(self._after_cues([slot for slot in wanted if slot not in values]), default=None):
            values[found.slot] = self._value(found.slot, found.start, found.end)
            self._spent.update(range(found.start - 1, found.end))
        values |= self._shared(
            [slot for slot in order if slot.required and not slot.listed and slot not in values]
        )
        for slot in order:
            if (
                slot not in values
                and (slot.required or self._filling.alone)
                and (value := self._left_over(slot))
            ):
                values[slot] = value
        return values

    def _shared(self, wanted: Sequence[Slot]) -> dict[Slot, str]:
        """One run of words for several texts: "compare *Paris* with *London*", "*age* against *income*"."""
        for start, end in self._runs() if len(wanted) > 1 else ():
            breaks = [at for at in range(start + 1, end - 1) if self._words[at].low in _BETWEEN]
            if len(breaks) != len(wanted) - 1:
                continue
            spans = [
                self._trimmed(*span)
                for span in zip([start, *(at + 1 for at in breaks)], [*breaks, end], strict=True)
            ]
            if all(
                first < last and self._fits(slot, first)
                for slot, (first, last) in zip(wanted, spans, strict=True)
            ):
                self._spent.update(range(start, end))
                return {slot: self._value(slot, *span) for slot, span in zip(wanted, spans, strict=True)}
        return {}

    def _after_cues(self, wanted: Sequence[Slot]) -> Iterator[_Found]:
        """For each text still wanted, the value after the surest of its telling words that occurs."""
        cues = {slot: slot.cues for slot in wanted}
        for order, slot in enumerate(wanted):
            others = [cue for other in wanted if other is not slot for cue in cues[other]]
            found = (
                _Found(rank, order, slot, start, end)
                for rank, cue in enumerate(cues[slot])
                for start, end in self._places(slot, cue, others)
            )
            yield from [first for first in [next(found, None)] if first]

    def _places(self, slot: Slot, cue: str, others: Iterable[str]) -> Iterator[tuple[int, int]]:
        for at in range(len(self._words)):
            verb = at == 0 and cue in slot.own  # "Text Alice …": a command, not the parameter `text`
            if at in self._spent or verb or not self._leads_in(at, cue):
                continue
            start = at + len(cue.split())
            if any(self._leads_in(start, other) for other in others):
                continue  # "the budget document with Ann": the value stands before
            while start + 1 < len(self._words) and self._is_thing(slot, start):
                start += 2  # "search for *papers about* tea"
            start, end = self._to_the_point(slot, *self._trimmed(start, self._end(slot, start, others)))
            if start < end and self._tells(start, end) and self._fits(slot, start):
                yield start, end

    def _is_thing(self, slot: Slot, at: int) -> bool:
        """Whether this word is what the function is for anyway, and the value comes after the next one."""
        return stem(self._words[at].low) in self._verbs and self._words[at + 1].low in slot.cues

    def _tells(self, start: int, end: int) -> bool:
        """Whether there is anything in these words beyond how the function is asked for."""
        new = any(stem(word.low) not in self._verbs for word in self._words[start:end])
        return self._words[start].low not in _NO_VALUE and new

    def _fits(self, slot: Slot, start: int) -> bool:
        word = self._words[start]
        return (
            "code" not in slot.roles
            or any(map(str.isdigit, word.text))
            or word.text.isupper()
            or "@" in word.text
        )

    def _end(self, slot: Slot, start: int, others: Iterable[str]) -> int:
        """Where a value ends: at a spent word, a stop, or a word that leads in another parameter's value."""
        if "text" in slot.roles:
            return len(self._words)
        stops = r"[.;:!?]" if slot.listed else r"[,.;:!?]"
        proper = slot.is_name
        for at in range(start, len(self._words)):
            between = self._filling.text[self._words[at - 1].end : self._words[at].start]
            if at in self._spent or (proper and self._words[at].low in _TIMES):
                return at
            if at > start and (re.search(stops, between) or any(self._leads_in(at, cue) for cue in others)):
                return at
        return len(self._words)

    def _leads_in(self, at: int, cue: str) -> bool:
        parts = cue.split()
        return [word.low for word in self._words[at : at + len(parts)]] == parts

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start < end and (self._words[start].low in _EDGE or start in self._spent):
            start += 1
        while end > start and (self._words[end - 1].low in _EDGE | _CLOSING or end - 1 in self._spent):
            end -= 1
        return start, end

    def _value(self, slot: Slot, start: int, end: int) -> str:
        value = self._filling.said(start, end)
        return value.title() if value.islower() and slot.is_name else value

    def _left_over(self, slot: Slot) -> str:
        """The first run of words that are neither spent nor part of how the function is asked for."""
        for run in self._runs(r"[;:]" if slot.listed else r"[,;:]"):
            start, end = self._to_the_point(slot, *self._trimmed(*run))
            start = next((at for at in range(start, end) if self._fits(slot, at)), end)
            if start < end:
                self._spent.update(range(start, end))
                return self._value(slot, start, end)
        return ""

    def _to_the_point(self, slot: Slot, start: int, end: int) -> tuple[int, int]:
        """A value without "… *from my list*", which only says again what the function is for."""
        for at in range(start + 1, end) if "text" not in slot.roles else ():
            rest = [word.low for word in self._words[at + 1 : end]]
            about = [word for word in rest if word not in STOP]
            if self._words[at].low in _WHERE and about and all(stem(word) in self._verbs for word in about):
                return self._trimmed(start, at)
        return start, end

    def _runs(self, stops: str = r"[,;:]") -> list[tuple[int, int]]:
        runs: list[tuple[int, int]] = []
        start: int | None = None
        alone = self._filling.alone
        for at, word in enumerate(self._words):
            opens = alone or (stem(word.low) not in self._verbs and word.low not in STOP)
            goes_on = opens or (start is not None and word.low not in self._name)
            between = self._filling.text[self._words[at - 1].end : word.start] if at else ""
            if start is not None and (
                at in self._spent or not goes_on or (not alone and re.search(stops, between))
            ):
                runs.append((start, at))
                start = None
            if start is None and opens and at not in self._spent:
                start = at
        return [*runs, (start, len(self._words))] if start is not None else runs
