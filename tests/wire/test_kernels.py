"""In a real kernel: busy cells, `run(coro)` with cells queued behind it, and the end of the kernel."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

import pytest
from jupyter_client.manager import start_new_kernel

SETUP = """
import os
os.environ["GEMINI_LIVE_NB_PACE"] = "0"
import gemini_live_nb as gl, asyncio, time, threading
live = gl.Live(offline=True, log=False).connect()
"""


@contextmanager
def kernel(path=None):
    env = dict(os.environ)
    if path is not None:
        env["PYTHONPATH"] = str(path)
    manager, client = start_new_kernel(startup_timeout=50, env=env)
    try:
        yield Cells(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Cells:
    """Runs cells and returns what they print."""

    def __init__(self, client):
        self.client = client

    def __call__(self, source, timeout=50):
        return self.result(self.queue(source), timeout)

    def queue(self, source):
        return self.client.execute(source)

    def result(self, request, timeout=50):
        said, deadline = [], time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                said.append(content["text"])
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(said)


@pytest.fixture(params=["ipykernel 7", "ipykernel 6"])
def cells(request):
    path = request.getfixturevalue("ipykernel6") if request.param.endswith("6") else None
    with kernel(path) as cells:
        yield cells


def test_run_all_with_a_coroutine_in_the_middle(cells):
    """nest-asyncio on ipykernel 7 would lose the cells queued behind (DESIGN 2)."""
    sources = [
        "import gemini_live_nb as gl, asyncio\nasync def five():\n    await asyncio.sleep(0.3)\n    return 5",
        "def plain():\n    return gl.run(five())\nprint('got', plain())",
        "print('after', 1)",
        "print('awaited', await five())",
        "print('again', plain())",
    ]
    requests = [cells.queue(source) for source in sources]
    assert [cells.result(request) for request in requests] == [
        "",
        "got 5\n",
        "after 1\n",
        "awaited 5\n",
        "again 5\n",
    ]


def test_a_busy_cell_does_not_stall_the_session(cells):
    cells(SETUP)
    cells(
        "ended = []\nlive.on('turnComplete', lambda event: ended.append(time.monotonic()))\nlive.send_text('hello')"
    )
    said = cells(
        "begun = time.monotonic()\ntime.sleep(2)\nprint(bool(ended) and ended[0] < begun + 2, live.status)"
    )
    assert said == "True listening\n"
    said = cells(
        "sent = live.stream_audio(bytes(32000 * 2))\n"
        "print(sent, len([frame for frame in live.log if frame.kind == 'realtimeInput.audio']), live.session.conn)"
    )
    assert said == "2.0 50 0\n"
