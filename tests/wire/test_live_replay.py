"""`Live(replay=…)`: a recorded server answers again, the user's own tools run, and what differs is shown."""

from __future__ import annotations

import json
import threading

import pytest

import gemini_live_nb as gl
from gemini_live_nb.errors import ConfigError
from gemini_live_nb.session.events import Trouble

MODEL = "models/gemini-2.5-flash-native-audio-preview-12-2025"
CALL = {"functionCalls": [{"id": "c1", "name": "look_up", "args": {"city": "Oslo"}}]}
ANSWER = {"functionResponses": [{"id": "c1", "name": "look_up", "response": {"result": "rain"}}]}
TALK = [
    ("client", {"setup": {"model": MODEL}}),
    ("server", {"setupComplete": {}}),
    (
        "client",
        {
            "clientContent": {
                "turns": [{"role": "user", "parts": [{"text": "Weather?"}]}],
                "turnComplete": True,
            }
        },
    ),
    ("server", {"toolCall": CALL}),
    ("client", {"toolResponse": ANSWER}),
    ("server", {"serverContent": {"outputTranscription": {"text": "It rains."}}}),
    ("server", {"serverContent": {"turnComplete": True}}),
]


@pytest.fixture
def capture(tmp_path):
    """A recording of another client's, without times."""
    path = tmp_path / "theirs.ndjson"
    path.write_text(
        "\n".join(json.dumps({"from": side, "payload": json.dumps(message)}) for side, message in TALK)
    )
    return path


def replayed(run, answer: str, question: str = "Weather?") -> gl.Live:
    def look_up(city: str) -> str:
        """Look the weather up."""
        return answer

    with gl.Live(replay=run, tools=[look_up], log=False) as live:
        turn = live.ask(question, timeout=30)
        assert turn.text == "It rains."
        assert [call.result for call in turn.tool_calls] == [{"result": answer}]
    return live


@pytest.mark.parametrize("given", ["path", "memory", "folder"])
def test_the_recorded_server_answers_while_tools_of_ours_run(capture, tmp_path, given):
    log = gl.SessionLog.from_capture(capture, tmp_path / "run" if given == "folder" else None)
    live = replayed(str(capture) if given == "path" else log, "rain")
    said = [row.text for row in live.log.messages().query("kind == 'error'").itertuples()]
    # This client declares the function, the other did not tell.
    assert any("setup, number 1, is not what was sent when this was recorded" in text for text in said)
    assert not any("toolResponse" in text or "typed text" in text for text in said)


def test_what_is_sent_now_and_was_not_then_is_shown(capture):
    live = replayed(capture, "sun", "Weather, please?")
    said = "\n".join(live.log.messages().query("kind == 'error'")["text"])
    assert 'functionResponses[0].response.result was "rain", is "sun"' in said
    assert 'text was "Weather?", is "Weather, please?"' in said


def test_a_question_that_was_never_asked_is_named(capture):
    with gl.Live(replay=capture, log=False) as live:
        live.send_text("Weather?")
        seen = threading.Event()
        live.on(Trouble, lambda event: "number 2, was not sent" in str(event.error) and seen.set())
        live.send_text("And tomorrow?")
        assert seen.wait(10)


def test_who_types_where_was_spoken_is_told_what_to_do():
    with gl.Live(replay=gl.demo(), log=False) as live:
        seen = threading.Event()
        live.on(Trouble, lambda event: "opened_by" in str(event.error.hint) and seen.set())
        live.send_text("Hello!")
        assert seen.wait(10)


def test_no_run_there_is_said_at_once(tmp_path):
    with pytest.raises(ConfigError):
        gl.Live(replay=tmp_path / "nowhere")
