"""The experiment's DataFrame: one row a turn, the varied settings as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..log.run import SessionLog
from .ratings import tally

if TYPE_CHECKING:
    import pandas as pd

    from .cells import Cell, Outcome
    from .experiment import Experiment

TURN_COLUMNS = {
    "turn": "turn",
    "user_text": "user_text",
    "text": "answer",
    "ttfa": "ttfa",
    "vad_wait": "vad_wait",
    "duration": "duration",
    "audio_ms": "audio_ms",
    "total_tokens": "tokens",
    "cost_estimate": "cost",
    "tool_calls": "tool_calls",
    "interrupted": "interrupted",
    "complete": "complete",
}
"""Columns taken from `log.turns()`, and what they are called here."""


def experiment_frame(experiment: Experiment) -> pd.DataFrame:
    """Put the runs that ended side by side."""
    import pandas as pd

    parts = [part for cell in experiment.cells if (part := _cell_frame(experiment, cell)) is not None]
    varied = list(dict.fromkeys(name for cell in experiment.cells for name in cell.varied))
    columns = ["cell", "input", *varied, "repeat", *TURN_COLUMNS.values(), "status", "error", "run"]
    if not parts:
        return pd.DataFrame(columns=columns)
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.reindex(columns=columns)
    score = tally(experiment)
    if score:
        for name in ("wins", "losses", "ties"):
            frame[name] = frame["cell"].map({cell: getattr(counts, name) for cell, counts in score.items()})
    return frame


def _cell_frame(experiment: Experiment, cell: Cell) -> pd.DataFrame | None:
    import pandas as pd

    ended = cell.outcome()
    if ended is None:
        return None
    run = experiment.run_of(cell)
    turns = SessionLog.open(run).turns() if run else pd.DataFrame()
    if turns.empty:
        part = pd.DataFrame({"turn": pd.array([pd.NA], dtype="Int64")})
    else:
        part = turns.reindex(columns=list(TURN_COLUMNS)).rename(columns=TURN_COLUMNS)
    return part.assign(**_about(cell, ended), run=str(run) if run else None)


def _about(cell: Cell, ended: Outcome) -> dict[str, Any]:
    error = " ".join(part for part in (ended.error, ended.hint) if part) or None
    return {
        "cell": cell.id,
        "input": cell.input,
        **cell.varied,
        "repeat": cell.repeat,
        "status": ended.status,
        "error": error,
    }
