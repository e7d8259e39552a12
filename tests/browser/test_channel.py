"""The media channel, the same tests over both carriers: everything arrives, in order, whatever the kernel does."""

from __future__ import annotations

import pytest

from .conftest import opened, serve_lab

CHANNEL = """
import os, time
from gemini_live_nb.notebook import Channel
channel = Channel("{carrier}")

class Line:
    def __init__(self):
        self.pages, self.gone, self.media, self.said = [], [], [], []
    def page_joined(self, page, message):
        self.pages.append(page)
    def page_gone(self, page):
        self.gone.append(page)
    def page_said(self, page, message, at):
        self.said.append(message)
    def page_media(self, page, payload, seq, at):
        self.media.append((payload, seq, at, time.time()))

line = Line()
stream = channel.join(line)
def on_io(fn, *args):
    channel._io.loop.call_soon_threadsafe(fn, *args)
channel
"""
PAGE = """(async () => {{
  const {{ channel: found }} = globalThis[Symbol.for("gemini-live-nb.channels")].get("{key}");
  const channel = (window.channel = await found);
  window.media = [];
  channel.open({stream}, {{
    message: (message) => message.echo && channel.say({stream}, message),
    media: (payload, seq) => {{ window.media.push(seq); channel.media({stream}, payload, Date.now()); }},
    joined: () => ({{}}),
    down: (why) => (window.down = why),
  }});
}})()"""


@pytest.fixture(params=["socket", "comm"])
def carrier(request):
    return request.param


def join(nb, pages=1):
    nb.until("stream")
    key, stream = nb.value("channel._key"), nb.value("stream")
    has_model = f'globalThis[Symbol.for("gemini-live-nb.channels")]?.get("{key}") !== undefined'
    nb.page.wait_for_function(has_model)
    nb.js(PAGE.format(key=key, stream=stream))
    nb.until(f"len(line.pages) >= {pages}")


@pytest.fixture
def joined(notebook, carrier):
    notebook.open(CHANNEL.format(carrier=carrier), "time.sleep(3)")
    notebook.run(0)
    join(notebook)
    assert notebook.value("channel.carrier") == carrier
    return notebook


def test_everything_arrives_in_order(joined):
    joined.python(
        "sent = [os.urandom(1 + i * 37 % 9000) for i in range(400)]\n"
        "for data in sent: on_io(line.pages[0].media, stream, data)"
    )
    joined.until("len(line.media) == 400")
    assert joined.value("[each[0] for each in line.media] == sent")
    assert joined.value("[each[1] for each in line.media]") == list(range(400))
    assert joined.js("window.media.length === 400 && window.channel.counts.lost === 0")
    assert joined.value("channel.counts()['lost']") == 0
    joined.python("on_io(line.pages[0].say, stream, {'echo': 'ü' * 3})")
    joined.until("line.said == [{'echo': 'üüü'}]")


def test_a_busy_cell_is_no_hindrance(joined):
    joined.run(1)
    joined.js(
        f"new Promise((done) => {{ let n = 0; const timer = setInterval(() => {{ "
        f"window.channel.media({joined_stream(joined)}, new ArrayBuffer(8), Date.now()); if (++n === 40) {{ clearInterval(timer); done(); }} }}, 50); }})"
    )
    joined.done(1)
    joined.until("len(line.media) == 40")
    late = joined.value("max(came - at for _, _, at, came in line.media)")
    assert late < 1, "none of them waited for the cell to end"


def joined_stream(nb):
    return nb.js("[...window.channel.lines.keys()].at(-1)")


def test_a_page_can_join_while_a_cell_runs(notebook, carrier):
    """Also over the comm: it is opened on the kernel's other thread."""
    wait = "\nend = time.time() + 20\nwhile not line.pages and time.time() < end: time.sleep(0.05)\nlen(line.pages)"
    notebook.open(CHANNEL.format(carrier=carrier).replace("\nchannel\n", wait))
    notebook.run(0)
    notebook.page.wait_for_function("globalThis[Symbol.for('gemini-live-nb.channels')]?.size")
    key = notebook.js("[...globalThis[Symbol.for('gemini-live-nb.channels')].keys()][0]")
    notebook.js(PAGE.format(key=key, stream=1))
    assert "1" in notebook.done(0)


def test_a_reloaded_page_joins_anew(joined, carrier):
    joined.reload()
    join(joined, pages=2)
    assert joined.value("line.gone == line.pages[:1]")
    joined.python("on_io(line.pages[1].media, stream, b'again')")
    joined.until("line.media and line.media[-1][0] == b'again'")
    assert joined.value("channel.carrier") == carrier


def test_a_page_that_was_taken_for_gone_comes_back(notebook):
    notebook.open(CHANNEL.format(carrier="comm"))
    notebook.run(0)
    join(notebook)
    notebook.python("for i in range(3): on_io(line.pages[0].media, stream, b'before')")
    notebook.until("len(line.media) == 3")
    notebook.python("on_io(channel._drop, line.pages[0])")
    notebook.js("void channel.tell({ kind: 'alive' })")
    notebook.until("len(line.pages) == 2 and line.gone == line.pages[:1]")
    notebook.python("on_io(line.pages[1].media, stream, b'after')")
    notebook.until("line.media[-1][0] == b'after'")
    assert notebook.value("channel.counts()['lost']") == 0
    assert notebook.js("channel.counts.lost") == 0


def test_closing_the_widget_closes_the_channel(joined):
    joined.python("channel.close()")
    joined.page.wait_for_function("window.down")
    joined.until("len(line.gone) == 1")
    assert joined.js("window.channel.closed")


def test_a_broken_socket_is_made_again(notebook):
    notebook.open(CHANNEL.format(carrier="auto"))
    notebook.run(0)
    join(notebook)
    notebook.js("window.channel.socket.close()")
    notebook.until("len(line.pages) == 2")
    assert notebook.value("line.pages[0] is line.pages[1] and not line.gone")
    assert notebook.value("channel.carrier") == "socket"


def test_the_comm_is_taken_where_no_socket_can_be(notebook):
    nowhere = (
        "from gemini_live_nb.notebook.door import Door\noffer = Door.offer\n"
        "async def nowhere(self, channel):\n    _, token = await offer(self, channel)\n    return 9, token\nDoor.offer = nowhere\n"
    )
    notebook.open(nowhere + CHANNEL.format(carrier="auto"))
    notebook.run(0)
    join(notebook)
    assert notebook.value("channel.carrier") == "comm"


def test_elsewhere_the_socket_goes_through_the_server(launch, tmp_path):
    """From another host no loopback address is dialled, and the microphone's absence is explained."""
    browser = launch(
        "--use-fake-ui-for-media-stream", "--host-resolver-rules=MAP notebooks.example 127.0.0.1"
    )
    with serve_lab(tmp_path, flags=["--ServerApp.allow_remote_access=True"]) as (base, folder):
        elsewhere = base.replace("127.0.0.1", "notebooks.example")
        with opened(browser, elsewhere, folder, "elsewhere.ipynb") as nb:
            sockets = []
            nb.page.on("websocket", lambda socket: sockets.append(socket.url))
            nb.open(
                CHANNEL.format(carrier="auto"),
                "from gemini_live_nb.notebook import Microphone\nmic = Microphone(channel=channel)\nmic",
            )
            nb.run(0)
            join(nb)
            assert nb.value("channel.carrier") == "socket"
            assert any("/proxy/" in url for url in sockets)
            assert not any("127.0.0.1" in url for url in sockets)
            nb.run(1)
            nb.page.get_by_role("button", name="Start microphone").click()
            nb.page.get_by_text("plain http").wait_for()
            assert "https" in nb.until("mic.problem")
            assert nb.errors == []
