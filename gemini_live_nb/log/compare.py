"""Two or more runs side by side: how they were set up, what was said, how long it took."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gemini_live_nb.errors import LogError

from .display import STYLE, answer_html, call_line, facts_html
from .markup import as_html

if TYPE_CHECKING:
    import pandas as pd

    from .run import SessionLog
    from .turn import Turn


def compare(*logs: SessionLog | Path | str) -> Comparison:
    """Compare runs, turn by turn.

    Args:
        logs: Two or more runs, or their folders.

    Raises:
        LogError: fewer than two were given, or there is no run in a folder.

    >>> compare(live.log, "runs/before").latency()                           # doctest: +SKIP
    """
    if len(logs) < 2:
        raise LogError("there is nothing to compare", hint="Give two runs or more.")
    from .run import SessionLog

    return Comparison(tuple(SessionLog.open(log) if isinstance(log, str | Path) else log for log in logs))


class Comparison:
    """Runs side by side: draws itself, with a player for each answer; the rest are frames."""

    def __init__(self, logs: tuple[SessionLog, ...]) -> None:
        self.logs = logs
        names = [log.name for log in logs]
        self.names = [name if names.count(name) == 1 else f"{name} ({at})" for at, name in enumerate(names)]

    def setup(self, *, same: bool = False) -> pd.DataFrame:
        """The setups, one row a setting that differs (with `same`, every one), one column a run."""
        import pandas as pd

        setups = [dict(_flat(_setup(log))) for log in self.logs]
        every = list(dict.fromkeys(path for setup in setups for path in setup))
        values = {path: [setup.get(path) for setup in setups] for path in every}
        kept = {path: row for path, row in values.items() if same or any(each != row[0] for each in row)}
        return pd.DataFrame.from_dict(kept, orient="index", columns=self.names, dtype=object)

    def turns(self) -> pd.DataFrame:
        """The turns of every run under one another by number: columns are pairs of what and run."""
        import pandas as pd

        wanted = [
            "user_text",
            "text",
            "ttfa",
            "duration",
            "audio_ms",
            "interrupted",
            "total_tokens",
            "cost_estimate",
        ]
        frames = {
            name: log.turns().set_index("turn")[wanted]
            for name, log in zip(self.names, self.logs, strict=True)
        }
        return pd.concat(frames, axis=1).swaplevel(axis=1).reindex(columns=wanted, level=0)

    def tools(self) -> pd.DataFrame:
        """Function calls by name and run: how many, how many failed or were taken back, median latency.

        Columns are pairs of what and run. Each call of its own is in `log.tools()`.
        """
        import pandas as pd

        frames = {name: _calls(log.tools()) for name, log in zip(self.names, self.logs, strict=True)}
        joined = pd.concat(frames, axis=1).swaplevel(axis=1).reindex(columns=_CALLS, level=0)
        counts = {column: "Int64" for column in joined.columns if column[0] != "latency"}
        return joined.rename_axis("tool_name").sort_index().astype(counts)

    def latency(self) -> pd.DataFrame:
        """Time to first audio of each run: how many, median, 90th percentile, slowest."""
        import pandas as pd

        rows = {}
        for name, log in zip(self.names, self.logs, strict=True):
            ttfa = log.turns()["ttfa"].dropna()
            slowest = ttfa.max() if len(ttfa) else None
            rows[name] = (len(ttfa), ttfa.median(), ttfa.quantile(0.9), slowest)
        return pd.DataFrame.from_dict(rows, orient="index", columns=["turns", "median", "p90", "slowest"])

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self.names)}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{as_html(name)}</th>" for name in self.names)
        setup = "".join(_row(str(path), map(_shown, row)) for path, row in self.setup().iterrows())
        runs = [log.conversation for log in self.logs]
        longest = max(map(len, runs))
        turns = "".join(
            _row(str(at), (_cell(run[at]) if at < len(run) else "" for run in runs)) for at in range(longest)
        )
        table = f'<table class="glnb-record"><tr><th></th>{head}</tr>{setup}{turns}</table>'
        return f'{STYLE}<div style="overflow-x:auto">{table}</div>'


_CALLS = ["calls", "done", "error", "cancelled", "latency"]


def _calls(tools: pd.DataFrame) -> pd.DataFrame:
    """The calls of one run, one row a function."""
    states = {state: tools["state"].astype(str) == state for state in _CALLS[1:4]}
    counted = tools.assign(calls=1, **states).groupby(tools["tool_name"].astype(object))
    return counted[_CALLS[:4]].sum().assign(latency=counted["latency"].median())


def _row(name: str, cells: Iterable[str]) -> str:
    return f"<tr><th>{as_html(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _cell(turn: Turn) -> str:
    player = turn.sound._repr_html_() if turn.audio_ms else ""
    calls = "".join(f"<div>{call_line(call)}</div>" for call in turn.tool_calls)
    return (
        f"{as_html(turn.user_text)}<br>{calls}<b>{answer_html(turn)}</b>{player}<div>{facts_html(turn)}</div>"
    )


def _shown(value: Any) -> str:
    return "" if value is None else as_html(str(value))


def _setup(log: SessionLog) -> Any:
    """The first setup of a run, as it was sent."""
    sent = (frame for frame in log if frame.direction == "sent" and "setup" in frame.kinds)
    first = next(sent, None)
    message = first.json() if first is not None else None
    if not isinstance(message, dict):
        return {}
    return message.get("setup") or message.get("config") or {}


def _flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """A nested setup as dotted paths. Lists are one value; resumption handles are left out."""
    if not isinstance(value, dict):
        shown = msgspec.json.encode(value).decode() if isinstance(value, list) else value
        return [(path, shown)]
    if not value:
        return [(path, "{}")] if path else []
    return [
        pair
        for name, each in value.items()
        if name != "handle"
        for pair in _flat(each, f"{path}.{name}" if path else name)
    ]
