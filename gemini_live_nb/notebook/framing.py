"""The sixteen bytes in front of everything that crosses the media channel; see also `static/framing.js`.

    offset  size  field
         0     1  stream: whose frame it is; 0 is the channel's own
         1     1  kind: 0 CONTROL (UTF-8 JSON), 1 MEDIA (what the stream's owner says)
         2     2  zero
         4     4  seq: 0, 1, 2, … per page, direction, stream and kind
         8     8  time: float, milliseconds since 1970 on the sender's clock
        16     …  payload

All numbers are little-endian. One WebSocket message, or one buffer of a comm message, is one frame.
"""

from __future__ import annotations

import json
import struct
import time
from collections import defaultdict
from typing import Any, NamedTuple

CONTROL = 0
MEDIA = 1
CHANNEL = 0
"""The stream of the channel's own frames."""

_HEADER = struct.Struct("<BBHId")


class Frame(NamedTuple):
    """One frame, taken apart.

    Attributes:
        stream: whose frame it is.
        kind: CONTROL or MEDIA.
        seq: its number within page, direction, stream and kind.
        time: seconds since 1970 on the sender's clock.
        payload: what follows the header.
    """

    stream: int
    kind: int
    seq: int
    time: float
    payload: bytes

    def message(self) -> dict[str, Any]:
        """Read the JSON of a CONTROL frame; an empty dict where it is not an object."""
        try:
            message = json.loads(self.payload)
        except ValueError:
            return {}
        return message if isinstance(message, dict) else {}


def unpack(data: bytes) -> Frame:
    """Take a frame apart.

    Raises:
        ValueError: it is shorter than its header.

    Example:
        >>> unpack(pack(3, MEDIA, 7, b"sound", now=1.5))
        Frame(stream=3, kind=1, seq=7, time=1.5, payload=b'sound')
    """
    if len(data) < _HEADER.size:
        msg = f"a frame of {len(data)} bytes is shorter than its header"
        raise ValueError(msg)
    stream, kind, _, seq, at = _HEADER.unpack_from(data)
    return Frame(stream, kind, seq, at / 1000, bytes(data[_HEADER.size :]))


def pack(stream: int, kind: int, seq: int, payload: bytes, *, now: float | None = None) -> bytes:
    """Put a frame together; `now` is in seconds since 1970, this moment where it is left out."""
    at = time.time() if now is None else now
    return _HEADER.pack(stream, kind, 0, seq & 0xFFFFFFFF, at * 1000) + payload


class Tally:
    """Numbers frames going out and finds gaps in those coming in, per stream and kind.

    Args:
        later: the other side has been sending for a while: its first frames may have any number.

    Attributes:
        sent: frames given a number.
        received: frames seen.
        lost: frames that never came, found by the gap they left.
    """

    def __init__(self, *, later: bool = False) -> None:
        self._later = later
        self.sent = 0
        self.received = 0
        self.lost = 0
        self._out: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._in: dict[tuple[int, int], int] = {}

    def number(self, stream: int, kind: int) -> int:
        """Give the next frame its number."""
        seq = self._out[stream, kind]
        self._out[stream, kind] = (seq + 1) & 0xFFFFFFFF
        self.sent += 1
        return seq

    def in_order(self, frame: Frame) -> bool:
        """Count a frame that came, and those missing before it.

        Returns:
            False for one that came after its successors: it is counted as lost, and must not be used.
        """
        line = (frame.stream, frame.kind)
        expected = self._in.get(line, frame.seq if self._later else 0)
        gap = (frame.seq - expected) & 0xFFFFFFFF
        self.received += 1
        if gap > 0x7FFFFFFF:
            return False
        self._in[line] = (frame.seq + 1) & 0xFFFFFFFF
        self.lost += gap
        return True
