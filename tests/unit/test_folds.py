"""Runs of sound in one line of the wire console: exact, opened and closed, the same however they came."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb.notebook.folds import FOLD, FRAME, INSIDE, MOST, OPENED, Folds
from gemini_live_nb.notebook.messages import MessageTable

from .viewing import run, shown  # noqa: F401 - fixtures


def sorts(view):
    return [row[7] for row in view._folds.lines(0, len(view._folds))]


def answer(view, **message):
    """What the view replies to the page."""
    view.asked({"re": 1, **message}, [])
    return view.told[-1][0]


@pytest.fixture
def table(run, shown):  # noqa: F811
    """A console over: open, 124 chunks of the microphone, a word, sound both ways with positions played, a word."""
    view = shown(MessageTable, run.log)
    for _ in range(124):
        run.mic(40)
    run.said("Hello")
    for played in range(3):
        run.mic(40)
        run.sound(100)
        run.local("playback", action="position", turn=0, played_ms=100 * played)
    run.local("playback", action="flush", turn=0)
    run.said("there")
    view.flush()
    return view


def test_like_frames_are_one_line_and_every_frame_is_counted(table):
    lines = [(row[3], row[5]) for row in table._folds.lines(0, 99)]
    assert [kind for kind, _ in lines] == [
        *("open", "realtimeInput.audio", "outputTranscription"),
        *("realtimeInput.audio", "playback", "outputTranscription"),
    ]
    assert lines[1][1] == "🎙 124 × 40 ms sound"
    assert lines[3][1] == "🎙 3 × 40 ms sound · 🔊 3 × 100 ms sound · 3 playback reports"
    told = table.told[-1][0]
    assert (told["total"], told["matched"], told["lines"]) == (1 + 124 + 1 + 9 + 2, 1 + 124 + 1 + 9 + 2, 6)
    both = table._folds.lines(3, 4)[0]
    assert (both[2], both[4]) == (3, "modelTurn.audio, playback")


def test_a_run_opens_to_its_frames_and_closes(table, run):  # noqa: F811
    assert sorts(table) == [FRAME, FOLD, FRAME, FOLD, FRAME, FRAME]
    seq = table._folds.lines(1, 2)[0][0]
    table.asked({"kind": "fold", "seq": seq}, [])
    table.flush()
    told = table.told[-1][0]
    assert (told["kind"], told["lines"]) == ("all", 6 + 124)
    opened = table._folds.lines(1, 126)
    assert [row[7] for row in opened] == [INSIDE] * 124 + [OPENED]
    assert [row[0] for row in opened[:124]] == list(range(seq, seq + 124))
    assert opened[124][5] == "🎙 124 × 40 ms sound"
    table.asked({"kind": "fold", "seq": seq}, [])
    assert sorts(table) == [FRAME, FOLD, FRAME, FOLD, FRAME, FRAME]


def test_an_open_run_is_over(table, run):  # noqa: F811
    for _ in range(5):
        run.mic(40)
    table.flush()
    newest = table._folds.lines(6, 7)[0]
    assert newest[5] == "🎙 5 × 40 ms sound"
    table.asked({"kind": "fold", "seq": newest[0]}, [])
    for _ in range(7):
        run.mic(40)
    table.flush()
    assert sorts(table)[6:] == [INSIDE] * 5 + [OPENED, FOLD]
    assert table._folds.lines(12, 13)[0][5] == "🎙 7 × 40 ms sound"


def test_who_asks_for_a_kind_sees_each(table):
    table.asked({"kind": "filter", "way": "", "of": "realtimeInput.audio", "text": ""}, [])
    table.flush()
    assert sorts(table) == [FRAME] * 127
    table.asked({"kind": "filter", "way": "sent", "of": "", "text": ""}, [])
    table.flush()
    assert [row[5] for row in table._folds.lines(0, 9)] == ["🎙 127 × 40 ms sound"]


def test_the_lines_do_not_depend_on_how_the_frames_came(table):
    """One by one while it is recorded, or all at once when it is opened later; long runs are cut at a minute."""
    frames = table._frames
    rng = np.random.default_rng(7)
    frames._columns = np.zeros(20_000, frames.columns.dtype)
    frames._columns["seq"] = np.arange(20_000)
    frames._columns["dull"] = rng.random(20_000) < 0.9
    frames._columns["dull"][5000:12_000] = True
    frames._count = 20_000
    whole, piecewise = Folds(frames), Folds(frames)
    whole.extend(np.arange(20_000))
    at = 0
    while at < 20_000:
        more = min(int(rng.integers(1, 400)), 20_000 - at)
        piecewise.extend(np.arange(at, at + more))
        at += more
    assert np.array_equal(whole._lines[:], piecewise._lines[:])
    assert whole._lines[:][:, 1].sum() == 20_000
    assert whole._lines[:][:, 1].max() == MOST
