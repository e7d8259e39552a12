"""How soon the offline voice answers and stops, through our client and through google-genai; what it costs in space.

The emulator runs in a process of its own, the microphone in real time (20 ms chunks). First audio counts from the last
voiced chunk, so the voice activity's hang-over (320 ms here) and the least waiting the model families show (200 ms from
the end of speech) are in it; barge-in counts from the first voiced chunk to `interrupted`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import re
import ssl
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gemini_live_nb.emulator.speech.parts import DATA
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.session import LiveSession
from tests.wire import spoken

HANG_OVER_MS = 320
CHUNK = spoken.RATE // 50
QUESTIONS = (
    "What time is it?",
    "How much is twelve times eleven?",
    "What is my name?",
    "What is twelve plus thirty?",
    "What is twenty divided by four?",
) * 3
CUTS = 8
MODEL = "gemini-3.8-live"
PARTS = ("hibari-tts", "onnxruntime", "zxing-cpp", "numpy", "protobuf", "flatbuffers")


class Server:
    """The emulator as `Live` starts it, with TLS for google-genai, which dials nothing else."""

    def __enter__(self):
        command = [
            sys.executable,
            "-m",
            "gemini_live_nb.emulator",
            "--stdin-ends",
            "--tls",
            "--brain",
            "speech",
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.said = [self.process.stdout.readline()]
        while not self.said[-1].startswith("brain:"):
            self.said.append(self.process.stdout.readline())
        text = "".join(self.said)
        self.url = re.search(r"ws://\S+", text)[0]
        self.https = re.search(r"GOOGLE_GEMINI_BASE_URL=(\S+)", text)[1]
        self.certificate = re.search(r"SSL_CERT_FILE=(\S+)", text)[1]
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait(timeout=10)

    def megabytes(self):
        """Peak resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


@contextlib.asynccontextmanager
async def ours(server):
    """Our client: how to send a chunk, and (time, kind) of what comes."""
    config = LiveConfig(model=MODEL, silence_duration_ms=HANG_OVER_MS)

    async def events(session):
        async for event in session:
            content = getattr(event, "content", None)
            if content is not None:
                sound = event.audio is not None
                yield (
                    "audio"
                    if sound
                    else "interrupted"
                    if content.interrupted
                    else "turn"
                    if content.turn_complete
                    else ""
                )

    async with LiveSession(config, url=server.url, api_key="k", log=False) as session:

        async def send(chunk):
            await session.send_audio(chunk)

        yield send, events(session)


@contextlib.asynccontextmanager
async def genai(server):
    """google-genai, unmodified."""
    from google import genai
    from google.genai import types

    trusted = ssl.create_default_context(cafile=server.certificate)
    options = types.HttpOptions(base_url=server.https, async_client_args={"ssl": trusted})
    config = {
        "response_modalities": ["AUDIO"],
        "realtime_input_config": {"automatic_activity_detection": {"silence_duration_ms": HANG_OVER_MS}},
    }

    async def events(session):
        while True:
            async for message in session.receive():
                content = message.server_content
                if content is not None:
                    yield (
                        "audio"
                        if message.data
                        else "interrupted"
                        if content.interrupted
                        else "turn"
                        if content.turn_complete
                        else ""
                    )

    client = genai.Client(api_key="k", http_options=options)
    async with client.aio.live.connect(model=MODEL, config=config) as session:

        async def send(chunk):
            await session.send_realtime_input(
                audio=types.Blob(data=chunk.tobytes(), mime_type="audio/pcm;rate=16000")
            )

        yield send, events(session)


class Microphone:
    """Sends a chunk every 20 ms: what is put into it, else a quiet room."""

    def __init__(self, send):
        self._send = send
        self._left = np.empty(0, np.int16)
        self._room = spoken.room(10)
        self.began = self.ended = 0.0

    def speak(self, samples):
        self._left, self.began, self.ended = samples, 0.0, 0.0

    async def run(self):
        due, quiet = time.perf_counter(), 0
        while True:
            chunk, self._left = self._left[:CHUNK], self._left[CHUNK:]
            if len(chunk):
                self.began = self.began or time.perf_counter()
                self.ended = time.perf_counter()
            else:
                quiet = (quiet + CHUNK) % (len(self._room) - CHUNK)
            await self._send(np.resize(chunk, CHUNK) if len(chunk) else self._room[quiet : quiet + CHUNK])
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def until(events, kind):
    async with asyncio.timeout(20):
        async for one in events:
            if one == kind:
                return time.perf_counter()
    raise EOFError(f"no {kind}")


async def measured(connect, server):
    """Seconds from the end of a question to the first audio, and from speaking up to `interrupted`."""
    answers, cuts = [], []
    async with connect(server) as (send, events):
        microphone = Microphone(send)
        running = asyncio.create_task(microphone.run())
        for question in QUESTIONS:
            microphone.speak(spoken.question(question, before=0.0))
            heard = await until(events, "audio")
            answers.append(heard - microphone.ended)
            await until(events, "turn")
        for _ in range(CUTS):
            microphone.speak(spoken.question("Count from one to thirty.", before=0.0))
            await until(events, "audio")
            await asyncio.sleep(1.0)
            microphone.speak(spoken.question("What time is it?", before=0.0))
            cut = await until(events, "interrupted")
            cuts.append(cut - microphone.began)
            await until(events, "turn")
            await until(events, "turn")
        running.cancel()
    return answers, cuts


def installed():
    """Megabytes of the packages the voice needs and of the models carried, numpy apart."""
    sizes = {
        name: sum(
            file.locate().stat().st_size for file in importlib.metadata.files(name) if file.locate().exists()
        )
        for name in PARTS
    }
    sizes["models carried"] = sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file())
    return {name: size / 1e6 for name, size in sizes.items()}


@pytest.mark.timeout(400)
def test_first_audio_barge_in_memory_and_size(capsys):
    rows = []
    with Server() as server:
        for name, connect in (("ours", ours), ("google-genai", genai)):
            answers, cuts = asyncio.run(measured(connect, server))
            spread = [statistics.median(answers), max(answers), statistics.median(cuts), max(cuts)]
            rows.append([name, *(f"{1000 * value:.0f}" for value in spread)])
        memory, ready = server.megabytes(), server.said[-1].strip()
    sizes = installed()
    with capsys.disabled():
        print(f"\n\n{ready}; hang-over {HANG_OVER_MS} ms; {len(QUESTIONS)} questions, {CUTS} cuts each")
        print("| client | first audio p50 ms | max | barge-in p50 ms | max |\n|---|---|---|---|---|")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        print(f"\nemulator's peak memory {memory:.0f} MB")
        print(
            "installed: "
            + ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items())
            + f"; in all {sum(sizes.values()):.0f} MB"
        )
