"""Guesses at what is being said while it is being said, where the model family sends such."""

from __future__ import annotations

import asyncio

from .brain import INPUT_RATE
from .stage import Stage
from .voice import Ears

_EVERY = 0.3  # seconds of sound between two guesses


class Guesses:
    """Asks the brain to guess along, one guess at a time.

    Args:
        stage: the connection's.
        ears: whose utterance is guessed at.
    """

    def __init__(self, stage: Stage, ears: Ears) -> None:
        self._stage = stage
        self._ears = ears
        self._guessed = 0  # samples of the utterance at the last guess
        self._task: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Something was said: guess, if there is enough that is new."""
        if not self._stage.conversation.profile.interim:
            return
        if not self._ears.speaking:
            self._guessed = 0
            return
        idle = self._task is None or self._task.done()
        if idle and len(self._ears.utterance) - self._guessed >= _EVERY * INPUT_RATE:
            self._guessed = len(self._ears.utterance)
            self._task = asyncio.get_running_loop().create_task(self._guess(), name="emulator guess")
            self._task.add_done_callback(self._guessed_or_died)

    async def stop(self) -> None:
        """Stop guessing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _guessed_or_died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._stage.trouble(task.exception())

    async def _guess(self) -> None:
        stage = self._stage
        words = await stage.brain.hear(self._ears.utterance, stage.conversation.talk)
        if words and self._ears.speaking:  # a guess that comes after the words is worth nothing
            stage.wire.post({"serverContent": {"interimInputTranscription": {"text": words}}})
