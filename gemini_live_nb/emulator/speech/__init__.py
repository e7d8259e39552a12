"""The offline demo voice — not Gemini: speech in, rules (or your own local model) in between, speech out.

No key, no download, no torch: three small permissive models on numpy and onnxruntime. `SpeechBrain` is the
one name
the emulator needs; every part loads on first use and is shared by all sessions of the process.
"""

from __future__ import annotations

from .brain import SpeechBrain
from .parts import PartMissing, Parts

__all__ = ["PartMissing", "Parts", "SpeechBrain"]
