"""What a listener is given: every frame of the server as a `Message`, and what happened on our side.

Every event carries `seq` (its row in the log), `t` (seconds since the run began), `conn` (which connection of
this session, from 0) and `kinds` (a mask of the names in `protocol.kinds.KINDS`). Nothing here parses: a
`Message` is a view of a frame that was decoded once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from gemini_live_nb.audio import samples_of
from gemini_live_nb.protocol import kinds as kind
from gemini_live_nb.protocol.codec import Decoded
from gemini_live_nb.protocol.content import FunctionCall, Part
from gemini_live_nb.protocol.server import ServerContent, ServerMessage, Transcription, UsageMetadata

if TYPE_CHECKING:
    from gemini_live_nb.errors import LiveError
    from gemini_live_nb.log.turns import ToolCall, Turn


class Event(msgspec.Struct, frozen=True):
    """The base of all events.

    Attributes:
        seq: The event's row in the log, so that `session.log[event.seq]` is the frame.
        t: Seconds since the run began.
        conn: The number of the connection it belongs to; a resumed session counts on.
        kinds: A mask of every kind present (`protocol.kinds.names` spells it out); 0 for turns and
            resumption.
    """

    seq: int
    t: float
    conn: int
    kinds: int

    @property
    def kind(self) -> str:
        """The most telling kind of this event, such as `"modelTurn.audio"`."""
        return kind.main(self.kinds)


class Message(Event, frozen=True, gc=False):
    """One frame of the server.

    The properties below are conveniences. The server bundles, so that any number of them may be set at once:
    ask each with its own `if`. What they do not cover is in `message`, and what nobody has modelled yet in
    `raw`.
    """

    decoded: Decoded[ServerMessage]

    @property
    def message(self) -> ServerMessage | None:
        """The typed message; None where the frame was no JSON object."""
        return self.decoded.message

    @property
    def raw(self) -> bytes | str:
        """The frame exactly as it was received."""
        return self.decoded.raw

    @property
    def content(self) -> ServerContent | None:
        """`serverContent`, where there is one."""
        message = self.decoded.message
        return message.server_content if message is not None else None

    @property
    def parts(self) -> list[Part]:
        """The parts of the model's turn in this frame."""
        content = self.content
        turn = content.model_turn if content is not None else None
        return (turn.parts or []) if turn is not None else []

    @property
    def audio(self) -> npt.NDArray[np.int16] | None:
        """The model's speech in this frame: int16 samples, shape (n,), at 24 kHz."""
        pieces = [
            samples_of(part.inline_data.data)
            for part in self.parts
            if part.inline_data is not None
            and part.inline_data.data
            and (part.inline_data.mime_type or "audio/pcm").startswith("audio/")
        ]
        if not pieces:
            return None
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    @property
    def text(self) -> str:
        """Text parts joined, thoughts left out; empty where there are none."""
        return "".join(part.text for part in self.parts if part.text and not part.thought)

    @property
    def thought(self) -> str:
        """Thoughts joined: never to be spoken, and shown only as thoughts."""
        return "".join(part.text for part in self.parts if part.text and part.thought)

    @property
    def input_transcript(self) -> str:
        """What the server heard the user say, as far as this frame tells."""
        content = self.content
        return _text(content.input_transcription) if content is not None else ""

    @property
    def output_transcript(self) -> str:
        """What the model says aloud, as far as this frame tells."""
        content = self.content
        return _text(content.output_transcription) if content is not None else ""

    @property
    def interrupted(self) -> bool:
        """The user cut in: stop playing at once. It may come after `generation_complete`."""
        content = self.content
        return bool(content is not None and content.interrupted)

    @property
    def generation_complete(self) -> bool:
        """The model has produced all of its reply; it may still be playing."""
        content = self.content
        return bool(content is not None and content.generation_complete)

    @property
    def turn_complete(self) -> bool:
        """The model has finished, playback included, as far as the server can tell."""
        content = self.content
        return bool(content is not None and content.turn_complete)

    @property
    def tool_calls(self) -> list[FunctionCall]:
        """Calls in this frame, from `toolCall` and, where the server doubles them, from the model's turn."""
        message = self.decoded.message
        top = (
            message.tool_call.function_calls
            if message is not None and message.tool_call is not None
            else None
        )
        seen = {call.id for call in top or ()}
        doubled = (part.function_call for part in self.parts)
        return [*(top or ()), *(call for call in doubled if call is not None and call.id not in seen)]

    @property
    def usage(self) -> UsageMetadata | None:
        """Tokens of this response: a snapshot, never to be summed within a turn."""
        message = self.decoded.message
        return message.usage_metadata if message is not None else None


def _text(transcription: Transcription | None) -> str:
    return (transcription.text or "") if transcription is not None else ""


class Opened(Event, frozen=True):
    """A connection stands and its setup was accepted."""


class Closed(Event, frozen=True):
    """The session is over. `error` is None where we closed it ourselves, else what ended it."""

    error: BaseException | None


class GoingAway(Event, frozen=True):
    """The server will end this connection in `seconds`; it is handed over between turns."""

    seconds: float


class Lost(Event, frozen=True):
    """The connection broke in mid-session and is being resumed; `error` says how it broke."""

    error: LiveError


class Resumed(Event, frozen=True):
    """The session goes on over a new connection.

    Attributes:
        gap: Seconds without a connection.
        lost: What was in flight and will not be finished, in words; empty for a hand-over between turns.
        resent: What was sent a second time, in words, because nothing showed that it had arrived: texts,
            content, results of functions; with `transparent` (Vertex AI) all the server had not counted.
    """

    gap: float
    lost: tuple[str, ...]
    resent: tuple[str, ...]


class TurnStarted(Event, frozen=True):
    """A new turn began. `turn` fills as frames arrive."""

    turn: Turn


class TurnEnded(Event, frozen=True):
    """A turn is over: complete, interrupted, or lost with its connection."""

    turn: Turn


class ToolStarted(Event, frozen=True):
    """A function of yours begins to run."""

    call: ToolCall


class ToolFinished(Event, frozen=True):
    """A function of yours has returned, raised, timed out, or was cancelled or refused: see `call.state`."""

    call: ToolCall


class ToolPrinted(Event, frozen=True):
    """A function of yours printed `text`."""

    call: ToolCall
    text: str


class ApprovalNeeded(Event, frozen=True):
    """A function that needs approval was called: `approve(call.id)` or `deny(call.id)` it."""

    call: ToolCall


class Dropped(Event, frozen=True):
    """Realtime media given up because the socket stalled: `count` of `what` (`"audio"`, `"video"`).

    Attributes:
        what: Which media.
        count: Frames dropped since the last such event.
        seconds: Their length, for sound.
    """

    what: str
    count: int
    seconds: float


class Playback(Event, frozen=True):
    """What the speaker does: `action` is `"flush"` or `"position"`, `detail` what it reported with it."""

    action: str
    detail: dict[str, Any]


class Mark(Event, frozen=True):
    """A note the user set in the log with `mark("…")`."""

    label: str


class Status(Event, frozen=True):
    """What is going on, in words; the last one is `session.status`."""

    words: str


class Trouble(Event, frozen=True):
    """Something failed beside the conversation: a callback, a tool, the disk. `where` says which."""

    error: BaseException
    where: str


class Lagged(Event, frozen=True):
    """This listener fell behind: `count` events from row `first_seq` on are in the log alone."""

    first_seq: int
    count: int
