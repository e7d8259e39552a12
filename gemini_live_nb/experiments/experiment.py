"""What a sweep leaves: run folders, one tidy DataFrame, charts, a table to look at, and ratings."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, LiveError
from ..log.run import SessionLog
from ..session.loops import wait
from .cells import Cell

if TYPE_CHECKING:
    import pandas as pd

    from ..notebook.rating import Rating
    from .plot import ExperimentPlot
    from .table import Table

    Run = Callable[[], Future[str]]


class Experiment:
    """A grid of kept runs. `sweep` makes one; `Experiment.open` reads one again, later or elsewhere.

    Attributes:
        path: Its folder: `cells/<id>/run-N/` holds each run, `cells/<id>/result.json` how it ended.
        cells: What is asked, in order.
    """

    def __init__(self, path: Path, cells: Sequence[Cell]) -> None:
        self.path = path
        self.cells = list(cells)
        self._future: Future[str] | None = None
        self._begin: Run | None = None
        self._stop: Callable[[str], None] = lambda _why: None

    @classmethod
    def open(cls, path: str | Path) -> Experiment:
        """Read an experiment from its folder, without running anything.

        Raises:
            ConfigError: There is no experiment there.

        Example:
            >>> Experiment.open("experiments/voices").frame()  # doctest: +SKIP
        """
        root = Path(path).resolve()
        kept = sorted((root / "cells").glob("*/cell.json"), key=lambda place: place.stat().st_mtime_ns)
        if not kept:
            raise ConfigError(
                f"There is no experiment in {root}.", hint="Give the folder named as runs= in sweep()."
            )
        return cls(root, [_kept_cell(place.parent) for place in kept])

    def start(self, begin: Run, stop: Callable[[str], None]) -> None:
        """Run what has not ended; `sweep` calls this."""
        self._begin, self._stop = begin, stop
        self._future = begin()

    def wait(self, timeout: float | None = None) -> Experiment:
        """Wait until everything that can be asked has been; a kernel interrupt stops the waiting.

        Raises:
            TimeoutError: Seconds given in `timeout` have passed; the experiment runs on.
        """
        if self._future is not None:
            try:
                wait(self._future, timeout)
            except FutureTimeout:
                raise TimeoutError(f"The experiment is still running after {timeout} s: {self!r}") from None
        return self

    def stop(self) -> Experiment:
        """Start no further cell, wait for those under way."""
        self._stop("you stopped it")
        return self.wait()

    def retry(self) -> Experiment:
        """Ask the failed cells again, and those that were never asked; the others stay as they are.

        Raises:
            LiveError: It was read with `Experiment.open`, which knows no connection; call `sweep` again
                instead.
        """
        if self._begin is None:
            raise LiveError(
                "This experiment was only opened.", hint="Call sweep() with its arguments, then retry()."
            )
        self.wait()
        for cell in self.cells:
            ended = cell.outcome()
            if ended is not None and ended.status == "failed":
                cell.forget()
        self._future = self._begin()
        return self

    def frame(self, *, wait: bool = True) -> pd.DataFrame:
        """One row a turn: input, each varied setting, repeat, answer, times, tokens, cost, tool calls, error.

        A cell that failed before any turn is one row with its error; a cell that has not ended has none.
        `run` is the run's folder, which `open_runs(experiment.path).runs()` has as `path`: so it joins them.

        Args:
            wait: `False` to look at what there is while it runs.
        """
        from .frame import experiment_frame

        if wait:
            self.wait()
        return experiment_frame(self)

    def logs(self) -> dict[str, SessionLog]:
        """The runs that ended, by the id of their cell."""
        return {
            cell.id: SessionLog.open(run) for cell in self.cells if (run := self.run_of(cell)) is not None
        }

    def run_of(self, cell: Cell) -> Path | None:
        """The run folder of a cell's end, or `None` where there is nothing recorded."""
        ended = cell.outcome()
        if ended is None or not ended.run:
            return None
        run = Path(cell.folder) / ended.run
        return run if (run / "session.json").exists() else None

    def table(self, *, audio: bool = False) -> Table:
        """Settings × inputs, with what was said in each cell.

        Args:
            audio: Put a player into each cell too. The sound is then saved in the notebook.
        """
        from .table import Table

        return Table(self, audio=audio)

    @property
    def plot(self) -> ExperimentPlot:
        """Charts over the settings: `experiment.plot.ttfa()`, `.duration()`, `.tokens()`, `.cost()`."""
        from .plot import ExperimentPlot

        return ExperimentPlot(self)

    def rate(self, question: str = "Which answer is better?", *, seed: int = 0) -> Rating:
        """Show a blind comparison: two answers to one input, unlabelled, in random order.

        Keys 1 and 2 choose, 0 is a tie; each choice is kept at once.

        Args:
            question: What the rater is to judge.
            seed: Fixes the order in which pairs come up.
        """
        from ..notebook.rating import Rating

        return Rating(self, question, seed=seed)

    def ratings(self) -> pd.DataFrame:
        """Every rating given so far, one row each."""
        from .ratings import ratings_frame

        return ratings_frame(self)

    def standings(self) -> pd.DataFrame:
        """Who beats whom: for each two settings the wins, the ties, the share won, its 95 % interval."""
        from .ratings import standings_frame

        return standings_frame(self)

    def __repr__(self) -> str:
        ended = [cell.outcome() for cell in self.cells]
        done = sum(outcome is not None for outcome in ended)
        failed = sum(outcome is not None and outcome.status == "failed" for outcome in ended)
        return f"<Experiment {self.path.name}: {done} of {len(self.cells)} cells, {failed} failed>"


def _kept_cell(folder: Path) -> Cell:
    from ..protocol.config import LiveConfig
    from .inputs import Step

    about: dict[str, Any] = json.loads((folder / "cell.json").read_text())
    steps = tuple(Step(**step) for step in about["steps"])
    model = about["setup"].get("setup", about["setup"]).get("model")
    config = LiveConfig(model=model)
    return Cell(folder.name, str(folder), about["input"], steps, config, about["varied"], about["repeat"])
