"""`ReplayBrain`: a recorded conversation sent again, frame for frame, at any speed.

It answers nothing of its own: the recorded server's frames go out as they were, each after the client
    messages that
came before it in the recording, at the recorded distances in time.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gemini_live_nb.clock import Clock
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.protocol.codec import decode, decode_client
from gemini_live_nb.protocol.kinds import names

from .brain import Brain
from .refusals import Refusal
from .wire import Wire

_AWAITED: Final = (
    "setup",
    "clientContent",
    "toolResponse",
    "contextUpdate",
    "realtimeInput.text",
    "realtimeInput.activityEnd",
    "realtimeInput.audioStreamEnd",
)
# What one client types as clientContent another sends as live text, and who types need not speak.
_TYPED: Final = frozenset(("clientContent", "realtimeInput.text"))
_SPOKEN: Final = "realtimeInput.audio"
_FIRST: Final = 5  # a setupComplete is among a connection's first frames
_OURS: Final = (None, 1000, 1001, 1005, 1006)  # closes that the client or the network brought about


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded frame: what the client sent is waited for, what the server sent is sent."""

    t: float
    awaited: tuple[str, ...] = ()
    frame: bytes | str | None = None
    close: Refusal | None = None


def _begun(entries: list[Entry]) -> list[Entry]:
    """A connection of which only what the server sent was kept, or not its beginning, begins as any does."""
    frames = [entry.frame for entry in entries if entry.frame is not None]
    if not frames or any("setupComplete" in names(decode(frame).kinds) for frame in frames[:_FIRST]):
        return entries
    return [Entry(0.0, frame=b'{\n  "setupComplete": {}\n}\n'), *entries]


def _alike(kind: str) -> str:
    return "typed" if kind in _TYPED else kind


def _told(data: bytes | str) -> Iterator[str]:
    """What a client's message does, of what a recording waits for."""
    for kind in names(decode_client(data).kinds):
        yield _alike(kind)
        if kind in _TYPED:
            yield _SPOKEN


class ReplayBrain(Brain):
    """Plays a run or a capture back.

    Args:
        source: a run's folder or `.zip`, a capture in any form (`SessionLog.from_capture`), or an open
            `SessionLog`.
        speed: 2 is twice as fast, 0 sends without waiting.
        wait: hold each frame until the client has sent what it sent before it in the recording (typed turns,
            tool responses; of live audio only the first message). False plays on after the setup.

    Example:
        `Emulator(ReplayBrain("runs/2026-11-22T18-45-03Z_1a2b", speed=4))`
    """

    label = "replay of a recorded conversation"

    def __init__(
        self, source: str | os.PathLike[str] | SessionLog, *, speed: float = 1.0, wait: bool = True
    ) -> None:
        self._source = source
        self._speed = speed
        self._wait = wait
        self._connections: list[list[Entry]] = []

    async def load(self) -> None:
        """Read the recording, off the event loop."""
        if not self._connections:
            self._connections = await asyncio.to_thread(self._read)

    def _read(self) -> list[list[Entry]]:
        log = self._source if isinstance(self._source, SessionLog) else SessionLog.from_capture(self._source)
        connections: dict[int, list[Entry]] = {}
        heard = False
        for frame in log:
            entry: Entry | None = None
            if frame.direction == "received":
                entry = Entry(frame.t, frame=frame.raw if frame.opcode == "binary" else frame.text)
            elif frame.direction == "sent":
                awaited = tuple(_alike(kind) for kind in frame.kinds if kind in _AWAITED)
                if not heard and _SPOKEN in frame.kinds:
                    awaited, heard = (*awaited, _SPOKEN), True
                entry = Entry(frame.t, awaited=awaited)
            elif frame.kind == "close" and frame.fields.get("code") not in _OURS:
                entry = Entry(
                    frame.t, close=Refusal(frame.fields["code"], str(frame.fields.get("reason", "")))
                )
            if entry is not None:
                connections.setdefault(frame.conn, []).append(entry)
        return [_begun(connections[number]) for number in sorted(connections)]

    async def play(
        self,
        connection: int,
        first: bytes | str,
        receive: Callable[[], Awaitable[bytes | str | None]],
        wire: Wire,
        clock: Clock,
    ) -> Refusal | None:
        """Play one recorded connection; returns the recorded close, or None when the client has gone.

        Args:
            connection: which one, counted from 0; the last one again where there are no more.
            first: the client's first message, already received.
            receive: gives the client's next message, None at the end.
            wire: where frames go.
            clock: what they are timed by.
        """
        seen: Counter[str] = Counter(_told(first))
        arrived = asyncio.Event()

        async def listen() -> None:
            while (data := await receive()) is not None:
                seen.update(_told(data))
                arrived.set()

        async def send() -> Refusal | None:
            needed: Counter[str] = Counter()
            base = clock.monotonic()
            for entry in (
                self._connections[min(connection, len(self._connections) - 1)] if self._connections else []
            ):
                if entry.awaited and (self._wait or "setup" in entry.awaited):
                    needed.update(entry.awaited)
                    while any(seen[kind] < needed[kind] for kind in entry.awaited):
                        arrived.clear()
                        await arrived.wait()
                    base = clock.monotonic() - entry.t / self._speed if self._speed else 0.0
                if self._speed and (wait := base + entry.t / self._speed - clock.monotonic()) > 0:
                    await clock.sleep(wait)
                if entry.frame is not None:
                    await wire.room()
                    wire.post(entry.frame)
                if entry.close is not None:
                    return entry.close
            return None

        listener = asyncio.ensure_future(listen())
        sender = asyncio.ensure_future(send())
        try:
            await asyncio.wait({listener, sender}, return_when=asyncio.FIRST_COMPLETED)
            if sender.done() and sender.result() is not None:
                return sender.result()
            await listener
            return None
        finally:
            listener.cancel()
            sender.cancel()
            await asyncio.gather(listener, sender, return_exceptions=True)
