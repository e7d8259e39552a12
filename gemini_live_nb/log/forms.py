"""The forms in which others keep frames, read piece by piece: nothing here knows what a frame says.

A file is looked at, not its name: js-genai's recordings with lengths, HAR archives, JSON documents with a
list somewhere in them, JSON values one after another (a line each or printed over many, with an arrow or a
time before them or not), YAML cassettes, Python's own way of printing a dict. Any of them may be gzipped.
"""

from __future__ import annotations

import ast
import gzip
import importlib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from gemini_live_nb.errors import LogError
from gemini_live_nb.protocol.endpoint import redact


class Piece(NamedTuple):
    """One thing that a file holds.

    Attributes:
        place: Where, in words: `line 3`, `entry 3`.
        value: What JSON, YAML or Python made of it; bytes where the form keeps frames byte for byte.
        label: What stood before it on its line: an arrow, a time.
        exact: The text it was read from, where that stands alone.
    """

    place: str
    value: Any
    label: str = ""
    exact: bytes = b""


class Skipped(NamedTuple):
    """A line that no form explains."""

    place: str
    text: str


_HEAD = re.compile(rb"^([<>])(\d+) ", re.MULTILINE)
_ENUM = re.compile(r"<\w+(?:\.\w+)+: ('[^']*'|\d+)>")
_LISTS = ("interactions", "messages", "frames", "events", "entries", "records", "log", "data")
_GZIP = b"\x1f\x8b"

_decoder = json.JSONDecoder(strict=False)


def pieces(data: bytes) -> Iterator[Piece | Skipped]:
    """Read a file, whatever form it is in.

    Raises:
        LogError: it is packed and cannot be unpacked, or needs a library that is not there.
    """
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise LogError(f"cannot unpack it: {error}", hint="The file may be incomplete.") from error
    if _HEAD.match(data):
        return _with_lengths(data)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
    try:
        return _document(msgspec.json.decode(text), text)
    except (msgspec.DecodeError, RecursionError):
        return _cassette(text) if _looks_like_yaml(text) else _one_after_another(text)


def _with_lengths(data: bytes) -> Iterator[Piece | Skipped]:
    at = 0
    while (head := _HEAD.match(data, at)) is not None:
        start, end = head.end(), head.end() + int(head[2])
        if data[end : end + 1] not in (b"\n", b"") or data[end + 1 : end + 2] not in (b"<", b">", b""):
            # The length is of the frame before something in it was redacted.
            following = _HEAD.search(data, start)
            end = following.start() - 1 if following is not None else len(data.rstrip(b"\n"))
        yield Piece(f"byte {at}", data[start:end], head[1].decode())
        at = end + 1
    if rest := data[at:].strip():
        yield Skipped(f"byte {at}", rest.decode("utf-8", "replace"))


def _document(value: Any, text: str) -> Iterator[Piece | Skipped]:
    """One JSON value that is the whole file."""
    log = value.get("log") if isinstance(value, dict) else None
    if isinstance(log, dict) and isinstance(log.get("entries"), list):
        yield from _archive(log["entries"])
        return
    inside = _list_in(value)
    if inside is None:
        yield Piece("line 1", value, exact=text.strip().encode())
        return
    for number, each in enumerate(inside, 1):
        yield Piece(f"entry {number}", each)


def _list_in(value: Any) -> list[Any] | None:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
    return next((each for each in lists if any(isinstance(item, dict | str | list) for item in each)), None)


def _archive(entries: list[Any]) -> Iterator[Piece | Skipped]:
    """A HAR: one WebSocket entry for each connection."""
    sockets = [
        entry
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("_webSocketMessages"), list)
    ]
    for number, entry in enumerate(sockets):
        request = entry.get("request")
        url = redact(str(request.get("url", ""))) if isinstance(request, dict) else ""
        opened = {"dir": "local", "kind": "open", "msg": {"url": url}, "conn": number}
        times = [message.get("time") for message in entry["_webSocketMessages"] if isinstance(message, dict)]
        yield Piece(f"connection {number}", {**opened, "time": times[0]} if times else opened)
        for at, message in enumerate(entry["_webSocketMessages"], 1):
            place = f"message {at} of connection {number}"
            yield Piece(place, {**message, "conn": number} if isinstance(message, dict) else message)


def _one_after_another(text: str) -> Iterator[Piece | Skipped]:
    """JSON values one after another, each on a line or over many, with or without something before it."""
    at, line = 0, 1
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        row = text[at:end].strip()
        if not row or row.startswith(("//", "#")):
            at, line = end + 1, line + 1
            continue
        found = _value_in(text, at, end)
        if found is None:
            said = _printed(row)
            yield Skipped(f"line {line}", row) if said is None else Piece(f"line {line}", *said)
            at, line = end + 1, line + 1
            continue
        start, stop, value = found
        label = text[at:start].strip()
        several = _several(value)
        if several:
            for number, each in enumerate(several, 1):
                yield Piece(f"entry {number} of line {line}", each, label)
        else:
            yield Piece(f"line {line}", value, label, text[start:stop].encode("utf-8", "surrogatepass"))
        line += text.count("\n", at, stop)
        rest_ends = text.find("\n", stop)
        rest_ends = len(text) if rest_ends < 0 else rest_ends
        if "{" in text[stop:rest_ends]:
            at = stop
        else:
            at, line = rest_ends + 1, line + 1


def _several(value: Any) -> list[Any]:
    """The entries that one value holds together; none where it is an entry itself."""
    inside = _list_in(value) or []
    return inside if sum(isinstance(each, dict) for each in inside) > 1 else []


def _value_in(text: str, at: int, end: int) -> tuple[int, int, Any] | None:
    """The first JSON value of a line that is an object, a list or all of it: where it is, and what."""
    row = text[at:end]
    indent = len(row) - len(row.lstrip())
    starts = [at + indent] if row.lstrip()[:1] in ("[", '"') else []
    if "{" in row:
        starts.append(at + row.index("{"))
    for start in starts:
        try:
            value, stop = _decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        # "[12:01] {…}" begins like a list and is none.
        if isinstance(value, dict) or "{" not in text[stop : max(stop, end)]:
            return start, stop, value
    return None


def _printed(row: str) -> tuple[Any, str] | None:
    """A line as Python prints a dict, or one long word that may be base64; with what stood before it."""
    if "{" in row:
        label, brace, rest = row.partition("{")
        literal = _ENUM.sub(r"\1", brace + rest)
        try:
            return ast.literal_eval(literal[: literal.rindex("}") + 1]), label.strip()
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    label, _, word = row.rpartition(" ")
    return (word, label) if len(word) > 20 else None


def _looks_like_yaml(text: str) -> bool:
    return (
        re.match(r"(?:\s*#.*\n|---.*\n|\s*\n)*(?:version: |interactions:|- \w+:|\w+:\s*\n\s*- )", text)
        is not None
    )


def _cassette(text: str) -> Iterator[Piece | Skipped]:
    """A YAML cassette, as VCR and its like write them."""
    try:
        yaml = importlib.import_module("yaml")
    except ImportError as error:
        raise LogError("a YAML capture needs PyYAML", hint="pip install 'gemini-live-nb[export]'") from error
    try:
        return _document(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), text)
    except yaml.YAMLError as error:
        raise LogError(f"no YAML: {error}", hint="Is the file whole?") from error
