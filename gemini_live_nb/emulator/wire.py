"""One connection's way out: frames as the service writes them, in order, never blocking who posts them."""

from __future__ import annotations

import asyncio
import binascii
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web

from gemini_live_nb.clock import Clock

from .brain import Int16
from .refusals import Refusal, cut

_encode = msgspec.json.Encoder().encode
_FULL = 64


def pretty(message: Mapping[str, Any]) -> bytes:
    r"""A frame's bytes as the service prints them: UTF-8 JSON, two spaces, a newline at the end.

    Example:
        >>> pretty({"setupComplete": {}})
        b'{\n  "setupComplete": {}\n}\n'
    """
    return msgspec.json.format(_encode(message), indent=2) + b"\n"


def audio_frame(
    audio: Int16,
    *,
    mime_type: str,
    role: str = "",
    role_first: bool = True,
    transcript: str = "",
    tail: bytes = b"",
) -> bytes:
    """The frame of one chunk of the model's voice: what `pretty` would print, made at a third of the cost."""
    data = binascii.b2a_base64(audio.tobytes() + tail, newline=False)
    said = (
        b',\n    "outputTranscription": {\n      "text": %s\n    }' % _encode(transcript)
        if transcript
        else b""
    )
    before = b'\n      "role": %s,' % _encode(role) if role and role_first else b""
    after = b',\n      "role": %s' % _encode(role) if role and not role_first else b""
    return (
        b'{\n  "serverContent": {\n    "modelTurn": {%s\n'
        b'      "parts": [\n        {\n          "inlineData": {\n'
        b'            "mimeType": %s,\n            "data": "%s"\n'
        b"          }\n        }\n      ]%s\n    }%s\n  }\n}\n"
    ) % (before, _encode(mime_type), data, after, said)


class Wire:
    """Sends a connection's frames in the order they are posted, from a task of its own.

    Args:
        socket: the WebSocket.
        clock: for stalls.
    """

    def __init__(self, socket: web.WebSocketResponse, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._queue: deque[bytes | str] = deque()
        self._posted = asyncio.Event()
        self._sent = asyncio.Event()
        self._stalled_until = 0.0
        self._writing = False
        self._closing = False
        self._closed = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._write(), name="emulator wire")
        self.open = True

    def post(self, frame: Mapping[str, Any] | bytes | str) -> None:
        """Queue one frame: a message, or bytes (binary frame) or text (text frame) as they are."""
        if not self.open or self._closing:
            return
        self._queue.append(frame if isinstance(frame, (bytes, str)) else pretty(frame))
        self._posted.set()

    async def room(self) -> None:
        """Wait while the client reads too slowly for more to be made."""
        while self.open and len(self._queue) > _FULL:
            self._sent.clear()
            await self._sent.wait()

    async def flushed(self) -> None:
        """Wait until everything posted so far is on its way to the client."""
        while self.open and (self._queue or self._writing):
            self._sent.clear()
            await self._sent.wait()

    def stall(self, seconds: float) -> None:
        """Send nothing for so long; what is posted waits."""
        self._stalled_until = self._clock.monotonic() + seconds

    async def _write(self) -> None:
        while True:
            await self._posted.wait()
            self._posted.clear()
            while self._queue:
                pause = self._stalled_until - self._clock.monotonic()
                if pause > 0:
                    await self._clock.sleep(pause)
                frame = self._queue.popleft()
                self._writing = True
                try:
                    if isinstance(frame, bytes):
                        await self._socket.send_bytes(frame)
                    else:
                        await self._socket.send_str(frame)
                except (ConnectionError, RuntimeError):  # the client has gone; the reader notices too
                    self._shut()
                    return
                self._writing = False
                self._sent.set()

    async def close(self, refusal: Refusal, *, before: Callable[[], Awaitable[None]]) -> None:
        """Send what is queued, then the close frame with its reason cut as on the real wire.

        `before` is awaited before the close frame goes out.
        """
        if not self.open or self._closing:
            return
        self._closing = True
        if not self._task.done() and self._stalled_until <= self._clock.monotonic():
            await self.flushed()
        self.open = False
        await self._stop()
        try:
            await before()
            await self._socket.close(code=refusal.code, message=cut(refusal.reason).encode())
        finally:
            self._closed.set()

    async def closed(self) -> None:
        """Wait for a close under way: until the client answers it, or a little while."""
        if self._closing:
            await self._closed.wait()

    async def end(self) -> None:
        """Stop sending; the connection is gone."""
        self.open = False
        await self._stop()

    async def _stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._shut()

    def _shut(self) -> None:
        self.open = False
        self._queue.clear()
        self._sent.set()
