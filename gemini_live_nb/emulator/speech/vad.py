"""Voice activity by Silero's model (MIT): is somebody speaking, decided 31 times a second."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from ..brain import INPUT_RATE, Int16
from .parts import DATA, onnx

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FRAME = 512
"""Samples the model looks at in one step (32 ms)."""
CONTEXT = 64
"""Samples of the frame before that it wants to see again."""
LEAST = 3
"""Frames with a voice in them that make a sound worth recognising."""


@functools.cache
def _model() -> InferenceSession:
    return onnx(DATA / "silero_vad" / "silero_vad_16k_op15.onnx", "voice activity detection")


class SileroScorer:
    """The model with its memory of one sound stream; what `emulator.vad.VoiceActivity` takes as its scorer.

    Raises:
        PartMissing: onnxruntime or the model file cannot be loaded.
    """

    frame = FRAME

    def __init__(self) -> None:
        self._model = _model()
        self._rate = np.array(INPUT_RATE, np.int64)
        self._state = np.zeros((2, 1, 128), np.float32)
        self._input = np.zeros((1, CONTEXT + FRAME), np.float32)

    def score(self, frame: Int16) -> float:
        """Probability (0 to 1) that `frame` (int16, 16 kHz, shape (512,)) is speech. Takes about 0.1 ms."""
        self._input[0, :CONTEXT] = self._input[0, -CONTEXT:]
        self._input[0, CONTEXT:] = frame / np.float32(32_768)
        probability, state = self._model.run(
            None, {"input": self._input, "state": self._state, "sr": self._rate}
        )
        self._state = np.asarray(state)
        return float(np.asarray(probability)[0, 0])


def voiced(audio: Int16) -> range | None:
    """Which samples of `audio` (int16, 16 kHz) hold voices, first to last; `None` if nobody speaks."""
    score = SileroScorer().score
    frames = [at for at in range(0, len(audio) - FRAME + 1, FRAME) if score(audio[at : at + FRAME]) > 0.5]
    return range(frames[0], frames[-1] + FRAME) if len(frames) >= LEAST else None
