"""An hour of conversation — microphone, camera at one picture a second, speech — recorded as fast as it can be.

Told: how memory grew while recording, what lies on disk, how long it takes to open the run and to read its turns.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.picture import jpeg
from gemini_live_nb.protocol.client import ClientMessage, Setup
from gemini_live_nb.protocol.codec import decode_client, encode, encode_audio
from tests.unit.log_talk import HandClock

SECONDS = 3600
TURN_S = 15
SPOKEN_S = 5.0


def memory() -> float:
    """Resident megabytes of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1e3


class Hour:
    """One recorded hour, a second at a time."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.recorder = Recorder(folder, clock=self.clock)
        rng = np.random.default_rng(5)
        self.quiet = [rng.normal(0, 30, 320).astype("<i2").tobytes() for _ in range(50)]
        self.loud = [rng.normal(0, 6000, 320).astype("<i2").tobytes() for _ in range(50)]
        self.voice = [rng.normal(0, 4000, 960).astype("<i2").tobytes() for _ in range(50)]
        picture = jpeg(rng.integers(0, 255, (480, 640, 3), np.uint8), quality=30)
        blob = {"mimeType": "image/jpeg", "data": base64.b64encode(picture).decode()}
        self.picture = json.dumps({"realtimeInput": {"video": blob}})

    def server(self, message: dict) -> None:
        raw = json.dumps(message, indent=2).encode() + b"\n"
        self.recorder.receive(raw)

    def second(self, number: int) -> None:
        into = number % TURN_S
        speaking, answering = into < SPOKEN_S, into == 7
        self.recorder.sent(self.picture)
        for chunk in range(50):
            self.clock.now = number + chunk / 50
            sent = encode_audio((self.loud if speaking else self.quiet)[chunk])
            self.recorder.sent(sent, 0, decode_sent(sent))
        if answering:
            self.answer(number)

    def answer(self, number: int) -> None:
        """Six seconds of speech, which come in two."""
        self.server({"serverContent": {"inputTranscription": {"text": f"This is question {number}."}}})
        for chunk in range(150):
            self.clock.now = number + 1 + chunk / 75
            if chunk % 15 == 0:
                self.server({"serverContent": {"outputTranscription": {"text": f" word {chunk},"}}})
            data = base64.b64encode(self.voice[chunk % 50]).decode()
            part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
            self.server({"serverContent": {"modelTurn": {"parts": [part]}}})
        self.server({"serverContent": {"generationComplete": True}})
        usage = {"promptTokenCount": number, "responseTokenCount": 150, "totalTokenCount": number + 150}
        self.server({"serverContent": {"turnComplete": True}, "usageMetadata": usage})


def decode_sent(frame: bytes):
    """What a session hands over with a frame it has encoded itself."""
    return decode_client(frame).message


OPEN = """
import sys, time
import pandas
from gemini_live_nb.log import frames, summaries
from gemini_live_nb.log.run import SessionLog
def memory():
    return int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) / 1e3
before, start = memory(), time.perf_counter()
log = SessionLog.open(sys.argv[1]); frames_there = len(log); opened = time.perf_counter()
turns = log.turns(); read = time.perf_counter()
messages = log.messages(); done = time.perf_counter()
print(f"open {opened - start:.2f} s, turns() {read - opened:.2f} s ({len(turns)}), "
      f"messages() {done - read:.2f} s ({frames_there:,}), {memory() - before:.0f} MB")
"""


def test_an_hour(tmp_path):
    hour = Hour(tmp_path / "run")
    hour.recorder.sent(encode_setup())
    hour.second(0)
    hour.recorder.flush()
    before, grown = memory(), 0.0
    began = time.perf_counter()
    for number in range(1, SECONDS):
        hour.second(number)
        if number % 5 == 0:
            # A real hour gives the writer its turn; here it is given by hand.
            assert hour.recorder.flush(30)
            grown = max(grown, memory() - before)
    taken = time.perf_counter() - began
    turns = len(hour.recorder.fold.turns)
    hour.recorder.close()
    assert hour.recorder.lost == 0
    size = {path.name: path.stat().st_size / 1e6 for path in (tmp_path / "run").iterdir()}
    done = subprocess.run(
        [sys.executable, "-c", OPEN, tmp_path / "run"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    print(f"\nan hour recorded in {taken:.0f} s; memory grew by {grown:.0f} MB at most; {turns} turns")
    print("on disk:", ", ".join(f"{name} {megabytes:.1f} MB" for name, megabytes in sorted(size.items())))
    print(done.stdout.strip())
    log = SessionLog.open(tmp_path / "run")
    assert len(log.conversation) == turns == SECONDS // TURN_S
    assert all(turn.complete for turn in log.conversation)
    assert len(log.turn(-1).audio) == 150 * 960


def encode_setup() -> str:
    return encode(ClientMessage(setup=Setup(model="models/gemini-2.5-flash-native-audio-preview-12-2025")))
