"""What holds for every test: no real key, no real settings, no folder of the user's."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRATCH = Path(tempfile.mkdtemp(prefix="gemini-live-nb-tests-"))

# Before anything of ours is imported, and for every process the tests start.
for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_LIVE_URL", "GOOGLE_GENAI_USE_VERTEXAI"):
    os.environ.pop(name, None)
os.environ["GEMINI_LIVE_RUNS"] = str(SCRATCH / "runs")
for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
    os.environ[name] = str(SCRATCH / name.lower())
# Packages installed for the user alone would shadow the ones under test.
os.environ["PYTHONNOUSERSITE"] = "1"


def pytest_unconfigure():
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def scratch_folder():
    """Work in an empty folder, so that no `.env` of the developer's is found and nothing is left in the checkout."""
    before = Path.cwd()
    folder = SCRATCH / "cwd"
    folder.mkdir()
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def shared():
    """The folder of reference captures beside the checkout."""
    folder = ROOT.parent / "shared"
    if not (folder / "captures").is_dir():
        pytest.skip(f"no recorded traffic at {folder}")
    return folder


@pytest.fixture(scope="session")
def ipykernel6():
    """A folder holding ipykernel 6, to be put on a kernel's PYTHONPATH."""
    folder = Path(sys.prefix) / "ipykernel6"
    if not (folder / "ipykernel").is_dir():
        pytest.fail("no ipykernel 6 here: run tools/install_ipykernel6.sh (make test does)")
    return folder
