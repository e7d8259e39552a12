"""Between a `Live`'s sessions and the page: microphone and camera to the session, its sound to the speaker.

All of it happens on the I/O thread, where chunks come in and frames are recorded, so that no cell and no
other widget can hold it up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.kinds import mask
from ..session.events import Closed, Event
from ..session.loops import io
from .camera import Camera, Screen
from .channel import Channel
from .microphone import Microphone
from .source import Source
from .speaker import RATE, Speaker

if TYPE_CHECKING:
    from ..live import Live
    from ..log.index import Row
    from ..log.run import SessionLog
    from ..session.session import LiveSession

_SOUND = mask("modelTurn.audio")
_CUT = mask("interrupted")
_ENDS = mask("generationComplete", "turnComplete")
_FLUSHED = mask("playback")
_RUN = 1_000_000
"""Turns of the n-th run are numbered from n times this on, since the speaker plays them in rising order."""
_LAST_WORDS_S = 0.25
"""How long sound is still taken when the talk button is let go: what was said last is on its way."""


class Wiring:
    """The microphone, camera, screen and speaker of one `Live`, joined to whichever session it has.

    Args:
        live: Whose they are.
        mic: A `Microphone`, or an `ipywebrtc.MediaStream` for one; None for the default.
        camera: A `Camera`, or an `ipywebrtc.MediaStream` for one; None for the default.

    Attributes:
        channel: The media channel all four share.
        mic, camera, screen, speaker: The widgets; each may be shown anywhere, more than once.
        heard_at: When the microphone last heard more than silence, in `time.monotonic()` seconds.
    """

    def __init__(self, live: Live, *, mic: Any = None, camera: Any = None) -> None:
        self._live = live
        self._source = Source(live)
        self._runs = 0
        self._logs: dict[int, SessionLog] = {}
        self._talking = False
        self._noted = (-1, -1.0, 0.0)
        self._called: list[Callable[[], None]] = []
        self.heard_at = time.monotonic()
        self.channel = Channel()
        self.mic = mic if isinstance(mic, Microphone) else Microphone(mic, channel=self.channel)
        self.camera = camera if isinstance(camera, Camera) else Camera(camera, channel=self.channel)
        self.screen = Screen(channel=self.channel)
        self.speaker = Speaker(channel=self.channel, read=self._read)
        self.mic.on_chunk = self._heard
        self.mic.on_state = self._mic_is
        self.camera.on_frame = self.screen.on_frame = self._saw
        self.speaker.on_position = self._played
        self._source.listen(self._recorded)
        self._next_run()
        live.subscribe(self._happened)

    def close(self) -> None:
        """Release every device and take the widgets off the page."""
        for widget in (self.mic, self.camera, self.screen, self.speaker, self.channel):
            widget.close()

    @property
    def capturing(self) -> list[str]:
        """What is captured now."""
        return [tap.what for tap in (self.mic, self.camera, self.screen) if tap.state == "live"]

    def release(self) -> None:
        """Let go of microphone, camera and screen."""
        for tap in (self.mic, self.camera, self.screen):
            tap.stop()

    def on_talk(self, called: Callable[[], None]) -> None:
        """Have `called()` called, on the I/O thread, when the microphone goes on while no session runs."""
        self._called.append(called)

    # Push to talk.

    def talk(self) -> None:
        """The talk button is held: `activityStart`, and the microphone is passed on."""
        session = self._session
        if session is not None and session.manual and not self._talking:
            self._talking = True
            io().submit(session.activity_start())

    def hush(self) -> None:
        """The talk button is let go: `activityEnd`, when the last words are through."""
        session = self._session
        if session is not None and self._talking:
            io().submit(self._hush(session))

    async def _hush(self, session: LiveSession) -> None:
        await asyncio.sleep(_LAST_WORDS_S)
        self._talking = False
        await session.activity_end()

    # From the page to the session.

    @property
    def _session(self) -> LiveSession | None:
        return self._live.session if self._source.running else None

    def _heard(self, pcm: bytes, _seq: int, _t: float) -> None:
        if any(pcm) and max(memoryview(pcm)[: len(pcm) & ~1].cast("h")) > 100:
            self.heard_at = time.monotonic()
        session = self._session
        if session is not None and (self._talking or not session.manual):
            session.send_audio_nowait(pcm)

    def _saw(self, jpeg: bytes, _width: int, _height: int, _t: float) -> None:
        session = self._session
        if session is not None:
            session.send_video_nowait(jpeg)

    def _mic_is(self, state: str) -> None:
        self.heard_at = time.monotonic()
        session = self._session
        if state == "live" and session is None:
            for called in self._called:
                called()
        elif state in {"off", "muted"} and session is not None and not session.manual:
            io().submit(session.end_audio())

    # From the session to the speaker.

    def _recorded(self, rows: Sequence[Row] | None) -> None:
        if rows is None:
            self._next_run()
            return
        kinds = rows[0].kinds
        if kinds & _SOUND:
            self._play(rows[0].seq)
        if kinds & _CUT or (kinds & _FLUSHED and '"flush"' in rows[0].extra):
            self._flush()
        elif kinds & _ENDS and self._newest() >= 0:
            self.speaker.end(self._newest())

    def _next_run(self) -> None:
        self.speaker.flush(self._runs * _RUN + _RUN - 1)
        self._runs += 1
        self._noted = (-1, -1.0, 0.0)
        self._talking = False
        if self._source.log is not None:
            self._logs = {self._runs: self._source.log}

    def _newest(self) -> int:
        """The speaker's number of the newest turn that has sound, -1 where there is none."""
        turn = next((turn for turn in reversed(self._source.turns) if turn.audio_ms), None)
        return -1 if turn is None else self._runs * _RUN + turn.number

    def _play(self, seq: int) -> None:
        pcm = self._sound(self._source.log, seq)
        if pcm:
            self.speaker.play(pcm, self._newest(), seq)

    def _flush(self) -> None:
        if self._newest() >= 0:
            self.speaker.flush(self._newest())

    def _read(self, turn: int, seq: int) -> bytes:
        return self._sound(self._logs.get(turn // _RUN), seq)

    @staticmethod
    def _sound(log: SessionLog | None, seq: int) -> bytes:
        frame = log.frame(seq) if log is not None else None
        if frame is None:
            return b""
        return b"".join(data for mime, data in frame.media() if mime.startswith("audio/"))

    def _played(self, number: int, samples: int, _t: float) -> None:
        """Note how far a turn was heard: once a second, and where it ended or was cut."""
        run, number = divmod(number, _RUN)
        session = self._session
        turns = self._source.turns
        if run != self._runs or session is None or number >= len(turns):
            return
        now = time.monotonic()
        noted, said, at = self._noted
        turn = turns[number]
        if number < noted or (number, samples) == (noted, said):
            return
        played = samples * 1000 / RATE
        whole = turn.times.generation_complete is not None and played >= turn.audio_ms
        if noted != number or now - at >= 1.0 or whole or turn.over or turn.cut:
            self._noted = (number, samples, now)
            session.played(number, round(played, 1))

    def _happened(self, event: Event) -> None:
        if isinstance(event, Closed):
            self.release()
            self._talking = False
            if event.error is None:
                self._flush()
