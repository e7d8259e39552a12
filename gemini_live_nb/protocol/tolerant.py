"""The reading of frames the typed path refused: field by field, from the same definitions.

protobuf's JSON allows more than msgspec does: snake_case names, base64url with or without padding, int64 as
text, numbers for enums. Clients in the wild, Google's own among them, mix all of these. Beyond that, a value
of a wrong type costs that value only, never the frame. Whatever was odd is said in words; the raw frame is
kept by the caller.
"""

from __future__ import annotations

import binascii
import json
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

S = TypeVar("S", bound=msgspec.Struct)

# A frame can be odd in every field; a reader needs the first few.
MOST_ODDITIES = 32
_BOM = b"\xef\xbb\xbf"
_PLAIN_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISSING: Any = object()


class _Notes:
    """What was odd and what was unknown, gathered while one frame is read."""

    __slots__ = ("left_out", "oddities", "unknown")

    def __init__(self) -> None:
        self.oddities: list[str] = []
        self.unknown: list[str] = []
        self.left_out = 0

    def odd(self, words: str) -> None:
        if words in self.oddities:
            return
        if len(self.oddities) < MOST_ODDITIES:
            self.oddities.append(words)
        else:
            self.left_out += 1

    def all_oddities(self) -> tuple[str, ...]:
        more = (f"and {self.left_out} more",) if self.left_out else ()
        return (*self.oddities, *more)


Reading = tuple[S | None, bytes | str, tuple[str, ...], tuple[str, ...]]


def read(data: bytes | str, kind: type[S]) -> Reading[S]:
    """Read a frame as a structure of this kind, as far as it can be. Never raises.

    Returns:
        The message (None where the frame is no JSON object), the data as given, the oddities in words, and
        the dotted paths of unknown fields.
    """
    notes = _Notes()
    try:
        value = parse(data, notes.oddities)
        if not isinstance(value, dict):
            if not notes.oddities or value is not None:
                notes.odd(f"not a JSON object but {_kind_of(value)}")
            return None, data, notes.all_oddities(), ()
        message = _struct_reader(kind)(value, "", notes)
    except RecursionError:
        return None, data, ("not JSON: nested too deeply",), ()
    return message, data, notes.all_oddities(), tuple(notes.unknown)


def build(value: Mapping[str, Any], kind: type[S]) -> S:
    """Make a structure from a mapping a person wrote: either spelling, but nothing unknown and nothing odd.

    Raises:
        ValueError: naming the field that is unknown or of a wrong type.
    """
    notes = _Notes()
    made: S = _struct_reader(kind)(value, "", notes)
    wrong = [words for words in notes.all_oddities() if not words.startswith("snake_case")]
    if notes.unknown or wrong:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))
        problems = [f"unknown field {path!r}" for path in notes.unknown] + wrong
        raise ValueError(f"{kind.__name__}: {'; '.join(problems)}. Its fields: {known}")
    return made


def parse(data: bytes | str, oddities: list[str]) -> Any:
    """Parse JSON, forgiving a byte-order mark, broken UTF-8, control characters, NaN and lone surrogates.

    What was forgiven is added to `oddities`. Returns None where it is no JSON at all.
    """
    if isinstance(data, bytes) and data.startswith(_BOM):
        oddities.append("byte-order mark")
        data = data[len(_BOM) :]
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError) as refusal:
        first = str(refusal)
    try:
        text = data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")
        value = json.loads(text.removeprefix("\ufeff"), strict=False, parse_int=_integer)
        oddities.append(f"loose JSON: {first}")
        return _clean(value)
    except RecursionError:
        oddities.append("not JSON: nested too deeply")
    except ValueError as refusal:
        oddities.append(f"not JSON: {refusal}")
    return None


def _integer(digits: str) -> int | float:
    # Python refuses to read integers of more than 4300 digits.
    return int(digits) if len(digits) < 4000 else float(digits)


def _clean(value: Any) -> Any:
    """Replace lone surrogates, which no UTF-8 file or socket takes."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return value


_Reader = Callable[[Any, str, _Notes], Any]


@cache
def _struct_reader(kind: type[msgspec.Struct]) -> _Reader:
    by_name: dict[str, tuple[str, str, _Reader]] = {}
    for field in cast("inspect.StructType", inspect.type_info(kind)).fields:
        entry = (field.name, field.encode_name, _reader(field.type))
        by_name[field.name] = by_name[field.encode_name] = entry

    def read_struct(value: Any, path: str, notes: _Notes) -> Any:
        if not isinstance(value, Mapping):
            notes.odd(f"expected an object at {path}, found {_kind_of(value)}")
            return kind()
        given: dict[str, Any] = {}
        for name, item in value.items():
            known = by_name.get(name)
            if known is None:
                notes.unknown.append(_below(path, name))
                continue
            attribute, wire_name, read_field = known
            if name != wire_name:
                notes.odd(f"snake_case name {name!r}")
            if attribute in given:
                notes.odd(f"{_below(path, wire_name)} given twice")
            if item is None:
                continue
            made = read_field(item, _below(path, wire_name), notes)
            if made is not _MISSING:
                given[attribute] = made
        return kind(**given)

    return read_struct


def _below(path: str, name: str) -> str:
    shown = name if _PLAIN_NAME.match(name) else json.dumps([name])
    return f"{path}.{shown}" if path else shown


def _reader(kind: inspect.Type) -> _Reader:
    """Compile the reader of one type; the wire uses no more types than these."""
    match kind:
        case inspect.UnionType():
            (only,) = (item for item in kind.types if not isinstance(item, inspect.NoneType))
            return _reader(only)
        case inspect.Metadata():
            extra = kind.extra or {}
            if "numbers" in extra:
                return _enum_reader(extra["numbers"])
            return _int64 if "int64" in extra else _reader(kind.type)
        case inspect.StructType():
            return _struct_reader(kind.cls)
        case inspect.ListType():
            return _list_reader(_reader(kind.item_type))
        case inspect.DictType():
            return _dict_reader(_reader(kind.value_type))
        case inspect.AnyType():
            return lambda value, _path, _notes: value
        case _:
            return _SCALARS[type(kind)]


def _list_reader(read_item: _Reader) -> _Reader:
    def read_list(value: Any, path: str, notes: _Notes) -> Any:
        if not isinstance(value, list | tuple):
            notes.odd(f"expected a list at {path}, found {_kind_of(value)}")
            value = [value]
        items = (
            read_item(item, f"{path}[{place}]", notes) for place, item in enumerate(value) if item is not None
        )
        return [item for item in items if item is not _MISSING]

    return read_list


def _dict_reader(read_value: _Reader) -> _Reader:
    def read_dict(value: Any, path: str, notes: _Notes) -> Any:
        if not isinstance(value, Mapping):
            notes.odd(f"expected an object at {path}, found {_kind_of(value)}")
            return _MISSING
        made = {name: read_value(item, _below(path, name), notes) for name, item in value.items()}
        return {name: item for name, item in made.items() if item is not _MISSING}

    return read_dict


def _enum_reader(numbers: tuple[str, ...]) -> _Reader:
    def read_enum(value: Any, path: str, notes: _Notes) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            known = 0 <= value < len(numbers)
            notes.odd(f"number for an enum at {path}" if known else f"unknown enum number {value} at {path}")
            return numbers[value] if known else str(value)
        return _text(value, path, notes)

    return read_enum


def _text(value: Any, path: str, notes: _Notes) -> Any:
    if isinstance(value, str):
        return value
    notes.odd(f"expected text at {path}, found {_kind_of(value)}")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _MISSING


def _bool(value: Any, path: str, notes: _Notes) -> Any:
    if isinstance(value, bool):
        return value
    notes.odd(f"expected true or false at {path}, found {_kind_of(value)}")
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.strip().lower(), _MISSING)
    return bool(value) if isinstance(value, int | float) else _MISSING


def _int64(value: Any, path: str, notes: _Notes) -> Any:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
    return _int(value, path, notes)


def _int(value: Any, path: str, notes: _Notes) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    notes.odd(f"expected a whole number at {path}, found {_kind_of(value)}")
    number = _number(value)
    return _MISSING if number is None or not math.isfinite(number) else int(number)


def _float(value: Any, path: str, notes: _Notes) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = _number(value)
        return _MISSING if number is None else number
    notes.odd(f"expected a number at {path}, found {_kind_of(value)}")
    number = _number(value)
    return _MISSING if number is None else number


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


_URL_SAFE = str.maketrans("-_", "+/", " \t\r\n")


def _bytes(value: Any, path: str, notes: _Notes) -> Any:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if not isinstance(value, str):
        notes.odd(f"expected base64 at {path}, found {_kind_of(value)}")
        return _MISSING
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        return _odd_base64(value, path, notes)


def _odd_base64(value: str, path: str, notes: _Notes) -> Any:
    if "-" in value or "_" in value:
        notes.odd(f"base64url in {path}")
    if any(space in value for space in " \t\r\n"):
        notes.odd(f"white space in the base64 of {path}")
    padded = value.translate(_URL_SAFE)
    plain = padded.rstrip("=")
    if len(plain) % 4 and plain == padded:
        notes.odd(f"base64 without padding in {path}")
    try:
        return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError as refusal:
        notes.odd(f"not base64 in {path}: {refusal}")
        return _MISSING


_SCALARS: dict[type[inspect.Type], _Reader] = {
    inspect.StrType: _text,
    inspect.BoolType: _bool,
    inspect.IntType: _int,
    inspect.FloatType: _float,
    inspect.BytesType: _bytes,
}


def _kind_of(value: Any) -> str:
    """The JSON name of a Python value, for people."""
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
