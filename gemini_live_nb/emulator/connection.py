"""One WebSocket connection: setup, then client messages in and frames out, until it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from gemini_live_nb.protocol.client import ClientMessage, Setup
from gemini_live_nb.protocol.durations import duration

from .accept import accept
from .attached import Attached
from .doors import Credential, Door
from .lifetime import Lifetime
from .refusals import REFUSALS, Refusal, Refused, refuse
from .replay import ReplayBrain
from .setup_rules import check_setup
from .strikes import strike
from .tokens import Token
from .wire import Wire

if TYPE_CHECKING:
    from .server import Emulator


log = logging.getLogger(__name__)
_TICK = 0.001  # seconds that rounding may cost a timer


class Connection:
    """Serves one client from its first frame to its close.

    Args:
        emulator: whose options, brain, clock and sessions it uses.
        socket: prepared WebSocket.
        request: the handshake, for the TCP connection.
        door: the method it came in by.
        shown: the credential it showed.
    """

    def __init__(
        self,
        emulator: Emulator,
        socket: web.WebSocketResponse,
        request: web.Request,
        door: Door,
        shown: Credential,
    ) -> None:
        self.emulator = emulator
        self.clock = emulator.clock
        self.wire = Wire(socket, self.clock)
        self.attached: Attached | None = None
        self.pong_delay = 0.0
        self._lifetime: Lifetime | None = None
        self._leaving = False  # whether its own goAway was said
        self._clean = False  # whether it ended with a close handshake
        self._socket = socket
        self._request = request
        self._door = door
        self._shown = shown
        self._deaf_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve the client; returns when the connection is over."""
        self._serving = asyncio.get_running_loop().create_task(self._serve(), name="emulator connection")
        try:
            await asyncio.wait({self._serving})
            await self._finish()
        finally:
            self._serving.cancel()
            await self._end()

    async def hang_up(self, refusal: Refusal) -> None:
        """Close with a code and reason, after what is already on its way."""
        self._clean = True
        await self.wire.close(refusal, before=self._stop_reading)

    async def _stop_reading(self) -> None:
        # The socket must read on until the client answers the close: bytes left unread would reset the
        # connection, and the client might never see the reason.
        serving = self._serving
        if serving is not None and serving is not asyncio.current_task():
            serving.cancel()
            await asyncio.wait({serving})

    async def _finish(self) -> None:
        """Turn what ended the serving into a close, if it did not come by one."""
        if self._serving is None or self._serving.cancelled():
            return
        error = self._serving.exception()
        if isinstance(error, Refused):
            await self.hang_up(error.refusal)
        elif error is not None:
            log.error("a fault of the emulator's own", exc_info=error)
            await self.hang_up(REFUSALS["internal"])

    def drop(self) -> None:
        """Cut the TCP connection."""
        self.wire.open = False
        if self._request.transport is not None:
            self._request.transport.abort()

    def read_nothing(self, seconds: float) -> None:
        """Leave what the client sends in the socket for so long."""
        self._deaf_until = self.clock.monotonic() + seconds

    def later(self, seconds: float, then: Coroutine[Any, Any, None]) -> None:
        """Do something on this connection after a while, if it still lives."""

        async def wait() -> None:
            try:
                await self.clock.sleep(seconds)
            except asyncio.CancelledError:
                then.close()
                raise
            await then

        task = asyncio.get_running_loop().create_task(wait(), name="emulator later")
        self._tasks.add(task)
        task.add_done_callback(self._later_ended)

    def _later_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, ConnectionError):  # the client may be gone meanwhile
            log.error("a fault of the emulator's own", exc_info=error)

    def go_away(self, time_left: float) -> None:
        """Tell the client that the connection will end, and end it then."""
        self.wire.post({"goAway": {"timeLeft": duration(time_left)} if time_left else {}})
        self.later(time_left, self.hang_up(self._deadline))

    @property
    def _deadline(self) -> Refusal:
        return REFUSALS["limit" if self._door.dialect.vertex else "deadline"]

    async def reached(self, phase: str) -> None:
        """A phase is reached: let the faults armed for it strike."""
        for fault in self.emulator.faults.due(phase):
            await self.wire.flushed()  # what led to this phase has been sent
            if fault.delay:
                self.later(fault.delay, strike(self, fault))
            else:
                await strike(self, fault)

    async def _serve(self) -> None:
        first = await self._receive()
        if first is None:
            return
        token = self.emulator.check_credential(self._door, self._shown)
        setup = self._setup(first, token)
        if isinstance(self.emulator.brain, ReplayBrain):
            await self._replay(self.emulator.brain, first, setup)
            return
        check_setup(setup, self._door, self.emulator.profile)
        if token is not None:
            token.spend(self.clock.time(), resuming=_resumes(setup))
        await self._open(setup)
        while (data := await self._receive()) is not None:
            if token is not None:
                token.alive(self.clock.time())
            message = accept(data, self._door.dialect)
            if self._door.dialect.accept_unknown and message == ClientMessage():
                continue  # a message nobody knows
            if self.attached is not None:
                self.attached.take(message)

    async def _open(self, setup: Setup) -> None:
        """Make or resume the conversation, and say that the setup is complete."""
        asked_at = self.clock.monotonic()
        emulator, resumes = self.emulator, _resumes(setup)
        conversation = emulator.open_conversation(setup, self._door, self)
        self.attached = Attached(self, conversation)
        for phase in ("resume", "setup") if resumes else ("setup",):
            await self.reached(phase)
        if not self.wire.open:
            return
        profile = conversation.profile
        latency = profile.resume_latency if resumes else profile.setup_latency
        await self.clock.sleep(asked_at + latency * emulator.latency - self.clock.monotonic())
        self.wire.post({"setupComplete": {"sessionId": conversation.id} if profile.vertex else {}})
        self._lifetime = Lifetime(emulator.limits, conversation, self.clock)
        self.later(profile.handle_latency * emulator.latency, self.attached.offer_handle())
        self.watch_time()
        await self.reached("open")

    def _setup(self, first: bytes | str, token: Token | None) -> Setup:
        message = accept(first, self._door.dialect)
        if message.setup is None:
            raise refuse("setup_not_first")
        return token.locked(message.setup, self._door.dialect) if token else message.setup

    async def _replay(self, brain: ReplayBrain, first: bytes | str, setup: Setup) -> None:
        number = self.emulator.replayed + 1 if _resumes(setup) else 0
        self.emulator.replayed = number
        close = await brain.play(number, first, self._receive, self.wire, self.clock)
        if close is not None:
            await self.hang_up(close)

    async def _receive(self) -> bytes | str | None:
        """The next message's payload; None when the connection is over."""
        while True:
            pause = self._deaf_until - self.clock.monotonic()
            if pause > 0:
                await self.clock.sleep(pause)
            message = await self._socket.receive()
            pause = self._deaf_until - self.clock.monotonic()
            if pause > 0:  # it went deaf while it waited
                await self.clock.sleep(pause)
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                payload: bytes | str = message.data
                return payload
            if message.type is WSMsgType.PING:
                self.later(self.pong_delay, self._pong(message.data))
            elif message.type is not WSMsgType.PONG:
                self._clean = self._clean or message.type is WSMsgType.CLOSE
                return None

    async def _pong(self, data: bytes) -> None:
        if not self._socket.closed:
            await self._socket.pong(data)

    def watch_time(self) -> None:
        """See to it that goAway comes in time; again when a picture has made that sooner."""
        if self._lifetime is None or self._leaving or (left := self._lifetime.left) is None:
            return
        told = self.emulator.limits.time_left
        if left > told + _TICK:
            self.later(left - told, self._look_at_the_time())
            return
        self._leaving = True
        left = round(left, 3) if left > 0 else told
        if self._lifetime.told():
            self.later(left, self.hang_up(self._deadline))
        else:
            self.go_away(min(told, left))

    async def _look_at_the_time(self) -> None:
        self.watch_time()

    async def _end(self) -> None:
        await self.wire.closed()
        if self.attached is not None:
            await self.attached.stop()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.wire.end()
        if self._lifetime is not None:
            self._lifetime.over()
        if self.attached is not None:
            self.emulator.close_conversation(self.attached.conversation, self, dirty=not self._clean)
        # the close is answered last, so that a client that waits for it can resume at once
        await self._socket.close()


def _resumes(setup: Setup) -> bool:
    return setup.session_resumption is not None and bool(setup.session_resumption.handle)
