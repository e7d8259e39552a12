"""What the model remembers and what it costs: the history and its tokens, as usageMetadata counts them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gemini_live_nb.protocol.client import Setup
from gemini_live_nb.protocol.content import Content

AUDIO_TOKENS_PER_SECOND = 25
"""Each way; Google's best-practices page. Measured on 3.8: 124 tokens for 4.74 s."""
IMAGE_TOKENS = 258
IMAGE_TOKENS_BY_RESOLUTION = {"MEDIA_RESOLUTION_LOW": 64, "MEDIA_RESOLUTION_MEDIUM": 256}


def text_tokens(text: str) -> int:
    """Tokens of a text, roughly: words and punctuation marks."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def audio_tokens(seconds: float) -> int:
    """Tokens of so much sound."""
    return round(seconds * AUDIO_TOKENS_PER_SECOND)


def image_tokens(setup: Setup) -> int:
    """Tokens of one picture at the session's media resolution."""
    generation = setup.generation_config
    return IMAGE_TOKENS_BY_RESOLUTION.get((generation and generation.media_resolution) or "", IMAGE_TOKENS)


Tokens = Counter[str]
"""Tokens by modality: TEXT, AUDIO, IMAGE, VIDEO."""


@dataclass(slots=True)
class Context:
    """The history with the tokens of each entry. `history` is the list a brain sees; both lists keep step."""

    history: list[Content] = field(default_factory=list)
    costs: list[Tokens] = field(default_factory=list)
    loose: Tokens = field(default_factory=Counter)
    """Tokens that belong to no entry yet: video seen since the last one of the user."""
    dropped: int = 0
    """Entries the sliding window has let go of so far."""

    def add(self, content: Content, **tokens: int) -> None:
        """Append what was said, with its tokens by modality."""
        cost: Tokens = Counter({modality.upper(): count for modality, count in tokens.items() if count})
        if content.role == "user":
            cost.update(self.loose)
            self.loose.clear()
        self.history.append(content)
        self.costs.append(cost)

    def prompt(self, setup: Setup) -> Tokens:
        """Tokens of everything the model reads for its next answer: it is all counted again each turn."""
        total: Tokens = Counter({"TEXT": _setup_tokens(setup)})
        for cost in (*self.costs, self.loose):
            total.update(cost)
        return total

    def listed(self, prompt: Tokens, setup: Setup) -> Tokens:
        """What the details show of these tokens where typed text is in the totals alone."""
        return Counter({**prompt, "TEXT": min(prompt["TEXT"], _setup_tokens(setup))})

    def compress(self, setup: Setup, window: int) -> int:
        """Slide the window if the session asked for it and it is full; returns how many entries went.

        The trigger defaults to 80 % of the model's window, the target to half the trigger; what stays begins
        at a user turn, and the system instruction always stays.
        """
        config = setup.context_window_compression
        if config is None:
            return 0
        trigger = config.trigger_tokens or window * 4 // 5
        sliding = config.sliding_window
        target = sliding.target_tokens if sliding and sliding.target_tokens is not None else trigger // 2
        total = self.prompt(setup).total()
        if total <= trigger:
            return 0
        first = 0
        while first < len(self.costs) and (total > target or self.history[first].role != "user"):
            total -= self.costs[first].total()
            first += 1
        del self.history[:first], self.costs[:first]
        self.dropped += first
        return first


def _setup_tokens(setup: Setup) -> int:
    instruction = setup.system_instruction
    words = sum(text_tokens(part.text or "") for part in (instruction.parts or ())) if instruction else 0
    declared = [f for tool in setup.tools or () for f in tool.function_declarations or ()]
    return words + sum(text_tokens(msgspec.json.encode(function).decode()) for function in declared)


def usage(
    prompt: Tokens,
    response: Tokens,
    *,
    thoughts: int,
    vertex: bool,
    listed: tuple[Tokens, Tokens] | None = None,
) -> dict[str, Any]:
    """The `usageMetadata` of one response. Thoughts lie outside the total, as recorded.

    Args:
        prompt: tokens read.
        response: tokens made.
        thoughts: tokens thought.
        vertex: the Vertex names.
        listed: what of the two the details show; all if not given.
    """
    said = "candidates" if vertex else "response"
    shown, made = listed or (prompt, response)
    counts: dict[str, Any] = {
        "promptTokenCount": prompt.total(),
        f"{said}TokenCount": response.total(),
        "totalTokenCount": prompt.total() + response.total(),
        "promptTokensDetails": _details(shown),
        f"{said}TokensDetails": _details(made, zeros=vertex),
        "thoughtsTokenCount": thoughts,
    }
    return {name: value for name, value in counts.items() if value}


def _details(tokens: Mapping[str, int], *, zeros: bool = False) -> list[dict[str, Any]]:
    # A count of 0 is a default, and left out: Vertex lists AUDIO alone where nothing was spoken.
    return [
        {"modality": modality, "tokenCount": count} if count else {"modality": modality}
        for modality, count in tokens.items()
        if count or zeros
    ]
