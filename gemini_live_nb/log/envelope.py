"""The frame inside whatever a recorder put round it: which way it went, when, over which connection.

What a frame says tells which way it went, better than any label: `serverContent` comes from a server whatever
the recorder called it. Labels are asked where the frame does not tell.
"""

from __future__ import annotations

import ast
import base64
import binascii
import contextlib
import re
from typing import Any, NamedTuple

import msgspec

from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.server import ServerMessage

from .lines import BINARY, LOCAL, RECEIVED, SENT, TEXT
from .moments import Moment, is_time, moment_of, snake, written_in


class Found(NamedTuple):
    """A frame, or something that happened beside the wire, out of its envelope.

    Attributes:
        direction: SENT, RECEIVED or LOCAL.
        frame: The frame byte for byte where the recorder kept its text, else the object it said.
        opcode: TEXT or BINARY, 0 where the recorder did not say.
        conn: What names its connection, `None` where nothing does.
        kind: Of a local event.
    """

    direction: int
    frame: bytes | dict[str, Any]
    opcode: int = 0
    moment: Moment | None = None
    conn: int | str | None = None
    kind: str = ""


def _names(kind: type[msgspec.Struct]) -> frozenset[str]:
    fields = msgspec.structs.fields(kind)
    return frozenset(field.name for field in fields) | frozenset(field.encode_name for field in fields)


_SERVER = _names(ServerMessage)
_CLIENT = _names(ClientMessage) - {"config"}

# How recorders call a frame, the way it went, its connection.
_PAYLOADS = (
    "msg", "message", "payload", "frame", "data", "raw", "body", "content", "text", "json", "event", "packet",
    "value", "raw64", "frame64", "base64", "b64", "raw_base64", "bytes",
)  # fmt: skip
_WAYS = (
    "dir", "direction", "way", "side", "sender", "from", "source", "origin", "who", "type", "kind", "event",
    "event_type", "role", "op", "channel", "name", "action", "method",
)  # fmt: skip
_SENT_WORDS = frozenset((
    "client", "c", "sent", "send", "out", "outgoing", "outbound", "tx", "upstream", "up", "request", "req",
    "c2s", "to_server", "client_to_server", "write", "egress", "ws_send", "websocket_send", "user", ">",
    ">>", ">>>", "->", "-->", "=>", "→", "↑", "⬆",
))  # fmt: skip
_RECEIVED_WORDS = frozenset((
    "server", "s", "received", "receive", "recv", "rcv", "in", "incoming", "inbound", "rx", "downstream",
    "down", "response", "resp", "s2c", "from_server", "server_to_client", "read", "ingress", "ws_recv",
    "ws_receive", "websocket_receive", "model", "gemini", "<", "<<", "<<<", "<-", "<--", "<=", "←", "↓", "⬇",
))  # fmt: skip
_SENT_FLAGS = frozenset(("from_client", "is_client", "outgoing", "is_sent", "is_outgoing", "client"))
_CONNS = (
    "conn",
    "connection",
    "connection_id",
    "conn_id",
    "socket",
    "socket_id",
    "ws_id",
    "request_id",
    "session_id",
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_DEEPEST = 4
_TEXT_CODES, _BINARY_CODES = {1, "1", "text"}, {2, "2", "binary", "bytes"}


def opened(value: Any, label: str = "", exact: bytes = b"") -> Found | None:
    """Take a frame out of its envelope; `None` where there is none in it.

    Args:
        value: What the form made of it, see `forms.Piece`.
        label: What stood before it.
        exact: Its text, which is the frame byte for byte where there is no envelope.
    """
    found = _opened(value, exact, 0)
    if found is None:
        return None
    direction = found.direction if found.direction >= 0 else _label_way(label)
    if direction is None:
        return None
    moment = found.moment or written_in(label)
    return found._replace(direction=direction, moment=moment)


def _opened(value: Any, exact: bytes, depth: int) -> Found | None:
    if depth > _DEEPEST:
        return None
    if isinstance(value, str | bytes):
        return _from_text(value)
    if isinstance(value, list):
        return _from_row(value, depth)
    if not isinstance(value, dict):
        return None
    names = frozenset(value)
    if names & _SERVER or names & _CLIENT or names == {"config"}:
        return _bare(value, exact)
    happened = _happened(value)
    return happened or _from_envelope(value, depth)


def _bare(value: dict[str, Any], exact: bytes) -> Found:
    """A frame with nothing round it, but perhaps a recorder's own fields beside what it says."""
    own = {name for name in value if name not in _SERVER | _CLIENT and _is_own(name)}
    said = {name: each for name, each in value.items() if name not in own}
    direction = RECEIVED if _SERVER & said.keys() else SENT
    frame: bytes | dict[str, Any] = exact if exact and not own else said
    return Found(direction, frame, _opcode(value), moment_of(value, own), _conn(value))


def _is_own(name: str) -> bool:
    plain = snake(name)
    return plain in _WAYS or plain in _CONNS or plain in ("n", "seq", "index", "opcode") or is_time(name)


def _from_text(value: str | bytes) -> Found | None:
    raw = value if isinstance(value, bytes) else _frame_text(value)
    if raw is None:
        return None
    read = _json(raw)
    inner = _opened(read, raw, _DEEPEST) if isinstance(read, dict) else None
    return inner or Found(-1, raw)


def _frame_text(text: str) -> bytes | None:
    """The bytes of a frame that was kept as text: JSON, a Python bytes literal, base64 or hexadecimal."""
    if _json(text.encode("utf-8", "surrogatepass")) is not None:
        return text.encode("utf-8", "surrogatepass")
    plain = text.strip()
    if plain[:2] in ("b'", 'b"'):
        try:
            read = ast.literal_eval(plain)
        except (ValueError, SyntaxError):
            return None
        return read if isinstance(read, bytes) else None
    for raw in _unpacked(plain):
        if _json(raw) is not None:
            return raw
    return None


def _unpacked(word: str) -> list[bytes]:
    found: list[bytes] = []
    if len(word) % 2 == 0 and word[:2].lower() == "7b":
        with contextlib.suppress(ValueError):
            found.append(bytes.fromhex(word))
    if _BASE64.fullmatch(word):
        padded = word.translate(str.maketrans("-_", "+/")).rstrip("=")
        with contextlib.suppress(binascii.Error):
            found.append(base64.b64decode(padded + "=" * (-len(padded) % 4)))
    return found


def _json(raw: bytes) -> dict[str, Any] | None:
    try:
        read = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _from_row(value: list[Any], depth: int) -> Found | None:
    """A row of a table: `[0.12, "recv", {…}]`; or the bytes of a frame as numbers."""
    if value and all(isinstance(each, int) and 0 <= each < 256 for each in value):
        return _from_text(bytes(value))
    for each in reversed(value):
        found = _opened(each, b"", depth + 1) if isinstance(each, dict | str | bytes) else None
        if found is not None:
            words = (each for each in value if isinstance(each, str))
            way = next((way for word in words if (way := _way(word)) is not None), -1)
            times = [
                Moment(each, "")
                for each in value
                if isinstance(each, int | float) and not isinstance(each, bool)
            ]
            direction = found.direction if found.direction >= 0 else way
            return found._replace(direction=direction, moment=found.moment or next(iter(times), None))
    return None


def _happened(value: dict[str, Any]) -> Found | None:
    """What was recorded beside the wire: ours (`local`), or that the connection closed."""
    if value.get("dir") == "local":
        said = value.get("msg")
        frame = said if isinstance(said, dict) else {}
        return Found(LOCAL, frame, 0, moment_of(value, value), _conn(value), str(value.get("kind", "mark")))
    inner = value.get("_cassette_event")
    told = inner if isinstance(inner, dict) else value
    kinds = {str(told.get(name, "")).lower() for name in ("type", "kind", "event", "op")}
    closes = bool(kinds & {"close", "closed", "connection_closed", "disconnect"})
    code = next(
        (told[name] for name in ("code", "close_code", "closeCode") if isinstance(told.get(name), int)), None
    )
    if closes and (code is None or 1000 <= code < 5000):
        reason = str(told.get("reason") or told.get("close_reason") or "")
        return Found(
            LOCAL, {"code": code or 1005, "reason": reason}, 0, moment_of(value, value), _conn(value), "close"
        )
    return None


def _from_envelope(value: dict[str, Any], depth: int) -> Found | None:
    named = {snake(name): name for name in value}
    way = _envelope_way(value)
    names = [named[name] for name in _PAYLOADS if name in named]
    # {"send": {…}}: the way is the name.
    names += [name for name in value if _way(name) is not None and name not in names]
    names += [name for name in value if isinstance(value[name], dict | list) and name not in names]
    for name in names:
        inside = value[name]
        found = _opened(inside, b"", depth + 1) if isinstance(inside, dict | str | bytes | list) else None
        own_way = way if way is not None else _way(name)
        if found is None and own_way is not None and _is_sure(value, name) and isinstance(inside, str | dict):
            # A frame nobody can read is a frame all the same.
            found = Found(-1, _any_bytes(snake(name), inside) if isinstance(inside, str) else inside)
        if found is not None:
            direction = found.direction if found.direction >= 0 or own_way is None else own_way
            return found._replace(
                direction=direction,
                opcode=found.opcode or _opcode(value),
                moment=found.moment or moment_of(value, value),
                conn=found.conn if found.conn is not None else _conn(value),
            )
    return None


def _is_sure(value: dict[str, Any], name: str) -> bool:
    """Whether an envelope is that of a frame, whatever stands in it: `{"direction": …, "payload": …}`."""
    told = any(snake(each) in ("dir", "direction", "way") for each in value) or _opcode(value)
    return bool(told) and snake(name) in _PAYLOADS


def _any_bytes(name: str, text: str) -> bytes:
    if "64" in name:
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(text)
    return text.encode("utf-8", "surrogatepass")


def _envelope_way(value: dict[str, Any]) -> int | None:
    for name, each in value.items():
        if isinstance(each, bool) and snake(name) in _SENT_FLAGS:
            return SENT if each else RECEIVED
    plain = {snake(name): each for name, each in value.items()}
    words = (plain[name] for name in _WAYS if isinstance(plain.get(name), str))
    return next((way for word in words if (way := _way(word)) is not None), None)


def _way(word: str) -> int | None:
    plain = (
        re.sub(r"[\s.:/-]+", "_", word.strip().lower()).strip("_")
        if word.strip()[:1].isalpha()
        else word.strip()
    )
    if plain in _SENT_WORDS:
        return SENT
    return RECEIVED if plain in _RECEIVED_WORDS else None


def _label_way(label: str) -> int | None:
    words = re.findall(r"[<>=→←↑↓⬆⬇-]+|[A-Za-z_]+", label)
    return next((way for word in words if (way := _way(word)) is not None), None)


def _opcode(value: dict[str, Any]) -> int:
    for name in ("opcode", "op", "frame_type", "encoding"):
        code = value.get(name)
        if isinstance(code, int | str):
            told = code.lower() if isinstance(code, str) else code
            if told in _TEXT_CODES or told in _BINARY_CODES:
                return TEXT if told in _TEXT_CODES else BINARY
    return BINARY if value.get("binary") is True else 0


def _conn(value: dict[str, Any]) -> int | str | None:
    named = {snake(name): each for name, each in value.items()}
    return next(
        (
            named[name]
            for name in _CONNS
            if isinstance(named.get(name), int | str) and not isinstance(named[name], bool)
        ),
        None,
    )
