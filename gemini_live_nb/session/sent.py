"""What was sent and may not have arrived, kept until something shows that it did.

A question is kept until it is answered; content that asks nothing, until an answer to something later. Where
the server counts what it has taken in (`transparent`, on Vertex AI), each message is kept until it says so,
and exactly the rest is sent again (PROTOCOL.md §4.3). Its index counts the messages of a connection, the
setup being 0, as those have found who use it. [R]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from gemini_live_nb.audio import MIC_RATE
from gemini_live_nb.log.turn import Turn
from gemini_live_nb.protocol.client import (
    ActivityStart,
    ClientContent,
    ClientMessage,
    RealtimeInput,
)
from gemini_live_nb.protocol.codec import encode

SOUND_SECONDS = 10.0
"""How much sound is kept to be sent again; what is older is told as lost."""
_MESSAGES = 2000
_SHOWN = 60


class Frame(NamedTuple):
    """A frame that is to go out on the next connection, though it was sent before."""

    data: bytes
    message: ClientMessage | None


class Question(NamedTuple):
    """A message that asks for a reply, and the turn it belongs to."""

    message: ClientMessage
    turn: Turn | None
    again: bool

    @property
    def open(self) -> bool:
        """Whether nothing of a reply has come."""
        return self.turn is not None and not self.turn.answered and not self.turn.over

    @property
    def words(self) -> str:
        """What was asked."""
        live = self.message.realtime_input
        return (live.text or "") if live is not None else " ".join(self.turn.typed if self.turn else ())


class _Given(NamedTuple):
    """Content that asks for no reply, and when it was sent, in seconds of the run."""

    message: ClientMessage
    at: float
    again: bool


class _Counted(NamedTuple):
    number: int
    at: float
    frame: Frame
    seconds: float


class Sent:
    """What a session has sent and is not sure of.

    Args:
        transparent: Whether the server counts the messages it has taken in.
        history_first: Whether the first content is history, whatever it asks for.

    Attributes:
        questions: Those that nothing of a reply was seen to.
    """

    def __init__(self, *, transparent: bool, history_first: bool) -> None:
        self.transparent = transparent
        self.questions: list[Question] = []
        self._given: list[_Given] = []
        self._history_due = history_first
        self._history: ClientMessage | None = None
        self._speaking = False
        self._index = 0
        self._counted: deque[_Counted] = deque()
        self._before: list[_Counted] = []
        self._sound = self._sound_lost = 0.0

    # What goes out.

    def note(self, message: ClientMessage, turn: Turn | None, at: float, *, again: bool) -> None:
        """Something that is no realtime media went out, at this time; it may belong to a turn."""
        live, content = message.realtime_input, message.client_content
        if content is not None and (self._history_due or not content.turn_complete):
            if self._history_due:
                self._history_due, self._history = False, message
            self._given.append(_Given(message, at, again))
        elif content is not None or (live is not None and live.text is not None):
            self.questions = [one for one in self.questions if one.open]
            self.questions.append(Question(message, turn, again))
        elif live is not None and (live.activity_start or live.activity_end):
            self._speaking = live.activity_start is not None

    def count(self, data: bytes, message: ClientMessage | None, at: float) -> None:
        """Any frame went out on this connection: keep it until the server has counted it."""
        self._index += 1
        seconds = _seconds(message)
        self._sound += seconds
        self._counted.append(_Counted(self._index, at, Frame(data, message), seconds))
        while self._sound > SOUND_SECONDS:
            oldest = next(i for i, one in enumerate(self._counted) if one.seconds)
            self._sound -= self._counted[oldest].seconds
            self._sound_lost += self._counted[oldest].seconds
            del self._counted[oldest]
        if len(self._counted) > _MESSAGES:
            self._sound -= self._counted.popleft().seconds

    def begin(self) -> None:
        """A connection is about to be opened: what was not counted went out before it."""
        self._before += self._counted
        self._counted.clear()
        self._index, self._sound = 0, 0.0

    def stop_speaking(self) -> None:
        """Nobody goes on with what was being said between activityStart and activityEnd."""
        self._speaking = False

    # What shows that it arrived.

    def taken_in(self, index: int) -> None:
        """The server has taken in the messages of this connection up to an index."""
        self._sound_lost = 0.0
        while self._counted and self._counted[0].number <= index:
            self._sound -= self._counted.popleft().seconds

    def arrived(self) -> None:
        """The server said goodbye to ours: it has read all that came before."""
        self._given.clear()

    def answered(self, at: float) -> None:
        """The latest answer began at this time: content from before it has arrived."""
        self._given = [one for one in self._given if one.at >= at]

    @property
    def history_due(self) -> bool:
        """Whether the next connection's first content is history: it was not sent yet, or is sent again."""
        doubted = (
            (one.frame.message for one in self._before)
            if self.transparent
            else (one.message for one in self._given)
        )
        return self._history_due or any(message is self._history for message in doubted if message)

    # What is sent again.

    def restart(self, answered_at: float) -> tuple[list[Frame], list[str], list[str]]:
        """A new connection stands.

        Args:
            answered_at: When the latest answer began: what was said before it is not said again.

        Returns:
            What to send again, that in words, and what is lost, in words.
        """
        again: list[tuple[Frame, str]] = []
        lost: list[str] = []
        if self.transparent:
            again += self._uncounted(answered_at)
            if self._sound_lost > 0:
                lost.append(f"{self._sound_lost:.1f} s of sound from before the last {SOUND_SECONDS:.0f} s")
        else:
            self.answered(answered_at)
            again += self._unanswered(lost)
        self._sound_lost = 0.0
        self._before.clear()
        self._given.clear()
        self.questions = []
        return [frame for frame, _ in again], list(dict.fromkeys(words for _, words in again if words)), lost

    def _uncounted(self, answered_at: float) -> Iterator[tuple[Frame, str]]:
        sound = f"{sum(one.seconds for one in self._before):.1f} s of sound"
        for _, at, frame, seconds in self._before:
            message = frame.message or ClientMessage()
            history = message.client_content is not None and not message.client_content.turn_complete
            # Answers to calls have rules of their own, and a change of context is in the new setup.
            elsewhere = message.tool_response is not None or message.context_update is not None
            if (at >= answered_at or history) and not elsewhere:
                yield frame, sound if seconds else _words(message)

    def _unanswered(self, lost: list[str]) -> Iterator[tuple[Frame, str]]:
        for one in self._given:
            if one.again:
                lost.append(f"whether content that was sent twice has arrived ({_words(one.message)!r})")
                continue
            content = one.message.client_content
            history = ClientContent(turns=content.turns if content is not None else None, turn_complete=False)
            yield _frame(ClientMessage(client_content=history)), _words(one.message)
        for asked in self.questions:
            if asked.open and not asked.again:
                yield _frame(asked.message), asked.words
        if self._speaking:
            start = RealtimeInput(activity_start=ActivityStart())
            yield _frame(ClientMessage(realtime_input=start)), "activityStart"


def _frame(message: ClientMessage) -> Frame:
    return Frame(encode(message).encode(), message)


def _seconds(message: ClientMessage | None) -> float:
    sound = message.realtime_input.audio if message is not None and message.realtime_input else None
    return len(sound.data or b"") / (2 * MIC_RATE) if sound is not None else 0.0


def _words(message: ClientMessage) -> str:
    """A message in words, as `Resumed` tells of it."""
    live, content = message.realtime_input, message.client_content
    if live is not None:
        return live.text or ("a picture" if live.video is not None else "what the user did")
    said = [part.text for turn in (content.turns if content else None) or () for part in turn.parts or ()]
    text = " ".join(words for words in said if words)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…" if text else "content without words"
