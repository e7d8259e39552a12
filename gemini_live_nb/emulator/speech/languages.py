"""Telling other languages from English, so that their speakers are told politely, not misunderstood."""

from __future__ import annotations

import re

from .scene import Intent, intent
from .words import word_set

_SCRIPTS = (
    ("\u3040-\u30ff", "Japanese"),
    ("\u4e00-\u9fff", "Chinese"),
    ("\uac00-\ud7af", "Korean"),
    ("\u0600-\u06ff", "Arabic"),
    ("\u0590-\u05ff", "Hebrew"),
    ("\u0900-\u097f", "Hindi"),
    ("\u0e00-\u0e7f", "Thai"),
    ("\u0370-\u03ff", "Greek"),
    ("\u0400-\u04ff", "Russian or a related language"),
)
_LEXICONS = {
    "Spanish": word_set(
        "hola buenos buenas dias días tardes noches gracias como cómo estas está estás que qué es el los"
        " una por favor donde dónde cuanto cuánto hora tiempo llamo puedes soy tengo quiero mañana adios"
        " adiós habla español uno dos tres cuatro más"
    ),
    "French": word_set(
        "bonjour bonsoir salut merci comment allez vous je suis quel quelle est il heure s'il plait plaît"
        " oui ça va qu'est que c'est mon une les des parlez français appelle temps fait au revoir pouvez"
        " aujourd'hui un deux trois quatre"
    ),
    "German": word_set(
        "hallo guten morgen tag abend danke bitte wie geht ist das ich bin du sie wer was uhr spät heiße"
        " kannst mir nicht und ein eine der die wetter sprichst sprechen deutsch heute viel wo auf"
        " wiedersehen tschüss eins zwei drei vier fünf"
    ),
    "Italian": word_set(
        "ciao buongiorno buonasera grazie come stai sono che ora è il della per favore dove quanto chiamo"
        " puoi oggi tempo fa mi parli italiano arrivederci uno due tre quattro"
    ),
    "Portuguese": word_set(
        "olá oi bom dia boa tarde noite obrigado obrigada como você está que horas são meu nome qual é"
        " por favor onde quanto fala português hoje um dois três quatro"
    ),
    "Dutch": word_set(
        "hallo goedemorgen goedendag dank je wel hoe gaat het met jou ik ben wat is mijn naam een het de"
        " laat weer spreek nederlands vandaag alsjeblieft twee drie vier"
    ),
}
_ENGLISH = word_set(
    "the is are was what who how when where why you your my me i a an and or to of in on at it this that"
    " do does did can could please hello hi time day name tell say show give set turn play one for with"
    " not be no yes thank thanks good morning um uh er eh ah oh mm hm hmm"
)
_SPOKEN = (
    r"(?:french|german|spanish|italian|portuguese|dutch|chinese|mandarin|japanese|korean|russian|hindi|arabic|polish"
    r"|turkish|swedish|greek|hebrew|latin|ukrainian|other languages?|(?:another|any other|different)"
    r" language)"
)


def foreign(text: str) -> str | None:
    """The language of `text` if it is clearly not English.

    Example:
        >>> foreign("Wie spät ist es?"), foreign("What time is it?")
        ('German', None)
    """
    for letters, language in _SCRIPTS:
        if len(re.findall(f"[{letters}]", text)) * 3 > len(re.findall(r"\w", text)):
            return language
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower())
    scores = {language: sum(word in lexicon for word in words) for language, lexicon in _LEXICONS.items()}
    best = max(scores, key=lambda language: scores[language])
    english = sum(word in _ENGLISH for word in words)
    certain = scores[best] >= 2 or (scores[best] == 1 and len(words) == 1 and not english)
    return best if certain and scores[best] > english and scores[best] * 2 >= len(words) else None


def sorry(language: str) -> str:
    """The polite answer to a request in another language."""
    return f"I am sorry, that sounds like {language}, and this offline demo voice understands only English."


INTENTS: tuple[Intent, ...] = (
    intent(
        "speak",
        "I am sorry, this offline demo voice understands and speaks only English.",
        rf"\b(?:speak|talk|understand|know|answer|reply|switch)\b.*\b{_SPOKEN}\b",
        rf"\bin {_SPOKEN}\b",
        r"\btranslate\b|\b(?:which|what) languages\b",
    ),
)
