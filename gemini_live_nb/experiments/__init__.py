"""Prompts × voices × models × settings: ask them all, keep every run, read one DataFrame.

`sweep` asks each input under each setting and returns an `Experiment`; every cell of the grid is a kept run
folder, so that a killed experiment goes on where it was. `grid` varies a `LiveConfig`.
"""

from __future__ import annotations

from .experiment import Experiment
from .settings import Setting, grid
from .sweep import sweep

__all__ = ["Experiment", "Setting", "grid", "sweep"]
