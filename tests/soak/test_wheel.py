"""The built wheel, in an environment with nothing else in it: it installs, tells what it finds, and talks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONVERSATION = """
import gemini_live_nb as gl

with gl.Live() as live:
    turn = live.ask("What is twelve times seven?")
assert turn.complete and turn.text, turn
assert len(live.log.messages()) > 5
assert len(gl.demo().conversation) == 4
print("talked:", turn.text)
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (made,) = folder.glob("gemini_live_nb-*.whl")
    return made


@pytest.mark.parametrize("extra", ["", "[offline]"])
def test_it_works_in_an_empty_environment(wheel, tmp_path, extra):
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}{extra}")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = run(python, "-m", "gemini_live_nb", cwd=tmp_path, env=environment)
    assert "built-in server" in told
    said = run(python, "-c", CONVERSATION, cwd=tmp_path, env=environment)
    assert "84" in said
    assert ("no offline voice" in said or "missing: hibari-tts" in told) == (not extra)
