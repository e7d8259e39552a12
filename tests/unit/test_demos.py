"""What ships to be heard: the recorded conversation and the spoken sentences."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pytest

import gemini_live_nb.demos as shipped
from gemini_live_nb.demos.packed import pack, unpack
from gemini_live_nb.errors import MediaError
from gemini_live_nb.log.run import SessionLog

LARGEST = 300_000


@pytest.fixture(scope="module")
def log():
    return shipped.demo()


def test_the_conversation_is_small_enough_to_ship():
    assert shipped.CONVERSATION.stat().st_size < LARGEST


def test_it_holds_a_greeting_a_call_and_an_interruption(log):
    first, call, cut, last = log.conversation
    assert first.user_text == "Hello, my name is Ada."
    assert "not Gemini" in first.text
    assert [(made.name, made.args, made.state) for made in call.tool_calls] == [
        ("get_weather", {"city": "Oslo"}, "done")
    ]
    assert "sunny" in call.text.lower()
    assert cut.interrupted
    assert 0 < cut.heard_ms < cut.audio_ms
    assert cut.text.startswith(cut.heard_text)
    assert len(cut.heard_text) < len(cut.text)
    assert "Ada" in last.text
    assert log.notes == []


def test_its_sound_is_speech_on_both_sides(log):
    for turn in log.conversation:
        assert np.abs(turn.audio).max() > 3_000
    user = log.sound(0, log.last_seq, kind="realtimeInput.audio")
    assert len(user) / 16_000 > 8
    assert np.abs(user).max() > 3_000


def test_packing_gives_every_byte_back(log, tmp_path):
    again = unpack(pack(log.path, tmp_path / "again.zip"), tmp_path / "again")
    for name in ("messages.jsonl", "media.bin", "session.json"):
        assert (again / name).read_bytes() == (log.path / name).read_bytes()
    assert [frame.raw for frame in SessionLog.open(again)] == [frame.raw for frame in log]


def test_asking_twice_gives_the_same_run(log):
    assert shipped.demo().path == log.path


def test_nobodys_machine_is_in_it():
    with zipfile.ZipFile(shipped.CONVERSATION) as archive:
        text = archive.read("messages.jsonl").decode() + archive.read("session.json").decode()
    assert not re.search(r"/(?:work|root|home|Users|tmp)/|AI" + "za", text)


@pytest.mark.parametrize("name", shipped.SENTENCES)
def test_every_sentence_is_a_few_seconds_of_speech(name):
    samples = shipped.sentence(name)
    assert samples.dtype == np.int16
    assert 0.6 < len(samples) / 16_000 < 3
    assert np.abs(samples).max() > 3_000


def test_an_unknown_sentence_is_refused_with_what_there_is():
    with pytest.raises(MediaError) as refusal:
        shipped.sentence("sing")
    assert "weather" in refusal.value.hint
