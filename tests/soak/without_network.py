"""Run by test_network_cut.py where no network is: `make lab` in a checkout that was installed before, and a talk."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (  # noqa: F401  # fixtures
    free_port,
    launch,
    opened,
    playwright,
    voice,
    wait_until_up,
)
from tests.browser.sounds import write_wav
from tests.browser.test_speech_conversation import timeline

CHECKOUT = Path(os.environ["LAB_CHECKOUT"])


@pytest.fixture
def made_lab(tmp_path):
    """The address of a JupyterLab that `make lab` has opened."""
    port = free_port()
    news = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "GEMINI_LIVE_RUNS": str(tmp_path / "runs"),
    }
    flags = f"--no-browser --port={port} --IdentityProvider.token= --LabApp.expose_app_in_browser=True"
    with (tmp_path / "lab.log").open("w") as log:
        lab = subprocess.Popen(
            ["make", "lab", f"ARGS={flags}"],
            cwd=CHECKOUT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until_up(lab, f"http://127.0.0.1:{port}", tmp_path / "lab.log", limit=180)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(lab.pid, signal.SIGTERM)
            lab.wait(20)


@pytest.mark.timeout(400)
def test_the_first_notebook_runs_and_a_spoken_question_is_answered(made_lab, launch, tmp_path):  # noqa: F811
    with socket.socket() as outside:
        assert outside.connect_ex(("192.0.2.1", 443)) == errno.ENETUNREACH
    wav = write_wav(tmp_path / "question.wav", timeline(1.5, "How much is twelve times eleven?", 10))
    context = launch("--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={wav}%noloop")
    with opened(context, made_lab, CHECKOUT / "notebooks", "00_first_minute.ipynb") as nb:
        nb.path = "lab/tree/notebooks"
        nb.visit()
        last = nb.page.locator(".jp-Notebook .jp-CodeCell").count() - 1
        nb.js("jupyterapp.commands.execute('notebook:run-all-cells')")
        nb.done(last, timeout=120)
        assert not nb.page.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.stderr']").count()
        assert "work out sums" in nb.value("turn.text")
        assert "84" in nb.value("said.text")
        panel = nb.page.get_by_role("button", name="Connect").last
        panel.scroll_into_view_if_needed()
        panel.click()
        expect(nb.page.get_by_text("Listening", exact=True)).to_be_visible(timeout=60_000)
        nb.page.get_by_role("button", name="Start microphone").last.click()
        nb.until("any('132' in turn.text and turn.complete for turn in live.turns)", timeout=60)
        assert nb.errors == []
