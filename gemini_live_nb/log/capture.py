"""Frames captured elsewhere, read as runs: by any recorder, in whatever form (`forms.py`) and envelope.

What is kept: every frame, byte for byte where the recorder kept its text; which way it went, when, over
which connection. What is no frame stays as a mark; a line that nothing explains is counted and named in
`log.notes`. Where a capture tells no times, its frames are a millisecond apart, and `session.json` says so.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gemini_live_nb.errors import LogError

from .envelope import Found, opened
from .files import SCHEMA
from .forms import Piece, Skipped, pieces
from .lines import BINARY, LOCAL, SENT, TEXT, Frame
from .moments import clock
from .run import SessionLog
from .written import write_run

# Sound that was left out of a capture is written "<4800 bytes>"; silence of its length stands for it.
_LEFT_OUT = re.compile(r"[<\[](?:\w+ )?(\d{1,7}) bytes(?: \w+)?[>\]]")
_ENDINGS = frozenset(
    (".gz", ".jsonl", ".ndjson", ".json", ".log", ".websocket", ".har", ".yaml", ".yml", ".txt")
)
_HINT = "Frames are found in JSON, lines of JSON, HAR, YAML and js-genai's .websocket.log, in any envelope."
_MOST_NAMED = 5
# What people name themselves: names in there are theirs.
_OPEN = frozenset(("args", "response"))


def from_capture(path: os.PathLike[str] | str, folder: Path | str | None = None) -> SessionLog:
    """Read a capture as a run, in memory or, given a new `folder`, on disk.

    Raises:
        LogError: the file cannot be read or holds no frames.
    """
    path = Path(path)
    if path.is_dir() or path.suffix == ".zip":
        return SessionLog.open(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}", hint="Give the path of a capture.") from error
    found, skipped = _read(path, data)
    times, told, wall = clock([each.moment for each in found])
    meta = {
        "schema": SCHEMA,
        "wall": wall,
        "started": datetime.fromtimestamp(wall, UTC).isoformat(),
        "capture": path.name,
        "times": told,
        "notes": _notes(skipped),
    }
    name = path.name
    while Path(name).suffix in _ENDINGS:
        name = Path(name).stem
    return write_run(folder, _frames(found, times), meta, name=name)


def _read(path: Path, data: bytes) -> tuple[list[Found], list[Skipped]]:
    found: list[Found] = []
    skipped: list[Skipped] = []
    first = ""
    for piece in pieces(data):
        one = None if isinstance(piece, Skipped) else opened(piece.value, piece.label, piece.exact)
        if one is None:
            said = (
                piece.text
                if isinstance(piece, Skipped)
                else msgspec.json.encode(piece.value, enc_hook=repr).decode()
            )
            first = first or f"; {piece.place} is {said[:80]}"
        if isinstance(piece, Piece):
            found.append(one or Found(LOCAL, {"label": "of the capture", "entry": piece.value}, kind="mark"))
        else:
            skipped.append(piece)
    if all(one.direction == LOCAL for one in found):
        raise LogError(f"{path} holds no frames{first or ': it is empty'}", hint=_HINT)
    return found, skipped


def _notes(skipped: Sequence[Skipped]) -> list[str]:
    if not skipped:
        return []
    places = ", ".join(each.place for each in skipped[:_MOST_NAMED])
    more = f" and {len(skipped) - _MOST_NAMED} more" if len(skipped) > _MOST_NAMED else ""
    return [f"{len(skipped)} lines of the capture are no frames and were left out: {places}{more}"]


# Frames.


def _frames(found: Sequence[Found], times: Sequence[int]) -> Iterator[Frame]:
    conns = _connections(found)
    for seq, (one, t_ns, conn) in enumerate(zip(found, times, conns, strict=True)):
        if one.direction == LOCAL:
            said = one.frame if isinstance(one.frame, dict) else {}
            yield seq, t_ns, conn, LOCAL, 0, msgspec.json.encode(said, enc_hook=repr).decode(), one.kind
            continue
        opcode = one.opcode or (TEXT if one.direction == SENT else BINARY)
        yield seq, t_ns, conn, one.direction, opcode, _raw(one), ""


def _raw(one: Found) -> bytes:
    if isinstance(one.frame, bytes) and not _LEFT_OUT.search(one.frame[:_SHORT].decode("utf-8", "replace")):
        return one.frame
    said = msgspec.json.decode(one.frame) if isinstance(one.frame, bytes) else one.frame
    said = _filled(said)
    if one.direction == SENT:
        return msgspec.json.encode(said, enc_hook=repr)
    if any("_" in name for name in said):
        said = _as_printed(said)
    return msgspec.json.format(msgspec.json.encode(said, enc_hook=repr), indent=2) + b"\n"


def _filled(message: Any) -> Any:
    """The message with silence where its sound was left out."""
    if isinstance(message, dict):
        return {
            name: _silence(value) if name == "data" else _filled(value) for name, value in message.items()
        }
    return [_filled(value) for value in message] if isinstance(message, list) else message


def _silence(data: Any) -> Any:
    left_out = _LEFT_OUT.fullmatch(data) if isinstance(data, str) else None
    return base64.b64encode(bytes(int(left_out[1]))).decode() if left_out else data


def _as_printed(value: Any) -> Any:
    """An SDK's dump of a server's message as the server printed it: lowerCamelCase, and what is set."""
    if isinstance(value, list):
        return [_as_printed(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub(r"(?<=[a-z0-9])_([a-z])", lambda letter: letter[1].upper(), name): each
        if name in _OPEN
        else _as_printed(each)
        for name, each in value.items()
        if each is not None
    }


def _connections(found: Sequence[Found]) -> Iterator[int]:
    """The connection of each: as named, else a setup that is accepted after another begins a new one."""
    named = {one.conn for one in found if one.conn is not None}
    if named:
        numbers: dict[int | str, int] = {}
        now = 0
        for one in found:
            if one.conn is not None:
                now = numbers.setdefault(one.conn, len(numbers))
            yield now
        return
    accepted = [at for at, one in enumerate(found) if _says(one, "setupComplete", "setup_complete")]
    now, answered = 0, False
    for at, one in enumerate(found):
        if answered and _says(one, "setup") and accepted and accepted[-1] > at:
            now, answered = now + 1, False
        answered = answered or at in accepted
        yield now


_SHORT = 4096


def _says(one: Found, *names: str) -> bool:
    """Whether a frame is one of these messages."""
    if one.direction == LOCAL:
        return False
    if isinstance(one.frame, dict):
        return any(name in one.frame for name in names)
    return any(f'"{name}"'.encode() in one.frame[:60] for name in names)
