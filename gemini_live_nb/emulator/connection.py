"""One WebSocket connection: setup, then client messages in and the turn engine's frames out, until it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from gemini_live_nb.protocol.client import ClientMessage, Setup
from gemini_live_nb.protocol.durations import duration

from .accept import accept
from .conversation import Conversation
from .doors import Credential, Door
from .generation import Stage
from .inbox import Inbox
from .refusals import REFUSALS, Refusal, Refused, refuse
from .replay import ReplayBrain
from .setup_rules import check_setup
from .strikes import strike
from .tokens import Token
from .turns import Turns
from .voice import Ears
from .wire import Wire

if TYPE_CHECKING:
    from .server import Emulator

log = logging.getLogger(__name__)


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
        self.conversation: Conversation | None = None
        self.pong_delay = 0.0
        self.dirty = True
        """Whether it ended without a close handshake."""
        self._socket = socket
        self._request = request
        self._door = door
        self._shown = shown
        self._deaf_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._inbox: Inbox | None = None
        self._turns: Turns | None = None
        self._ears: Ears | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Serve the client; returns when the connection is over."""
        try:
            await self._serve()
        except Refused as refused:
            await self.hang_up(refused.refusal)
        finally:
            await self._end()

    async def hang_up(self, refusal: Refusal) -> None:
        """Close with a code and reason."""
        self.dirty = False
        await self.wire.close(refusal)

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

        task = asyncio.get_running_loop().create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def go_away(self, time_left: float) -> None:
        """Tell the client that the connection will end, and end it then."""
        self.wire.post({"goAway": {"timeLeft": duration(time_left)} if time_left else {}})
        self.later(time_left, self.hang_up(REFUSALS["deadline"]))

    def cancel_calls(self) -> None:
        """Cancel all open calls."""
        if self.conversation and self.conversation.calls.open:
            ids = list(self.conversation.calls.open)
            self.conversation.calls.close(ids)
            self.wire.post({"toolCallCancellation": {"ids": ids}})

    async def reached(self, phase: str) -> None:
        """A phase is reached: let the faults armed for it strike."""
        for fault in self.emulator.faults.due(phase):
            if fault.delay:
                self.later(fault.delay, strike(self, fault))
            else:
                await strike(self, fault)

    # --- its life -------------------------------------------------------------------------------------------------

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
            resuming = bool(setup.session_resumption and setup.session_resumption.handle)
            token.spend(self.clock.time(), resuming=resuming)
        asked_at = self.clock.monotonic()
        conversation, resumed = self.emulator.open_conversation(setup, self._door, self)
        self.conversation = conversation
        await self.reached("resume" if resumed else "setup")
        if resumed:
            await self.reached("setup")
        profile = conversation.profile
        latency = (profile.resume_latency if resumed else profile.setup_latency) * self.emulator.latency
        await self.clock.sleep(asked_at + latency - self.clock.monotonic())
        self._begin(conversation)
        complete = {"sessionId": conversation.id} if profile.vertex or self._door.dialect.vertex else {}
        self.wire.post({"setupComplete": complete})
        self.later(profile.handle_latency * self.emulator.latency, self._offer_handle())
        if self.emulator.go_away is not None:
            self.later(self.emulator.go_away, self._say_go_away())
        await self.reached("open")
        while (data := await self._receive()) is not None:
            self.emulator.check_token_life(self._shown)
            self._take(accept(data, self._door.dialect))

    def _setup(self, first: bytes | str, token: Token | None) -> Setup:
        message = accept(first, self._door.dialect)
        if message.setup is None:
            raise refuse("setup_not_first")
        return token.locked(message.setup, self._door.dialect) if token else message.setup

    async def _replay(self, brain: ReplayBrain, first: bytes | str, setup: Setup) -> None:
        resuming = setup.session_resumption is not None and bool(setup.session_resumption.handle)
        number = self.emulator.replayed + 1 if resuming else 0
        self.emulator.replayed = number
        close = await brain.play(number, first, self._receive, self.wire, self.clock)
        if close is not None:
            await self.hang_up(close)

    def _begin(self, conversation: Conversation) -> None:
        stage = Stage(
            wire=self.wire,
            conversation=conversation,
            brain=self.emulator.brain,
            clock=self.clock,
            faults=self.emulator.faults,
            pace=self.emulator.pace,
            latency=self.emulator.latency,
            trouble=self._brain_died,
            turn_begun=self._turn_begun,
            turn_over=self._turn_over,
            reached=self.reached,
        )
        self._turns = Turns(stage)
        self._ears = Ears(
            conversation,
            self.clock,
            self.emulator.brain.ears(),
            on_start=lambda at: self._inbox and self._inbox.speech_started(at),
            on_end=lambda audio, at: self._inbox and self._inbox.speech_ended(audio, at),
        )
        self._inbox = Inbox(conversation, self._turns, self._ears, self.wire)

    def _take(self, message: ClientMessage) -> None:
        if message.setup is not None:
            raise refuse("setup_not_first")
        assert self._inbox is not None
        assert self.conversation is not None
        self.conversation.client_messages += 1
        self._inbox.take(message)
        if message.tool_response is not None and self.conversation.profile.handle == "tool_response":
            self._first_tool_response()

    async def _receive(self) -> bytes | str | None:
        """The next message's payload; None when the connection is over."""
        while True:
            pause = self._deaf_until - self.clock.monotonic()
            if pause > 0:
                await self.clock.sleep(pause)
            message = await self._socket.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                payload: bytes | str = message.data
                return payload
            if message.type is WSMsgType.PING:
                self.later(self.pong_delay, self._pong(message.data))
            elif message.type is not WSMsgType.PONG:
                if message.type is WSMsgType.CLOSE:
                    self.dirty = False
                return None

    async def _pong(self, data: bytes) -> None:
        if not self._socket.closed:
            await self._socket.pong(data)

    async def _end(self) -> None:
        for part in (self._turns, self._ears):
            if part is not None:
                await (part.stop() if isinstance(part, Turns) else part.close())
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.wire.end()
        if self.conversation is not None:
            self.conversation.calls.lose_connection()
            self.emulator.close_conversation(self.conversation, self, dirty=self.dirty)

    # --- what the session says of itself --------------------------------------------------------------------------

    async def _say_go_away(self) -> None:
        self.go_away(self.emulator.time_left)

    async def _offer_handle(self) -> None:
        conversation = self.conversation
        assert conversation is not None
        if conversation.setup.session_resumption is not None or conversation.profile.handle == "setup":
            self._post_handle()

    def _first_tool_response(self) -> None:
        conversation = self.conversation
        assert conversation is not None
        if not self._ended.is_set() and conversation.setup.session_resumption is None:
            self._ended.set()
            self._post_handle()

    def _post_handle(self) -> None:
        assert self.conversation is not None
        update: dict[str, Any] = {"newHandle": self.emulator.new_handle(self.conversation), "resumable": True}
        resumption = self.conversation.setup.session_resumption
        if resumption is not None and resumption.transparent:
            update["lastConsumedClientMessageIndex"] = str(self.conversation.client_messages)
        self.wire.post({"sessionResumptionUpdate": update})

    def _turn_begun(self) -> None:
        conversation = self.conversation
        assert conversation is not None
        if conversation.profile.working_updates and conversation.setup.session_resumption is not None:
            self.wire.post({"sessionResumptionUpdate": {}})

    def _turn_over(self) -> None:
        conversation = self.conversation
        assert conversation is not None
        conversation.context.compress(conversation.setup, conversation.profile.context_window)
        resumption = conversation.setup.session_resumption
        if resumption is not None and (conversation.profile.working_updates or resumption.transparent):
            self._post_handle()

    def _brain_died(self, error: BaseException | None) -> None:
        if error is not None:
            log.error("the brain failed; closing the connection with 1011", exc_info=error)
            self.later(0, self.hang_up(REFUSALS["internal"]))
