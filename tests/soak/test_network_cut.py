"""`make lab` in a fresh checkout, once with the network to install, then without: notebook, panel, voice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CUT = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path):
    """A clone in which `make lab` has installed what it needs."""
    run("git", "clone", "--quiet", ROOT, tmp_path / "checkout")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run("make", ".venv/.lab", cwd=tmp_path / "checkout", env=environment)
    return tmp_path / "checkout"


@pytest.mark.timeout(1800)
def test_after_the_install_make_lab_needs_no_network(checkout):
    if (
        not shutil.which("unshare")
        or subprocess.run([*CUT, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no network namespace can be made here")
    inside = [sys.executable, "-m", "pytest", "-q", "tests/soak/without_network.py", "--timeout", "600"]
    run(*CUT, *inside, cwd=ROOT, env=os.environ | {"LAB_CHECKOUT": str(checkout)})
