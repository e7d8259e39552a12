"""A real conversation in JupyterLab with no key: a fake microphone speaks, the offline voice answers."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

pytest.importorskip("onnxruntime", reason='needs the extra: pip install "gemini-live-nb[offline]"')
pytest.importorskip("hibari", reason='needs the extra: pip install "gemini-live-nb[offline]"')

from tests.wire import spoken

from .conftest import opened
from .sounds import write_wav

ALIKE = 0.15
LIVE = """
from gemini_live_nb import Live
def get_weather(city: str) -> str:
    "Current weather for a city."
    return f"It is twelve degrees and cloudy in {city}"
live = Live(offline=True, tools=[get_weather], silence_duration_ms=400, log=False)
live
"""
SOUND = "__import__('base64').b64encode(live.turns[{turn}].audio.tobytes()).decode()"


def timeline(*parts):
    """Questions and pauses (seconds) one after the other."""
    return np.concatenate(
        [
            spoken.room(part) if not isinstance(part, str) else spoken.question(part, before=0)
            for part in parts
        ]
    )


@pytest.fixture
def heard_page(lab, launch, tmp_path):
    """A notebook in a browser whose microphone hears three questions, the last one into an answer."""
    sound = timeline(
        1.5,
        "What is the weather in London?",
        9,
        "Count from one to thirty.",
        5,
        "How much is twelve times eleven?",
        9,
    )
    wav = write_wav(tmp_path / "questions.wav", sound)
    context = launch("--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={wav}%noloop")
    base, folder = lab
    with opened(context, base, folder, "speech.ipynb") as nb:
        yield nb
    assert nb.errors == []


def test_three_spoken_turns_a_tool_call_and_a_barge_in(heard_page):
    nb = heard_page
    nb.open(LIVE)
    nb.run(0)
    page = nb.page
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Start microphone").click()
    nb.until("len(live.turns) > 2 and live.turns[-1].complete and '132' in live.turns[-1].text", timeout=60)

    first, *_, cut, last = nb.value("[(turn.user_text, turn.text, turn.interrupted) for turn in live.turns]")
    assert nb.value("[(call.name, call.args) for turn in live.turns for call in turn.tool_calls]") == [
        ["get_weather", {"city": "London"}]
    ]
    assert spoken.normal(first[0]) == spoken.normal("What is the weather in London?")
    assert "twelve degrees" in " ".join(nb.value("[turn.text for turn in live.turns]"))
    assert cut[2]
    assert "1, 2, 3" in cut[1]
    assert last[1].strip() == "12 times 11 is 132."
    for turn, (_, words, interrupted) in enumerate(
        nb.value("[(turn.user_text, turn.text, turn.interrupted) for turn in live.turns]")
    ):
        samples = np.frombuffer(base64.b64decode(nb.value(SOUND.format(turn=turn))), "<i2")
        if words and not interrupted:
            assert spoken.wrong(spoken.heard(samples), words) <= ALIKE, words
