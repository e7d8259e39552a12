"""When does somebody speak? A score per frame, and the rules that make starts and ends of it.

The score is exchangeable (`Scorer`): `energy.py` has one that needs only numpy, and a brain may bring a
better one (`Brain.ears`). The rules honour the session's automaticActivityDetection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np

from gemini_live_nb.protocol.client import AutomaticActivityDetection

from .brain import INPUT_RATE, Int16
from .energy import EnergyScorer
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

    `at` is where it was decided (what `voiceActivity.audioOffset` tells), `since` where the speech really
    began or was last heard.
    """

    kind: Literal["start", "end"]
    at: float
    since: float


@dataclass(frozen=True, slots=True)
class VadSettings:
    """The rules: seconds of speech that make a start, of silence that make an end, the score of speech."""

    speech: float = 0.1
    silence: float = 0.6
    threshold: float = 0.5

    @classmethod
    def of(cls, detection: AutomaticActivityDetection | None, profile: Profile) -> VadSettings:
        """Settings of a session: what it asks for, else what the model family does by default.

        `prefixPaddingMs` is "the required duration of detected speech before start-of-speech is committed"
        (API reference), `silenceDurationMs` the silence before an end.
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

    @property
    def suspects(self) -> bool:
        """Whether what it hears is speech, or may turn out to be."""
        return self.speaking or self._run_start is not None

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
