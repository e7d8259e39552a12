"""What the notebooks look like as they are committed: short, light, and nobody's in particular."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COURSE = [
    "00_first_minute", "01_the_wire_by_hand", "02_talk", "03_see", "04_tools", "05_logs",
    "06_latency_and_cost", "07_experiments", "08_long_sessions", "09_your_own_widget",
]  # fmt: skip
MOST_CELLS = 25
MOST_LINES = 12
MOST_OUTPUT = 200_000

# Put together from halves, so that this file does not hold what it looks for.
NOBODYS = {
    "a key": re.compile("AI" + r"za[0-9A-Za-z_-]{30,}"),
    "a token": re.compile("auth" + r"_tokens/[0-9a-f]{16,}"),
    "a path of a machine": re.compile(r"(?<![\w./:~-])/(?:work|root|home|Users|tmp|mnt|opt)/\w|[A-Z]:\\\\"),
    "sound": re.compile(r"data:audio|audio/(?:wav|mpeg|ogg|webm)[^\n]{0,20};base64"),
    "a widget's state": re.compile(r"application/vnd\.jupyter\.widget"),
}


def saved(path):
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_course_is_complete():
    assert [path.stem for path in NOTEBOOKS] == COURSE


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_it_is_short(path):
    notebook = saved(path)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= MOST_CELLS
    for cell in code_of(notebook):
        assert len(cell.source.splitlines()) <= MOST_LINES, cell.source


def test_it_tells_before_and_after(path):
    """A title first, words between ideas, an exercise last."""
    notebook = saved(path)
    assert notebook.cells[0].source.startswith("# ")
    assert "## Exercise" in notebook.cells[-1].source
    kinds = "".join(cell.cell_type[0] for cell in notebook.cells)
    assert "cccc" not in kinds, "four cells of code without a word between"


def test_it_was_run_from_top_to_bottom(path):
    cells = code_of(saved(path))
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)], (
        "run tools/save_notebooks.py"
    )
    assert any(cell.outputs for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]


@pytest.mark.parametrize("what", NOBODYS)
def test_it_holds_nothing_of_anybody(path, what):
    found = NOBODYS[what].search(path.read_text(encoding="utf-8"))
    assert not found, f"{what}: {found[0] if found else ''}"


def test_its_outputs_are_light(path):
    outputs = [output for cell in code_of(saved(path)) for output in cell.outputs]
    assert len(json.dumps(outputs)) <= MOST_OUTPUT
