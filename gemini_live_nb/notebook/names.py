"""When an object in a notebook is no longer what its name says.

Running a cell again that makes a `Live` binds the name to a new one. The old one would talk on, unseen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def stop_when_rebound(thing: Any, stop: Callable[[], None]) -> bool:
    """Call `stop()` once when none of the names that `thing` has in the notebook means it any more.

    Args:
        thing: What is bound to a name.
        stop: Ends it; called after the cell that took the last name away.

    Returns:
        Whether it has a name to watch; False outside a notebook.
    """
    shell = _shell()
    names = [] if shell is None else _names(shell, thing)
    if shell is None or not names:
        return False

    def look(_: Any = None) -> None:
        if not any(shell.user_ns.get(name) is thing for name in names):
            shell.events.unregister("post_run_cell", look)
            stop()

    shell.events.register("post_run_cell", look)
    return True


def _names(shell: Any, thing: Any) -> list[str]:
    # What begins with an underscore is IPython's own memory of results.
    return [name for name, value in shell.user_ns.items() if value is thing and not name.startswith("_")]


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
