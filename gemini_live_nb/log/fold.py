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
        opened = np.array([turn.opened_seq for turn in self.turns], np.int64)
        order = np.argsort(opened, kind="stable")
        at = np.searchsorted(opened[order], seqs, "right") - 1
        numbers = (
            np.where(at >= 0, order[at], -1).astype(np.int32)
            if len(opened)
            else np.full(len(seqs), -1, np.int32)
        )
        sound = np.flatnonzero(rows["kinds"] == ONLY_MODEL_AUDIO)
        for turn in self.turns:
            if turn.audio_span is not None:
                first, last = turn.audio_span
                start, stop = np.searchsorted(seqs[sound], (first, last + 1))
                numbers[sound[start:stop]] = turn.number
        owned = np.array(
            [(seq, turn.number) for seq, turn in list(self.fold.owned) if turn.number >= 0], np.int64
        )
        if len(owned) and len(seqs):
            self._own(numbers, seqs, owned.reshape(-1, 2))
        return numbers

    @staticmethod
    def _own(
        numbers: npt.NDArray[np.int32], seqs: npt.NDArray[np.int64], owned: npt.NDArray[np.int64]
    ) -> None:
        for seq, number, start, stop in zip(
            *owned.T.tolist(),
            np.searchsorted(seqs, owned[:, 0], "left").tolist(),
            np.searchsorted(seqs, owned[:, 0], "right").tolist(),
            strict=True,
        ):
            del seq
            numbers[start:stop] = number


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
    events = np.union1d(stretches.events, _near(np.flatnonzero(mic & (verdict > SILENT)), stretches.events))
    events = np.union1d(events, np.flatnonzero(mic & (verdict == BEGINS)))
    frame: list[index.Row] = []
    voice = 0
    for position, row in zip(events.tolist(), index.unpack(rows[events], table.heap), strict=True):
        if frame and row.part == 0:
            fold.feed(frame, voice)
            frame, voice = [], 0
        if position in stretches.sound:
            fold.hear(row, *stretches.sound[position])
            continue
        frame.append(row)
        voice = max(voice, int(verdict[position]))
    if frame:
        fold.feed(frame, voice)
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
