"""A recorded run that answers again, and a look at what is sent now beside what was sent then."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..errors import LogError
from ..log.index import Row
from ..log.lines import SENT
from ..log.mismatch import ASKED, differences, known_by, request
from ..log.run import SessionLog

_HINT = "The answers are the recorded ones all the same; record anew where that matters."
_UNASKED = "Ask what was asked then, spoken or typed as then: user_text and opened_by in turns() of that run."
_MOST_TOLD = 3


class Rehearsal:
    """The run of `Live(replay=…)`.

    Args:
        replay: The run, its folder or `.zip`, or a capture in any form (`SessionLog.from_capture`).

    Raises:
        LogError: There is no run there.
    """

    def __init__(self, replay: SessionLog | str | Path) -> None:
        self.run = replay if isinstance(replay, SessionLog) else SessionLog.from_capture(replay)
        # Read here, where somebody waits for it, and not on the thread that holds the sockets.
        self._then = _requests(self.run)
        self._exported: tempfile.TemporaryDirectory[str] | None = None

    @property
    def path(self) -> Path:
        """Where the built-in server, a process of its own, reads it."""
        if self.run.path is not None:
            return self.run.path
        if self._exported is None:
            self._exported = tempfile.TemporaryDirectory(prefix="gemini-live-nb-", ignore_cleanup_errors=True)
            self.run.export(Path(self._exported.name) / "run.zip")
        return Path(self._exported.name) / "run.zip"

    def watch(self, log: SessionLog, tell: Callable[[LogError, str], None]) -> None:
        """Look at what a session sends; `tell` is called with each thing that was not sent so then."""
        counts: Counter[str] = Counter()
        last = log.last_seq

        def look(seq: int) -> None:
            frame = log.frame(seq)
            sent = request(frame) if frame is not None else None
            if sent is None or not self._then:
                return
            key = known_by(*sent, counts)
            words = self._compared(key, sent[1])
            if words:
                tell(LogError(words, hint=_HINT if key in self._then else _UNASKED), "replay")

        def listen(seq: int, rows: list[Row]) -> None:
            if seq > last and rows[0].direction == SENT and rows[0].kinds & ASKED:
                look(seq)

        log.listen(listen)
        for seq in range(last + 1):
            look(seq)

    def _compared(self, key: tuple[str, int | str], now: object) -> str:
        kind, which = key
        name = f"{kind} {which}" if isinstance(which, str) else f"{kind}, number {which + 1},"
        if key not in self._then:
            return f"{name} was not sent when this was recorded, so nothing answers it"
        found = differences(self._then[key], now)
        if not found:
            return ""
        more = f", and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        return f"{name} is not what was sent when this was recorded: {'; '.join(found[:_MOST_TOLD])}{more}"


def _requests(run: SessionLog) -> dict[tuple[str, int | str], object]:
    """What was sent in a run, by its kind and number, responses to calls by their id."""
    counts: Counter[str] = Counter()
    then: dict[tuple[str, int | str], object] = {}
    for frame in run:
        sent = request(frame)
        if sent is not None:
            then.setdefault(known_by(*sent, counts), sent[1])
    return then
