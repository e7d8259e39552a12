"""The charts: what they show is in their data, whatever the run."""

from __future__ import annotations

import json

import pytest

from gemini_live_nb.log.run import SessionLog

from .log_talk import Talk
from .test_log_frames import conversation

CHARTS = ("timeline", "waveform", "latency", "usage")


def rows(chart) -> list[dict]:
    """All data of a chart, of every layer and panel."""
    spec = json.loads(chart.to_json())
    data = [*spec.get("datasets", {}).values()]

    def walk(part):
        if isinstance(part, dict):
            if isinstance(part.get("data"), dict) and "values" in part["data"]:
                data.append(part["data"]["values"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(spec)
    return [row for values in data for row in values]


@pytest.mark.parametrize("name", CHARTS)
def test_they_draw_a_conversation_and_nothing_alike(name):
    for log in (conversation().log(), SessionLog.empty(), Talk().setup().types("Hi").log()):
        spec = json.loads(getattr(log.plot, name)().to_json())
        assert spec["config"]["background"] == "transparent"


def test_the_timeline_shows_voices_words_calls_and_cuts():
    log = conversation().log()
    shown = rows(log.plot.timeline())
    assert {row["who"] for row in shown if "energy" in row} == {"you", "model"}
    assert {row["text"] for row in shown if "text" in row} == {
        "Weather?",
        "Sunny.",
        "And now?",
        "Now it rains.",
    }
    lanes = {row["lane"]: row for row in shown if "lane" in row}
    assert set(lanes) == {"server hears you", "waiting", "generating", "playing", "tools"}
    assert lanes["tools"]["what"] == "turn 0: get_weather done"
    cuts = [row["t"] for row in shown if row.get("what") == "turn 1 interrupted"]
    assert cuts[0] == pytest.approx(log.turn(1).times.interrupted)
    loudest = max(row["energy"] for row in shown if row.get("who") == "you" and "energy" in row)
    assert loudest == pytest.approx(0.5, abs=0.02)


def test_the_waits_add_up():
    talk = Talk().setup().speaks(1).activity("START").silence(1.2).hears("So?").activity("END").wait(0.3)
    log = talk.sounds(100).over((5, 5)).log()
    shown = {row["part"]: row["seconds"] for row in rows(log.plot.latency())}
    assert shown["sure that you finished"] == pytest.approx(1.2)
    assert sum(shown.values()) == pytest.approx(log.turn(0).ttfa)


def test_tokens_and_their_cost():
    log = conversation().log()
    shown = [row for row in rows(log.plot.usage()) if row["turn"] == 0]
    assert {row["what"]: row["tokens"] for row in shown}["prompt audio"] == 165
    assert sum(row["cost_estimate"] for row in shown) == pytest.approx(log.turns()["cost_estimate"][0])


def test_a_long_run_is_drawn_with_no_more_points_than_a_screen_has():
    log = Talk().setup().speaks(200).log()
    assert len(rows(log.plot.waveform())) < 5000


def test_they_are_still_pictures_too(tmp_path):
    conversation().log().plot.timeline().save(tmp_path / "timeline.svg")
    assert "<svg" in (tmp_path / "timeline.svg").read_text()
