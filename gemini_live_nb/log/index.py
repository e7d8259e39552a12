"""The index of a run: one small row of fixed width for each frame, and a heap of their strings.

`index.bin` holds `ROW` records behind a short header, `heap.bin` the UTF-8 of their texts. A frame that
bundles several things (3.x puts sound and transcript into one) has continuation rows, `part` 1, 2, …:
`kinds` of part 0 are all kinds of the frame, `kind` is that of the row itself. Rows are written after their
frame is decoded; where they are missing, the folder's reader makes them again with the same `describe`.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import astuple

from gemini_live_nb.protocol.kinds import KINDS

from .lines import Cut

# name, numpy type, struct code: the record on disk, little-endian and unpadded.
_FIELDS = (
    ("seq", "u4", "I"),
    ("conn", "u2", "H"),
    ("part", "u2", "H"),
    ("t_ns", "i8", "q"),
    ("direction", "u1", "B"),
    ("opcode", "u1", "B"),
    ("kind", "u1", "B"),
    ("role", "u1", "B"),
    ("kinds", "u8", "Q"),
    ("flags", "u4", "I"),
    ("wire_bytes", "u4", "I"),
    ("mime", "u1", "B"),
    ("media_bytes", "u4", "I"),
    ("media_ms", "f4", "f"),
    ("media_rate", "u4", "I"),
    ("level", "i2", "h"),
    ("prompt_tokens", "i4", "i"),
    ("response_tokens", "i4", "i"),
    ("thoughts_tokens", "i4", "i"),
    ("total_tokens", "i4", "i"),
    ("line_offset", "u8", "Q"),
    ("line_bytes", "u4", "I"),
    ("media_offset", "i8", "q"),
    ("media_chars", "u4", "I"),
    ("heap_offset", "u8", "Q"),
    ("text_bytes", "u4", "I"),
    ("id_bytes", "u2", "H"),
    ("name_bytes", "u2", "H"),
    ("mime_bytes", "u1", "B"),
    ("extra_bytes", "u4", "I"),
)
ROW = np.dtype([(name, "<" + dtype) for name, dtype, _ in _FIELDS])
_PACK = struct.Struct("<" + "".join(code for _, _, code in _FIELDS)).pack

RowArray = npt.NDArray[np.void]

# How long a row's strings are, in their order in the heap: text, id, name, media type, everything else.
LENGTHS = ("text_bytes", "id_bytes", "name_bytes", "mime_bytes", "extra_bytes")

# Media types by number; the order is part of the file format, so append only. 0 is none, 255 is spelt in the
# heap.
MIMES = (
    "",
    "audio/pcm",
    "audio/pcm;rate=16000",
    "audio/pcm;rate=24000",
    "audio/pcm;rate=48000",
    "audio/pcm;rate=44100",
    "audio/pcm;rate=8000",
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "application/pdf",
    "text/plain",
)
OTHER_MIME = 255
MIME_NUMBER = {mime: number for number, mime in enumerate(MIMES)}

KIND = {name: position for position, name in enumerate(KINDS)}

ROLES = ("", "user", "model", "tool")

# Bits of `flags`.
HAS_TEXT = 1
FINISHED = 2  # a transcript's `finished`
WILL_CONTINUE = 4  # a function response's `willContinue`
RESUMABLE = 8
IN_PROGRESS = 16  # interactionStatus: IN_PROGRESS
BEGINS = 32  # voiceActivity ACTIVITY_START, activityStart
ENDS = 64  # voiceActivity ACTIVITY_END, activityEnd, audioStreamEnd
ASKS = 128  # clientContent.turnComplete
ODD = 256  # read by the tolerant path, or not at all
SILENT = 512  # a function response with scheduling SILENT
HISTORY = 1024  # setup.historyConfig.initialHistoryInClientContent
SECRET = 2048  # the frame carries a resumption handle
RESUMES = 4096  # setup with a handle

NO_LEVEL = -32768

HEADER_BYTES = 64
_MAGIC = b"GLNBIX1\n"


class Row(NamedTuple):
    """One row before it has a place on disk. `kind` is a position in `KINDS`, `kinds` a mask of them."""

    seq: int
    conn: int
    part: int
    t_ns: int
    direction: int
    opcode: int
    kind: int
    role: int
    kinds: int
    flags: int
    wire_bytes: int
    mime: str = ""
    media_bytes: int = 0
    media_ms: float = 0.0
    media_rate: int = 0
    level: int = NO_LEVEL
    prompt_tokens: int = -1
    response_tokens: int = -1
    thoughts_tokens: int = -1
    total_tokens: int = -1
    text: str | None = None
    tool_id: str = ""
    tool_name: str = ""
    extra: str = ""


# A row from a tuple that is whole, at a third of the cost of calling `Row`.
_row = tuple.__new__


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """The row of a chunk of sound, which nearly every frame is: the numbers of a `Row`, `mime` by its number.

    It costs a fraction of a `Row`, which `rows_of` makes of it for whoever asks.
    """

    seq: int
    conn: int
    part: int
    t_ns: int
    direction: int
    opcode: int
    kind: int
    role: int
    kinds: int
    flags: int
    wire_bytes: int
    mime: int
    media_bytes: int
    media_ms: float
    media_rate: int
    level: int = NO_LEVEL
    prompt_tokens: int = -1
    response_tokens: int = -1
    thoughts_tokens: int = -1
    total_tokens: int = -1


# What a frame is: its rows, or the one of a chunk of sound.
Described = list[Row] | Chunk


def rows_of(described: Described) -> list[Row]:
    """The rows of a frame."""
    if isinstance(described, Chunk):
        numbers = astuple(described)
        return [_row(Row, (*numbers[:11], MIMES[described.mime], *numbers[12:], None, "", "", ""))]
    return described


class Place(NamedTuple):
    """Where a frame lies: its line in `messages.jsonl` and the runs it left in `media.bin`."""

    line_offset: int
    line_bytes: int
    cuts: list[Cut]


def header() -> bytes:
    """The head of `index.bin`: an index made by another layout or vocabulary is built anew."""
    signature = hashlib.sha256(repr((_FIELDS, KINDS, MIMES, ROLES)).encode()).digest()[:16]
    return (_MAGIC + signature).ljust(HEADER_BYTES, b"\0")


def pack(described: Described, place: Place, heap_end: int) -> tuple[bytes, bytes]:
    """Write the rows of one frame: their records, and their strings for a heap that ends there."""
    line_offset, line_bytes, cuts = place
    if isinstance(described, Chunk):
        media_offset, media_chars, _ = _media_place(described.media_bytes, cuts, 0)
        return pack_chunk(described, line_offset, line_bytes, media_offset, media_chars, heap_end), b""
    records: list[bytes] = []
    strings: list[bytes] = []
    used = 0
    for row in described:
        media_offset, media_chars = -1, 0
        if row.media_bytes and used < len(cuts):
            media_offset, media_chars, used = _media_place(row.media_bytes, cuts, used)
        mime = MIME_NUMBER.get(row.mime, OTHER_MIME)
        lengths, text = _heap(row, mime)
        where = (line_offset, line_bytes, media_offset, media_chars, heap_end)
        records.append(_PACK(*row[:11], mime, *row[12:20], *where, *lengths))
        if text:
            strings.append(text)
            heap_end += len(text)
    return b"".join(records), b"".join(strings)


def pack_chunk(  # noqa: PLR0917  # the columns of a place, once a frame
    chunk: Chunk, line_offset: int, line_bytes: int, media_offset: int, media_chars: int, heap_end: int
) -> bytes:
    """Write the row of a chunk of sound, which has no strings."""
    return _PACK(*astuple(chunk), line_offset, line_bytes, media_offset, media_chars, heap_end, 0, 0, 0, 0, 0)


def _media_place(media_bytes: int, cuts: list[Cut], used: int) -> tuple[int, int, int]:
    """The cut that holds this media: the next whose length fits (base64, padded or not)."""
    padded = (media_bytes + 2) // 3 * 4
    for number in range(used, len(cuts)):
        _, offset, length = cuts[number]
        if 0 <= padded - length <= 2:
            return offset, length, number + 1
    return -1, 0, used


_NO_STRINGS = (0, 0, 0, 0, 0), b""


def _heap(row: Row, mime: int) -> tuple[tuple[int, ...], bytes]:
    """A row's strings, how long each is and all of them one after another."""
    if row.text is None and not row.extra and not row.tool_id and not row.tool_name and mime != OTHER_MIME:
        return _NO_STRINGS
    spelt = row.mime if mime == OTHER_MIME else ""
    said = (row.text or "", row.tool_id, row.tool_name, spelt, row.extra)
    encoded = [text.encode("utf-8", "surrogatepass") for text in said]
    return tuple(map(len, encoded)), b"".join(encoded)


def unpack(rows: RowArray, heap: bytes) -> list[Row]:
    """Read rows back as they were before they were written."""
    read: list[Row] = []
    # Column by column: a tolist() of whole records is four times slower, asking each for its fields eighty.
    for values in zip(*(rows[name].tolist() for name in ROW.names or ()), strict=True):
        at, text_bytes, id_bytes, name_bytes, mime_bytes, extra_bytes = values[24:]
        text, tool_id, tool_name, spelt, extra = "", "", "", "", ""
        if id_bytes or name_bytes or mime_bytes or extra_bytes:
            lengths = text_bytes, id_bytes, name_bytes, mime_bytes, extra_bytes
            text, tool_id, tool_name, spelt, extra = _slices(heap, at, *lengths)
        elif text_bytes:
            text = _text(heap[at : at + text_bytes])
        mime = spelt if values[11] == OTHER_MIME else MIMES[values[11]]
        words = (text if values[9] & HAS_TEXT else None, tool_id, tool_name, extra)
        read.append(_row(Row, (*values[:11], mime, *values[12:20], *words)))
    return read


def _text(said: bytes) -> str:
    try:
        return said.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        # A damaged heap costs the letters that are damaged.
        return said.decode("utf-8", "replace")


def _slices(heap: bytes, at: int, *lengths: int) -> list[str]:
    pieces: list[str] = []
    for length in lengths:
        pieces.append(_text(heap[at : at + length]) if length else "")
        at += length
    return pieces


def sensible(rows: RowArray) -> npt.NDArray[np.bool_]:
    """Which rows hold numbers that mean something."""
    good: npt.NDArray[np.bool_] = (rows["mime"] < len(MIMES)) | (rows["mime"] == OTHER_MIME)
    good &= (rows["kind"] < len(KINDS)) & (rows["role"] < len(ROLES))
    good &= (rows["direction"] < 3) & (rows["opcode"] < 3) & (rows["kinds"] < (1 << len(KINDS)))
    return good


def json_object(text: str) -> dict[str, Any]:
    """What a row's `extra` holds; empty where it is no JSON object."""
    try:
        read = msgspec.json.decode(text or "{}")
    except msgspec.DecodeError:
        return {}
    return read if isinstance(read, dict) else {}
