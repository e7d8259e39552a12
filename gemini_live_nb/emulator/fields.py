"""Walks a client's JSON along the protocol's structures and notes, in Google's words, what does not fit."""

from __future__ import annotations

import base64
import binascii
import json
import math
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from gemini_live_nb.protocol.content import FunctionDeclaration

from .refusals import REFUSALS

# Keywords of the API's Schema; anything else inside `parameters` closes the session (PROTOCOL.md §2.2).
_SCHEMA_FIELDS = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "default",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "properties",
    "propertyOrdering",
    "required",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
]
_SCHEMA_TYPES = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
T = TypeVar("T", bound=msgspec.Struct)
_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."
_MISSING = object()


@dataclass(slots=True)
class Trouble:
    """What is wrong with one message, a line for each fault, in the order met.

    `hidden` fields do not exist at this door; `lenient` passes over names that exist nowhere.
    """

    hidden: frozenset[tuple[type, str]] = frozenset()
    lenient: bool = False
    lines: list[str] = field(default_factory=list)

    def unknown(self, name: str, path: str) -> None:
        """Note a name that does not exist at this place."""
        refusal = REFUSALS["unknown_field_at"] if path else REFUSALS["unknown_field"]
        self.lines.append(refusal.fill(name=name, path=path).reason)

    def wrong(self, path: str, type_name: str, value: Any) -> object:
        """Note a value of the wrong type."""
        shown = value if isinstance(value, str) and value.startswith("Base64") else json.dumps(value)
        self.lines.append(REFUSALS["wrong_value"].fill(path=path, type=type_name, value=shown).reason)
        return _MISSING

    def not_a_message(self, path: str) -> None:
        """Note JSON that is not an object where a whole message should be."""
        self.lines.append(
            f'Invalid JSON payload received. Unknown name "{path}": Root element must be a message.'
        )

    def not_repeating(self, name: str, path: str) -> object:
        """Note a list where one value belongs."""
        at = f" at '{path}'" if path else ""
        self.lines.append(
            f'Invalid JSON payload received. Unknown name "{name}"{at}: '
            "Proto field is not repeating, cannot start list."
        )
        return _MISSING


Reader = Callable[[Any, str, Trouble], Any]


def read_message(cls: type[T], value: Any, path: str, trouble: Trouble) -> T:
    """A JSON object as `cls`; what does not fit is left out and noted in `trouble`."""
    if not isinstance(value, dict):
        if path:
            trouble.wrong(path, _PACKAGE + cls.__name__, value)
        else:
            trouble.not_a_message(path)
        return cls()
    table = _table(cls)
    known: dict[str, Any] = {}
    for name, item in value.items():
        entry = table.get(name)
        if entry is None or (cls, entry[0]) in trouble.hidden:
            if entry is not None or not trouble.lenient:
                trouble.unknown(name, path)
            continue
        attribute, repeated, read = entry
        if item is None:  # JSON null is "not set" in protobuf JSON
            continue
        at = f"{path}.{attribute}" if path else attribute
        if repeated:
            items = item if isinstance(item, list) else [item]
            known[attribute] = [
                got
                for i, one in enumerate(items)
                if (got := read(one, f"{at}[{i}]", trouble)) is not _MISSING
            ]
        elif isinstance(item, list) and read is not _any:
            trouble.not_repeating(name, path)
        elif (got := read(item, at, trouble)) is not _MISSING:
            known[attribute] = got
    return cls(**known)


@cache
def _table(cls: type[msgspec.Struct]) -> dict[str, tuple[str, bool, Reader]]:
    """Both spellings of each field of a structure -> (attribute, repeated?, reader of one value)."""
    hints = get_type_hints(cls, include_extras=True)
    table: dict[str, tuple[str, bool, Reader]] = {}
    for info in msgspec.structs.fields(cls):
        hint = _without_none(hints[info.name])
        repeated = get_origin(hint) is list
        read = _reader(get_args(hint)[0] if repeated else hint)
        if cls is FunctionDeclaration and info.name in ("parameters", "response"):
            read = read_schema
        table[info.name] = table[info.encode_name] = (info.name, repeated, read)
    return table


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        return rest[0] if len(rest) == 1 else Any
    return hint


def _reader(hint: Any) -> Reader:
    if get_origin(hint) is Annotated:
        base, *notes = get_args(hint)
        for note in notes:
            extra = getattr(note, "extra", None) or {}
            if "numbers" in extra:
                return _enum_reader(tuple(extra["numbers"]))
        return _reader(base)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return lambda value, path, trouble: read_message(hint, value, path, trouble)
    if get_origin(hint) is dict:
        return _map_of_strings if get_args(hint)[1] is str else _object
    return _SCALARS.get(hint, _any)


def _any(value: Any, _path: str, _trouble: Trouble) -> Any:
    return value


def _text(value: Any, path: str, trouble: Trouble) -> Any:
    return value if isinstance(value, str) else trouble.wrong(path, "TYPE_STRING", value)


def _bool(value: Any, path: str, trouble: Trouble) -> Any:
    if value in ("true", "false"):
        return value == "true"
    return value if isinstance(value, bool) else trouble.wrong(path, "TYPE_BOOL", value)


def _int(value: Any, path: str, trouble: Trouble) -> Any:
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return trouble.wrong(path, "TYPE_INT32", value)


def _float(value: Any, path: str, trouble: Trouble) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number) or value in ("NaN", "Infinity", "-Infinity"):
            return number
    return trouble.wrong(path, "TYPE_FLOAT", value)


def _bytes(value: Any, path: str, trouble: Trouble) -> Any:
    if not isinstance(value, str):
        return trouble.wrong(path, "TYPE_BYTES", value)
    try:
        return from_base64(value)
    except (ValueError, binascii.Error):
        return trouble.wrong(path, "TYPE_BYTES", f'Base64 decoding failed for "{value[:40]}"')


def _object(value: Any, path: str, trouble: Trouble) -> Any:
    return (
        value
        if isinstance(value, dict)
        else trouble.wrong(path, "type.googleapis.com/google.protobuf.Struct", value)
    )


def _map_of_strings(value: Any, path: str, trouble: Trouble) -> Any:
    if not isinstance(value, dict):
        return trouble.wrong(path, "Map", value)
    for key, item in value.items():
        _text(item, f"{path}[{key}]", trouble)
    return value


_SCALARS: dict[Any, Reader] = {str: _text, bool: _bool, int: _int, float: _float, bytes: _bytes}

# First name of each enum -> its type's name in Google's error text.
_ENUM_TYPES = {
    "MODALITY_UNSPECIFIED": "GenerationConfig.Modality",
    "MEDIA_RESOLUTION_UNSPECIFIED": "GenerationConfig.MediaResolution",
    "START_SENSITIVITY_UNSPECIFIED": "RealtimeInputConfig.AutomaticActivityDetection.StartSensitivity",
    "END_SENSITIVITY_UNSPECIFIED": "RealtimeInputConfig.AutomaticActivityDetection.EndSensitivity",
    "ACTIVITY_HANDLING_UNSPECIFIED": "RealtimeInputConfig.ActivityHandling",
    "TURN_COVERAGE_UNSPECIFIED": "RealtimeInputConfig.TurnCoverage",
    "UNSPECIFIED": "FunctionDeclaration.Behavior",
    "SCHEDULING_UNSPECIFIED": "FunctionResponse.Scheduling",
    "LANGUAGE_UNSPECIFIED": "ExecutableCode.Language",
    "OUTCOME_UNSPECIFIED": "CodeExecutionResult.Outcome",
}


def _enum_reader(names: tuple[str, ...]) -> Reader:
    type_name = _PACKAGE + _ENUM_TYPES.get(names[0], "Enum")

    def read(value: Any, path: str, trouble: Trouble) -> Any:
        if isinstance(value, str) and value.upper() in names:
            return value.upper()
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
            return names[value]
        return trouble.wrong(path, type_name, value)

    return read


def from_base64(text: str) -> bytes:
    """Bytes of base64 or base64url, padded or not.

    Example:
        >>> from_base64("-_8") == from_base64("+/8=") == bytes([251, 255])
        True
    """
    standard = text.translate(_URL_SAFE).rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)


_URL_SAFE = str.maketrans("-_", "+/", "\r\n")


def read_schema(value: Any, path: str, trouble: Trouble) -> Any:
    """A function's parameters, checked keyword by keyword; as the client wrote them, but in camelCase."""
    if not isinstance(value, dict):
        return trouble.wrong(path, _PACKAGE + "Schema", value)
    schema: dict[str, Any] = {}
    for name, item in value.items():
        camel = _camel(name)
        if camel not in _SCHEMA_FIELDS:
            trouble.unknown(name, path)
            continue
        at = f"{path}.{_snake(camel)}"
        if camel == "properties" and isinstance(item, dict):
            schema[camel] = {
                key: read_schema(one, f"{at}[{i}].value", trouble)
                for i, (key, one) in enumerate(item.items())
            }
        elif camel == "items":
            schema[camel] = read_schema(item, at, trouble)
        elif camel == "anyOf" and isinstance(item, list):
            schema[camel] = [read_schema(one, f"{at}[{i}]", trouble) for i, one in enumerate(item)]
        elif (
            camel == "type"
            and not (isinstance(item, str) and item.upper() in _SCHEMA_TYPES)
            and not isinstance(item, int)
        ):
            trouble.wrong(at, _PACKAGE + "Type", item)
        else:
            schema[camel] = item
    return schema


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
