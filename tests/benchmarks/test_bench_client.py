"""The client against google-genai and bare websockets: one server, alternated runs, ratios in a table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

from tests.conftest import ROOT

ROUNDS = 3
CLIENTS = ("genai", "bare", "ours")
TASKS = {
    # task: (count, what is compared, unit, least ratio aimed at)
    "receive": (20_000, "cpu_us", "µs CPU a 40 ms message", 6.0),
    "send": (10_000, "cpu_us", "µs CPU a 20 ms chunk", 5.0),
    "echo": (3_000, "p50_us", "µs round trip, p50", 2.2),
    "idle": (500, "percent", "% of a core, the loop alone, keeping that time", None),
    "paced": (500, "percent", "% of a core, 50 chunks/s out and 25 in, net of the idle loop", 2.5),
}
IMPORTS = {
    "genai": "from google import genai",
    "bare": "import websockets.asyncio.client, msgspec",
    "ours": "from gemini_live_nb import LiveSession",
}


def measured(client, task, port, count):
    command = [sys.executable, "-m", "tests.benchmarks.peers", client, task, str(port), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def imported(client, compiled):
    """Milliseconds of a fresh process, from bytecode as an installation has it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS[client]], cwd=ROOT, env=environment, timeout=60, check=True)
    return (time.perf_counter() - started) * 1000


def show(title, unit, figures, aim):
    middle = {client: statistics.median(values) for client, values in figures.items()}
    row = "  ".join(f"{client} {min(figures[client]):8.2f} / {middle[client]:8.2f}" for client in CLIENTS)
    ratio = f"{middle['genai'] / middle['ours']:5.1f} × (aim {aim} ×)" if aim else " " * 18
    print(f"{title:8} {row}   {ratio}   {unit}, min / median")


def test_against_google_genai(tmp_path):
    """Reported, not asserted: what a shared machine measures is its load as much as us."""
    server = [sys.executable, "-m", "tests.benchmarks.frame_server"]
    with subprocess.Popen(server, cwd=ROOT, stdout=subprocess.PIPE, text=True) as serving:
        try:
            port = int(serving.stdout.readline())
            print()
            for task, (count, figure, unit, aim) in TASKS.items():
                figures = {client: [] for client in CLIENTS}
                for number in range(ROUNDS):
                    for client in CLIENTS if number % 2 == 0 else CLIENTS[::-1]:
                        figures[client].append(measured(client, task, port, count)[figure])
                if task == "idle":
                    idle = {client: statistics.median(values) for client, values in figures.items()}
                if task == "paced":
                    show("gross", "% of a core, the idle loop counted in", figures, None)
                    figures = {
                        client: [one - idle[client] for one in each] for client, each in figures.items()
                    }
                show(task, unit, figures, aim)
        finally:
            serving.terminate()
    figures = {client: [] for client in CLIENTS}
    for number in range(ROUNDS * 2 + 1):
        for client in CLIENTS:
            took = imported(client, tmp_path)
            if number:  # the first time it is compiled
                figures[client].append(took)
    show("import", "ms", figures, 3.3)
