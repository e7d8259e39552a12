"""One parameter of a declared function, and what its name and description tell of the values it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .scene import listed
from .words import STOP, name_words, stem, words


def _role(names: str, cues: str) -> tuple[frozenset[str], tuple[str, ...]]:
    return frozenset(stem(name) for name in names.split()), tuple(cue for cue in cues.split("|") if cue)


ROLES: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "place": _role(
        "city location place where town country room area address region state village destination"
        " origin venue airport"
        " station",
        "in|at|near|for|to|from|into|of|around|inside",
    ),
    "person": _role(
        "name person people member recipient contact guest customer user who attendee friend sender"
        " owner author"
        " artist to participant"
        " receiver",
        "under the name of|under the name|in the name of|on behalf"
        " of|to|with|for|named|called|by|from|name is|email|text"
        "|tell|call|message|invite|remind",
    ),
    "text": _role(
        "text message body content note comment reason sentence phrase words description details"
        " instruction memo",
        "saying that|saying|that says|which says|to say that|to say|with the message|with the text|with"
        " the note|message"
        "|note|text|that|because|telling him|telling her|telling them|reading",
    ),
    "topic": _role(
        "query search question topic keyword term about subject q prompt",
        "for|about|on|up|regarding|what is|who is|what are",
    ),
    "title": _role(
        "title song movie film book track album show item product task label event dish food drink"
        " animal game playlist"
        " genre music reminder todo thing word",
        "called|titled|named|about|for|labelled|labeled",
    ),
    "language": _role("language lang tongue", "into|to|in"),
    "date": _role("date day when deadline birthday", ""),
    "time": _role("time at hour when", ""),
    "code": _role(
        "id code zip postcode phone reference isbn ticker symbol sku plate flight account order pin"
        " serial tracking number",
        "number|id|code|reference|to|for|of",
    ),
}
"""What texts are about, by words in a parameter's name or description; and what stands before a value."""


_DIRECTIONS = {
    "from": "from",
    "origin": "from",
    "source": "from",
    "to": "to",
    "destination": "to",
    "target": "to",
}


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A parameter as the rules see it.

    Attributes:
        name: as declared.
        kind: `string number integer boolean array object`, in lower case.
        schema: its schema, as declared.
        required: whether a call may not go without it.
        own: stems of its name.
        about: stems of its description.
    """

    name: str
    kind: str
    schema: Mapping[str, Any]
    required: bool
    own: frozenset[str]
    about: frozenset[str]

    @property
    def enum(self) -> tuple[Any, ...]:
        """The values it is limited to, if it is."""
        return tuple(self.schema.get("enum") or ())

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles of its name; if that tells nothing, of its description."""
        by_name = [role for role, (names, _) in ROLES.items() if self.own & names]
        return tuple(by_name or [role for role, (names, _) in ROLES.items() if self.about & names])

    @property
    def cues(self) -> tuple[str, ...]:
        """Words that stand before its value: its direction, its own name, then what its roles suggest."""
        parts = name_words(self.name)
        own = " ".join(parts)
        ends = [_DIRECTIONS[word] for word in parts if word in _DIRECTIONS]
        found = [*ends, f"{own} is", f"{own} of", f"{own} to", own]
        for role in self.roles:
            found += [cue for cue in ROLES[role][1] if not ends or cue in ends or cue not in ("from", "to")]
        return tuple(dict.fromkeys(found))

    @property
    def takes_text(self) -> bool:
        """Whether its value is free text, or a list of it."""
        return (self.kind == "string" and not self.enum) or self.listed

    @property
    def dated(self) -> bool:
        """Whether its text is a day or a time."""
        return bool({"date", "time"} & set(self.roles))

    @property
    def is_name(self) -> bool:
        """Whether its value is the name of a place or a person."""
        return bool({"place", "person"} & set(self.roles)) and not self.own & {"room", "area"}

    @property
    def listed(self) -> bool:
        """Whether it takes a list of free texts."""
        items = self.schema.get("items") or {}
        free = not items.get("enum") and str(items.get("type") or "string").lower() == "string"
        return self.kind == "array" and free

    def question(self) -> str:
        """What to ask the user when it is missing."""
        own = " ".join(name_words(self.name))
        if self.enum:
            values = [" ".join(name_words(str(value))) or str(value) for value in self.enum]
            return f"Which {own} would you like: {listed(values, 'or')}?"
        if self.kind == "boolean":
            return f"Should {own} be on, yes or no?"
        about = str(self.schema.get("description") or "").rstrip(".")
        more = f" ({about})" if about and about.lower() != own else ""
        what = "Which number" if self.kind in ("number", "integer") else "What"
        return f"{what} should I use for {own}{more}?"


def slots(parameters: Mapping[str, Any] | None) -> tuple[Slot, ...]:
    """The parameters of a declaration (an OpenAPI object schema), in order."""
    schema = parameters or {}
    required = set(schema.get("required") or ())
    found = []
    for name, part in (schema.get("properties") or {}).items():
        kind = part.get("type") or ("object" if part.get("properties") else "string")
        found.append(
            Slot(
                name=name,
                kind=str(kind[0] if isinstance(kind, list) else kind).lower(),
                schema=part,
                required=name in required,
                own=frozenset(stem(word) for word in name_words(name)),
                about=stems(str(part.get("description") or "")),
            )
        )
    return tuple(found)


def stems(text: str) -> frozenset[str]:
    """Stems of the words of `text` that mean something."""
    return frozenset(stem(word.low) for word in words(text) if word.low not in STOP)
