"""What a frame is, as index rows: the one function that makes them, live and when an index is built anew."""

from __future__ import annotations

from typing import Any

import msgspec

from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.codec import Decoded, decode, decode_client
from gemini_live_nb.protocol.kinds import main, mask
from gemini_live_nb.protocol.server import ServerMessage

from . import index
from .chunks import peak_level, sound_number
from .contents import client_rows, server_rows, signals
from .index import KIND, MIMES, OTHER_MIME, ROLES, Chunk, Described, Row
from .lines import LOCAL, SENT, Frame, payload

_MODEL_AUDIO = KIND["modelTurn.audio"]
_MIC_AUDIO = KIND["realtimeInput.audio"]
_ONLY_MODEL_AUDIO = mask("serverContent", "modelTurn.audio")
_ONLY_MIC_AUDIO = mask("realtimeInput", "realtimeInput.audio")
_MODEL = ROLES.index("model")
_USER = ROLES.index("user")
_MIC_MIME = MIMES.index("audio/pcm;rate=16000")

_MOST_PARTS = 4096


def wire_bytes(data: bytes | str) -> int:
    """How many bytes a frame was on the wire."""
    return len(data) if isinstance(data, bytes) or data.isascii() else len(payload(data))


def describe(decoded: Decoded[ClientMessage] | Decoded[ServerMessage], frame: Frame) -> Described:
    """Return the rows of one frame: part 0 and one more for each further thing it bundles.

    Args:
        decoded: what it says.
        frame: when, where and how it came.
    """
    message, kinds = decoded.message, decoded.kinds
    # Almost every frame is one chunk of sound.
    chunk: Chunk | None = None
    if kinds == _ONLY_MODEL_AUDIO and isinstance(message, ServerMessage) and not decoded.oddities:
        chunk = _model_chunk(message, frame)
    elif kinds == _ONLY_MIC_AUDIO and isinstance(message, ClientMessage) and not decoded.oddities:
        chunk = _mic_chunk(message, frame)
    return chunk or _bundle(message, kinds, frame, odd=bool(decoded.oddities))


def describe_frame(frame: Frame) -> Described:
    """The index rows of a frame, decoded anew."""
    raw = payload(frame[5])
    if frame[3] == LOCAL:
        fields = msgspec.json.decode(raw or b"{}")
        text = raw.decode("utf-8", "replace")
        return describe_local(frame, fields if isinstance(fields, dict) else {}, text)
    return describe(decode_client(raw) if frame[3] == SENT else decode(raw), frame)


def describe_local(frame: Frame, fields: dict[str, Any], extra: str) -> list[Row]:
    """Return the row of a local event; `extra` is its fields as JSON."""
    words = fields.get("label", fields.get("text"))
    text = words if isinstance(words, str) else None
    seq, t_ns, conn, _, _, data, kind = frame
    number, size = KIND.get(kind, KIND["unknown"]), wire_bytes(data)
    flags = 0 if text is None else index.HAS_TEXT
    return [Row(seq, conn, 0, t_ns, LOCAL, 0, number, 0, 1 << number, flags, size, text=text, extra=extra)]


def _model_chunk(message: ServerMessage, frame: Frame) -> Chunk | None:
    content = message.server_content
    turn = content.model_turn if content is not None else None
    if turn is None or turn.parts is None or len(turn.parts) != 1:
        return None
    blob = turn.parts[0].inline_data
    if blob is None:
        return None
    mime, rate = sound_number(blob.mime_type, 24000)
    if mime == OTHER_MIME:
        return None
    seq, t_ns, conn, direction, opcode, data, _ = frame
    size = len(data) if isinstance(data, bytes) else wire_bytes(data)
    count = len(blob.data or b"")
    what = (_MODEL_AUDIO, _MODEL, _ONLY_MODEL_AUDIO, 0, size, mime, count, count * 500 / rate, rate)
    return Chunk(seq, conn, 0, t_ns, direction, opcode, *what)


def _mic_chunk(message: ClientMessage, frame: Frame) -> Chunk | None:
    blob = message.realtime_input.audio if message.realtime_input is not None else None
    mime, rate = sound_number(blob.mime_type if blob is not None else None, 16000)
    if blob is None or mime == OTHER_MIME:
        return None
    return mic_chunk(blob.data or b"", frame, mime, rate)


def mic_chunk(pcm: bytes, frame: Frame, mime: int = _MIC_MIME, rate: int = 16000) -> Chunk:
    """Return the row of a chunk of the microphone; `mime` by its number."""
    seq, t_ns, conn, direction, opcode, data, _ = frame
    size, count = wire_bytes(data), len(pcm)
    what = (_MIC_AUDIO, _USER, _ONLY_MIC_AUDIO, 0, size, mime, count, count * 500 / rate, rate)
    return Chunk(seq, conn, 0, t_ns, direction, opcode, *what, peak_level(pcm))


def _bundle(message: ClientMessage | ServerMessage | None, kinds: int, frame: Frame, odd: bool) -> list[Row]:
    seq, t_ns, conn, direction, opcode, data, _ = frame
    size = wire_bytes(data)
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
