"""Frames captured elsewhere, read as runs.

Two forms are understood:

* `.jsonl`, one frame a line: `{"dir": "client" | "server", "msg": {…}}`, with `t_ms` where times are known.
* `.websocket.log`, as js-genai's test server records: `>N payload` sent, `<N payload` received, byte for
  byte.

Where a capture tells no times, its frames are a millisecond apart, and `session.json` says so.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from gemini_live_nb.errors import LogError

from .files import SCHEMA
from .lines import BINARY, LOCAL, RECEIVED, SENT, TEXT, Frame
from .run import SessionLog
from .written import write_run

# Sound that was left out of a capture is written "<4800 bytes>"; silence of its length stands for it.
_LEFT_OUT = re.compile(r"<(\d{1,7}) bytes>")
_HEAD = re.compile(rb"^([<>])(\d+) ", re.MULTILINE)


def from_capture(path: Path | str, folder: Path | str | None = None) -> SessionLog:
    """Read a capture as a run, in memory or, given a new `folder`, on disk.

    Raises:
        LogError: the file cannot be read or is of neither form.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}", hint="Give the path of a capture.") from error
    timed = False
    if path.suffix == ".jsonl":
        entries = [
            _entry(path, number, line) for number, line in enumerate(data.splitlines()) if line.strip()
        ]
        timed = any("t_ms" in entry for entry in entries)
        frames = list(_from_entries(entries))
    else:
        frames = list(_from_log(data))
    if not frames:
        raise LogError(f"{path} holds no frames", hint="Known forms are .jsonl and .websocket.log.")
    meta = {
        "schema": SCHEMA,
        "wall": 0.0,
        "started": "1970-01-01T00:00:00+00:00",
        "capture": path.name,
        "times": "as captured" if timed else "made up, a millisecond apart",
    }
    return write_run(
        folder, frames, meta, name=path.name.removesuffix(".jsonl").removesuffix(".websocket.log")
    )


def _entry(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise LogError(
            f"line {number + 1} of {path} is no JSON object: {error}",
            hint='Each line is {"dir": …, "msg": …}.',
        ) from error


def _from_entries(entries: list[dict[str, Any]]) -> Iterator[Frame]:
    for seq, entry in enumerate(entries):
        t_ns = int(float(entry.get("t_ms", seq)) * 1_000_000)
        message = entry.get("msg")
        if entry.get("dir") == "client":
            yield seq, t_ns, 0, SENT, TEXT, msgspec.json.encode(message).decode(), ""
        elif entry.get("dir") == "server":
            pretty = msgspec.json.format(msgspec.json.encode(_filled(message)), indent=2) + b"\n"
            yield seq, t_ns, 0, RECEIVED, BINARY, pretty, ""
        elif entry.get("dir") == "local":
            yield (
                seq,
                t_ns,
                0,
                LOCAL,
                0,
                msgspec.json.encode(message or {}).decode(),
                str(entry.get("kind", "mark")),
            )
        else:
            fields = msgspec.json.encode({"label": "of the capture", "entry": entry}).decode()
            yield seq, t_ns, 0, LOCAL, 0, fields, "mark"


def _filled(message: Any) -> Any:
    """The message with silence where its sound was left out."""
    if isinstance(message, dict):
        return {name: _filled(value) for name, value in message.items()}
    if isinstance(message, list):
        return [_filled(value) for value in message]
    left_out = _LEFT_OUT.fullmatch(message) if isinstance(message, str) else None
    return base64.b64encode(bytes(int(left_out[1]))).decode() if left_out else message


def _from_log(data: bytes) -> Iterator[Frame]:
    seq = at = 0
    while (head := _HEAD.match(data, at)) is not None:
        start, end = head.end(), head.end() + int(head[2])
        if data[end : end + 1] not in (b"\n", b"") or data[end + 1 : end + 2] not in (b"<", b">", b""):
            # The length is of the frame before something in it was redacted.
            following = _HEAD.search(data, start)
            end = following.start() - 1 if following is not None else len(data.rstrip(b"\n"))
        sent = head[1] == b">"
        raw = data[start:end]
        opcode = TEXT if sent else BINARY
        yield seq, seq * 1_000_000, 0, SENT if sent else RECEIVED, opcode, raw, ""
        seq += 1
        at = end + 1
