"""A run made small enough to ship: its sound as FLAC, which loses nothing, every frame byte for byte again.

`messages.jsonl` stays as it is; the base64 in `media.bin` becomes one FLAC file for each direction. Unpacking
reads the samples, encodes them again piece by piece, and has the very same bytes. The index is left out: it
is made anew.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..audio import MIC_RATE, VOICE_RATE
from ..errors import LogError
from ..log.files import MEDIA, MESSAGES, SESSION
from ..log.lines import RECEIVED, SENT, Line, read_line

TRACKS = {SENT: ("user.flac", MIC_RATE), RECEIVED: ("model.flac", VOICE_RATE)}
LENGTHS = "lengths.json"
"""Bytes of each piece of sound, in the order of the frames."""


def pack(run: Path, target: Path) -> Path:
    """Write a run's folder as one small file.

    Args:
        run: The folder of a run whose media are 16-bit sound only: 16 kHz sent, 24 kHz received.
        target: The `.zip` to write.

    Returns:
        `target`.

    Raises:
        LogError: A frame would not come back byte for byte.
    """
    media = (run / MEDIA).read_bytes()
    text = (run / MESSAGES).read_bytes()
    tracks: dict[int, list[bytes]] = {SENT: [], RECEIVED: []}
    lengths: list[int] = []
    for direction, offset, length in _cuts(text):
        kept = media[offset : offset + length]
        sound = base64.b64decode(kept)
        if base64.b64encode(sound) != kept or len(sound) & 1:
            raise LogError(
                f"{run.name} holds more than 16-bit sound in plain base64", hint="use log.export()"
            )
        tracks[direction].append(sound)
        lengths.append(len(sound))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(SESSION, (run / SESSION).read_bytes())
        archive.writestr(MESSAGES, text)
        archive.writestr(LENGTHS, json.dumps(lengths))
        for direction, (name, rate) in TRACKS.items():
            archive.writestr(name, _flac(b"".join(tracks[direction]), rate))
    return target


def unpack(source: Path, folder: Path) -> Path:
    """Make the run's folder again; `SessionLog.open` reads it like any other.

    Args:
        source: What `pack` wrote.
        folder: Where; it must not exist yet.

    Returns:
        `folder`.
    """
    folder.mkdir(mode=0o700, parents=True)
    with zipfile.ZipFile(source) as archive:
        text = archive.read(MESSAGES)
        lengths = json.loads(archive.read(LENGTHS))
        sound = {
            direction: io.BytesIO(_samples(archive.read(name))) for direction, (name, _) in TRACKS.items()
        }
        (folder / SESSION).write_bytes(archive.read(SESSION))
    with (folder / MEDIA).open("wb") as media:
        for (direction, _, _), length in zip(_cuts(text), lengths, strict=True):
            media.write(base64.b64encode(sound[direction].read(length)))
    (folder / MESSAGES).write_bytes(text)
    return folder


def _cuts(text: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield direction, offset and length of every piece in `media.bin`, in order."""
    lines: list[Line] = [line for row in text.splitlines() if (line := read_line(row)) is not None]
    for line in lines:
        yield from ((line.direction, offset, length) for _, offset, length in line.cut)


def _flac(sound: bytes, rate: int) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(sound, "<i2"), rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _samples(flac: bytes) -> bytes:
    import soundfile

    samples, _ = soundfile.read(io.BytesIO(flac), dtype="int16")
    return np.asarray(samples, "<i2").tobytes()
