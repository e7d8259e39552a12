"""Sessions outlive their connections: goAway, resumption, backoff, what is sent again and what is not.

A connection lives about ten minutes (PROTOCOL.md §4.3). On goAway the conversation is handed over between
turns, the old socket closed first. After a drop it is resumed with growing delays of a second and more,
because the server refuses to resume at once. What was in flight and is lost is told. What may not have
arrived is sent again, once, and told too (`sent.py`); nothing else is sent twice. Function calls left open by
the old connection are answered with an error before the user's next turn, which they would swallow.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import ConnectError, LiveError, ServerFault, retryable
from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.kinds import BIT
from gemini_live_nb.protocol.models import MINUTES_OF_AUDIO, MINUTES_OF_VIDEO
from gemini_live_nb.protocol.server import SessionResumptionUpdate

from .events import GoingAway, Lost, Resumed, ToolFinished, TurnEnded
from .sent import Sent

if TYPE_CHECKING:
    from .connection import Connection
    from .session import LiveSession

T = TypeVar("T")

FIRST_DELAY = 1.0
"""Seconds before the first attempt after a drop: sooner, the server answers 1011 (PROTOCOL.md §4.3)."""
LONGEST_DELAY = 10.0
HANDLE_SECONDS = 2.0
"""How long the first handle may take: it comes right after setupComplete (PROTOCOL.md §4.3)."""
MARGIN = 3.0
"""Seconds before goAway's deadline at which the connection is handed over even in mid-turn."""

_UPDATE = BIT["sessionResumptionUpdate"]
_GIVEN_UP = "the connection was lost while this function ran; its result is given up"


class Resumption:
    """Keep a session alive over its connections.

    Args:
        session: The session.
        clock: Measures deadlines and delays.
        patience: Seconds to try to resume before the session ends; 0 to end it at once.

    Attributes:
        sent: What was sent and may not have arrived.
    """

    def __init__(self, session: LiveSession, *, clock: Clock, patience: float) -> None:
        self.patience = patience
        self._session = session
        self._clock = clock
        self._handle: str | None = None
        self._task: asyncio.Task[None] | None = None
        config = session.config
        self.sent = Sent(
            transparent=bool(config.transparent),
            history_first=bool(config.initial_history_in_client_content),
        )
        # Since the last connection that stood: what its end cut off, in words; the calls it left open.
        self._lost: list[str] = []
        self._stale: list[str] = []
        self._answered_again: set[str | None] = set()

    # What the session tells.

    def update(self, told: SessionResumptionUpdate) -> None:
        """The server gave a handle, or said that it has none now."""
        if told.new_handle:
            self._handle = told.new_handle
        if told.last_consumed_client_message_index:
            self.sent.taken_in(told.last_consumed_client_message_index)

    def setup(self, config: LiveConfig, handle: str) -> LiveConfig:
        """What a connection that goes on is set to; history is given once."""
        self.sent.answered(self._answered_at)
        self.sent.begin()
        history = config.initial_history_in_client_content if self.sent.history_due else None
        return config.replace(session_resumption_handle=handle, initial_history_in_client_content=history)

    def user_speaks(self) -> None:
        """The user begins a turn, which calls left by an earlier connection would swallow: answer them."""
        connection = self._session.connection
        if self._stale and connection is not None and connection.writable:
            stale, self._stale = self._stale, []
            responses = self._session.calls.give_up(stale, _GIVEN_UP)
            if responses:
                self._session.answer_now(responses)

    def going_away(self, connection: Connection, seconds: float) -> None:
        """The server will end this connection: hand over between turns, driven by a timer."""
        session = self._session
        session.emit(GoingAway(session.seq, session.time(), connection.number, BIT["goAway"], seconds))
        if self.patience > 0 and not connection.closing:
            self._start(self._hand_over, self._clock.monotonic() + seconds)

    def may_help(self, error: LiveError) -> bool:
        """Whether the session may go on after this end of its connection."""
        return self._handle is not None and self.patience > 0 and retryable(error)

    def lost(self, error: LiveError) -> None:
        """The connection ended, and not by us."""
        if not self.may_help(error):
            self._start(self._session.finish, error)
        else:
            session = self._session
            session.emit(Lost(session.seq, session.time(), session.conn, BIT["close"], error))
            session.say("the connection broke; resuming")
            self._note_lost()
            self._start(self._reopen, FIRST_DELAY)

    def _start(self, work: Callable[[T], Awaitable[None]], argument: T) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._do(work, argument), name="resumption")

    async def _do(self, work: Callable[[T], Awaitable[None]], argument: T) -> None:
        try:
            await work(argument)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends the session rather than hang it
            self._session.trouble(error, "resuming")
            await self._session.finish(error)

    async def close(self) -> None:
        """Stop resuming."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task() and not task.done():
            task.cancel()
            await asyncio.wait([task])

    # Handing over and resuming.

    async def renew(self) -> bool:
        """Go on over a new connection, so that the setup is sent anew: now, or when nobody is busy any more.

        Returns:
            Whether that can be.
        """
        if self.patience <= 0 or not await self._has_handle():
            return False
        waits = self._session.busy
        # A hand-over under way sends the setup as it is then.
        if self._task is None or self._task.done():
            self._start(self._go_over, math.inf)
        if self._task is not None and not waits:
            await asyncio.wait([self._task])
        return True

    async def _has_handle(self) -> bool:
        """Whether the conversation can be resumed; just after the setup the handle may be on its way."""
        session = self._session
        if self._handle is None and session.config.session_resumption:
            with (
                contextlib.suppress(TimeoutError),
                session.subscribe(accepts=lambda event: bool(event.kinds & _UPDATE)) as updates,
            ):
                async with self._clock.timeout(HANDLE_SECONDS):
                    while self._handle is None:
                        await anext(updates)
        return self._handle is not None

    async def _hand_over(self, deadline: float) -> None:
        self._session.say("the server ends this connection soon; handing over after this turn")
        await self._go_over(deadline - MARGIN)

    async def _go_over(self, latest: float) -> None:
        """Change to a new connection when nobody is busy, or at a moment of the clock in any case."""
        session = self._session
        with session.subscribe(accepts=lambda event: isinstance(event, TurnEnded | ToolFinished)) as ends:
            while session.busy and self._clock.monotonic() < latest:
                left = latest - self._clock.monotonic()
                try:
                    await self._clock.wait_for(ends.__anext__(), left if left < math.inf else None)
                except TimeoutError:
                    break
        if self._handle is None:
            session.say("the server ends this connection soon; it cannot be resumed")
            return
        session.say("handing the conversation over to a new connection")
        if await session.close_connection():
            self.sent.arrived()
        self._note_lost()
        await self._reopen(0.0)

    def _note_lost(self) -> None:
        """Note what the end of this connection cuts off."""
        session = self._session
        turn = session.turns[-1] if session.turns else None
        if turn is not None and turn.answered and not turn.whole:
            self._lost.append(
                f"the rest of an answer ({turn.text!r})" if turn.text else "the rest of an answer"
            )
        if session.speech_lost and not self.sent.transparent:
            self._lost.append("what was said just before and not yet answered")
            if session.give_up_speech():
                self.sent.stop_speaking()
        calls = (session.records.get(key) for key in session.calls.unanswered)
        self._lost += [f"{call.name}: its result may not be spoken of" for call in calls if call is not None]

    async def _reopen(self, delay: float) -> None:
        import tenacity

        session, began = self._session, self._clock.monotonic()

        def late(state: tenacity.RetryCallState) -> bool:
            return self._clock.monotonic() - began + state.upcoming_sleep > self.patience

        def tell(state: tenacity.RetryCallState) -> None:
            session.say(f"resuming: attempt {state.attempt_number + 1} in {state.upcoming_sleep:.0f} s")

        attempts = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(retryable),
            wait=tenacity.wait_exponential_jitter(initial=FIRST_DELAY, max=LONGEST_DELAY, jitter=0.5),
            stop=late,
            sleep=self._clock.sleep,
            before_sleep=tell,
            reraise=True,
        )
        if delay:
            await self._clock.sleep(delay)
        try:
            await attempts(session.open_connection, self._handle)
        except LiveError as error:
            spent = not session.config.context_window_compression and session.time() > 60 * MINUTES_OF_VIDEO
            await session.finish(_given_up(error, self._clock.monotonic() - began, spent=spent))
            return
        self._resumed(self._clock.monotonic() - began)

    @property
    def _answered_at(self) -> float:
        """When the latest answer began, in seconds of the run."""
        answers = (turn.times.first_frame for turn in reversed(self._session.turns))
        return next((at for at in answers if at is not None), -math.inf)

    def _resumed(self, gap: float) -> None:
        session = self._session
        for one in self.sent.questions:
            if one.again and one.open and one.turn is not None and not self.sent.transparent:
                self._lost.append(f"a question asked twice and not answered ({one.words!r})")
                session.give_up(one.turn, "the connection broke twice before the model answered")
        results = self._answer_again()
        frames, words, gone = self.sent.restart(self._answered_at)
        resent = [*results, *words]
        self._lost += gone
        session.send_first(frames)
        session.say("")
        lost, self._lost = tuple(dict.fromkeys(self._lost)), []
        seq = session.note("status", text="resumed", gap=round(gap, 3), lost=lost, resent=resent)
        session.emit(Resumed(seq, session.time(), session.conn, BIT["status"], gap, lost, tuple(resent)))

    def _answer_again(self) -> list[str]:
        """Send the results again that may not have arrived, and note the calls still open. Returns words."""
        session = self._session
        self._stale = session.calls.unanswered
        unheard = session.calls.unheard
        again = [one for one in unheard if one.id not in self._answered_again]
        self._answered_again = {one.id for one in unheard}
        for one in again:
            session.note("tool", id=one.id, event="answered again")
        if again:
            session.answer_now(again)
        for key in (*self._stale, *(one.id or "" for one in unheard)):
            call = session.records.get(key)
            if call is not None and 0 <= call.turn < len(session.turns):
                why = "the connection changed while a function ran; the model may not speak of its result"
                session.give_up(session.turns[call.turn], why)
        return [f"the result of {one.name}" for one in again]


def begins(message: ClientMessage | None) -> bool:
    """Whether a message begins a turn of the user's: it asks for a reply, or says that speech begins."""
    if message is None:
        return False
    live, content = message.realtime_input, message.client_content
    if live is not None:
        return live.text is not None or live.activity_start is not None
    return content is not None and bool(content.turn_complete)


def _given_up(error: LiveError, seconds: float, *, spent: bool) -> LiveError:
    if not retryable(error):
        return error
    limit = (
        f"; without context_window_compression=True a session ends after {MINUTES_OF_AUDIO} minutes, "
        f"{MINUTES_OF_VIDEO} with pictures"
    )
    held = "; after the network was lost a server may hold the old connection for eight minutes, which "
    return ConnectError(
        f"the session could not be resumed within {seconds:.0f} s; at last: {error.message}",
        code=error.code,
        reason=error.reason,
        hint="connect a new session; the log of this one is kept"
        + (limit if spent else "")
        + (held + "resume_for=600 outlasts" if isinstance(error, ServerFault) else ""),
    )
