"""What is asked: typed text, sound, or several of them in turn, small enough to travel to a worker."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..audio import MIC_RATE, pcm, spoken_not_typed, wav
from ..errors import ConfigError

Sayable: TypeAlias = str | Path | NDArray[Any]
Inputs: TypeAlias = (
    Sayable | Sequence[Sayable | Sequence[Sayable]] | Mapping[str, Sayable | Sequence[Sayable]]
)

RATE = MIC_RATE
"""Hz of an array given as input; a file says its own."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing said to the model: typed text, or a sound file's path."""

    kind: Literal["text", "sound"]
    value: str

    def fingerprint(self) -> str:
        """A digest of what is really said: of a sound, its bytes and not its place."""
        content = Path(self.value).read_bytes() if self.kind == "sound" else self.value.encode()
        return f"{self.kind}:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Script:
    """A named input: one step, or the steps of a conversation of several turns."""

    name: str
    steps: tuple[Step, ...]


def scripts(inputs: Inputs, folder: Path) -> list[Script]:
    """Bring every form of `inputs` into one.

    Args:
        inputs: Text; a `Path` to a sound file; int16 or float samples at 16 kHz, shape (n,); a list of
            these; a list within the list is a conversation of several turns; a mapping gives them names.
        folder: Where arrays are kept as WAV files, so that a cell can be run again from the folder alone.

    Raises:
        ConfigError: Nothing to ask, a file that is not there, or something that cannot be said.
    """
    if isinstance(inputs, (str, Path, np.ndarray)):
        inputs = [inputs]
    named = inputs.items() if isinstance(inputs, Mapping) else ((None, item) for item in inputs)
    found = [_script(name, item, folder, number) for number, (name, item) in enumerate(named, start=1)]
    if not found:
        raise ConfigError("There is nothing to ask.", hint='Give inputs: sweep(["What is a comet?"], …).')
    return found


def _script(name: str | None, item: Any, folder: Path, number: int) -> Script:
    said = item if isinstance(item, (list, tuple)) else [item]
    steps = tuple(_step(one, folder) for one in said)
    if not steps:
        raise ConfigError(
            f"Input {number} is an empty conversation.", hint="Give it at least one thing to say."
        )
    return Script(name or _name(steps[0], number), steps)


def _step(item: Any, folder: Path) -> Step:
    if isinstance(item, str):
        spoken_not_typed(item)
        return Step("text", item)
    if isinstance(item, Path):
        if not item.is_file():
            raise ConfigError(
                f"There is no sound file {item}.", hint="Check the path; text is given as a plain string."
            )
        return Step("sound", str(item.resolve()))
    if isinstance(item, np.ndarray):
        content = wav(pcm(item, RATE), RATE)
        place = folder / "inputs" / f"{hashlib.sha256(content).hexdigest()[:12]}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return Step("sound", str(place.resolve()))
    raise ConfigError(
        f"A {type(item).__name__} cannot be said.",
        hint="Inputs are text, a Path to a sound file, or an array at 16 kHz.",
    )


def _name(step: Step, number: int) -> str:
    if step.kind == "text":
        return step.value if len(step.value) <= 60 else step.value[:59] + "…"
    stem = Path(step.value).stem
    return f"sound {number}" if re.fullmatch(r"[0-9a-f]{12}", stem) else stem
