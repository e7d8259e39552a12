"""The notebooks of the course as a reader runs them: in JupyterLab, cell by cell, with sound and picture."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / "docs" / "screenshots"


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
    page.screenshot(path=str(SHOTS / "course_first_panel.png"))
    notebook.run(at["close"])
    notebook.done(at["close"])
