"""What the voice says of itself and of this toolkit, and the courtesies. Every row is true or it is not said."""

from __future__ import annotations

import re

from .scene import LABEL, Intent, Scene, intent, listed
from .words import name_words

NOT_GEMINI = f"I am the {LABEL}."
SKILLS = (
    "I can tell you the time and the date, work out sums, spell, count and repeat, remember what you tell me in this"
    " conversation, say a little about your camera's picture"
)
_GREETING = re.compile(r"\b(good (?:morning|afternoon|evening))\b", re.IGNORECASE)


def _greet(scene: Scene, match: re.Match[str]) -> str:
    part = _GREETING.search(scene.text)
    hello = part[1].capitalize() if part else "Hello"
    name = f", {scene.memory.name}" if scene.memory.name else ""
    if scene.memory.said:
        return f"{hello}{name}."
    return f"{hello}{name}. {NOT_GEMINI} Ask me what I can do."


def _goodbye(scene: Scene, match: re.Match[str]) -> str:
    return f"Goodbye{', ' + scene.memory.name if scene.memory.name else ''}."


def _skills(scene: Scene, match: re.Match[str]) -> str:
    tools = [" ".join(name_words(name)) for name in scene.functions]
    last = (
        f", and call your functions: {listed(tools[:5])}" if tools else ", and call the functions you declare"
    )
    return f"{SKILLS}{last}."


def _tools(scene: Scene, match: re.Match[str]) -> str:
    tools = [" ".join(name_words(name)) for name in scene.functions]
    if not tools:
        return "You have declared no functions in this session."
    return f"You declared {len(tools)} function{'s' if len(tools) != 1 else ''}: {listed(tools)}."


def _joke(scene: Scene, match: re.Match[str]) -> str:
    return scene.rng.choice(
        (
            "Why did the socket blush? It saw the server's handshake.",
            "I would tell you a joke about a dropped frame, but you might not get it.",
            "There are ten kinds of people: those who read binary, and those who do not.",
        )
    )


ABOUT: tuple[Intent, ...] = (
    intent(
        "skills",
        r"\bwhat (?:else )?(?:can|could) (?:you|i) (?:do|ask|say)\b|\bwhat are you able\b|\byour (?:skills|abilities|capabilities)\b|^help(?: me)?$|\bwhat do you do\b|\bhow (?:can|do) (?:you|i) (?:help|use you)\b",
        _skills,
    ),
    intent("tools", r"\b(?:which|what|list|any) (?:of )?(?:my |the |your )?(?:tools?|functions?)\b", _tools),
    intent(
        "real",
        r"\b(?:are you|is this|am i (?:talking|speaking) (?:to|with)) (?:really |the real |actually |a |an )*(?:gemini|google|human|real|person|ai|robot|bot|machine|language model|chat ?gpt|llm)\b",
        f"No, this is not the Gemini service and no person. {NOT_GEMINI} I follow simple rules on your own machine; with an API key the toolkit talks to the real service.",
    ),
    intent(
        "who",
        r"\b(?:who|what) (?:exactly )?are you\b|\bwhat is your name\b|\byour name$|\bintroduce yourself\b|\babout yourself\b|\bwho (?:is this|am i (?:talking|speaking) (?:to|with))\b|\bwhat (?:ai|model|llm|voice) (?:is this|are you|am i)\b|\bhow do you work\b|\bwho (?:made|built|created|programmed) you\b",
        f"{NOT_GEMINI} I run on this machine with small open models and a table of rules, so that you can try the toolkit without a key.",
    ),
    intent(
        "key",
        r"\bapi key\b|\b(?:need|get|use|without|set|have) (?:a |an |the |my )?key\b",
        "Without a key you talk to me. Set the environment variable GEMINI_API_KEY, or pass api_key to Live, and you talk to the real service.",
    ),
    intent(
        "log",
        r"\b(?:where|how|is|are|do|does|can)\b.*\b(?:logs?|logged|recorded|recording|data ?frames?)\b",
        "Every frame of this conversation is kept in live dot log, and its methods give you pandas data frames.",
    ),
    intent(
        "interrupt",
        r"\b(?:interrupt|barge)\b",
        "Just start speaking while I talk. I stop at once, as the real service does.",
    ),
    intent(
        "devices",
        r"\bhow\b.*\b(?:microphone|mic|camera|webcam)\b",
        "Display the Live object in a notebook cell: its panel has the microphone and the camera.",
    ),
    intent(
        "declare",
        r"\bhow\b.*\b(?:tools?|functions?)\b",
        "Pass Python functions as tools when you make the Live object. I pick one by its name, its description and its parameters.",
    ),
    intent(
        "toolkit",
        r"\b(?:gemini.?live.?(?:nb|notebook)|toolkit|this (?:package|library|project|notebook|tool|demo))\b|\blive api\b",
        "This is gemini-live-nb: Google's Gemini Live API in Jupyter, over raw WebSockets. You talk in a panel, and every frame is kept as a data frame.",
    ),
    intent(
        "offline",
        r"\b(?:are|do|does|can|is)\b (?:you|this|it)\b.*\b(?:offline|internet|network|online)\b",
        "I work offline: no key, no network, nothing leaves this machine.",
    ),
)
"""Questions about the voice and the toolkit."""

COURTESY: tuple[Intent, ...] = (
    intent(
        "hear",
        r"\b(?:can|do) you hear me\b|^hear me\b|\bare you (?:there|listening)\b|^(?:testing|test|mic check|microphone check)\b",
        "Yes, I can hear you.",
    ),
    intent(
        "how are you",
        r"\bhow (?:are|have) you\b|\bhow is it going\b|\bhow do you (?:do|feel)\b|\bwhat is up\b",
        "I am running fine, thank you.",
    ),
    intent("joke", r"\bjoke\b|\bmake me laugh\b", _joke),
    intent("thanks", r"\b(?:thanks|thank you|thank u|cheers|much appreciated)\b", "You are welcome."),
    intent("goodbye", r"\b(?:goodbye|good bye|bye|see you|farewell|good night|so long)\b", _goodbye),
    intent(
        "stop",
        r"^(?:stop|quiet|be quiet|silence|shut up|enough|hold on|wait|never ?mind|cancel|pause)\b",
        "Okay.",
    ),
    intent(
        "greet", r"^(?:hello|hi|hey|howdy|greetings|good (?:morning|afternoon|evening|day)|hiya|yo)\b", _greet
    ),
    intent(
        "yes or no",
        r"^(?:yes|no|yeah|yep|nope|sure|okay|ok|right|correct|exactly|great|cool|nice|good|wow|perfect|awesome|fine)(?: [\w ]{0,12})?$",
        "Okay.",
    ),
    intent("nice to meet you", r"\bnice to meet you\b|\bpleased to meet you\b", "Nice to meet you too."),
    intent(
        "low",
        r"^i am (?:so |very |really |a bit |a little |feeling )*(?:tired|sad|hungry|thirsty|bored|sick|cold|lonely|confused|afraid)$",
        "I am sorry to hear that.",
    ),
    intent(
        "well",
        r"^i am (?:so |very |really |doing |feeling )*(?:happy|fine|good|well|great|glad|okay|excited)\b",
        "I am glad to hear that.",
    ),
    intent("sorry", r"^(?:sorry|i am sorry|my apologies)\b", "That is all right."),
    intent(
        "praise",
        r"\byou are (?:great|good|nice|funny|smart|helpful|awesome|amazing)\b|\bwell done\b|\bgood job\b|\bi (?:love|like) you\b",
        "Thank you.",
    ),
)
"""Greetings and the like."""
