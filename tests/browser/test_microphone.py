"""The microphone in JupyterLab: the signal arrives whole, and the widget does what a person expects."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import expect

from .sounds import RATE, likeness, write_wav

MIC = "from gemini_live_nb.notebook import Microphone\nmic = Microphone(echo_cancellation=False, noise_suppression=False, auto_gain_control=False)\nmic"
KEEP = """
chunks, numbers, times = [], [], []
def keep(pcm, seq, t):
    chunks.append(pcm); numbers.append(seq); times.append(t)
mic.on_chunk = keep
"""
HEARD = "__import__('base64').b64encode(b''.join(chunks)).decode()"


def heard(nb, expression=HEARD):
    import base64

    return np.frombuffer(base64.b64decode(nb.value(expression)), "<i2")


def test_speech_arrives_whole(notebook, voice):
    notebook.open(MIC + KEEP + "mic")
    notebook.run(0)
    button = notebook.page.get_by_role("button", name="Start microphone")
    button.click()
    expect(notebook.page.get_by_text("Live", exact=True)).to_be_visible()
    notebook.until("len(chunks) >= 150")
    assert notebook.value("mic.channel.carrier") == "socket"
    assert notebook.value("mic.state") == "live"
    notebook.page.get_by_role("button", name="Stop microphone").click()
    notebook.until("mic.state == 'off'")
    numbers = notebook.value("numbers")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert notebook.value("mic.channel.counts()['lost']") == 0
    found = likeness(heard(notebook), voice)
    assert len(found) >= 4
    assert min(found) >= 0.99, found


def test_record_works_in_the_cell_that_makes_it(notebook, voice):
    notebook.open(
        f"import base64\n{MIC.removesuffix('mic')}\nsound = mic.record(2.5)\nlen(sound), sound.dtype"
    )
    notebook.run(0)
    assert "(40000, dtype('int16'))" in notebook.done(0)
    found = likeness(heard(notebook, "base64.b64encode(sound.tobytes()).decode()"), voice)
    assert found
    assert min(found) >= 0.99, found
    notebook.until("mic.state == 'off'")
    assert notebook.live_tracks() == 0


def test_async_for_gives_arrays_until_it_is_left(notebook):
    notebook.open(MIC, "async for chunk in mic:\n    break\nlen(chunk), chunk.dtype, mic.state")
    notebook.run(0)
    notebook.run(1)
    assert "(640, dtype('int16'), 'live')" in notebook.done(1)
    notebook.until("mic.state == 'off'")


def test_a_busy_cell_holds_nothing_up(notebook):
    busy = "import time\nbegan = time.time()\ntime.sleep(2)\nwhile time.time() < began + 4: sum(range(1000))\nended = time.time()"
    notebook.open(
        MIC
        + KEEP
        + "came = []\nmic.on_chunk = lambda pcm, seq, t: (keep(pcm, seq, t), came.append(__import__('time').time()))\nmic.start(); mic",
        busy,
    )
    notebook.run(0)
    notebook.until("mic.state == 'live'")
    notebook.run(1)
    notebook.done(1)
    within = notebook.value("len([each for each in came if began <= each <= ended])")
    assert within >= 95, "25 chunks a second, four seconds long"
    numbers = notebook.value("numbers")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_two_views_are_one_tap(notebook):
    notebook.open(MIC + KEEP + "mic", "mic", "mic.start();")
    for i in range(3):
        notebook.run(i)
    notebook.until("len(chunks) > 10")
    expect(notebook.page.get_by_text("Live", exact=True)).to_have_count(2)
    assert notebook.live_tracks() == 1
    numbers = notebook.value("numbers")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_mute_and_chunk_length_from_both_sides(notebook):
    notebook.open(MIC + KEEP + "states = []\nmic.on_state = states.append\nmic.start(); mic")
    notebook.run(0)
    notebook.until("len(chunks) > 5")
    notebook.page.get_by_role("button", name="Mute").click()
    notebook.until("mic.muted")
    count = notebook.value("len(chunks)")
    notebook.page.wait_for_timeout(300)
    assert notebook.value("len(chunks)") == count
    assert notebook.live_tracks() == 1
    notebook.python("mic.chunk_ms = 100; mic.mute(False)")
    expect(notebook.page.get_by_role("button", name="Mute")).to_be_visible()
    notebook.until("len(chunks[-1]) == 3200")
    assert notebook.value("states[-3:]") == ["live", "muted", "live"]
    numbers = notebook.value("numbers")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_file_is_as_good_as_a_microphone(notebook, voice, lab):
    write_wav(lab[1] / "question.wav", voice[: 4 * RATE])
    code = (
        "import ipywebrtc, ipywidgets\nfrom gemini_live_nb.notebook import Microphone\n"
        "once = ipywidgets.Audio.from_file('question.wav', autoplay=False, loop=False)\n"
        "mic = Microphone(ipywebrtc.AudioStream(audio=once))\n"
    )
    notebook.open(code + KEEP + "mic")
    notebook.run(0)
    notebook.page.get_by_role("button", name="Start microphone").click()
    notebook.until("mic.state == 'off' and mic.why")
    assert notebook.value("mic.why") == "The source has ended."
    found = likeness(heard(notebook), voice)
    assert len(found) >= 3
    assert min(found[1:]) >= 0.99, "Chromium stutters for some 30 ms while an element begins to play"
    assert notebook.live_tracks() == 0


def test_a_device_is_chosen_from_the_menu(notebook):
    """Chromium's fake microphones are several."""
    notebook.open(MIC.removesuffix("mic") + "mic.start()\nmic")
    notebook.run(0)
    notebook.until("mic.state == 'live' and len(mic.devices) > 1")
    before = notebook.value("mic.device_name")
    other = next(name for name in notebook.value("list(mic.devices.values())") if name != before)
    notebook.page.get_by_label("Which microphone").select_option(label=other)
    notebook.until(f"mic.device_name == {other!r} and mic.state == 'live'")
    assert notebook.live_tracks() == 1
    first = notebook.value(f"next(id for id, name in mic.devices.items() if name == {before!r})")
    notebook.python(f"mic.device = {first!r}")
    notebook.until(f"mic.device_name == {before!r} and mic.state == 'live'")
    assert notebook.live_tracks() == 1
