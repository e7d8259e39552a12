"""Ask everything: an experiment's schedule, its budget, and what it does when the service says "slower"."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, QuotaExceeded
from ..session.loops import io
from .ask import Link, ask_cell, run_cell
from .cells import Cell, Outcome
from .experiment import Experiment
from .inputs import Inputs, scripts
from .progress import Progress
from .settings import Configs, settings

QUOTA_DELAYS = (2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0)
"""Seconds of pause after each refusal for quota in a row; after the last the cell fails with that error."""


def sweep(
    inputs: Inputs,
    configs: Configs = None,
    *,
    repeats: int = 1,
    tools: Sequence[Callable[..., Any]] = (),
    concurrency: int = 4,
    runs: str | Path = "experiments/unnamed",
    executor: Executor | None = None,
    url: str | None = None,
    offline: bool | None = None,
    timeout: float = 60.0,
    max_tokens: int | None = None,
    max_cost: float | None = None,
) -> Experiment:
    """Ask every input under every setting, and keep each as a run.

    Returns at once; the experiment runs on beside your notebook and shows a progress bar. Called again with
    the same arguments it goes on where it was: cells that ended are not asked again, cells that were cut off
    are.

    Args:
        inputs: Text, `Path`s of sound files, int16 or float arrays at 16 kHz, lists of these for a
            conversation of several turns; a list, or a mapping of names to them. Sound is sent in real time,
            then enough silence for the server to end the turn by its own rules.
        configs: A `LiveConfig`, a list or mapping of them, or what `grid(…)` returns.
        repeats: How often each combination is asked.
        tools: Python functions the model may call.
        concurrency: How many conversations at once.
        runs: The experiment's folder.
        executor: Anything shaped like `concurrent.futures.Executor`, such as Dask's
            `Client(…).get_executor()`. Cells travel there, keys do not: a worker uses its own environment's.
        url: A server to use instead of the service, for every worker.
        offline: `True` for the built-in server whatever keys are set.
        timeout: Seconds one turn may take.
        max_tokens: Stop starting cells once this many tokens are spent.
        max_cost: Stop starting cells once this many estimated dollars are spent.

    Returns:
        The running `Experiment`; `experiment.frame()` waits for it and gives one row a turn.

    Raises:
        ConfigError: Nothing to ask, or an argument that cannot be used.

    Example:
        >>> voices = grid(voice_name=["Kore", "Puck"])
        >>> experiment = sweep(["What is a comet?"], voices, runs="experiments/voices")  # doctest: +SKIP
        >>> experiment.frame()[["voice_name", "answer", "ttfa"]]  # doctest: +SKIP
    """
    if repeats < 1 or concurrency < 1:
        raise ConfigError("repeats and concurrency must be at least 1.", hint="Leave them out for 1 and 4.")
    root = Path(runs).resolve()
    names = tuple(getattr(tool, "__name__", repr(tool)) for tool in tools)
    cells = [
        Cell.of(root, script, setting, repeat, names)
        for script in scripts(inputs, root)
        for setting in settings(configs)
        for repeat in range(repeats)
    ]
    experiment = Experiment(root, cells)
    asking = _Asking(Link(url, offline, timeout), tuple(tools), executor)
    schedule = _Schedule(cells, asking, _Budget(max_tokens, max_cost))
    experiment.start(lambda: io().submit(schedule.run(concurrency)), schedule.stop)
    return experiment


@dataclass(slots=True)
class _Budget:
    """What may be spent, and what has been."""

    max_tokens: int | None
    max_cost: float | None
    tokens: int = 0
    cost: float = 0.0

    def spend(self, outcome: Outcome) -> str:
        """Count an outcome; returns in words what is used up, if anything is."""
        self.tokens += outcome.tokens
        self.cost += outcome.cost
        if self.max_tokens is not None and self.tokens >= self.max_tokens:
            return f"the budget of {self.max_tokens:,} tokens is spent"
        if self.max_cost is not None and self.cost >= self.max_cost:
            return f"the budget of ${self.max_cost:.2f} is spent"
        return ""


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where cells run: here on the I/O thread, or on an executor's workers."""

    link: Link
    tools: tuple[Callable[..., Any], ...]
    executor: Executor | None

    async def ask(self, cell: Cell) -> Outcome:
        if self.executor is None:
            return await ask_cell(cell, self.link, self.tools)
        # An executor's submit may block: Dask pickles and sends in it.
        future = await asyncio.to_thread(self.executor.submit, run_cell, cell, self.link, self.tools)
        try:
            return await asyncio.wrap_future(future)
        except Exception as error:  # noqa: BLE001 - whatever a worker died of ends this cell, not the experiment
            outcome = Outcome("failed", "", error=str(error), error_type=type(error).__name__)
            await asyncio.to_thread(cell.end, outcome)
            return outcome


class _Schedule:
    """Runs the cells that have not ended, so many at a time."""

    def __init__(self, cells: Sequence[Cell], asking: _Asking, budget: _Budget) -> None:
        self._cells = cells
        self._asking = asking
        self._budget = budget
        self._stopped = ""
        self._open = asyncio.Event()  # closed while the service says that its quota is used up

    def stop(self, why: str) -> None:
        """Start no further cell; those under way end by themselves."""
        self._stopped = self._stopped or why

    async def run(self, concurrency: int) -> str:
        """Run everything; returns why it stopped early, or an empty string."""
        self._stopped = ""
        self._open.set()
        with Progress(len(self._cells)) as progress:
            left = []
            for cell in self._cells:
                ended = await asyncio.to_thread(cell.outcome)
                if ended is None:
                    left.append(cell)
                else:
                    self._count(ended, progress)
            queue = iter(left)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(left))):
                    group.create_task(self._work(queue, progress))
            progress.note(self._stopped)
        return self._stopped

    async def _work(self, queue: Iterator[Cell], progress: Progress) -> None:
        while True:
            await self._open.wait()
            if self._stopped or (cell := next(queue, None)) is None:
                return
            self._count(await self._one(cell), progress)

    async def _one(self, cell: Cell) -> Outcome:
        """Run one cell; a refusal for quota holds every worker back for a while and tries the cell again."""
        outcome = await self._asking.ask(cell)
        for delay in QUOTA_DELAYS:
            if outcome.error_type != QuotaExceeded.__name__ or self._stopped:
                break
            await asyncio.to_thread(cell.forget)
            self._open.clear()
            await asyncio.sleep(delay)
            self._open.set()
            outcome = await self._asking.ask(cell)
        return outcome

    def _count(self, outcome: Outcome, progress: Progress) -> None:
        used_up = self._budget.spend(outcome)
        if used_up:
            self.stop(used_up)
        progress.step(outcome)
