"""The bar that shows how far an experiment has come."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from tqdm.auto import tqdm

from .cells import Outcome


class Progress:
    """A progress bar over cells: a widget in a notebook, a line in a terminal."""

    def __init__(self, total: int) -> None:
        self._bar = tqdm(total=total, unit="cell")
        self._failed = 0
        self._tokens = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def step(self, outcome: Outcome) -> None:
        """Count a cell that ended."""
        self._failed += outcome.status == "failed"
        self._tokens += outcome.tokens
        self._bar.set_postfix(failed=self._failed, tokens=self._tokens, refresh=False)
        self._bar.update()

    def note(self, words: str) -> None:
        """Say why it stopped early, if it did."""
        if words:
            self._bar.set_description(f"stopped: {words}")
