"""Reading a run from any frame on, while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frame import LogFrame
    from .reading import RunFrames


class Cursor:
    """A reader's place in a run. Each has its own; none slows the recording.

    Attributes:
        seq: The last frame read; set it to go elsewhere.
    """

    def __init__(self, log: RunFrames, after: int = -1) -> None:
        self._log = log
        self.seq = after

    def read(self, limit: int = 1000) -> list[LogFrame]:
        """The next frames, at most `limit`; none where the reader has caught up. Never waits."""
        frames: list[LogFrame] = []
        last = self._log.last_seq
        while self.seq < last and len(frames) < limit:
            self.seq += 1
            frame = self._log.frame(self.seq)
            if frame is not None:
                frames.append(frame)
        return frames

    @property
    def behind(self) -> int:
        """How many frames are yet to be read."""
        return self._log.last_seq - self.seq

    def __iter__(self) -> Iterator[LogFrame]:
        while frames := self.read():
            yield from frames
