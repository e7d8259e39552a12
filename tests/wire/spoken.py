"""Questions spoken by espeak-ng, another synthesiser than the one under test, and what was answered as text again."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import soxr

from gemini_live_nb.emulator.speech.numbers import find
from gemini_live_nb.emulator.speech.parts import parts
from gemini_live_nb.emulator.speech.words import words

RATE = 16_000
HEADER = 44


def available():
    return shutil.which("espeak-ng") is not None


def question(text, *, before=0.5, after=0.0):
    """A question as int16 at 16 kHz, with some quiet room around it (seconds)."""
    command = ["espeak-ng", "--stdout", "-v", "en-us", "-s", "150", text]
    told = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout
    # The length in a streamed header is a guess: everything behind it is sound.
    samples = np.frombuffer(told[HEADER : len(told) - len(told) % 2], "<i2") / 32768
    sound = soxr.resample(samples, 22_050, RATE)
    sound = sound[: np.flatnonzero(np.abs(sound) > 0.01)[-1] + 1]  # so that the end of speech is known
    sound = (sound / np.abs(sound).max() * 0.4 * 32767).astype(np.int16)
    return np.concatenate([room(before), sound, room(after)])


def room(seconds):
    """A quiet room."""
    return np.random.default_rng(1).normal(0, 12, round(seconds * RATE)).astype(np.int16)


def heard(samples, rate=24_000):
    """What a recogniser makes of an answer's sound."""
    sound = soxr.resample(np.asarray(samples) / 32768, rate, RATE)
    return parts().recogniser((sound * 32767).clip(-32768, 32767).astype(np.int16))


def normal(text):
    """The words of a text in lower case, numbers as figures."""
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\d)[:.](?=\d)|(?<=\d)(?=[ap]m)|-", " ", text.lower())
    found = words(text)
    low = [word.low for word in found]
    for number in reversed(find(low)):
        low[number.start : number.end] = [str(Fraction(number.value))]
    return [word for word in low if word != "and"]


def wrong(said, expected):
    """Share of the expected words that are missing, wrong or too many (word error rate)."""
    said, expected = normal(said), normal(expected)
    row = list(range(len(said) + 1))
    for i, want in enumerate(expected, 1):
        above, row = row, [i]
        for j, got in enumerate(said, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (want != got)))
    return row[-1] / max(1, len(expected))
