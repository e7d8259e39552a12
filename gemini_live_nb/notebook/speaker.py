"""The speaker: 24 kHz speech to the page that shows it, gapless, silent at once when cut off."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import NDArray

from .assets import module, style
from .channel import Channel
from .kernel import announce
from .onpages import OnPages
from .page import Page
from .speech import SAMPLE, Piece, Speech

RATE = 24000
"""Samples per second of the model's speech (https://ai.google.dev/gemini-api/docs/live-guide, "Audio
formats")."""
AHEAD = 2 * RATE
"""Samples the page may be ahead of the ear: enough for a busy moment, little enough to be cut off quickly."""
PIECE = RATE // 10
"""Samples of one frame down to the page: 100 ms."""
KEPT = 60 * RATE
"""Samples held in memory when there is a log to read the rest from."""
_SOUND = struct.Struct("<II")


class Speaker(OnPages):
    """A loudspeaker in the notebook: volume, mute, and "click to enable sound" where the browser wants that.

    Sound that comes faster than it can be heard waits here; the page is kept two seconds ahead of the ear.
    `play`, `end` and `flush` may be called from any thread and return at once; a session calls them on the
    I/O thread.

    Args:
        channel: the media channel to use; None for one of its own.
        read: finds a piece of sound again by (turn, seq), in a session's log say, so that a long answer need
            not be held in memory; None holds it.

    Attributes:
        state: "off" (no page), "ready", "playing" or "blocked" (the browser wants a click). Observe it.
        volume: 0 to 1.
        muted: plays on, unheard.
        underruns: times the sound ran dry within a turn.
        on_position: called on the I/O thread with (turn, played, t): so many samples of the turn have been
            heard at that time (seconds since 1970). About ten times a second while it plays, at once when a
            turn is cut off or played to its end.

    Example:
        >>> speaker = Speaker()
        >>> speaker                                            # in a cell: shows it
        >>> speaker.play(gemini_live_nb.audio.read("hello.wav", 24000))
    """

    _esm = module("speaker.js")
    _css = style("media.css")
    _worklet = t.Unicode(module("speaker_worklet.js")).tag(sync=True)
    _recorder = t.Unicode(module("recorder_worklet.js")).tag(sync=True)
    _rate = t.Int(RATE).tag(sync=True)

    volume = t.Float(1.0, min=0.0, max=1.0)
    muted = t.Bool(False)
    state = t.Unicode("off")
    problem = t.Unicode("")

    def __init__(
        self, *, channel: Channel | None = None, read: Callable[[int, int], bytes] | None = None
    ) -> None:
        self._speech = Speech(KEPT, read)
        self._rendered: Callable[[bytes | None], None] | None = None
        self.underruns = 0
        self.on_position: Callable[[int, int, float], None] | None = None
        super().__init__(channel)
        self.observe(self._setting_changed, ["volume", "muted"])

    def __repr__(self) -> str:
        return f"<Speaker {self.state}>"

    @property
    def waiting(self) -> float:
        """Seconds of sound that are still to be heard."""
        return self._speech.waiting / RATE

    def play(self, pcm: bytes | NDArray[np.int16], turn: int = 0, seq: int = 0) -> None:
        """Play a turn's next sound, behind what was given before.

        Args:
            pcm: 16-bit little-endian mono at 24 kHz, or an int16 array.
            turn: whose it is; turns are played in rising order.
            seq: the number by which `read` finds this sound again.
        """
        data = pcm if isinstance(pcm, bytes) else np.ascontiguousarray(pcm, "<i2").tobytes()
        self._here(self._play, data, turn, seq)

    def end(self, turn: int = 0) -> None:
        """Say that nothing more comes for a turn.

        Its last sound is then played even if it is short, and the silence after it is no underrun.
        """
        self._here(self._end, turn)

    def flush(self, turn: int = 0) -> None:
        """Fall silent at once: forget this turn and those before it, and what may still come of them."""
        self._here(self._flush, turn)

    def close(self) -> None:
        """Take it off the page."""
        if self.comm is not None:
            self.channel.leave(self._stream)
            if self._own_channel:
                self.channel.close()
        super().close()

    # --- what the channel calls, on the I/O thread ---

    def page_joined(self, page: Page, message: dict[str, Any]) -> None:
        """A page can play: the first one does, and so does the one that plays already, after a break."""
        if page not in self._pages:
            self._pages.append(page)
        page.say(self._stream, {"kind": "settings", "settings": self._settings()})
        if self._page in (None, page):
            self._speech.heard(message.get("turn", -1), message.get("played", 0))
            self._use(page)
        else:
            page.say(self._stream, {"kind": "elsewhere", "on": True})
        self._see(message)

    def page_gone(self, page: Page) -> None:
        """Another page that shows the speaker goes on; else it waits for one."""
        if page in self._pages:
            self._pages.remove(page)
        if page is self._page:
            self._page = None
            if self._pages:
                self._use(self._pages[-1])
            else:
                self._become("off")

    def page_said(self, page: Page, message: dict[str, Any], at: float) -> None:
        """Follow the page that plays."""
        kind = message.get("kind")
        if kind == "take":
            self._use(page)
        elif kind == "set":
            settings = {
                name: value for name, value in message["settings"].items() if name in self._settings()
            }
            announce(lambda: self._set_quietly(settings))
        elif page is not self._page:
            return
        elif kind == "state":
            self._see(message)
        elif kind == "recording" and self._rendered is not None:
            self._rendered(None)
        elif "played" in message:
            self._played(kind or "", message, at)

    def page_media(self, page: Page, payload: bytes, seq: int, at: float) -> None:
        """What a test asked to be recorded."""
        if self._rendered is not None:
            self._rendered(payload)

    # --- the rest, on the I/O thread ---

    def _here(self, fn: Callable[..., None], *args: Any) -> None:
        if self._io.here():
            fn(*args)
        else:
            self._io.loop.call_soon_threadsafe(fn, *args)

    def _play(self, pcm: bytes, turn: int, seq: int) -> None:
        self._speech.add(turn, seq, pcm, PIECE)
        self._pump()

    def _end(self, turn: int) -> None:
        self._speech.end(turn)
        self._pump()

    def _flush(self, turn: int) -> None:
        self._speech.cut(turn)
        if self._page is not None:
            self._page.say(self._stream, {"kind": "flush", "turn": turn})

    def _pump(self) -> None:
        """Send what the page may have by now."""
        while self._page is not None and self._speech.ahead < AHEAD:
            piece = self._speech.next()
            if piece is None:
                return
            self._send_piece(self._page, piece)

    def _send_piece(self, page: Page, piece: Piece) -> None:
        if not piece.samples:
            page.say(self._stream, {"kind": "end", "turn": piece.turn})
            return
        pcm = piece.pcm or b""
        for at in range(0, piece.samples, PIECE):
            part = pcm[SAMPLE * at : SAMPLE * (at + PIECE)]
            page.media(self._stream, _SOUND.pack(piece.turn, piece.start + at) + part)

    def _use(self, page: Page) -> None:
        """Play in this page from what is not yet heard."""
        for other in self._pages:
            other.say(self._stream, {"kind": "elsewhere", "on": other is not page})
        self._page = page
        page.say(self._stream, {"kind": "reset"})
        self._speech.again()
        self._pump()

    def _played(self, kind: str, message: dict[str, Any], at: float) -> None:
        turn, played = int(message["turn"]), int(message["played"])
        self.underruns = int(message.get("underruns", 0))
        self._speech.heard(turn, played)
        if self.on_position is not None:
            self.on_position(turn, played, at)
        self._pump()
        if kind != "position":
            # The end of one turn may be told when the next has begun.
            self._become("playing" if kind == "playing" or message.get("waiting") else "ready")

    def _see(self, message: dict[str, Any]) -> None:
        problem = message.get("problem")
        words = f"{problem['message']} {problem['hint']}" if problem else ""
        self._become("blocked" if message.get("blocked") else "ready", words)

    def _become(self, state: str, problem: str = "") -> None:
        announce(lambda: self._set_quietly({"state": state, "problem": problem}))

    def _settings(self) -> dict[str, Any]:
        return {"volume": self.volume, "muted": self.muted}
