"""Comm messages put back into order.

ipykernel 7.4 dispatches a comm message that finds its shell busy in a task of its own, so that the next
one may overtake it (`kernelbase.shell_main`). Pages number what they send, and here a message waits for those
before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = 0.25
"""Seconds to wait for a message that others have overtaken; then it is given up."""


class Ordering(Generic[T]):
    """Hands on numbered items in order; on the I/O thread.

    Args:
        hand_on: called with each item when its turn has come.
        first: the number of the first.
    """

    def __init__(self, hand_on: Callable[[T], None], first: int = 0) -> None:
        self._hand_on = hand_on
        self._next = first
        self._early: dict[int, T] = {}
        self._timer: asyncio.TimerHandle | None = None

    def put(self, number: int, item: T) -> None:
        """Take an item; one that comes after it was given up is left out."""
        if number < self._next:
            return
        self._early[number] = item
        self._go_on()

    def _go_on(self) -> None:
        while self._next in self._early:
            item = self._early.pop(self._next)
            self._next += 1
            self._hand_on(item)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._early:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._give_up)

    def _give_up(self) -> None:
        self._next = min(self._early)
        self._go_on()
