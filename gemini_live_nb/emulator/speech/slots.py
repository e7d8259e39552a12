"""One parameter of a declared function, and what its name and description tell of the values it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .words import STOP, name_words, stem, words

ROLES: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    role: (frozenset(stem(name) for name in names.split()), tuple(cues.split("|")))
    for role, names, cues in (
        ("place", "city location place where town country room area address region state village destination origin venue airport station", "in|at|near|for|to|from|into|of|around|inside"),
        ("person", "name person recipient contact guest customer user who attendee friend sender owner author artist to participant receiver", "under the name of|under the name|in the name of|on behalf of|to|with|for|named|called|by|from|name is|email|text|tell|call|message|invite|remind"),
        ("text", "text message body content note comment reason sentence phrase words description details instruction memo", "saying that|saying|that says|which says|to say that|to say|with the message|with the text|with the note|message|note|text|:|that|because|telling him|telling her|telling them|reading"),
        ("topic", "query search question topic keyword term about subject q prompt", "for|about|on|up|regarding|what is|who is|what are"),
        ("title", "title song movie film book track album show item product task label event dish food drink animal game playlist genre music reminder todo thing word", "called|titled|named|about|for|labelled|labeled"),
        ("language", "language lang tongue", "into|to|in"),
        ("date", "date day when deadline birthday", ""),
        ("time", "time at hour when", ""),
        ("code", "id code zip postcode phone reference isbn ticker symbol sku plate flight account order pin serial tracking number", "number|id|code|reference|to|for|of"),
    )
}  # fmt: skip
"""What strings are about, told by words in a parameter's name or description; and what stands before such a value."""


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
        """Words that stand before its value: its own name first, then what its roles suggest."""
        own = " ".join(name_words(self.name))
        ends = [cue for cue in ("from", "to") if stem(cue) in self.own]
        found = [f"{own} is", f"{own} of", f"{own} to", own, *ends]
        opposite = {"from": "to", "to": "from"}.get(ends[0] if ends else "", "")
        direction = {
            "origin": "from",
            "source": "from",
            "start": "from",
            "destination": "to",
            "target": "to",
            "end": "to",
        }
        ends += [direction[word] for word in name_words(self.name) if word in direction]
        for role in self.roles:
            found += [
                cue
                for cue in ROLES[role][1]
                if cue and (not ends or cue in ends or cue not in ("from", "to"))
            ]
        return tuple(dict.fromkeys([*ends, *(cue for cue in found if cue != opposite)]))

    @property
    def listed(self) -> bool:
        """Whether it takes a list of free texts."""
        items = self.schema.get("items") or {}
        return (
            self.kind == "array"
            and not items.get("enum")
            and str(items.get("type") or "string").lower() == "string"
        )

    def question(self) -> str:
        """What to ask the user when it is missing."""
        own = " ".join(name_words(self.name))
        if self.enum:
            choices = [" ".join(name_words(str(value))) or str(value) for value in self.enum]
            return (
                f"Which {own} would you like: {', '.join(choices[:-1])} or {choices[-1]}?"
                if len(choices) > 1
                else f"{own.capitalize()} {choices[0]}?"
            )
        if self.kind == "boolean":
            return f"Should {own} be on, yes or no?"
        about = str(self.schema.get("description") or "").rstrip(".")
        asked = {"number": "Which number", "integer": "Which number"}.get(self.kind, "What")
        return f"{asked} should I use for {own}{f' ({about})' if about and about.lower() != own else ''}?"


def slots(parameters: Mapping[str, Any] | None) -> tuple[Slot, ...]:
    """The parameters of a declaration (an OpenAPI object schema), in order."""
    schema = parameters or {}
    required = set(schema.get("required") or ())
    found = []
    for name, part in (schema.get("properties") or {}).items():
        kind = part.get("type") or (
            "string" if part.get("enum") else "object" if part.get("properties") else "string"
        )
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
