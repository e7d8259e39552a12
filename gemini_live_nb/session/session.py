"""`LiveSession`: one conversation, plain asyncio, usable in any loop."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from gemini_live_nb.audio import MIC_RATE
from gemini_live_nb.clock import Clock, RealClock
from gemini_live_nb.errors import LiveError, NetworkLost, SessionClosed
from gemini_live_nb.log.recorder import record
from gemini_live_nb.protocol import endpoint as places
from gemini_live_nb.protocol import given
from gemini_live_nb.protocol.client import ClientMessage, ToolResponse
from gemini_live_nb.protocol.codec import encode, encode_audio
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import FunctionResponse
from gemini_live_nb.protocol.given import ToolSpec
from gemini_live_nb.protocol.kinds import BIT, mask

from .calls import Calls
from .changing import Changing
from .connection import Connection
from .events import Closed, Message, Opened
from .execute import Stage
from .loops import in_thread, users
from .manner import Manner
from .outbox import Media, Outbox, Waiting
from .resume import Resumption, begins
from .sending import sound_message
from .sent import Frame
from .watchdog import SILENT, watch

CONNECT_SECONDS = 30.0
"""How long connecting may take, setupComplete included."""
SEND_SECONDS = 30.0
"""How long a text or a tool response may wait for a stalled socket, beyond the time for resuming."""
RESUME_SECONDS = 60.0
"""How long a lost connection is tried to be resumed."""

# Frames that something follows from here; all others are for the listeners alone.
_ACTS = mask(
    *("toolCall", "modelTurn.functionCall", "toolCallCancellation"),
    *("goAway", "sessionResumptionUpdate", "voiceActivity"),
)
_SETUP_COMPLETE = BIT["setupComplete"]


class LiveSession(Changing):
    """A conversation with a Live API model over one WebSocket at a time.

    Everything that crosses the wire is kept in `log` and told to every listener. Events come from `async for
    event in session`, or from any number of `subscribe()`s; iteration never ends at a turn's end, but when
    the session closes. Use a session in one event loop.

    Args:
        config: What the session is set to; what it leaves open has the values of `LiveConfig.defaults()`.
        api_key: An API key; default `GEMINI_API_KEY`, then `GOOGLE_API_KEY`, `.env`, Colab's user data.
        token: An ephemeral token instead of a key.
        url: Another server that speaks this wire; default `GEMINI_LIVE_URL`, then Google's.
        version: API version: `v1beta`, `v1alpha` (affective dialog, proactive audio, tokens) or `v1`.
        endpoint: Where to connect, instead of the four above: `protocol.endpoint.endpoint(project=…)` for
            Vertex AI.
        tools: What the model may call, beside `config.tools`: Python functions, and what that takes else.
        log: Folder to record the run to; None for a folder of its own under the user's data; False for
            memory only.
        clock: Tells the time; a simulated one in tests.
        connect_timeout: Seconds until setupComplete.
        resume_for: Seconds to try to resume a lost connection; 0 to give up at once.
        user_loop: The loop on which coroutine tools run; default a thread of their own, where they stall
            nobody.

    Raises:
        ConfigError: A setting or tool that cannot be sent.
        AuthError: No key was found.

    Example:
        async with LiveSession(LiveConfig(voice_name="Kore"), api_key="…") as session:
            turn = await session.ask("What is the capital of France?", timeout=30)
            print(turn.text)
    """

    def __init__(
        self,
        config: LiveConfig | None = None,
        *,
        api_key: str | None = None,
        token: str | None = None,
        url: str | None = None,
        version: str | None = None,
        endpoint: places.Endpoint | None = None,
        tools: Iterable[ToolSpec] | ToolSpec = (),
        log: str | Path | bool | None = None,
        clock: Clock | None = None,
        connect_timeout: float = CONNECT_SECONDS,
        resume_for: float = RESUME_SECONDS,
        user_loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(clock or RealClock())
        self.endpoint = endpoint or places.endpoint(api_key, token, url, version)
        config = (config or LiveConfig()).filled()
        for words in self._configure(
            config.replace(
                model=self.endpoint.model_path(config.model or ""),
                tools=(*config.tools, *given.listed(tools)),
            )
        ):
            warnings.warn(words, stacklevel=2)
        self._log_to = log
        self._connect_timeout = connect_timeout
        self._user_loop = user_loop
        self._closing = False
        self._connection: Connection | None = None
        self._outbox = Outbox(clock=self._clock, on_drop=self._dropped)
        self._resumption = Resumption(self, clock=self._clock, patience=resume_for)
        # Vertex AI, if asked to, counts what it has taken in.
        self._counted = self._resumption.sent.transparent
        self._watchdog: asyncio.Task[None] | None = None

    # The session's life.

    async def connect(self) -> Self:
        """Open the connection, send the setup, and wait until the server has taken it.

        Raises:
            LiveError: What stood in the way: `AuthError`, `ModelNotFound`, `SetupRejected`, `ConnectError` …
            LogError: The run cannot be recorded where it should be.
        """
        if self._recorder is not None:
            raise SessionClosed("a session connects once", hint="make a new LiveSession")
        meta = {"model": self.config.model, "endpoint": repr(self.endpoint), "config": repr(self.config)}
        self._begin_telling(
            record(self._log_to, clock=self._clock, meta=meta, on_trouble=self._log_trouble())
        )
        self._calls = self._make_calls()
        self.say(f"connecting to {self.endpoint.shown}")
        try:
            await self.open_connection(self.config.session_resumption_handle)
        except BaseException as error:
            await self.finish(error)
            raise
        self.flush()
        self.say("")
        self._watchdog = asyncio.get_running_loop().create_task(watch(self, self._clock), name="watchdog")
        return self

    def _make_calls(self) -> Calls:
        return Calls(
            self,
            self._toolbox,
            clock=self._clock,
            stage=Stage(self._clock, self._user_loop or users().loop),
            manner=Manner.of(self.config.model, vertex=self.vertex),
            others=self._others,
        )

    async def open_connection(self, handle: str | None) -> None:
        """Open the next connection; a handle goes on with its conversation. For the session's own parts."""
        self.conn += 1
        self._connection = Connection(
            self.conn,
            recorder=self._recording,
            clock=self._clock,
            resumes=handle is not None,
            on_message=self._take,
            on_writable=self.flush,
            on_end=self._lost,
        )
        await self._connection.open(self.endpoint, self._setup(handle), self._connect_timeout)
        self.emit(Opened(self._seq, self.time(), self.conn, BIT["open"]))

    async def close_connection(self) -> bool:
        """Close the present connection. For the session's own parts.

        Returns:
            Whether the server said goodbye.
        """
        return self._connection is not None and await self._connection.close()

    async def close(self) -> None:
        """End the session: the socket closes with 1000, running tools are cancelled, the log is completed."""
        await self.finish(None)

    async def finish(self, error: BaseException | None) -> None:
        """End the session, because of an error where there is one. For the session's own parts."""
        if self._closing:
            return
        self._closing = True
        if self._watchdog is not None:
            self._watchdog.cancel()
        await self._resumption.close()
        if self._calls is not None:
            await self._calls.close()
        await self.close_connection()
        self._outbox.close(error or SessionClosed("the session was closed"))
        if self._recorder is not None:
            self.say("closed" if error is None else f"ended: {getattr(error, 'message', error)}")
            self.emit(Closed(self._seq, self.time(), self.conn, BIT["close"], error))
            with self._clock.hold():
                await in_thread(self._recorder.close)
        self._end_telling(error)

    def _lost(self, connection: Connection, error: LiveError) -> None:
        """A connection ended, and not by us."""
        if connection is self._connection and not self._closing:
            if not self._resumption.may_help(error):
                # Whoever asked is to hear what ended the session, not just that the answer was cut.
                self._asks.fail(error)
            self._flush_turns()
            self._resumption.lost(error)

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # What arrives.

    def _take(self, connection: Connection, data: bytes | str) -> None:
        """Keep a frame, read it, tell everybody. Called where the socket is read; it must not raise."""
        try:
            seq, t, decoded = self._recording.receive(data, connection.number)
            self._seq = seq
            connection.heard = self._began + t
            kinds = decoded.kinds
            message = Message(seq, t, connection.number, kinds, decoded)
            if kinds & _SETUP_COMPLETE:
                connection.accept()
            self._listeners.put(message)
            if self._turn_events:
                self._flush_turns()
            if self._words is SILENT:
                self.say("")
            if kinds & _ACTS:
                self._act(connection, message)
        except Exception as error:  # noqa: BLE001  # a fault of ours must not break the connection, nor be silent
            self.trouble(error, "reading a frame")

    def _act(self, connection: Connection, message: Message) -> None:
        content = message.message
        if content is None:
            return
        if content.session_resumption_update is not None:
            self._resumption.update(content.session_resumption_update)
        if content.go_away is not None:
            self._resumption.going_away(connection, content.go_away.seconds)
        if content.voice_activity is not None and content.voice_activity.type == "ACTIVITY_START":
            self._resumption.user_speaks()
        calls = message.tool_calls
        if calls:
            self.calls.take(calls)
        if content.tool_call_cancellation is not None:
            self.calls.cancel(content.tool_call_cancellation.ids or ())

    # What goes out.

    @property
    def manual(self) -> bool:
        """Whether turns are marked by `activity_start` and `activity_end`, not heard by the server."""
        return self.config.automatic_activity_detection is False

    @property
    def vertex(self) -> bool:
        """Whether the server is Vertex AI's."""
        return self.endpoint.vertex

    def _send_media(self, frame: bytes, message: ClientMessage, media: Media, seconds: float) -> None:
        connection = self._present()
        if connection.writable and not self._outbox:
            self._write(connection, frame, message)
            if seconds:
                connection.sounded(seconds)
        else:
            self._outbox.put(Waiting(frame, message, media, seconds, None))

    def _send_sound(self, pcm: bytes) -> None:
        connection, frame = self._present(), encode_audio(pcm)
        seconds = len(pcm) / (2 * MIC_RATE)
        if connection.writable and not self._outbox and not self._counted:
            # Fifty times a second: of what goes out at once, and is not kept, no message is built.
            self._seq = connection.write_sound(frame, pcm)
            connection.sounded(seconds)
            if self._turn_events:
                self._flush_turns()
        else:
            self._send_media(frame, sound_message(pcm), "audio", seconds)

    async def _send(self, frame: bytes, message: ClientMessage | None) -> int:
        connection = self._present()
        if connection.writable and not self._outbox:
            return self._write_firm(connection, frame, message)
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._outbox.put(Waiting(frame, message, "", 0.0, written))
        try:
            return await self._clock.wait_for(written, SEND_SECONDS + self._resumption.patience)
        except TimeoutError:
            self._outbox.withdraw(written)
            raise NetworkLost("the socket took nothing for too long", hint="connect again") from None

    async def _ready(self) -> None:
        self._present()
        await self._outbox.empty()

    def _present(self) -> Connection:
        """The present connection, which may be stalled or not yet there again."""
        if self._connection is None or self._recorder is None:
            raise SessionClosed("the session is not connected", hint="await session.connect()")
        if self._closing:
            if isinstance(self._error, LiveError):
                raise self._error
            raise SessionClosed("the session is closed", hint="connect a new one")
        return self._connection

    def _write(self, connection: Connection, frame: bytes, message: ClientMessage | None) -> int:
        seq = self._seq = connection.write(frame, message)
        if self._counted:
            self._resumption.sent.count(frame, message, self.time())
        if self._turn_events:
            self._flush_turns()
        return seq

    def _write_firm(
        self, connection: Connection, frame: bytes, message: ClientMessage | None, *, again: bool = False
    ) -> int:
        if begins(message):
            self._resumption.user_speaks()
        seq = self._write(connection, frame, message)
        if message is not None:
            self._resumption.sent.note(message, self.turn_of(seq), self.time(), again=again)
        return seq

    def answer_now(self, responses: list[FunctionResponse]) -> None:
        """Send answers to function calls before all that waits. For the session's own parts."""
        message = ClientMessage(tool_response=ToolResponse(function_responses=responses))
        self._write(self._present(), encode(message).encode(), message)

    def send_first(self, frames: Iterable[Frame]) -> None:
        """Send again, before all that waits, what a connection that is gone was to bring. For its parts."""
        self._outbox.put_first(Waiting(one.data, one.message, "", 0.0, None, again=True) for one in frames)
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it. For the session's own parts."""
        self._outbox.flush(self._write_waiting)

    def _write_waiting(self, one: Waiting) -> bool:
        connection = self._connection
        if connection is None or not connection.writable:
            return False
        if one.media:
            seq = self._write(connection, one.frame, one.message)
            connection.sounded(one.seconds)
        else:
            seq = self._write_firm(connection, one.frame, one.message, again=one.again)
        if one.written is not None and not one.written.done():
            one.written.set_result(seq)
        return True

    @property
    def open(self) -> bool:
        """Whether the conversation goes on: connected, or about to be resumed."""
        return self._recorder is not None and not self._closing

    # For its own parts.

    @property
    def connection(self) -> Connection | None:
        """The present connection."""
        return self._connection

    @property
    def busy(self) -> bool:
        """Whether somebody speaks or a function runs: no moment to change the connection."""
        return self._fold.current is not None or self.user_unanswered or bool(self.calls.running)

    def __repr__(self) -> str:
        return f"<LiveSession {self.config.model} {self.status}>"
