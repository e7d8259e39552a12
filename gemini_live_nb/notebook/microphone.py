"""The microphone: 16 kHz mono PCM from the page that shows it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import ipywebrtc
import numpy as np
import traitlets as t
from numpy.typing import NDArray

from ..errors import MediaError
from .assets import module
from .channel import Channel
from .media import Tap
from .page import Page

RATE = 16000
"""Samples per second: what the Live API takes (https://ai.google.dev/gemini-api/docs/live-guide, "Audio
formats")."""
BEHIND = 60.0
"""Seconds of sound that wait for an `async for` before it is told that it is too slow."""


class Microphone(Tap):
    """A microphone in the notebook, with a level meter: sound for sessions and for you.

    Args:
        source: any `ipywebrtc.MediaStream` with sound: a `CameraStream`, an
            `AudioStream.from_file("question.wav")`
            (a file goes round and round unless its `Audio` says `loop=False`)… None makes a `CameraStream`
            of the three settings that follow.
        echo_cancellation: take out what comes from the loudspeakers, so that the model is not interrupted by
            itself.
        noise_suppression: take out steady noise.
        auto_gain_control: keep the level even.
        chunk_ms: length of a chunk: 20, 40 or 100.
        channel: the media channel to use; None for one of its own.

    Attributes:
        muted: sends nothing for now, with the device still open.
        on_chunk: called on the I/O thread with (pcm, seq, t) for each chunk: 16-bit little-endian mono at
            16 kHz, its number, and when its last sample was heard (seconds since 1970). Must not block; for
            sessions.

    Example:
        >>> mic = Microphone()
        >>> mic                          # in a cell: shows it
        >>> speech = mic.record(3)       # in another: three seconds, int16 at 16 kHz
        >>> async for chunk in mic:      # until you stop it
        ...     print(len(chunk))
    """

    what = "microphone"
    shared = ("muted", "device", "chunk_ms")
    _esm = module("microphone.js")
    _worklet = t.Unicode(module("tap_worklet.js")).tag(sync=True)

    chunk_ms = t.Enum([20, 40, 100], 40)
    muted = t.Bool(False)

    def __init__(
        self,
        source: Any = None,
        *,
        echo_cancellation: bool = True,
        noise_suppression: bool = True,
        auto_gain_control: bool = True,
        chunk_ms: int = 40,
        channel: Channel | None = None,
    ) -> None:
        self._constraints = {
            "echoCancellation": echo_cancellation,
            "noiseSuppression": noise_suppression,
            "autoGainControl": auto_gain_control,
        }
        self.on_chunk: Callable[[bytes, int, float], None] | None = None
        self._hushed = False
        super().__init__(source, channel=channel, chunk_ms=chunk_ms)

    def mute(self, muted: bool = True) -> None:
        """Send nothing for a while, or (`mute(False)`) go on; the device stays open."""
        self.muted = muted

    def record(self, seconds: float, *, timeout: float = 60.0) -> NDArray[np.int16]:
        """Record for a while, from any cell. Starts the microphone if it is off, and stops it then.

        Args:
            seconds: how long.
            timeout: seconds to wait beyond that, for a page and for permission.

        Returns:
            int16 samples at 16 kHz, one channel.

        Raises:
            MediaError: no page, no permission, no device, or it ended early.
        """
        try:
            return self._io.call(self._record(seconds), timeout=seconds + timeout)
        except MediaError as error:
            raise error.with_traceback(None) from None  # the way it came says nothing to a reader
        except TimeoutError as error:
            raise MediaError(
                f"no {seconds:g} s of sound came within {seconds + timeout:g} s",
                hint=self.problem or "look at the microphone in its cell: is it live, and not muted?",
            ) from error

    def __aiter__(self) -> AsyncIterator[NDArray[np.int16]]:
        """Chunks as int16 arrays, until the microphone stops; started if it was off.

        Raises:
            MediaError: it could not start, or the loop fell a minute behind.
        """
        return self._chunks()

    def page_said(self, page: Page, message: dict[str, Any], at: float) -> None:
        """Take a new state or setting; a session hears of a mute at once."""
        super().page_said(page, message, at)
        if message.get("kind") == "set" and "muted" in message["settings"]:
            self._hush(bool(message["settings"]["muted"]))

    def page_media(self, page: Page, payload: bytes, seq: int, at: float) -> None:
        """Hand on a chunk."""
        if page is not self._page:
            return
        if self.on_chunk is not None:
            self.on_chunk(payload, seq, at)
        if self._sinks:
            self._hand_on(np.frombuffer(payload, "<i2"))

    def _send_settings(self) -> None:
        super()._send_settings()
        self._hush(self.muted)

    def _hush(self, muted: bool) -> None:
        before, self._hushed = self._hushed, muted
        if self.on_state is not None and self._state == "live" and before != muted:
            self.on_state("muted" if muted else "live")

    def _make_source(self) -> Any:
        return ipywebrtc.CameraStream(constraints={"audio": self._constraints, "video": False})

    async def _record(self, seconds: float) -> NDArray[np.int16]:
        wanted = round(seconds * RATE)
        heard = np.empty(0, np.int16)
        async with contextlib.aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                heard = np.concatenate([heard, chunk])
                if len(heard) >= wanted:
                    return heard[:wanted]
        raise MediaError(f"the microphone ended after {len(heard) / RATE:.1f} s", hint=self.why)

    def _chunks(self) -> AsyncGenerator[NDArray[np.int16]]:
        return self._items(int(BEHIND * 1000 / self.chunk_ms))
