"""Words to play with: repeat, spell, count, letters, chance."""

from __future__ import annotations

import re
from fractions import Fraction

from .numbers import find, spoken
from .scene import Intent, Scene, intent, listed
from .words import words

MOST = 100
"""Numbers counted out loud at most."""


_NOT_TO_REPEAT = re.compile(
    r"(?:that|it|this|yourself|what (?:you|i) (?:just )?said|my (?:first|last|previous) \w+"
    r"|something(?: \w+)*|anything|your name|my name)(?: again)?|.* (?:backwards?|in reverse)",
    re.IGNORECASE,
)
"""What is no text to say after the user, but another request."""


def _quoted(text: str) -> str:
    return text.strip().strip("\"'").strip().rstrip(".!?") or text


def _repeat(scene: Scene) -> str | None:
    said = _quoted(scene.groups["what"])
    if _NOT_TO_REPEAT.fullmatch(said):
        return None
    return said[:1].upper() + said[1:] + "."


def _again(scene: Scene) -> str:
    return scene.memory.said[-1] if scene.memory.said else "I have not said anything yet."


def _spell(scene: Scene) -> str | None:
    word = _quoted(scene.groups["word"])
    if word.lower() == "your name":
        return "I have no name of my own to spell: I am the offline demo voice."
    if word.lower() in ("my name", "it", "that"):
        word = scene.memory.name if word.lower() == "my name" else ""
    if not word:
        return "Which word shall I spell? I do not know it yet."
    letters = [letter.upper() for letter in word if letter.isalnum()]
    if "backward" in scene.text.lower() or "reverse" in scene.text.lower():
        letters.reverse()
        return f"{word} backwards is {', '.join(letters)}."
    return f"{word} is spelled {', '.join(letters)}."


def _backwards(scene: Scene) -> str:
    word = _quoted(scene.groups["word"])
    return f"{word} backwards is {word[::-1].lower()}."


def _count(scene: Scene) -> str | None:
    low = [re.sub(r"(?<=[a-z]{3})s$", "", word.low) for word in words(scene.text)]
    numbers = find(low)
    if not numbers or any(number.value.denominator != 1 for number in numbers):
        return None
    steps = [number for number in numbers if number.start and low[number.start - 1] in ("by", "of", "in")]
    ends = [int(number.value) for number in numbers if number not in steps]
    step = abs(int(steps[0].value)) if steps else 1
    if not ends or not step:
        return "I cannot count in steps of zero." if ends else None
    down = bool({"down", "countdown", "backward"} & set(low))
    first, last = (ends[0], ends[1]) if len(ends) > 1 else (ends[0], 1) if down else (step, ends[0])
    if down and first < last:
        first, last = last, first
    counted = list(range(first, last + (1 if last >= first else -1), step if last >= first else -step))
    told = listed([spoken(Fraction(number)) for number in counted[:MOST]])
    return f"{told}." if len(counted) <= MOST else f"{told}. I stop here: that is {MOST} numbers."


def _how_many_letters(scene: Scene) -> str | None:
    if not scene.groups["kind"] and not re.search(r"\bword\b", scene.text):
        return None
    text, kind = _quoted(scene.groups["text"]), scene.groups["kind"].lower() or "letters"
    vowels = sum(letter in "aeiou" for letter in text.lower())
    letters = sum(letter.isalpha() for letter in text)
    size = {"vowels": vowels, "consonants": letters - vowels}.get(kind, letters)
    return f"{text} has {size} {kind if size != 1 else kind.removesuffix('s')}."


def _how_often(scene: Scene) -> str:
    letter, text = scene.groups["letter"][0], _quoted(scene.groups["text"])
    times = text.lower().count(letter.lower())
    return (
        f"The letter {letter.upper()} is {f'{times} times' if times != 1 else 'once'} in {text}."
        if times
        else f"There is no {letter.upper()} in {text}."
    )


def _how_many_words(scene: Scene) -> str:
    size = len(words(_quoted(scene.groups["text"])))
    return f"That is {size} word{'s' if size != 1 else ''}."


def _roll(scene: Scene) -> str:
    numbers = [
        int(number.value) for number in find([word.low for word in words(scene.text)]) if number.value >= 1
    ]
    sides = next((number for number in numbers if number > 3), 6)
    count = min(next((number for number in numbers if number <= 3), 1), 3)
    rolls = [str(scene.rng.randint(1, sides)) for _ in range(count)]
    return f"I rolled {listed(rolls)}."


def _flip(scene: Scene) -> str:
    return f"It is {scene.rng.choice(('heads', 'tails'))}."


def _random(scene: Scene) -> str:
    values = sorted(int(number.value) for number in find([word.low for word in words(scene.text)]))[-2:]
    low, high = (values[0], values[-1]) if len(values) > 1 else (1, values[0] if values else 100)
    return f"My number between {low} and {high} is {scene.rng.randint(min(low, high), max(low, high))}."


def _parity(scene: Scene) -> str | None:
    numbers = find([word.low for word in words(scene.text)])
    if not numbers or numbers[0].value.denominator != 1:
        return None
    value, asked = int(numbers[0].value), scene.groups["what"].lower()
    if asked == "prime":
        true = (
            value > 1 and value < 10**10 and all(value % factor for factor in range(2, int(value**0.5) + 1))
        )
        return f"{'Yes' if true else 'No'}, {value} is {'' if true else 'not '}a prime number."
    kind = "odd" if value % 2 else "even"
    return f"{'Yes' if kind == asked else 'No'}, {value} is {kind}."


def _compare(scene: Scene) -> str | None:
    values = [number.value for number in find([word.low for word in words(scene.text)])]
    if len(values) != 2:
        return None
    first, second = values
    if first == second:
        return f"They are the same: {spoken(first)}."
    return f"{spoken(max(values))} is more than {spoken(min(values))}."


REPEAT = intent(
    "repeat after me",
    _repeat,
    r"^(?:repeat|say)(?: me| after me| back(?: to me)?| the following| the words?| the sentence| this|"
    r" aloud| out loud"
    r"| exactly)*[\s,:]+(?P<what>.+)$",
)
"""Its row is asked before the user's functions: whatever is to be repeated is no request."""

INTENTS: tuple[Intent, ...] = (
    REPEAT,
    intent(
        "say it again",
        _again,
        r"\b(?:repeat (?:that|it|yourself)|say (?:that|it) (?:again|once more)|come again|once more)\b",
        r"\bwhat did you (?:just )?say\b|^pardon\b|^(?:repeat|again)$",
    ),
    intent(
        "spell",
        _spell,
        r"\b(?:spell|spelling of|spelled)(?: out)?(?: the)?(?: word| name)? (?P<word>[\w'\" -]+?)"
        r"(?: backwards?| in reverse| spelled)?$",
    ),
    intent("count", _count, r"\bcount(?:down)?\b(?! the (?:letters|vowels|consonants|words))"),
    intent(
        "backwards",
        _backwards,
        r"\b(?:say |what is )?(?:the word )?(?P<word>[\w'\" ]+?) (?:spelled )?backwards?$",
    ),
    intent("reverse", _backwards, r"\breverse (?:the word )?(?P<word>[\w'\" ]+)$"),
    intent(
        "how often a letter",
        _how_often,
        r"\bhow (?:many|often) (?:times )?(?:is |does )?(?:the )?(?:letters? )?(?P<letter>[a-z])(?:'?s)?"
        r"(?: (?:are there|are|appears?|occurs?|is))? in (?:the word )?(?P<text>[\w' -]+)$",
    ),
    intent(
        "how many letters",
        _how_many_letters,
        r"\b(?:how many|count the|how long)(?: (?P<kind>letters|vowels|consonants))?"
        r"(?: are| is)?(?: there)?(?: in)?(?: does)?(?: the)?(?: word)? (?P<text>[\w' -]+?)"
        r"(?: have| has| contain)?$",
    ),
    intent(
        "how many words",
        _how_many_words,
        r"\bhow many words (?:are )?(?:there )?in (?:the sentence )?:?\s*(?P<text>.+)$",
    ),
    intent("dice", _roll, r"\b(?:roll|throw)\b.*\b(?:dice|die|d\d+)\b"),
    intent("coin", _flip, r"\b(?:flip|toss|throw)\b.*\bcoin\b", r"\bheads or tails\b"),
    intent("random number", _random, r"\b(?:random number|(?:pick|choose|think of) a number)\b"),
    intent("odd or even", _parity, r"\bis (?:the number )?[\w .,-]+? (?:an? )?(?P<what>odd|even|prime)\b"),
    intent(
        "compare",
        _compare,
        r"\b(?:greater|bigger|larger|smaller|less|more) than\b",
        r"\bwh(?:ich|at) (?:is|number is) (?:the )?(?:greater|bigger|larger|smaller|more|less)",
    ),
)
