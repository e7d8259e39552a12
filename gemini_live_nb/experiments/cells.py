"""One cell of the grid: an input under a setting, once; its folder, and how it ended."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..protocol.config import LiveConfig
from .inputs import Script, Step
from .settings import Setting, label


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a cell ended; kept as `result.json` in its folder.

    Attributes:
        status: `"done"`, or `"failed"` with what went wrong in the fields below.
        run: The run folder's name inside the cell's folder.
        error: What happened; `error_type`, `code`, `reason` and `hint` as the exception had them.
        tokens: The sum over the turns of each turn's `totalTokenCount`.
        cost: Estimated US dollars, from the dated table of prices.
        seconds: From connecting to the end.
    """

    status: Literal["done", "failed"]
    run: str
    seconds: float = 0.0
    tokens: int = 0
    cost: float = 0.0
    error: str = ""
    error_type: str = ""
    code: int | None = None
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is asked once, under one setting. Small and picklable: it travels to workers; no key is in it."""

    id: str
    folder: str
    input: str
    steps: tuple[Step, ...]
    config: LiveConfig
    varied: dict[str, Any] = field(default_factory=dict)
    repeat: int = 0

    @classmethod
    def of(cls, root: Path, script: Script, setting: Setting, repeat: int, tools: tuple[str, ...]) -> Cell:
        """Make the cell; the same input, setting, tools and repeat always give the same folder."""
        told = [*(step.fingerprint() for step in script.steps), setting.config.frame(), *tools, str(repeat)]
        name = hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
        folder = root / "cells" / name
        return cls(name, str(folder), script.name, script.steps, setting.config, dict(setting.varied), repeat)

    @property
    def label(self) -> str:
        """The setting in words, as charts and tables name it."""
        return label(self.varied)

    def outcome(self) -> Outcome | None:
        """How it ended, or `None` where it has not (or was killed in the middle)."""
        return read_outcome(Path(self.folder))

    def begin(self) -> Path:
        """Make the folder of a new attempt; an attempt that was killed stays beside it, as it was left."""
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        about = {"input": self.input, "steps": [asdict(step) for step in self.steps], "repeat": self.repeat}
        about |= {"varied": {name: _plain(value) for name, value in self.varied.items()}}
        _write(folder / "cell.json", {**about, "setup": json.loads(self.config.frame())})
        number = 1 + max((int(run.name[4:]) for run in folder.glob("run-[0-9]*")), default=0)
        return folder / f"run-{number}"

    def end(self, outcome: Outcome) -> None:
        """Keep how it ended; from here on the cell is not run again unless asked to."""
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        _write(Path(self.folder) / "result.json", asdict(outcome))

    def forget(self) -> None:
        """Drop a failed end, so that the cell is run again; its run folder stays."""
        (Path(self.folder) / "result.json").unlink(missing_ok=True)


def read_outcome(folder: Path) -> Outcome | None:
    """Read `result.json` of a cell's folder; `None` where there is none."""
    try:
        return Outcome(**json.loads((folder / "result.json").read_text()))
    except FileNotFoundError:
        return None


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


def _write(place: Path, content: dict[str, Any]) -> None:
    # Written aside and moved into place: a kill in the middle leaves the old file or the new one, not half.
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    aside.write_text(json.dumps(content, indent=1, ensure_ascii=False))
    aside.replace(place)
