"""The brain that hears, answers and speaks: the parts put together for the emulator's turn engine."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import ParamSpec, TypeVar

from ..brain import INPUT_RATE, Ask, Brain, Call, EchoBrain, Heard, Int16, Piece, Say, Talk
from ..vad import Scorer
from .llm import LocalModel, ModelTrouble
from .parts import INSTALL, PartMissing, Parts, off_loop, parts
from .results import tell
from .rules import Rules
from .scene import LABEL, Memory
from .see import look
from .synthesise import Synthesiser, clauses
from .vad import SileroScorer
from .voices import voice

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)
GUESSED = 10.0
"""Seconds of running speech up to which guesses are made; beyond, they would cost more than they tell."""


class SpeechBrain(Brain):
    """A spoken conversation with no key: hears English, answers by rules or by your own model, speaks.

    Everything runs on this machine. What is missing (`pip install "gemini-live-nb[offline]"`) is said in
    words, and the
    next-best is used: typed requests are answered in writing, speech is echoed.

    Args:
        llm: base URL of an OpenAI-compatible server on this machine that shall find the words; the rules stay
            as the
            fall-back. Needs the openai package.
        model: the model's name on that server.

    Example:
        >>> from gemini_live_nb.emulator import Emulator
        >>> async def main():
        ...     async with Emulator(SpeechBrain()) as emulator:
        ...         print(emulator.url)

    Raises:
        ValueError: `llm` without `model`.
    """

    label = LABEL

    def __init__(self, llm: str | None = None, model: str | None = None) -> None:
        if llm and not model:
            raise ValueError(
                "Which model? Give its name on that server, such as SpeechBrain(llm=…, model='llama3.2')."
            )
        self._llm, self._model_name = llm, model
        self._model: LocalModel | None = None
        self._parts: Parts | None = None
        self._trouble = ""
        if llm:
            self.label = f"offline demo voice with {model} — not Gemini"

    def __str__(self) -> str:
        """What is there of the voice and how long loading took, or what is missing and how to get it."""
        told = [self.label, str(self._parts or "not loaded yet"), self._trouble]
        return "; ".join(part for part in told if part)

    async def load(self) -> None:
        """Load the models off the event loop, once per process; `str(brain)` then says how long it took."""
        self._parts = await off_loop(parts)
        log.info("%s", self._parts)
        if self._llm and self._model_name:
            try:
                self._model = await off_loop(LocalModel, self._llm, self._model_name)
            except PartMissing as error:
                self._trouble = str(error)
                log.warning("%s", error)

    async def close(self) -> None:
        """Close the connection to the local model; loaded parts stay for other sessions of the process."""
        if self._model:
            await self._model.close()

    def ears(self) -> Scorer | None:
        """Silero's voice activity model for one connection, where it can be loaded."""
        try:
            return SileroScorer()
        except PartMissing as error:
            log.warning("%s The simpler energy gate is used.", error)
            return None

    async def hear(self, audio: Int16, talk: Talk) -> str | None:
        """A guess at what is being said; see `Brain.hear`."""
        recogniser = (await self._ready(talk)).recogniser
        if not recogniser or len(audio) > GUESSED * INPUT_RATE:
            return None
        return await _held(talk, recogniser, audio, tries=1) or None

    async def reply(self, ask: Ask, talk: Talk) -> AsyncIterator[Piece]:
        """Answer one ask; see `Brain.reply`."""
        ready, memory = await self._ready(talk), Memory.of(talk)
        speaker = Speaker(ready.synthesiser, talk)
        memory.frames = talk.frames_seen
        if ask.images:
            memory.look = await _held(talk, look, ask.images, memory.look) or memory.look
        text = ask.text or "What do you see?"
        if ask.kind == "speech" and ask.audio is not None:
            recogniser, audio = ready.recogniser, ask.audio
            if not recogniser:
                async for piece in self._echo(ask, talk, speaker):
                    yield piece
                return
            text = await _held(talk, recogniser, audio)
            if not text:
                return
            yield Heard(text)
        async with aclosing(self._thought(ask, text, talk)) as thoughts:
            async for thought in thoughts:
                if isinstance(thought, tuple):
                    yield thought
                    continue
                async for words in speaker.say(thought):
                    yield words

    async def _ready(self, talk: Talk) -> Parts:
        if self._parts is None:
            with talk.clock.hold():
                await self.load()
        return self._parts or parts()

    async def _thought(self, ask: Ask, text: str, talk: Talk) -> AsyncGenerator[str | tuple[Call, ...]]:
        """Sentences and calls: the local model's where there is one and it answers, else the rules'."""
        memory = Memory.of(talk)
        if self._model:
            seen = (
                f" [The camera's picture, measured without a vision model: {memory.look}]"
                if ask.images and memory.look
                else ""
            )
            try:
                async with aclosing(self._model.reply(ask.results or text + seen, talk)) as pieces:
                    async for piece in pieces:
                        yield piece
            except ModelTrouble as error:
                self._trouble = str(error)
                log.warning("%s", error)
            else:
                return
        if self._trouble and not talk.memory.get("trouble_told"):
            talk.memory["trouble_told"] = True
            yield f"{self._trouble}. I answer by my own rules."
        if ask.kind == "tool_result":
            words = tell(ask.results)
            memory.said.append(words)
            yield words
            return
        now = datetime.fromtimestamp(talk.clock.time()).astimezone()
        reply = Rules(memory, talk.functions, now, talk.rng).reply(text)
        if reply.words:
            yield reply.words
        if reply.calls:
            yield reply.calls

    async def _echo(self, ask: Ask, talk: Talk, speaker: Speaker) -> AsyncIterator[Piece]:
        """Speech with no recogniser: say so once, then do as the echo brain does."""
        if self._parts and not talk.memory.get("echo_told"):
            talk.memory["echo_told"] = True
            async for words in speaker.say(
                f"I cannot hear words here, so I echo you. To mend it: {INSTALL}."
            ):
                yield words
        async for piece in EchoBrain().reply(ask, talk):
            yield piece


class Speaker:
    """Says words in the session's voice; in a TEXT session, or without a synthesiser, words alone."""

    def __init__(self, synthesiser: Synthesiser | None, talk: Talk) -> None:
        config = talk.setup.generation_config
        speech = config.speech_config if config else None
        chosen = speech.voice_config if speech else None
        prebuilt = chosen.prebuilt_voice_config if chosen else None
        self._voice = voice(prebuilt.voice_name if prebuilt else None)
        self._synthesiser = synthesiser if not config or config.response_modalities != ["TEXT"] else None
        self._talk = talk
        self._begun = False

    async def say(self, words: str) -> AsyncIterator[Say]:
        """`words` clause by clause.

        The next clause is not made before the last one is taken: barge-in stops the work.
        """
        synthesiser = self._synthesiser
        for clause in clauses(words):
            text = f" {clause}" if self._begun else clause
            self._begun = True
            audio = await _held(self._talk, synthesiser, clause, self._voice) if synthesiser else None
            yield Say(text, audio)


async def _held(talk: Talk, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Heavy work off the loop, during which a simulated clock stands still."""
    with talk.clock.hold():
        return await off_loop(work, *args, **kwargs)
