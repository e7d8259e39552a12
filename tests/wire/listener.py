"""A brain that keeps what it was asked, and an answer long enough to be cut."""

from __future__ import annotations

import numpy as np

from gemini_live_nb.emulator import Brain, Heard, Say

LONG = Say(
    "This is a long answer, and it goes on and on until somebody says a word.", np.zeros(5 * 24000, np.int16)
)


class Listener(Brain):
    """Keeps what it was asked, and answers briefly."""

    def __init__(self, answer=None):
        self.asks = []
        self.talks = []
        self.answer = answer or Say("Yes.")

    async def reply(self, ask, talk):
        self.asks.append(ask)
        self.talks.append(talk)
        if ask.kind == "speech":
            yield Heard("something")
        yield self.answer
