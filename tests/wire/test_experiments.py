"""Experiments against the emulator: nothing is lost or asked twice, and what differs shows in the frame."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import distributed
import pytest

from gemini_live_nb.audio import read
from gemini_live_nb.emulator.script import Pause, ScriptBrain, Step
from gemini_live_nb.emulator.server import Emulator
from gemini_live_nb.experiments import Experiment, grid, sweep
from gemini_live_nb.protocol.config import LiveConfig

SWEEP = """
import sys
from gemini_live_nb.experiments import grid, sweep
url, runs = sys.argv[1:]
settings = grid(voice_name=["Kore", "Puck", "Leda"], temperature=[0.2, 0.9])
sweep(["One", "Two", "Three", "Four"], settings, runs=runs, url=url, concurrency=2).wait()
"""


@contextlib.contextmanager
def served(*args, **kwargs):
    """An emulator in a thread of its own, as a service is to a client; yields it, with `.url`."""
    started, stopped = threading.Event(), asyncio.Event()
    emulator = Emulator(*args, **kwargs)
    loops = []

    async def serve():
        async with emulator:
            loops.append(asyncio.get_running_loop())
            started.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield emulator
    finally:
        loops[0].call_soon_threadsafe(stopped.set)
        thread.join(20)


def _saying(text, after=0.0):
    return ScriptBrain([Step([Pause(after), text])], repeat=True)


def test_a_sweep_is_one_row_a_turn_with_the_settings_as_columns(tmp_path):
    with served(_saying("Hello there."), pace=0) as emulator:
        voices = grid(LiveConfig(temperature=0.3), voice_name=["Kore", "Puck"])
        experiment = sweep(
            {"greeting": "Hi", "talk": ["One.", "Two."]},
            voices,
            repeats=2,
            runs=tmp_path / "x",
            url=emulator.url,
        )
        frame = experiment.frame()
    assert len(frame) == 2 * 2 * (1 + 2)
    assert set(frame["voice_name"]) == {"Kore", "Puck"}
    assert set(frame["repeat"]) == {0, 1}
    assert set(frame["answer"]) == {"Hello there."}
    assert frame.groupby("input")["turn"].count().to_dict() == {"greeting": 4, "talk": 8}
    assert frame["ttfa"].notna().all()
    assert frame["vad_wait"].isna().all()  # nothing was spoken
    assert (frame["tokens"] > 0).all()
    assert frame["error"].isna().all()
    # What was really asked for is in each run.
    for cell in experiment.cells:
        run = json.loads((Path(cell.folder) / "cell.json").read_text())
        assert run["varied"]["voice_name"] in json.dumps(run["setup"])
    assert Experiment.open(tmp_path / "x").frame()["answer"].tolist() == frame["answer"].tolist()
    html = experiment.table()._repr_html_()
    assert html.count("Hello there.") == 12


def test_a_failed_cell_is_a_row_and_can_be_tried_again(tmp_path):
    with served(_saying("Yes."), pace=0, faults=["drop@speaking"]) as emulator:
        experiment = sweep(
            ["Well?"], grid(voice_name=["Kore", "Puck"]), runs=tmp_path, url=emulator.url, concurrency=1
        )
        frame = experiment.frame()
        failed = frame[frame["status"] == "failed"]
        if len(failed):
            assert failed["error"].str.len().gt(10).all()
            again = experiment.retry().frame()
            assert again["status"].tolist().count("failed") == 0
    assert (Path(experiment.cells[0].folder) / "run-1").is_dir()


def test_refused_settings_are_rows_with_their_reason(tmp_path):
    with served(_saying("Yes."), pace=0) as emulator:
        models = grid(model=["gemini-3.8-live", "gemini-of-nowhere"])
        frame = sweep(["Hi"], models, runs=tmp_path, url=emulator.url).frame()
    status = frame.set_index("model")["status"].to_dict()
    assert status == {"gemini-3.8-live": "done", "gemini-of-nowhere": "failed"}
    assert "not found" in frame.set_index("model")["error"]["gemini-of-nowhere"]


def test_a_budget_stops_it_cleanly(tmp_path):
    with served(_saying("A short answer."), pace=0) as emulator:
        ask = {"runs": tmp_path, "url": emulator.url, "concurrency": 1, "repeats": 6}
        first = sweep(["Hi"], max_tokens=1, **ask)
        assert len(first.frame()) == 1
        whole = sweep(["Hi"], **ask)
        assert len(whole.frame()) == 6


def test_two_silence_windows_and_two_brains_show_in_the_frame(tmp_path, speech_with_a_pause):
    """A pause of 0.7 s falls inside a window of 1.2 s and outside one of 0.2 s; one brain thinks 0.5 s longer."""
    rows = {}
    for name, thinking in (("quick", 0.0), ("slow", 0.5)):
        with served(_saying("Right.", after=thinking), pace=0) as emulator:
            windows = grid(silence_duration_ms=[200, 1200])
            experiment = sweep(
                {"pause": speech_with_a_pause}, windows, runs=tmp_path / name, url=emulator.url
            )
            rows[name] = experiment.frame()
            assert experiment.plot.turns().to_dict()["layer"]
            shown = json.dumps(experiment.plot.ttfa().to_dict())
            assert "silence_duration_ms=200" in shown
            assert "silence_duration_ms=1200" in shown
    for frame in rows.values():
        turns = frame.groupby("silence_duration_ms")["turn"].count()
        assert turns[200] == 2
        assert turns[1200] == 1
        last = frame.groupby("silence_duration_ms")["ttfa"].last()
        # The windows differ by a second, and each answer waits for its own: nothing else ended the speech.
        assert last[1200] - last[200] > 0.6
    wide = {name: frame[frame["silence_duration_ms"] == 1200]["ttfa"].iloc[0] for name, frame in rows.items()}
    # Half a second is the brains' own difference; what lies around it is the same for both.
    assert wide["slow"] - wide["quick"] > 0.25


@pytest.fixture
def speech_with_a_pause(tmp_path):
    """Speech, 0.7 s of silence, speech: int16 at 16 kHz."""
    import numpy as np

    words = []
    for number, text in enumerate(("I would like to order", "a cup of tea please")):
        place = tmp_path / f"{number}.wav"
        subprocess.run(["espeak-ng", "-w", str(place), text], check=True, timeout=30)
        sound = read(place, 16_000)
        loud = np.flatnonzero(np.abs(sound) > 300)
        words.append(sound[loud[0] : loud[-1]])
    return np.concatenate([words[0], np.zeros(int(16_000 * 0.7), np.int16), words[1]])


def _counts(root):
    """Of each ended cell, its outcome's run and how many attempts there were."""
    return {
        place.parent.name: (json.loads(place.read_text())["run"], len(list(place.parent.glob("run-*"))))
        for place in root.glob("cells/*/result.json")
    }


def _wait_for(root, count, process):
    while len(_counts(root)) < count:
        assert process.poll() is None, "it ended before it could be killed"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)


@pytest.mark.timeout(120)
def test_killed_half_way_and_started_again(tmp_path):
    with served(_saying("Here you are.", after=0.1), pace=0) as emulator:
        command = [sys.executable, "-c", SWEEP, emulator.url, str(tmp_path)]
        killed = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        _wait_for(tmp_path, 8, killed)
        killed.send_signal(signal.SIGKILL)
        killed.wait(20)
        before = _counts(tmp_path)
        assert 8 <= len(before) < 24
        subprocess.run(command, check=True, timeout=90, stderr=subprocess.DEVNULL)
    after = _counts(tmp_path)
    assert len(after) == 24
    assert {cell: after[cell] for cell in before} == before  # none asked twice
    assert all(attempts <= 2 for _, attempts in after.values())
    frame = Experiment.open(tmp_path).frame()
    assert len(frame) == 24
    assert frame["answer"].eq("Here you are.").all()


@pytest.mark.timeout(180)
def test_on_a_cluster_of_two_processes_one_of_which_is_killed(tmp_path):
    settings = grid(voice_name=["Kore", "Puck", "Leda"], temperature=[0.2, 0.9])
    inputs = ["One", "Two", "Three", "Four"]
    with served(_saying("Here you are.", after=0.1), pace=0) as emulator:
        plain = sweep(inputs, settings, runs=tmp_path / "plain", url=emulator.url).frame()
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            victim = cluster.workers[0].process.pid
            experiment = sweep(
                inputs,
                settings,
                runs=tmp_path / "dask",
                url=emulator.url,
                executor=client.get_executor(),
                concurrency=4,
            )
            while len(_counts(tmp_path / "dask")) < 6:
                with contextlib.suppress(TimeoutError):
                    experiment.wait(0.05)
            os.kill(victim, signal.SIGKILL)
            frame = experiment.frame()
    same = ["input", "voice_name", "temperature", "repeat", "answer", "tool_calls", "status"]
    assert frame[same].to_dict() == plain[same].to_dict()
    assert len(_counts(tmp_path / "dask")) == 24
