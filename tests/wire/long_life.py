"""A session and an emulator on one simulated clock, and a tap on the server's side of every socket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import numpy as np
from aiohttp import web

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Call, Emulator, Heard, Say
from gemini_live_nb.emulator import server as emulator_server
from gemini_live_nb.errors import LiveError
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.session.session import LiveSession

WORDS = "One two three four five six seven eight."
SEEN = "I see a cat."
LONG = 4.0
"""Seconds of sound in an answer."""


class Counting(Brain):
    """Counts aloud for four seconds; looks when asked to look, and says what the tool saw."""

    def __init__(self):
        self.asked = []

    async def reply(self, ask, talk):
        self.asked.append(ask)
        if ask.kind == "speech":
            yield Heard("something spoken")
        if ask.kind == "tool_result":
            yield Say(SEEN if "result" in ask.results[0].response else "That failed.")
        elif "look" in ask.text:
            yield Call("look")
        else:
            yield Say(WORDS, np.zeros(int(LONG * 24000), np.int16))


class Tap(web.WebSocketResponse):
    """The server's end of a WebSocket, keeping the payloads that went through it."""

    taps: list[Tap]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.came, self.went = [], []
        self.taps.append(self)

    async def receive(self, *args, **options):
        message = await super().receive(*args, **options)
        if message.type in (web.WSMsgType.TEXT, web.WSMsgType.BINARY):
            self.came.append(as_bytes(message.data))
        return message

    async def send_bytes(self, data, *args, **options):
        self.went.append(data)
        await super().send_bytes(data, *args, **options)

    async def send_str(self, data, *args, **options):
        self.went.append(as_bytes(data))
        await super().send_str(data, *args, **options)


def as_bytes(data):
    return data.encode() if isinstance(data, str) else data


class World:
    """What a test of a session's life looks at: clock, emulator, session, its events, the taps."""

    def __init__(self, clock, emulator, session, taps):
        self.clock, self.emulator, self.session, self.taps = clock, emulator, session, taps
        self.brain = emulator.brain
        self._listener = session.subscribe(limit=100_000)
        self._events = []

    async def after(self, seconds):
        await self.clock.sleep(seconds)

    def events(self, kind=None):
        """All events so far, or those of one kind."""
        with contextlib.suppress(LiveError):  # what ended the session
            while (event := self._listener.get(0)) is not None:
                self._events.append(event)
        return self._events if kind is None else [one for one in self._events if isinstance(one, kind)]

    def rows(self, conn, direction):
        return [frame.raw for frame in self.session.log if (frame.conn, frame.direction) == (conn, direction)]

    def closes(self):
        """The `close` rows by connection."""
        return {frame.conn: frame.fields for frame in self.session.log if frame.kind == "close"}

    def check_log(self):
        """Every frame that crossed the wire is in the record, byte for byte, in order, under its connection."""
        conns = sorted({frame.conn for frame in self.session.log if frame.direction == "sent"})
        taps = [tap for tap in self.taps if tap.came]
        assert len(conns) == len(taps)
        closes = self.closes()
        for conn, tap in zip(conns, taps, strict=True):
            sent, received = self.rows(conn, "sent"), self.rows(conn, "received")
            assert tap.came == sent[: len(tap.came)], f"connection {conn}: a frame we sent is not in the log"
            assert received == tap.went[: len(received)], f"connection {conn}: the log is not what was sent"
            if conn in closes and closes[conn]["by"] == "server" and closes[conn]["code"] != 1006:
                assert received == tap.went, f"connection {conn}: a frame that came is not in the log"
        times = [frame.t for frame in self.session.log]
        assert all(a <= b for a, b in itertools.pairwise(times))


@contextlib.contextmanager
def tapped():
    Tap.taps = []
    plain, emulator_server.web.WebSocketResponse = emulator_server.web.WebSocketResponse, Tap
    try:
        yield Tap.taps
    finally:
        emulator_server.web.WebSocketResponse = plain


def _place(model, url):
    if model.startswith("projects/"):
        return {"endpoint": endpoint(url=url, project="p", location="l", bearer="offline")}
    return {"api_key": "offline", "url": url}


@contextlib.asynccontextmanager
async def world(
    model, *, faults=(), brain=None, tools=(), connect=True, log=False, look=3.0, config=None, **options
):
    """A session, connected and idle, its handle come; closed in the end. `look` is how long the tool takes."""
    clock = SimulatedClock()
    session_options = {
        name: options.pop(name) for name in ("resume_for", "connect_timeout") if name in options
    }

    async def look_():
        await clock.sleep(look)
        return "a cat"

    look_.__name__ = "look"
    async with clock.running():
        with tapped() as taps:
            async with Emulator(brain or Counting(), clock=clock, faults=faults, **options) as emulator:
                session = LiveSession(
                    LiveConfig(model=model, **(config or {})),
                    **_place(model, emulator.url),
                    tools=[look_, *tools],
                    log=log,
                    clock=clock,
                    user_loop=asyncio.get_running_loop(),
                    **session_options,
                )
                here = World(clock, emulator, session, taps)
                try:
                    if connect:
                        await session.connect()
                        await clock.sleep(1)
                    yield here
                finally:
                    await session.close()
