"""What keeping a frame costs: on the caller's side, with the writer's thread, and against simpler ways to keep it.

A 40 ms message of the model's sound is received and indexed, a 20 ms chunk of the microphone is sent. CPU time of
the caller's thread and of the whole process, per frame; the worst single call; bytes on disk.
"""

from __future__ import annotations

import base64
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.protocol.client import ClientMessage, RealtimeInput
from gemini_live_nb.protocol.codec import decode, encode_audio
from gemini_live_nb.protocol.content import Blob

FRAMES = 20_000
ROUNDS = 5
BATCH = 250

RNG = np.random.default_rng(3)
VOICE = RNG.normal(0, 3000, 960).astype("<i2").tobytes()
MIC = RNG.normal(0, 3000, 320).astype("<i2").tobytes()
RECEIVED = (
    b'{\n  "serverContent": {\n    "modelTurn": {\n      "parts": [\n        {\n          "inlineData": {\n            '
    b'"mimeType": "audio/pcm;rate=24000",\n            "data": "%b"\n          }\n        }\n      ]\n    }\n  }\n}\n'
    % base64.b64encode(VOICE)
)
SENT = encode_audio(MIC)
MESSAGE = ClientMessage(realtime_input=RealtimeInput(audio=Blob(mime_type="audio/pcm;rate=16000", data=MIC)))


def measured(take: Callable[[int], None], pause: float) -> tuple[float, float, float]:
    """CPU microseconds a frame of this thread and of the process, and the worst call in microseconds."""
    worst = 0.0
    whole, own = time.process_time(), 0.0
    for start in range(0, FRAMES, BATCH):
        began = time.thread_time()
        for number in range(start, start + BATCH):
            before = time.perf_counter()
            take(number)
            worst = max(worst, time.perf_counter() - before)
        own += time.thread_time() - began
        # The writer gets its turn, as it does between the messages of a real session.
        time.sleep(pause)
    return own / FRAMES * 1e6, (time.process_time() - whole) / FRAMES * 1e6, worst * 1e6


def recorder(folder: Path | None) -> dict[str, Callable[[int], None]]:
    kept = Recorder(folder)

    def receive(_: int) -> None:
        kept.receive(RECEIVED)

    def send(_: int) -> None:
        kept.sent_sound(SENT, MIC)

    return {"receive": receive, "send": send, "close": lambda _: kept.close()}


def jsonl(folder: Path) -> dict[str, Callable[[int], None]]:
    """What a program writes that keeps a log without a thought: one JSON line a frame, flushed."""
    folder.mkdir()
    file = (folder / "log.jsonl").open("w")

    def keep(data: bytes, direction: str) -> None:
        file.write(json.dumps({"t": time.time(), "dir": direction, "msg": json.loads(data)}) + "\n")
        file.flush()

    return {
        "receive": lambda _: keep(RECEIVED, "received"),
        "send": lambda _: keep(SENT, "sent"),
        "close": lambda _: file.close(),
    }


def only_read(_: Path) -> dict[str, Callable[[int], None]]:
    """What receiving costs without keeping: our recorder reads the frame it keeps."""
    return {"receive": lambda _: decode(RECEIVED), "send": lambda _: None, "close": lambda _: None}


def in_list(_: Path) -> dict[str, Callable[[int], None]]:
    kept: list[bytes] = []
    return {
        "receive": lambda _: kept.append(RECEIVED),
        "send": lambda _: kept.append(SENT),
        "close": lambda _: None,
    }


def test_recorder(tmp_path):
    ways = {
        "decode, nothing kept": only_read,
        "list.append": in_list,
        "json lines, flushed": jsonl,
        "ours, in memory": lambda folder: recorder(None),
        "ours, to disk": recorder,
    }
    print(f"\n{FRAMES:,} frames, {ROUNDS} rounds; CPU µs a frame, median (min)")
    print(f"{'':22}{'':9}{'caller':>16}{'process':>16}{'worst call':>12}{'disk / raw':>12}")
    for what in ("receive", "send"):
        for name, make in ways.items():
            results = []
            for number in range(ROUNDS):
                folder = tmp_path / f"{name}-{what}-{number}".replace(" ", "-")
                way = make(folder)
                results.append(measured(way[what], 0.002))
                way["close"](0)
            own, whole, worst = zip(*results, strict=True)
            size = sum(path.stat().st_size for path in folder.iterdir()) if folder.is_dir() else 0
            raw = FRAMES * len(RECEIVED if what == "receive" else SENT)
            columns = (f"{statistics.median(each):6.1f} ({min(each):.1f})" for each in (own, whole))
            print(f"{name:22}{what:9}" + "".join(f"{column:>16}" for column in columns), end="")
            print(f"{statistics.median(worst):12.0f}{size / raw:12.2f}")
