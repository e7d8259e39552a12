"""The table of intents, top to bottom: the first row that matches and has an answer wins."""

from __future__ import annotations

import re

from . import almanac, languages, play, recall, see, smalltalk, sums, tales, units
from .scene import Intent, Scene, intent

UNKNOWN = (
    "I do not know that. I am the offline demo voice, with a few simple skills and no knowledge of the world."
    " Ask me what I can do."
)
UNKNOWN_AGAIN = "I do not know that either."
CANNOT = "I cannot do that by myself, and you have declared no function for it."
_QUESTION = re.compile(
    r"(?:what|who|whom|whose|where|when|which|how|why|is|are|was|were|do|does|did|has|have|can|could|will|would|should"
    r"|tell me|explain)\b|.*\?$",
    re.IGNORECASE,
)


def _sum(scene: Scene) -> str | None:
    result = sums.answer(scene.text, lambda name: recall.known_number(scene.memory, name))
    if not result:
        return None
    said, value = result
    scene.memory.result = value if value is not None else scene.memory.result
    return said


TABLE: tuple[Intent, ...] = (
    play.REPEAT,
    recall.LEARN,
    intent("sum", _sum, r""),
    recall.KNOWN,
    *languages.INTENTS,
    *units.INTENTS,
    *almanac.INTENTS,
    *play.INTENTS,
    *tales.INTENTS,
    *smalltalk.ABOUT,
    *see.INTENTS,
    *recall.INTENTS,
    *smalltalk.COURTESY,
    recall.TOLD,
)


def answer(scene: Scene) -> str | None:
    """Answer one sentence from the table; `None` if no row has an answer."""
    if language := languages.foreign(scene.text):
        return languages.sorry(language)
    for row in TABLE:
        if match := row.pattern.search(scene.text):
            scene.groups = match.groupdict("")
            if said := row.answer(scene):
                return said
    return None


def unknown(scene: Scene) -> str:
    """What is said when nothing fits: the first time with a hint, then short."""
    if not _QUESTION.match(scene.text) and len(scene.text.split()) > 1:
        return CANNOT
    return UNKNOWN_AGAIN if UNKNOWN in scene.memory.said[-3:] else UNKNOWN
