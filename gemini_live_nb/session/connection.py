"""One connection of a session: from the dial over the setup to the close, each in the log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial

from websockets.exceptions import ConnectionClosed

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import ConnectError, LiveError, NetworkLost, from_close
from gemini_live_nb.errors.closing import Phase
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.endpoint import Endpoint

from .wire import Wire, dial

Took = Callable[["Connection", bytes | str], None]
Ended = Callable[["Connection", LiveError], None]

_UNKNOWN = re.compile(r'Unknown name "(?!config")')
_LENIENT = "gl.offline.accept_unknown() has the built-in server pass over it (--accept-unknown)"
GOODBYE_SECONDS = 3.0
"""How long the server may take to answer our close, and a stalled socket to take it."""


class Connection:
    """A WebSocket and where it is in its life.

    Args:
        number: Which connection of the session, from 0.
        recorder: Keeps what is sent, and that it opened and closed.
        clock: Measures limits.
        resumes: Whether its setup carries a resumption handle.
        on_message: Called with each message as it came. It must not raise.
        on_writable: Called when it takes frames again.
        on_end: Called once with what ended it, unless we did.

    Attributes:
        accepted: The server took the setup: frames may be sent.
        heard: When the last frame came, in seconds of the clock.
    """

    def __init__(
        self,
        number: int,
        *,
        recorder: Recorder,
        clock: Clock,
        resumes: bool,
        on_message: Took,
        on_writable: Callable[[], None],
        on_end: Ended,
    ) -> None:
        self.number = number
        self.accepted = False
        self.heard = clock.monotonic()
        self._pong = self.heard
        self._recorder = recorder
        self._clock = clock
        self._phase: Phase = "resume" if resumes else "setup"
        self._took = on_message
        self._on_writable = on_writable
        self._on_end = on_end
        self._wire: Wire | None = None
        self._setup: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ending = False
        self._local = False
        self._sound = (0, 0.0)
        self._sound_since = self.heard

    async def open(self, endpoint: Endpoint, setup: str, timeout: float) -> None:
        """Dial, send the setup, and wait until the server has taken it.

        Args:
            endpoint: Where to.
            setup: The first frame.
            timeout: Seconds for all of it.

        Raises:
            LiveError: What stood in the way.
        """
        deadline = self._clock.monotonic() + timeout
        self._local = endpoint.local
        self._wire = await dial(
            endpoint,
            clock=self._clock,
            timeout=timeout,
            on_message=partial(self._took, self),
            on_writable=self._on_writable,
            on_end=self._ended,
        )
        self._recorder.local("open", self.number, url=endpoint.shown)
        try:
            self.write(setup.encode(), None)
            await self._clock.wait_for(self._setup, deadline - self._clock.monotonic())
        except TimeoutError:
            await self.close()
            raise ConnectError(
                f"the setup was sent, but setupComplete did not come within {timeout:g} s",
                hint="some models never answer a setting they do not know, such as enable_affective_dialog: "
                "try with the model alone",
            ) from None
        except BaseException:
            await self.close()
            raise

    def accept(self) -> None:
        """The server took the setup."""
        self.accepted = True
        self._phase = "session"
        if not self._setup.done():
            self._setup.set_result(None)

    @property
    def closing(self) -> bool:
        """Whether it is being closed, or is gone."""
        return self._ending

    @property
    def writable(self) -> bool:
        """Whether a frame can go out now: the setup is taken and the socket is not stalled."""
        return self.accepted and self._wire is not None and self._wire.writable

    def write(self, frame: bytes, message: ClientMessage | None) -> int:
        """Keep a frame and put it in the socket.

        Returns:
            Its row in the log.

        Raises:
            NetworkLost: The connection is closing or gone.
        """
        self._put(frame)
        return self._recorder.sent(frame, self.number, message)

    def write_sound(self, frame: bytes, pcm: bytes) -> int:
        """Do what `write` does for a chunk of the microphone, as `codec.encode_audio` writes it of `pcm`."""
        self._put(frame)
        return self._recorder.sent_sound(frame, pcm, self.number)

    def _put(self, frame: bytes) -> None:
        try:
            if self._wire is None:
                raise ConnectionError("the connection is not open")
            self._wire.send_now(frame)
        except ConnectionError as error:
            raise NetworkLost(str(error), hint="connect again") from None

    @property
    def alive(self) -> float:
        """When the last frame or pong came."""
        return max(self.heard, self._pong)

    async def probe(self, timeout: float) -> bool:
        """Ask the wire, not the model, whether anybody is there.

        Args:
            timeout: Seconds to wait; pongs have come up to 30 s late (PROTOCOL.md §1.4).
        """
        if self._wire is None:
            return False
        before = self.heard
        try:
            # The ping itself waits too, where a dead wire has filled the socket.
            async with self._clock.timeout(timeout):
                await (await self._wire.ping())
        except (TimeoutError, ConnectionClosed):
            return self.heard > before
        self._pong = self._clock.monotonic()
        return True

    def sounded(self, seconds: float) -> None:
        """Count a chunk of sound as sent since the last sign of life."""
        since = self.alive
        count, before = self._sound if since == self._sound_since else (0, 0.0)
        self._sound, self._sound_since = (count + 1, before + seconds), since

    @property
    def sound_unheard(self) -> tuple[int, float]:
        """Chunks of sound, and their seconds, sent since the last sign of life."""
        return self._sound if self._sound_since == self.alive else (0, 0.0)

    def abort(self) -> None:
        """Give a dead wire up without a goodbye; `on_end` is called."""
        if self._wire is not None:
            self._wire.transport.abort()

    async def close(self, code: int = 1000) -> bool:
        """Close from our side and wait, with a limit, until the server has said goodbye too.

        Returns:
            Whether it has, and so has read all that was sent.
        """
        self._ending = True
        self.accepted = False
        if self._wire is None:
            return False
        try:
            await self._clock.wait_for(self._wire.close(code), GOODBYE_SECONDS)
        except TimeoutError:
            self.abort()
            await self._wire.wait_closed()
        return self._wire.protocol.close_rcvd is not None

    def _ended(self, wire: Wire) -> None:
        received = wire.protocol.close_rcvd
        code = received.code if received is not None else wire.close_code
        reason = received.reason if received is not None else ""
        self.accepted = False
        self._recorder.local(
            "close", self.number, code=code, reason=reason, by="us" if self._ending else "server"
        )
        if self._ending:
            return
        self._ending = True
        error = from_close(code, reason, phase=self._phase)
        if self._local and _UNKNOWN.search(reason):
            error.hint += f"; {_LENIENT}"
        if self._setup.done():
            self._on_end(self, error)
        else:
            self._setup.set_exception(error)
            # A handshake that is refused raises its own, and nobody asks for this one.
            self._setup.exception()
