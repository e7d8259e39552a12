"""A story and some jokes of its own: something to listen to, and long enough to be interrupted."""

from __future__ import annotations

import re

from .scene import Intent, Scene, intent

STORY = (
    "Once upon a time there was a lighthouse keeper who counted waves."
    " Every evening she wrote the number in a blue book, and every morning the sea had washed it away again."
    " Her neighbors laughed: the waves come and go, they said, why count them?"
    " But she liked the quiet of it, one wave after the other, and never two alike."
    " One night there was a storm, and the lamp of the lighthouse went out."
    " A small boat was out there, and it could not see the rocks."
    " The keeper opened her window and began to count the waves aloud, as she did every evening."
    " The sailors heard her voice, and steered by it, wave by wave, until they were in the harbor."
    " In the morning the number was still in the book. The sea had left it there."
    " That is the end of the story."
)
JOKES = (
    "Why did the socket blush? It saw the server's handshake.",
    "I would tell you a joke about a dropped frame, but you might not get it.",
    "There are ten kinds of people: those who read binary, and those who do not.",
)


def _story(scene: Scene) -> str:
    about = scene.groups["about"]
    if about and not re.search(
        r"\b(?:sea|ocean|wave|lighthouse|boat|storm|sailor)s?\b", about, re.IGNORECASE
    ):
        return f"I know only one story, and it is about a lighthouse and the sea. {STORY}"
    return STORY


INTENTS: tuple[Intent, ...] = (
    intent(
        "story",
        _story,
        r"\b(?:tell|read|know|want|hear|another|give)\b.*\b(?:story|(?:fairy ?)?tale)\b"
        r"(?: about (?P<about>.+))?",
        r"^(?:a )?(?:long |short |bedtime )?story$",
    ),
    intent(
        "joke",
        lambda scene: scene.rng.choice(JOKES),
        r"\bjokes?\b|\bmake me laugh\b|\b(?:something|anything) funny\b",
    ),
)
