"""Every notebook runs from top to bottom, offline, and what it finds out is true.

After a notebook's own cells, `checks/<name>.py` runs in the same kernel: asserts on the values the reader sees.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHECKS = Path(__file__).parent / "checks"
# Where playback is the point (barge-in, what was heard), the built-in server keeps its own pace.
REAL_PACE = {"02_talk", "04_tools", "08_long_sessions"}


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("save_notebooks", ROOT / "tools" / "save_notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_what_it_finds_is_true(path, tool, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    checks = (CHECKS / f"{path.stem}.py").read_text(encoding="utf-8")
    notebook.cells.append(nbformat.v4.new_code_cell(checks))
    pace = {} if path.stem in REAL_PACE else {"GEMINI_LIVE_NB_PACE": "0"}
    tool.run(notebook, tmp_path, extra=pace)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert "checked" in str(outputs[-1]), "a check ends with print('checked')"
    tool.lighten(notebook, tool.places(tmp_path))
    assert tool.weight(notebook) <= tool.LIMIT
