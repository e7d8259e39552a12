"""The notebooks of the course as a reader runs them: in JupyterLab, cell by cell, with sound and picture."""

# ruff: noqa: F811 - the fixtures of tests/browser are taken by their names

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import chromium, lab, launch, notebook, playwright, voice  # noqa: F401 - fixtures

ROOT = Path(__file__).parent.parent.parent
# Named, the pictures in docs/screenshots are taken anew; else they go where nobody keeps them.
SHOTS = Path(os.environ.get("COURSE_SCREENSHOTS") or tempfile.gettempdir())


def cells_of(name):
    saved = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    return {cell.id: cell.source for cell in saved.cells if cell.cell_type == "code"}


@pytest.fixture
def course(notebook):
    """Open a notebook of the course; returns the number of each of its cells by its id."""

    def open_(name, *ids):
        cells = cells_of(name)
        chosen = ids or tuple(cells)
        notebook.open(*(cells[cell] for cell in chosen))
        return {cell: number for number, cell in enumerate(chosen)}

    return open_


def shot(notebook, name):
    """What a reader sees of the panel."""
    notebook.page.locator(".glnb-panel").first.scroll_into_view_if_needed()
    notebook.page.wait_for_timeout(800)  # what was out of sight is drawn now
    notebook.page.screenshot(path=str(SHOTS / f"{name}.png"))


def test_the_first_minute_is_heard_and_seen(course, notebook):
    at = course("00_first_minute")
    page = notebook.page
    notebook.run(at["demo"])
    notebook.done(at["demo"])
    output = notebook.cell(at["demo"])
    # It plays by itself, because running a cell is the reader's own doing.
    page.wait_for_function(
        "() => { const audio = document.querySelector('.glnb-player audio');"
        " return audio && !audio.paused && audio.currentTime > 4; }",
        timeout=30_000,
    )
    output.get_by_text("Hello, my name is Ada.").first.wait_for()
    output.get_by_text("not Gemini").first.wait_for()
    assert output.get_by_text("What is the weather in Oslo?").count() == 0, "that has not been said yet"
    page.screenshot(path=str(SHOTS / "course_first_minute.png"))
    # To the end of it: what was cut off is struck out.
    page.evaluate("document.querySelector('.glnb-player audio').currentTime = 27.5")
    output.get_by_text("What is the weather in Oslo?").first.wait_for()
    output.get_by_text("get_weather").first.wait_for()
    output.get_by_text("Your name is Ada.").first.wait_for()
    page.evaluate("document.querySelector('.glnb-player audio').pause()")
    for cell in ("messages", "turns", "panel"):
        notebook.run(at[cell])
        notebook.done(at[cell])
    assert "outputTranscription" not in notebook.cell(at["messages"]).inner_text()
    assert "setupComplete" in notebook.cell(at["messages"]).inner_text()
    notebook.cell(at["panel"]).get_by_role("button", name="Connect").wait_for()
    notebook.run(at["ask"])
    assert "time and the date" in notebook.done(at["ask"])
    assert "What can you do?" in notebook.cell(at["panel"]).inner_text(), "the panel shows what a cell does"
    shot(notebook, "course_first_panel")
    notebook.run(at["close"])
    notebook.done(at["close"])


def test_talking_through_the_microphone(course, notebook):
    at = course("02_talk")
    page = notebook.page
    notebook.run(at["panel"])
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible(timeout=60_000)
    # The fake microphone says its sentence as soon as it is on.
    page.get_by_role("button", name="Start microphone").click()
    expect(page.get_by_text("live: microphone")).to_be_visible()
    said = page.get_by_role("region", name="Transcript").first
    expect(said.get_by_text("fox", exact=False)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Stop microphone").click()
    assert notebook.live_tracks() == 0
    notebook.until("not live.session.log.fold.turns or live.turns[-1].complete", timeout=60)
    notebook.run(at["ask_sound"])
    assert "Ada" in notebook.done(at["ask_sound"], timeout=90)
    expect(said.get_by_text("my name is Ada", exact=False).first).to_be_visible()
    # Nobody shows the speaker's sound to a test; what was heard is what the page says it has played.
    notebook.run(at["barge"])
    told = notebook.done(at["barge"], timeout=90)
    assert "made:" in told
    expect(said.locator("s").filter(has_text="20").first).to_be_visible()
    shot(notebook, "course_talk")
    notebook.run(at["timeline"])
    notebook.done(at["timeline"])
    drawn = notebook.cell(at["timeline"]).locator(".vega-embed .marks").first
    expect(drawn).to_be_visible(timeout=30_000)


def test_showing_the_camera(course, notebook):
    at = course("03_see")
    page = notebook.page
    notebook.run(at["panel"])
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_text("live: camera")).to_be_visible()
    frames = "(live.log.messages().kind == 'realtimeInput.video').sum().item()"
    notebook.until(f"{frames} >= 3", timeout=60)
    page.get_by_role("button", name="Stop camera").click()
    notebook.until("live.camera.state == 'off'")
    assert notebook.live_tracks() == 0
    for cell in ("spoken", "typed", "moving"):
        notebook.run(at[cell])
        told = notebook.done(at[cell], timeout=120)
        assert "Error" not in told, told
    assert "moved" in told
    expect(page.get_by_text("What do you see?", exact=False).first).to_be_visible()
    shot(notebook, "course_see")
    notebook.run(at["look"])
    assert "image/jpeg" in notebook.done(at["look"])


def test_tools_of_the_notebook_are_called(course, notebook):
    at = course("04_tools")
    told = {}
    for cell in at:
        notebook.run(at[cell])
        told[cell] = notebook.done(at[cell], timeout=120)
        assert "Traceback" not in told[cell], told[cell]
    assert "sunny" in told["ask"]
    assert "snow" in told["redefine"]
    assert "timed out" in told["errors_ask"]
    assert "deny" in told["approve_ask"]
    assert "✂" in told["compare"].split("WHEN_IDLE")[0]
    assert "✂" not in told["compare"].split("WHEN_IDLE")[1]
