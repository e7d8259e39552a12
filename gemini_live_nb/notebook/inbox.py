"""From the I/O thread into a reader's own loop."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """What is captured, waiting for an `async for` on another thread's loop; made on that loop.

    Args:
        limit: how many may wait. A reader that falls further behind is told so; nothing is left out in
            silence.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._end: tuple[BaseException | None] | None = None

    def put(self, item: T) -> None:
        """Add one; from the I/O thread."""
        if self._end is not None:
            return
        if len(self._items) >= self._limit:
            self.end(OverflowError(f"the loop that reads has fallen {self._limit} behind"))
            return
        self._items.append(item)
        if len(self._items) == 1:
            self._rouse()

    def end(self, error: BaseException | None = None) -> None:
        """No more will come; from any thread."""
        if self._end is None:
            self._end = (error,)
            self._rouse()

    async def get(self) -> T:
        """Take the next.

        Raises:
            StopAsyncIteration: there will be no more.
            BaseException: what `end` was given.
        """
        while not self._items:
            if self._end is not None:
                raise self._end[0] or StopAsyncIteration
            self._wake.clear()
            if not self._items and self._end is None:
                await self._wake.wait()
        return self._items.popleft()

    def _rouse(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)
