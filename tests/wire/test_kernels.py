"""In a real kernel: busy cells, `run(coro)` with cells queued behind it, and the end of the kernel."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from contextlib import contextmanager

import pytest
from jupyter_client.manager import start_new_kernel
from websockets.sync.server import serve

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
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(path), env.get("PYTHONPATH"))))
    manager, client = start_new_kernel(startup_timeout=50, env=env)
    try:
        yield Cells(client, manager)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


class Cells:
    """Runs cells and returns what they print."""

    def __init__(self, client, manager):
        self.client = client
        self.manager = manager

    def __call__(self, source, timeout=50):
        return self.result(self.queue(source), timeout)

    def queue(self, source):
        return self.client.execute(source)

    def fails(self, source):
        """Run a cell that fails; returns the traceback it shows, without colours."""
        return self.failed(self.queue(source))

    def failed(self, request):
        with pytest.raises(AssertionError) as failed:
            self.result(request)
        # After an error a kernel gives up the cells queued behind it, for a moment.
        deadline = time.monotonic() + 20
        while self("print('ready')") != "ready\n":
            assert time.monotonic() < deadline
        return re.sub(r"\x1b\[[0-9;]*m", "", str(failed.value))

    def said(self, request, words, timeout=50):
        """Wait until a cell prints these words."""
        deadline = time.monotonic() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["msg_type"] == "stream" and words in message["content"]["text"]:
                return

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


def test_an_interrupt_ends_the_wait_and_nothing_else(cells):
    cells(SETUP)
    cells(
        "live.on('TurnStarted', lambda event: print('asked', flush=True))\ngl.offline.inject('silent_turn')"
    )
    waiting = cells.queue("live.ask('hello?', timeout=600)")
    cells.said(waiting, "asked")
    cells.manager.interrupt_kernel()
    shown = cells.failed(waiting)
    assert "KeyboardInterrupt: the wait was ended; the session goes on" in shown
    assert "threading.py" not in shown
    assert "5" in cells("print(live.status, live.ask('What is 2 plus 3?', timeout=30).text)")
    assert cells("print(live.session.open, live.session.conn)") == "True 0\n"


def test_the_end_of_the_kernel_is_a_goodbye_to_the_server():
    closes, closed = [], threading.Event()

    def listen(socket):
        socket.recv()
        socket.send(json.dumps({"setupComplete": {}}).encode())
        try:
            for _ in socket:
                pass
        finally:
            closes.append(socket.protocol.close_rcvd)
            closed.set()

    with serve(listen, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        with kernel() as cells:
            cells(
                "import gemini_live_nb as gl\n"
                f"live = gl.Live(url='ws://127.0.0.1:{port}', api_key='k', log=False).connect()"
            )
            cells.manager.shutdown_kernel()
            assert closed.wait(20)
        server.shutdown()
    assert [close.code for close in closes if close] == [1000]


def test_an_error_of_ours_shows_the_users_own_code_and_no_more(cells):
    cells(SETUP)
    cells("live.close()\ndef mine(question):\n    return live.ask(question)")
    shown = cells.fails("mine('hello?')")
    assert "return live.ask(question)" in shown
    assert "SessionClosed: the conversation is over\nTry: live.connect() begins a new one" in shown
    assert "gemini_live_nb/" not in shown
    cells(
        "async def ask():\n    async with gl.LiveSession(url=gl.offline.url(), log=False) as talk:\n"
        "        await talk.ask('hello', timeout=0.001)"
    )
    for source in ("await ask()", "gl.run(ask())"):
        shown = cells.fails(source)
        assert "await talk.ask('hello', timeout=0.001)" in shown
        assert "AskTimeout: no complete reply within 0.001 s" in shown
        assert "gemini_live_nb/" not in shown
        assert "asyncio" not in shown
    # %debug has it all.
    assert "verbs.py" in cells(
        "import traceback\ntry:\n    mine('?')\nexcept gl.LiveError as error:\n"
        "    print(''.join(traceback.format_exception(error)))"
    )
