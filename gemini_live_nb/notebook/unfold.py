"""One frame, opened: its JSON with sound and pictures taken out, and the same as Python."""

from __future__ import annotations

import pprint
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ..errors.redaction import STRUCK, redact
from ..log.frame import base64_bytes

if TYPE_CHECKING:
    from ..log.frame import LogFrame

Path = tuple[str | int, ...]

_HANDLES = {"handle", "newHandle", "new_handle"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{256,}=*")
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_MOST = 400_000
"""Characters of JSON, media left out, beyond which a frame is shown as text, cut off."""


class Media(NamedTuple):
    """A base64 run in a frame."""

    path: Path
    mime: str
    text: str

    @property
    def sort(self) -> str:
        """`sound`, `image` or `other`: what can be done with it."""
        if self.mime.startswith("audio/"):
            return "sound"
        return "image" if self.mime in _PICTURES else "other"

    @property
    def data(self) -> bytes:
        """The bytes."""
        return base64_bytes(self.text.encode("ascii", "ignore"))

    def rate(self, direction: str) -> int:
        """Samples a second: as the type says, else what the API takes or gives."""
        said = re.search(r"rate=(\d{4,6})", self.mime)
        return int(said[1]) if said else 16_000 if direction == "sent" else 24_000

    def label(self, direction: str) -> str:
        """In a few words: `40 ms 24 kHz`, `JPEG 17 kB`."""
        size = len(self.text.rstrip("=")) * 3 // 4
        if self.sort == "sound":
            rate = self.rate(direction)
            return f"{size * 500 / rate:,.0f} ms {rate / 1000:g} kHz"
        kind = self.mime.rpartition("/")[2].upper() or "base64"
        return f"{kind} {size / 1000:,.1f} kB"


def unfold(frame: LogFrame) -> dict[str, Any]:
    """A frame as the page shows it.

    Returns:
        `value`: its JSON, every base64 run emptied and every resumption handle struck out; `media`: what was
        taken out, with path and label; `text`: instead of both where it is no JSON; `notes`: what was odd
        about it; `copies`: whether it can be copied as JSON.
    """
    value = frame.json()
    decoded = frame.decoded()
    notes = [*decoded.oddities, *(f"unknown field {path}" for path in decoded.unknown[:20])]
    notes += [f"unknown value of {told}" for told in decoded.new_values[:20]]
    if value is None:
        text = redact(frame.text[:_MOST], handles=True)
        return {"value": None, "media": [], "text": text or "(empty)", "notes": notes, "copies": False}
    found = list(media(value))
    shown = _without(value, {item.path for item in found})
    size = len(msgspec.json.encode(shown))
    if size > _MOST:
        text = msgspec.json.encode(shown).decode()[:_MOST] + "…"
        return {"value": None, "media": [], "text": text, "notes": notes, "copies": True}
    told = [
        {"path": item.path, "i": i, "label": item.label(frame.direction), "sort": item.sort}
        for i, item in enumerate(found)
    ]
    return {"value": shown, "media": told, "text": None, "notes": notes, "copies": True}


def media(value: Any, path: Path = ()) -> Iterator[Media]:
    """The base64 runs in a frame's JSON, in order."""
    if isinstance(value, dict):
        mime = value.get("mimeType", value.get("mime_type", ""))
        for name, inside in value.items():
            if isinstance(inside, str):
                if _is_media(name, inside, mime):
                    yield Media((*path, name), mime if isinstance(mime, str) else "", inside)
            else:
                yield from media(inside, (*path, name))
    elif isinstance(value, list):
        for i, inside in enumerate(value):
            yield from media(inside, (*path, i))


def as_json(frame: LogFrame) -> str:
    """The frame as JSON, indented; resumption handles struck out, media kept."""
    return msgspec.json.format(msgspec.json.encode(_without(frame.json(), set())), indent=2).decode()


def as_python(frame: LogFrame) -> str:
    """The frame as Python: what we sent as the call that sends it again, what came as a dict.

    Long media stay in the log and are taken from there: `log` is the run's `SessionLog`.
    """
    value = frame.json()
    found = {item.path: item for item in media(value)}
    shown = pprint.pformat(_with_references(value, (), frame.seq, found), width=100, sort_dicts=False)
    return f"await session.send_raw({shown})" if frame.direction == "sent" else f"frame = {shown}"


def _is_media(name: str, text: str, mime: Any) -> bool:
    if name == "data" and isinstance(mime, str) and mime:
        return True
    return len(text) >= 1024 and _BASE64.fullmatch(text, 0, 4096) is not None


def _without(value: Any, emptied: set[Path], path: Path = ()) -> Any:
    """A copy with some strings emptied and handles struck out."""
    if isinstance(value, dict):
        return {
            name: STRUCK if name in _HANDLES and inside else _without(inside, emptied, (*path, name))
            for name, inside in value.items()
        }
    if isinstance(value, list):
        return [_without(inside, emptied, (*path, i)) for i, inside in enumerate(value)]
    return "" if path in emptied else value


class _Code:
    """Python code inside a literal."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __repr__(self) -> str:
        return self._code


def _with_references(value: Any, path: Path, seq: int, found: dict[Path, Media]) -> Any:
    if isinstance(value, dict):
        return {
            name: STRUCK
            if name in _HANDLES and inside
            else _with_references(inside, (*path, name), seq, found)
            for name, inside in value.items()
        }
    if isinstance(value, list):
        return [_with_references(inside, (*path, i), seq, found) for i, inside in enumerate(value)]
    if path in found and len(value) > 200:
        return _Code(f"log.frame({seq}).json()" + "".join(f"[{step!r}]" for step in path))
    return value
