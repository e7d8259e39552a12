"""How an answer is cut into frames: transcripts into pieces, sound into chunks. Pure functions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from .brain import OUTPUT_RATE, Int16

BYTES_PER_SECOND = OUTPUT_RATE * 2


def words(text: str) -> list[str]:
    """Words with the space before them, so that they join to the text again."""
    return re.findall(r"\s*\S+(?:\s+$)?", text)


def grouped(text: str, sizes: Sequence[int]) -> list[str]:
    """The text in pieces of so many words each, the sizes taken in turn.

    Example:
        >>> grouped("Your name is Alice and so on", (2, 1, 1))
        ['Your name', ' is', ' Alice', ' and so', ' on']
    """
    rest = words(text)
    pieces: list[str] = []
    for size in itertools.cycle(sizes):
        if not rest:
            return pieces
        pieces.append("".join(rest[:size]))
        rest = rest[size:]
    return pieces


def phrases(text: str, longest: int = 24) -> list[str]:
    """The text in phrases of up to `longest` characters, cut at words, as 3.8 sends its transcripts."""
    pieces: list[str] = []
    for word in words(text):
        if pieces and len(pieces[-1]) + len(word) <= longest:
            pieces[-1] += word
        else:
            pieces.append(word)
    return pieces


def head_and_rest(text: str) -> list[str]:
    """The first word, then everything else, as half-cascade families send text."""
    first, *rest = words(text) or [""]
    return [piece for piece in (first, "".join(rest)) if piece]


def dealt(pieces: Sequence[str], audio: Int16) -> list[tuple[str, Int16]]:
    """Each piece with its share of the audio, by length, cut at whole 10 ms; the last takes the rest."""
    letters = max(1, sum(map(len, pieces)))
    step = OUTPUT_RATE // 100
    spoken = start = 0
    shares: list[tuple[str, Int16]] = []
    for piece in pieces or ("",):
        spoken += len(piece)
        stop = (
            len(audio) if spoken >= letters or not pieces else len(audio) * spoken // letters // step * step
        )
        shares.append((piece, audio[start:stop]))
        start = stop
    return shares


def chunks(audio: Int16, sizes: Iterator[int]) -> Iterator[Int16]:
    """The audio in chunks of so many bytes each; the last one is as long as what is left."""
    start = 0
    while start < len(audio):
        stop = start + next(sizes) // 2
        yield audio[start:stop]
        start = stop


def seconds(audio: Int16) -> float:
    """Playing time of audio at the output rate."""
    return len(audio) / OUTPUT_RATE
