"""Text to speech: hibari-tts (Apache-2.0), 24 kHz, 60 to 80 times faster than real time on one thread."""

from __future__ import annotations

import importlib
import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

from ..brain import OUTPUT_RATE, Int16
from .parts import PartMissing
from .voices import Voice, voice

if TYPE_CHECKING:
    from hibari import Hibari

LONG = 90
"""Characters: a sentence longer than this is spoken clause by clause, so that its first sound comes early."""
_SENTENCE = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=\S)")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+")
_NOT_AN_END = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|approx|[A-Z])\.$")


class Synthesiser:
    """Speaks English. Thread-safe; one instance serves all voices of the process.

    Raises:
        PartMissing: hibari-tts or onnxruntime cannot be loaded.
    """

    def __init__(self) -> None:
        try:
            hibari = importlib.import_module("hibari")
            self._model: Hibari = hibari.Hibari(threads=1)
        except ImportError as error:
            raise PartMissing("speech synthesis", f"hibari-tts cannot be imported: {error}") from error
        except Exception as error:  # the model file is onnxruntime's to refuse, with classes of its own
            raise PartMissing("speech synthesis", f"hibari-tts does not load: {error}") from error
        self("Hello there.")

    def __call__(self, text: str, speaker: Voice | None = None) -> Int16:
        """`text` as sound: int16 mono, 24 kHz, shape (n,); always the same for the same text and voice."""
        speaker = speaker or voice(None)
        seed = zlib.crc32(text.encode())
        sound = self._model(speakable(text), speed=speaker.rate / speaker.pitch, seed=seed)
        if speaker.pitch != 1.0 and len(sound):
            import soxr

            sound = soxr.resample(sound, OUTPUT_RATE * speaker.pitch, OUTPUT_RATE)
        samples: Int16 = (np.clip(sound, -1.0, 1.0) * 32_767.0).astype(np.int16)
        return samples


def clauses(text: str) -> list[str]:
    """`text` in pieces to be spoken one after the other: sentences, and long sentences at their commas.

    Example:
        >>> clauses("Yes. It is noon, Dr. Who.")
        ['Yes.', 'It is noon, Dr. Who.']
    """
    found: list[str] = []
    for part in _SENTENCE.split(text.strip()):
        if found and _NOT_AN_END.search(found[-1]):
            found[-1] += f" {part}"
        elif part:
            found.append(part)
    return [clause for sentence in found for clause in _split(sentence)]


def _split(sentence: str) -> list[str]:
    if len(sentence) <= LONG:
        return [sentence]
    clauses = [""]
    for part in _CLAUSE.split(sentence):
        if clauses[-1] and len(clauses[-1]) + len(part) > LONG:
            clauses.append("")
        clauses[-1] = f"{clauses[-1]} {part}".strip()
    return clauses


def speakable(text: str) -> str:
    """`text` without what cannot be read aloud: markup, links, pictures."""
    text = re.sub(r"https?://(\S+?)(?=[.,;:!?]?(?:\s|$))", "a link", text)
    text = re.sub(r"(?<=[a-z])\.(?=[a-z])", " dot ", text)
    text = re.sub(r"[*_`#<>{}\[\]|\\^~]+", " ", text)
    return " ".join(re.sub(r"[\U00010000-\U0010ffff\u2600-\u27bf]", " ", text).split())
