"""A class of forty: real-time scripted sessions in one emulator process, microphones open, answers paced.

Each client sends its microphone in real time (40 ms chunks: a sentence, then silence, over and over) and takes the
answers. Pacing error is how late a chunk of an answer is against its first one and four times real time, and how late
`turnComplete` is against the first chunk and the length of the sound; both as the client sees them, its own lateness
included. The clients share another process, so on two cores each side has one.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest
import websockets

from tests.wire.process import emulator_process
from tests.wire.raw import DEVELOPER, LIVE_3_8, silence, voice

SESSIONS = 40
SECONDS = 30
CHUNK = 0.04
ANSWER = "It is foggy and 12 degrees in London, and it will stay so until the evening, as it often does."
DATA = re.compile(rb'"data": "([^"]*)"')


class Student:
    """One session: how late its chunks and turn ends were, in ms."""

    def __init__(self):
        self.late: list[float] = []
        self.late_turns: list[float] = []
        self.turns = 0

    async def learn(self, url, microphone, start):
        async with websockets.connect(
            url + DEVELOPER + "?key=k", max_size=None, ping_interval=None
        ) as socket:
            await socket.send(json.dumps({"setup": {"model": LIVE_3_8, "outputAudioTranscription": {}}}))
            await socket.recv()
            await asyncio.gather(self.speak(socket, microphone, start), self.listen(socket))

    async def speak(self, socket, microphone, start):
        began = time.monotonic() + start
        for i in range(int(SECONDS / CHUNK)):
            await asyncio.sleep(max(0.0, began + i * CHUNK - time.monotonic()))
            await socket.send(microphone[i % len(microphone)])
        await socket.close()

    async def listen(self, socket):
        first = sent = 0.0
        async for payload in socket:
            now = time.monotonic()
            data = DATA.search(payload)
            if data:
                if not first:
                    first, sent = now, 0.0
                self.late.append((now - first - sent / 4) * 1000)
                sent += len(binascii.a2b_base64(data[1])) / 48_000
            elif b'"turnComplete"' in payload and first:
                if b'"interrupted"' not in payload:
                    self.late_turns.append((now - first - sent) * 1000)
                self.turns += 1
                first = 0.0


def microphone():
    """Ten seconds of a microphone, as frames: a sentence, then listening."""
    sound = np.concatenate([silence(0.5), voice(1.5), silence(8)])
    size = int(16_000 * CHUNK)
    for at in range(0, len(sound) - size + 1, size):
        data = base64.b64encode(sound[at : at + size].astype("<i2").tobytes()).decode()
        yield json.dumps({"realtimeInput": {"audio": {"data": data, "mimeType": "audio/pcm;rate=16000"}}})


def cpu_of_children():
    """CPU seconds of the processes this one started that still run, by pid (Linux)."""
    spent = {}
    for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        spent[child] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


@pytest.mark.anyio
@pytest.mark.timeout(180)
async def test_a_class_of_forty(tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"repeat": True, "steps": [[{"heard": "What is the weather?"}, ANSWER]]}))
    frames = list(microphone())
    async with emulator_process("--brain", "script", str(script)) as lines:
        students = [Student() for _ in range(SESSIONS)]
        before = cpu_of_children()
        await asyncio.gather(
            *(
                student.learn(lines[0].split()[-1], frames, start=i * 10 / SESSIONS)
                for i, student in enumerate(students)
            )
        )
        spent = sum(cpu_of_children().values()) - sum(before.values())
    late = np.array([ms for student in students for ms in student.late])
    turns = np.array([ms for student in students for ms in student.late_turns])
    print(f"\n{SESSIONS} sessions, {SECONDS} s each, {len(late)} chunks, {len(turns)} whole turns")
    print(
        f"chunk late by ms: p50 {np.percentile(late, 50):.1f}  p99 {np.percentile(late, 99):.1f}  max {late.max():.1f}"
    )
    print(f"turnComplete late by ms: p50 {np.percentile(turns, 50):.1f}  p99 {np.percentile(turns, 99):.1f}")
    print(f"emulator: {100 * spent / (SECONDS + 10):.0f} % of a core")
    assert all(student.turns for student in students)
