"""A real JupyterLab in Debian's Chromium, with a fake microphone and camera. One of each for all tests."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from .sounds import speech, write_wav

ROOT = Path(__file__).parent.parent.parent
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--use-fake-device-for-media-stream",
]
KERNEL = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
ASK = """(async () => {{
  const future = {kernel}.requestExecute({{ code: {code}, store_history: false }});
  let text = "", error = "";
  future.onIOPub = ({{ header, content }}) => {{
    if (header.msg_type === "stream" && content.name === "stdout") text += content.text;
    if (header.msg_type === "error") error = content.traceback.join("\\n");
  }};
  const {{ content }} = await future.done;
  if (content.status === "aborted") error = "not run: the cell before it failed";
  return {{ text, error }};
}})()"""
REMEMBER_TRACKS = """{
  window.tracks = [];
  const get = window.MediaDevices?.prototype.getUserMedia;
  if (get) MediaDevices.prototype.getUserMedia = async function (...wish) {
    const stream = await get.apply(this, wish);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
}"""
OURS = ("glnb", "gemini")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a free port: its address and the folder of its notebooks."""
    with serve_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@contextlib.contextmanager
def serve_lab(home, *, app="jupyterlab", env=None, flags=(), port=None):
    """Run a Jupyter server until the block ends. Yields (address, folder of notebooks)."""
    notebooks = home / "notebooks"
    notebooks.mkdir()
    news = home / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port = port or free_port()
    settings = [
        "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={notebooks}",
        "--LabApp.news_url=None", "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
    ]  # fmt: skip
    command = [sys.executable, "-m", app, *settings, *flags]
    base = f"http://127.0.0.1:{port}"
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=notebooks,
            env={**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), **_before_ours(env or {})},
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_up(server, base, home / "server.log")
            yield base, notebooks
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _before_ours(env):
    """What is put on the path goes before what is there."""
    path = filter(None, (env.get("PYTHONPATH"), os.environ.get("PYTHONPATH")))
    return {**env, "PYTHONPATH": os.pathsep.join(path)}


def wait_until_up(server, base, log, limit=90):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/api/status", timeout=1):
            return
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(f"the Jupyter server did not come up:\n{log.read_text()}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def voice():
    """Half a minute of speech at 16 kHz: what the fake microphone hears."""
    return speech()


@pytest.fixture(scope="session")
def launch(playwright, voice, tmp_path_factory):
    """Start Chromium; the fake microphone plays `voice` once each time it is opened."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("no chromium here: apt-get install chromium (make test does)")
    wav = write_wav(tmp_path_factory.mktemp("sound") / "voice.wav", voice)
    contexts = []

    def start(*flags, **options):
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("chromium")), executable_path=chromium, headless=False,
            viewport={"width": 1100, "height": 900},
            args=[*CHROMIUM_FLAGS, f"--use-file-for-fake-audio-capture={wav}%noloop", *flags], **options,
        )  # fmt: skip
        context.add_init_script(REMEMBER_TRACKS)
        contexts.append(context)
        return context

    yield start
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def chromium(launch):
    """A browser that grants microphone and camera to whoever asks."""
    return launch("--use-fake-ui-for-media-stream")


class Notebook:
    """One notebook, opened in a page of its own."""

    def __init__(self, page, base, folder, name):
        self.page, self.base, self.folder, self.name = page, base, folder, name
        self.path = "doc/tree"
        self.keep = False
        self.errors = []
        page.on("pageerror", self._failed)
        page.on("console", self._said)
        self.tools = page.context.new_cdp_session(page)

    def _failed(self, error):
        """Note an uncaught error of ours: widgets' modules come from blobs, the host's from its server."""
        if "blob:" in (error.stack or ""):
            self.errors.append(f"{error.name}: {error.message}\n{error.stack}")

    def _said(self, message):
        where = (message.location or {}).get("url", "")
        ours = where.startswith("blob:") or any(word in message.text for word in OURS)
        # Chromium's own words, when a kernel that is shut down no longer takes calls.
        refused = message.text.startswith("WebSocket connection to")
        if message.type == "error" and ours and not refused:
            self.errors.append(message.text)

    def open(self, *cells):
        content = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{i}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": cell,
                }
                for i, cell in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.folder / self.name).write_text(json.dumps(content))
        self.visit()
        return self

    def visit(self):
        self.page.goto(f"{self.base}/{self.path}/{self.name}")
        self.ready()

    def reload(self):
        """Save and reload: Lab forgets the outputs of an unsaved notebook."""
        self.save()
        self.page.reload()
        self.ready()

    def save(self):
        self.js("jupyterapp.commands.execute('docmanager:save')")

    def ready(self):
        end = time.monotonic() + 60
        while self.js(f"{KERNEL}?.status ?? ''") != "idle":
            assert time.monotonic() < end, "no kernel"
            time.sleep(0.1)

    def js(self, expression):
        """Evaluate in the page, by a way that does not count as a click of the user's, as Playwright's own does."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": False}
        answer = self.tools.send("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def live_tracks(self):
        """How many tracks of microphone and camera are open in the page."""
        return self.js("(window.tracks ?? []).filter((track) => track.readyState === 'live').length")

    def cell(self, i):
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(i)

    def run(self, i):
        """Run a cell as a person does."""
        self.cell(i).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Shift+Enter")

    def done(self, i, timeout=60):
        """Wait until a cell has run; its text."""
        prompt = self.cell(i).locator(".jp-InputPrompt")
        self.page.wait_for_function(
            "prompt => /\\d/.test(prompt.textContent)", arg=prompt.element_handle(), timeout=timeout * 1000
        )
        return "\n".join(self.cell(i).locator(".jp-OutputArea-output").all_inner_texts())

    def python(self, code):
        """Run code in the kernel, beside the notebook; what it printed."""
        answer = self.js(ASK.format(kernel=KERNEL, code=json.dumps(code)))
        assert not answer["error"], answer["error"]
        return answer["text"]

    def value(self, expression):
        """Read a Python value."""
        return json.loads(self.python(f"import json\nprint(json.dumps({expression}))"))

    def until(self, expression, timeout=20.0):
        """Wait until a Python expression holds; its value."""
        end = time.monotonic() + timeout
        while not (value := self.value(expression)):
            assert time.monotonic() < end, f"still not: {expression}"
            self.page.wait_for_timeout(50)
        return value


@pytest.fixture
def notebook(lab, chromium, request):
    """A fresh notebook; the test fails if the page, or anything of ours on its console, reports an error."""
    base, folder = lab
    with opened(
        chromium, base, folder, f"{request.node.name}.ipynb".replace("[", "-").replace("]", "")
    ) as nb:
        yield nb
    assert nb.errors == []


@contextlib.contextmanager
def opened(context, base, folder, name):
    """A notebook in a page of this browser; its kernel ends with the block, unless it is kept."""
    page = context.new_page()
    nb = Notebook(page, base, folder, name)
    try:
        yield nb
    finally:
        with contextlib.suppress(Exception):
            if not nb.keep:
                nb.js("window.jupyterapp?.shell?.currentWidget?.sessionContext?.shutdown()")
        page.close()
