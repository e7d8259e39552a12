"""What waits to go out while the socket stalls or the connection is being resumed.

Realtime media may be late only so long (DESIGN 8): of pictures the newest is kept, of sound the last few
seconds; what is given up is counted and told. Text, content, tool responses and setup are never given up.
Nothing overtakes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from gemini_live_nb.clock import Clock
from gemini_live_nb.protocol.client import ClientMessage

Media = Literal["audio", "video", ""]

AUDIO_SECONDS = 3.0
"""How much sound may wait; what is older goes first."""
VIDEO_FRAMES = 1
"""How many pictures may wait; the older go first."""

# A stalled socket drops a chunk every 20 ms: once a second is telling enough.
_TELL_SECONDS = 1.0


class Waiting(NamedTuple):
    """One frame on its way out."""

    frame: bytes
    message: ClientMessage | None
    media: Media
    seconds: float
    written: asyncio.Future[int] | None
    again: bool = False


class Outbox:
    """Frames in the order they will leave in.

    Args:
        clock: Measures how often drops are told.
        on_drop: Called with what was dropped (`"audio"`, `"video"`), how many frames, and seconds of sound.
    """

    def __init__(self, *, clock: Clock, on_drop: Callable[[str, int, float], None]) -> None:
        self._clock = clock
        self._on_drop = on_drop
        self._waiting: deque[Waiting] = deque()
        self._dropped: dict[str, tuple[int, float]] = {}
        self._told = clock.monotonic()
        self._room: asyncio.Event = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def audio_seconds(self) -> float:
        """Seconds of sound that wait."""
        return sum(one.seconds for one in self._waiting)

    def put(self, one: Waiting) -> None:
        """Let a frame wait, and give up what is too late for."""
        self._waiting.append(one)
        self._room.clear()
        if one.media:
            self._trim("video", sum(1 for other in self._waiting if other.media == "video") - VIDEO_FRAMES)
            self._trim_audio()
        if self._dropped and self._clock.monotonic() - self._told >= _TELL_SECONDS:
            self.tell()

    def _trim_audio(self) -> None:
        over = self.audio_seconds - AUDIO_SECONDS
        count = 0
        for one in self._waiting:
            # Chunks are a few hundredths of a second: rounding must not drop one too many.
            if over <= 1e-6:
                break
            if one.media == "audio":
                over -= one.seconds
                count += 1
        self._trim("audio", count)

    def _trim(self, media: Media, count: int) -> None:
        if count <= 0:
            return
        kept: deque[Waiting] = deque()
        for one in self._waiting:
            if count > 0 and one.media == media:
                count -= 1
                frames, seconds = self._dropped.get(media, (0, 0.0))
                self._dropped[media] = (frames + 1, seconds + one.seconds)
            else:
                kept.append(one)
        self._waiting = kept

    def put_first(self, frames: Iterable[Waiting]) -> None:
        """Let frames wait before all others but answers to function calls, which come before any question."""
        answers = [one for one in self._waiting if _answers(one)]
        self._waiting = deque((*answers, *frames, *(one for one in self._waiting if not _answers(one))))
        if self._waiting:
            self._room.clear()

    def flush(self, write: Callable[[Waiting], bool]) -> None:
        """Write what waits, oldest first, until `write` says that the socket takes no more."""
        while self._waiting:
            if not write(self._waiting[0]):
                return
            self._waiting.popleft()
        self._room.set()
        self.tell()

    def withdraw(self, written: asyncio.Future[int]) -> None:
        """Take back a frame whose sender no longer waits for it."""
        self._waiting = deque(one for one in self._waiting if one.written is not written)

    async def empty(self) -> None:
        """Wait until nothing waits any more."""
        await self._room.wait()

    def tell(self) -> None:
        """Say what was dropped since it was last said."""
        dropped, self._dropped = self._dropped, {}
        self._told = self._clock.monotonic()
        for media, (count, seconds) in dropped.items():
            self._on_drop(media, count, seconds)

    def close(self, error: BaseException) -> None:
        """Give up everything: senders that still wait get the error, media is counted as dropped."""
        for media in ("audio", "video"):
            self._trim(media, len(self._waiting))
        waiting, self._waiting = self._waiting, deque()
        for one in waiting:
            if one.written is not None and not one.written.done():
                one.written.set_exception(error)
                # Whoever sent it may have gone: an error nobody fetches is no fault.
                one.written.exception()
        self._room.set()
        self.tell()


def _answers(one: Waiting) -> bool:
    return one.message is not None and one.message.tool_response is not None
