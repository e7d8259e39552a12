"""The widgets' pure JavaScript, run by node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script(script):
    node = shutil.which("node")
    if node is None:
        pytest.fail("no node here: apt-get install nodejs (make test does)")
    done = subprocess.run([node, "--test", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
