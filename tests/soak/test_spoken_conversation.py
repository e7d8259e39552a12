"""Ten spoken turns in JupyterLab with the offline voice: what it heard, what it said, and that it said it."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import lab, launch, opened, playwright, voice  # noqa: F401  # fixtures
from tests.browser.sounds import write_wav
from tests.browser.test_speech_conversation import ALIKE, LIVE, SOUND, timeline
from tests.wire import spoken

TALK = (
    ("What is the weather in London?", 10, "twelve degrees and cloudy in London"),
    ("What is my name?", 7, "not told me your name"),
    ("How much is twelve times eleven?", 7, "12 times 11 is 132."),
    ("What time is it?", 6, "It is "),
    ("Count from one to thirty.", 5, "1, 2, 3"),
    ("What is twelve plus thirty?", 7, "12 plus 30 is 42."),
    ("Who are you?", 13, "not Gemini"),
    ("What is twenty divided by four?", 7, "20 divided by 4 is 5."),
    ("What did you say?", 7, "20 divided by 4 is 5."),
    ("Thank you very much.", 6, "You are welcome."),
)
CUT = 4
RIGHT = 8
"""A question may be misheard; most may not."""


@pytest.mark.timeout(600)
def test_ten_spoken_turns(lab, launch, tmp_path):  # noqa: F811  # the fixtures above
    sound = timeline(1.5, *(part for question, pause, _ in TALK for part in (question, pause)))
    wav = write_wav(tmp_path / "ten.wav", sound)
    context = launch("--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={wav}%noloop")
    base, folder = lab
    with opened(context, base, folder, "ten.ipynb") as nb:
        nb.open(LIVE)
        nb.run(0)
        nb.page.get_by_role("button", name="Connect").click()
        expect(nb.page.get_by_text("Listening", exact=True)).to_be_visible(timeout=60_000)
        nb.page.get_by_role("button", name="Start microphone").click()
        nb.until("any('welcome' in turn.text and turn.complete for turn in live.turns)", timeout=150)
        turns = nb.value("[(turn.user_text, turn.text, turn.interrupted) for turn in live.turns]")
        answered = [turn for turn in turns if turn[1]]
        assert len(answered) == len(TALK)
        assert answered[CUT][2], "\n".join(map(str, answered))
        right = [expected in words for (_, words, _), (_, _, expected) in zip(answered, TALK, strict=True)]
        assert sum(right) >= RIGHT, "\n".join(map(str, answered))
        for number, (_, words, cut) in enumerate(turns):
            if words and not cut:
                samples = np.frombuffer(base64.b64decode(nb.value(SOUND.format(turn=number))), "<i2")
                assert spoken.wrong(spoken.heard(samples), words) <= ALIKE, words
        assert nb.errors == []
