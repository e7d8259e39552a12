"""The ears of a connection: the client's PCM in, one whole utterance out.

With automatic detection the voice activity rules say where an utterance starts and ends; in manual mode the
client does. `turnCoverage` decides whether the silence around it belongs to the turn.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import numpy as np

from gemini_live_nb.audio import Resampler
from gemini_live_nb.clock import Clock
from gemini_live_nb.protocol.client import AutomaticActivityDetection, RealtimeInputConfig
from gemini_live_nb.protocol.content import Blob

from .brain import INPUT_RATE, Int16
from .conversation import Conversation
from .refusals import refuse
from .vad import Scorer, VadSettings, VoiceActivity

_BEFORE = 0.3  # of the sound before the detected start belongs to the utterance
_LONGEST = 300.0
_MIC_OFF = 0.5
"""A microphone that stops without audioStreamEnd closes the turn so long after the needed silence. [I]"""


class Ears:
    """Hears one connection's audio.

    Args:
        conversation: whose audio offset goes on here.
        clock: to notice a microphone that stops.
        scorer: scores frames of sound.
    """

    def __init__(
        self,
        conversation: Conversation,
        clock: Clock,
        scorer: Scorer | None,
    ) -> None:
        config = conversation.setup.realtime_input_config or RealtimeInputConfig()
        detection = config.automatic_activity_detection or AutomaticActivityDetection()
        self.manual = bool(detection.disabled)
        self._all_input = config.turn_coverage == "TURN_INCLUDES_ALL_INPUT"
        self._conversation = conversation
        self._clock = clock
        self.on_start: Callable[[float], None] = lambda _at: None
        """Called with the audio offset at which speech was noticed."""
        self.on_end: Callable[[Int16, float], None] = lambda _audio, _at: None
        """Called with the utterance (int16, 16 kHz) and the audio offset at which its end was decided."""
        settings = VadSettings.of(detection, conversation.profile)
        self._activity = VoiceActivity(settings, scorer, offset=conversation.audio_offset)
        self._resampler: Resampler | None = None
        self._kept = bytearray()
        self._began: float | None = None  # offset at which the utterance begins
        self._last_audio = 0.0
        conversation.input_rate = None  # a new connection may bring another rate
        self._watch: asyncio.Task[None] | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance is going on."""
        return self._began is not None

    @property
    def busy(self) -> bool:
        """Whether an utterance is going on, or may be beginning."""
        return self.speaking or self._activity.suspects

    @property
    def utterance(self) -> Int16:
        """The sound of the utterance so far."""
        return self._since(self._began if self._began is not None else self._conversation.audio_offset)

    def hear(self, blob: Blob) -> None:
        """Take in one audio message; may call `on_start` and `on_end`.

        Raises:
            Refused: a change of sample rate, or something that is not PCM.
        """
        audio = self._pcm(blob)
        self._conversation.audio_offset += len(audio) / INPUT_RATE
        self._last_audio = self._clock.monotonic()
        self._keep(audio)
        if self.manual:
            return
        for edge in self._activity.push(audio):
            if edge.kind == "start":
                self._start(edge.at, since=edge.since - _BEFORE)
            else:
                self._end(edge.at)
        self._trim()

    def stream_end(self) -> None:
        """The microphone is off: what was being said is complete. Means nothing in manual mode."""
        for edge in [] if self.manual else self._activity.flush():
            self._end(edge.at)

    def activity_start(self) -> None:
        """The client says that the user begins to speak."""
        offset = self._conversation.audio_offset
        self._start(offset, since=offset)

    def activity_end(self) -> None:
        """The client says that the user has spoken."""
        if self.speaking:
            self._end(self._conversation.audio_offset)

    async def close(self) -> None:
        """Stop listening."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    def _start(self, at: float, *, since: float) -> None:
        self._began = 0.0 if self._all_input else since
        if not self.manual and (self._watch is None or self._watch.done()):
            self._watch = asyncio.get_running_loop().create_task(self._notice_silence(), name="emulator ears")
        self.on_start(at)

    def _end(self, at: float) -> None:
        audio = self.utterance
        self._began = None
        self._kept.clear()
        self.on_end(audio, at)

    async def _notice_silence(self) -> None:
        limit = self._activity.settings.silence + _MIC_OFF
        while self.speaking:
            quiet = self._clock.monotonic() - self._last_audio
            if quiet >= limit:
                self.stream_end()
                return
            await self._clock.sleep(limit - quiet)

    def _keep(self, audio: Int16) -> None:
        if self.manual and not self.speaking and not self._all_input:
            return
        self._kept += audio.tobytes()
        extra = len(self._kept) - round(_LONGEST * INPUT_RATE) * 2
        if extra > 0:
            del self._kept[:extra]

    def _trim(self) -> None:
        if self.speaking or self._all_input:
            return
        extra = len(self._kept) - INPUT_RATE * 2  # one second is enough to look back on
        if extra > 0:
            del self._kept[: extra // 2 * 2]

    def _since(self, offset: float) -> Int16:
        length = round((self._conversation.audio_offset - offset) * INPUT_RATE) * 2
        kept = bytes(self._kept[-length:]) if 0 < length < len(self._kept) else bytes(self._kept)
        return np.frombuffer(kept, np.int16)

    def _pcm(self, blob: Blob) -> Int16:
        mime = (blob.mime_type or "").lower()
        found = re.fullmatch(r"audio/(?:pcm|l16)(?:\s*;.*?rate=(\d+).*)?", mime)
        if found is None:
            raise refuse("invalid_argument")
        rate = int(found.group(1) or INPUT_RATE)
        before = self._conversation.input_rate
        if before is not None and before != rate:
            raise refuse("sample_rate_changed", before=before, now=rate)
        if not 1000 <= rate <= 384_000:
            raise refuse("invalid_argument")
        self._conversation.input_rate = rate
        data = blob.data or b""
        samples: Int16 = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
        if rate == INPUT_RATE:
            return samples
        if self._resampler is None:
            self._resampler = Resampler(rate, INPUT_RATE)
        return self._resampler.push(samples)
