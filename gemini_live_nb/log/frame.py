"""One frame of a run, as a reader holds it."""

from __future__ import annotations

import binascii
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from gemini_live_nb.errors import LogError
from gemini_live_nb.protocol import kinds as vocabulary
from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.codec import Decoded, decode, decode_client
from gemini_live_nb.protocol.content import Blob, Content
from gemini_live_nb.protocol.server import ServerMessage

from .lines import DIRECTIONS, LOCAL, SENT, Frame, payload

OPCODES = ("", "text", "binary")


class Media(NamedTuple):
    """One piece of media in a frame."""

    mime_type: str
    data: bytes


class LogFrame:
    """One frame of a run, or something that happened here.

    Attributes:
        seq: Its number in the run.
        conn: The connection it crossed, 0, 1, … as sessions are resumed.
        t_ns: Nanoseconds since the run's start.
        direction: `sent`, `received` or `local`.
        opcode: `text`, `binary`, or empty for a local event.
        whole: Whether `raw` can be put together; not, where `media.bin` was cut off.
    """

    def __init__(self, frame: Frame, *, whole: bool = True) -> None:
        self.seq, self.t_ns, self.conn, direction, opcode, data, self._kind = frame
        self.direction = DIRECTIONS[direction]
        self.opcode = OPCODES[opcode]
        self.whole = whole
        self._raw = payload(data)
        self._numbers = direction, opcode

    @property
    def t(self) -> float:
        """Seconds since the run's start."""
        return self.t_ns * 1e-9

    @property
    def raw(self) -> bytes:
        """The frame, byte for byte.

        Raises:
            LogError: `media.bin` was cut off.
        """
        if not self.whole:
            raise LogError(
                f"frame {self.seq} cannot be put together: media.bin was cut off",
                hint="Its words are still there: frame.decoded(), log.messages(), log.turns().",
            )
        return self._raw

    @property
    def text(self) -> str:
        """The frame as text; bytes that are no UTF-8 are replaced."""
        return self._raw.decode("utf-8", "replace")

    @property
    def stored(self) -> Frame:
        """The frame as a recorder takes it."""
        return (self.seq, self.t_ns, self.conn, *self._numbers, self._raw, self._kind)

    def decoded(self) -> Decoded[ServerMessage] | Decoded[ClientMessage]:
        """The typed view, as the session had it. Of a local event: nothing (`message` is `None`)."""
        return self._decoded

    @cached_property
    def _decoded(self) -> Decoded[ServerMessage] | Decoded[ClientMessage]:
        if self.direction == DIRECTIONS[LOCAL]:
            return Decoded(None, self._raw, vocabulary.BIT.get(self._kind, vocabulary.BIT["unknown"]))
        return decode_client(self._raw) if self.direction == DIRECTIONS[SENT] else decode(self._raw)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind in this frame (`protocol.kinds`)."""
        return vocabulary.names(self._mask)

    @property
    def kind(self) -> str:
        """The most telling kind."""
        return self._kind or vocabulary.main(self._mask)

    @property
    def _mask(self) -> int:
        if self._kind:
            return vocabulary.BIT.get(self._kind, vocabulary.BIT["unknown"])
        return self._decoded.kinds

    @property
    def fields(self) -> dict[str, Any]:
        """What a local event says; empty for a frame of the wire."""
        if self.direction != DIRECTIONS[LOCAL]:
            return {}
        read = msgspec.json.decode(self._raw)
        return read if isinstance(read, dict) else {}

    def json(self) -> Any:
        """The frame parsed, unknown fields included; `None` where it is no JSON."""
        return self.fields if self.direction == DIRECTIONS[LOCAL] else self._decoded.json()

    def media(self) -> tuple[Media, ...]:
        """The sound and pictures in this frame, decoded."""
        return tuple(
            Media(blob.mime_type or "audio/pcm", blob.data or b"") for blob in _blobs(self._decoded.message)
        )

    def __repr__(self) -> str:
        return f"<LogFrame {self.seq} {self.t:.3f} s {self.direction} {self.kind}, {len(self._raw)} bytes>"


def _blobs(message: ServerMessage | ClientMessage | None) -> list[Blob]:
    blobs: list[Blob] = []
    if isinstance(message, ServerMessage):
        content = message.server_content
        blobs += _in_content(content.model_turn if content is not None else None)
    elif message is not None:
        given = message.realtime_input
        if given is not None:
            blobs += [
                blob for blob in (given.audio, given.video, *(given.media_chunks or ())) if blob is not None
            ]
        if message.client_content is not None:
            for turn in message.client_content.turns or ():
                blobs += _in_content(turn)
    return blobs


def _in_content(content: Content | None) -> list[Blob]:
    parts = content.parts or () if content is not None else ()
    return [part.inline_data for part in parts if part.inline_data is not None]


_STANDARD = bytes.maketrans(b"-_", b"+/")


def base64_bytes(run: bytes) -> bytes:
    """Decode a run of either base64 alphabet, padded or not; what is torn off is left out."""
    run = run.translate(_STANDARD).rstrip(b"=")
    run = run[: len(run) - (len(run) % 4 == 1)]
    try:
        return binascii.a2b_base64(run + b"=" * (-len(run) % 4))
    except binascii.Error:
        return b""
