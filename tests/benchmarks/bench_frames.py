"""100,000 frames to DataFrames: ours from a recorded run, pandas' json_normalize over the same frames.

Each way runs in a process of its own, in turn, three rounds; what is told is wall time and what memory it took on
top of what the process had before. Compare `../shared/MEASURED.md` 2.6.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gemini_live_nb.log.lines import BINARY, RECEIVED, SENT, TEXT
from gemini_live_nb.log.written import write_run

FRAMES = 100_000
ROUNDS = 3

MEASURE = """
import json, resource, sys, time
way, folder = sys.argv[1:]
import numpy, pandas
from gemini_live_nb.log import frames, summaries
from gemini_live_nb.log.run import SessionLog
if way == "json_normalize":
    raws = open(folder + "/../frames.jsonl", "rb").read().splitlines()
# pandas imports its engine for strings with the first index made: no way is to pay for that alone.
pandas.Index(["first"])
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
before, start, cpu = rss(), time.perf_counter(), time.process_time()
if way == "json_normalize":
    made = pandas.json_normalize([json.loads(raw) for raw in raws])
else:
    made = getattr(SessionLog.open(folder), way)()
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
# Not ru_maxrss, which a process inherits from the one that started it.
status = open("/proc/self/status").read()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1e3 - before
print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "rows": len(made)}))
"""


def conversation():
    """Fifty chunks a second up, twenty-five down in spoken turns with words, calls and tokens: mostly sound."""
    rng = np.random.default_rng(7)
    noise = (rng.normal(0, 3000, 48000)).astype("<i2").tobytes()

    def sound(count: int) -> str:
        import base64

        start = int(rng.integers(0, len(noise) - count)) & ~1
        return base64.b64encode(noise[start : start + count]).decode()

    seq = 0
    while True:
        t = seq * 10_000_000
        second = seq % 1500
        if seq == 0:
            yield SENT, TEXT, {"setup": {"model": "models/gemini-3.8-live"}}, t
        elif second == 700:
            yield (
                RECEIVED,
                BINARY,
                {"serverContent": {"inputTranscription": {"text": "And what about this one?"}}},
                t,
            )
        elif second == 720:
            call = {"functionCalls": [{"id": f"call_{seq}", "name": "look_up", "args": {"number": seq}}]}
            yield RECEIVED, BINARY, {"toolCall": call}, t
        elif second == 730:
            answer = {
                "functionResponses": [
                    {"id": f"call_{seq - 10}", "name": "look_up", "response": {"output": seq}}
                ]
            }
            yield SENT, TEXT, {"toolResponse": answer}, t
        elif second == 1499:
            usage = {"promptTokenCount": seq, "responseTokenCount": 99, "totalTokenCount": seq + 99}
            yield RECEIVED, BINARY, {"serverContent": {"turnComplete": True}, "usageMetadata": usage}, t
        elif second > 750 and seq % 40 == 3:
            yield RECEIVED, BINARY, {"serverContent": {"outputTranscription": {"text": " some words"}}}, t
        elif second > 750 and seq % 2:
            blob = {"mimeType": "audio/pcm;rate=24000", "data": sound(1920)}
            yield RECEIVED, BINARY, {"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}}, t
        else:
            blob = {"mimeType": "audio/pcm;rate=16000", "data": sound(640)}
            yield SENT, TEXT, {"realtimeInput": {"audio": blob}}, t
        seq += 1


def write(folder: Path) -> None:
    frames = []
    with (folder / "frames.jsonl").open("w") as lines:
        for seq, (direction, opcode, message, t_ns) in zip(range(FRAMES), conversation(), strict=False):
            text = json.dumps(message)
            lines.write(text + "\n")
            raw = json.dumps(message, indent=2).encode() + b"\n" if opcode == BINARY else text
            frames.append((seq, t_ns, 0, direction, opcode, raw, ""))
    write_run(folder / "run", frames, {"wall": 1.79e9, "schema": 1})


def middle(results: list[dict[str, float]], what: str) -> float:
    return statistics.median(result[what] for result in results)


@pytest.mark.timeout(900)
def test_frames(tmp_path):
    write(tmp_path)
    ways = ("json_normalize", "messages", "parts", "turns", "tools", "usage")
    results = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            command = [sys.executable, "-c", MEASURE, way, tmp_path / "run"]
            done = subprocess.run(command, capture_output=True, check=True, timeout=300)
            results[way].append(json.loads(done.stdout))
    megabytes = (tmp_path / "frames.jsonl").stat().st_size / 1e6
    print(
        f"\n{FRAMES:,} frames, {megabytes:.0f} MB of JSON, {ROUNDS} rounds; medians, times as fast in brackets"
    )
    print(f"{'':16}{'wall s':>16}{'CPU s':>16}{'peak MB':>9}{'rows':>9}")
    base = {clock: middle(results["json_normalize"], clock) for clock in ("seconds", "cpu")}
    for way in ways:
        columns = ((middle(results[way], clock), base[clock]) for clock in base)
        told = "".join(f"{each:8.3f} {f'({first / each:.1f})':>7}" for each, first in columns)
        print(f"{way:16}{told}{middle(results[way], 'peak'):9.0f}{results[way][0]['rows']:9,}")
    assert results["messages"][0]["rows"] == FRAMES
    faster = {way: base["cpu"] / middle(results[way], "cpu") for way in ways}
    assert faster["messages"] >= 20
    assert min(faster["turns"], faster["parts"]) >= 6
    assert middle(results["messages"], "peak") <= 50
