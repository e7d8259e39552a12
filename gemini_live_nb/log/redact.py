"""A copy of a run that is fit for sharing."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from gemini_live_nb.errors import LogError

from .describe import describe_frame
from .frame import LogFrame, base64_bytes
from .handles import stripped
from .index import HAS_TEXT, KIND, NO_LEVEL, Row, rows_of, unpack
from .lines import Frame
from .progress import progress
from .written import write_run

if TYPE_CHECKING:
    from .run import SessionLog

Words = re.Pattern[str] | str

# Names whose values are the API's own words, not somebody's.
_STRUCTURE = frozenset(
    [
        "mimeType",
        "mime_type",
        "role",
        "modality",
        "model",
        "languageCode",
        "outcome",
        "language",
        "type",
        "behavior",
        "scheduling",
        "audioOffset",
        "timeLeft",
        "turnCompleteReason",
        "interactionStatus",
        "responseModalities",
        "voiceName",
        "vadSignalType",
    ]
)
# Names whose values hold things together: blacked out only where a word asked for stands in them.
_JOINTS = frozenset(["id", "ids", "name", "sessionId", "newHandle", "handle"])
# What `session.json` says of the program and the time.
_PLAIN_META = ("schema", "started", "ended", "wall", "monotonic", "versions", "model", "lost")
# What people name themselves: keys in there are words too.
_OPEN = frozenset(("args", "response"))

# Fragments of one speech are read together, so that a name in two pieces is found.
_FRAGMENTS = ("inputTranscription", "outputTranscription", "modelTurn.text", "modelTurn.thought")


def redact(
    log: SessionLog,
    *,
    text: bool | Iterable[Words] | None = None,
    audio: str | None = None,
    images: str | None = None,
    folder: Path | str | None = None,
) -> SessionLog:
    """Write the copy; see `SessionLog.redact`.

    Raises:
        LogError: an option is unknown, or the folder cannot be written.
    """
    if audio not in (None, "silence"):
        raise LogError(f"audio={audio!r} is not known", hint='None keeps it, "silence" takes it out.')
    if images not in (None, "grey"):
        raise LogError(f"images={images!r} is not known", hint='None keeps them, "grey" takes them out.')
    hide = _hider(text)
    kept = _STRUCTURE | _JOINTS if text is True else _STRUCTURE
    pieces = _spread(log, hide) if hide else {}
    edit = _Edit(hide, pieces, kept, silence=audio is not None, grey=images is not None)
    about = {name: log.meta[name] for name in _PLAIN_META if name in log.meta}
    meta = {**edit.value({name: each for name, each in log.meta.items() if name not in about}), **about}
    frames = map(edit.frame, progress(log, "redact"))
    return write_run(folder, frames, meta, name=f"{log.name}-redacted", describe=_with_levels(log))


def _with_levels(log: SessionLog) -> Callable[[Frame], list[Row]]:
    """Describe frames but keep how loud they were: when somebody stopped speaking is found by that.

    It is in the index alone; what was said is not.
    """
    rows = log.table().rows
    loud = rows[rows["level"] != NO_LEVEL]
    keys = zip(loud["seq"].tolist(), loud["part"].tolist(), strict=True)
    levels = dict(zip(keys, loud["level"].tolist(), strict=True))

    def describe(frame: Frame) -> list[Row]:
        return [
            row._replace(level=levels.get((row.seq, row.part), row.level))
            for row in rows_of(describe_frame(frame))
        ]

    return describe


Hide = Callable[[str], list[tuple[int, int]]]


def _hider(text: bool | Iterable[Words] | None) -> Hide | None:
    """What finds the stretches of a text to be hidden."""
    if text is None or text is False:
        return None
    if text is True:
        patterns = [re.compile(r"\S+")]
    else:
        words = [text] if isinstance(text, str) else list(text)
        patterns = [
            re.compile(re.escape(word), re.IGNORECASE) if isinstance(word, str) else word for word in words
        ]
    return lambda said: [found.span() for pattern in patterns for found in pattern.finditer(said)]


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    letters = list(text)
    for start, end in spans:
        letters[start:end] = ["█" if not letter.isspace() else letter for letter in letters[start:end]]
    return "".join(letters)


def _spread(log: SessionLog, hide: Hide) -> dict[tuple[int, str], str]:
    """Redacted pieces of speech by frame and kind, found in the speech as a whole."""
    table = log.table()
    kinds = {KIND[name]: name for name in _FRAGMENTS}
    at = np.flatnonzero(np.isin(table.rows["kind"], list(kinds)) & ((table.rows["flags"] & HAS_TEXT) != 0))
    turn_of = log.folded().turn_of(table)[at].tolist()
    speeches: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    for row, turn in zip(unpack(table.rows[at], table.heap), turn_of, strict=True):
        speeches[turn, row.kind].append((row.seq, row.text or ""))
    redacted: dict[tuple[int, str], str] = {}
    for (_, kind), pieces in speeches.items():
        whole = "".join(text for _, text in pieces)
        blank = _blanked(whole, hide(whole))
        start = 0
        for seq, text in pieces:
            if blank[start : start + len(text)] != text:
                redacted[seq, text] = blank[start : start + len(text)]
            start += len(text)
        del kind
    return redacted


class _Edit:
    """What is done to each frame."""

    def __init__(
        self,
        hide: Hide | None,
        pieces: dict[tuple[int, str], str],
        kept: frozenset[str],
        *,
        silence: bool,
        grey: bool,
    ) -> None:
        self._kept = kept
        self._hide = hide
        self._pieces = pieces
        self._silence = silence
        self._grey = grey
        self._seq = -1

    def frame(self, frame: LogFrame) -> Frame:
        seq, t_ns, conn, direction, opcode, raw, kind = frame.stored
        self._seq = seq
        raw = stripped(raw if isinstance(raw, bytes) else raw.encode())
        wanted = self._hide is not None or (frame.direction != "local" and (self._silence or self._grey))
        if wanted:
            raw = self._edited(raw, pretty=frame.opcode == "binary")
        return seq, t_ns, conn, direction, opcode, raw, kind

    def _edited(self, raw: bytes, *, pretty: bool) -> bytes:
        try:
            message = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # What cannot be read cannot be cleared of anything: it is left out whole.
            return b"{}"
        edited = msgspec.json.encode(self.value(message))
        return msgspec.json.format(edited, indent=2) + b"\n" if pretty else edited

    def value(self, value: Any, *, keys: bool = False) -> Any:
        """A part of a message, edited; `keys` says that its names are words too."""
        if isinstance(value, dict):
            if isinstance(value.get("data"), str) and ("mimeType" in value or "mime_type" in value):
                return self._blob(value)
            return {
                self._text(name) if keys else name: each
                if name in self._kept
                else self.value(each, keys=keys or name in _OPEN)
                for name, each in value.items()
            }
        if isinstance(value, list):
            return [self.value(each, keys=keys) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if self._hide is None:
            return text
        found = self._pieces.get((self._seq, text))
        return _blanked(text, self._hide(text)) if found is None else found

    def _blob(self, blob: dict[str, Any]) -> dict[str, Any]:
        mime = str(blob.get("mimeType", blob.get("mime_type", "")))
        data = base64_bytes(blob["data"].encode("utf-8", "replace"))
        if mime.startswith("audio/") and self._silence:
            return {**blob, "data": b64encode(bytes(len(data))).decode()}
        if mime.startswith("image/") and self._grey:
            return {**blob, "data": b64encode(_grey(data, mime)).decode()}
        return blob


def _grey(data: bytes, mime: str) -> bytes:
    """A grey picture of the same size and format."""
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            size = picture.size
    except (UnidentifiedImageError, OSError):
        size = (1, 1)
    file = io.BytesIO()
    form = {"image/png": "PNG", "image/webp": "WEBP"}.get(mime, "JPEG")
    Image.new("RGB", size, (128, 128, 128)).save(file, form)
    return file.getvalue()
