"""One WebSocket: messages handed over in the callback that read them, frames sent without waiting.

`websockets` does handshake, control frames, fragments, masks, errors and the close. Its `recv` and `send` are
coroutines with a queue or a lock between; for fifty frames a second in each direction that is most of their
cost, so `Wire` takes each message where `websockets` has parsed it and writes each frame where we stand.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI
from websockets.frames import CloseCode, Frame, Opcode, apply_mask  # type: ignore[attr-defined]  # in C where that is installed
from websockets.protocol import OPEN, Event

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import ConnectError, LiveError, from_status
from gemini_live_nb.errors.redaction import redact
from gemini_live_nb.protocol.endpoint import Endpoint

# At debug level websockets logs every header, the key's too.
_logger = logging.getLogger("gemini_live_nb.wire")
_logger.setLevel(logging.INFO)

# Sound that waits in the kernel can be neither counted nor dropped: about three seconds of it, and no more.
_UNSENT_BYTES = 128 * 1024
_WRITE_LIMIT = 64 * 1024
_CLOSE_TIMEOUT = 3.0
# What is sent in one turn of the loop is held together up to this many bytes.
_MOST_HELD = 16 * 1024

_BINARY, _TEXT, _MORE = Opcode.BINARY, Opcode.TEXT, Opcode.CONT
# First bytes of a frame that is a whole message, with no extension.
_WHOLE_BINARY, _WHOLE_TEXT = 0x82, 0x81
_WHOLE = (_WHOLE_BINARY, _WHOLE_TEXT)
_LONGEST_HEAD = 64 * 1024


class Wire(ClientConnection):
    """An open WebSocket that calls back.

    Args:
        protocol: Given by `websockets`.
        on_message: Called with each message, `str` for a text frame, `bytes` for a binary one. It must not
            raise.
        on_writable: Called when a stalled socket takes data again.
        on_end: Called once, when the connection is gone.
        options: Given by `websockets`.
    """

    def __init__(
        self,
        protocol: ClientProtocol,
        *,
        on_message: Callable[[bytes | str], None],
        on_writable: Callable[[], None],
        on_end: Callable[[Wire], None],
        **options: Any,
    ) -> None:
        super().__init__(protocol, **options)
        self._on_message = on_message
        self._on_writable = on_writable
        self._on_end = on_end
        self._fragments: list[Frame] = []
        self._pieces: list[bytes] = []
        self._missing = 0
        # Is the head of the server's answer read; is what comes for `websockets` to parse?
        self._shaken = False
        self._theirs = True
        self._masks = _Masks()
        self._holding = False
        self._held: list[bytes] = []
        self._held_bytes = 0

    @property
    def writable(self) -> bool:
        """Whether the socket takes frames now: it is open and not stalled."""
        return not self.paused and self.protocol.state is OPEN and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Take whole plain messages straight out of what the socket gave; leave the rest to `websockets`."""
        # What `websockets` may answer, a goodbye say, comes after what was sent.
        self._write_held()
        if self._theirs:
            self._leave(data)
            return
        at = 0
        if self._pieces:
            at, self._missing = self._missing, self._missing - len(data)
            self._pieces.append(data[:at])
            if self._missing > 0:
                return
            # The torn frame alone is put together: what follows it may be a hundred times as long.
            torn = b"".join(self._pieces)
            self._pieces.clear()
            left = self._walk(torn, 0)
            if left < len(torn):
                # It was torn in its head, which did not yet tell how long it is.
                self._pieces.append(torn[left:])
            if self._pieces or self._theirs:
                self.data_received(data[at:])
                return
        at = self._walk(data, at)
        if at < len(data) and not self._theirs:
            self._pieces.append(data[at:])

    def _walk(self, data: bytes, at: int) -> int:
        """Hand over each whole frame from `at` on. Returns where one begins that is not yet all there."""
        end = len(data)
        while True:
            length, head = data[at + 1] if end - at > 1 else 0, 2
            if length > 125:
                if length > 127:
                    # A server's frame is never masked: what breaks the rules is not ours to read.
                    self._theirs = True
                    super().data_received(data[at:])
                    return end
                head = 4 if length == 126 else 10
                if end - at < head:
                    length = 0
                elif length == 126:
                    length = data[at + 2] << 8 | data[at + 3]
                else:
                    length = int.from_bytes(data[at + 2 : at + 10], "big")
            stop = at + head + length
            if stop > end or end - at < head:
                self._missing = stop - end
                return at
            kind = data[at]
            # A plain message, neither within a fragmented one nor when we are closing?
            plain = kind in _WHOLE and not self._fragments and self.protocol.state is OPEN
            if plain and kind == _WHOLE_BINARY:
                self._on_message(data[at + head : stop])
            elif plain:
                self._hand_over(True, data[at + head : stop])
            else:
                super().data_received(data[at:stop])
            at = stop

    def _leave(self, data: bytes) -> None:
        """Leave to `websockets` the head of the handshake; for good, what is refused or broken."""
        if self._shaken:
            super().data_received(data)
            return
        self._pieces.append(data)
        head, end, rest = b"".join(self._pieces).partition(b"\r\n\r\n")
        if not end and len(head) < _LONGEST_HEAD:
            return
        self._pieces.clear()
        self._shaken = True
        super().data_received(head + end)
        self._theirs = self.protocol.state is not OPEN
        if rest:
            self.data_received(rest)

    def process_event(self, event: Event) -> None:
        """Hand over a message that `websockets` parsed; leave handshake and pongs to it."""
        if not isinstance(event, Frame) or event.opcode not in (_BINARY, _TEXT, _MORE):
            super().process_event(event)
        elif event.fin and event.opcode is not _MORE:
            self._hand_over(event.opcode is _TEXT, bytes(event.data))
        else:
            self._fragments.append(event)
            if event.fin:
                fragments, self._fragments = self._fragments, []
                data = b"".join(fragment.data for fragment in fragments)
                self._hand_over(fragments[0].opcode is _TEXT, data)

    def _hand_over(self, text: bool, data: bytes) -> None:
        if text:
            # A text frame that is no UTF-8 is kept as the bytes it is.
            with contextlib.suppress(UnicodeDecodeError):
                self._on_message(data.decode())
                return
        self._on_message(data)

    def send_now(self, text: bytes) -> None:
        """Write one text frame to the socket; what follows in the same turn of the loop goes out together.

        So a chunk alone is never late, and a burst of them does not cost a system call each.

        Args:
            text: UTF-8.

        Raises:
            ConnectionError: The connection is closing or gone.
        """
        if self.protocol.state is not OPEN or self.transport.is_closing():
            raise ConnectionError("the connection is closing")
        mask = self._masks.next()
        size = len(text)
        if size < 126:
            head = b"\x81%c" % (0x80 | size)
        elif size < 65536:
            head = b"\x81\xfe" + size.to_bytes(2, "big")
        else:
            head = b"\x81\xff" + size.to_bytes(8, "big")
        frame = b"%b%b%b" % (head, mask, apply_mask(text, mask))
        if self._holding:
            self._held.append(frame)
            self._held_bytes += len(frame)
            if self._held_bytes > _MOST_HELD:
                self._write_held()
        else:
            self._holding = True
            self.loop.call_soon(self._let_go)
            self.transport.write(frame)

    def _let_go(self) -> None:
        """The loop's turn is over."""
        self._holding = False
        self._write_held()

    def _write_held(self) -> None:
        if self._held:
            held, self._held, self._held_bytes = self._held, [], 0
            if not self.transport.is_closing():
                self.transport.write(b"".join(held))

    async def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Say goodbye, after all that was sent."""
        self._write_held()
        await super().close(code, reason)

    def resume_writing(self) -> None:
        """The socket's buffer has room again."""
        super().resume_writing()
        self._on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._on_end(self)


class _Masks:
    """Masks nobody can foresee (RFC 6455 §5.3), fetched from the system a thousand at a time."""

    def __init__(self) -> None:
        self._pool = b""
        self._at = 0

    def next(self) -> bytes:
        """Four bytes, each time others."""
        at = self._at
        if at >= len(self._pool):
            self._pool = os.urandom(4096)
            at = 0
        self._at = at + 4
        return self._pool[at : at + 4]


class _Dial(connect):
    """Follow no redirect: it would carry the key to another host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def dial(
    endpoint: Endpoint,
    *,
    clock: Clock,
    timeout: float,
    on_message: Callable[[bytes | str], None],
    on_writable: Callable[[], None],
    on_end: Callable[[Wire], None],
) -> Wire:
    """Open a WebSocket.

    Args:
        endpoint: Where to, and the headers that carry the key.
        clock: Measures the limit.
        timeout: Seconds for DNS, TCP, TLS and the HTTP upgrade together.
        on_message: See `Wire`.
        on_writable: See `Wire`.
        on_end: See `Wire`.

    Raises:
        ConnectError: It did not come about; no key is in the error or its traceback.
    """
    # The server never pings and answers pings up to 30 s late (PROTOCOL.md §1.4): a client's ping kills
    # healthy calls.
    attempt = _Dial(
        endpoint.url,
        additional_headers=endpoint.headers,
        compression=None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        open_timeout=None,
        close_timeout=_CLOSE_TIMEOUT,
        write_limit=_WRITE_LIMIT,
        proxy=None if endpoint.local else True,
        logger=_logger,
        create_connection=partial(Wire, on_message=on_message, on_writable=on_writable, on_end=on_end),  # type: ignore[arg-type]  # "a wrapper or a subclass" by its documentation
    )
    failed: LiveError
    try:
        opened = await clock.wait_for(attempt.connect(), timeout)
    except InvalidStatus as refused:
        failed = from_status(
            refused.response.status_code, (refused.response.body or b"").decode(errors="replace")
        )
    except TimeoutError:
        failed = ConnectError(
            f"no connection within {timeout:g} s", hint="check the network, a proxy or firewall"
        )
    except (OSError, EOFError, InvalidURI, InvalidHandshake, InvalidProxy) as error:
        failed = ConnectError(
            f"no connection: {redact(error)}", hint="check the network, a proxy or firewall"
        )
    else:
        wire = cast("Wire", opened)
        _keep_little_unsent(wire)
        return wire
    try:
        raise failed
    finally:
        # The original's traceback holds the URL. Tasks written in Python, as nest_asyncio's are, resume us in
        # their own except block: then it would still hang on, although ours is left.
        failed.__context__ = None


def _keep_little_unsent(wire: Wire) -> None:
    """Have the kernel hold back little, so that what is late can still be dropped here."""
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    plain: asyncio.BaseTransport = wire.transport
    opened = plain.get_extra_info("socket")
    if option is not None and opened is not None:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_BYTES)
