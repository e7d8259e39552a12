"""The sound of a run: both voices on one clock, as arrays, files and players."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from gemini_live_nb.audio import VOICE_RATE, Resampler, samples_of, wav
from gemini_live_nb.errors import LogError

from .index import KIND

if TYPE_CHECKING:
    from .run import SessionLog
    from .turn import Turn

Track = Literal["user", "model", "mix"]

# A chunk this near to where the one before it ended is taken to follow it: networks jitter, ears do not.
_JITTER_S = 0.15


@dataclass(frozen=True, slots=True)
class Sound:
    """Some sound: draws itself as a player, and can be saved.

    Attributes:
        samples: int16, mono.
        rate: Samples per second.
    """

    samples: npt.NDArray[np.int16]
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate

    def wav(self) -> bytes:
        """As the bytes of a WAV file."""
        return wav(self.samples, self.rate)

    def save(self, path: Path | str) -> Path:
        """Write a WAV file; returns its path."""
        path = Path(path)
        path.write_bytes(self.wav())
        return path

    def __repr__(self) -> str:
        return f"<Sound {self.seconds:.2f} s at {self.rate} Hz>"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.wav()).decode()
        return f'<audio controls preload="metadata" src="data:audio/wav;base64,{data}"></audio>'


def track(log: SessionLog, which: Track, *, heard: bool = True) -> Sound:
    """One voice, or both, of a whole run at 24 kHz; silence where nobody spoke, so that both share one clock.

    Args:
        log: The run.
        which: `user`, `model` or `mix`.
        heard: Leave out what of the model's sound was never heard because it was interrupted.

    Raises:
        LogError: there is no such track.
    """
    if which == "user":
        return _laid_out(_user(log))
    if which == "model":
        return _laid_out(_model(log, heard=heard))
    if which == "mix":
        return _mixed(_laid_out(_user(log)), _laid_out(_model(log, heard=heard)))
    raise LogError(f"there is no track {which!r}", hint='Ask for "user", "model" or "mix".')


Piece = tuple[float, npt.NDArray[np.int16]]


def _user(log: SessionLog) -> Iterator[Piece]:
    """Chunks of the microphone with the time each began: it was sent when it was whole."""
    table = log.table()
    rows = table.rows
    mic = (rows["kind"] == KIND["realtimeInput.audio"]) | (rows["kind"] == KIND["realtimeInput.mediaChunks"])
    at = np.flatnonzero(mic & (rows["media_rate"] > 0))
    resampler: Resampler | None = None
    rate_before = 0
    for position in at.tolist():
        record = rows[position]
        rate = int(record["media_rate"])
        if resampler is None or rate != rate_before:
            resampler, rate_before = Resampler(rate, VOICE_RATE), rate
        began = (float(record["t_ns"]) - float(record["media_ms"]) * 1e6) * 1e-9
        yield max(0.0, began), resampler.push(samples_of(log.media(table, position)))


def _model(log: SessionLog, *, heard: bool) -> Iterator[Piece]:
    """The sound of each turn from its first chunk on: it comes faster than it plays."""
    for turn in log.conversation:
        if turn.audio_span is not None and turn.times.first_audio is not None:
            samples = turn.audio
            if heard and turn.cut:
                samples = samples[: round(turn.heard_ms * VOICE_RATE / 1000)]
            yield turn.times.first_audio, samples


def _laid_out(pieces: Iterator[Piece]) -> Sound:
    """Put pieces where they belong; one that would fall into the one before it follows it instead."""
    placed: list[npt.NDArray[np.int16]] = []
    end = 0
    for began, samples in pieces:
        start = round(began * VOICE_RATE)
        if start > end + _JITTER_S * VOICE_RATE:
            placed.append(np.zeros(start - end, np.int16))
            end = start
        placed.append(samples)
        end += len(samples)
    return Sound(np.concatenate(placed) if placed else np.zeros(0, np.int16), VOICE_RATE)


def _mixed(one: Sound, other: Sound) -> Sound:
    both = np.zeros(max(len(one.samples), len(other.samples)), np.int32)
    both[: len(one.samples)] += one.samples
    both[: len(other.samples)] += other.samples
    return Sound(np.clip(both, -32768, 32767).astype(np.int16), VOICE_RATE)


def of_turn(turn: Turn) -> Sound:
    """The answer of one turn."""
    return Sound(turn.audio, VOICE_RATE)
