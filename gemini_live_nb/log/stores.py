"""What a run is read from, and what adds to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .folder import Table
from .lines import Frame, Line

if TYPE_CHECKING:
    from .index import Row
    from .turns import TurnFold

Listener = Callable[[int, "list[Row]"], None]


class Recording(Protocol):
    """What a log asks of whatever adds to it: a recorder, or a replay."""

    @property
    def fold(self) -> TurnFold:
        """The turns so far."""

    @property
    def seq(self) -> int:
        """The `seq` of the next frame."""

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""

    def flush(self) -> bool:
        """Bring what was recorded to where readers find it."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell of each frame."""


class Store(Protocol):
    """Where a run is read from: a folder (`folder.py`), or a recorder at work (`live.py`)."""

    notes: list[str]
    forgotten: int

    @property
    def meta(self) -> dict[str, Any]:
        """`session.json`."""

    @property
    def folder(self) -> Path | None:
        """The run's folder, if it has one."""

    def table(self) -> Table:
        """The index."""

    def pending(self, seq: int) -> Frame | None:
        """A frame that is still in memory."""

    def line(self, offset: int, length: int) -> Line | None:
        """One line of `messages.jsonl`."""

    def media(self, offset: int, length: int) -> bytes:
        """A stretch of `media.bin`."""
