"""What the voice says of itself and of this toolkit, and the courtesies.

Every row is true or it is not said.
"""

from __future__ import annotations

import re

from .scene import LABEL, Intent, Scene, intent, listed
from .words import name_words

NOT_GEMINI = f"I am the {LABEL}."
SKILLS = (
    "I can tell you the time and the date, work out sums, spell, count and repeat, remember what you"
    " tell me in"
    " this conversation, tell you a story, say a little about your camera's picture"
)
_MOODS = r"(?:so |very |really |a bit |a little |doing |feeling )*"
_WITH = r"(?:talking|speaking) (?:to|with)"
_GREETING = re.compile(r"\b(good (?:morning|afternoon|evening))\b", re.IGNORECASE)


def _greet(scene: Scene) -> str:
    part = _GREETING.search(scene.text)
    hello = part[1].capitalize() if part else "Hello"
    name = f", {scene.memory.name}" if scene.memory.name else ""
    if scene.memory.said:
        return f"{hello}{name}."
    return f"{hello}{name}. {NOT_GEMINI} Ask me what I can do."


def _goodbye(scene: Scene) -> str:
    return f"Goodbye{', ' + scene.memory.name if scene.memory.name else ''}."


def _skills(scene: Scene) -> str:
    tools = [" ".join(name_words(name)) for name in scene.functions]
    functions = f"your functions: {listed(tools[:5])}" if tools else "the functions you declare"
    return f"{SKILLS}, and call {functions}."


def _tools(scene: Scene) -> str:
    tools = [" ".join(name_words(name)) for name in scene.functions]
    if not tools:
        return "You have declared no functions in this session."
    return f"You declared {len(tools)} function{'s' if len(tools) != 1 else ''}: {listed(tools)}."


ABOUT: tuple[Intent, ...] = (
    intent(
        "skills",
        _skills,
        r"\bwhat\b.*\b(?:can|could) (?:you|i) (?:do|ask|say)\b",
        r"\bwhat (?:are you able|you are able|do you do)\b",
        r"\byour (?:skills|abilities|capabilities)\b",
        r"^help(?: me)?$",
        r"\bhow (?:can|do) (?:you|i) (?:help|use you)\b",
    ),
    intent("tools", _tools, r"\b(?:which|what|list|any) (?:of )?(?:my |the |your )?(?:tools?|functions?)\b"),
    intent(
        "real",
        f"No, this is not the Gemini service and no person. {NOT_GEMINI} I follow simple rules on your own"
        " machine; with an API key the toolkit talks to the real service.",
        rf"\b(?:are you|is this|am i {_WITH}) (?:really |the real |actually |a |an )*"
        r"(?:gemini|google|human|real|person|ai|robot|bot|machine|language model|chat ?gpt|llm)\b",
    ),
    intent(
        "who",
        f"{NOT_GEMINI} I run on this machine with small open models and a table of rules, so that you can"
        f" try the"
        " toolkit without a key.",
        r"\b(?:who|what) (?:exactly )?are you\b",
        r"\byour name$|\bintroduce yourself\b|\babout yourself\b",
        rf"\bwho (?:is this|am i {_WITH})\b|\bwhose voice\b",
        r"\bwhat (?:ai|model|llm|voice) (?:is this|are you|am i)\b",
        r"\bwhy (?:can|do) ?(?:not )?you (?:not )?(?:answer|do|know)\b",
        r"\bhow do you work\b|\bwho (?:made|built|created|programmed) you\b",
        r"\bare you (?:made|built|created|from|by)\b",
    ),
    intent(
        "key",
        "Without a key you talk to me. Set the environment variable GEMINI_API_KEY, or pass api_key to"
        " Live, and"
        " you talk to the real service.",
        r"\bapi key\b|\b(?:talk|speak|get|connect|switch) to (?:the )?(?:real|actual) \w+",
        r"\b(?:need|get|use|without|set|have) (?:a |an |the |my )?key\b",
    ),
    intent(
        "log",
        "Every frame of this conversation is kept in live.log, and its methods give you pandas data frames."
        " On disk it is a folder of its own: live.log.path names it, and deleting that folder deletes it.",
        r"\bmy recordings?\b|\b(?:what|where|how|who)\b.*\b(?:you|it|this) (?:record|save|store|keep)\b",
        r"\b(?:where|how|is|are|do|does|can)\b.*\b(?:logs?|logged|recorded|recording|data ?frames?)\b",
    ),
    intent(
        "interrupt",
        "Just start speaking while I talk. I stop at once, as the real service does.",
        r"\b(?:interrupt|barge)\b",
    ),
    intent(
        "devices",
        "Display the Live object in a notebook cell: its panel has buttons for the microphone, the camera and"
        " the screen.",
        r"\b(?:how|where|can)\b.*\b(?:microphone|mic|camera|webcam|share .*screen)\b",
    ),
    intent(
        "declare",
        "Pass Python functions as tools when you make the Live object. I pick one by its name, its"
        " description"
        " and its parameters.",
        r"\bhow\b.*\b(?:tools?|functions?)\b",
    ),
    intent(
        "toolkit",
        "This is gemini-live-nb: Google's Gemini Live API in Jupyter, over raw WebSockets. You talk in a"
        " panel,"
        " and every frame is kept as a data frame.",
        r"\b(?:gemini.?live.?(?:nb|notebook)|toolkit|live api)\b",
        r"\bthis (?:package|library|project|notebook|tool|demo)\b",
    ),
    intent(
        "privacy",
        "Nothing leaves this machine while you talk to me. What you say is recorded in live.log, for you"
        " only; with a key, your words go to Google.",
        r"\b(?:leaves?|sends?|sent|share[sd]?|upload(?:s|ed)?)\b"
        r".*\b(?:computer|machine|laptop|device|google|cloud|data)\b",
        r"\b(?:my )?(?:data|privacy|words|voice)\b.*\b(?:private|safe|secure|sent|go|shared|google)\b",
        r"\b(?:is|are) (?:this|it|you|that) (?:private|secure|recording me|spying)\b|\bprivacy\b",
    ),
    intent(
        "no person",
        "I am a program on your machine: I have no age, no feelings, no home and no favorites.",
        r"\bhow old are you\b|\bwhen (?:were you|is your birthday)\b|\bwhere (?:do you live|are you)\b",
        r"\bdo you (?:have|feel) (?:any |a |some )*(?:feelings?|emotions?|body|family|friends?|heart|soul"
        r"|mind|kids|hobb(?:y|ies)|pain|birthday|children)\b",
        r"\bare you (?:alive|conscious|self-?aware|sentient|happy|sad|tired|bored|hungry|married|lonely)\b",
        r"\byour favou?rite\b|\bdo you (?:like|love|hate|enjoy|dream|sleep|eat)\b",
    ),
    intent(
        "volume",
        "The slider beside the loudspeaker in the panel sets how loud I am; voice_name chooses a higher,"
        " lower, faster or slower voice.",
        r"^(?:\w+ )?(?:a (?:bit|little) )?(?:louder|quieter|softer|slower|faster|slow down|speak up)\b",
        r"\b(?:talk|speak|be|too|you are|more) (?:\w+ )?(?:a (?:bit|little) )?"
        r"(?:loud(?:er|ly)?|quiet(?:er|ly)?|soft(?:er|ly)?|slow(?:er|ly)?|fast(?:er)?|up)$",
        r"\b(?:change|other|another|different|which) (?:\w+ )?voices?\b",
    ),
    intent(
        "offline",
        "I work offline: no key, no network, nothing leaves this machine.",
        r"\b(?:are|do|does|can|is) (?:you|this|it)\b.*\b(?:offline|internet|network|online)\b",
    ),
)
"""Questions about the voice and the toolkit."""

COURTESY: tuple[Intent, ...] = (
    intent(
        "hear",
        "Yes, I can hear you.",
        r"\b(?:can|do) you hear me\b|^hear me\b|\bare you (?:there|listening)\b",
        r"^(?:testing|test|mic check|microphone check)\b",
    ),
    intent(
        "how are you",
        "I am running fine, thank you.",
        r"\bhow (?:are|have) you\b|\bhow is it going\b|\bhow do you (?:do|feel)\b|\bwhat is up\b",
    ),
    intent("thanks", "You are welcome.", r"\b(?:thanks|thank you|thank u|cheers|much appreciated)\b"),
    intent("goodbye", _goodbye, r"\b(?:goodbye|good bye|bye|see you|farewell|good night|so long)\b"),
    intent(
        "stop",
        "Okay.",
        r"^(?:stop|quiet|be quiet|silence|shut up|enough|hold on|wait|never ?mind|cancel|pause)\b",
    ),
    intent(
        "greet", _greet, r"^(?:hello|hi|hey|howdy|greetings|good (?:morning|afternoon|evening|day)|hiya)\b"
    ),
    intent(
        "yes or no",
        "Okay.",
        r"^(?:yes|no|yeah|yep|nope|sure|okay|ok|right|correct|exactly)(?: [\w ]{0,12})?$",
        r"^(?:great|cool|nice|good|wow|perfect|awesome|fine)(?: [\w ]{0,12})?$",
    ),
    intent("nice to meet you", "Nice to meet you too.", r"\b(?:nice|pleased) to meet you\b"),
    intent(
        "low",
        "I am sorry to hear that.",
        rf"^i am {_MOODS}(?:tired|sad|hungry|thirsty|bored|sick|cold|lonely|confused|afraid)$",
    ),
    intent(
        "well",
        "I am glad to hear that.",
        rf"^i am {_MOODS}(?:happy|fine|good|well|great|glad|okay|excited)\b",
    ),
    intent(
        "um",
        "Yes? I am listening.",
        r"^(?:what|how much|who|where|when|which) (?:is|are|was)$|^tell me$",
        r"^(?:um+|uh+|er+m?|hm+|ah+|eh+|oh|mm+|well|so)(?: (?:um+|uh+|well|so))*$",
    ),
    intent("sorry", "That is all right.", r"^(?:sorry|i am sorry|my apologies)\b"),
    intent(
        "praise",
        "Thank you.",
        r"\byou are (?:great|good|nice|funny|smart|helpful|awesome|amazing)\b",
        r"\bwell done\b|\bgood job\b|\bi (?:love|like) you\b",
    ),
)
"""Greetings and the like."""
