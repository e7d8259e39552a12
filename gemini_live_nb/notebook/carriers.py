"""The two ways a frame goes down to a page: at once by socket, or with others in a comm message."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

PACE = 0.1
"""Seconds between comm messages that carry sound. The server passes on 1000 messages a second at most and
drops the rest in silence, and each costs about 4 ms of its time."""


class Carrier(Protocol):
    """A way down to one page."""

    name: str

    def send(self, frame: bytes, *, urgent: bool) -> None:
        """Send a frame behind those sent before; `urgent` ones wait for nothing."""
        ...

    def close(self, reason: str) -> None:
        """Give it up."""
        ...


class SocketCarrier:
    """Frames over a WebSocket, in order. Runs on the I/O thread."""

    name = "socket"

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def send(self, frame: bytes, *, urgent: bool) -> None:
        """Queue a frame; what waits is bounded by the speaker, which sends two seconds ahead at most."""
        self._waiting.append(frame)
        self._wake.set()

    def close(self, reason: str) -> None:
        """Close the connection in good order; the page takes 4000 as final."""
        self._writer.cancel()
        self._closing = asyncio.get_running_loop().create_task(self._connection.close(4000, reason))

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._connection.send(self._waiting.popleft())
        except ConnectionClosed:
            self._waiting.clear()  # whoever reads the connection has noticed too


class CommCarrier:
    """Frames as buffers of widget messages, at least PACE apart unless one is urgent. Runs on the I/O thread.

    Args:
        publish: sends one message with these buffers to the page.
    """

    name = "comm"

    def __init__(self, publish: Callable[[list[bytes]], None]) -> None:
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []
        self._next = 0.0
        self._timer: asyncio.Handle | None = None
        self._soon = False

    def send(self, frame: bytes, *, urgent: bool) -> None:
        """Queue a frame for the next message; an urgent one takes those before it along at once.

        "At once" is when the loop has run what it is at: what is sent together goes in one message, for the
        server sends a second small one only when the page has acknowledged the first, up to 40 ms later.
        """
        self._waiting.append(frame)
        if self._soon:
            return
        self._soon = urgent or self._loop.time() >= self._next
        if self._soon:
            self._cancel()
            self._timer = self._loop.call_soon(self._flush)
        elif self._timer is None:
            self._timer = self._loop.call_at(self._next, self._flush)

    def close(self, reason: str) -> None:
        """Give up what waits."""
        self._waiting.clear()
        self._cancel()

    def _flush(self) -> None:
        self._cancel()
        self._soon = False
        frames, self._waiting = self._waiting, []
        self._next = self._loop.time() + PACE
        if frames:
            self._publish(frames)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
