"""Frames of what the frames add up to: turns, function calls, tokens, whole runs.

Every column is told in `columns.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from . import columns, index
from .frames import Made, assemble, moments, named, whole
from .index import KIND
from .prices import Price, cost, price_of, rate, tokens

if TYPE_CHECKING:
    from .run import SessionLog
    from .turn import ToolCall, Turn, Usage


def turns(log: SessionLog, prices: Sequence[Price] | None = None) -> pd.DataFrame:
    """One row a turn."""
    every = log.folded().turns
    price = price_of(log.model, prices)
    opened = _opened(log, every)
    made: Made = {
        "run": named(log, len(every)),
        "conn": _integers(every, lambda turn: turn.conn),
        "turn": _integers(every, lambda turn: turn.number),
        "seq": _integers(every, lambda turn: turn.opened_seq),
        "t": opened * 1e-9,
        "wall": moments(log, opened),
        "opened_by": _categories(every, lambda turn: turn.opened_by),
        "speech_end_by": _categories(every, lambda turn: turn.times.speech_end_by or None),
        "interrupted_at": _seconds(every, lambda turn: turn.times.interrupted),
        "ttfa": _seconds(every, lambda turn: turn.ttfa),
        "vad_wait": _seconds(every, _vad_wait),
        "duration": _seconds(every, lambda turn: turn.duration),
        "audio_ms": _seconds(every, lambda turn: turn.audio_ms),
        "heard_ms": _seconds(every, lambda turn: turn.heard_ms),
        "heard_estimated": np.array([turn.heard_is_estimate for turn in every], bool),
        "interrupted": np.array([turn.interrupted for turn in every], bool),
        "silenced": np.array([turn.times.silenced is not None for turn in every], bool),
        "complete": np.array([turn.complete for turn in every], bool),
        "lost": np.array([turn.lost for turn in every], bool),
        "tool_calls": _integers(every, lambda turn: len(turn.tool_calls)),
        "cost_estimate": _seconds(
            every, lambda turn: cost(turn.usage.details, price) if turn.usage else None
        ),
        "reason": _words(every, attrgetter("reason")),
    }
    for name in ("user_text", "text", "heard_text", "thoughts"):
        made[name] = _words(every, attrgetter(name))
    for name in (
        "sent",
        "speech_end",
        "vad_end",
        "first_frame",
        "first_audio",
        "generation_complete",
        "turn_complete",
    ):
        made[name] = _seconds(every, attrgetter(f"times.{name}"))
    for name in ("prompt", "response", "thoughts", "total"):
        made[f"{name}_tokens"] = _tokens([turn.usage for turn in every], name)
    return assemble(columns.TURNS, made)


def _opened(log: SessionLog, every: list[Turn]) -> Any:
    rows = log.table().rows
    at = np.searchsorted(rows["seq"], [turn.opened_seq for turn in every])
    return rows["t_ns"][np.minimum(at, max(len(rows) - 1, 0))] if every else np.zeros(0, np.int64)


def _vad_wait(turn: Turn) -> float | None:
    times = turn.times
    if times.vad_end is None or times.speech_end is None:
        return None
    return times.vad_end - times.speech_end


def tools(log: SessionLog) -> pd.DataFrame:
    """One row a function call."""
    every = log.folded().calls
    made: Made = {
        "run": named(log, len(every)),
        "conn": _integers(every, lambda call: call.conn),
        "turn": whole(_integers(every, lambda call: call.turn)),
        "seq": _integers(every, lambda call: call.seq),
        "tool_id": _words(every, attrgetter("id")),
        "tool_name": _words(every, lambda call: call.name),
        "state": _categories(every, lambda call: call.state),
        "args": _objects([call.args for call in every]),
        "result": _objects([call.result for call in every]),
        "error": _words(every, lambda call: call.error),
        "scheduling": _categories(every, lambda call: call.scheduling),
        "latency": _seconds(every, lambda call: call.latency),
        "deliveries": _integers(every, lambda call: call.deliveries),
        "responses": _integers(every, lambda call: call.responses),
    }
    for name in ("requested", "started", "finished", "answered", "cancelled"):
        made[name] = _seconds(every, attrgetter(name))
    return assemble(columns.TOOLS, made)


def usage(log: SessionLog, prices: Sequence[Price] | None = None) -> pd.DataFrame:
    """One row for each side and modality of each response's tokens."""
    table = log.table()
    price = price_of(log.model, prices)
    at = np.flatnonzero(table.rows["kind"] == KIND["usageMetadata"])
    found = [
        (position, *piece)
        for position, row in zip(at.tolist(), index.unpack(table.rows[at], table.heap), strict=True)
        for piece in tokens(index.json_object(row.extra))
    ]
    rows = table.rows[np.array([position for position, *_ in found], np.intp)]
    rates = np.array([_or_nan(rate(price, side, modality)) for _, side, modality, _ in found], np.float64)
    counts = np.array([count for *_, count in found], np.int64)
    turn_of = log.folded().turn_of(table)[np.array([position for position, *_ in found], np.intp)]
    made: Made = {
        "run": named(log, len(found)),
        "conn": rows["conn"].astype(np.int64),
        "turn": whole(turn_of),
        "seq": rows["seq"].astype(np.int64),
        "t": rows["t_ns"] * 1e-9,
        "wall": moments(log, rows["t_ns"]),
        "side": pd.Categorical([side for _, side, _, _ in found]),
        "modality": pd.Categorical([modality for _, _, modality, _ in found]),
        "tokens": counts,
        "usd_per_million": rates,
        "cost_estimate": counts * rates / 1e6,
    }
    return assemble(columns.USAGE, made)


def runs(logs: Sequence[SessionLog], prices: Sequence[Price] | None = None) -> pd.DataFrame:
    """One row a run."""
    tables = [log.table().rows for log in logs]
    folded = [log.folded() for log in logs]
    heads = [rows[rows["part"] == 0] for rows in tables]
    starts = np.array([round(log.started * 1e9) for log in logs], np.int64)
    made: Made = {
        "run": pd.Categorical([log.name for log in logs]),
        "path": pd.array([str(log.path) if log.path else None for log in logs], dtype="string"),
        "started": pd.DatetimeIndex(starts.view("datetime64[ns]")).tz_localize("UTC"),
        "seconds": np.array([float(rows["t_ns"][-1]) * 1e-9 if len(rows) else 0.0 for rows in tables]),
        "model": pd.array([log.model or None for log in logs], dtype="string"),
        "connections": np.array([len(np.unique(rows["conn"])) for rows in heads], np.int64),
        "frames": np.array([len(rows) for rows in heads], np.int64),
        "turns": np.array([len(one.turns) for one in folded], np.int64),
        "interrupted": np.array([sum(turn.interrupted for turn in one.turns) for one in folded], np.int64),
        "tool_calls": np.array([len(one.calls) for one in folded], np.int64),
        "total_tokens": np.array(
            [int(np.maximum(rows["total_tokens"], 0).sum()) for rows in heads], np.int64
        ),
        "cost_estimate": np.array([_run_cost(log, prices) for log in logs], np.float64),
        "bytes": np.array([int(rows["wire_bytes"][rows["direction"] < 2].sum()) for rows in heads], np.int64),
        "lost": np.array([int(log.meta.get("lost", 0)) for log in logs], np.int64),
    }
    return assemble(columns.RUNS, made)


def _run_cost(log: SessionLog, prices: Sequence[Price] | None) -> float:
    found = usage(log, prices)
    billed = found[found["side"] != "cached"]["cost_estimate"]
    return float(billed.sum(skipna=False)) if len(billed) and price_of(log.model, prices) else float("nan")


# Columns from a list of turns or calls.

Each = Callable[[Any], Any]


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _seconds(every: Sequence[Turn] | Sequence[ToolCall], get: Each) -> Any:
    return np.array([_or_nan(get(one)) for one in every], np.float64)


def _integers(every: Sequence[Turn] | Sequence[ToolCall], get: Each) -> Any:
    return np.array([get(one) for one in every], np.int64)


def _words(every: Sequence[Turn] | Sequence[ToolCall], get: Each) -> Any:
    return pd.array(np.array([get(one) or None for one in every], object), dtype="string")


def _categories(every: Sequence[Turn] | Sequence[ToolCall], get: Each) -> Any:
    return pd.Categorical([get(one) for one in every])


def _objects(values: list[Any]) -> Any:
    made = np.empty(len(values), object)
    made[:] = values
    return pd.Series(made, dtype=object)


def _tokens(usages: list[Usage | None], name: str) -> Any:
    return whole(np.array([-1 if one is None else getattr(one, name) for one in usages], np.int64))
