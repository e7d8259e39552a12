"""The API's 30 voice names on the one offline voice: pitch and pace variants, not 30 voices.

hibari carries a single voice in its wheel. Each name gets its own pitch (a resampling, so that a low voice is
also a
larger one) and its own pace, leaning on how the API's documentation describes it ("Bright", "Gravelly", …).
"""

from __future__ import annotations

from typing import NamedTuple

NOTE = "a pitch and pace variant of one offline demo voice — not Gemini's"


class Voice(NamedTuple):
    """How a named voice departs from the model's own: factors of pitch and of pace."""

    name: str
    pitch: float
    rate: float

    def __str__(self) -> str:
        return f"{self.name}: {NOTE} (pitch ×{self.pitch:g}, pace ×{self.rate:g})"


DEFAULT = Voice("offline demo voice", 1.0, 1.0)
VOICES: dict[str, Voice] = {
    name.lower(): Voice(name, pitch, rate)
    for name, pitch, rate in (
        ("Zephyr", 1.06, 1.05),  # bright
        ("Puck", 0.86, 1.08),  # upbeat
        ("Charon", 0.78, 1.00),  # informative
        ("Kore", 1.00, 1.00),  # firm
        ("Fenrir", 0.82, 1.12),  # excitable
        ("Leda", 1.12, 1.02),  # youthful
        ("Orus", 0.80, 0.97),  # firm
        ("Aoede", 1.03, 0.98),  # breezy
        ("Callirrhoe", 0.98, 0.94),  # easy-going
        ("Autonoe", 1.08, 1.00),  # bright
        ("Enceladus", 0.77, 0.92),  # breathy
        ("Iapetus", 0.83, 1.00),  # clear
        ("Umbriel", 0.81, 0.94),  # easy-going
        ("Algieba", 0.79, 0.96),  # smooth
        ("Despina", 0.97, 0.97),  # smooth
        ("Erinome", 1.02, 1.03),  # clear
        ("Algenib", 0.75, 0.95),  # gravelly
        ("Rasalgethi", 0.84, 1.03),  # informative
        ("Laomedeia", 1.09, 1.07),  # upbeat
        ("Achernar", 1.05, 0.92),  # soft
        ("Alnilam", 0.82, 1.04),  # firm
        ("Schedar", 0.85, 0.98),  # even
        ("Gacrux", 0.93, 0.96),  # mature
        ("Pulcherrima", 1.01, 1.06),  # forward
        ("Achird", 0.87, 1.01),  # friendly
        ("Zubenelgenubi", 0.80, 1.05),  # casual
        ("Vindemiatrix", 0.95, 0.93),  # gentle
        ("Sadachbia", 0.88, 1.10),  # lively
        ("Sadaltager", 0.83, 0.95),  # knowledgeable
        ("Sulafat", 0.96, 1.01),  # warm
    )
}


def voice(name: str | None) -> Voice:
    """The variant for a `voiceName` of the API in any case, or the plain offline voice for any other name.

    Example:
        >>> print(voice("puck"))
        Puck: a pitch and pace variant of one offline demo voice — not Gemini's (pitch ×0.86, pace ×1.08)
    """
    return VOICES.get((name or "").lower(), DEFAULT)
