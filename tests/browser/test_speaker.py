"""The speaker in JupyterLab: what comes out of its worklet is what was sent, and it stops when told."""

from __future__ import annotations

import base64

import numpy as np
import pytest

RATE = 24000
SPEAKER = """
import base64, numpy as np
from gemini_live_nb.notebook import Channel, Speaker
speaker = Speaker(channel=Channel("{carrier}"))
positions, rendered = [], []
speaker.on_position = lambda turn, played, t: positions.append((turn, played))
speaker._rendered = rendered.append
said = (8000 * np.sin(np.arange({seconds} * 24000) ** 1.3 / 900)).astype(np.int16)
speaker
"""
RECORD = "_ = speaker._io.loop.call_soon_threadsafe(lambda: speaker._page.say(speaker._stream, {{'kind': 'record', 'on': {on}}}))"


def record(nb, on):
    before = nb.value("len(rendered)")
    nb.python(RECORD.format(on=on))
    nb.until(f"len(rendered) > {before}")


def rendered(nb):
    """What came out of the worklet, as 16-bit samples; it must have been exactly those."""
    record(nb, on=False)
    out = np.frombuffer(base64.b64decode(nb.value("base64.b64encode(rendered[-1]).decode()")), "<f4")
    samples = out * 32768
    assert np.array_equal(samples, np.round(samples)) or np.all(np.abs(samples) <= 32768)
    return samples


@pytest.fixture(params=["socket", "comm"])
def carrier(request):
    return request.param


def test_an_answer_that_comes_at_once_is_played_to_the_sample(notebook, carrier):
    seconds = 5
    notebook.open(SPEAKER.format(carrier=carrier, seconds=seconds))
    notebook.run(0)
    notebook.until("speaker.state == 'ready'")
    record(notebook, on=True)
    notebook.python(
        "for i in range(0, len(said), 960): speaker.play(said[i:i + 960], turn=1, seq=i // 960)\nspeaker.end(1)"
    )
    notebook.until(f"positions and positions[-1] == (1, {seconds * RATE})")
    out = rendered(notebook)
    said = (8000 * np.sin(np.arange(seconds * RATE) ** 1.3 / 900)).astype(np.int16)
    first = int(np.argmax(out != 0)) - int(np.argmax(said != 0))
    assert np.array_equal(out[first : first + len(said)], said)
    assert not out[first + len(said) :].any()
    assert notebook.value("speaker.underruns") == 0
    assert notebook.value("speaker.channel.carrier") == carrier
    played = [samples for turn, samples in notebook.value("positions")]
    assert played == sorted(played)
    assert notebook.value("speaker.waiting") == 0


def test_barge_in_silences_and_the_next_turn_is_heard(notebook, carrier):
    notebook.open(SPEAKER.format(carrier=carrier, seconds=20))
    notebook.run(0)
    notebook.until("speaker.state == 'ready'")
    record(notebook, on=True)
    notebook.python("speaker.play(said, turn=1)")
    notebook.until("positions and positions[-1][1] > 12000")
    notebook.python(
        "speaker.flush(1)\nspeaker.play(said[:2400], turn=1)\nspeaker.play(said[:4800], turn=2)\nspeaker.end(2)"
    )
    notebook.until("positions[-1] == (2, 4800)")
    heard = [played for turn, played in notebook.value("positions") if turn == 1]
    out = rendered(notebook)
    said = (8000 * np.sin(np.arange(20 * RATE) ** 1.3 / 900)).astype(np.int16)
    start = int(np.argmax(out != 0)) - int(np.argmax(said != 0))
    cut = heard[-1]
    assert np.array_equal(out[start : start + cut], said[:cut]), "heard to where the position says"
    tail = out[start + cut : start + cut + 120]
    assert np.all(np.abs(tail) <= np.abs(said[cut : cut + 120].astype(float)) + 1), "faded out"
    rest = out[start + cut + 120 :]
    second = int(np.argmax(rest != 0)) - int(np.argmax(said != 0))
    assert second > 0
    assert np.array_equal(rest[second : second + 4800], said[:4800]), (
        "the next turn, whole, and nothing between"
    )
    assert not rest[second + 4800 :].any()


def test_a_reloaded_page_asks_for_a_click_and_goes_on_where_it_was(notebook):
    notebook.open(SPEAKER.format(carrier="auto", seconds=8))
    notebook.run(0)
    notebook.until("speaker.state == 'ready'")
    notebook.python("speaker.play(said, turn=1)\nspeaker.end(1)")
    notebook.until("positions and positions[-1][1] > 24000")
    notebook.reload()
    notebook.until("speaker.state == 'blocked'")
    stopped = notebook.value("positions[-1][1]")
    assert 24000 < stopped < 8 * RATE
    notebook.page.get_by_role("button", name="Click to enable sound").click()
    notebook.until(f"positions[-1] == (1, {8 * RATE})")
    after = [played for turn, played in notebook.value("positions") if played >= stopped]
    assert after == sorted(after)


def test_volume_and_mute_belong_to_both_sides(notebook):
    notebook.open(SPEAKER.format(carrier="auto", seconds=1))
    notebook.run(0)
    notebook.until("speaker.state == 'ready'")
    notebook.page.get_by_role("slider", name="Volume").fill("0.4")
    notebook.until("speaker.volume == 0.4")
    notebook.python("speaker.volume = 0.8")
    notebook.page.wait_for_function("document.querySelector('.glnb-volume').value === '0.8'")
    notebook.page.get_by_role("button", name="Mute").click()
    notebook.until("speaker.muted")
