"""Run one cell: connect, say its steps, keep the run. The same code on the I/O thread and on any worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..audio import MIC_RATE, Samples, read
from ..errors import AskTimeout, LiveError
from ..log.run import SessionLog
from ..protocol.config import LiveConfig
from ..session.session import LiveSession
from .cells import Cell, Outcome
from .inputs import Step

LONGEST_DECISION = 2.7
"""Seconds the service was seen to take, left to itself, to hear that speech is over (PROTOCOL.md §2.2)."""
MARGIN = 1.0
"""Seconds of silence beyond the window that is set, so that it is the window that ends the speech."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a cell connects to. No key: each process finds its own, as `Live` does.

    Attributes:
        url: A server to use instead of the service.
        offline: `True` for the built-in server, `None` to let the presence of a key decide.
        timeout: Seconds one step may take.
    """

    url: str | None = None
    offline: bool | None = None
    timeout: float = 60.0


def run_cell(cell: Cell, link: Link, tools: Sequence[Callable[..., Any]] = ()) -> Outcome:
    """Run a cell to its end in this thread; what an executor's worker calls."""
    return asyncio.run(ask_cell(cell, link, tools))


async def ask_cell(cell: Cell, link: Link, tools: Sequence[Callable[..., Any]] = ()) -> Outcome:
    """Run a cell unless it has ended already, and keep how it ended.

    Looking first matters on a cluster: a worker that dies after writing its result has the cell handed to
    another.
    """
    ended = await asyncio.to_thread(cell.outcome)
    if ended is not None:
        return ended
    run = await asyncio.to_thread(cell.begin)
    started = time.monotonic()
    try:
        await _converse(cell, run, link, tools)
        outcome = Outcome("done", run.name)
    except (LiveError, OSError, TimeoutError, ValueError) as error:
        outcome = _failed(run.name, error)
    outcome = replace(outcome, seconds=round(time.monotonic() - started, 3))
    return await asyncio.to_thread(_keep, cell, run, outcome)


async def _converse(cell: Cell, run: Path, link: Link, tools: Sequence[Callable[..., Any]]) -> None:
    url = link.url or await _offline_url(link)
    async with LiveSession(cell.config, url=url, tools=tools, log=run) as session:
        for step in cell.steps:
            said = await asyncio.to_thread(_sound, step, cell.config) if step.kind == "sound" else step.value
            await session.ask(said, timeout=link.timeout)


def _sound(step: Step, config: LiveConfig) -> Samples:
    """The sound with silence after it, as from an open microphone: the server's own rules end the turn."""
    samples = read(step.value)
    if config.automatic_activity_detection is False:
        return samples
    window = (config.silence_duration_ms or 0) / 1000
    silence = np.zeros(round(max(LONGEST_DECISION, window + MARGIN) * MIC_RATE), np.int16)
    return np.concatenate([samples, silence])


async def _offline_url(link: Link) -> str | None:
    from ..offline import needed, url

    return await asyncio.to_thread(url) if needed(link.offline) else None


def _failed(run: str, error: BaseException) -> Outcome:
    hint = "A longer timeout= may do." if isinstance(error, AskTimeout) else ""
    return Outcome(
        "failed",
        run,
        error=str(error),
        error_type=type(error).__name__,
        code=getattr(error, "code", None),
        reason=getattr(error, "reason", ""),
        hint=getattr(error, "hint", "") or hint,
    )


def _keep(cell: Cell, run: Path, outcome: Outcome) -> Outcome:
    tokens, cost = _spent(run)
    outcome = replace(outcome, tokens=tokens, cost=cost)
    cell.end(outcome)
    return outcome


def _spent(run: Path) -> tuple[int, float]:
    if not (run / "session.json").exists():  # refused before there was anything to record
        return 0, 0.0
    turns = SessionLog.open(run).turns()
    return int(turns["total_tokens"].sum()), float(turns["cost_estimate"].sum())
