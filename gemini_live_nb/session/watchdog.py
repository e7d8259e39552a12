"""Tell a silent model from a dead wire.

Silence alone says nothing: a model may rightly not answer. So the wire itself is asked, with a WebSocket
ping, whose pong may come half a minute late (PROTOCOL.md §1.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_live_nb.clock import Clock

if TYPE_CHECKING:
    from .session import LiveSession

LOOK_SECONDS = 5.0
SILENT_SECONDS = 10.0
"""Without a frame for this long while a reply is due, the wire is asked."""
IDLE_SECONDS = 60.0
"""Without a frame for this long, the wire is asked even if no reply is due."""
PONG_SECONDS = 60.0
"""Without a pong or a frame for this long after, the wire is dead."""

SILENT = "the model is silent; the wire is alive"


async def watch(session: LiveSession, clock: Clock) -> None:
    """Watch a session until cancelled: say when the model is silent, and give a dead wire up."""
    while True:
        await clock.sleep(LOOK_SECONDS)
        connection = session.connection
        if connection is None or not connection.accepted:
            continue
        now, due = clock.monotonic(), session.reply_due
        if not due or now - connection.heard < SILENT_SECONDS:
            session.unsay(SILENT)
        if now - connection.alive < (SILENT_SECONDS if due else IDLE_SECONDS):
            continue
        if await connection.probe(PONG_SECONDS):
            if session.reply_due and clock.monotonic() - connection.heard >= SILENT_SECONDS:
                session.say(SILENT)
        elif connection is session.connection and connection.accepted:
            session.say("the wire is dead; resuming")
            if not session.config.transparent:  # else it is sent again
                session.sound_lost(*connection.sound_unheard)
            connection.abort()
