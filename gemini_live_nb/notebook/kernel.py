"""What the widgets need to know of the kernel they live in."""

from __future__ import annotations

import queue
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ..errors import MediaError

_announcements: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
_announcer = threading.Lock()
_captures: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_listening: weakref.WeakSet[Any] = weakref.WeakSet()


def ipykernel_version() -> tuple[int, ...]:
    """The running ipykernel's version, empty outside a notebook kernel."""
    module = sys.modules.get("ipykernel")
    version = getattr(module, "version_info", ())
    return tuple(part for part in version if isinstance(part, int)) if _shell() is not None else ()


def require_threads() -> None:
    """Refuse the ipykernel whose messages fail from any thread but the main one.

    Raises:
        MediaError: this is ipykernel 7.0.
    """
    if ipykernel_version()[:2] == (7, 0):
        raise MediaError(
            "ipykernel 7.0 cannot send to the page from a thread, which microphone and speaker need",
            hint='install another one, `pip install "ipykernel>=7.1"`, and restart the kernel',
        )


def busy_comms() -> bool:
    """Whether a comm that the page opens is served while a cell runs: since ipykernel 7.1."""
    return ipykernel_version()[:2] >= (7, 1)


def announce(fn: Callable[[], object]) -> None:
    """Run what may call users' observers: in order, on a thread of its own, never on the I/O thread."""
    if _announcer.acquire(blocking=False):  # once for all: it is never released
        threading.Thread(target=_announce, name="gemini-live-announce", daemon=True).start()
    _announcements.put(fn)


def report(error: BaseException) -> None:
    """Show an error that nobody waits for, as an unhandled one in a thread is shown."""
    thread = threading.current_thread()
    threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, thread)))


def _announce() -> None:
    while True:
        fn = _announcements.get()
        try:
            fn()
        except Exception as error:  # noqa: BLE001 - whatever an observer raises is shown, and the next one is called
            report(error)


def current_cell() -> str:
    """The id of the cell that runs now, empty where it cannot be known (JupyterLab and Notebook 7 tell)."""
    kernel = getattr(_shell(), "kernel", None)
    if kernel is None:
        return ""
    parent = kernel.get_parent("shell")
    cell = (parent.get("metadata") or {}).get("cellId", "")
    return cell if isinstance(cell, str) else ""


def release_on_rerun(widget: Any) -> None:
    """Call `widget.stop()` when the cell that made it is run again: the old one would go on unseen.

    Args:
        widget: has `stop()`; is not kept alive by this.
    """
    shell, cell = _shell(), current_cell()
    if shell is None or not cell:
        return
    _captures[widget] = cell
    if shell not in _listening:
        shell.events.register("pre_run_cell", _before_cell)
        _listening.add(shell)


def _before_cell(info: Any) -> None:
    for widget, cell in list(_captures.items()):
        if cell == info.cell_id:
            widget.stop()
            del _captures[widget]


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
