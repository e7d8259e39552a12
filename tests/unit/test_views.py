"""The views over a run that is being recorded: what they tell the page, how often, and that it does not grow with the run."""

from __future__ import annotations

import base64
import json
import threading
import time

import numpy as np
import pytest

from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.notebook.lanes import MODEL
from gemini_live_nb.notebook.messages import MessageTable
from gemini_live_nb.notebook.pace import Pace
from gemini_live_nb.notebook.source import source
from gemini_live_nb.notebook.toolcalls import ToolCalls
from gemini_live_nb.notebook.transcript import Transcript
from gemini_live_nb.notebook.waveform import Waveform


class Run:
    """A run recorded in memory, on a clock that the test sets."""

    def __init__(self):
        self.now = 0.0
        self.recorder = Recorder(None, clock=self)
        self.log = self.recorder.log

    def monotonic(self):
        return self.now

    def time(self):
        return 1_760_000_000.0 + self.now

    def server(self, at=None, **message):
        self.now = self.now if at is None else at
        data = json.dumps(message)
        self.recorder.receive(data)

    def client(self, at=None, **message):
        self.now = self.now if at is None else at
        self.recorder.sent(json.dumps(message))

    def local(self, kind, at=None, **fields):
        self.now = self.now if at is None else at
        self.recorder.local(kind, **fields)

    def said(self, text, at=None):
        self.server(at, serverContent={"outputTranscription": {"text": text}})

    def sound(self, ms, at=None, amplitude=8000):
        pcm = (np.sin(np.arange(24 * ms) / 8) * amplitude).astype("<i2").tobytes()
        data = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(pcm).decode()}
        self.server(at, serverContent={"modelTurn": {"parts": [{"inlineData": data}]}})

    def mic(self, ms, at=None, amplitude=8000):
        pcm = (np.sin(np.arange(16 * ms) / 8) * amplitude).astype("<i2").tobytes()
        data = {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(pcm).decode()}
        self.client(at, realtimeInput={"audio": data})


@pytest.fixture
def run():
    run = Run()
    run.local("open")
    return run


def test_a_run_under_way_has_its_own_clock_from_the_first_look():
    """Whoever begins to look late must not take the machine's clock for the run's."""
    recorder = Recorder(None)
    recorder.local("open")
    late = source(recorder)
    assert late.running
    assert 0.0 <= late.now() <= time.monotonic() - recorder.log.meta["monotonic"]


class Still:
    """A pace that does nothing by itself: the tests flush."""

    def soon(self, view):
        pass

    def forget(self, view):
        pass

    def do(self, job):
        job()


@pytest.fixture
def shown(monkeypatch):
    """Make views whose messages are kept, in the order they would reach the page; the pace is the test's."""
    monkeypatch.setattr("gemini_live_nb.notebook.view.PACE", Still())
    views = []

    def make(kind, of, **options):
        view = kind(of, **options)
        view.told = []
        view.send = lambda content, buffers=None: view.told.append((content, buffers or []))
        views.append(view)
        return view

    yield make
    for view in views:
        view.close()


def flushed(view):
    """What one flush tells the page, None where it tells nothing."""
    before = len(view.told)
    view.flush()
    return view.told[-1][0] if len(view.told) > before else None


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


def converse(run, turns):
    for number in range(turns):
        run.client(realtimeInput={"text": f"question {number}"})
        run.said(f"answer {number}")
        run.server(serverContent={"turnComplete": True})


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


def call(run, name="add", id="c1", at=None, **args):
    run.server(at, toolCall={"functionCalls": [{"id": id, "name": name, "args": args}]})


def test_a_call_from_asking_to_result(run, shown):
    view = shown(ToolCalls, run.log)
    view.flush()
    call(run, a=1, b=2, at=1.0)
    run.local("tool", id="c1", event="approval")
    card = flushed(view)["calls"][0]
    assert (card["state"], card["args"]) == ("asked", [("a", "1"), ("b", "2")])
    run.local("tool", 3.0, id="c1", event="started")
    assert flushed(view)["calls"][0]["state"] == "running"
    run.local("tool", id="c1", event="printed", text="adding\n")
    assert flushed(view)["calls"][0]["prints"] == "adding\n"
    run.local("tool", 3.5, id="c1", event="finished")
    run.client(toolResponse={"functionResponses": [{"id": "c1", "name": "add", "response": {"result": 3}}]})
    card = flushed(view)["calls"][0]
    assert (card["state"], card["result"], card["took"]) == ("done", "3", "500 ms")
    assert flushed(view) is None


def test_a_failed_call_says_why(run, shown):
    view = shown(ToolCalls, run.log)
    call(run)
    run.local("tool", id="c1", event="failed", text="ZeroDivisionError: division by zero")
    answer = {"id": "c1", "name": "add", "response": {"error": "ZeroDivisionError: division by zero"}}
    run.client(toolResponse={"functionResponses": [answer]})
    card = flushed(view)["calls"][0]
    assert (card["state"], card["error"]) == ("failed", "ZeroDivisionError: division by zero")


def test_approval_is_seen_by_a_view_made_later(run, shown):
    call(run, id="c1")
    run.local("tool", id="c1", event="approval")
    call(run, id="c2")
    run.local("tool", id="c2", event="started")
    states = {card["id"]: card["state"] for card in flushed(shown(ToolCalls, run.log))["calls"]}
    assert states == {"c1": "asked", "c2": "running"}


def test_the_buttons_answer_the_call(run, shown):
    class Session:
        log = run.log

        def __init__(self):
            self.answers = []

        def approve(self, id):
            self.answers.append(("approve", id))

        def deny(self, id):
            self.answers.append(("deny", id))

    session = Session()
    view = shown(ToolCalls, session)
    call(run, id="c1")
    call(run, id="c2")
    view.flush()
    view.asked({"kind": "answer", "key": "0", "approved": True}, [])
    view.asked({"kind": "answer", "key": "1", "approved": False}, [])
    view.asked({"kind": "answer", "key": "99", "approved": True}, [])
    assert session.answers == [("approve", "c1"), ("deny", "c2")]


def lanes_of(view):
    """Both lanes as a page that heard every message has them: the loudest of each slot."""
    lanes = ({}, {})
    for content, buffers in view.told:
        for lane, slot in content["cuts"]:
            for later in [other for other in lanes[lane] if other >= slot]:
                del lanes[lane][later]
        for (lane, slot), data in zip(content["pieces"], buffers, strict=True):
            for i, pair in enumerate(np.frombuffer(data, np.int8).reshape(-1, 2)):
                lanes[lane][slot + i] = int(pair[1])
    return [{slot: loud for slot, loud in lane.items() if loud} for lane in lanes]


def test_your_sound_lies_where_it_was_spoken(run, shown):
    view = shown(Waveform, run.log)
    for chunk in range(25):
        run.mic(40, 2.0 + 0.04 * chunk)
        view.flush()
    you, model = lanes_of(view)
    assert not model
    assert min(you) == 196
    assert sorted(you) == list(range(196, 296))
    assert all(25 <= loud <= 32 for loud in you.values())


def test_the_models_sound_lies_where_it_is_played_and_ends_where_it_was_cut(run, shown):
    view = shown(Waveform, run.log)
    for _ in range(10):
        run.sound(1000, 5.0)
        view.flush()
    assert max(lanes_of(view)[1]) == 1499
    run.server(7.5, serverContent={"interrupted": True})
    news = flushed(view)
    assert news["marks"] == [{"t": 7.5, "kind": "interrupted", "label": "interrupted"}]
    assert sorted(lanes_of(view)[1]) == list(range(500, 750))


def test_a_recorded_run_is_shown_whole(run, shown):
    for chunk in range(50):
        run.mic(40, 1.0 + 0.04 * chunk)
    run.sound(2000, 4.0)
    view = shown(Waveform, run.log)
    view.flush()
    you, model = lanes_of(view)
    assert (min(you), len(you)) == (96, 200)
    assert (min(model), len(model)) == (400, 200)


def test_frames_come_newest_last_and_are_asked_for_by_place(run, shown):
    view = shown(MessageTable, run.log)
    for number in range(100):
        run.said(f"word {number}")
    news = flushed(view)
    assert (news["total"], news["matched"], len(news["rows"])) == (101, 101, 24)
    assert news["rows"][-1][3:6] == ("outputTranscription", "", "word 99")
    view.asked({"kind": "rows", "re": 1, "first": 10, "count": 3}, [])
    assert [row[5] for row in view.told[-1][0]["rows"]] == ["word 9", "word 10", "word 11"]


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"way": "sent"}, 12),
        ({"way": "received"}, 22),
        ({"way": "local"}, 1),
        ({"of": "modelTurn.audio"}, 10),
        ({"of": "-media"}, 15),
        ({"text": "WORD 1"}, 1),
        ({"text": "getWeather"}, 1),
        ({"text": "outputTrans"}, 10),
        ({"of": "outputTranscription", "text": "word", "way": "sent"}, 0),
    ],
)
def test_filters(run, shown, chosen, count):
    view = shown(MessageTable, run.log)
    for number in range(10):
        run.mic(40)
        run.sound(40)
        run.said(f"word {number}")
    call(run, "getWeather", city="Lisbon")
    run.client(realtimeInput={"text": "hi"})
    run.client(
        toolResponse={"functionResponses": [{"id": "c1", "name": "other", "response": {"secretField": 1}}]}
    )
    run.server(usageMetadata={"totalTokenCount": 1204})
    view.flush()
    view.asked({"kind": "filter", **chosen}, [])
    state = flushed(view)
    assert state["matched"] == count, state["rows"]


def test_text_is_found_inside_the_frame_too(run, shown):
    view = shown(MessageTable, run.log)
    run.server(serverContent={"someNewField": {"deep": "needle"}})
    run.said("hay")
    view.flush()
    view.asked({"kind": "filter", "text": "NEEDLE"}, [])
    assert flushed(view)["matched"] == 1


def test_new_frames_go_through_the_filter(run, shown):
    view = shown(MessageTable, run.log)
    view.flush()
    view.asked({"kind": "filter", "of": "turnComplete"}, [])
    view.flush()
    run.said("hay")
    run.server(serverContent={"turnComplete": True})
    assert flushed(view)["matched"] == 1


def test_a_frame_opens_without_its_media_and_gives_it_when_asked(run, shown):
    view = shown(MessageTable, run.log)
    run.sound(40)
    view.flush()
    view.asked({"kind": "frame", "re": 1, "seq": 1}, [])
    opened = view.told[-1][0]
    assert opened["value"]["serverContent"]["modelTurn"]["parts"][0]["inlineData"]["data"] == ""
    assert opened["media"] == [
        {
            "path": ("serverContent", "modelTurn", "parts", 0, "inlineData", "data"),
            "i": 0,
            "label": "40 ms 24 kHz",
            "sort": "sound",
        }
    ]
    view.asked({"kind": "media", "re": 2, "seq": 1, "i": 0}, [])
    content, buffers = view.told[-1]
    assert content["rate"] == 24_000
    assert len(buffers[0]) == 1920


def test_a_handle_is_shown_nowhere(run, shown):
    view = shown(MessageTable, run.log)
    handle = "h4ndle-that-opens-everything"
    run.server(sessionResumptionUpdate={"newHandle": handle, "resumable": True})
    view.flush()
    for request in ({"kind": "frame"}, {"kind": "copy", "form": "json"}, {"kind": "copy", "form": "python"}):
        view.asked({"re": 1, "seq": 1, **request}, [])
    assert handle not in json.dumps([content for content, _ in view.told])


def test_copied_python_is_python(run, shown):
    view = shown(MessageTable, run.log)
    run.mic(400)
    run.client(realtimeInput={"text": "hi"})
    view.flush()
    view.asked({"kind": "copy", "re": 1, "seq": 2, "form": "python"}, [])
    assert view.told[-1][0]["text"] == "await session.send_raw({'realtimeInput': {'text': 'hi'}})"
    view.asked({"kind": "copy", "re": 2, "seq": 1, "form": "python"}, [])
    code = view.told[-1][0]["text"].removeprefix("await session.send_raw(").removesuffix(")")
    assert eval(code, {"log": run.log}) == run.log.frame(1).json()


def test_what_is_no_json_is_shown_as_text(run, shown):
    view = shown(MessageTable, run.log)
    run.recorder.receive("<html>\x1b[31m")
    view.flush()
    view.asked({"kind": "frame", "re": 1, "seq": 1}, [])
    opened = view.told[-1][0]
    assert opened["text"].startswith("<html>")
    assert opened["notes"]


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
