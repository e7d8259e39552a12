"""README and docs: their code runs, their links lead somewhere, their tables are what the code says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("page", [page for page in PAGES if PYTHON.search(page.read_text())], ids=name_of)
def test_code_blocks_run(page, tmp_path):
    """All blocks of a page, in a script of their own, offline."""
    script = tmp_path / "page.py"
    script.write_text("\n".join(PYTHON.findall(page.read_text())))
    environment = os.environ | {"GEMINI_LIVE_NB_PACE": "0", "GEMINI_LIVE_RUNS": str(tmp_path / "runs")}
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", script],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text()):
        target, _, anchor = link.partition("#")
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), f"{name_of(page)} links to {link}"
        if anchor:
            headings = [
                re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
                for heading in HEADING.findall(place.read_text())
            ]
            assert anchor in headings, f"{name_of(page)} links to {link}"


def test_tables_are_what_the_code_says():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "write_tables.py", "--check"],
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(180)
def test_the_reference_builds_without_a_warning(tmp_path):
    make = (ROOT / "Makefile").read_text()
    rooms = re.search(
        r"^DOCUMENTED := gemini_live_nb \$\(addprefix gemini_live_nb\.,(.+)\)$", make, re.MULTILINE
    )
    modules = ["gemini_live_nb", *(f"gemini_live_nb.{room}" for room in rooms[1].split())]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pdoc", *modules, "--docformat", "google", "-o", tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not re.search(r"warn", done.stderr, re.IGNORECASE), done.stderr
    page = (tmp_path / "gemini_live_nb.html").read_text()
    for name in ("Live", "LiveSession", "SessionLog", "sweep", "tool"):
        assert f'id="{name}"' in page, f"{name} is not in the reference"
