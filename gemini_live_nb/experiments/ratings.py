"""Blind comparison: which pairs to show, what was chosen, and who beats whom."""

from __future__ import annotations

import itertools
import json
import math
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from .cells import Cell
    from .experiment import Experiment

Choice = Literal["first", "second", "tie"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one input under two settings, in the order they are shown."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Given:
    """One rating, as kept in `ratings.jsonl`: cell ids in the order shown, and what was chosen."""

    question: str
    first: str
    second: str
    choice: Choice
    at: float


@dataclass(slots=True)
class Tally:
    """How one cell's answer fared."""

    wins: int = 0
    losses: int = 0
    ties: int = 0


def pairs(experiment: Experiment, seed: int = 0) -> list[Pair]:
    """Every two ended cells of one input and repeat but different settings, shuffled."""
    chance = random.Random(seed)
    groups: dict[tuple[str, int], list[Cell]] = {}
    for cell in experiment.cells:
        ended = cell.outcome()
        if ended is not None and ended.status == "done":
            groups.setdefault((cell.input, cell.repeat), []).append(cell)
    found = [
        Pair(*chance.sample((one.id, other.id), 2))
        for cells in groups.values()
        for one, other in itertools.combinations(cells, 2)
        if one.varied != other.varied
    ]
    chance.shuffle(found)
    return found


def keep(experiment: Experiment, question: str, pair: Pair, choice: Choice) -> Given:
    """Append a rating to the experiment's `ratings.jsonl`."""
    given = Given(question, pair.first, pair.second, choice, time.time())
    with (experiment.path / "ratings.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(given), ensure_ascii=False) + "\n")
    return given


def given(experiment: Experiment) -> list[Given]:
    """Read the ratings given so far; a torn last line is left out."""
    place = experiment.path / "ratings.jsonl"
    found = []
    for line in place.read_text(encoding="utf-8").splitlines() if place.exists() else ():
        try:
            found.append(Given(**json.loads(line)))
        except ValueError:
            continue
    return found


def tally(experiment: Experiment) -> dict[str, Tally]:
    """Wins, losses and ties of each cell that was rated."""
    score: dict[str, Tally] = {}
    for one in given(experiment):
        first, second = score.setdefault(one.first, Tally()), score.setdefault(one.second, Tally())
        if one.choice == "tie":
            first.ties += 1
            second.ties += 1
        else:
            winner, loser = (first, second) if one.choice == "first" else (second, first)
            winner.wins += 1
            loser.losses += 1
    return score


def ratings_frame(experiment: Experiment) -> pd.DataFrame:
    """One row a rating: the question, both settings, the winner's, when."""
    import pandas as pd

    labels = {cell.id: cell.label for cell in experiment.cells}
    rows = [
        {
            "question": one.question,
            "first": labels.get(one.first, one.first),
            "second": labels.get(one.second, one.second),
            "winner": None if one.choice == "tie" else labels.get(getattr(one, one.choice)),
            "first_cell": one.first,
            "second_cell": one.second,
            "at": pd.Timestamp(one.at, unit="s", tz="UTC"),
        }
        for one in given(experiment)
    ]
    return pd.DataFrame(
        rows, columns=["question", "first", "second", "winner", "first_cell", "second_cell", "at"]
    )


def standings_frame(experiment: Experiment) -> pd.DataFrame:
    """For each two settings that met: wins of either, ties, the share won by the one, and its 95 % interval.

    A tie counts half for each. The interval is Wilson's.
    """
    import pandas as pd

    labels = {cell.id: cell.label for cell in experiment.cells}
    counts: dict[tuple[str, str], Counter[str]] = {}
    for rating in given(experiment):
        shown = {
            "first": labels.get(rating.first, rating.first),
            "second": labels.get(rating.second, rating.second),
        }
        one, other = sorted(shown.values())
        winner = shown.get(rating.choice)
        counts.setdefault((one, other), Counter())[{one: "one", other: "other"}.get(winner or "", "tie")] += 1
    rows = []
    for (one, other), met in counts.items():
        total = met.total()
        share = (met["one"] + met["tie"] / 2) / total
        low, high = wilson(share, total)
        rows.append((one, other, met["one"], met["other"], met["tie"], share, low, high))
    names = ["setting", "against", "wins", "losses", "ties", "share", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def wilson(share: float, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a share seen in `total` trials."""
    if not total:
        return 0.0, 1.0
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)
