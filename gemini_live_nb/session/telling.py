"""What a session tells: events to its listeners, rows to its log, and its status in words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import LiveError, SessionClosed
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.log.turn import ToolCall, Turn
from gemini_live_nb.log.turns import TurnFold
from gemini_live_nb.protocol.kinds import BIT

from .asking import Asks
from .events import Dropped, Event, Mark, Playback, Status, Trouble, TurnEnded, TurnStarted
from .listeners import EarlyListener, Listener, Listeners

_LOG = logging.getLogger("gemini_live_nb")


class Telling:
    """The part of a `LiveSession` that listeners and the log see.

    Args:
        clock: Tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self.conn = -1
        self._clock = clock
        self._recorder: Recorder | None = None
        self._began = 0.0
        # The row last written, for events that have none of their own.
        self._seq = -1
        self._listeners = Listeners()
        self._own: EarlyListener | None = None
        self._asks = Asks(clock)
        self._turn_events: list[tuple[type[TurnStarted | TurnEnded] | None, Turn]] = []
        self._words = "not connected"
        self._error: BaseException | None = None

    def _begin_telling(self, recorder: Recorder) -> None:
        recorder.fold.on_started = lambda turn: self._turn_events.append((TurnStarted, turn))
        recorder.fold.on_ended = lambda turn: self._turn_events.append((TurnEnded, turn))
        recorder.fold.on_lingering = lambda turn: self._turn_events.append((None, turn))
        self._recorder = recorder
        self._began = float(recorder.log.meta["monotonic"])
        # So that the first `async for` misses nothing, however late it begins.
        self._own = EarlyListener(self._listeners)

    def _end_telling(self, error: BaseException | None) -> None:
        self._error = error
        self._asks.fail(error or SessionClosed("the session was closed"))
        self._listeners.end(error)

    # Listeners.

    def subscribe(self, limit: int = 1000, accepts: Callable[[Event], bool] | None = None) -> Listener:
        """Listen to the session from now on.

        Args:
            limit: Events that may wait to be read; a listener further behind is told what it missed by
                `Lagged`.
            accepts: Which events to keep; runs on the session's loop.

        Returns:
            An iterator for `async for`, or for `for` in another thread. It is detached when it is closed or
            let go.
        """
        listener = Listener(limit, accepts=accepts, detach=self._listeners.remove)
        self._listeners.add(listener)
        return listener

    def relay(self, listener: Listener) -> None:
        """Have a listener of another make told from now on, as long as somebody holds it."""
        self._listeners.add(listener)

    def __aiter__(self) -> Listener:
        own, self._own = self._own, None
        return own.begin() if own is not None else self.subscribe()

    def emit(self, event: Event) -> None:
        """Tell every listener. For the session's own parts."""
        self._listeners.put(event)

    def _flush_turns(self) -> None:
        while self._turn_events:
            kind, turn = self._turn_events.pop(0)
            if kind is None:
                self._linger(turn)
                continue
            self.emit(kind(self._seq, self.time(), self.conn, 0, turn))
            if kind is TurnEnded:
                self._asks.ended(turn)

    def _linger(self, turn: Turn) -> None:
        at = turn.times.turn_complete
        self._asks.lingers(turn, lambda: self._fold.lingering is turn and turn.times.turn_complete == at)

    def give_up(self, turn: Turn, why: str) -> None:
        """Tell whoever asked that a turn will not be answered. For the session's own parts."""
        self._asks.lost(turn, why)

    # The log.

    def note(self, kind: str, **fields: Any) -> int:
        """Keep something that happened here as a row of the log. For the session's own parts."""
        seq = self._seq = self._recording.local(kind, max(self.conn, 0), **fields)
        if self._turn_events:
            self._flush_turns()
        return seq

    def mark(self, label: str) -> int:
        """Note something in the log, such as "the dog barked". Returns its row."""
        seq = self.note("mark", label=label)
        self.emit(Mark(seq, self.time(), self.conn, BIT["mark"], label))
        return seq

    def played(self, turn: int, played_ms: float) -> int:
        """Note how much of a turn's sound has left the speaker. For players, about once a second.

        Args:
            turn: `Turn.number`.
            played_ms: Milliseconds of it.
        """
        return self._playback("position", turn=turn, played_ms=played_ms)

    def _playback(self, action: str, **detail: Any) -> int:
        seq = self.note("playback", action=action, **detail)
        self.emit(Playback(seq, self.time(), self.conn, BIT["playback"], action, detail))
        return seq

    def trouble(self, error: BaseException, where: str) -> None:
        """Tell of a fault beside the conversation: as an event, a row, and in Python's own log."""
        _LOG.error("%s: %s", where, error, exc_info=None if isinstance(error, LiveError) else error)
        if self._recorder is not None:
            seq = self.note("error", text=f"{where}: {error}")
            self.emit(Trouble(seq, self.time(), self.conn, BIT["error"], error, where))

    def _log_trouble(self) -> Callable[[LiveError], None]:
        """What the recorder calls, on whatever thread."""
        loop = asyncio.get_running_loop()

        def tell(error: LiveError) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.trouble, error, "log")

        return tell

    def _dropped(self, what: str, count: int, seconds: float) -> None:
        if self._recorder is not None:
            seq = self.note("drop", what=what, count=count, seconds=round(seconds, 3))
            self.emit(Dropped(seq, self.time(), self.conn, BIT["drop"], what, count, seconds))

    def sound_lost(self, count: int, seconds: float) -> None:
        """Tell of sound that went into a dead wire. For the session's own parts."""
        if count:
            self._dropped("audio", count, seconds)

    @property
    def log(self) -> SessionLog | None:
        """The run: every frame that crossed the wire, as it is recorded; None before connecting."""
        return self._recorder.log if self._recorder is not None else None

    @property
    def turns(self) -> list[Turn]:
        """The turns so far, the one in progress included."""
        return list(self._fold.turns) if self._recorder is not None else []

    @property
    def records(self) -> Mapping[str, ToolCall]:
        """Every function call so far, by its id."""
        return self._fold.calls

    @property
    def _recording(self) -> Recorder:
        if self._recorder is None:
            raise SessionClosed("the session is not connected", hint="await session.connect()")
        return self._recorder

    @property
    def _fold(self) -> TurnFold:
        return self._recording.fold

    def turn_of(self, seq: int) -> Turn | None:
        """The turn that a row just written belongs to. For the session's own parts."""
        for owned, turn in reversed(self._fold.owned):
            if owned <= seq:
                return turn if owned == seq else None
        return None

    # The state of things.

    @property
    def seq(self) -> int:
        """The row of the log written last."""
        return self._seq

    def time(self) -> float:
        """Seconds since the run began."""
        return self._clock.monotonic() - self._began

    @property
    def user_unanswered(self) -> bool:
        """Whether the user speaks, or has spoken without an answer so far."""
        return self._fold.user_unanswered

    @property
    def speech_lost(self) -> bool:
        """Whether the connection that ended last took unanswered speech with it."""
        return self._fold.unheard

    def give_up_speech(self) -> bool:
        """Tell whoever asked aloud that it was lost; whether anybody did. For the session's own parts."""
        return self._asks.unheard()

    @property
    def result_owed(self) -> bool:
        """Whether a function's result was sent that the model has not spoken about."""
        return self._fold.calls.owed

    @property
    def reply_due(self) -> bool:
        """Whether the model is to say something, or has begun to."""
        turn = self._fold.current
        if turn is None or any(call.open for call in turn.tool_calls):
            return False
        return turn.answered or bool(turn.typed) or turn.times.speech_end is not None

    def say(self, words: str) -> None:
        """Set what `status` says; empty for the conversation's own state. For the session's own parts."""
        if words == self._words:
            return
        self._words = words
        if self._recorder is not None:
            seq = self.note("status", text=self.status)
            self.emit(Status(seq, self.time(), self.conn, BIT["status"], self.status))

    def unsay(self, words: str) -> None:
        """Go back to the conversation's own state, if `status` says this. For the session's own parts."""
        if self._words == words:
            self.say("")

    @property
    def status(self) -> str:
        """What is going on, in words."""
        if self._words or self._recorder is None:
            return self._words
        turn = self._fold.current
        if turn is not None and turn.times.silenced is not None:
            return "listening; the rest of the answer is not played"
        if turn is not None and turn.answered:
            asking = [call.name for call in turn.tool_calls if call.state == "asking"]
            if asking:
                return f"waiting for your approval: {', '.join(asking)}"
            running = [call.name for call in turn.tool_calls if call.open]
            return f"running {', '.join(running)}" if running else "the model is answering"
        return "waiting for the model" if turn is not None else "listening"
