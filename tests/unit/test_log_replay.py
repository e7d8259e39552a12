"""A recorded run told again: the same frames, turns and sound, at the pace asked for, from any moment."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from gemini_live_nb.log.run import SessionLog

from .log_talk import Talk, told


@pytest.fixture
def run(tmp_path) -> SessionLog:
    talk = (
        Talk()
        .setup()
        .speaks(1)
        .silence(0.5)
        .hears("Count.")
        .says("One, ", "two.")
        .sounds(500, 500, every=0.2)
    )
    talk.local("playback", turn=0, played_ms=400).interrupted().over((5, 5)).wait(1)
    return talk.types("Stop.").says("Fine.").sounds(100).over((9, 9)).log(tmp_path / "run")


def heard(replay) -> list[int]:
    seqs: list[int] = []
    replay.log.listen(lambda seq, rows: seqs.append(seq))
    return seqs


def test_it_ends_up_as_the_run(run):
    replay = run.replay(speed=1000)
    seqs = heard(replay)
    assert len(replay.log) == 0
    replay.play()
    assert replay.wait(20)
    assert seqs == list(range(len(run)))
    assert [told(turn) for turn in replay.log.conversation] == [told(turn) for turn in run.conversation]
    assert replay.log.messages().equals(run.messages())
    assert [frame.raw for frame in replay.log] == [frame.raw for frame in run]
    assert np.array_equal(replay.log.turn(0).audio, run.turn(0).audio)
    assert replay.log.fold.turns[0].heard_ms == 400
    replay.close()


def test_it_keeps_the_runs_pace(run):
    """Order, not speed: what lies a second apart does not come at once."""
    replay = run.replay(speed=4)
    told_at = []
    ready = threading.Event()
    replay.log.listen(lambda seq, rows: (told_at.append(replay.t), ready.set()))
    replay.play()
    assert ready.wait(10)
    assert replay.playing
    replay.pause()
    assert not replay.playing
    assert told_at == sorted(told_at)
    assert len(told_at) < len(run)
    before = len(told_at)
    replay.play()
    assert replay.wait(20)
    assert len(told_at) == len(run)
    assert before < len(run)


def test_seeking_begins_the_views_anew(run):
    replay = run.replay(speed=1000)
    runs = []
    stop = replay.subscribe_run(lambda: runs.append(replay.log))
    middle = run.turn(1).times.sent - 0.01
    replay.seek(middle)
    assert runs == [replay.log]
    assert replay.t == pytest.approx(middle)
    assert [turn.text for turn in replay.log.conversation] == ["One, two."]
    assert len(replay.log) == run.turn(1).opened_seq
    assert [frame.seq for frame in replay.log.cursor()] == list(range(len(replay.log)))
    seqs = heard(replay)
    replay.play()
    assert replay.wait(20)
    assert seqs == list(range(run.turn(1).opened_seq, len(run)))
    assert [told(turn) for turn in replay.log.conversation] == [told(turn) for turn in run.conversation]
    stop()
    replay.seek(0)
    assert len(runs) == 1
    assert len(replay.log) == 0


def test_playing_again_after_the_end_starts_over(run):
    replay = run.replay(speed=1000).play()
    assert replay.wait(20)
    replay.play()
    assert replay.wait(20)
    assert len(replay.log) == len(run)


def test_it_says_where_it_is(run):
    replay = run.replay()
    assert repr(replay) == f"<Replay of run: paused at 0.0 of {run[-1].t:.1f} s>"
    assert replay.duration == pytest.approx(run[-1].t)
    assert replay.log.live
    replay.close()
    assert not replay.log.live


def test_an_empty_run_replays_to_nothing():
    replay = SessionLog.empty().replay().play()
    assert replay.wait(5)
    assert len(replay.log) == 0
