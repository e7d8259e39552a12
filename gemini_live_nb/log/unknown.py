"""What nobody has modelled yet: fields and enum values newer than this package, looked for in the raw frames.

Nothing is looked for while a run is recorded: the frames are the truth, and are read when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gemini_live_nb.protocol.codec import decode, decode_client

from .lines import LOCAL, SENT

if TYPE_CHECKING:
    from .run import SessionLog

WHATS = ("field", "value")

# Nearly every frame is a chunk of sound like the one before it but for its base64: those are looked at once.
_SHORT = 1024
_MOST_SEEN = 20_000
_STEP = re.compile(r'\[(\d+)\]|\.?\[("(?:[^"\\]|\\.)*")\]|\.?([^.\[]+)')


class Unknown(NamedTuple):
    """One thing nobody has modelled, and the row of the index it is in."""

    position: int
    what: str
    path: str
    value: str


def unknown(log: SessionLog) -> Iterator[Unknown]:
    """Find each, frame by frame."""
    modelled: set[tuple[int, bytes]] = set()
    for position, direction, bare in log.bare():
        if direction == LOCAL or (direction, bare) in modelled:
            continue
        decoded = decode_client(bare) if direction == SENT else decode(bare)
        values = decoded.new_values
        if decoded.unknown:
            whole = log.at(position).json()
            for path in decoded.unknown:
                yield Unknown(position, "field", path, _written(_reached(whole, path)))
        for each in values:
            path, _, value = each.partition(": ")
            yield Unknown(position, "value", path, value)
        if not decoded.unknown and not values and len(bare) <= _SHORT and len(modelled) < _MOST_SEEN:
            modelled.add((direction, bare))


def _reached(value: Any, path: str) -> Any:
    """What lies at a dotted path, as `Decoded.unknown` writes it; `None` where that leads nowhere."""
    for place, quoted, name in _STEP.findall(path):
        if place:
            value = value[int(place)] if isinstance(value, list) and int(place) < len(value) else value
        elif isinstance(value, dict):
            wanted = msgspec.json.decode(quoted) if quoted else name
            value = value.get(wanted, value.get(_snake(wanted)))
        else:
            return None
    return value


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda letter: "_" + letter[1].lower(), name)


def _written(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=repr).decode()
