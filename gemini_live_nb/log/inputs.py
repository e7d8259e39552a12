"""What the user does, gathered until a turn needs it: speech, typed text and its history."""

from __future__ import annotations

from collections.abc import Sequence

from . import index
from .index import Row
from .turn import Turn
from .voiced import BEGINS, SILENT, Voice

_MODEL = index.ROLES.index("model")


class Speech:
    """What the microphone tells: since when the user has been speaking, and until when.

    Attributes:
        since: First frame of speech that no answer has been heard to yet, and its time; `None` for none.
        until: When the last chunk with speech went out, in seconds.
    """

    def __init__(self) -> None:
        self.since: tuple[int, float] | None = None
        self.until: float | None = None
        self._voice = Voice()

    def push(self, seq: int, t_ns: int, level: int, milliseconds: float) -> None:
        """Take in a chunk of the microphone."""
        verdict = self._voice.push(level, milliseconds, t_ns)
        if verdict != SILENT:
            self.judged(seq, t_ns, verdict)

    def judged(self, seq: int, t_ns: int, verdict: int) -> None:
        """Take in a chunk that `voiced` has judged."""
        if verdict == SILENT:
            return
        self.until = t_ns * 1e-9
        if verdict == BEGINS or self.since is None:
            self.since = seq, self.until

    def answered(self, turn: Turn) -> None:
        """The model answers: what was said so far is this turn's, what is said from now on the next one's."""
        self.settle(turn)
        self.since = None

    def forget(self) -> None:
        """What was said so far is lost with its connection."""
        self.since = None

    def settle(self, turn: Turn) -> None:
        """Fix when the user stopped speaking in a turn, from the best that is known (see `TurnTimes`)."""
        times = turn.times
        if turn.opened_by != "speech" or times.speech_end_by in ("mic level", "activityEnd"):
            return
        if self.since is not None and self.until is not None:
            decided = self.until if times.vad_end is None else min(self.until, times.vad_end)
            times.speech_end, times.speech_end_by = decided, "mic level"
        elif times.speech_end is None and times.vad_end is not None:
            times.speech_end, times.speech_end_by = times.vad_end, "voiceActivity"


class Typed:
    """Typed content, gathered until it asks for an answer."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._history_first = False

    def setup(self, row: Row) -> None:
        """A session begins; its setup may say that the first content is history, not a question."""
        self._history_first = bool(row.flags & index.HISTORY)

    def push(self, rows: Sequence[Row]) -> list[str] | None:
        """Take in a clientContent. Returns what it asks: what the user said after what is history.

        `None` where it asks nothing.
        """
        if self._history_first:
            self._history_first = False
            self._rows.clear()
            return None
        self._rows.extend(rows)
        if not rows[0].flags & index.ASKS:
            return None
        texts: list[str] = []
        for row in reversed(self._rows):
            if row.role == _MODEL:
                break
            if row.text:
                texts.append(row.text)
        self._rows.clear()
        return texts[::-1]
