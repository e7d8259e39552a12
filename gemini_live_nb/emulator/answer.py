"""One answer on its way out: words and sound cut and ordered as the family sends them, and paced.

Sound goes out `pace` times faster than it plays; `generationComplete` follows the last chunk, and playback is
simulated, because `turnComplete` waits for its end (PROTOCOL.md §3.3).
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from gemini_live_nb.clock import Clock

from . import pieces
from .brain import OUTPUT_RATE, Int16, Say
from .profiles import Profile
from .wire import Wire, audio_frame

_LETTERS_PER_SECOND = 15.0
_COMPLETE_AFTER = 0.03


class Answer:
    """The frames of one generation.

    Args:
        wire: where frames go.
        clock: what they are paced by.
        profile: how they are cut and ordered.
        pace: seconds of sound sent per second; 0 sends everything at once and simulates no playback.
        spoken: audio (else TEXT modality).
        transcribed: whether the words of the audio are sent.
        begun: awaited once, after the first frame of sound or text.
        mute: leave the sound out though the words come (a fault).
        odd_tail: end one chunk in half a sample (a fault).
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        profile: Profile,
        *,
        pace: float,
        spoken: bool,
        transcribed: bool,
        begun: Callable[[], Awaitable[None]],
        mute: bool = False,
        odd_tail: bool = False,
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._profile = profile
        self._pace = pace
        self._spoken = spoken
        self._transcribed = transcribed and spoken
        self._begun = begun
        self._mute = mute
        self._odd_tail = odd_tail
        self._sizes = itertools.chain([profile.first_chunk], itertools.cycle(profile.chunk_sizes))
        self._kept: list[tuple[str, Int16]] = []  # "first": all words wait for the end of the answer
        self._due = 0.0
        self.said: list[str] = []
        self.samples = 0
        self.started: float | None = None
        """When the first sound was sent."""
        self.playing_until = 0.0

    @property
    def text(self) -> str:
        """The words sent so far."""
        return "".join(self.said)

    def open(self) -> None:
        """Begin a generation: some families announce it."""
        if self._profile.family.empty_content and not self._profile.empty_messages:
            self._wire.post({"serverContent": {}})
        if self._profile.family.output_transcript == "first" and self._profile.vertex and self._transcribed:
            self._wire.post({"serverContent": {"outputTranscription": {}}})

    async def say(self, piece: Say) -> None:
        """Send some words and their sound; returns when the last chunk is on its way."""
        await self._wire.room()
        if not self._spoken:
            for words in pieces.head_and_rest(piece.text):
                self._post({"modelTurn": self._profile.model_turn({"text": words})})
                self.said.append(words)
                if len(self.said) == 1:
                    await self._begun()
            return
        audio = hum(piece.text) if piece.audio is None else np.ascontiguousarray(piece.audio, np.int16)
        if self._mute:
            audio = audio[:0]
        # a brain that is late moves the schedule on; a late wake-up does not, so that lateness never adds up
        self._due = max(self._due, self._clock.monotonic())
        match self._profile.family.output_transcript:
            case "first":
                self._kept.append((piece.text, audio))
            case "ahead":
                await self._ahead(piece.text, audio)
            case "bundled":
                await self._bundled(pieces.grouped(piece.text, (2, 1, 2, 1, 2)), audio)
            case "phrases":
                await self._bundled(pieces.phrases(piece.text), audio)

    async def finish(self) -> None:
        """Send what was kept back, then `generationComplete`."""
        if self._profile.family.output_transcript == "first":
            await self._words_first()
        if self.samples and self._pace:
            await self._until(self._due + _COMPLETE_AFTER)
        self._post({"generationComplete": True})

    async def played(self) -> None:
        """Wait until the client's playback would be over."""
        if self._pace:
            await self._until(self.playing_until)

    async def _ahead(self, text: str, audio: Int16) -> None:
        words = pieces.grouped(text, (2, 1, 1, 2, 1))
        lead = 2 if not self.said else 0  # at first the transcript runs a few words ahead of its sound
        waiting: list[Int16] = []
        for i, (piece, sound) in enumerate(pieces.dealt(words, audio)):
            self._transcript(piece)
            waiting.append(sound)
            if i >= lead or i == len(words) - 1:
                await self._sound(np.concatenate(waiting))
                waiting.clear()

    async def _bundled(self, words: list[str], audio: Int16) -> None:
        for piece, sound in pieces.dealt(words, audio):
            if len(sound):
                await self._sound(sound, bundled=piece)
            else:
                self._transcript(piece)

    async def _words_first(self) -> None:
        text = "".join(text for text, _ in self._kept)
        for piece in pieces.head_and_rest(text):
            self._transcript(piece)
        if self._transcribed and self._profile.vertex:
            self._post({"outputTranscription": {"finished": True}})
        self._due = max(self._due, self._clock.monotonic())
        for _, audio in self._kept:
            await self._sound(audio)
        self._kept.clear()

    def _transcript(self, text: str) -> None:
        self.said.append(text)
        if self._transcribed and text:
            self._post({"outputTranscription": {"text": text}})

    async def _sound(self, audio: Int16, *, bundled: str = "") -> None:
        for chunk in pieces.chunks(audio, self._sizes):
            if self._pace:
                await self._until(self._due)
            await self._wire.room()
            now = self._clock.monotonic()
            if self.started is None:
                self.started = self.playing_until = now
                if self._profile.empty_messages:
                    self._wire.post({})
                    self._wire.post({"serverContent": {}})
            tail, self._odd_tail = (b"\x00" if self._odd_tail else b""), False
            if self._profile.empty_messages:
                self._wire.post({})
            self._wire.post(
                audio_frame(
                    chunk,
                    mime_type=self._profile.family.audio_mime,
                    role="model" if self._profile.vertex or self._profile.says_role else "",
                    role_first=self._profile.vertex,
                    transcript=bundled if self._transcribed else "",
                    tail=tail,
                )
            )
            self.samples += len(chunk)
            if bundled:
                self.said.append(bundled)
                bundled = ""
            if self.samples == len(chunk):
                await self._begun()
            length = len(chunk) / OUTPUT_RATE
            self.playing_until = max(self.playing_until, now) + length
            self._due += length / self._pace if self._pace else 0.0

    def _post(self, content: dict[str, Any]) -> None:
        self._wire.post({"serverContent": content})

    async def _until(self, moment: float) -> None:
        wait = moment - self._clock.monotonic()
        if wait > 0:
            await self._clock.sleep(wait)


def hum(text: str) -> Int16:
    """A soft hum as long as the words would take: what a brain without a voice sounds like.

    Example:
        >>> len(hum("x" * 15)) == OUTPUT_RATE
        True
    """
    length = round(len(text) / _LETTERS_PER_SECOND * 50) * OUTPUT_RATE // 50
    time = np.arange(length) / OUTPUT_RATE
    swell = np.minimum(1, np.minimum(time, time[::-1]) / 0.05) * (0.6 + 0.4 * np.sin(2 * np.pi * 3.5 * time))
    tone = (
        np.sin(2 * np.pi * 150 * time)
        + 0.5 * np.sin(2 * np.pi * 300 * time)
        + 0.25 * np.sin(2 * np.pi * 450 * time)
    )
    return (2500 * swell * tone).astype(np.int16)
