"""What all views share: paced messages down, requests up, a state that a reloaded page can ask for.

A view's traits are its layout and nothing else: what a trait holds is saved in the notebook. What it shows
goes down as custom messages. Those are numbered, so that a page that missed some notices, says `hello`, and
is given everything anew.
"""

from __future__ import annotations

import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import comm
import traitlets as t

from .pace import PACE
from .source import Source, source

if TYPE_CHECKING:
    from ..log.index import Row

Fields = dict[str, Any]
Buffers = list[bytes]

TARGET = "gemini_live_nb.view"
"""The comm target by which pages talk to views (`static/link.js`)."""

_views: weakref.WeakValueDictionary[str, View] = weakref.WeakValueDictionary()


class View(anywidget.AnyWidget):
    """A widget that shows one source.

    A subclass says what is shown at first (`whole`), what has changed since (`changed`), and what to do with
    a frame (`seen`), with another run (`anew`) and with a message of the page (`asked`). All of them run on
    the pace's thread but `seen`, which runs where frames are recorded and only takes notes.

    Args:
        of: A `Live`, a `LiveSession`, a `SessionLog` or a replay.
        layout: Anything ipywidgets lays a widget out by: `height="300px"`, `layout=Layout(…)`.
    """

    every: ClassVar[float] = 0.06
    kinds: ClassVar[int] = -1
    """Mask of the frame kinds this view has an eye on."""

    _view_id = t.Unicode().tag(sync=True)
    height = t.Unicode("320px").tag(sync=True)

    def __init__(self, of: Any, **layout: Any) -> None:
        self.source: Source = source(of)
        self._number = 0
        self._lock = threading.Lock()
        self._fresh = True
        self._again = False
        super().__init__(_view_id=secrets.token_hex(8), **layout)
        _views[self._view_id] = self
        # Pages open comms to us, which ipykernel 7.1 serves while a cell is busy.
        comm.get_comm_manager().register_target(TARGET, _opened)
        self.on_msg(self._plain)
        self._leave: Callable[[], None] | None = self.source.listen(self._recorded)
        self.touch()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.source!r}>"

    def close(self) -> None:
        """Take the view off the page and stop listening."""
        leave, self._leave = getattr(self, "_leave", None), None
        if leave is not None:
            leave()
            PACE.forget(self)
        super().close()

    def touch(self) -> None:
        """There is something new to show."""
        PACE.soon(self)

    def restart(self, *, again: bool = False) -> None:
        """Show everything anew.

        Args:
            again: A page asked for it; those that missed nothing need not heed it.
        """
        with self._lock:
            self._again = again and (self._again or not self._fresh)
            self._fresh = True
        self.touch()

    def flush(self) -> None:
        """Send what is new; called by the pace."""
        with self._lock:
            fresh, again = self._fresh, self._again
            self._fresh = self._again = False
        if again or not fresh:
            # Pages that need not heed what is told again are told what is new by itself.
            self._tell("some", self.changed())
        if fresh:
            self._tell("again" if again else "all", self.whole())

    def _tell(self, kind: str, content: tuple[Fields, Buffers] | None) -> None:
        if content is not None:
            fields, buffers = content
            self._number += 1
            self.send({"kind": kind, "n": self._number, **fields}, buffers=buffers)

    def reply(self, request: Fields, fields: Fields, buffers: Buffers | None = None) -> None:
        """Answer one request of the page."""
        self.send({"kind": request["kind"], "re": request["re"], **fields}, buffers=buffers or [])

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs to show the present state."""
        raise NotImplementedError

    def changed(self) -> tuple[Fields, Buffers] | None:
        """What is new since the last message; None where there is nothing."""
        return self.whole()

    def seen(self, rows: Sequence[Row]) -> bool:
        """Take note of a frame, on the thread that records. Returns whether there is something to show."""
        return True

    def anew(self) -> None:
        """Another run has begun: forget the one before."""

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Do what the page wants, on the pace's thread."""

    def _recorded(self, rows: Sequence[Row] | None) -> None:
        if rows is None:
            PACE.do(self._begin)
        elif rows[0].kinds & self.kinds and self.seen(rows):
            self.touch()

    def _begin(self) -> None:
        self.anew()
        self.restart()

    def _plain(self, _widget: Any, content: Any, buffers: Sequence[memoryview]) -> None:
        self.heard(content, buffers)

    def heard(self, content: Any, buffers: Sequence[memoryview]) -> None:
        """A message of the page, on any thread: only put aside."""
        if not isinstance(content, dict):
            return
        if content.get("kind") == "hello":
            self.restart(again=True)
        else:
            given = [bytes(buffer) for buffer in buffers]
            PACE.do(lambda: self.asked(content, given))


def _opened(comm: Any, message: dict[str, Any]) -> None:
    view_id = str(message["content"]["data"].get("owner", ""))

    def received(message: dict[str, Any]) -> None:
        view = _views.get(view_id)
        if view is not None:
            view.heard(message["content"]["data"], message.get("buffers") or [])

    # Nothing is ever published on this comm: ipykernel 7.4 would then serve it on the busy main shell.
    comm.on_msg(received)
