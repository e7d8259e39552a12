"""The transcript over a run: what it tells the page, how often, and that it does not grow with the run."""

# ruff: noqa: F811 - fixtures are taken by their names

from __future__ import annotations

import json

from gemini_live_nb.notebook.lanes import MODEL
from gemini_live_nb.notebook.transcript import Transcript
from gemini_live_nb.notebook.waveform import Waveform

from .viewing import converse, flushed, run, shown  # noqa: F401 - fixtures among them


def turns_of(view):
    """The turns as a page that heard every message has them."""
    turns = {}
    for content, _ in view.told:
        if content["kind"] != "some":
            turns.clear()
        for update in content["turns"]:
            turn = turns.setdefault(update["i"], {})
            for name, value in update.items():
                if name.endswith("_add"):
                    turn[name.removesuffix("_add")] += value
                else:
                    turn[name] = value
    return [turns[i] for i in sorted(turns)]


def test_transcript_grows_by_what_was_added(run, shown):
    view = shown(Transcript, run.log)
    run.client(realtimeInput={"text": "Tell me of the sea"})
    view.flush()
    run.said("Once upon a time", 1.0)
    view.flush()
    run.said(" there was a lighthouse", 1.1)
    news = flushed(view)
    assert news["turns"] == [{"i": 0, "model_add": " there was a lighthouse"}]
    assert turns_of(view)[0]["model"] == "Once upon a time there was a lighthouse"
    assert turns_of(view)[0]["user"] == "Tell me of the sea"


def test_nothing_new_is_not_told(run, shown):
    view = shown(Transcript, run.log)
    run.said("Hello")
    view.flush()
    assert flushed(view) is None


def test_what_was_cut_off_is_told_apart(run, shown):
    view = shown(Transcript, run.log)
    run.client(0.0, realtimeInput={"text": "Count"})
    for second in range(10):
        run.said(f" {second}", 1.0)
        run.sound(1000, 1.0)
    run.local("playback", 4.0, turn=0, played_ms=3000)
    run.server(4.1, serverContent={"interrupted": True})
    run.server(4.2, serverContent={"turnComplete": True})
    view.flush()
    turn = turns_of(view)[0]
    assert turn["model"] == "0 1 2 3 4 5 6 7 8 9"
    assert turn["heard"] == "0 1 2"
    assert turn["state"] == "interrupted"
    assert turn["note"] == "cut off after 3.0 s of 10.0 s"


def test_a_voice_stopped_here_leaves_its_trace(run, shown):
    words, waves = shown(Transcript, run.log), shown(Waveform, run.log)
    run.client(0.0, realtimeInput={"text": "Count"})
    for second in range(4):
        run.said(f" {second}", 1.0)
        run.sound(1000, 1.0)
    run.local("playback", 2.0, turn=0, action="flush")
    run.local("playback", 2.1, turn=0, action="position", played_ms=1000)
    run.said(" 4", 2.2)
    run.sound(1000, 2.2)
    words.flush()
    turn = turns_of(words)[0]
    assert (turn["model"], turn["heard"]) == ("0 1 2 3 4", "0")
    assert turn["note"] == "stopped after 1.0 s of 5.0 s"
    assert words.text.endswith("**Model:** 0 ~~1 2 3 4~~")
    waves.flush()
    assert waves.lanes.lanes[MODEL].end == 200, "what comes after the stop is not heard"
    assert [mark["label"] for mark in waves.told[-1][0]["marks"]] == ["stopped"]
    run.server(6.0, serverContent={"turnComplete": True})
    run.sound(1000, 7.0)
    waves.flush()
    assert waves.lanes.lanes[MODEL].end == 800


def test_thoughts_are_no_part_of_the_answer(run, shown):
    view = shown(Transcript, run.log)
    run.server(serverContent={"modelTurn": {"parts": [{"text": "Let me see", "thought": True}]}})
    run.said("Four")
    view.flush()
    assert turns_of(view)[0]["thoughts"] == "Let me see"
    assert turns_of(view)[0]["model"] == "Four"


def test_an_update_does_not_grow_with_the_conversation(run, shown):
    view = shown(Transcript, run.log)
    converse(run, 400)
    view.flush()
    converse(run, 1)
    assert len(json.dumps(flushed(view))) < 700
    assert len(view._shown) <= 4


def test_a_page_that_comes_late_is_given_the_newest_turns_and_asks_for_earlier_ones(run, shown):
    view = shown(Transcript, run.log)
    view.flush()
    converse(run, 100)
    view.heard({"kind": "hello"}, [])
    everything = flushed(view)
    assert everything["kind"] == "again"
    assert [turn["i"] for turn in everything["turns"]] == list(range(60, 100))
    view.asked({"kind": "older", "re": 7, "before": 60}, [])
    answer = view.told[-1][0]
    assert answer["re"] == 7
    assert [turn["user"] for turn in answer["turns"]] == [f"question {n}" for n in range(20, 60)]


def test_messages_are_numbered_without_gaps(run, shown):
    view = shown(Transcript, run.log)
    for number in range(5):
        run.said(f" {number}")
        view.flush()
    view.heard({"kind": "hello"}, [])
    view.flush()
    run.said(" 5")
    view.heard({"kind": "hello"}, [])
    view.flush()
    assert [content["n"] for content, _ in view.told] == list(range(1, 9))
    kinds = [content["kind"] for content, _ in view.told]
    assert kinds == ["all", "some", "some", "some", "some", "again", "some", "again"]
    assert view.told[-2][0]["turns"] == [{"i": 0, "model_add": " 5"}]
