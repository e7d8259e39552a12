"""Cells a minute of an experiment, by concurrency and by workers, against the emulator at full speed."""

from __future__ import annotations

import subprocess
import sys
import time

import distributed
import pytest

from gemini_live_nb.experiments import grid, sweep

CELLS = 48


@pytest.fixture(scope="module")
def url():
    """An emulator in a process of its own, so that it shares no interpreter with what is measured."""
    command = [
        sys.executable,
        "-m",
        "gemini_live_nb.emulator",
        "--stdin-ends",
        "--brain",
        "echo",
        "--pace",
        "0",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().split()[-1]
        server.stdin.close()


def _cells_a_minute(url, runs, **how):
    settings = grid(voice_name=["Kore", "Puck", "Leda"], temperature=[0.1, 0.2, 0.3, 0.4])
    started = time.perf_counter()
    frame = sweep(["One", "Two", "Three", "Four"], settings, runs=runs, url=url, **how).frame()
    assert frame["status"].eq("done").sum() == CELLS
    return 60 * CELLS / (time.perf_counter() - started)


@pytest.mark.timeout(300)
def test_cells_a_minute(url, tmp_path, capsys):
    rows = [(f"concurrency {n}", _cells_a_minute(url, tmp_path / f"c{n}", concurrency=n)) for n in (1, 4, 16)]
    for workers in (1, 2):
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=4, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.run(
                __import__, "gemini_live_nb.experiments.ask"
            )  # a worker imports once, not for each experiment
            how = {"executor": client.get_executor(), "concurrency": 16}
            rows.append((f"Dask, {workers} worker(s)", _cells_a_minute(url, tmp_path / f"d{workers}", **how)))
    with capsys.disabled():
        print("\n\n| experiment | cells a minute | of concurrency 1 |\n|---|---|---|")
        for name, rate in rows:
            print(f"| {name} | {rate:,.0f} | {rate / rows[0][1]:.1f} × |")
