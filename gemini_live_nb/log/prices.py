"""What tokens cost: a dated table to edit, and an estimate made with it.

Prices move. Look them up before you rely on a figure, and change `PRICES`, or pass `prices=`:

>>> mine = [Price("gemini-3.8-live", "2027-01-01", "contract", {("prompt", "AUDIO"): 2.5})]
>>> log.turns(prices=mine).cost_estimate.sum()                              # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

SIDES = ("prompt", "response", "thoughts", "cached", "tool_use")

# What the details of a usage snapshot leave open.
UNSTATED = "unstated"

_MOST = 2**40


class Price(NamedTuple):
    """What one family of models costs.

    Attributes:
        model: The beginning of the model's name, without `models/`.
        date: When it was looked up.
        source: Where.
        usd_per_million: US dollars for a million tokens, by side (`SIDES`) and modality (`TEXT`, `AUDIO`, …).
    """

    model: str
    date: str
    source: str
    usd_per_million: Mapping[tuple[str, str], float]


def _price(model: str, *, text: float, audio: float, video: float, says: float, speaks: float) -> Price:
    """A price of the page: dollars for a million tokens of text, sound, pictures; of text and sound made."""
    return Price(
        model,
        "2026-10-09",
        "ai.google.dev/gemini-api/docs/pricing, paid tier",
        {
            ("prompt", "TEXT"): text,
            ("prompt", "AUDIO"): audio,
            ("prompt", "IMAGE"): video,
            ("prompt", "VIDEO"): video,
            ("tool_use", "TEXT"): text,
            ("response", "TEXT"): says,
            ("response", "AUDIO"): speaks,
            ("thoughts", "TEXT"): says,
        },
    )


# The service bills the whole context again with each response (PROTOCOL.md §4.5). The page counts thinking as
# text that is made; for 2.5 it names video only, and pictures are taken to cost the same. Searches cost
# extra. Vertex has prices of its own, and is left out: no price, no guess.
PRICES: list[Price] = [
    _price("gemini-2.5-flash-native-audio", text=0.5, audio=3.0, video=3.0, says=2.0, speaks=12.0),
    _price("gemini-3.1-flash-live", text=0.75, audio=3.0, video=1.0, says=4.5, speaks=12.0),
    _price("gemini-3.8-live", text=0.75, audio=3.0, video=1.0, says=4.5, speaks=12.0),
]


def price_of(model: str, prices: Sequence[Price] | None = None) -> Price | None:
    """The price of a model, by the longest name it begins with; `None` where the table has none."""
    name = model.rsplit("/", 1)[-1]
    fitting = [price for price in (PRICES if prices is None else prices) if name.startswith(price.model)]
    return max(fitting, key=lambda price: len(price.model), default=None)


class Tokens(NamedTuple):
    """Some tokens of a response."""

    side: str
    modality: str
    number: int


def tokens(usage: Mapping[str, Any]) -> Iterator[Tokens]:
    """Take a `usageMetadata` object apart by side and modality.

    The details need not add up to the totals (PROTOCOL.md §3.1); what is left over is `unstated`. Thoughts
    have no modality on the wire and count as text.
    """
    yield from _side("prompt", usage, "promptTokenCount", "promptTokensDetails")
    response = "response" if "responseTokenCount" in usage else "candidates"
    details = "responseTokensDetails" if "responseTokensDetails" in usage else "candidatesTokensDetails"
    yield from _side("response", usage, response + "TokenCount", details)
    thoughts = _count(usage.get("thoughtsTokenCount"))
    if thoughts:
        yield Tokens("thoughts", "TEXT", thoughts)
    yield from _side("cached", usage, "cachedContentTokenCount", "cacheTokensDetails")
    yield from _side("tool_use", usage, "toolUsePromptTokenCount", "toolUsePromptTokensDetails")


def _side(side: str, usage: Mapping[str, Any], total: str, details: str) -> Iterator[Tokens]:
    left = _count(usage.get(total))
    for detail in usage.get(details) or ():
        count = _count(detail.get("tokenCount"))
        left -= count
        if count:
            yield Tokens(side, detail.get("modality") or UNSTATED, count)
    if left > 0:
        yield Tokens(side, UNSTATED, left)


def _count(value: Any) -> int:
    # Whatever a server says, a sum of it must stay a number that pandas can hold.
    return min(max(value, 0), _MOST) if isinstance(value, int) else 0


def rate(price: Price | None, side: str, modality: str) -> float | None:
    """US dollars for a million of these tokens; `None` where the table says nothing.

    What is `unstated` counts as text. Cached tokens are within the prompt already and cost nothing more.
    """
    if price is None or side == "cached":
        return None
    named = "TEXT" if modality == UNSTATED else modality
    return price.usd_per_million.get((side, named))


def cost(usage: Mapping[str, Any], price: Price | None) -> float | None:
    """An estimate in US dollars of one response; `None` without a price for all of it."""
    total = 0.0
    for side, modality, count in tokens(usage):
        if side == "cached":
            continue
        each = rate(price, side, modality)
        if each is None:
            return None
        total += count * each / 1e6
    return total


def estimate(usages: Iterable[Mapping[str, Any]], model: str) -> str:
    """What the responses of a run cost together, in words; empty where no tokens were told of."""
    told = list(usages)
    if not told:
        return ""
    price = price_of(model)
    costs = [cost(usage, price) for usage in told]
    known = [each for each in costs if each is not None]
    if price is None or len(known) < len(costs):
        return f"cost unknown: prices.PRICES has no price for {model or 'this model'}"
    return f"about ${sum(known):.4f}, by the prices of {price.date}"
