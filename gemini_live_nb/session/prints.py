"""What a user's function prints, told apart from everything else that is printed meanwhile."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

Told = Callable[[str], None]

_told: ContextVar[Told | None] = ContextVar("gemini_live_nb_prints", default=None)
_lock = threading.Lock()
_users = 0
_tee: _Tee | None = None


class _Tee:
    """Standard output that also tells whoever captures in the context that writes."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def write(self, text: str) -> int:
        told = _told.get()
        if told is not None and text:
            told(text)
        return self.out.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.out, name)


@contextmanager
def capturing(told: Told) -> Iterator[None]:
    """Tell what is printed in this context, and in threads and tasks that copy it; it goes out as always.

    Args:
        told: Called with each piece of text, on whatever thread printed it.
    """
    _install()
    token = _told.set(told)
    try:
        yield
    finally:
        _told.reset(token)
        _remove()


def _install() -> None:
    global _users, _tee  # noqa: PLW0603 - there is one standard output
    with _lock:
        _users += 1
        if _tee is None or sys.stdout is not _tee:
            _tee = _Tee(sys.stdout)
            sys.stdout = _tee  # all but write is the original's


def _remove() -> None:
    global _users, _tee  # noqa: PLW0603 - there is one standard output
    with _lock:
        _users -= 1
        if _users == 0 and _tee is not None:
            # Somebody may have redirected the output since; that is theirs to undo.
            if sys.stdout is _tee:
                sys.stdout = _tee.out
            _tee = None
