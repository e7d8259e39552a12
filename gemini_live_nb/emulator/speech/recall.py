"""Remembering what the user said in this conversation, and saying it back: never anything they did not say.

A statement is a subject and what was said of it ("my dog" — "is called Rex"; "I" — "live in Rome"). A
question finds it
again when the subject is the same and every word that asks for something occurs in what was said.
"""

from __future__ import annotations

import re
from fractions import Fraction

from .numbers import find
from .scene import Intent, Memory, Scene, intent, listed
from .words import stem, word_set, words

LONG = 15
"""Words; of a longer statement it is only said that it is remembered, not what."""
_VERBS = (
    r"is|are|was|were|has|have|had|lives?|lived|likes?|loves?|hates?|works?|starts?|begins?|ends?|costs?|comes?|goes|plays?"
    r"|speaks?|wants?|needs?|weighs?|studies|drinks?|eats?|means?|arrives?|leaves?|closes?|opens?"
)
_MY = re.compile(rf"^(?P<subject>(?:my|our) [\w' -]+?) (?P<told>(?:{_VERBS}) .+)$", re.IGNORECASE)
_THE = re.compile(rf"^(?P<subject>(?:the|that|this) [\w' -]+?) (?P<told>(?:{_VERBS}) .+)$", re.IGNORECASE)
_BARE = re.compile(rf"^(?P<subject>[\w' -]+?) (?P<told>(?:{_VERBS}) .+)$", re.IGNORECASE)
_I = re.compile(
    r"^(?P<subject>i) (?P<told>(?!(?:know|think|wonder|mean|said|say|told|asked|see|hear|heard|understand"
    r"|do not|cannot|will|would|could|should|must|may|might|hope|guess|bet)\b)[a-z].+)$",
    re.IGNORECASE,
)
_THING = re.compile(
    r"^(?P<subject>(?:the |a |this )?(?:[\w]+ )?(?:number|word|code|pin|password|phrase|name)),?"
    r" (?P<told>.+)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^(?P<told>[\d.,-]+)$")
_ASKING = word_set(
    "what who where when which how why tell know remember told tell said say do did does is are was were"
    " am i my me mine our the a an again please of to in on at for it that this you your about ask asked"
    " have has many much be been kind type sort i's with live's and"
)
_ALIKE = (("name", "name call nick"), ("mother", "mom mum"), ("father", "dad"))
_SAME = {stem(word): same for same, group in _ALIKE for word in group.split()}
_NOT_A_NAME = word_set(
    "fine good well okay ok tired happy sad hungry thirsty ready here back sorry sure not just going"
    " trying looking very so bored sick cold hot late early done lost confused afraid glad busy english"
    " french german spanish italian american british japanese chinese indian canadian dutch russian"
    " polish swiss danish irish testing a an the in on at from"
)


def _key(word: str) -> str:
    found = stem(word)
    return _SAME.get(found, found.replace("our", "or"))


def _keys(text: str) -> frozenset[str]:
    return frozenset(_key(word.low) for word in words(text.replace("'s ", " ")) if word.low not in _ASKING)


def to_user(text: str) -> str:
    """A statement of the user, turned to them.

    Example:
        >>> to_user("my dog likes me and I am 30")
        'your dog likes you and you are 30'
    """
    turned = {
        "my": "your",
        "mine": "yours",
        "i": "you",
        "me": "you",
        "am": "are",
        "myself": "yourself",
        "our": "your",
        "we": "you",
    }
    text = re.sub(r"\bI was\b", "you were", text, flags=re.IGNORECASE)
    return re.sub(r"[A-Za-z]+", lambda match: turned.get(match[0].lower(), match[0]), text)


def statement(text: str, *, asked: bool) -> tuple[str, str] | None:
    """What a sentence says of what: subject and the rest. `asked`: after "remember" anything will do."""
    shapes = (_MY, _I, _THE) if not asked else (_MY, _I, _THE, _THING, _BARE)
    for shape in shapes:
        if match := shape.match(text):
            told = (
                match["told"]
                if shape is not _THING or re.match(r"is\b", match["told"])
                else f"is {match['told']}"
            )
            return match["subject"], told
    if asked and (number := _NUMBER.match(text)):
        return "the number", f"is {number['told']}"
    return None


def _learn(scene: Scene) -> str | None:
    text = scene.groups["what"].strip()
    asked = "ask" in scene.groups
    told = statement(text, asked=asked)
    if told is None and not asked:
        return None
    if not asked and len(text.split()) > LONG:
        scene.memory.notes.append(text)
        return "I will remember that."
    name = re.match(r"^(?:my|the) (?:first |own )?name (?:is|was) (?P<name>.+)$", text, re.IGNORECASE)
    if name:
        return _met(scene, name["name"])
    if told is None:
        scene.memory.notes.append(text)
        return f"I will remember: {to_user(text)}."
    subject, rest = told
    scene.memory.facts[subject.lower()] = rest
    scene.memory.notes.append(f"{subject} {rest}")
    return f"I will remember that {to_user(f'{subject} {rest}')}."


def _meet(scene: Scene) -> str | None:
    return _met(scene, scene.groups["name"])


def _i_am(scene: Scene) -> str | None:
    """A name, as in "I am Ada"; not a state, as in "I am tired"."""
    first, *more = scene.groups["name"].split()
    if first.lower() in _NOT_A_NAME or not first[0].isupper() or len(more) > 1:
        return None
    return _met(scene, scene.groups["name"])


def _met(scene: Scene, said: str) -> str | None:
    name = re.split(r"[,.;!?]| and | but ", said.strip())[0].strip()
    if not name:
        return None
    scene.memory.name = name if not name.islower() else name.title()
    return f"Nice to meet you, {scene.memory.name}."


_I_AM = re.compile(
    r"^(?:(?:hello|hi|hey)(?: there)?,? )?(?:I am|this is) (?P<name>[A-Z][\w'-]+(?: [A-Z][\w'-]+)?)$",
    re.IGNORECASE,
)


def _my_name(scene: Scene) -> str:
    return (
        f"Your name is {scene.memory.name}." if scene.memory.name else "You have not told me your name yet."
    )


def _recall(scene: Scene) -> str | None:
    if statement(scene.text, asked=False):
        return None
    return known(scene) or "You have not told me that."


def known(scene: Scene) -> str | None:
    """What the user said that answers the question, turned to them; `None` if they said no such thing."""
    note = find_note(scene.memory, scene.text)
    if not note:
        return None
    said = to_user(note)
    return said[:1].upper() + said[1:] + "."


def find_note(memory: Memory, question: str) -> str | None:
    """The latest statement that answers a question, in the user's own words; `None` if none does."""
    needed = _keys(question)
    if not needed:
        return None
    yes_no = bool(re.match(r"(?:is|are|was|were|do|does|did|has|have)\b", question, re.IGNORECASE))
    about_me = bool(re.search(r"\b(?:i|me)\b", question, re.IGNORECASE)) and not re.search(
        r"\bmy\b", question, re.IGNORECASE
    )
    fitting = [
        note for note in reversed(memory.notes) if _answers(note, needed, about_me=about_me, yes_no=yes_no)
    ]
    fitting.sort(key=lambda note: note.lower().startswith("i ") != about_me)
    return fitting[0] if fitting else None


def _answers(note: str, needed: frozenset[str], *, about_me: bool, yes_no: bool) -> bool:
    told = statement(note, asked=True)
    if not told:
        return needed <= _keys(note)
    subject, rest = told
    about, said = _keys(subject), _keys(rest)
    missing = needed - about - said
    number = bool(find([word.low for word in words(rest)]))
    plainly = bool(re.match(r"(?:is|are|was|were)\b", rest, re.IGNORECASE))
    satisfied = {
        "old": number,
        "ag": number,
        "number": number,
        "color": plainly,
        "dat": plainly,
        "tim": plainly,
        "day": plainly,
        "word": plainly,
        "name": plainly and len(said) <= 2 and bool(re.search(r" [A-Z]", rest)),
    }
    if subject.lower() == "i":
        fits = all(satisfied.get(key, False) for key in missing)
        return fits and (bool(needed & said) or (about_me and bool(missing)))
    core = about - {"name", "number", "color"} or about
    return core <= needed and (yes_no or all(satisfied.get(key, False) for key in missing))


def _all_notes(scene: Scene) -> str:
    notes = [to_user(note) for note in scene.memory.notes[-5:]]
    if scene.memory.name:
        notes.insert(0, f"your name is {scene.memory.name}")
    return f"You told me that {listed(notes)}." if notes else "You have not told me anything to remember yet."


def _forget(scene: Scene) -> str:
    memory, what = scene.memory, scene.groups["what"].lower()
    if "name" in what:
        memory.name = ""
    elif what in ("everything", "all", "all of it", "all that"):
        memory.name, memory.notes, memory.facts = "", [], {}
    elif memory.notes:
        note = find_note(memory, what) or memory.notes[-1]
        memory.notes.remove(note)
    return "I have forgotten it."


def _earlier(scene: Scene) -> str:
    heard = scene.memory.heard[:-1]
    if not heard:
        return "You have not said anything before that."
    said = heard[0] if re.search(r"\bfirst\b", scene.text, re.IGNORECASE) else heard[-1]
    return f"You said: {said.rstrip('.!?')}."


def known_number(memory: Memory, name: str) -> Fraction | None:
    """The value of "it" (the last result) or of something the user gave a number ("my lucky number")."""
    if name in ("it", "that", "this", "the result", "the answer", "result", "that number", "that result"):
        return memory.result
    if not re.match(r"(?:my|the) \w", name):
        return None
    note = next(
        (
            told
            for subject, told in reversed(memory.facts.items())
            if _keys(subject) == _keys(name) and _keys(name)
        ),
        None,
    )
    numbers = find([word.low for word in words(note)]) if note else []
    return numbers[0].value if len(numbers) == 1 else None


_ASKED = (
    r"^(?!.*\b(?:can|could|should|may|must) i\b)"
    r"(?:what|who|where|when|which|how|do you (?:know|remember)|is|are|was|did|does|do)\b"
)
LEARN = intent(
    "learn",
    _learn,
    r"^(?P<ask>(?:do not forget|remember|note|keep in mind|memori[sz]e|make a note|store|save)(?:"
    r" down)?(?: for me)?"
    r"(?: that| this)?:?) (?P<what>(?!what |who |where |when |how |me$)[^?]+)$",
)
"""Its row is asked before sums and dates: whatever is to be remembered is no request."""

INTENTS: tuple[Intent, ...] = (
    intent(
        "my name",
        _my_name,
        r"^(?:what|who|do you (?:know|remember)|tell me|say|remember)?\s*(?:is |was |it )?my (?:own"
        r" |first )?name"
        r"(?: is| again)?$",
        r"\bwho am i\b|\bwhat am i called\b",
    ),
    intent(
        "name",
        _meet,
        r"\b(?:my name is|my name's|you can call me|call me|i am called|they call me) (?P<name>[\w' -]+)",
    ),
    Intent("I am", _I_AM, _i_am),
    intent(
        "all notes",
        _all_notes,
        r"\bwhat (?:did|have) i (?:just )?(?:tell|told|ask|asked) you(?: to remember)?$",
        r"\bwhat do you (?:know|remember)(?: about me)?$",
        r"\bwhat (?:should|did) (?:you|i ask you to) remember\b",
    ),
    intent(
        "earlier",
        _earlier,
        r"\b(?:what (?:did i|have i)|repeat what i) (?:just |first )?(?:say|said|ask|asked)\b",
        r"\brepeat my (?:first|last|previous) \w+",
        r"\bwhat was my (?:first|last|previous) (?:question|request|sentence)\b",
    ),
    LEARN,
    intent("forget", _forget, r"\bforget (?P<what>.+)$"),
    intent(
        "recall",
        _recall,
        _ASKED + r".*\b(?:my|our|i)\b",
        r"\bremember\b|\bdid i (?:tell|say)\b|\bi (?:told|gave) you\b",
        r"^my [\w ]+$",
    ),
    intent("recall the", known, _ASKED + r".*\bthe [\w ]+$"),
)
KNOWN = intent("known", known, _ASKED + r".*\b(?:my|our|i)\b")
"""Asked early: what the user has told goes before anything else that a question may look like."""
TOLD = intent("told", _learn, r"^(?P<what>(?:my|our|i|the) [^?]+)$")
"""The last row: a statement that fits nowhere else is remembered."""
