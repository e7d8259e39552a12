"""What went wrong in a callback, a tool, the connection: kept for the panel to show, once each."""

from __future__ import annotations

import itertools
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import LiveError
from ..errors.redaction import redact

_MOST = 5
_LONGEST = 6000


@dataclass(frozen=True)
class Notice:
    """One thing that went wrong.

    Attributes:
        id: Counts up.
        level: `bad`, `warn` or `info`.
        title: What happened.
        text: The server's or the exception's own words.
        hint: What to try.
        trace: Where in the user's code, where it was there.
    """

    id: int
    level: Literal["bad", "warn", "info"]
    title: str
    text: str = ""
    hint: str = ""
    trace: str = ""


class Notices:
    """The last few notices; older ones are in the log.

    Args:
        changed: Called when there is another one, or one less. On any thread.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._notices: list[Notice] = []

    @property
    def all(self) -> list[Notice]:
        """Every notice that stands, the oldest first."""
        return list(self._notices)

    def error(self, error: BaseException, where: str = "") -> None:
        """Tell of an exception: ours by its words and hint, anybody else's with its traceback."""
        if isinstance(error, LiveError):
            code = f"the server closed with {error.code}" if error.code is not None else ""
            words = f"{code}: {error.reason}" if code and error.reason else code
            self.tell("bad", error.message, words, error.hint[:1].upper() + error.hint[1:])
            return
        title = f"{type(error).__name__} in {where}" if where else type(error).__name__
        trace = "".join(traceback.format_exception(error))
        self.tell("bad", title, redact(str(error)), "", redact(trace)[-_LONGEST:])

    def tell(
        self,
        level: Literal["bad", "warn", "info"],
        title: str,
        text: str = "",
        hint: str = "",
        trace: str = "",
    ) -> None:
        """Add a notice; the same one twice in a row counts once."""
        with self._lock:
            last = self._notices[-1] if self._notices else None
            if last is not None and (last.title, last.text) == (title, text):
                return
            self._notices = [*self._notices, Notice(next(self._numbers), level, title, text, hint, trace)][
                -_MOST:
            ]
        self._changed()

    def dismiss(self, id: int) -> None:
        """Take one away."""
        with self._lock:
            self._notices = [notice for notice in self._notices if notice.id != id]
        self._changed()

    def clear(self) -> None:
        """Take all away: another attempt begins."""
        with self._lock:
            self._notices = []
        self._changed()
