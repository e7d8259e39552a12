"""Values of enums that are newer than this package, found in a message when somebody asks.

Enums are plain text to the typed path, so that a new value survives at no cost; which values are new is
looked up in the same definitions here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import msgspec
from msgspec import inspect

Field = tuple[str, str, frozenset[str]]
"""Attribute, name on the wire, and the values that are known; empty where the field holds structures."""


def new_values(message: msgspec.Struct, path: str = "") -> Iterator[str]:
    """Name each enum value nobody has modelled, at whatever depth, such as `voiceActivity.type: "PAUSE"`."""
    for attribute, name, known in _fields(type(message)):
        value = getattr(message, attribute)
        if value is None:
            continue
        place = f"{path}.{name}" if path else name
        for at, item in _each(value, place):
            if isinstance(item, msgspec.Struct):
                yield from new_values(item, at)
            elif known and item not in known:
                yield f'{at}: "{item}"'


def _each(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, list):
        yield path, value
        return
    for place, item in enumerate(value):
        yield f"{path}[{place}]", item


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The fields of a structure that hold enums or other structures."""
    made = []
    for field in cast("inspect.StructType", inspect.type_info(kind)).fields:
        inner = _inner(field.type)
        if isinstance(inner, inspect.Metadata):
            extra = inner.extra or {}
            known = frozenset(extra.get("values") or extra.get("numbers") or ())
            if known:
                made.append((field.name, field.encode_name, known))
        elif isinstance(inner, inspect.StructType):
            made.append((field.name, field.encode_name, frozenset()))
    return tuple(made)


def _inner(kind: inspect.Type) -> inspect.Type:
    """What a field holds, one or a list of: nothing on the wire is more than that."""
    if isinstance(kind, inspect.UnionType):
        return _inner(next(item for item in kind.types if not isinstance(item, inspect.NoneType)))
    return _inner(kind.item_type) if isinstance(kind, inspect.ListType) else kind
