"""Bytes to typed messages and back.

`decode` is for what a server sends, `decode_client` for what a client sends. Both take a text or binary
frame, pretty-printed or not, and never raise: what msgspec's typed path refuses is read again by `tolerant`,
which delivers what it can and says what was odd. The raw frame stays the truth; a message is a view of it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from . import tolerant, values
from .client import ClientMessage
from .kinds import BIT, client_kinds, kinds_of, server_kinds
from .server import ServerMessage
from .wire import Wire

M = TypeVar("M", bound=Wire)


class Decoded(msgspec.Struct, Generic[M], eq=False, gc=False):
    """One frame, decoded.

    Attributes:
        message: The typed view; None where the frame is no JSON object.
        raw: The frame exactly as it was received.
        kinds: The mask of every kind in this frame (`kinds.names` spells it out).
        oddities: What the typed path refused, in words; empty for a frame as the server writes them.
        unknown: Dotted paths of fields nobody has modelled, at whatever depth, such as
            `serverContent.modelTurn.parts[0].newThing`.
    """

    message: M | None
    raw: bytes | str
    kinds: int
    oddities: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def new_values(self) -> tuple[str, ...]:
        """Values of enums nobody has modelled, such as `voiceActivity.type: "PAUSE"`. Looked up each time."""
        return () if self.message is None else tuple(values.new_values(self.message))

    def json(self) -> Any:
        """Parse the raw frame, unknown fields included; None where it is no JSON. Parsed anew each time."""
        return tolerant.parse(self.raw, [])

    def __repr__(self) -> str:
        odd = f", oddities={self.oddities!r}" if self.oddities else ""
        return f"<Decoded {type(self.message).__name__} of {len(self.raw)} {type(self.raw).__name__}{odd}>"


_decode_server = msgspec.json.Decoder(ServerMessage).decode
_decode_client = msgspec.json.Decoder(ClientMessage).decode
_encode = msgspec.json.Encoder().encode

_UNKNOWN, _EMPTY = BIT["unknown"], BIT["empty"]

# ValueError covers malformed JSON, refused values and broken UTF-8 alike.
_REFUSED = (ValueError, RecursionError)


def decode(data: bytes | str) -> Decoded[ServerMessage]:
    """Decode one frame of the server. Never raises.

    >>> decode(b'{"serverContent": {"turnComplete": true}}').message.server_content.turn_complete
    True
    >>> decode(b'{"server_content": {}}').oddities
    ("snake_case name 'server_content'",)
    """
    try:
        message = _decode_server(data)
        return Decoded(message, data, server_kinds(message) or _EMPTY)
    except _REFUSED:
        return _tolerantly(data, ServerMessage)


def decode_client(data: bytes | str) -> Decoded[ClientMessage]:
    """Decode one frame of a client, for recorder, emulator and replay. Never raises."""
    try:
        message = _decode_client(data)
        return Decoded(message, data, client_kinds(message) or _EMPTY)
    except _REFUSED:
        return _tolerantly(data, ClientMessage)


def _tolerantly(data: bytes | str, kind: type[M]) -> Decoded[M]:
    message, raw, oddities, unknown = tolerant.read(data, kind)
    bits = BIT["undecodable"] if message is None else kinds_of(message) or _UNKNOWN
    if message is not None and any("." not in path or path[0] == "[" for path in unknown):
        bits |= _UNKNOWN
    return Decoded(message, raw, bits, oddities, unknown)


def encode(message: ClientMessage, extra: Mapping[str, Any] | None = None) -> str:
    """Write a frame of ours: compact JSON in lowerCamelCase, to be sent as a text frame.

    Args:
        message: What to say; only what is set is written.
        extra: Further JSON to merge deep into it, names as they go on the wire. Objects are merged, anything
            else (lists too) replaces what is there.

    >>> from gemini_live_nb.protocol.client import RealtimeInput
    >>> encode(ClientMessage(realtime_input=RealtimeInput(text="hi")), extra={"realtimeInput": {"new": 1}})
    '{"realtimeInput":{"text":"hi","new":1}}'
    """
    if extra:
        return _encode(merged(msgspec.to_builtins(message), extra)).decode()
    return _encode(message).decode()


def encode_server(message: ServerMessage, extra: Mapping[str, Any] | None = None) -> bytes:
    """Write a frame as the server does: two spaces, a newline at the end, to be sent as a binary frame."""
    update = message.session_resumption_update
    if update is not None and update.last_consumed_client_message_index is not None:
        index = {"lastConsumedClientMessageIndex": str(update.last_consumed_client_message_index)}
        extra = merged({"sessionResumptionUpdate": index}, extra or {})
    text = _encode(merged(msgspec.to_builtins(message), extra) if extra else message)
    return msgspec.json.format(text, indent=2) + b"\n"


_AUDIO_HEAD = b'{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=%d","data":"'
_AUDIO_TAIL = b'"}}}'
_HEAD_16K = _AUDIO_HEAD % 16000


def encode_audio(pcm: bytes, rate: int = 16000) -> bytes:
    """Write one chunk of speech: the fast equal of `encode` for the frame sent fifty times a second.

    Args:
        pcm: Little-endian 16-bit mono samples; 20–40 ms of them is what the API recommends.
        rate: Samples per second.

    Returns:
        The JSON as UTF-8, to be sent as a *text* frame.
    """
    head = _HEAD_16K if rate == 16000 else _AUDIO_HEAD % rate
    return head + binascii.b2a_base64(pcm, newline=False) + _AUDIO_TAIL


_SNAKE = re.compile(r"_([a-z])")


def merged(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `extra` merged in: objects deeply, everything else replaced. Neither is changed.

    A name in snake_case is the same as its camelCase twin where `base` has that: JSON with both is refused.
    """
    result = dict(base)
    for given, value in extra.items():
        twin = _SNAKE.sub(lambda found: found[1].upper(), given)
        name = twin if given not in base and twin in base else given
        there = result.get(name)
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            result[name] = merged(there, value)
        else:
            result[name] = value
    return result
