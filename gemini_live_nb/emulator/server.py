"""The emulator itself: HTTP, WebSocket and TLS on loopback, in the caller's event loop."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, cast

from aiohttp import web

from gemini_live_nb.clock import Clock, RealClock
from gemini_live_nb.protocol.client import Setup

from . import console, listing
from .brain import Brain, EchoBrain
from .connection import Connection
from .conversation import Conversation
from .doors import (
    Credential,
    Door,
    Keys,
    credential,
    door,
    error_details,
    error_response,
    foreign,
    http_status,
    letting_read,
)
from .faults import Fault, Faults, as_fault
from .front import Front
from .lifetime import AUDIO_LIMIT, VIDEO_LIMIT, Limits
from .profiles import PROFILES, Profile
from .refusals import REFUSALS, Refused, refuse
from .sessions import Sessions
from .setup_rules import profile_for
from .strikes import strike
from .tls import Certificate, certificate
from .tokens import Mint, Token

log = logging.getLogger(__name__)
_MAX_MESSAGE = 32 * 1024 * 1024


class Emulator:
    """A Live API server of your own, on loopback, that needs no key and reaches no network.

    It speaks the real wire: same frames, timing, refusals, session life; which model family it plays is
        chosen by the
    client's `setup.model`. Any key that is not empty is good.

    Args:
        brain: who answers; an `EchoBrain` if not given.
        profile: play this family (a name of `PROFILES`) whatever model is asked for.
        clock: all timing; a `SimulatedClock` runs hours in seconds, with the client in the same loop.
        port: TCP port of the plain listener, 0 for any.
        tls: also listen for `wss://`, with a certificate made on the spot: True for any port, or a port.
        accept_config: also take `{"config": …}` as Google's raw-WebSocket guide writes it.
        accept_unknown: pass over fields and messages nobody knows, which the service refuses; may be changed
            while it runs, for later connections.
        pace: seconds of sound sent per second (the service: about 4); 0 sends at once and simulates no
            playback.
        latency: how much of the service's own measured waiting is played: 1 all, 0 none.
        go_away: seconds into a connection at which goAway is sent, None for never.
        time_left: what goAway says, and after which the connection is closed: with 1011, on Vertex with 1000.
        audio_limit: seconds a session without context window compression lives, all its connections together,
            None for no limit.
        video_limit: the same once it has seen a picture.
        faults: faults armed from the start, as `Fault`s or names such as `"quota@tool"`.
        keys: API keys that are good (default: all but the empty one); `expired_keys`: those that were.
        origins: foreign page origins that may come in.
        seed: of everything random: ids of calls, what a brain draws.

    Example:
        >>> async def main():
        ...     async with Emulator() as emulator:
        ...         print(emulator.url)
    """

    def __init__(
        self,
        brain: Brain | None = None,
        *,
        profile: str | None = None,
        clock: Clock | None = None,
        port: int = 0,
        tls: bool | int = False,
        accept_config: bool = False,
        accept_unknown: bool = False,
        pace: float = 4.0,
        latency: float = 1.0,
        go_away: float | None = 540.0,
        time_left: float = 50.0,
        audio_limit: float | None = AUDIO_LIMIT,
        video_limit: float | None = VIDEO_LIMIT,
        faults: Iterable[Fault | str] = (),
        keys: Iterable[str] | None = None,
        expired_keys: Iterable[str] = (),
        origins: Iterable[str] = (),
        seed: int = 0,
    ) -> None:
        self.brain = brain or EchoBrain()
        self.profile: Profile | None = PROFILES[profile] if profile else None
        self.clock: Clock = clock or RealClock()
        self.pace = pace
        self.latency = latency if pace else 0.0
        self.limits = Limits(go_away, time_left, audio_limit, video_limit)
        self.faults = Faults(faults)
        self.connections: list[Connection] = []
        """Open connections, oldest first."""
        self.certificate: Certificate | None = None
        self.replayed = 0
        """Which recorded connection a `ReplayBrain` played last."""
        self._port, self._tls = port, tls
        self._accept_config = accept_config
        self.accept_unknown = accept_unknown
        self._keys = Keys(frozenset(keys) if keys is not None else None, frozenset(expired_keys))
        self._origins = frozenset(origins)
        self._seed = seed
        self._sessions = Sessions(self.clock)
        self._mint = Mint(self.clock)
        self._runner: web.AppRunner | None = None
        self._listeners: list[asyncio.Server] = []
        self._ports: dict[str, int] = {}

    # --- from outside ---

    @property
    def url(self) -> str:
        """`ws://127.0.0.1:PORT`, once started."""
        return f"ws://127.0.0.1:{self._ports['ws']}"

    @property
    def tls_url(self) -> str:
        """`wss://127.0.0.1:PORT`, once started with `tls=`."""
        return f"wss://127.0.0.1:{self._ports['wss']}"

    @property
    def sessions(self) -> list[Conversation]:
        """The conversations that have a connection now."""
        return self._sessions.live

    async def start(self) -> Self:
        """Load the brain and listen; leaves nothing behind where it fails."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def _start(self) -> None:
        await self.brain.load()
        app = web.Application(middlewares=[self._guard])
        console.add_routes(app, self)
        listing.add_routes(app, self)
        app.router.add_route("*", "/{path:.*}", self._upgrade)
        self._runner = runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._ports["ws"] = await self._listen(runner, self._port, None)
        if self._tls is not False:
            self.certificate = await asyncio.to_thread(certificate)
            port = 0 if self._tls is True else self._tls
            self._ports["wss"] = await self._listen(runner, port, self.certificate.context)

    async def stop(self) -> None:
        """Close every connection as a server going down does (1001), stop listening, let the brain go."""
        going = [connection.hang_up(REFUSALS["going_away"]) for connection in list(self.connections)]
        await asyncio.gather(*going, return_exceptions=True)
        while self._listeners:
            self._listeners.pop().close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self.certificate is not None:
            self.certificate.remove()
        await self.brain.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def inject(self, fault: Fault | str | dict[str, Any]) -> Fault:
        """Arm a fault, or let it strike every open connection now, if that is its phase.

        Example:
            `await emulator.inject("go_away")`, `await emulator.inject(Fault("drop", at="speaking"))`
        """
        armed = as_fault(fault)
        if armed.phase != "now":
            self.faults.arm(armed)
            return armed
        for connection in list(self.connections):
            if armed.delay:
                connection.later(armed.delay, strike(connection, armed))
            else:
                await strike(connection, armed)
        return armed

    # --- for connections and routes ---

    def check_credential(self, at: Door, shown: Credential) -> Token | None:
        """Let a client in; the token it came with, if it did.

        Raises:
            Refused: in the service's words.
        """
        if at.dialect.vertex:
            if shown.bearer is None and not shown.key:
                raise refuse("no_credential")
            return None
        if at.constrained:
            if not shown.token:
                raise refuse("no_credential")
            return self._mint.find(shown.token)
        if shown.token:
            raise refuse("no_credential")
        self._keys.check(shown.key)
        return None

    def check_key(self, request: web.Request) -> None:
        """Let a REST request in.

        Raises:
            Refused: its key is missing or wrong.
        """
        shown = credential(request)
        if shown.bearer is None:
            self._keys.check(shown.key)

    def mint(self, body: bytes) -> dict[str, Any]:
        """Mint an ephemeral token."""
        return self._mint.create(body)

    def open_conversation(self, setup: Setup, at: Door, owner: Connection) -> Conversation:
        """A new conversation, or the one the setup's handle resumes.

        Raises:
            Refused: it cannot be resumed.
        """
        handle = setup.session_resumption.handle if setup.session_resumption else None
        if not handle:
            self._seed += 1
            profile = profile_for(setup, at, self.profile)
            conversation = Conversation(setup, profile, self.clock, self._seed)
            self._sessions.add(conversation, owner)
            return conversation
        conversation = self._sessions.resume(handle, setup.model, owner)
        conversation.configure(setup)
        if self.limits.spent(conversation):
            self._sessions.release(conversation, owner, dirty=False)
            raise refuse("internal")
        return conversation

    def close_conversation(self, conversation: Conversation, owner: Connection, *, dirty: bool) -> None:
        """A connection is over."""
        self._sessions.release(conversation, owner, dirty=dirty)

    def new_handle(self, conversation: Conversation) -> str:
        """A resumption handle."""
        return self._sessions.new_handle(conversation)

    # --- HTTP ---

    async def _listen(self, runner: web.AppRunner, port: int, context: ssl.SSLContext | None) -> int:
        serve = cast("web.Server", runner.server)  # it is set up
        listener = await asyncio.get_running_loop().create_server(
            lambda: Front(serve()), "127.0.0.1", port, ssl=context
        )
        self._listeners.append(listener)
        return int(listener.sockets[0].getsockname()[1])

    @web.middleware
    async def _guard(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        why = foreign(request, self._origins)
        if why is not None:
            return error_response(403, "PERMISSION_DENIED", f"The emulator serves this machine only: {why}.")
        try:
            response: web.StreamResponse = (
                web.Response() if request.method == "OPTIONS" else await handler(request)
            )
        except Refused as refused:
            response = error_response(*http_status(refused), refused.refusal.reason, error_details(refused))
        if not response.prepared:
            response.headers.update(letting_read(request))
        return response

    async def _upgrade(self, request: web.Request) -> web.StreamResponse:
        at = door(request.path, accept_config=self._accept_config, accept_unknown=self.accept_unknown)
        if at is None or request.headers.get("Upgrade", "").lower() != "websocket":
            return error_response(
                404, "NOT_FOUND", f"The requested URL {request.path} was not found on this server."
            )
        for fault in self.faults.due("connect"):
            if fault.name == "http_error":
                return error_response(fault.status, "UNAVAILABLE", "The service is currently unavailable.")
            if fault.lasting:
                await self.clock.sleep(fault.lasting)
            if fault.name == "drop" and request.transport is not None:
                request.transport.abort()
        socket = web.WebSocketResponse(
            timeout=2.0, autoclose=False, autoping=False, compress=False, max_msg_size=_MAX_MESSAGE
        )
        await socket.prepare(request)
        connection = Connection(self, socket, request, at, credential(request))
        self.connections.append(connection)
        try:
            await connection.run()
        finally:
            self.connections.remove(connection)
        return socket
