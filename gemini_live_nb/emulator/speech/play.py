"""Words to play with: repeat, spell, count, letters, chance."""

from __future__ import annotations

import re
from fractions import Fraction

from .numbers import find, spoken
from .scene import Intent, Scene, intent, listed
from .words import words

MOST = 50
"""Numbers counted out loud at most."""


def _quoted(text: str) -> str:
    return text.strip().strip("\"'").strip().rstrip(".!?") or text


def _repeat(scene: Scene, match: re.Match[str]) -> str | None:
    said = _quoted(match["what"])
    if re.fullmatch(
        r"(?:that|it|this|yourself|what you (?:just )?said|something|anything|your name|my name)(?: again)?|.* (?:backwards?|in reverse)",
        said,
        re.IGNORECASE,
    ):
        return None
    return said[:1].upper() + said[1:] + "."


def _again(scene: Scene, match: re.Match[str]) -> str:
    return scene.memory.said[-1] if scene.memory.said else "I have not said anything yet."


def _spell(scene: Scene, match: re.Match[str]) -> str | None:
    word = _quoted(match["word"])
    if word.lower() in ("my name", "it", "that", "your name"):
        word = scene.memory.name if word.lower() == "my name" else ""
    if not word:
        return "Which word shall I spell? I do not know it yet."
    letters = [letter.upper() for letter in word if letter.isalnum()]
    if "backward" in scene.text.lower() or "reverse" in scene.text.lower():
        letters.reverse()
        return f"{word} backwards is {', '.join(letters)}."
    return f"{word} is spelled {', '.join(letters)}."


def _backwards(scene: Scene, match: re.Match[str]) -> str:
    word = _quoted(match["word"])
    return f"{word} backwards is {word[::-1].lower()}."


def _count(scene: Scene, match: re.Match[str]) -> str | None:
    low = [re.sub(r"(?<=[a-z]{3})s$", "", word.low) for word in words(scene.text)]
    numbers = find(low)
    if not numbers or any(number.value.denominator != 1 for number in numbers):
        return None
    steps = [number for number in numbers if number.start and low[number.start - 1] in ("by", "of", "in")]
    ends = [int(number.value) for number in numbers if number not in steps]
    step = abs(int(steps[0].value)) if steps else 1
    if not ends or not step:
        return "I cannot count in steps of zero." if ends else None
    down = "down" in low or "backward" in low
    first, last = (ends[0], ends[1]) if len(ends) > 1 else (ends[0], 1) if down else (step, ends[0])
    if down and first < last:
        first, last = last, first
    counted = list(range(first, last + (1 if last >= first else -1), step if last >= first else -step))
    told = listed([spoken(Fraction(number)) for number in counted[:MOST]])
    return f"{told}." if len(counted) <= MOST else f"{told}. I stop here: that is {MOST} numbers."


def _how_many_letters(scene: Scene, match: re.Match[str]) -> str:
    text = _quoted(match["text"])
    letters = sum(letter.isalpha() for letter in text)
    return f"{text} has {letters} letter{'s' if letters != 1 else ''}."


def _how_often(scene: Scene, match: re.Match[str]) -> str:
    letter, text = match["letter"][0], _quoted(match["text"])
    times = text.lower().count(letter.lower())
    return (
        f"The letter {letter.upper()} is {f'{times} times' if times != 1 else 'once'} in {text}."
        if times
        else f"There is no {letter.upper()} in {text}."
    )


def _how_many_words(scene: Scene, match: re.Match[str]) -> str:
    size = len(words(_quoted(match["text"])))
    return f"That is {size} word{'s' if size != 1 else ''}."


def _roll(scene: Scene, match: re.Match[str]) -> str:
    numbers = [
        int(number.value) for number in find([word.low for word in words(scene.text)]) if number.value >= 1
    ]
    sides = next((number for number in numbers if number > 3), 6)
    count = min(next((number for number in numbers if number <= 3), 1), 3)
    rolls = [str(scene.rng.randint(1, sides)) for _ in range(count)]
    return f"I rolled {listed(rolls)}."


def _flip(scene: Scene, match: re.Match[str]) -> str:
    return f"It is {scene.rng.choice(('heads', 'tails'))}."


def _random(scene: Scene, match: re.Match[str]) -> str:
    values = sorted(int(number.value) for number in find([word.low for word in words(scene.text)]))[-2:]
    low, high = (values[0], values[-1]) if len(values) > 1 else (1, values[0] if values else 100)
    return f"My number between {low} and {high} is {scene.rng.randint(min(low, high), max(low, high))}."


def _parity(scene: Scene, match: re.Match[str]) -> str | None:
    numbers = find([word.low for word in words(scene.text)])
    if not numbers or numbers[0].value.denominator != 1:
        return None
    value, asked = int(numbers[0].value), match["what"].lower()
    if asked == "prime":
        true = (
            value > 1 and value < 10**10 and all(value % factor for factor in range(2, int(value**0.5) + 1))
        )
        return f"{'Yes' if true else 'No'}, {value} is {'' if true else 'not '}a prime number."
    kind = "odd" if value % 2 else "even"
    return f"{'Yes' if kind == asked else 'No'}, {value} is {kind}."


def _compare(scene: Scene, match: re.Match[str]) -> str | None:
    values = [number.value for number in find([word.low for word in words(scene.text)])]
    if len(values) != 2:
        return None
    first, second = values
    if first == second:
        return f"They are the same: {spoken(first)}."
    return f"{spoken(max(values))} is more than {spoken(min(values))}."


_ON = r"(?:me |after me |back |the following |the words? |the sentence |this |aloud |out loud |exactly )*"
REPEAT = intent(
    "repeat after me",
    rf"^(?:repeat|say) {_ON}(?:after me|back to me|the words?|the sentence|this)?[\s,:]*(?P<what>.+)$",
    _repeat,
)
"""Its row is asked before the user's functions: whatever is to be repeated is no request."""

INTENTS: tuple[Intent, ...] = (
    REPEAT,
    intent(
        "say it again",
        r"\b(?:repeat (?:that|it|yourself)|say (?:that|it) (?:again|once more)|come again|what did you (?:just )?say|once more|^pardon|^repeat$)\b|^again$",
        _again,
    ),
    intent(
        "spell",
        r"\b(?:spell|spelling of|spelled)(?: out)?(?: the)?(?: word| name)? (?P<word>[\w'\" -]+?)(?: backwards?| in reverse| spelled)?$",
        _spell,
    ),
    intent(
        "backwards",
        r"\b(?:say |what is )?(?:the word )?(?P<word>[\w'\" ]+?) (?:spelled )?backwards?$",
        lambda scene, match: None if "count" in scene.text.lower() else _backwards(scene, match),
    ),
    intent("count", r"\bcount\b(?! the)", _count),
    intent(
        "how often a letter",
        r"\bhow (?:many|often) (?:times )?(?:is |does )?(?:the )?(?:letters? )?(?P<letter>[a-z])(?:'?s)?(?: (?:are there|are|appears?|occurs?|is))? (?:in )(?:the word )?(?P<text>[\w' -]+)$",
        _how_often,
    ),
    intent(
        "how many letters",
        r"\bhow (?:many letters|long)(?: are| is)?(?: there)?(?: in)?(?: does)?(?: the)?(?: word)? (?P<text>[\w' -]+?)(?: have| has| contain)?$",
        _how_many_letters,
    ),
    intent(
        "how many words",
        r"\bhow many words (?:are )?(?:there )?(?:in )(?:the sentence )?:?\s*(?P<text>.+)$",
        _how_many_words,
    ),
    intent("dice", r"\b(?:roll|throw)\b.*\b(?:dice|die|d\d+)\b", _roll),
    intent("coin", r"\b(?:flip|toss|throw)\b.*\bcoin\b|\bheads or tails\b", _flip),
    intent(
        "random number", r"\b(?:random number|pick a number|choose a number|think of a number)\b", _random
    ),
    intent("odd or even", r"\bis (?:the number )?[\w .,-]+? (?:an? )?(?P<what>odd|even|prime)\b", _parity),
    intent(
        "compare",
        r"\b(?:greater|bigger|larger|smaller|less|more) than\b|\bwhich (?:is|number is) (?:the )?(?:greater|bigger|larger|smaller|more|less)",
        _compare,
    ),
)
