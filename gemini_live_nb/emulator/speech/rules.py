"""What the rules answer to a whole request: words, calls of the user's functions, or both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ..brain import Call
from . import call, intents, play, recall
from .choose import named
from .scene import Memory, Scene
from .words import plain, sentences

if TYPE_CHECKING:
    from random import Random

    from ...protocol.content import FunctionDeclaration

_NEVER_MIND = re.compile(
    r"^(?:never ?mind|cancel(?: (?:it|that))?|forget (?:it|about it)|stop|no(?:thing)?|none)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Words to say, then calls to make; either may be empty."""

    words: str = ""
    calls: tuple[Call, ...] = ()


class Rules:
    """The rules at work on one request of one conversation.

    Args:
        memory: what the conversation knows; changed by what is said.
        functions: the functions the user declared.
        now: local time.
        rng: the session's seeded chance.
    """

    def __init__(
        self, memory: Memory, functions: Mapping[str, FunctionDeclaration], now: datetime, rng: Random
    ) -> None:
        self._memory, self._functions, self._now, self._rng = memory, functions, now, rng

    def reply(self, request: str) -> Reply:
        """Answer a request of one or more sentences."""
        self._memory.heard.append(request)
        if self._memory.pending:
            answered = self._pending(request)
            if answered:
                return self._kept(answered)
        parts = sentences(request)
        said: list[str] = []
        calls: tuple[Call, ...] = ()
        for part in parts:
            made = self._called(part, request if len(parts) > 1 else part)
            if isinstance(made, tuple):
                calls += tuple(one for one in made if one not in calls)
                continue
            answer = made or intents.answer(self._scene(part))
            if not answer and (further := call.goes_on(part, self._functions, self._memory, self._now)):
                calls += further
            if answer and answer not in said:
                said.append(answer)
        if not said and not calls:
            said = [intents.unknown(self._scene(request))]
        return self._kept(Reply(" ".join(capital(words) for words in said), calls))

    def _kept(self, reply: Reply) -> Reply:
        if reply.words:
            self._memory.said.append(reply.words)
        return reply

    def _scene(self, sentence: str) -> Scene:
        return Scene(plain(sentence), self._memory, self._now, self._rng, dict(self._functions))

    def _called(self, sentence: str, request: str) -> tuple[Call, ...] | str | None:
        """Calls for a sentence; where one lacks an argument, the whole request may have it."""
        scene = self._scene(sentence)
        if any(row.pattern.search(scene.text) for row in (play.REPEAT, recall.LEARN)) and not named(
            sentence, self._functions
        ):
            return None
        made = call.request_call(sentence, self._functions, self._memory, self._now)
        if isinstance(made, str) and request != sentence:
            whole = call.request_call(request, self._functions, self._memory, self._now)
            return whole or made
        return made

    def _pending(self, request: str) -> Reply | None:
        """The answer to "which …?"; `None` if the user has gone on to something else."""
        pending = self._memory.pending
        declaration = self._functions.get(pending.function) if pending else None
        asked = call.asked(declaration, pending) if declaration and pending else None
        self._memory.pending = None
        if not pending or not declaration or not asked:
            return None
        if _NEVER_MIND.match(plain(request)) and asked.kind != "boolean":
            return Reply("All right, I will not do it.")
        if self._gone_on(request, declaration):
            return None
        found = call.answer_pending(request, declaration, pending, asked, self._now)
        if not found:
            return None
        made = call.complete(declaration, pending.args | found, self._memory)
        return Reply(calls=made) if isinstance(made, tuple) else Reply(made)

    def _gone_on(self, request: str, pending: FunctionDeclaration) -> bool:
        """Whether a request is a new one: a whole call, a call of another function, another question."""
        fresh = call.choose(request, self._functions, self._now)
        if fresh and (fresh[0] is not pending or not call.missing(*fresh)):
            return True
        return request.rstrip().endswith("?") and intents.answer(self._scene(request)) is not None


def capital(text: str) -> str:
    """`text` with a capital first letter."""
    return text[:1].upper() + text[1:]
