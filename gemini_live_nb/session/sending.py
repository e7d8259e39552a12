"""What a session can say: one verb for each frame of the client's side of the wire."""

from __future__ import annotations

import asyncio
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from gemini_live_nb import audio, picture
from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import ConfigError, MediaError
from gemini_live_nb.protocol.client import (
    ActivityEnd,
    ActivityStart,
    ClientContent,
    ClientMessage,
    RealtimeInput,
    ToolResponse,
)
from gemini_live_nb.protocol.codec import encode
from gemini_live_nb.protocol.content import Blob, Content, FunctionResponse, Part
from gemini_live_nb.protocol.tolerant import build

from .outbox import Media

Sound = bytes | bytearray | memoryview | npt.NDArray[Any]

MIC_MIME = "audio/pcm;rate=16000"
CHUNK_SECONDS = 0.04
"""Length of the chunks a file is sent in; 20–40 ms is what the API recommends (PROTOCOL.md §2.4)."""
# Vertex refuses audioStreamEnd: there, silence closes the turn, longer than any default of its voice
# detection.
_CLOSING_SILENCE = 2.0


class Outgoing(ABC):
    """The verbs of a `LiveSession`. Each sends one kind of frame, as its docstring says.

    Realtime media (`send_audio`, `send_video`) is put in the socket at once or waits in a bounded queue, from
    which what is too old is dropped and told of. Everything else is never dropped: those verbs return when
    their frame is written.
    """

    _clock: Clock
    _resampler: audio.Resampler | None = None

    @property
    @abstractmethod
    def manual(self) -> bool:
        """Whether turns are marked by `activity_start` and `activity_end` rather than heard by the server."""

    @property
    @abstractmethod
    def vertex(self) -> bool:
        """Whether the server is Vertex AI's."""

    @abstractmethod
    def _send_media(self, frame: bytes, message: ClientMessage, media: Media, seconds: float) -> None:
        """Send now, or let it wait where it may be dropped."""

    @abstractmethod
    def _send_sound(self, pcm: bytes) -> None:
        """Send a chunk of the microphone, at 16 kHz, now, or let it wait where it may be dropped."""

    @abstractmethod
    async def _send(self, frame: bytes, message: ClientMessage | None) -> int:
        """Send, whatever it takes; returns the frame's row in the log."""

    @abstractmethod
    async def _ready(self) -> None:
        """Wait until nothing waits to be sent."""

    async def send_text(self, text: str) -> int:
        """Say something in text: `realtimeInput.text`, which every model answers.

        Returns:
            The frame's row in the log.

        Source: PROTOCOL.md §2.4.
        """
        return await self._say(ClientMessage(realtime_input=RealtimeInput(text=text)))

    async def send_audio(self, pcm: Sound, rate: int = audio.MIC_RATE) -> None:
        """Send a piece of speech: `realtimeInput.audio`, labelled `audio/pcm;rate=16000`, which it then is.

        Args:
            pcm: Bytes of 16-bit little-endian mono samples, or an array: int16 or float (−1…1), mono or
                (n, channels). 20–40 ms at a time is best.
            rate: Samples per second of `pcm`. What is not 16 kHz is resampled, without a seam from one call
                to the next: the server refuses a rate that changes in mid-session (PROTOCOL.md §1.4).

        Raises:
            MediaError: It is no sound.
        """
        self.send_audio_nowait(pcm, rate)

    def send_audio_nowait(self, pcm: Sound, rate: int = audio.MIC_RATE) -> None:
        """Do what `send_audio` does; for callbacks on the session's loop. Nothing in it waits."""
        data = (
            bytes(pcm) if rate == audio.MIC_RATE and not isinstance(pcm, np.ndarray) else self._mic(pcm, rate)
        )
        if len(data) & 1:
            raise MediaError("16-bit samples are two bytes each; these bytes are odd in number")
        if data:
            self._send_sound(data)

    def _mic(self, pcm: Sound, rate: int) -> bytes:
        samples = audio.pcm(bytes(pcm) if isinstance(pcm, memoryview) else pcm, rate, rate)
        if rate != audio.MIC_RATE:
            if self._resampler is None or self._resampler.rate_in != rate:
                self._resampler = audio.Resampler(rate, audio.MIC_RATE)
            samples = self._resampler.push(samples)
        return samples.astype("<i2", copy=False).tobytes()

    async def send_video(self, image: Any, mime_type: str | None = None) -> None:
        """Send one picture: `realtimeInput.video`.

        Args:
            image: The bytes of a JPEG, PNG or WebP file, sent as they are; or a Pillow image, an array
                (height, width, 3) of uint8 or a file's path, made a JPEG of at most 768 × 768 pixels, which
                is what the API recommends. One a second is the most that is used.
            mime_type: What the bytes are, where they do not tell it themselves.

        Raises:
            MediaError: It is no picture.

        Source: PROTOCOL.md §2.4. A typed turn does not see a picture sent just before: give it in that turn,
        `ask([picture, "question"])` (§2.3).
        """
        self.send_video_nowait(image, mime_type)

    def send_video_nowait(self, image: Any, mime_type: str | None = None) -> None:
        """Do what `send_video` does; for callbacks on the session's loop. Nothing in it waits."""
        data, kind = picture.ready(image, mime_type)
        message = ClientMessage(realtime_input=RealtimeInput(video=Blob(mime_type=kind, data=data)))
        self._send_media(encode(message).encode(), message, "video", 0.0)

    async def end_audio(self) -> int:
        """Say that the microphone is off: `audioStreamEnd`. What was said so far is then answered.

        For automatic voice detection only (PROTOCOL.md §2.4). Sound may follow at any time.
        """
        if self.manual:
            raise ConfigError(
                "audioStreamEnd is for automatic voice detection", hint="mark turns with activity_end()"
            )
        return await self._say(ClientMessage(realtime_input=RealtimeInput(audio_stream_end=True)))

    async def activity_start(self) -> int:
        """Say that the user begins to speak: `activityStart`. It interrupts a running reply."""
        self._need_manual("activityStart")
        return await self._say(ClientMessage(realtime_input=RealtimeInput(activity_start=ActivityStart())))

    async def activity_end(self) -> int:
        """Say that the user has spoken: `activityEnd`. The reply begins at once."""
        self._need_manual("activityEnd")
        return await self._say(ClientMessage(realtime_input=RealtimeInput(activity_end=ActivityEnd())))

    def _need_manual(self, what: str) -> None:
        if not self.manual:
            raise ConfigError(
                f"{what} is refused while the server detects speech by itself",
                hint="set automatic_activity_detection=False to mark turns yourself",
            )

    async def send_content(
        self,
        turns: str | Content | Mapping[str, Any] | Sequence[Content | Mapping[str, Any] | str],
        *,
        turn_complete: bool = True,
    ) -> int:
        """Append turns to the conversation: `clientContent`. It interrupts a running reply.

        Args:
            turns: One turn or several; a string is a user's turn of one text part, a dict a `Content` as the
                API spells it (either spelling).
            turn_complete: Whether the model is to answer now.

        Returns:
            The frame's row in the log.

        Source: PROTOCOL.md §2.3.
        """
        several = [turns] if isinstance(turns, str | Content | Mapping) else list(turns)
        content = ClientContent(
            turns=[_content(turn) for turn in several] or None, turn_complete=turn_complete
        )
        return await self._say(ClientMessage(client_content=content))

    async def send_tool_response(self, responses: FunctionResponse | Sequence[FunctionResponse]) -> int:
        """Answer function calls yourself: `toolResponse`. Those of `tools=[…]` are answered for you.

        Args:
            responses: One `FunctionResponse(id=…, name=…, response={…})` for each call; calls of one frame
                are best answered in one frame.

        Source: PROTOCOL.md §2.5.
        """
        several = [responses] if isinstance(responses, FunctionResponse) else list(responses)
        return await self._say(ClientMessage(tool_response=ToolResponse(function_responses=several)))

    async def send_raw(self, frame: Mapping[str, Any] | str | bytes) -> int:
        """Send any frame, checked by nobody: a dict, or the JSON itself, byte for byte as it is given.

        For messages and fields of the API that nobody has modelled yet.

        Returns:
            The frame's row in the log.

        Raises:
            ConfigError: It is neither, or cannot be written as JSON.

        Example:
            `await session.send_raw({"realtimeInput": {"text": "hello", "mood": "sunny"}})`
        """
        return await self._send(_raw(frame), None)

    async def _say(self, message: ClientMessage) -> int:
        return await self._send(encode(message).encode(), message)

    async def stream_audio(
        self,
        source: str | os.PathLike[str] | npt.NDArray[Any] | bytes,
        rate: int = audio.MIC_RATE,
        *,
        pace: float = 1.0,
        end: bool = True,
    ) -> float:
        """Speak a recording, in real time, as a microphone would.

        Args:
            source: A sound file (its header is never sent as sound), an array, or bytes of 16-bit mono
                samples.
            rate: Samples per second of an array or bytes; a file knows its own.
            pace: How many times faster than real time; `math.inf` sends it all at once.
            end: Close the turn: `activityEnd` where turns are marked by hand (begun by `activityStart`), else
                `audioStreamEnd`, on Vertex two seconds of silence.

        Returns:
            Seconds of sound sent.

        Raises:
            MediaError: There is no such file, or no sound in it.
        """
        samples = await self._load(source, rate)
        if end:
            await self._begin_speech()
        await self._stream(samples, pace)
        if end:
            await self._end_speech(pace)
        return len(samples) / audio.MIC_RATE

    async def _load(
        self, source: str | os.PathLike[str] | npt.NDArray[Any] | bytes, rate: int
    ) -> audio.Samples:
        with self._clock.hold():
            return await asyncio.to_thread(_samples, source, rate)

    async def _begin_speech(self) -> None:
        if self.manual:
            await self.activity_start()

    async def _end_speech(self, pace: float) -> None:
        if self.manual:
            await self.activity_end()
        elif self.vertex:
            await self._stream(np.zeros(round(_CLOSING_SILENCE * audio.MIC_RATE), np.int16), pace)
        else:
            await self.end_audio()

    async def _stream(
        self, samples: audio.Samples, pace: float, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        step = round(CHUNK_SECONDS * audio.MIC_RATE)
        begun = self._clock.monotonic()
        for start in range(0, len(samples), step):
            late = (
                begun + (start / audio.MIC_RATE / pace if pace < math.inf else 0.0) - self._clock.monotonic()
            )
            if late > 0:
                await self._clock.sleep(late)
            # A file can wait for a stalled socket; a microphone cannot.
            await self._ready()
            if stopped():
                return
            await self.send_audio(samples[start : start + step])


def _raw(frame: Any) -> bytes:
    if isinstance(frame, str | bytes):
        return frame.encode() if isinstance(frame, str) else frame
    if not isinstance(frame, Mapping):
        raise ConfigError(f"a frame is a dict or JSON, not {frame!r}", hint='send_raw({"realtimeInput": …})')
    try:
        return msgspec.json.encode(frame)
    except (TypeError, ValueError) as refusal:
        raise ConfigError(f"this frame cannot be written as JSON: {refusal}") from None


def sound_message(pcm: bytes) -> ClientMessage:
    """What `encode_audio` writes of a chunk of the microphone at 16 kHz."""
    return ClientMessage(realtime_input=RealtimeInput(audio=Blob(mime_type=MIC_MIME, data=pcm)))


def _samples(source: Any, rate: int) -> audio.Samples:
    if isinstance(source, str | os.PathLike):
        return audio.read(source)
    return audio.pcm(source, rate)


def _content(turn: Content | Mapping[str, Any] | str) -> Content:
    if isinstance(turn, Content):
        return turn
    if isinstance(turn, str):
        return Content(role="user", parts=[Part(text=turn)])
    try:
        return build(turn, Content)
    except ValueError as error:
        raise ConfigError(f"this is no turn: {error}", hint="send_raw sends anything") from None


def voiced_until(samples: audio.Samples) -> int:
    """How many samples there are before nothing but near silence (−40 dB) follows."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 328)
    return int(loud[-1]) + 1 if len(loud) else len(samples)
