"""Many runs at once."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from gemini_live_nb.errors import LogError

from .files import MESSAGES
from .folder import runs_folder
from .progress import progress
from .run import SessionLog

if TYPE_CHECKING:
    import pandas as pd

    from .prices import Price


class Runs(Sequence[SessionLog]):
    """Several runs, and the same frames over all of them.

    The column `run` tells them apart. Take one by its position or its name.
    """

    def __init__(self, logs: Sequence[SessionLog]) -> None:
        self._logs = list(logs)
        _tell_apart(self._logs)

    def __len__(self) -> int:
        return len(self._logs)

    @overload
    def __getitem__(self, at: int | str) -> SessionLog: ...
    @overload
    def __getitem__(self, at: slice) -> Runs: ...
    def __getitem__(self, at: int | str | slice) -> SessionLog | Runs:
        if isinstance(at, slice):
            return Runs(self._logs[at])
        if isinstance(at, str):
            return next(log for log in self._logs if log.name == at)
        return self._logs[at]

    def __iter__(self) -> Iterator[SessionLog]:
        return iter(self._logs)

    def __repr__(self) -> str:
        return f"<Runs: {len(self)}>"

    def runs(self, *, prices: Sequence[Price] | None = None) -> pd.DataFrame:
        """One row a run."""
        from . import summaries

        return summaries.runs(self._logs, prices)

    def messages(self) -> pd.DataFrame:
        """`SessionLog.messages` of every run."""
        return self._all(SessionLog.messages, "messages")

    def parts(self) -> pd.DataFrame:
        """`SessionLog.parts` of every run."""
        return self._all(SessionLog.parts, "parts")

    def turns(self, *, prices: Sequence[Price] | None = None) -> pd.DataFrame:
        """`SessionLog.turns` of every run."""
        return self._all(lambda log: log.turns(prices=prices), "turns")

    def tools(self) -> pd.DataFrame:
        """`SessionLog.tools` of every run."""
        return self._all(SessionLog.tools, "tools")

    def usage(self, *, prices: Sequence[Price] | None = None) -> pd.DataFrame:
        """`SessionLog.usage` of every run."""
        return self._all(lambda log: log.usage(prices=prices), "usage")

    def audio_chunks(self) -> pd.DataFrame:
        """`SessionLog.audio_chunks` of every run."""
        return self._all(SessionLog.audio_chunks, "audio_chunks")

    def unknown(self) -> pd.DataFrame:
        """`SessionLog.unknown` of every run."""
        return self._all(SessionLog.unknown, "unknown")

    def _all(self, frame: Callable[[SessionLog], pd.DataFrame], name: str) -> pd.DataFrame:
        logs = self._logs or [SessionLog.empty()]
        return concatenated([frame(log) for log in progress(logs, name)])


def open_runs(*patterns: Path | str) -> Runs:
    """Open every run that the patterns find; without one, every run of the default folder.

    Args:
        patterns: Folders of runs, folders that hold such at any depth, as an experiment's does; exported
            `.zip` files; or patterns of these (`"runs/2026-*"`).

    Raises:
        LogError: nothing was found.

    >>> open_runs("runs/**").turns().groupby("run").ttfa.median()           # doctest: +SKIP
    """
    wanted = patterns or (runs_folder() / "*",)
    matching = {path for pattern in wanted for path in _matching(str(pattern))}
    # A run beside its own export is one run.
    found = sorted(path for path in matching if path.suffix != ".zip" or path.with_suffix("") not in matching)
    if not found:
        raise LogError(
            f"no runs at {', '.join(map(str, wanted))}",
            hint="Give the folder that log.path names, or a pattern such as runs/**.",
        )
    return Runs([SessionLog.open(path) for path in progress(found, "open")])


def _matching(pattern: str) -> Iterator[Path]:
    # `Path.glob` wants a relative pattern; this takes any.
    for name in glob.glob(pattern, recursive=True):  # noqa: PTH207
        path = Path(name)
        if (path / MESSAGES).is_file() or (path.suffix == ".zip" and path.is_file()):
            yield path.resolve()
        elif path.is_dir():
            yield from (each.parent.resolve() for each in path.rglob(MESSAGES))


def _tell_apart(logs: list[SessionLog]) -> None:
    """Runs of one name in different folders take their folder's name before their own."""
    twice = {name for name, count in Counter(log.name for log in logs).items() if count > 1}
    for number, log in enumerate(logs):
        if log.name in twice:
            log.name = f"{log.path.parent.name}/{log.name}" if log.path else f"{log.name} {number}"


def concatenated(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames of one kind, one after another; categories are united, so that they stay categories."""
    import pandas as pd

    united: dict[str, pd.Index[str]] = {}
    for name in frames[0].columns:
        if isinstance(frames[0][name].dtype, pd.CategoricalDtype):
            every = dict.fromkeys(category for frame in frames for category in frame[name].cat.categories)
            united[name] = pd.Index(list(every)) if every else frames[0][name].cat.categories
    alike = [
        frame.assign(
            **{name: frame[name].cat.set_categories(categories) for name, categories in united.items()}
        )
        for frame in frames
    ]
    return pd.concat(alike, ignore_index=True)
