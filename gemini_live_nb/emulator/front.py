"""Takes a connection's first request head as Google's front end does, before `aiohttp` reads it."""

from __future__ import annotations

import asyncio
from typing import cast

_ONCE = (b"user-agent", b"content-type")
_LONGEST_HEAD = 64 * 1024


class Front(asyncio.Protocol):
    """Lets go of a header that says the same twice, then leaves the connection to the server.

    `google-genai` 1.0 with `websockets` before 15 sends two `User-Agent` headers: the service lets them in,
    and `aiohttp` refuses them with 400.

    Args:
        server: what reads the connection from then on.
    """

    def __init__(self, server: asyncio.Protocol) -> None:
        self._server = server
        self._head = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody knocks."""
        self._transport = cast("asyncio.Transport", transport)
        self._server.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Keep what comes until the head is whole, then hand it on and step aside."""
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end and len(head) < _LONGEST_HEAD:
            return
        if self._transport is not None:
            self._transport.set_protocol(self._server)
        self._server.data_received((said_once(head) if end else head) + end + rest)

    def eof_received(self) -> bool | None:
        """The other side ends before its head is whole."""
        return self._server.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ends before its head is whole."""
        self._server.connection_lost(exc)

    def pause_writing(self) -> None:
        """The socket takes no more."""
        self._server.pause_writing()

    def resume_writing(self) -> None:
        """The socket takes data again."""
        self._server.resume_writing()


def said_once(head: bytes) -> bytes:
    r"""A request's head with the first of each header that may come only once.

    Example:
        >>> said_once(b"GET / HTTP/1.1\r\nUser-Agent: a\r\nHost: h\r\nUser-Agent: b")
        b'GET / HTTP/1.1\r\nUser-Agent: a\r\nHost: h'
    """
    seen: set[bytes] = set()
    kept = []
    for line in head.split(b"\r\n"):
        name = line.partition(b":")[0].lower()
        if name in _ONCE and name in seen:
            continue
        seen.add(name)
        kept.append(line)
    return b"\r\n".join(kept)
