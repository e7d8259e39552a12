"""Speech for the fake microphone, and the comparison of what was heard with what was said."""

from __future__ import annotations

import shutil
import subprocess
import wave

import numpy as np
import soundfile
import soxr

RATE = 16000
OPENING = RATE // 10
STUTTER = RATE // 100
TEXT = (
    "The quick brown fox jumps over the lazy dog while seventeen grey geese fly south above the silent harbour. "
    "Every morning she reads the newspaper, drinks strong coffee, and writes long letters to her oldest friends. "
    "Numbers follow: one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve. "
    "A thousand thin threads were woven through the weathered wooden frame before the storm arrived. "
)


def speech(text=TEXT):
    """Speak a text, at 16 kHz."""
    if shutil.which("espeak-ng"):
        spoken = subprocess.run(
            ["espeak-ng", "-s", "170", "--stdout", text], capture_output=True, check=True
        ).stdout
    else:
        spoken = subprocess.run(
            ["flite", "-t", text, "-o", "/dev/stdout"], capture_output=True, check=True
        ).stdout
    # The length in a streamed header is a guess: everything behind the 44 bytes is sound.
    with wave.open(_stream(spoken)) as header:
        rate = header.getframerate()
    samples = np.frombuffer(spoken[44 : len(spoken) - len(spoken) % 2], "<i2") / 32768
    said = soxr.resample(samples, rate, RATE)
    return (said / np.abs(said).max() * 0.5 * 32767).astype(np.int16)


def _stream(data):
    import io

    return io.BytesIO(data)


def write_wav(path, samples, rate=48000):
    """Write 16 kHz samples as a WAV of another rate."""
    soundfile.write(path, soxr.resample(samples / 32768, RATE, rate), rate, subtype="PCM_16")
    return path


def likeness(heard, said):
    """Correlate each second heard with the best place for it in what was said; seconds without speech are left out.

    The lag is searched anew each second, because under load a fake device inserts or leaves out ten
    milliseconds now and then, in the middle of a second too; while it opens it does so at once, and the first
    tenth of a second is left out. What our own way from the page to Python loses, numbers and counts tell.
    """
    heard = heard[OPENING:]
    said = said.astype(float)
    starts = len(said) - RATE + 1
    size = 1 << int(np.ceil(np.log2(len(said) + RATE)))
    spectrum = np.fft.rfft(said, size)
    energy = np.concatenate([[0.0], np.cumsum(said**2)])
    loudness = np.sqrt(np.maximum(energy[RATE:] - energy[:-RATE], 1.0))
    found = []
    for at in range(0, len(heard) - RATE + 1, RATE):
        second = heard[at : at + RATE].astype(float)
        if np.sqrt(np.mean(second**2)) < 300:
            continue
        match = np.fft.irfft(spectrum * np.conj(np.fft.rfft(second, size)), size)[:starts] / loudness
        lag = int(np.argmax(match))
        found.append(max(best_correlation(second, each) for each in _places(second, said, lag)))
    return found


def _places(second, said, lag):
    """What was said at this place; and the likeliest of what a device that stutters once makes of it."""
    yield said[lag : lag + RATE]
    stuttered = []
    for jump in (-STUTTER, STUTTER):
        for left in (lag, lag - jump):
            if left >= 0 and max(left, left + jump) + RATE <= len(said) and left + jump >= 0:
                for at in range(STUTTER, RATE, STUTTER):
                    right = said[left + jump + at : left + jump + RATE]
                    stuttered.append(np.concatenate([said[left : left + at], right]))
    if stuttered:
        yield max(stuttered, key=lambda each: float(second @ each))


def best_correlation(second, original):
    """Correlate, allowing for a shift by less than a sample: the device has a clock of its own."""
    spectrum = np.fft.rfft(original)
    turn = 2j * np.pi * np.arange(len(spectrum)) / len(original)
    shifted = (
        np.fft.irfft(spectrum * np.exp(turn * shift), len(original)) for shift in np.arange(-1, 1.01, 0.1)
    )
    return max(float(np.corrcoef(second[200:-200], each[200:-200])[0, 1]) for each in shifted)
