"""Where pages come in by socket: one WebSocket listener a process, on loopback.

Who may enter: a page that shows a one-time token it was given over the kernel's own connection, and whose
Origin is a page of this machine or one that said hello over that connection. So neither another program nor
another web page gets in.
"""

from __future__ import annotations

import http
import secrets
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import MultipleValuesError
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.http11 import Request, Response

PROTOCOL = "gemini-live-nb"
TOKEN_SECONDS = 60.0
LARGEST = 8 << 20
"""Bytes of one message: a camera picture is some 50 kB, a screen's some 500."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Entry(Protocol):
    """A channel, as the door sees it."""

    def knows(self, origin: str) -> bool:
        """Whether a page of this origin said hello over the kernel's own connection."""
        ...

    async def enter(self, connection: ServerConnection) -> None:
        """Serve the connection to its end."""
        ...


class Door:
    """The listener. Everything here runs on the I/O thread."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._tokens: dict[str, tuple[Entry, float]] = {}
        self._admitted: dict[ServerConnection, Entry] = {}
        self._channels: set[Entry] = set()

    async def offer(self, channel: Entry) -> tuple[int, str]:
        """Open the door if it is shut, and make a token that lets one page in.

        Returns:
            The port on 127.0.0.1 and the token, good for one minute and one connection.
        """
        self._channels.add(channel)
        if self._server is None:
            self._server = await serve(
                self._admit,
                "127.0.0.1",
                0,
                process_request=self._check,
                subprotocols=[PROTOCOL],  # type: ignore[list-item]  # a NewType of str
                compression=None,
                max_size=LARGEST,
                ping_timeout=60,
                server_header=None,
            )
        now = time.monotonic()
        self._tokens = {token: entry for token, entry in self._tokens.items() if entry[1] > now}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (channel, now + TOKEN_SECONDS)
        return self._server.sockets[0].getsockname()[1], token

    async def leave(self, channel: Entry) -> None:
        """Take a channel's tokens back; shut the door behind the last one."""
        self._channels.discard(channel)
        self._tokens = {token: entry for token, entry in self._tokens.items() if entry[0] is not channel}
        if not self._channels and self._server is not None:
            server, self._server = self._server, None
            server.close()
            await server.wait_closed()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        try:
            offered = request.headers.get("Sec-WebSocket-Protocol", "")
            origin = request.headers.get("Origin", "")
        except MultipleValuesError:
            return connection.respond(http.HTTPStatus.BAD_REQUEST, "one of each header\n")
        token = next((part for part in offered.replace(",", " ").split() if part in self._tokens), "")
        channel, until = self._tokens.get(token, (None, 0.0))
        if channel is None or time.monotonic() > until:
            return connection.respond(http.HTTPStatus.FORBIDDEN, "this token is not, or no longer, good\n")
        if not (_is_local(origin) or channel.knows(origin)):
            return connection.respond(http.HTTPStatus.FORBIDDEN, "not from this page\n")
        del self._tokens[token]
        self._admitted[connection] = channel
        return None

    async def _admit(self, connection: ServerConnection) -> None:
        channel = self._admitted.pop(connection)
        try:
            await channel.enter(connection)
        except (ConnectionClosed, TimeoutError):
            return  # the channel noticed, and waits for the page to come back; or the page never said hello


def _is_local(origin: str) -> bool:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and (host in _LOOPBACK or host.endswith(".localhost"))


_door = Door()


def door() -> Door:
    """The process's door."""
    return _door
