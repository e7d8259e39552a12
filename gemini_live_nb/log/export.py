"""A run in forms that others read. Resumption handles are taken out of each."""

from __future__ import annotations

import atexit
import inspect
import shutil
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gemini_live_nb.errors import LogError

from .files import HEAP, INDEX, MEDIA, MESSAGES, SESSION
from .handles import stripped
from .progress import progress
from .transcript import markdown, webvtt
from .written import write_run

if TYPE_CHECKING:
    from .frame import LogFrame
    from .run import SessionLog

_DIRECTIONS = {"sent": "client", "received": "server", "local": "local"}


def export(log: SessionLog, path: Path | str, **options: Any) -> Path:
    """Write a run in the form that the path's suffix names; see `SessionLog.export`.

    Raises:
        LogError: the suffix names no form, an option is none of that form's, or the file cannot be written.
    """
    path = Path(path)
    write = FORMS.get(path.suffix)
    if write is None:
        raise LogError(
            f"no form is known for {path.name!r}", hint=f"End the name in one of {', '.join(sorted(FORMS))}."
        )
    known = list(inspect.signature(write).parameters)[2:]
    if not options.keys() <= set(known):
        raise LogError(
            f"{path.suffix} has no option {', '.join(sorted(options.keys() - set(known)))}",
            hint=f"It takes {', '.join(known)}." if known else "It takes none.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(log, path, **options)
    except OSError as error:
        raise LogError(
            f"cannot write {path}: {error.strerror or error}", hint="Choose another place for it."
        ) from error
    return path


def _zip(log: SessionLog, path: Path) -> None:
    """The run's folder in one file; `SessionLog.open` opens it again."""
    with tempfile.TemporaryDirectory(prefix="gemini-live-nb-") as scratch:
        folder = log.path
        if folder is None or log.live:
            folder = Path(scratch) / "run"
            write_run(folder, (frame.stored for frame in progress(log, "zip")), log.meta)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in (SESSION, MEDIA, INDEX, HEAP):
                if (folder / name).is_file():
                    archive.write(folder / name, name)
            with archive.open(MESSAGES, "w") as file, (folder / MESSAGES).open("rb") as lines:
                file.writelines(map(stripped, lines))


def unpacked(path: Path) -> Path:
    """Unpack an exported `.zip` to a temporary folder, which is gone when Python ends.

    Raises:
        LogError: the file holds no run.
    """
    state = path.stat()
    return _unpacked(path.resolve(), (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=64)
def _unpacked(path: Path, _state: tuple[int, int]) -> Path:
    """Unpack one state of a file, once."""
    try:
        with zipfile.ZipFile(path) as archive:
            if MESSAGES not in archive.namelist():
                raise LogError(f"{path} holds no run", hint='Give a file that log.export("….zip") wrote.')
            scratch = Path(tempfile.mkdtemp(prefix="gemini-live-nb-"))
            atexit.register(shutil.rmtree, scratch, ignore_errors=True)
            folder = scratch / path.stem
            folder.mkdir(mode=0o700)
            for name in {SESSION, MESSAGES, MEDIA, INDEX, HEAP} & set(archive.namelist()):
                with archive.open(name) as source, (folder / name).open("wb") as file:
                    shutil.copyfileobj(source, file)
    except (OSError, zipfile.BadZipFile) as error:
        raise LogError(f"cannot unpack {path}: {error}", hint="The file may be incomplete.") from error
    return folder


def _jsonl(log: SessionLog, path: Path) -> None:
    """One frame a line, payloads inline; `SessionLog.from_capture` reads it."""
    with path.open("wb") as file:
        file.writelines(_line(frame) for frame in progress(log, "jsonl"))


def _line(frame: LogFrame) -> bytes:
    head = {"n": frame.seq, "t_ms": frame.t_ns / 1e6, "conn": frame.conn, "dir": _DIRECTIONS[frame.direction]}
    if not frame.whole:
        head["missing"] = True
        return msgspec.json.encode(head) + b"\n"
    if frame.direction == "local":
        head["kind"] = frame.kind
    raw = stripped(frame.raw)
    try:
        # Put in as it is but for white space: numbers and the order of names stay as they were sent.
        body = b'"msg":' + msgspec.json.format(raw, indent=-1)
    except msgspec.DecodeError:
        body = b'"raw64":"' + b64encode(raw) + b'"'
    return msgspec.json.encode(head)[:-1] + b"," + body + b"}\n"


def _har(log: SessionLog, path: Path) -> None:
    from .har import har

    path.write_bytes(msgspec.json.encode(har(log)))


def _parquet(log: SessionLog, path: Path, frame: str = "messages") -> None:
    """One of the frames; tools' arguments and results as JSON."""
    from .columns import FRAMES

    if frame not in FRAMES or frame == "runs":
        raise LogError(f"there is no frame {frame!r}", hint=f"One of {', '.join(FRAMES)}.")
    made = getattr(log, frame)()
    for name in ("args", "result"):
        if name in made:
            made[name] = [msgspec.json.encode(value, enc_hook=repr).decode() for value in made[name]]
    try:
        made.to_parquet(path)
    except ImportError as error:
        raise LogError("Parquet needs pyarrow", hint="pip install 'gemini-live-nb[export]'") from error


def _wav(log: SessionLog, path: Path, track: str = "model") -> None:
    log.wav(track).save(path)  # type: ignore[arg-type]  # checked there


def _markdown(log: SessionLog, path: Path, *, thoughts: bool = False) -> None:
    path.write_text(markdown(log, thoughts=thoughts), encoding="utf-8")


def _webvtt(log: SessionLog, path: Path) -> None:
    path.write_text(webvtt(log), encoding="utf-8")


def _html(log: SessionLog, path: Path, *, sound: bool = True) -> None:
    from .report import report

    path.write_text(report(log, sound=sound), encoding="utf-8")


FORMS: dict[str, Callable[..., None]] = {
    ".zip": _zip,
    ".jsonl": _jsonl,
    ".har": _har,
    ".parquet": _parquet,
    ".wav": _wav,
    ".md": _markdown,
    ".vtt": _webvtt,
    ".html": _html,
}
