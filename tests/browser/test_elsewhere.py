"""The media widgets in other hosts, in a few strokes: Notebook 7, ipykernel 6, two windows on one notebook."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import opened, serve_lab

BOTH = """
import time, numpy as np
from gemini_live_nb.notebook import Channel, Microphone, Speaker
channel = Channel("{carrier}")
mic, speaker = Microphone(channel=channel), Speaker(channel=channel)
came, positions = [], []
mic.on_chunk = lambda pcm, seq, t: came.append(time.time())
speaker.on_position = lambda turn, played, t: positions.append((turn, played))
said = (8000 * np.sin(np.arange(48000) / 20)).astype(np.int16)
display(mic, speaker)
mic.start()
"""
BUSY = "began = time.time()\ntime.sleep(2)\nended = time.time()"


def talk(nb, carrier):
    """Hear and speak, and come through a busy cell."""
    nb.open(BOTH.format(carrier=carrier), BUSY)
    nb.run(0)
    nb.until("len(came) > 5 and speaker.state != 'off'")
    assert nb.value("channel.carrier") == (carrier if carrier != "auto" else "socket")
    nb.python("speaker.play(said, 1); speaker.end(1)")
    nb.until("positions and positions[-1] == (1, 48000)")
    nb.run(1)
    nb.done(1)
    return nb.value("len([each for each in came if began + 0.2 <= each <= ended])")


def test_notebook_7(chromium, tmp_path):
    with (
        serve_lab(tmp_path, app="notebook") as (base, folder),
        opened(chromium, base, folder, "seven.ipynb") as nb,
    ):
        nb.path = "notebooks"
        assert talk(nb, "auto") > 40
        assert nb.errors == []


def test_ipykernel_6_by_socket_is_never_busy_and_by_comm_says_so(chromium, tmp_path, ipykernel6):
    with serve_lab(tmp_path, env={"PYTHONPATH": str(ipykernel6)}) as (base, folder):
        with opened(chromium, base, folder, "six.ipynb") as nb:
            assert talk(nb, "auto") > 40
            assert nb.value("__import__('ipykernel').version_info[0]") == 6
        with opened(chromium, base, folder, "six-comm.ipynb") as nb:
            assert talk(nb, "comm") == 0
            nb.until("np.diff(came).min() < 0.04 and time.time() - came[-1] < 0.5")
            assert nb.value("channel.counts()['lost']") == 0


def test_two_windows_are_one_tap_and_one_sound(notebook, chromium):
    notebook.open(BOTH.format(carrier="auto"))
    notebook.run(0)
    notebook.until("len(came) > 5 and speaker.state != 'off'")
    notebook.save()
    with opened(chromium, notebook.base, notebook.folder, notebook.name) as second:
        second.keep = True
        second.visit()
        expect(second.page.get_by_text("Sound plays in another window.")).to_be_visible()
        expect(second.page.get_by_role("button", name="Start microphone")).to_be_visible()
        notebook.until("mic.state == 'live'")
        assert (notebook.live_tracks(), second.live_tracks()) == (1, 0)
        second.page.get_by_role("button", name="Start microphone").click()
        expect(notebook.page.get_by_text("It was started in another window.")).to_be_visible()
        assert (notebook.live_tracks(), second.live_tracks()) == (0, 1)
        second.page.get_by_role("button", name="Play here").click()
        expect(notebook.page.get_by_text("Sound plays in another window.")).to_be_visible()
        notebook.python("speaker.play(said, 1); speaker.end(1)")
        notebook.until("positions and positions[-1] == (1, 48000)")
        assert second.errors == []
    notebook.until("mic.state == 'off'")
    expect(notebook.page.get_by_text("Sound plays in another window.")).to_be_hidden()
