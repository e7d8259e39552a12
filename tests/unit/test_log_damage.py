"""Torn, cut and foreign folders: they load, say what is wrong, and give what is there."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_live_nb.errors import LogError
from gemini_live_nb.log.files import HEAP, INDEX, MEDIA, MESSAGES, SESSION
from gemini_live_nb.log.run import SessionLog

from .log_talk import Talk, told

FILES = (MESSAGES, MEDIA, INDEX, HEAP, SESSION)


def whole(folder: Path) -> SessionLog:
    talk = (
        Talk()
        .setup()
        .speaks(0.5)
        .hears("Hello.")
        .calls("f", "call_1", x=1)
        .answers("call_1", {"output": "ok"})
    )
    return (
        talk.local("mark", label="here")
        .says("One ", "two.")
        .sounds(100, 100, 100)
        .generated()
        .over((9, 9))
        .log(folder)
    )


@pytest.fixture
def run(tmp_path):
    return whole(tmp_path / "run")


def test_a_whole_run_has_no_notes(run):
    assert run.notes == []
    assert len(run) == 18


def test_a_torn_last_line_is_left_out(run):
    path = run.path / MESSAGES
    path.write_bytes(path.read_bytes()[:-7])
    torn = SessionLog.open(run.path)
    assert len(torn) == 17
    assert "torn last line" in torn.notes[0]
    assert torn.turn(0).text == "One two."


def test_a_missing_index_is_made_anew(run):
    for name in (INDEX, HEAP):
        (run.path / name).unlink()
    again = SessionLog.open(run.path)
    assert again.notes == []
    assert again.messages().equals(run.messages())
    assert [told(turn) for turn in again.conversation] == [told(turn) for turn in run.conversation]


def test_a_foreign_index_is_made_anew(run):
    path = run.path / INDEX
    path.write_bytes(b"GLNBIX0\n" + path.read_bytes()[8:])
    assert SessionLog.open(run.path).messages().equals(run.messages())


def test_a_damaged_line_in_the_middle_costs_that_line(run):
    path = run.path / MESSAGES
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = b"x" * (len(lines[3]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    (run.path / INDEX).unlink()
    damaged = SessionLog.open(run.path)
    assert len(damaged) == 17
    assert "unreadable" in damaged.notes[0]


def test_truncated_media_cost_the_sound_and_nothing_else(run):
    path = run.path / MEDIA
    path.write_bytes(path.read_bytes()[:1000])
    cut = SessionLog.open(run.path)
    assert len(cut.messages()) == 18
    assert cut.messages(raw=True)["raw"].isna().sum() == 8
    assert cut.turn(0).text == "One two."
    assert len(cut.turn(0).audio) == 0
    frame = next(frame for frame in cut if not frame.whole)
    with pytest.raises(LogError, match="cut off"):
        _ = frame.raw


def test_a_missing_session_file_costs_the_calendar(run):
    (run.path / SESSION).unlink()
    again = SessionLog.open(run.path)
    assert len(again.messages()) == 18
    assert "session.json" in again.notes[0]


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(LogError, match="holds no run"):
        SessionLog.open(tmp_path)
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(LogError, match="cannot unpack"):
        SessionLog.open(tmp_path / "x.zip")


@given(
    st.dictionaries(
        st.sampled_from(FILES), st.tuples(st.integers(0, 20000), st.binary(max_size=40)), max_size=3
    )
)
@settings(max_examples=120, deadline=None)
def test_whatever_is_torn_off_it_loads(damage):
    with tempfile.TemporaryDirectory() as scratch:
        source = whole(Path(scratch) / "whole")
        shutil.copytree(source.path, Path(scratch) / "torn")
        for name, (length, tail) in damage.items():
            path = Path(scratch) / "torn" / name
            data = path.read_bytes()
            path.write_bytes(data[:length] + (tail if length < len(data) else b""))
        log = SessionLog.open(Path(scratch) / "torn")
        lines = (Path(scratch) / "torn" / MESSAGES).read_bytes()
        intact = 0
        for line in source.path.joinpath(MESSAGES).read_bytes().splitlines(keepends=True):
            if not lines.startswith(line):
                break
            lines = lines[len(line) :]
            intact += 1
        assert len(log) >= intact, "no whole line is lost"
        for frame in (log.messages, log.parts, log.turns, log.tools, log.usage, log.audio_chunks):
            frame()
        log.wav("mix")
        for turn in log.conversation:
            assert turn.audio.dtype == "int16"
        if MEDIA not in damage:
            for frame, original in zip(log[:intact], source, strict=False):
                assert frame.raw == original.raw
