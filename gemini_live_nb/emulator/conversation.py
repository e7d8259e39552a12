"""One conversation: what outlives its connections, and what its setup implies."""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Iterable
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from gemini_live_nb.clock import Clock
from gemini_live_nb.protocol.client import ContextUpdate, Setup
from gemini_live_nb.protocol.content import Blob, Content, FunctionDeclaration, FunctionResponse, Part
from gemini_live_nb.protocol.durations import duration

from . import pieces
from .brain import INPUT_RATE, OUTPUT_RATE, Ask, Call, Talk
from .calls import Calls, OpenCall
from .context import Context, Tokens, audio_tokens, image_tokens, text_tokens
from .profiles import Profile

_KEPT_IMAGES = 8


class Checkpoint(NamedTuple):
    """A conversation at a moment it can be resumed at: as much of it as a lost turn changes."""

    entries: int
    loose: Tokens
    memory: dict[str, Any]
    frames_seen: int
    images: tuple[Blob, ...]
    audio_offset: float
    seeded: bool


class Conversation:
    """State of one conversation, restored whole when a connection resumes it.

    Args:
        setup: the first setup.
        profile: the model family.
        clock: the emulator's.
        seed: of everything random in it.
    """

    def __init__(self, setup: Setup, profile: Profile, clock: Clock, seed: int) -> None:
        self.id = str(uuid.uuid4())
        self.setup = setup
        self.profile = profile
        self.rng = Random(seed)
        self.calls = Calls()
        self.context = Context()
        self.talk = Talk(
            setup=setup,
            history=self.context.history,
            functions={},
            memory={},
            rng=self.rng,
            profile=profile,
            clock=clock,
        )
        self.audio_offset = 0.0
        """Seconds of the user's audio so far, all connections together."""
        self.input_rate: int | None = None
        self.images: deque[Blob] = deque(maxlen=_KEPT_IMAGES)
        self.seeded = False
        """Whether the first clientContent (initial history) has come."""
        self.lived = 0.0
        """Seconds it was connected, up to the end of its last connection."""
        self.end_told = False
        """Whether goAway was sent because the session ends, not only a connection."""
        self._heard_seconds = 0.0
        self.configure(setup)

    def configure(self, setup: Setup) -> None:
        """Take a setup, the first one or that of a resumed connection."""
        self.setup = self.talk.setup = setup
        declared = (f for tool in setup.tools or () for f in tool.function_declarations or ())
        self.talk.functions.clear()
        self.talk.functions.update((f.name, f) for f in declared if f.name)

    def checkpoint(self) -> Checkpoint:
        """What it is now, to be restored where what follows is lost with its connection."""
        context, talk = self.context, self.talk
        return Checkpoint(
            entries=len(context.history) + context.dropped,
            loose=Counter(context.loose),
            memory=dict(talk.memory),
            frames_seen=talk.frames_seen,
            images=tuple(self.images),
            audio_offset=self.audio_offset,
            seeded=self.seeded,
        )

    def restore(self, kept: Checkpoint) -> None:
        """Forget what came after a checkpoint."""
        context, talk = self.context, self.talk
        entries = max(0, kept.entries - context.dropped)
        del context.history[entries:], context.costs[entries:]
        context.loose = Counter(kept.loose)
        talk.memory.clear()
        talk.memory.update(kept.memory)
        talk.frames_seen = kept.frames_seen
        self.images.clear()
        self.images.extend(kept.images)
        self.audio_offset, self.seeded = kept.audio_offset, kept.seeded

    def update(self, change: ContextUpdate) -> None:
        """Apply a contextUpdate: only what is set changes, an empty list of tools clears them."""
        setup = self.setup
        if change.system_instruction is not None:
            setup = replace(setup, system_instruction=change.system_instruction)
        if change.tools is not None:
            setup = replace(setup, tools=list(change.tools.tools or ()))
        self.configure(setup)

    # --- what the setup implies ---

    @property
    def speaks(self) -> bool:
        """The answer is sound; else TEXT."""
        generation = self.setup.generation_config
        asked = generation.response_modalities if generation else None
        if asked:
            return "TEXT" not in asked
        family = self.profile.family
        # unasked, the half-cascade models of the Developer API answer in text (js-genai's recordings)
        return family.modalities[0] == "AUDIO" and (
            family.vertex or "TEXT" not in family.modalities or self._says
        )

    @property
    def _says(self) -> bool:
        return self.setup.output_audio_transcription is not None

    @property
    def transcribes_answer(self) -> bool:
        """The words of the answer are sent beside its sound."""
        return self.speaks and (self._says or self.profile.says_unasked)

    @property
    def shows_thoughts(self) -> bool:
        """Thought parts are sent."""
        generation = self.setup.generation_config
        thinking = generation.thinking_config if generation else None
        if self.profile.family.thoughts_unasked:
            return thinking is None or thinking.thinking_budget != 0
        return thinking is not None and bool(thinking.include_thoughts)

    @property
    def tells_activity(self) -> bool:
        """`voiceActivity` messages are sent."""
        return self.profile.family.activity_unasked or bool(self.setup.explicit_vad_signal)

    @property
    def refuses_all(self) -> bool:
        """The setup passed, but the first message will not: affective dialog on 3.8."""
        generation = self.setup.generation_config
        return self.profile.affect_closes_later and bool(generation and generation.enable_affective_dialog)

    @property
    def prompt_tokens(self) -> Tokens:
        """Tokens of all the model reads for its next answer."""
        return self.context.prompt(self.setup)

    @property
    def unanswered(self) -> str:
        """The user's last words since the model last spoke."""
        for content in reversed(self.talk.history):
            words = " ".join(part.text for part in content.parts or () if part.text)
            if content.role == "model":
                break
            if any(letter.isalnum() for letter in words):
                return words
        return ""

    def transcript_frames(self, text: str) -> Iterable[dict[str, Any]]:
        """The user's words as this family sends them."""
        if not text or not (
            self.setup.input_audio_transcription is not None or self.profile.family.transcribes_unasked
        ):
            return
        sentence = self.profile.family.input_transcript == "sentence"
        for piece in [text] if sentence else pieces.words(" " + text.lstrip()):
            yield {"serverContent": {"inputTranscription": {"text": piece}}}
        if self.profile.family.input_transcript == "pieces and finished":
            yield {"serverContent": {"inputTranscription": {"finished": True}}}

    def activity(self, kind: str, at: float) -> dict[str, Any]:
        """A `voiceActivity`, `at` seconds into the user's audio, as this family sends it."""
        beside: dict[str, Any] = {"serverContent": {}} if self.profile.activity_in_content else {}
        return {**beside, "voiceActivity": {"type": kind, "audioOffset": duration(at)}}

    # --- what happens in it ---

    def issue(self, group: tuple[Call, ...]) -> list[OpenCall]:
        """Calls with ids, blocking or not as declared."""
        blocking: dict[str, bool] = {}
        for call in group:
            declared: FunctionDeclaration | None = self.talk.functions.get(call.name)
            behavior = declared.behavior if declared else None
            named = behavior in ("BLOCKING", "NON_BLOCKING")
            if behavior == "NON_BLOCKING" and self.profile.family.talks_through_calls is False:
                behavior = "BLOCKING"  # it takes the word, and waits all the same
            blocking[call.name] = behavior == "BLOCKING" if named else self.profile.blocking_default
        return self.calls.issue(group, blocking=blocking, profile=self.profile, rng=self.rng)

    def note_typed(self, contents: Iterable[Content]) -> None:
        """Keep typed or seeded turns."""
        for content in contents:
            role = "model" if content.role == "model" else "user"
            parts = content.parts or []
            text = sum(text_tokens(part.text or "") for part in parts)
            sound = sum(
                audio_tokens(len(part.inline_data.data or b"") / 2 / INPUT_RATE)
                for part in parts
                if part.inline_data and (part.inline_data.mime_type or "").startswith("audio/")
            )
            pictures = sum(1 for part in parts if is_image(part.inline_data))
            self.talk.frames_seen += pictures
            self.context.add(
                Content(role=role, parts=parts),
                text=text,
                audio=sound,
                image=pictures * image_tokens(self.setup),
            )

    def note_video(self, frame: Blob) -> None:
        """Count and keep a video frame for the next spoken turn."""
        self.talk.frames_seen += 1
        self.images.append(frame)
        self.context.loose["VIDEO"] += image_tokens(self.setup)

    def note_ask(self, ask: Ask) -> None:
        """Keep what a turn brings that is not in the history yet."""
        if ask.kind == "speech":
            self._heard_seconds = len(ask.audio) / INPUT_RATE if ask.audio is not None else 0.0
        elif ask.kind == "tool_result":
            parts = [
                Part(function_response=FunctionResponse(id=r.id, name=r.name, response=dict(r.response)))
                for r in ask.results
            ]
            if parts:
                self.context.add(
                    Content(role="user", parts=parts),
                    text=sum(text_tokens(str(dict(r.response))) for r in ask.results),
                )

    def note_heard(self, text: str) -> None:
        """Keep a spoken turn of the user: its words, at the price of its sound."""
        if self._heard_seconds:
            self.context.add(
                Content(role="user", parts=[Part(text=text)]), audio=audio_tokens(self._heard_seconds)
            )
            self._heard_seconds = 0.0

    def note_answer(self, text: str, *, samples: int) -> None:
        """Keep what the model said."""
        if text or samples:
            seconds = samples / OUTPUT_RATE
            self.context.add(
                Content(role="model", parts=[Part(text=text)]),
                audio=audio_tokens(seconds),
                text=0 if samples else text_tokens(text),
            )

    def take_images(self) -> tuple[Blob, ...]:
        """The video frames since the last spoken turn."""
        images = tuple(self.images)
        self.images.clear()
        return images


def is_image(blob: Blob | None) -> bool:
    """Whether a part is a picture."""
    return blob is not None and (blob.mime_type or "").startswith("image/")
