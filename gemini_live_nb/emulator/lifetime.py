"""How long a connection and a session may live (PROTOCOL.md §4.3).

A connection lives about ten minutes. A session without context window compression has fifteen minutes of its
own, two once it has seen a picture, and counts them over its connections: with resumption alone it does not
outlive them, with compression it has no limit. Each end is told by goAway `time_left` seconds ahead.

What is on record of the close: `1011 Deadline expired…` for a connection on the Developer API, 1000 or 1006
without words on Vertex. How the end of a *session* is worded, and what answers who resumes it then, is not:
here it is the same close, and 1011 `Internal error encountered.` as for any resume that is refused. [I]
"""

from __future__ import annotations

from dataclasses import dataclass

from gemini_live_nb.clock import Clock
from gemini_live_nb.protocol.models import MINUTES_OF_AUDIO, MINUTES_OF_VIDEO

from .conversation import Conversation

AUDIO_LIMIT = 60.0 * MINUTES_OF_AUDIO
"""Seconds a session lives without compression."""
VIDEO_LIMIT = 60.0 * MINUTES_OF_VIDEO
"""The same once a picture came."""
_NEARLY = 1.0  # what is left then is not worth a connection


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after which something ends; None where it does not.

    Attributes:
        go_away: into a connection, when its end is told.
        time_left: from goAway to the end.
        audio: a session's own, without compression.
        video: the same once it has seen a picture.
    """

    go_away: float | None = 540.0
    time_left: float = 50.0
    audio: float | None = AUDIO_LIMIT
    video: float | None = VIDEO_LIMIT

    def of(self, conversation: Conversation) -> float | None:
        """How long this session may live."""
        if conversation.setup.context_window_compression is not None:
            return None
        return self.video if conversation.talk.frames_seen else self.audio

    def spent(self, conversation: Conversation) -> bool:
        """Whether its time is over."""
        limit = self.of(conversation)
        return limit is not None and conversation.lived >= limit - _NEARLY


class Lifetime:
    """One connection's time.

    Args:
        limits: the emulator's.
        conversation: whose time runs with it.
        clock: what measures it.
    """

    def __init__(self, limits: Limits, conversation: Conversation, clock: Clock) -> None:
        self._limits = limits
        self._conversation = conversation
        self._clock = clock
        self._began = clock.monotonic()
        self._before = conversation.lived

    def over(self) -> None:
        """The connection has ended."""
        self._conversation.lived = self._before + self._clock.monotonic() - self._began

    @property
    def left(self) -> float | None:
        """Seconds to the end, None where there is none; negative where a picture came too late."""
        ends = [end for end in (self._connection_end, self._session_end) if end is not None]
        return min(ends) - self._clock.monotonic() if ends else None

    def told(self) -> bool:
        """Whether an earlier connection was told already that the session ends; if it does now, note it.

        Told again, a client that hands over at each goAway would do nothing else for the rest of its time.
        """
        session, connection = self._session_end, self._connection_end
        if session is None or (connection is not None and connection < session):
            return False
        before, self._conversation.end_told = self._conversation.end_told, True
        return before

    @property
    def _connection_end(self) -> float | None:
        limits = self._limits
        return None if limits.go_away is None else self._began + limits.go_away + limits.time_left

    @property
    def _session_end(self) -> float | None:
        limit = self._limits.of(self._conversation)
        return None if limit is None else self._began + limit - self._before
