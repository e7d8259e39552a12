"""Who answers: the seam between the emulator's turn engine and whatever thinks and speaks.

The engine hears (voice activity, typed turns, tool results), asks the brain, and turns what the brain yields
into frames as the chosen model family sends them. A brain never sees a socket, a frame or a profile's quirks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from random import Random

    from gemini_live_nb.clock import Clock
    from gemini_live_nb.protocol.client import Setup
    from gemini_live_nb.protocol.content import Blob, Content, FunctionDeclaration

    from .profiles import Profile
    from .vad import Scorer

INPUT_RATE = 16_000
"""Hz of the audio a brain is given; the engine resamples what the client sent."""
OUTPUT_RATE = 24_000
"""Hz of the audio a brain says."""

Int16: TypeAlias = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Result:
    """One function response of the client, as the brain gets it back.

    `response` is the client's object as sent (by convention `{"output": …}`, `{"result": …}` or `{"error":
    …}`, and with a `scheduling` placed inside it taken out); `args` are those of the call it answers.
    """

    id: str
    name: str
    response: Mapping[str, Any]
    args: Mapping[str, Any] = field(default_factory=dict)
    will_continue: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What the brain is asked to answer: one finished user turn, or results of its calls.

    Attributes:
        kind: `"speech"` (audio of one voice activity), `"text"` (a typed turn), `"images"` (pictures with no
            words), `"tool_result"` (answers to `Call`s).
        text: typed words, joined; empty for speech.
        audio: int16 mono at 16 kHz, shape (n,); only for speech.
        images: pictures that belong to this turn: parts of a typed turn, or video frames seen since the last
            speech turn (a typed turn does not see realtime video, as on the real service).
        results: the function responses that came in, in order.
    """

    kind: Literal["speech", "text", "tool_result", "images"]
    text: str = ""
    audio: Int16 | None = None
    images: tuple[Blob, ...] = ()
    results: tuple[Result, ...] = ()


@dataclass(slots=True)
class Talk:
    """One conversation as its brain knows it; lives as long as the session, across resumed connections.

    Attributes:
        setup: the session's configuration (the latest one after a resumption; contextUpdate applied).
        history: what was said, oldest first; of an interrupted answer only what was sent.
        functions: the functions the client declared, by name.
        memory: the brain's own notes about this conversation; the engine never reads them.
        rng: seeded per session by the emulator's `seed`; the only randomness a brain should use.
        profile: the model family being played.
        clock: the emulator's clock; sleep on it, never on asyncio's.
        frames_seen: video frames and images received so far.
    """

    setup: Setup
    history: list[Content]
    functions: dict[str, FunctionDeclaration]
    memory: dict[str, Any]
    rng: Random
    profile: Profile
    clock: Clock
    frames_seen: int = 0

    @property
    def system_instruction(self) -> str:
        """The system instruction's words, joined."""
        content = self.setup.system_instruction
        return " ".join(part.text for part in (content.parts or ()) if part.text) if content else ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the user said; `final=False` is a guess that may still change."""

    text: str
    final: bool = True


@dataclass(frozen=True, slots=True)
class Thought:
    """A thought summary; sent where the family and the setup show thoughts."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """Some words of the answer and their sound. Yield pieces as they are made; the engine paces the sending.

    `audio` is int16 mono at 24 kHz, shape (n,). With `audio=None` the engine makes a soft hum as long as the
    words would take. In a session asked for TEXT only the words are sent.
    """

    text: str
    audio: Int16 | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. Yield several in one tuple for a parallel call. The engine gives the id."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extra:
    """Fields put into this generation's frames as they are: code parts, grounding metadata and the like.

    `content` is merged into one serverContent frame (camelCase names); `at_end` puts it on the turnComplete
    frame.
    """

    content: Mapping[str, Any]
    at_end: bool = False


Piece: TypeAlias = Heard | Thought | Say | Call | tuple[Call, ...] | Extra


class Brain:
    """Answers asks. Subclass it, write `reply`, and give it to `Emulator(brain=…)`.

    One brain serves all sessions of an emulator; what belongs to one conversation goes into `talk.memory`.

    Example:
        >>> class Parrot(Brain):
        ...     label = "parrot"
        ...     async def reply(self, ask, talk):
        ...         yield Say(ask.text or "I heard you.")
    """

    label: str = "brain"
    """Shown to people: who is talking. Must not pass for the real service."""

    def __str__(self) -> str:
        """Who is talking, and what there is to be said of it; one line."""
        return self.label

    async def load(self) -> None:
        """Prepare what is heavy, off the event loop; called before the server listens, and may be again."""

    async def close(self) -> None:
        """Give back what `load` took; called when the emulator stops."""

    def reply(self, ask: Ask, talk: Talk) -> AsyncIterator[Piece]:
        """Answer one ask, piece by piece.

        For speech, yield `Heard` first. End after a blocking `Call`: its answer comes as a new ask of kind
        `"tool_result"`. After a non-blocking call you may go on talking. Yielding nothing is allowed: the
        model may stay silent.

        The engine stops a reply (barge-in, drop) by cancelling it: `asyncio.CancelledError` at an `await`,
        `GeneratorExit` at a `yield`; stop the work, not only the sending. Heavy work belongs in an executor.
        """
        raise NotImplementedError

    def ears(self) -> Scorer | None:
        """A scorer of speech for one connection, better than the engine's energy gate; None for that gate."""
        return None

    async def hear(self, audio: Int16, talk: Talk) -> str | None:
        """Guess at what is being said, while it is being said.

        Called at most every 300 ms with all audio of the running activity (int16, 16 kHz) where the family
        sends interim transcripts; `None` means no guess.
        """
        return None


class EchoBrain(Brain):
    """Says back what it heard: your own voice for speech, your own words, hummed, for text."""

    label = "offline echo — not Gemini"

    async def reply(self, ask: Ask, talk: Talk) -> AsyncIterator[Piece]:
        """Echo the ask; see `Brain.reply`."""
        if ask.kind == "speech" and ask.audio is not None:
            seconds = len(ask.audio) / INPUT_RATE
            yield Heard(f"[{seconds:.1f} seconds of speech]")
            yield Say(f"[your own {seconds:.1f} seconds]", _to_output_rate(ask.audio))
        elif ask.kind == "tool_result":
            yield Say("The tool said: " + "; ".join(f"{r.name}: {dict(r.response)}" for r in ask.results))
        elif ask.images:
            plural = "s" if len(ask.images) != 1 else ""
            yield Say(f"You showed me {len(ask.images)} picture{plural}. {ask.text}".strip())
        else:
            yield Say(f"You said: {ask.text}")


def _to_output_rate(audio: Int16) -> Int16:
    from gemini_live_nb.audio import pcm

    return pcm(audio, INPUT_RATE, to=OUTPUT_RATE)
