"""The events of a `Live`, whichever session they come from, to whoever wants them, on whatever thread."""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import ConfigError
from ..protocol.kinds import BIT
from ..session import events
from ..session.events import Event
from ..session.listeners import Listener, Listeners
from ..session.loops import users

Kind = str | type[Event]
Callback = Callable[[Any], Any]
Stop = Callable[[], None]

_CLASSES: dict[str, type[Event]] = {
    name: kind for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, Event)
}


class Relay(Listener):
    """What a `Live` listens with: it hands each event on at once, on the I/O thread, over all sessions.

    Args:
        trouble: Told, on any thread, of an exception in a callback and where it was.
    """

    def __init__(self, trouble: Callable[[BaseException, str], None]) -> None:
        super().__init__()
        self._trouble = trouble
        self._lock = threading.Lock()
        self._views: tuple[Callable[[Event], None], ...] = ()
        self._listeners = Listeners()
        self._callbacks: tuple[tuple[Kind, Callback], ...] = ()
        self._calling: Listener | None = None

    # What a session does, on the I/O thread.

    def put(self, event: Event) -> None:
        """Hand an event to everybody."""
        for tell in self._views:
            try:
                tell(event)
            except Exception as error:  # noqa: BLE001  # a view's fault stops no other, and is told
                self._trouble(error, "a view")
        self._listeners.put(event)
        if self._calling is not None and any(_fits(event, kind) for kind, _ in self._callbacks):
            self._calling.put(event)

    def end(self, error: BaseException | None = None) -> None:
        """A session is over, and so is iteration; views and callbacks stay for the next."""
        self._listeners.end(error, for_good=False)

    # Who listens.

    def subscribe(self, tell: Callable[[Event], None]) -> Stop:
        """Have every event told on the I/O thread; returns what ends it."""
        with self._lock:
            self._views = (*self._views, tell)

        def stop() -> None:
            with self._lock:
                self._views = tuple(other for other in self._views if other is not tell)

        return stop

    def listen(self, limit: int) -> Listener:
        """A queue of every event from now on, for any thread or loop."""
        listener = Listener(limit, detach=self._listeners.remove)
        self._listeners.add(listener)
        return listener

    def on(self, kind: Kind, callback: Callback) -> Stop:
        """Have events of a kind told on a worker thread, one after the other; returns what ends it.

        Raises:
            ConfigError: There is no such kind.
        """
        kind = _CLASSES.get(kind, kind) if isinstance(kind, str) else kind
        if isinstance(kind, str) and kind not in BIT and kind != "*":
            known = ", ".join([*BIT, *_CLASSES])
            raise ConfigError(f"no event is of the kind {kind!r}", hint=f'"*", or one of {known}')
        entry = (kind, callback)
        with self._lock:
            self._callbacks = (*self._callbacks, entry)
            if self._calling is None:
                self._calling = calling = Listener()
                # The thread holds its queue, not us: a Live that is let go is let go of.
                weakref.finalize(self, calling.close)
                work = (weakref.ref(self), calling)
                threading.Thread(target=_call, args=work, name="gemini-live-callbacks", daemon=True).start()

        def stop() -> None:
            with self._lock:
                self._callbacks = tuple(other for other in self._callbacks if other is not entry)

        return stop

    def call(self, event: Event) -> None:
        """Call those who want an event. On the thread of the callbacks."""
        for kind, callback in self._callbacks:
            if not _fits(event, kind):
                continue
            try:
                result = callback(event)
                if inspect.isawaitable(result):
                    users().call(_finish(result))
            except Exception as error:  # noqa: BLE001  # whatever a callback raises is told to the user
                self._trouble(error, f"callback {getattr(callback, '__name__', callback)!s}")


def _call(reference: weakref.ref[Relay], calling: Listener) -> None:
    for event in calling:
        relay = reference()
        if relay is not None:
            relay.call(event)
        del relay


async def _finish(work: Awaitable[Any]) -> None:
    await work


def _fits(event: Event, kind: Kind) -> bool:
    if isinstance(kind, str):
        return kind == "*" or bool(event.kinds & BIT[kind])
    return isinstance(event, kind)
