"""How quick the media channel is, by socket and by comm, in real JupyterLab; prints a table, asserts only that nothing is lost.

Times are from the audio thread's clock (Date.now) to Python's (time.time) and back, on one machine; a chunk's own length is not
in them. On the way down two are told apart: when sound reaches the audio thread, and when the browser asks that thread for the
first sample, which it does once for each buffer of the sound device (some 10 ms).
"""

from __future__ import annotations

import json

import pytest

from tests.browser.conftest import chromium, lab, launch, notebook, playwright, voice  # noqa: F401 - fixtures

SECONDS = 10
ANSWER = 30
SETUP = """
import json, time, numpy as np
import traitlets
from gemini_live_nb.notebook import Channel, Microphone, Speaker
channel = Channel("{carrier}")
def changed(text, *pairs):
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
class Timed(Speaker):  # also tells when a turn's first sound came to the audio thread
    _esm = changed(Speaker._esm, ("happened({{ kind,", "happened({{ came, kind,"), ("underruns, waiting, time }});", "underruns, waiting, time, came }});"))
    _worklet = traitlets.Unicode(changed(Speaker._worklet.default_value,
        ("if (data.samples) this", "if (data.samples && !data.start) this.came = Date.now(); if (data.samples) this"),
        ("time: Date.now() }}", "time: Date.now(), came: this.came }}"))).tag(sync=True)
mic, speaker = Microphone(channel=channel), Timed(channel=channel)
up, told = [], []
mic.on_chunk = lambda pcm, seq, t: up.append((time.time() - t) * 1000)
hear = speaker.page_said
speaker.page_said = lambda page, message, at: (told.append(message), hear(page, message, at))
said = (8000 * np.sin(np.arange({answer} * 24000) / 20)).astype(np.int16)
display(mic, speaker)
mic.start()
"""
DOWN = """
down, asked = [], []
for turn in range(1, 41):
    began = time.time(); speaker.play(said[:4800], turn); speaker.end(turn)
    while not any(each.get("turn") == turn and each["kind"] == "drained" for each in told[-6:]): time.sleep(0.005)
    began *= 1000
    for each in told[-8:]:
        if each["kind"] == "playing" and each["turn"] == turn:
            down.append(each["came"] - began); asked.append(each["time"] - each["came"])
"""
FLUSH = """
flushed = []
for turn in range(101, 131):
    speaker.play(said[:96000], turn); time.sleep(0.35)
    began = time.time(); speaker.flush(turn)
    while not any(each["kind"] == "flushed" and each["turn"] == turn for each in told[-6:]): time.sleep(0.005)
    flushed += [each["time"] - began * 1000 for each in told[-6:] if each["kind"] == "flushed" and each["turn"] == turn]
"""
TWO_WAYS = """
cpu, clock, chunks = time.process_time(), time.time(), len(up)
before = speaker.underruns
for i in range({answer}): speaker.play(said[i * 24000:(i + 1) * 24000], 200, i); time.sleep(1 / {answer})
speaker.end(200)
time.sleep({seconds})
cpu_share = (time.process_time() - cpu) / (time.time() - clock)
"""
REST = """
while not any(each["kind"] == "drained" and each["turn"] == 200 for each in told[-6:]): time.sleep(0.05)
result = dict(carrier=channel.carrier, up=up[25:], down=down, asked=asked, flushed=flushed, cpu=cpu_share, underruns=speaker.underruns - before,
              heard=told[-1]["played"], lost=channel.counts()["lost"])
print(json.dumps(result))
"""


def spread(values):
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:6.1f} / {ordered[int(len(ordered) * 0.99)]:6.1f}"


@pytest.mark.parametrize("carrier", ["socket", "comm"])
def test_bench(notebook, carrier):  # noqa: F811 - the fixture
    notebook.open(SETUP.format(carrier=carrier, answer=ANSWER))
    notebook.run(0)
    notebook.until("mic.state == 'live' and speaker.state != 'off'")
    for part in (DOWN, FLUSH, TWO_WAYS.format(seconds=SECONDS, answer=ANSWER)):
        notebook.python(part)
    result = json.loads(notebook.python(REST))
    lost = notebook.js("""(async () => { let lost = 0;
      for (const { channel } of globalThis[Symbol.for("gemini-live-nb.channels")].values()) lost += (await channel).counts.lost;
      return lost; })()""")
    print(
        f"\n{result['carrier']}: p50 / p99 in ms\n"
        f"  chunk's end -> Python    {spread(result['up'])}   ({len(result['up'])} chunks of 40 ms)\n"
        f"  Python -> worklet        {spread(result['down'])}   ({len(result['down'])} short answers)\n"
        f"  worklet -> first sample  {spread(result['asked'])}   (the sound device asks)\n"
        f"  flush -> fading          {spread(result['flushed'])}   (+ 5 ms fade + the device's own latency)\n"
        f"  kernel's CPU             {result['cpu']:.1%} of a core, two ways\n"
        f"  {ANSWER} s answer in 1 s       {result['underruns']} underruns, {result['lost'] + lost} frames lost"
    )
    assert result["heard"] == ANSWER * 24000
    assert result["lost"] + lost == 0
