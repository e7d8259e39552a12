"""The record as DataFrames, built column by column from the index; payloads stay on disk.

Every column is told in `columns.py`. All frames share `run`, `conn`, `turn` and `seq`, so they join.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from gemini_live_nb.protocol import kinds as vocabulary

from . import columns, index
from . import unknown as news
from .chunks import peak_level
from .folder import Table
from .frame import OPCODES
from .index import KIND, MIMES, OTHER_MIME, ROLES
from .lines import DIRECTIONS

if TYPE_CHECKING:
    from .run import SessionLog

_USAGE = np.uint64(vocabulary.BIT["usageMetadata"])

Positions = npt.NDArray[np.intp]
Made = dict[str, Any]
Category: TypeAlias = "pd.Categorical[str]"


def messages(log: SessionLog, *, raw: bool = False) -> pd.DataFrame:
    """One row a frame."""
    table = log.table()
    heads = table.heads
    made = _keys(log, table, heads)
    made |= _direction(table, heads)
    rows = table.rows
    kinds = rows["kinds"][heads]
    codes, masks = pd.factorize(kinds)
    made["kind"] = _renamed(codes, [vocabulary.main(mask) for mask in masks.tolist()])
    made["kinds"] = _renamed(codes, [" ".join(vocabulary.names(mask)) for mask in masks.tolist()])
    made["bytes"] = rows["wire_bytes"][heads].astype(np.int64)
    frame_of = np.cumsum(rows["part"] == 0) - 1
    made["text"] = _strings(table, _TEXT, frame_of, len(heads))
    made["role"] = category(rows["role"][heads], ROLES)
    made |= _media(table, heads)
    made["tool_id"] = _strings(table, _ID, frame_of, len(heads))
    made["tool_name"] = _strings(table, _NAME, frame_of, len(heads))
    counted = np.flatnonzero(kinds & _USAGE)
    for name in ("prompt_tokens", "response_tokens", "thoughts_tokens", "total_tokens"):
        made[name] = few(counted, rows[name][heads[counted]], len(heads))
    made["odd"] = (rows["flags"][heads] & index.ODD) != 0
    frame = assemble(columns.MESSAGES, made)
    if raw:
        frame["raw"] = pd.Series([each.raw if each.whole else None for each in log], dtype=object)
    return frame


def parts(log: SessionLog) -> pd.DataFrame:
    """One row for each thing a frame holds: bundled content, taken apart."""
    table = log.table()
    every: Positions = np.arange(len(table.rows))
    made = _keys(log, table, every)
    made["part"] = table.rows["part"].astype(np.int64)
    made |= _direction(table, every)
    made["kind"] = category(table.rows["kind"], vocabulary.KINDS)
    made["text"] = _strings(table, _TEXT, every, len(every))
    made["role"] = category(table.rows["role"], ROLES)
    made |= _media(table, every)
    for name, which in (("tool_id", _ID), ("tool_name", _NAME), ("data", _EXTRA)):
        made[name] = _strings(table, which, every, len(every))
    return assemble(columns.PARTS, made)


def audio_chunks(log: SessionLog) -> pd.DataFrame:
    """One row a chunk of sound: timing, level, gaps and underruns."""
    table = log.table()
    rows = table.rows
    model = rows["kind"] == KIND["modelTurn.audio"]
    user = (rows["kind"] == KIND["realtimeInput.audio"]) | (
        (rows["kind"] == KIND["realtimeInput.mediaChunks"]) & (rows["media_rate"] > 0)
    )
    at = np.flatnonzero(model | user)
    made = _keys(log, table, at)
    made["track"] = category(model[at].astype(np.int64), ("user", "model"), missing=None)
    made["mime"] = _media(table, at)["mime"]
    made["rate"] = rows["media_rate"][at].astype(np.int64)
    made["ms"] = rows["media_ms"][at].astype(np.float64)
    made["bytes"] = rows["media_bytes"][at].astype(np.int64)
    made["peak_db"] = _levels(log, table, at)
    made |= _timing(made["t"], made["ms"], model[at], made["turn"])
    return assemble(columns.AUDIO_CHUNKS, made)


def unknown(log: SessionLog) -> pd.DataFrame:
    """One row for each field and each value of an enum that nobody has modelled."""
    table = log.table()
    found = list(news.unknown(log))
    at: Positions = np.array([each.position for each in found], np.intp)
    made = _keys(log, table, at)
    made["direction"] = _direction(table, at)["direction"]
    made["what"] = pd.Categorical([each.what for each in found], categories=pd.Index(news.WHATS))
    for name in ("path", "value"):
        made[name] = pd.array(np.array([getattr(each, name) for each in found], object), dtype="string")
    return assemble(columns.UNKNOWN, made)


def _levels(log: SessionLog, table: Table, at: Positions) -> npt.NDArray[np.float64]:
    """Peaks in dB; those of the model's sound are not in the index and are read from the sound now."""
    levels = table.rows["level"][at].astype(np.float64)
    for position in np.flatnonzero(levels == index.NO_LEVEL).tolist():
        levels[position] = peak_level(log.media(table, at[position]))
    return np.where(levels == index.NO_LEVEL, np.nan, levels / 100)


def _timing(t: Any, ms: Any, model: npt.NDArray[np.bool_], turn: Any) -> Made:
    gap = np.full(len(t), np.nan)
    ahead = np.full(len(t), np.nan)
    underrun = np.zeros(len(t), bool)
    arrival = t * 1000
    for track in (model, ~model):
        at = np.flatnonzero(track)
        gap[at[1:]] = np.diff(arrival[at]) - ms[at[:-1]]
    at = np.flatnonzero(model)
    for _, chunks in pd.Series(at).groupby(np.asarray(turn.fillna(-1))[at], sort=False):
        one = chunks.to_numpy()
        received = np.concatenate(([0.0], np.cumsum(ms[one])[:-1]))
        # Played without a pause from the first chunk on; where the sound had run out, playing starts afresh.
        slack = arrival[one] - received
        begun = np.maximum.accumulate(slack)
        ahead[one] = received + begun - arrival[one]
        underrun[one[1:]] = np.diff(begun) > 1.0
    return {"gap_ms": gap, "ahead_ms": ahead, "underrun": underrun}


# Columns.

_TEXT, _ID, _NAME, _MIME, _EXTRA = range(5)


def assemble(wanted: tuple[columns.Column, ...], made: Made) -> pd.DataFrame:
    """A frame of these columns, in this order."""
    return pd.DataFrame({column.name: made[column.name] for column in wanted}, copy=False)


def category(codes: npt.NDArray[Any], names: tuple[str, ...], missing: int | None = 0) -> Category:
    """A categorical of numbered names; the number `missing` means none."""
    if missing is None:
        return pd.Categorical.from_codes(codes, categories=_index(names), validate=False)
    shifted = codes.astype(np.int8) - 1
    return pd.Categorical.from_codes(shifted, categories=_index(names[1:]), validate=False)


@lru_cache(maxsize=32)
def _index(names: tuple[str, ...]) -> pd.Index[str]:
    return pd.Index(names)


def whole(values: npt.NDArray[Any], missing: int = -1) -> pd.arrays.IntegerArray:
    """Nullable integers; the value `missing` means none."""
    numbers = values.astype(np.int64)
    return pd.arrays.IntegerArray(numbers, numbers == missing)


def few(at: Positions, values: npt.NDArray[Any], count: int) -> pd.arrays.IntegerArray:
    """Nullable integers of which only those at these places are there."""
    numbers = np.full(count, -1, np.int64)
    numbers[at] = values
    return whole(numbers)


def moments(log: SessionLog, t_ns: npt.NDArray[np.int64]) -> pd.DatetimeIndex:
    """Calendar times of moments since the run's start."""
    return pd.DatetimeIndex((round(log.started * 1e9) + t_ns).view("datetime64[ns]")).tz_localize("UTC")


def named(log: SessionLog, count: int) -> Category:
    """The run's name, `count` times."""
    return pd.Categorical.from_codes(np.zeros(count, np.int8), categories=pd.Index([log.name]))


def _keys(log: SessionLog, table: Table, at: Positions) -> Made:
    t_ns = table.rows["t_ns"][at]
    return {
        "run": named(log, len(at)),
        "conn": table.rows["conn"][at].astype(np.int64),
        "turn": pd.Series(whole(log.folded().turn_of(table)[at])),
        "seq": table.rows["seq"][at].astype(np.int64),
        "t": t_ns * 1e-9,
        "wall": moments(log, t_ns),
    }


def _direction(table: Table, at: Positions) -> Made:
    return {
        "direction": category(table.rows["direction"][at], DIRECTIONS, missing=None),
        "opcode": category(table.rows["opcode"][at], OPCODES),
    }


def _renamed(codes: npt.NDArray[np.intp], names: list[str]) -> Category:
    """A categorical from codes whose names may repeat."""
    distinct = list(dict.fromkeys(names))
    number = np.array([distinct.index(name) for name in names] or [0])
    return pd.Categorical.from_codes(number[codes] if len(codes) else codes, categories=pd.Index(distinct))


def _media(table: Table, at: Positions) -> Made:
    rows = table.rows
    sizes = rows["media_bytes"][at].astype(np.int64)
    none = sizes == 0
    number = rows["mime"][at]
    if np.any(number == OTHER_MIME):
        spelt = np.asarray(_strings(table, _MIME, np.arange(len(rows)), len(rows))[at], object)
        known = np.array([None, *MIMES[1:], *[None] * (256 - len(MIMES))], object)[number]
        mime: Any = pd.Categorical(np.where(number == OTHER_MIME, spelt, known))
    else:
        mime = category(number, MIMES)
    length = rows["media_ms"][at].astype(np.float64)
    rate = rows["media_rate"][at].astype(np.int64)
    return {
        "mime": mime,
        "media_bytes": pd.arrays.IntegerArray(sizes, none),
        "media_ms": pd.arrays.FloatingArray(length, rate == 0),
        "media_rate": pd.arrays.IntegerArray(rate, rate == 0),
    }


def _strings(table: Table, which: int, place: npt.NDArray[np.int64] | Positions, count: int) -> Any:
    """One string of each row, put at `place`; several at one place are joined by line breaks."""
    rows = table.rows
    if which == _TEXT:
        chosen = np.flatnonzero(rows["flags"] & index.HAS_TEXT)
    else:
        chosen = np.flatnonzero(rows[index.LENGTHS[which]])
    start = rows["heap_offset"][chosen].astype(np.int64)
    for before in index.LENGTHS[:which]:
        start += rows[before][chosen]
    stop = start + rows[index.LENGTHS[which]][chosen]
    found: dict[int, str] = {}
    heap = table.heap
    for at, a, b in zip(place[chosen].tolist(), start.tolist(), stop.tolist(), strict=True):
        text = heap[a:b].decode("utf-8", "replace")
        found[at] = f"{found[at]}\n{text}" if at in found else text
    return sparse(found, count)


def sparse(strings: Mapping[int, str], count: int) -> Any:
    """A column of strings that has few of them."""
    # Taken from the few, instead of made of as many objects as there are rows.
    few = pd.array(np.array(list(strings.values()), object), dtype="string")
    at = np.full(count, -1)
    at[list(strings)] = np.arange(len(strings))
    return few.take(at, allow_fill=True)
