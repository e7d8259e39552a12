"""An error of ours as a notebook shows it: the user's own code, and what happened; not how we came to it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType

_OURS = str(Path(__file__).parent.parent)
# What lies between the user's code and ours, and says nothing about either.
_BETWEEN = ("asyncio", "concurrent", "contextlib", "IPython", "ipykernel", "nest_asyncio", "nest_asyncio2")


def traceback_lines(error: BaseException) -> list[str]:
    """The lines IPython is to show, which asks for them by `_render_traceback_`.

    Nothing is lost: `error.__traceback__` and `%debug` have every frame.
    """
    shell = sys.modules["IPython"].get_ipython()
    hidden, error.__suppress_context__ = error.__suppress_context__, True
    try:
        trace = outside(error.__traceback__)
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, trace, tb_offset=0)
    finally:
        error.__suppress_context__ = hidden
    return lines


def outside(trace: TracebackType | None) -> TracebackType | None:
    """The frames of a traceback that are the user's; all of them where there are none."""
    kept = []
    step = trace
    while step is not None:
        if not _ours(step):
            kept.append(step)
        step = step.tb_next
    made: TracebackType | None = None
    for one in reversed(kept):
        made = TracebackType(made, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return made or trace


def _ours(step: TracebackType) -> bool:
    module = str(step.tb_frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] in _BETWEEN or step.tb_frame.f_code.co_filename.startswith(_OURS)
