"""A turn of the conversation and the function calls in it, as the fold in `turns.py` fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .words import Words

if TYPE_CHECKING:
    from .run import SessionLog
    from .sound import Sound

CallState = Literal["pending", "asking", "running", "done", "error", "cancelled"]


@dataclass(slots=True, eq=False)
class ToolCall:
    """One function call of the model, from the request to its answer.

    Attributes:
        id: The call's id as the server gave it; calls are counted once by it, however often they are
            delivered.
        name: The function's name.
        args: Its arguments.
        turn: Number of the turn it was asked for in.
        state: `pending` (asked for), `asking` (it waits for a person's approval), `running`, `done`, `error`
            or `cancelled`.
        result: The last response sent that says something, `None` until then.
        error: What went wrong, in words.
        scheduling: `INTERRUPT`, `WHEN_IDLE`, `SILENT` or `None` as sent with the result.
        requested, started, finished, answered, cancelled: Seconds since the run's start, `None` where it did
            not happen. `started` and `finished` are of our own function, `answered` is when the response was
            sent.
        prints: What the function printed.
        deliveries: How many times the server delivered the call.
        responses: How many responses were sent (a generator sends several).
    """

    id: str
    name: str
    args: dict[str, Any]
    turn: int = -1
    conn: int = 0
    seq: int = -1
    state: CallState = "pending"
    result: dict[str, Any] | None = None
    error: str | None = None
    scheduling: str | None = None
    requested: float | None = None
    started: float | None = None
    finished: float | None = None
    answered: float | None = None
    cancelled: float | None = None
    prints: list[str] = field(default_factory=list)
    deliveries: int = 1
    responses: int = 0

    @property
    def open(self) -> bool:
        """Whether the model still waits for this call's (last) response."""
        return self.state in ("pending", "asking", "running")

    @property
    def latency(self) -> float | None:
        """Seconds from the request to the response sent."""
        return None if self.requested is None or self.answered is None else self.answered - self.requested

    def __repr__(self) -> str:
        return f"<ToolCall {self.name} {self.state}>"

    def _repr_html_(self) -> str:
        from .display import tool_html

        return tool_html(self)


@dataclass(slots=True)
class TurnTimes:
    """Moments of a turn, in seconds since the run's start; `None` for what did not happen.

    Attributes:
        sent: The user's input began: typed text sent, speech begun.
        speech_end: The user stopped speaking. The best that is known, named by `speech_end_by`:
            `activityEnd` sent; `mic level`, the last chunk of the microphone that held speech (`voiced.py`);
            `audioStreamEnd` sent; or `voiceActivity`, the arrival of the server's ACTIVITY_END, which is its
            *decision*, a second or so late.
        vad_end: The server's ACTIVITY_END arrived.
        first_frame: The first frame of the answer (thought, words, call or sound).
        first_audio: The first sound of the answer.
        last_audio: The last sound of the answer.
        generation_complete, interrupted, turn_complete: The server's three signals.
        silenced: Its sound was stopped here (`interrupt()`), whatever the server went on to send.
    """

    sent: float | None = None
    speech_end: float | None = None
    speech_end_by: str = ""
    vad_end: float | None = None
    first_frame: float | None = None
    first_audio: float | None = None
    last_audio: float | None = None
    generation_complete: float | None = None
    interrupted: float | None = None
    turn_complete: float | None = None
    silenced: float | None = None


@dataclass(slots=True)
class Usage:
    """The tokens of a turn: the last snapshot the server sent in it, never a sum.

    The service bills the whole context with each response, and 3.8 leaves thoughts out of `total`.
    """

    prompt: int = 0
    response: int = 0
    thoughts: int = 0
    total: int = 0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Turn:
    """One exchange: what the user said or typed, and what the model answered.

    Attributes:
        number: 0, 1, … in the run.
        conn: The connection it was answered on.
        opened_by: `text`, `speech`, `tool` (a late result made the model speak) or `server`.
        typed: Text the user typed.
        input_words, output_words: The transcripts, in pieces.
        model_words: Text parts of the answer.
        thoughts: Thought parts, never a part of `text`.
        code: Code the model wrote and what it printed (server-side execution).
        interim: The latest interim transcript, replaced as it changes.
        tool_calls: Function calls asked for in this turn.
        usage: Tokens, `None` where the server told none.
        times: When what happened.
        interrupted: Whether the server cut the answer.
        complete: Whether the server ended the turn.
        lost: Whether the connection ended in the middle of the answer.
        reason: `turnCompleteReason`, where given.
        audio_ms: Milliseconds of sound received.
        audio_span: First and last frame (`seq`) of that sound.
        audio_chunks: How many frames of it.
    """

    number: int
    conn: int
    opened_by: str
    opened_seq: int
    log: SessionLog | None = None
    typed: list[str] = field(default_factory=list)
    input_words: Words = field(default_factory=Words)
    output_words: Words = field(default_factory=Words)
    model_words: Words = field(default_factory=Words)
    thought_words: Words = field(default_factory=Words)
    code: list[str] = field(default_factory=list)
    interim: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None
    times: TurnTimes = field(default_factory=TurnTimes)
    interrupted: bool = False
    complete: bool = False
    lost: bool = False
    over: bool = False
    reason: str = ""
    audio_ms: float = 0.0
    audio_span: tuple[int, int] | None = None
    audio_chunks: int = 0
    played_ms: float | None = None

    @property
    def text(self) -> str:
        """What the model answered: the transcript of its speech, or its text parts."""
        return str(self.output_words) or str(self.model_words)

    @property
    def user_text(self) -> str:
        """What the user typed or, transcribed, said."""
        said = str(self.input_words) or self.interim
        return " ".join((*self.typed, said)) if said else " ".join(self.typed)

    @property
    def thoughts(self) -> str:
        """What the model thought aloud; not for the user's ears."""
        return str(self.thought_words)

    @property
    def cut(self) -> bool:
        """Whether it was not heard to its end: the server cut it, or it was silenced here."""
        return self.interrupted or self.times.silenced is not None

    @property
    def answered(self) -> bool:
        """Whether anything of the model's came: words, sound, thoughts or calls."""
        return self.times.first_frame is not None

    @property
    def whole(self) -> bool:
        """Whether all of the answer came, though its `turnComplete` may not have: the service had made it."""
        made, last = self.times.generation_complete, self.times.last_audio
        if self.complete or made is None or last is None:
            return self.complete
        return last <= made and all((call.answered or made) < last for call in self.tool_calls)

    @property
    def ttfa(self) -> float | None:
        """Time to first audio, in seconds: from the end of the user's speech (or the typed text).

        `None` where the turn was not the user's or holds no sound.
        """
        begun = self.times.sent if self.times.speech_end is None else self.times.speech_end
        return None if begun is None or self.times.first_audio is None else self.times.first_audio - begun

    @property
    def duration(self) -> float | None:
        """Seconds from the user's first input (or the first frame) to the turn's end."""
        begun = self.times.first_frame if self.times.sent is None else self.times.sent
        return None if begun is None or self.times.turn_complete is None else self.times.turn_complete - begun

    @property
    def heard_is_estimate(self) -> bool:
        """Whether `heard_ms` is reckoned from the clock, since no player reported what it played."""
        return self.played_ms is None and self.audio_ms > 0

    @property
    def heard_ms(self) -> float:
        """Milliseconds of the answer that were heard: as played, else reckoned.

        Reckoned means: playing began with the first sound and went on without a gap up to the cut.
        """
        if self.played_ms is not None:
            return min(self.played_ms, self.audio_ms)
        times = self.times
        cuts = [moment for moment in (times.interrupted, times.silenced) if moment is not None]
        if not cuts or times.first_audio is None:
            return self.audio_ms
        return min(self.audio_ms, max(0.0, min(cuts) - times.first_audio) * 1000)

    @property
    def heard_text(self) -> str:
        """The words of the answer that were heard; all of them unless it was cut."""
        words = self.output_words or self.model_words
        if not self.cut or self.audio_ms == 0:
            return str(words)
        return words.until(self.heard_ms, self.audio_ms)

    def hear(self, told: Mapping[str, Any], t: float) -> None:
        """Take in what a player reports at `t`: how far it is, or that its sound was stopped."""
        played = told.get("played_ms")
        if isinstance(played, int | float):
            self.played_ms = float(played)
        if told.get("action") == "flush" and not (self.over and self._heard_by(t) >= self.audio_ms):
            self.times.silenced = self.times.silenced or t

    def _heard_by(self, t: float) -> float:
        if self.played_ms is not None or self.times.first_audio is None:
            return self.heard_ms
        return (t - self.times.first_audio) * 1000

    @property
    def audio(self) -> npt.NDArray[np.int16]:
        """The answer's sound: int16 mono at 24 kHz, read from the log now. Empty where there is none."""
        if self.log is None or self.audio_span is None:
            return np.zeros(0, np.int16)
        return self.log.sound(*self.audio_span)

    @property
    def sound(self) -> Sound:
        """The answer's sound as something that draws itself as a player and can be saved."""
        from .sound import of_turn

        return of_turn(self)

    def __repr__(self) -> str:
        state = (
            "lost" if self.lost else "interrupted" if self.interrupted else "" if self.complete else "open"
        )
        state = f"silenced {state}".rstrip() if self.times.silenced is not None else state
        said = " → ".join(repr(_short(text)) for text in (self.user_text, self.text) if text)
        return f"<Turn {self.number}{' ' + state if state else ''}{': ' + said if said else ''}>"

    def _repr_html_(self) -> str:
        from .display import turn_html

        return turn_html(self)


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


__all__ = ["CallState", "ToolCall", "Turn", "TurnTimes", "Usage"]
