"""What all views share: the run they follow, the pace, and that they hold nothing in their traits."""

# ruff: noqa: F811 - fixtures are taken by their names

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.notebook.messages import MessageTable
from gemini_live_nb.notebook.pace import Pace
from gemini_live_nb.notebook.source import source
from gemini_live_nb.notebook.toolcalls import ToolCalls
from gemini_live_nb.notebook.transcript import Transcript
from gemini_live_nb.notebook.waveform import Waveform

from .viewing import Run, call, converse, flushed, run, shown  # noqa: F401 - fixtures among them


def test_a_run_under_way_has_its_own_clock_from_the_first_look():
    """Whoever begins to look late must not take the machine's clock for the run's."""
    recorder = Recorder(None)
    recorder.local("open")
    late = source(recorder)
    assert late.running
    assert 0.0 <= late.now() <= time.monotonic() - recorder.log.meta["monotonic"]


def test_every_view_begins_anew_with_the_next_run(run, shown):
    class Live:
        def __init__(self, log):
            self.log = log
            self.runs = []

        def subscribe_run(self, told):
            self.runs.append(told)

    live = Live(run.log)
    followed = source(live)
    views = [shown(kind, followed) for kind in (Transcript, ToolCalls, MessageTable, Waveform)]
    converse(run, 3)
    call(run)
    run.sound(100)
    for view in views:
        view.flush()
    other = Run()
    other.local("open")
    other.said("a fresh start")
    live.log = other.log
    for told in live.runs:
        told()
    assert [turn["model"] for turn in flushed(views[0])["turns"]] == ["a fresh start"]
    assert flushed(views[1])["calls"] == []
    assert flushed(views[2])["total"] == 2
    assert flushed(views[3])["pieces"] == []
    assert followed.running


def test_a_source_knows_whether_a_connection_stands(run):
    followed = source(run.log)
    assert followed.running
    run.local("close", code=1000, reason="")
    assert not followed.running
    run.local("open")
    assert followed.running


def test_a_view_of_something_else_is_refused():
    with pytest.raises(TypeError, match="SessionLog, not int"):
        Transcript(3)


def test_a_view_holds_nothing_in_its_traits(run, shown):
    view = shown(Transcript, run.log)
    run.said("a secret between us")
    view.flush()
    state = {name: value for name, value in view.get_state().items() if name not in ("_esm", "_css")}
    assert "secret" not in repr(state)
    assert repr(view) == "<Transcript of SessionLog>"


class Slow:
    """A widget for the pace: counts its flushes and when they came."""

    def __init__(self, every):
        self.every = every
        self.times = []
        self.flushed = threading.Event()

    def flush(self):
        self.times.append(time.monotonic())
        self.flushed.set()


def test_many_touches_make_few_updates():
    pace, widget = Pace(), Slow(0.05)
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        pace.soon(widget)
    assert widget.flushed.wait(5)
    assert np.all(np.diff(widget.times) >= 0.045)


def test_the_last_touch_is_flushed():
    pace, widget = Pace(), Slow(0.05)
    for _ in range(3):
        widget.flushed.clear()
        pace.soon(widget)
        assert widget.flushed.wait(5)


def test_jobs_run_in_order_and_an_error_is_told():
    told, done, over = [], [], threading.Event()
    pace = Pace(told.append)
    pace.do(lambda: done.append(1))
    pace.do(lambda: 1 / 0)
    pace.do(lambda: done.append(2))
    pace.do(over.set)
    assert over.wait(5)
    assert done == [1, 2]
    assert isinstance(told[0], ZeroDivisionError)
