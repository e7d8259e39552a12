"""When does somebody speak? A score per frame, and the rules that make starts and ends of it.

The score is exchangeable (`Scorer`): the one here is an energy gate that needs only numpy; a brain may bring a better
one (`Brain.ears`). The rules honour the session's automaticActivityDetection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np

from gemini_live_nb.protocol.client import AutomaticActivityDetection

from .brain import INPUT_RATE, Int16
from .profiles import Profile


class Scorer(Protocol):
    """Says how likely a frame of sound holds speech. Frames come in order, without gaps."""

    frame: int
    """Samples per frame, at 16 kHz."""

    def score(self, frame: Int16) -> float:
        """Probability of speech, 0 to 1, of one frame of int16 samples."""
        ...


class Edge(NamedTuple):
    """Somebody began or stopped speaking. Times in seconds of the session's audio.

    `at` is where it was decided (what `voiceActivity.audioOffset` tells), `since` where the speech really began or
    was last heard.
    """

    kind: Literal["start", "end"]
    at: float
    since: float


@dataclass(frozen=True, slots=True)
class VadSettings:
    """The rules in seconds: speech needed for a start, silence needed for an end, and the score that counts as speech."""

    speech: float = 0.1
    silence: float = 0.6
    threshold: float = 0.5

    @classmethod
    def of(cls, detection: AutomaticActivityDetection | None, profile: Profile) -> VadSettings:
        """Settings of a session: what it asks for, else what the model family does by default.

        `prefixPaddingMs` is "the required duration of detected speech before start-of-speech is committed" (API
        reference), `silenceDurationMs` the silence before an end.
        """
        asked = detection or AutomaticActivityDetection()
        start = _level(asked.start_of_speech_sensitivity, profile.family.sensitivity)
        end = _level(asked.end_of_speech_sensitivity, profile.family.sensitivity)
        speech = 0.1 if start == "HIGH" else 0.2
        if asked.prefix_padding_ms is not None:
            speech = max(0.02, asked.prefix_padding_ms / 1000)
        silence = profile.silence_high if end == "HIGH" else profile.silence_low
        if asked.silence_duration_ms is not None:
            silence = max(0.04, asked.silence_duration_ms / 1000)
        return cls(speech=speech, silence=silence, threshold=0.5 if start == "HIGH" else 0.7)


def _level(sensitivity: str | None, default: str) -> str:
    named = (sensitivity or "").rpartition("_")[2]
    return named if named in ("HIGH", "LOW") else default


class VoiceActivity:
    """Turns a stream of sound into starts and ends of speech.

    Example:
        >>> import numpy as np
        >>> t = np.arange(16000) / 16000
        >>> voice = (8000 * np.sign(np.sin(2 * np.pi * 140 * t))).astype(np.int16)
        >>> activity = VoiceActivity(VadSettings())
        >>> [edge.kind for edge in activity.push(np.concatenate([voice, 0 * voice]))]
        ['start', 'end']
    """

    def __init__(self, settings: VadSettings, scorer: Scorer | None = None, *, offset: float = 0.0) -> None:
        self.settings = settings
        self._scorer = scorer or EnergyScorer()
        self._rest = np.empty(0, np.int16)
        self._position = round(offset * INPUT_RATE)
        self._run_start: int | None = None  # where the current run of speech frames began
        self._spoken = 0  # samples of speech in that run
        self._last_speech = 0
        self.speaking = False

    @property
    def position(self) -> float:
        """Seconds of sound taken in so far."""
        return (self._position + len(self._rest)) / INPUT_RATE

    def push(self, audio: Int16) -> list[Edge]:
        """Take in the next sound (int16, 16 kHz, any length) and tell what it decided."""
        edges: list[Edge] = []
        size = self._scorer.frame
        audio = np.concatenate([self._rest, audio]) if len(self._rest) else audio
        for start in range(0, len(audio) - size + 1, size):
            score = self._scorer.score(audio[start : start + size])
            self._position += size
            edge = self._decide(score, size)
            if edge:
                edges.append(edge)
        self._rest = audio[len(audio) // size * size :].copy()
        return edges

    def flush(self) -> list[Edge]:
        """The stream ends or pauses: close a running activity now."""
        if not self.speaking:
            self._run_start = None
            return []
        return [self._end()]

    def _decide(self, score: float, size: int) -> Edge | None:
        threshold = self.settings.threshold - (0.15 if self.speaking else 0.0)
        if score >= threshold:
            self._last_speech = self._position
            if self._run_start is None:
                self._run_start, self._spoken = self._position - size, 0
            self._spoken += size
            if not self.speaking and self._spoken >= self.settings.speech * INPUT_RATE:
                self.speaking = True
                return Edge("start", self._position / INPUT_RATE, self._run_start / INPUT_RATE)
            return None
        quiet = self._position - self._last_speech
        if self.speaking:
            return self._end() if quiet >= self.settings.silence * INPUT_RATE else None
        if quiet > 0.1 * INPUT_RATE:
            self._run_start = None
        return None

    def _end(self) -> Edge:
        self.speaking = False
        self._run_start = None
        return Edge("end", self._position / INPUT_RATE, self._last_speech / INPUT_RATE)


_WINDOW = 640  # 40 ms: two periods of the lowest voice looked for
_LAGS = slice(INPUT_RATE // 400, INPUT_RATE // 70)
_BANDS = ((100, 300), (300, 600), (600, 1000), (1000, 1700), (1700, 2700), (2700, 3800))


class EnergyScorer:
    """Energy over an adaptive noise floor in six bands, and voicing: keys click, fans hum on, voices are periodic.

    About 60 µs per 20 ms frame. Needs nothing but numpy.
    """

    frame = INPUT_RATE // 50

    def __init__(self) -> None:
        self._tail = np.zeros(_WINDOW, np.float32)
        self._hann = np.hanning(_WINDOW).astype(np.float32)
        bins = np.fft.rfftfreq(2 * _WINDOW, 1 / INPUT_RATE)
        self._edges = [np.searchsorted(bins, low) for low, _ in _BANDS] + [
            int(np.searchsorted(bins, _BANDS[-1][1]))
        ]
        self._floor = np.full(len(_BANDS), -62.0, np.float32)
        self._voiced = [0.0] * 6  # of the last 120 ms
        self._levels = np.zeros((20, len(_BANDS)), np.float32)  # of the last 400 ms
        self._frames = 0
        self._level = False

    def score(self, frame: Int16) -> float:
        """Probability of speech in 20 ms; see `Scorer`."""
        self._tail = np.concatenate([self._tail[len(frame) :], frame.astype(np.float32) / 32768])
        windowed = self._tail * self._hann
        power = np.abs(np.fft.rfft(windowed, 2 * _WINDOW)) ** 2
        bands = 10 * np.log10(np.add.reduceat(power, self._edges)[:-1] / (_WINDOW * _WINDOW / 8) + 1e-12)
        above = bands - self._floor
        loud = float(np.clip((np.sort(above)[-3:].mean() - 5) / 8, 0, 1))
        self._voiced = [*self._voiced[1:], self._voicing(power) if loud > 0.2 else 0.0]
        steady = sorted(self._voiced)[-2]  # one lucky frame is not a voice
        score = loud * min(1.0, 0.25 + 1.0 * steady)
        self._levels[self._frames % len(self._levels)] = bands
        self._frames += 1
        self._follow(above, speech=score >= 0.5)
        return score

    def _voicing(self, power: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
        correlation = np.fft.irfft(power)[:_WINDOW]
        # the window's own fading is divided out, so that low voices do not look less periodic
        peak = float((correlation[_LAGS] / self._fading()[_LAGS]).max() / (correlation[0] + 1e-9))
        return min(1.0, max(0.0, (peak - 0.35) / 0.3))

    def _fading(self) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        if not hasattr(self, "_window_correlation"):
            own = np.fft.irfft(np.abs(np.fft.rfft(self._hann, 2 * _WINDOW)) ** 2)[:_WINDOW]
            self._window_correlation = (own / own[0]).astype(np.float32)
        return self._window_correlation

    def _follow(self, above: np.ndarray[tuple[int], np.dtype[np.float32]], *, speech: bool) -> None:
        # speech is never level for long: what stays level is a machine, hum and all
        if speech and self._frames % 5 == 0:
            self._level = bool(self._levels[:, np.argsort(above)[-3:]].std(axis=0).mean() < 2.0)
        rise = (15.0 if self._level or not speech else 3.0) * 0.02
        self._floor += np.clip(above, -1.2, rise)
        np.clip(self._floor, -75, -20, out=self._floor)
