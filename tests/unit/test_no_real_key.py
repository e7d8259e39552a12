"""A real key on the developer's machine is never used by a test, nor by a process that a test starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

NONSENSE = {
    "GEMINI_API_KEY": "nonsense-one",
    "GOOGLE_API_KEY": "nonsense-two",
    "GEMINI_LIVE_URL": "ws://nonsense.invalid",
}


def test_keys_are_gone_from_this_process_and_its_children():
    assert not NONSENSE.keys() & os.environ.keys()
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(*os.environ)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert not NONSENSE.keys() & set(child.stdout.split())


def test_a_key_set_outside_does_not_reach_the_tests():
    """Runs the test above in a pytest whose surroundings hold keys."""
    inner = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"{__file__}::test_keys_are_gone_from_this_process_and_its_children"],
        env={**os.environ, **NONSENSE}, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    assert "1 passed" in inner.stdout, inner.stdout


def test_tests_work_in_a_folder_of_their_own():
    assert ROOT not in [Path.cwd(), *Path.cwd().parents]
    assert Path(os.environ["GEMINI_LIVE_RUNS"]).parent == Path.cwd().parent
