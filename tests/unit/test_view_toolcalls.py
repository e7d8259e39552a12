"""The cards of tool calls: a call from asking to result, and the person who approves."""

# ruff: noqa: F811 - fixtures are taken by their names

from __future__ import annotations

from gemini_live_nb.notebook.toolcalls import ToolCalls

from .viewing import call, flushed, run, shown  # noqa: F401 - fixtures among them


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
