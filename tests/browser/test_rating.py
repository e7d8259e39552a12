"""The blind comparison, by keyboard alone, in real JupyterLab."""

from __future__ import annotations

import json

from playwright.sync_api import expect

SETUP = """
from pathlib import Path
import numpy as np
from gemini_live_nb.emulator.script import ScriptBrain
from gemini_live_nb.emulator.brain import Say
from gemini_live_nb.emulator.server import Emulator
from gemini_live_nb.experiments import grid, sweep
from gemini_live_nb.session.loops import io

def answer(ask, talk):
    voice = talk.setup.generation_config.speech_config.voice_config.prebuilt_voice_config.voice_name
    return [Say(f"{voice} says <img src=x onerror=alert(1)>", np.zeros(2400, np.int16))]

emulator = Emulator(ScriptBrain(answer), pace=0)
io().call(emulator.start(), 20)
experiment = sweep(["Hi", "Bye"], grid(voice_name=["Kore", "Puck"]), runs=Path("rated"), url=emulator.url).wait()
rating = experiment.rate("Which is friendlier?")
rating
"""
COUNT = """
import json
frame, ratings = experiment.frame(), experiment.ratings()
print(json.dumps({
    "ratings": len(ratings), "winners": ratings["winner"].dropna().tolist(),
    "wins": int(frame["wins"].sum()), "ties": int(frame["ties"].sum()),
    "standings": experiment.standings()[["wins", "losses", "ties"]].values.tolist(),
}))
"""


def test_two_answers_are_compared_by_keyboard(notebook):
    notebook.open(SETUP)
    notebook.run(0)
    page = notebook.page
    rating = page.locator(".glnb-rating")
    expect(rating).to_contain_text("Which is friendlier?", timeout=60_000)
    expect(rating).to_contain_text("0 of 2 compared")
    expect(rating).to_contain_text("says <img src=x onerror=alert(1)>")  # text, not markup
    assert "voice_name" not in rating.inner_text()  # blind: nothing tells the settings
    expect(rating.locator("audio")).to_have_count(2)
    first = rating.locator(".glnb-rating-side p").first.inner_text()
    rating.focus()
    page.keyboard.press("1")
    expect(rating).to_contain_text("1 of 2 compared")
    page.keyboard.press("0")
    expect(rating).to_contain_text("All pairs are compared")
    expect(rating.locator("tbody tr")).to_have_count(1)
    told = notebook.python(COUNT)
    result = json.loads(told)
    assert result["ratings"] == 2
    assert result["wins"] == 1
    assert result["ties"] == 2
    assert [winner.split("=")[1] for winner in result["winners"]] == [first.split()[0]]
    assert sorted(result["standings"][0][:2]) == [0, 1]
    assert not notebook.errors
