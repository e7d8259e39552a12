"""The fold of `turns.py` over a whole recorded run, from its index alone.

Almost every frame is a chunk of sound. The fold only needs to know of a stretch of them where it began,
where it ended and how long it was, so those between are left out and put back by arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import index
from .folder import Table
from .index import KIND
from .turn import ToolCall, Turn
from .turns import ONLY_MIC, ONLY_MODEL_AUDIO, TurnFold
from .voiced import BEGINS, SILENT, judge

if TYPE_CHECKING:
    from .run import SessionLog

Positions = npt.NDArray[np.intp]


@dataclass(slots=True)
class Folded:
    """The turns of a run, and the turn of each frame."""

    turns: list[Turn]
    calls: list[ToolCall]
    fold: TurnFold

    @staticmethod
    def of(fold: TurnFold) -> Folded:
        """What a fold has seen so far."""
        return Folded(list(fold.turns), list(fold.calls.values()), fold)

    def turn_of(self, table: Table) -> npt.NDArray[np.int32]:
        """The number of the turn each row belongs to, -1 before the first.

        A frame that is a piece of a turn belongs to that; any other, such as a chunk of the microphone or a
        mark, to the turn begun last.
        """
        rows = table.rows
        seqs = rows["seq"].astype(np.int64)
        begun = sorted(self.turns, key=lambda turn: turn.opened_seq)
        starts = np.searchsorted(seqs, [turn.opened_seq for turn in begun])
        lengths = np.diff(starts, prepend=0, append=len(seqs))
        numbers = np.repeat(np.array([-1, *(turn.number for turn in begun)], np.int32), lengths)
        sound = np.flatnonzero(rows["kinds"] == ONLY_MODEL_AUDIO)
        of_sound = seqs[sound]
        for turn in self.turns:
            if turn.audio_span is not None:
                first, last = turn.audio_span
                start, stop = np.searchsorted(of_sound, (first, last + 1))
                numbers[sound[start:stop]] = turn.number
        owned = {seq: turn.number for seq, turn in list(self.fold.owned) if turn.number >= 0}
        pieces = np.fromiter(owned, np.int64, len(owned))
        starts = np.searchsorted(seqs, pieces)
        counts = np.searchsorted(seqs, pieces, "right") - starts
        at = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        numbers[at] = np.repeat(np.fromiter(owned.values(), np.int32, len(owned)), counts)
        return numbers


def fold_table(table: Table, log: SessionLog) -> Folded:
    """Fold a recorded run."""
    fold = TurnFold(log)
    rows = table.rows
    if not len(rows):
        return Folded.of(fold)
    verdict = voices(rows)
    mic = rows["kinds"] == ONLY_MIC
    others = np.flatnonzero(~mic)
    stretches = _Stretches(rows, others)
    voiced = np.flatnonzero(mic & (verdict > SILENT))
    chunks = np.union1d(_near(voiced, stretches.events), np.flatnonzero(mic & (verdict == BEGINS)))
    spoken = zip(chunks.tolist(), rows["seq"][chunks].tolist(), rows["t_ns"][chunks].tolist(), strict=True)
    said = next(spoken, None)
    frame: list[index.Row] = []
    voice = 0
    unpacked = index.unpack(rows[stretches.events], table.heap)
    for position, row in zip(stretches.events.tolist(), unpacked, strict=True):
        if frame and row.part == 0:
            fold.feed(frame, voice)
            frame, voice = [], 0
        while said is not None and said[0] < position:
            fold.speaks(said[1], said[2], int(verdict[said[0]]))
            said = next(spoken, None)
        if position in stretches.sound:
            fold.hear(row, *stretches.sound[position])
            continue
        frame.append(row)
        voice = max(voice, int(verdict[position]))
    if frame:
        fold.feed(frame, voice)
    for position, seq, t_ns in (said, *spoken) if said is not None else ():
        fold.speaks(seq, t_ns, int(verdict[position]))
    return Folded.of(fold)


def voices(rows: index.RowArray) -> npt.NDArray[np.int8]:
    """The verdict on each chunk of the microphone, 0 for every other row."""
    verdict = np.zeros(len(rows), np.int8)
    kinds = rows["kind"]
    chunks = (kinds == KIND["realtimeInput.audio"]) | (kinds == KIND["realtimeInput.mediaChunks"])
    mic = np.flatnonzero(chunks & (rows["media_rate"] > 0))
    verdict[mic] = judge(rows["level"][mic], rows["media_ms"][mic], rows["t_ns"][mic])
    return verdict


class _Stretches:
    """What there is beside the microphone: single events, and stretches of nothing but the model's sound.

    Attributes:
        events: Positions of the events and of the first chunk of each stretch.
        sound: For such a first chunk: last `seq`, its time in seconds, milliseconds in all, chunks.
    """

    def __init__(self, rows: index.RowArray, others: Positions) -> None:
        sound = (rows["kinds"][others] == ONLY_MODEL_AUDIO) & (rows["media_bytes"][others] > 0)
        conn = rows["conn"][others]
        goes_on = np.zeros(len(others), bool)
        goes_on[1:] = sound[1:] & sound[:-1] & (conn[1:] == conn[:-1])
        self.events: Positions = others[~goes_on]
        first = np.flatnonzero(sound & ~goes_on)
        self.sound: dict[int, tuple[int, float, float, int]] = {}
        if not len(first):
            return
        starts = np.flatnonzero(~goes_on)
        after = np.append(starts, len(others))[np.searchsorted(starts, first, "right")]
        milliseconds = np.concatenate(([0.0], np.cumsum(rows["media_ms"][others].astype(np.float64))))
        last = others[after - 1]
        self.sound = {
            at: (seq, t_ns * 1e-9, length, chunks)
            for at, seq, t_ns, length, chunks in zip(
                others[first].tolist(),
                rows["seq"][last].tolist(),
                rows["t_ns"][last].tolist(),
                (milliseconds[after] - milliseconds[first]).tolist(),
                (after - first).tolist(),
                strict=True,
            )
        }


def _near(chunks: Positions, events: Positions) -> Positions:
    """The chunks next to an event: the last before it and the first after it."""
    if not len(chunks):
        return chunks
    at = np.searchsorted(chunks, events)
    return np.unique(np.concatenate((chunks[at[at > 0] - 1], chunks[at[at < len(chunks)]])))
