"""One frame, one line: how `messages.jsonl` and `media.bin` hold a frame exactly.

A line is a JSON object. `frame` is the frame's text, out of which long base64 runs were cut; `cut` lists,
for each, `[position in the UTF-8 of frame, offset in media.bin, length]`. Putting them back gives the bytes
that crossed the
wire, whatever they were: nothing is parsed on the way in. A frame that is not UTF-8 is kept as `frame64`
    instead.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import msgspec

RECEIVED, SENT, LOCAL = 0, 1, 2
DIRECTIONS = ("received", "sent", "local")
TEXT, BINARY = 1, 2

Cut = tuple[int, int, int]

# A frame as the recorder queues it: seq, t_ns, conn, direction, opcode, data, and the kind of a local event.
Frame = tuple[int, int, int, int, int, bytes | str, str]

# Shorter payloads stay in the line: a file of its own would cost more than it saves.
_SHORT = 256
_KEY = b'"data"'
# Base64 under another name (an avatar's picture, a voice sample), looked for only in frames that are still
# large.
_LARGE = 4096
_RUN = re.compile(rb'"([A-Za-z0-9+/_-]{1024,}=*)"')

_encode = msgspec.json.Encoder().encode


def runs(frame: bytes) -> list[tuple[int, int]]:
    """Find the long base64 strings of a frame, as byte ranges without their quotes, in order.

    Found by `bytes.find`, without a parse. A wrong guess costs nothing: any range can be cut and put back.
    """
    found: list[tuple[int, int]] = []
    at = cut = 0
    while len(frame) - at > _SHORT and (key := frame.find(_KEY, at)) >= 0:
        at = key + len(_KEY)
        start = frame.find(b'"', at) + 1
        if start == 0:
            break
        if frame[at : start - 1].strip() != b":":
            continue
        end = frame.find(b'"', start)
        if end < 0:
            break
        if end - start >= _SHORT and frame.find(b" ", start, start + _SHORT) < 0:
            found.append((start, end))
            cut += end - start
        at = end + 1
    if len(frame) - cut > _LARGE:
        others = (match.span(1) for match in _RUN.finditer(frame))
        found = sorted(
            found + [span for span in others if all(span[0] >= b or span[1] <= a for a, b in found)]
        )
    return found


def split(frame: bytes, media_end: int) -> tuple[bytes, list[bytes], list[Cut]]:
    """Take a frame apart: what stays in the line, what goes to `media.bin` from `media_end` on, and where."""
    spans = runs(frame)
    if not spans:
        return frame, [], []
    if len(spans) == 1:
        ((start, end),) = spans
        return frame[:start] + frame[end:], [frame[start:end]], [(start, media_end, end - start)]
    kept: list[bytes] = []
    media: list[bytes] = []
    cuts: list[Cut] = []
    at = position = 0
    for start, end in spans:
        kept.append(frame[at:start])
        position += start - at
        media.append(frame[start:end])
        cuts.append((position, media_end, end - start))
        media_end += end - start
        at = end
    kept.append(frame[at:])
    return b"".join(kept), media, cuts


def join(rest: bytes, cuts: list[Cut], read: Callable[[int, int], bytes]) -> bytes:
    """Put a frame together again; `read(offset, length)` gives the bytes of `media.bin`."""
    if not cuts:
        return rest
    pieces: list[bytes] = []
    at = 0
    for position, offset, length in cuts:
        pieces += (rest[at:position], read(offset, length))
        at = position
    pieces.append(rest[at:])
    return b"".join(pieces)


def frame_line(frame: Frame, media_end: int) -> tuple[bytes, list[bytes], list[Cut]]:
    """The line of a frame, what of it goes to `media.bin` from `media_end` on, and where it was cut."""
    if frame[3] == LOCAL:
        return _local_line(frame), [], []
    rest, media, cuts = split(payload(frame[5]), media_end)
    body = _body(rest)
    if cuts:
        body += b',"cut":' + _encode(cuts)
    return b'{"seq":%d,"t_ns":%d' % frame[:2] + _SAME % (*_ways(frame), body) + b"}\n", media, cuts


def line_like(frame: Frame, rest: bytes, cut: Cut) -> bytes:
    """The line of frames like this one, with places (`%d`) for `seq`, `t_ns` and the run's offset."""
    position, _, length = cut
    same = _SAME % (*_ways(frame), _body(rest))
    return (
        b'{"seq":%d,"t_ns":%d' + same.replace(b"%", b"%%") + b',"cut":[[%d,%%d,%d]]}\n' % (position, length)
    )


def _body(rest: bytes) -> bytes:
    try:
        return b'"frame":' + _encode(rest.decode())
    except UnicodeDecodeError:
        return b'"frame64":"' + b64encode(rest) + b'"'


# What a line says behind its two first numbers.
_SAME = b',"conn":%d,"dir":"%b","op":"%b",%b'


def _ways(frame: Frame) -> tuple[int, bytes, bytes]:
    _, _, conn, direction, opcode, _, _ = frame
    return conn, b"sent" if direction == SENT else b"received", b"text" if opcode == TEXT else b"binary"


def _local_line(frame: Frame) -> bytes:
    """Write the line of something that happened here; the frame's data are its fields, a JSON object."""
    seq, t_ns, conn, _, _, fields, kind = frame
    what = (_encode(kind), payload(fields))
    return b'{"seq":%d,"t_ns":%d,"conn":%d,"dir":"local","kind":%b,"fields":%b}\n' % (seq, t_ns, conn, *what)


class Line(msgspec.Struct, frozen=True):
    """One line of `messages.jsonl`, read."""

    seq: int
    t_ns: int
    conn: int
    dir: str
    op: str = ""
    frame: str | None = None
    frame64: str | None = None
    cut: list[Cut] = []
    kind: str = ""
    fields: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def direction(self) -> int:
        """`dir` as a number: RECEIVED, SENT or LOCAL."""
        return DIRECTIONS.index(self.dir)

    @property
    def opcode(self) -> int:
        """`op` as a number: TEXT, BINARY, or 0 for a local event."""
        return {"text": TEXT, "binary": BINARY}.get(self.op, 0)

    @property
    def rest(self) -> bytes:
        """The frame without what was cut out of it; of a local event, its fields."""
        if self.frame is not None:
            return self.frame.encode()
        if self.frame64 is not None:
            return b64decode(self.frame64)
        return bytes(self.fields)


_decoder = msgspec.json.Decoder(Line)


def read_line(line: bytes) -> Line | None:
    """Read a line; `None` where it is torn or is not one of ours."""
    try:
        read = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return read if read.dir in DIRECTIONS else None


def payload(data: bytes | str) -> bytes:
    """The bytes of a frame as it was handed over. A lone surrogate, which no UTF-8 has, survives too."""
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data


def json_fields(fields: dict[str, Any]) -> str:
    """A local event's fields as JSON; what JSON cannot hold is written as its `repr`."""
    try:
        return msgspec.json.encode(fields, enc_hook=repr).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return msgspec.json.encode({"repr": repr(fields)}).decode("utf-8", "replace")
