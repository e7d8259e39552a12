"""Sentences as the rules read them: contractions written out, politeness taken off, words stemmed."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

_CONTRACTIONS = (
    (r"\b(what|who|where|when|how|that|there|here|it|he|she)'s\b", r"\1 is"),
    (r"\blet's\b", "let us"),
    (r"\bto-do\b", "todo"),
    (r"\bi'm\b", "I am"),
    (r"\b(you|we|they|what)'re\b", r"\1 are"),
    (r"\b(i|you|we|they)'ve\b", r"\1 have"),
    (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\b(i|you|we|they|he|she)'d\b", r"\1 would"),
    (r"\bcan't\b", "cannot"),
    (r"\bwon't\b", "will not"),
    (r"\b(do|does|did|is|are|was|were|have|has|had|would|could|should)n't\b", r"\1 not"),
)
_OPENERS = re.compile(
    r"(?:(?:so|well|okay|ok|alright|right|now|then|and|but|um+|uh+|er+|hmm+|please|hey|actually|great|cool|nice|just|also"
    r"|excuse me|sorry|by the way|one more thing|i wonder|listen|oh)\b[\s,.!:–-]*)+(?=\w)",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"(?:(?:can|could|would|will) you (?:please |kindly |just |maybe |also )?(?:tell me |let me know |say"
    r" to me )?"
    r"|would you mind |(?:please )?(?:tell|show|give) me (?:please"
    r" )?(?=(?:what|who|where|when|how|which|why)\b)"
    r"|do you (?:happen to )?know (?=(?:what|who|where|when|how|which|why|if|my)\b)"
    r"|i (?:would|'d) (?:like|love) (?:you )?to (?:know )?|i want (?:you )?to (?:know )?|i need (?:you"
    r" )?to (?:know )?"
    r"|please |kindly |go ahead and )(?=\w)",
    re.IGNORECASE,
)
_CLOSERS = re.compile(
    r"[\s,]*\b(?:please|thanks|thank you|for me|if you can|would you|can you|will you|right"
    r" now|now)[\s.!?]*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_JOIN = re.compile(
    r",?\s+and (?:then |also )?"
    r"(?=(?:what|who|where|when|how|which|tell|count|spell|repeat|say|remember|roll|flip)\b)"
    r"|\s+and my name is (?=\w)|,\s+(?=(?:what|who|how|my name) (?:is|are|do|can|many|much)\b)"
    r"|(?<=hello)(?: there)?,\s+|(?<=hi)(?: there)?,\s+|(?<=hey)(?: there)?,\s+",
    re.IGNORECASE,
)
_SUPPOSES = re.compile(r"(?:so |okay |well )*(?:if|suppose)\b", re.IGNORECASE)
_TELLS = re.compile(r"(?:i|my)\b", re.IGNORECASE)
_TOLD = re.compile(
    r"(?:,\s+and|,|\s+and)\s+(?=(?:i (?:am|was|live|like|love|have|work|play)|my [\w ]+ (?:is|are))\b)",
    re.IGNORECASE,
)


def word_set(text: str) -> frozenset[str]:
    """The words of `text`, which are apart by spaces."""
    return frozenset(text.split())


STOP = word_set(
    "a an the this that these those is are was were be been am do does did done doing have has had having"
    " will would can could shall should may might must i me my mine myself you your yours we us our it"
    " its he she they them his her their and or but if then than so as of in on at to for from by with"
    " about into onto over up down out off not no yes what who whom which where when why how please"
    " thanks thank some any all each very just also too there here now today let want need like much many"
    " more most one ones tell say said get got give make put take go going come us okay ok hello hi hey"
)
"""Words that say nothing about which function is meant."""


_WORD = re.compile(
    r"\d+:\d\d|\d{4}-\d\d-\d\d|(?:[^\W\d_]+[\d_]|\d+[^\W\d_])[\w-]*|\d+(?:,\d{3})*(?:\.\d+)?|\.\d+"
    r"|[^\W\d_]+(?:['.@-][^\W\d_]+)*|[%+*/^×÷=-]"
)


class Word(NamedTuple):
    """One word of a sentence: as written, in lower case, and from where to where it stands."""

    text: str
    low: str
    start: int
    end: int


def straight(text: str) -> str:
    """`text` with straight quotes, single spaces and contractions written out.

    Example:
        >>> straight("What’s  7 − 2?")
        'What is 7 - 2?'
    """
    for old, new in (
        ("\u2019", "'"),
        ("\u2018", "'"),
        ("\u201c", '"'),
        ("\u201d", '"'),
        ("\u2212", "-"),
        ("\u2013", "-"),
    ):
        text = text.replace(old, new)
    for pattern, replacement in _CONTRACTIONS:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return " ".join(text.split())


def plain(sentence: str) -> str:
    """A sentence without what people put around it: "So, could you please …" and the full stop.

    Example:
        >>> plain("Okay, could you please tell me what time it is, please?")
        'what time it is'
    """
    text = straight(sentence)
    while True:
        shorter = text
        for pattern in (_OPENERS, _POLITE):
            if found := pattern.match(shorter):
                shorter = shorter[found.end() :]
        shorter = _CLOSERS.sub("", shorter) if len(shorter.split()) > 2 else shorter
        if shorter == text or not shorter:
            return text.rstrip(" .!?,;:")
        text = shorter


def sentences(text: str) -> list[str]:
    """What was said, request by request: at full stops and where a new request is joined on with "and".

    Example:
        >>> sentences("Hello. Spell cat and tell me what time it is")
        ['Hello.', 'Spell cat', 'tell me what time it is']
    """
    parts = [
        part
        for sentence in _SENTENCE.split(straight(text))
        for part in (_JOIN.split(sentence) if not _SUPPOSES.match(sentence) else [sentence])
        if part
    ]
    return [one for part in parts for one in (_TOLD.split(part) if _TELLS.match(part) else [part])]


def words(text: str) -> list[Word]:
    """The words and numbers of `text`, in order; signs are words of their own.

    Example:
        >>> [word.low for word in words("Is it 3.5% of $1,200?")]
        ['is', 'it', '3.5', 'percent', 'of', '1200']
    """
    found = []
    for match in _WORD.finditer(text):
        low = match[0].lower()
        low = "percent" if low == "%" else low.replace(",", "")
        low = re.sub(r"^(\d+)(?:st|nd|rd|th)$", r"\1", low)
        found.append(Word(match[0], low, match.start(), match.end()))
    return found


@functools.cache
def stem(word: str) -> str:
    """A word without its common endings, so that "lights", "lighting" and "light" are one.

    Example:
        >>> stem("cities"), stem("booking"), stem("dimmed")
        ('city', 'book', 'dim')
    """
    word = word.lower().removesuffix("'s")
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("ss", "us", "is")):
            word = word[: len(word) - len(ending)] + instead
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def name_words(name: str) -> list[str]:
    """The words of an identifier: `getWeather_now` → get, weather, now."""
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]
