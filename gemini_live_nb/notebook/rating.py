"""The blind comparison of an experiment's answers, by mouse or by the keys 1, 2 and 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anywidget

from ..audio import VOICE_RATE, wav
from ..experiments.ratings import Choice, given, keep, pairs
from ..log.run import SessionLog
from .assets import module, style

if TYPE_CHECKING:
    from ..experiments import Experiment

_CHOICES: tuple[Choice, ...] = ("first", "second", "tie")


class Rating(anywidget.AnyWidget):
    """Shows two answers to one input, unlabelled and in random order, and keeps what you choose.

    Ratings go into the experiment's folder as they are given: `experiment.ratings()` and
    `experiment.standings()` read them, and pairs already rated for the same question are not shown again.
    Nothing of it is saved in the notebook.

    Args:
        experiment: What is compared; its cells that have ended.
        question: What the rater is to judge.
        seed: Fixes the order of the pairs.

    Example:
        >>> experiment.rate("Which answer sounds friendlier?")  # doctest: +SKIP
    """

    _esm = module("rating.js")
    _css = style("rating.css")

    def __init__(self, experiment: Experiment, question: str, *, seed: int = 0) -> None:
        self._experiment = experiment
        self._question = question
        self._cells = {cell.id: cell for cell in experiment.cells}
        self._pairs = pairs(experiment, seed)
        rated = {frozenset((one.first, one.second)) for one in given(experiment) if one.question == question}
        self._left = [pair for pair in self._pairs if frozenset((pair.first, pair.second)) not in rated]
        super().__init__()
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return f"<Rating {self._question!r}: {len(self._left)} of {len(self._pairs)} pairs left>"

    def _heard(self, _widget: object, message: dict[str, Any], _buffers: Sequence[memoryview]) -> None:
        number = len(self._pairs) - len(self._left)
        chosen = message.get("choice")
        # A view of this widget that is behind (it is shown twice, say) must not rate a pair it does not show.
        if (
            message.get("kind") == "choice"
            and message.get("number") == number
            and self._left
            and chosen in _CHOICES
        ):
            keep(self._experiment, self._question, self._left.pop(0), chosen)
        self._show()

    def _show(self) -> None:
        done, total = len(self._pairs) - len(self._left), len(self._pairs)
        if not self._left:
            self.send({"kind": "end", "done": done, "rows": self._rows()})
            return
        pair = self._left[0]
        (first, one), (second, other) = self._side(pair.first), self._side(pair.second)
        about = {"question": self._question, "input": self._cells[pair.first].input}
        content = {"kind": "pair", "number": done, "done": done, "total": total, **about}
        self.send({**content, "first": first, "second": second}, buffers=[one, other])

    def _side(self, id: str) -> tuple[list[str], bytes]:
        run = self._experiment.run_of(self._cells[id])
        turns = SessionLog.open(run).conversation if run else []
        sound = [turn.audio for turn in turns if len(turn.audio)]
        if not sound:
            return [turn.text for turn in turns], b""
        import numpy as np

        return [turn.text for turn in turns], wav(np.concatenate(sound), VOICE_RATE)

    def _rows(self) -> list[list[str]]:
        rows = self._experiment.standings().itertuples(index=False)
        return [
            [*map(str, (row.setting, row.against, row.wins, row.losses, row.ties)), _share(row)]
            for row in rows
        ]


def _share(row: Any) -> str:
    return f"{row.share:.0%} ({row.low:.0%}–{row.high:.0%})"
