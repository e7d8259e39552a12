"""Reads what clients send, as the service does: liberal in spelling, strict in names, particular in wording.

Liberal: camelCase and snake_case at every depth, base64 and base64url with or without padding, int64 as a
    string, a
single value where a list is meant, enums by name or number, text or binary frames. Strict: an unknown name, a
    wrong
type or a wrong enum value is refused, with the snake_case path to it and the name as the client spelt it.

Only the table of fields is shared with the client side (`protocol/client.py`); the reading is written apart
from `protocol/codec.py`, so that the two can disagree and a test can see it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import msgspec

from gemini_live_nb.protocol import client
from gemini_live_nb.protocol.client import ClientMessage

from .fields import Trouble, read_message
from .refusals import REFUSALS, Refusal, Refused, refuse

T = TypeVar("T", bound=msgspec.Struct)

# Known elsewhere, refused by the Live endpoint of the Developer API (PROTOCOL.md §1.1, 1.4, 2.2).
_DEVELOPER_HIDES: frozenset[tuple[type, str]] = frozenset(
    {(client.SessionResumptionConfig, "transparent"), (client.Setup, "safety_settings")}
)
_ONLY_V1ALPHA: frozenset[tuple[type, str]] = frozenset(
    {(client.Setup, "proactivity"), (client.GenerationConfig, "enable_affective_dialog")}
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which door a client came in by: it decides which names exist there.

    Attributes:
        version: API version of the path, such as `"v1beta"`.
        vertex: the Vertex AI path.
        accept_config: also take the first frame as Google's raw-WebSocket guide writes it (`{"config": …}`).
        accept_unknown: pass over fields that exist nowhere, rather than refuse the frame.
    """

    version: str = "v1beta"
    vertex: bool = False
    accept_config: bool = False
    accept_unknown: bool = False

    @property
    def hidden(self) -> frozenset[tuple[type, str]]:
        """Fields that do not exist at this door."""
        return _hidden(self.version, self.vertex)


@cache
def _hidden(version: str, vertex: bool) -> frozenset[tuple[type, str]]:
    hidden: frozenset[tuple[type, str]] = frozenset({(ClientMessage, "config")})
    if vertex:
        return hidden
    return hidden | _DEVELOPER_HIDES | (frozenset() if version == "v1alpha" else _ONLY_V1ALPHA)


def accept(data: bytes | str, dialect: Dialect) -> ClientMessage:
    """One client frame as a typed message.

    Args:
        data: the frame's payload, text or UTF-8 bytes.
        dialect: the door it came in by.

    Raises:
        Refused: with the close code and reason the service would give.

    Example:
        >>> accept('{"realtime_input": {"audioStreamEnd": true}}', Dialect()).realtime_input.audio_stream_end
        True
        >>> accept('{"config": {}}', Dialect())
        Traceback (most recent call last):
        gemini_live_nb.emulator.refusals.Refused: 1007 Invalid JSON payload received. Unknown name "config"...
    """
    value = parse(data)
    if dialect.accept_config and isinstance(value, dict) and "config" in value:
        value = {**{k: v for k, v in value.items() if k != "config"}, "setup": _guide_setup(value["config"])}
    message = checked(ClientMessage, value, "", dialect.hidden, lenient=dialect.accept_unknown)
    _one_of(message)
    return message


def checked(
    cls: type[T],
    value: Any,
    path: str,
    hidden: frozenset[tuple[type, str]] = frozenset(),
    *,
    lenient: bool = False,
) -> T:
    """A parsed JSON value as one of the protocol's structures, or the refusal that names what is wrong."""
    trouble = Trouble(hidden, lenient)
    message = read_message(cls, value, path, trouble)
    if trouble.lines:
        raise Refused(Refusal(1007, "\n".join(trouble.lines)))
    return message


def parse(data: bytes | str) -> Any:
    """JSON of a frame, or the refusal for what is not JSON."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    if isinstance(data, bytes):
        try:
            data = data.decode()
        except UnicodeDecodeError:
            raise refuse("not_json", detail="Encountered non UTF-8 code points.") from None
    try:
        return json.loads(data)  # takes what msgspec does not (NaN), and knows where the fault is
    except ValueError as error:
        raise refuse("not_json", detail=_detail(data, error)) from None


def _detail(text: str, error: ValueError) -> str:
    """The tail of Google's JSON errors: what was expected, the text around it, a caret below the place."""
    at = error.pos if isinstance(error, json.JSONDecodeError) else 0
    if not text.strip() or at >= len(text):
        what = "Unexpected end of string."
    elif "property name" in str(error):
        what = "Expected an object key or }."
    elif "delimiter" in str(error):
        what = (
            "Expected : between key:value pair."
            if "':'" in str(error)
            else "Expected , or } after key:value pair."
        )
    else:
        what = "Unexpected token."
    start = max(0, at - 20)
    return f"{what}\n{text[start : at + 20]}\n{' ' * (at - start)}^"


def _one_of(message: ClientMessage) -> None:
    given = [name for name in message.__struct_fields__ if getattr(message, name) is not None]
    if len(given) > 1:
        reason = REFUSALS["wrong_value"].fill(
            path="", type="oneof", value=f"oneof field 'message_type' is already set. Cannot set '{given[1]}'"
        )
        raise Refused(reason)


def _guide_setup(config: Any) -> Any:
    """The guide's flat `config` as a `setup`: what belongs to the generation goes into `generationConfig`."""
    if not isinstance(config, dict):
        return config
    generation = {
        name
        for field in msgspec.structs.fields(client.GenerationConfig)
        for name in (field.name, field.encode_name)
    }
    setup = {key: value for key, value in config.items() if key not in generation}
    flat = {key: value for key, value in config.items() if key in generation}
    if flat:
        setup["generationConfig"] = {
            **flat,
            **(setup.pop("generation_config", None) or setup.get("generationConfig") or {}),
        }
    return setup
