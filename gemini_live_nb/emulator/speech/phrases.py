"""Free text as an argument: what stands in quotes, after a telling word ("in Paris", "saying I am late"), or is left over."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .slots import Slot
from .words import STOP, Word, stem

_QUOTED = re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'(?!\w)")
_EDGE = frozenset(
    ["a", "an", "the", "my", "some", "any", "to", "for", "of", "in", "at", "on", "with", "by", "and", "please", "is", "are", "be", "it", "that", "me", "from", "about", "up", "as"]
)
_CLOSING = frozenset(["please", "thanks", "thank"])
_TO_THE_END = frozenset(("text",))
_PROPER = frozenset(("place", "person"))
_TIMES = frozenset(
    ["today", "tomorrow", "tonight", "yesterday", "now", "this", "next", "right", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
)
_NO_VALUE = frozenset(["me", "us", "you", "it", "him", "her", "them", "there", "here", "this", "that"])


class Phrases:
    """Gives strings their values from the words that nothing else has taken."""

    def __init__(
        self, text: str, found: Sequence[Word], spent: set[int], verbs: frozenset[str], name: frozenset[str]
    ) -> None:
        self._text, self._found, self._spent, self._verbs, self._name = text, found, spent, verbs, name

    def fill(self, slots: Sequence[Slot], *, alone: bool) -> dict[Slot, str]:
        """Values for `slots`: quotes first, then by telling words, then the rest for one required slot that is left."""
        values: dict[Slot, str] = {}
        order = sorted(slots, key=lambda slot: (not slot.required, "text" not in slot.roles))
        for quote, slot in zip(_QUOTED.finditer(self._text), order, strict=False):
            values[slot] = quote[1] or quote[2]
            self._spend(quote.start(), quote.end())
        cues = {slot: slot.cues for slot in slots}
        while missing := [slot for slot in slots if slot not in values]:
            best = min(
                (found for slot in missing if (found := self._by_cue(slot, cues, missing))),
                default=None,
                key=lambda found: found[0],
            )
            if not best:
                break
            _, slot, start, end = best
            values[slot] = self._value(slot, start, end)
            self._spent.update(range(start - 1, end))
        for slot in [slot for slot in order if slot not in values and (slot.required or alone)]:
            if value := self._left_over(slot, alone=alone):
                values[slot] = value
        return values

    def _spend(self, start: int, end: int) -> None:
        self._spent.update(
            at for at, word in enumerate(self._found) if start <= word.start and word.end <= end
        )

    def _by_cue(
        self, slot: Slot, cues: dict[Slot, tuple[str, ...]], missing: Sequence[Slot]
    ) -> tuple[int, Slot, int, int] | None:
        """The value after the first of the slot's cues that occurs: (rank of the cue, slot, first word, end)."""
        for rank, cue in enumerate(cues[slot]):
            parts = cue.split()
            for at in range(len(self._found) - len(parts)):
                if not self._leads_in(at, cue) or at in self._spent or (at == 0 and cue in slot.own):
                    continue
                start = at + len(parts)
                end = self._end(
                    slot, start, {cue: other for other in missing if other is not slot for cue in cues[other]}
                )
                start, end = self._trimmed(start, end)
                if start < end and self._tells(start, end) and self._fits(slot, start):
                    return rank, slot, start, end
        return None

    def _tells(self, start: int, end: int) -> bool:
        """Whether there is anything in these words beyond how the function is asked for."""
        return self._found[start].low not in _NO_VALUE and any(
            stem(word.low) not in self._verbs for word in self._found[start:end]
        )

    def _fits(self, slot: Slot, start: int) -> bool:
        word = self._found[start]
        return (
            "code" not in slot.roles or any(letter.isdigit() for letter in word.text) or word.text.isupper()
        )

    def _end(self, slot: Slot, start: int, others: dict[str, Slot]) -> int:
        """Where the value ends: at a spent word, a stop, or a word that leads in another slot's value."""
        greedy = bool(_TO_THE_END & set(slot.roles))
        for at in range(start, len(self._found)):
            if at in self._spent and not greedy:
                return at
            between = self._text[self._found[at - 1].end : self._found[at].start] if at > start else ""
            if not greedy and re.search(r"[.;:!?]" if slot.listed else r"[,.;:!?]", between):
                return at
            if self._found[at].low in _TIMES and _PROPER & set(slot.roles):
                return at
            if at > start and not greedy and any(self._leads_in(at, cue) for cue in others):
                return at
            if at > start and self._found[at].low in _CLOSING and at >= len(self._found) - 2:
                return at
        return len(self._found)

    def _leads_in(self, at: int, cue: str) -> bool:
        parts = cue.split()
        return [word.low for word in self._found[at : at + len(parts)]] == parts

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start < end and (self._found[start].low in _EDGE or start in self._spent):
            start += 1
        while end > start and (self._found[end - 1].low in _EDGE | _CLOSING or end - 1 in self._spent):
            end -= 1
        return start, end

    def _value(self, slot: Slot, start: int, end: int) -> str:
        value = self._text[self._found[start].start : self._found[end - 1].end]
        return value.title() if value.islower() and _PROPER & set(slot.roles) else value

    def _left_over(self, slot: Slot, *, alone: bool) -> str:
        """The first run of words that are neither spent nor part of how the function is asked for."""
        runs: list[tuple[int, int]] = []
        start = None
        for at, word in enumerate(self._found):
            opens = stem(word.low) not in self._verbs and word.low not in STOP
            free = at not in self._spent and (
                alone or opens or (start is not None and word.low not in self._name)
            )
            broken = (
                at and not alone and re.search(r"[,;:]", self._text[self._found[at - 1].end : word.start])
            )
            if start is not None and (not free or broken):
                runs.append((start, at))
                start = None
            if start is None and free and (alone or opens):
                start = at
        if start is not None:
            runs.append((start, len(self._found)))
        for run in runs:
            start, end = self._trimmed(*run)
            if start < end and self._fits(slot, start):
                self._spent.update(range(start, end))
                return self._value(slot, start, end)
        return ""
