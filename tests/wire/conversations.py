"""A session and an emulator in one loop, on one simulated clock, over a real socket."""

from __future__ import annotations

import contextlib
import json

import numpy as np

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Emulator
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.session import LiveSession

NATIVE = "gemini-2.5-flash-native-audio-preview-12-2025"
LIVE38 = "gemini-3.8-live"
LIVE31 = "gemini-3.1-flash-live-preview"
KEY = "offline"


@contextlib.asynccontextmanager
async def served(brain=None, *, clock=None, **options):
    """An emulator on a clock that runs by itself."""
    clock = clock or SimulatedClock()
    async with clock.running(), Emulator(brain, clock=clock, **options) as server:
        yield server


def session(server, model=NATIVE, *, log=False, config=None, **options):
    """A session with that emulator, not yet connected."""
    config = (config or LiveConfig()).replace(model=model)
    return LiveSession(config, url=server.url, api_key=KEY, log=log, clock=server.clock, **options)


@contextlib.asynccontextmanager
async def conversation(
    brain=None, model=NATIVE, *, tools=(), log=False, config=None, session_options=None, **options
):
    """An open session and the emulator it talks to."""
    async with (
        served(brain, **options) as server,
        session(server, model, log=log, config=config, tools=tools, **session_options or {}) as talk,
    ):
        yield talk, server


def frames(talk, direction=None):
    return [frame for frame in talk.log if direction in (None, frame.direction)]


def sent(talk):
    return [json.loads(frame.raw) for frame in frames(talk, "sent")]


async def until(events, wanted):
    """Read events up to the first that is wanted; returns all of them."""
    read = []
    async for event in events:
        read.append(event)
        if wanted(event):
            break
    return read


def voice(seconds, rate=16_000, level=0.3):
    """Something a voice detector takes for speech: a buzz that swells and fades four times a second."""
    t = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12))
    return (buzz / np.abs(buzz).max() * level * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)) * 32767).astype(
        np.int16
    )


def silence(seconds, rate=16_000):
    return np.zeros(round(seconds * rate), np.int16)
