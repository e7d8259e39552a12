"""The wire console over a run: frames by place, filters, what a frame opens to."""

# ruff: noqa: F811 - fixtures are taken by their names

from __future__ import annotations

import json

import pytest

from gemini_live_nb.notebook.messages import MessageTable

from .viewing import call, flushed, run, shown  # noqa: F401 - fixtures among them


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
