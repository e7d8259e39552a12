"""What a frame is, as index rows: the one function that makes them, live and when an index is built anew."""

from __future__ import annotations

from typing import Any

import msgspec

from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.codec import decode, decode_client
from gemini_live_nb.protocol.kinds import main, mask
from gemini_live_nb.protocol.server import ServerMessage

from . import index
from .chunks import peak_level, sound_type
from .contents import client_rows, server_rows, signals
from .index import KIND, NO_LEVEL, ROLES, Row
from .lines import LOCAL, SENT, Frame, payload

_MODEL_AUDIO = KIND["modelTurn.audio"]
_MIC_AUDIO = KIND["realtimeInput.audio"]
_ONLY_MODEL_AUDIO = mask("serverContent", "modelTurn.audio")
_ONLY_MIC_AUDIO = mask("realtimeInput", "realtimeInput.audio")
_MODEL = ROLES.index("model")
_USER = ROLES.index("user")

_MOST_PARTS = 4096

# A row from a tuple that is whole, at a third of the cost of calling `Row`.
_row = tuple.__new__


# When and how a frame crossed the wire: seq, conn, t_ns, direction, opcode, bytes on the wire.
Stamp = tuple[int, int, int, int, int, int]


def describe(
    message: ClientMessage | ServerMessage | None, kinds: int, stamp: Stamp, odd: bool = False
) -> list[Row]:
    """Return the rows of one frame: part 0 and one more for each further thing it bundles.

    Args:
        message: the decoded frame, `None` where it could not be read.
        kinds: its mask, as `protocol.kinds.kinds_of` tells.
        stamp: when, where and how it came.
        odd: whether the tolerant path had to read it.
    """
    # Almost every frame is one chunk of sound.
    if kinds == _ONLY_MODEL_AUDIO and isinstance(message, ServerMessage) and not odd:
        row = _one_model_chunk(message, stamp)
        if row is not None:
            return [row]
    elif kinds == _ONLY_MIC_AUDIO and isinstance(message, ClientMessage) and not odd:
        return [_mic_chunk(message, stamp)]
    return _bundle(message, kinds, stamp, odd)


def describe_frame(frame: Frame) -> list[Row]:
    """The index rows of a frame, decoded anew."""
    seq, t_ns, conn, direction, opcode, data, kind = frame
    raw = payload(data)
    stamp = (seq, conn, t_ns, direction, opcode, len(raw))
    if direction == LOCAL:
        fields = msgspec.json.decode(raw or b"{}")
        text = raw.decode("utf-8", "replace")
        return describe_local(kind, stamp, fields if isinstance(fields, dict) else {}, text)
    decoded = decode_client(raw) if direction == SENT else decode(raw)
    return describe(decoded.message, decoded.kinds, stamp, odd=bool(decoded.oddities))


def describe_local(kind: str, stamp: Stamp, fields: dict[str, Any], extra: str) -> list[Row]:
    """Return the row of a local event; `extra` is its fields as JSON."""
    words = fields.get("label", fields.get("text"))
    text = words if isinstance(words, str) else None
    number = KIND.get(kind, KIND["unknown"])
    flags = 0 if text is None else index.HAS_TEXT
    seq, conn, t_ns, _, _, size = stamp
    return [Row(seq, conn, 0, t_ns, LOCAL, 0, number, 0, 1 << number, flags, size, text=text, extra=extra)]


def _one_model_chunk(message: ServerMessage, stamp: Stamp) -> Row | None:
    content = message.server_content
    turn = content.model_turn if content is not None else None
    if turn is None or turn.parts is None or len(turn.parts) != 1:
        return None
    blob = turn.parts[0].inline_data
    if blob is None:
        return None
    seq, conn, t_ns, direction, opcode, size = stamp
    mime, rate = sound_type(blob.mime_type, 24000)
    count = len(blob.data or b"")
    milliseconds = count * 500 / rate
    return _row(
        Row,
        (
            *(seq, conn, 0, t_ns, direction, opcode, _MODEL_AUDIO, _MODEL, _ONLY_MODEL_AUDIO, 0, size),
            *(mime, count, milliseconds, rate, NO_LEVEL, -1, -1, -1, -1, None, "", "", ""),
        ),
    )


def _mic_chunk(message: ClientMessage, stamp: Stamp) -> Row:
    given = message.realtime_input
    blob = given.audio if given is not None else None
    data = (blob.data if blob is not None else None) or b""
    mime, rate = sound_type(blob.mime_type if blob is not None else None, 16000)
    seq, conn, t_ns, direction, opcode, size = stamp
    return _row(
        Row,
        (
            *(seq, conn, 0, t_ns, direction, opcode, _MIC_AUDIO, _USER, _ONLY_MIC_AUDIO, 0, size),
            *(mime, len(data), len(data) * 500 / rate, rate, peak_level(data)),
            *(-1, -1, -1, -1, None, "", "", ""),
        ),
    )


def _bundle(message: ClientMessage | ServerMessage | None, kinds: int, stamp: Stamp, odd: bool) -> list[Row]:
    seq, conn, t_ns, direction, opcode, size = stamp
    flags = index.ODD if odd else 0
    bare = Row(seq, conn, 0, t_ns, direction, opcode, KIND[main(kinds)], 0, kinds, flags, size)
    if message is None:
        return [bare]
    read = server_rows(message, bare) if isinstance(message, ServerMessage) else client_rows(message, bare)
    rows = [row for row, _ in zip(read, range(_MOST_PARTS), strict=False)] or [bare]
    head = rows[0]._replace(kinds=kinds)
    if isinstance(message, ServerMessage):
        head = signals(message, head)
    rows[0] = head
    for part in range(1, len(rows)):
        rows[part] = rows[part]._replace(part=part, kinds=1 << rows[part].kind)
    return rows
