"""One reader's own bounded queue of a session's events.

The session puts, on its loop, and never waits. The reader takes, from any loop (`async for`) or any thread
(`for`). A reader that falls behind loses events, is told which (`Lagged`), and finds them in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Self

from gemini_live_nb.protocol.kinds import BIT

from .events import Event, Lagged

# A blocked main thread sees Ctrl-C, and a kernel its interrupt, only between waits.
_SLICE = 0.1


class Listener:
    """Events of one session, as `session.subscribe()` gives them: an iterator for `for` and for `async for`.

    Iteration does not end at a turn's end. It ends when the session closes, with the session's error where
    the end was not clean. A listener belongs to one reader: two readers of one listener share its events
    between them.

    Args:
        limit: How many events may wait. What comes beyond is left out and told of by one `Lagged`.
        accepts: Which events to keep; every event where it is None. It runs on the session's loop: keep it
            quick.
        detach: Called once when the reader closes.
    """

    def __init__(
        self,
        limit: int = 1000,
        *,
        accepts: Callable[[Event], bool] | None = None,
        detach: Callable[[Listener], None] | None = None,
    ) -> None:
        self._limit = limit
        self._accepts = accepts
        self._detach = detach
        self._events: deque[Event] = deque()
        # The first event left out, and how many.
        self._gap: tuple[Event, int] | None = None
        self._gap_lock = threading.Lock()
        self._wake: Callable[[], None] | None = None
        self._ended = False
        self._error: BaseException | None = None

    def put(self, event: Event) -> None:
        """Take one event in. Called by the session, on its loop."""
        if self._accepts is not None and not self._accepts(event):
            return
        if self._gap is not None or len(self._events) >= self._limit:
            self._fall_behind(event)
        else:
            self._events.append(event)
        wake = self._wake
        if wake is not None:
            self._wake = None
            wake()

    def _fall_behind(self, event: Event) -> None:
        """Leave an event out, until the reader has emptied the queue."""
        with self._gap_lock:
            gap = self._gap
            if gap is None:
                self._gap = (event, 1)
            elif self._events:
                self._gap = (gap[0], gap[1] + 1)
            else:
                self._gap = None
                self._events += (_lagged(*gap), event)

    def end(self, error: BaseException | None = None) -> None:
        """End the iteration after what is waiting, with `error` where there is one. Called by the session."""
        self._error = error
        self._ended = True
        wake = self._wake
        if wake is not None:
            self._wake = None
            wake()

    def close(self) -> None:
        """Stop listening. What waits is given up."""
        if self._detach is not None:
            detach, self._detach = self._detach, None
            detach(self)
        self._events.clear()
        self._gap = None
        self.end()

    def _next(self) -> Event | None:
        try:
            return self._events.popleft()
        except IndexError:
            with self._gap_lock:
                gap, self._gap = self._gap, None
            return _lagged(*gap) if gap is not None else None

    def _over(self) -> bool:
        """Whether nothing more will come; raises the session's error, once."""
        if not self._ended or self._events or self._gap is not None:
            return False
        error, self._error = self._error, None
        if error is not None:
            raise error
        return True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = self._next()
            if event is not None:
                return event
            if self._over():
                raise StopAsyncIteration
            arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._wake = partial(_resolve, arrived)
            try:
                # The session may have put something between the look and the waker.
                if not self._events and self._gap is None and not self._ended:
                    await arrived
            finally:
                self._wake = None

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait, blocking this thread, for the next event.

        Args:
            timeout: Seconds to wait at most; no limit where it is None.

        Returns:
            The event, or None when the time is over or the session has ended cleanly.

        Raises:
            LiveError: What ended the session, where it did not end cleanly.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            event = self._next()
            if event is not None:
                return event
            if self._over():
                return None
            left = _SLICE if deadline is None else min(_SLICE, deadline - time.monotonic())
            if left <= 0:
                return None
            arrived = threading.Event()
            self._wake = arrived.set
            if not self._events and self._gap is None and not self._ended:
                arrived.wait(left)
            self._wake = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        event = self.get()
        if event is None:
            raise StopIteration
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lagged(first: Event, count: int) -> Lagged:
    return Lagged(first.seq, first.t, first.conn, BIT["lagged"], first.seq, count)


class Listeners:
    """Those who listen to one source of events. Held weakly: a listener that is let go listens no more.

    Attributes:
        told: How many events were told so far.
    """

    def __init__(self) -> None:
        self.told = 0
        self._lock = threading.Lock()
        self._references: tuple[weakref.ref[Listener], ...] = ()
        self._ended = False
        self._error: BaseException | None = None

    def add(self, listener: Listener) -> None:
        """Have a listener told from now on. From any thread."""
        with self._lock:
            self._references = (*self._references, weakref.ref(listener, self._forget))
        if self._ended:
            listener.end(self._error)

    def remove(self, listener: Listener) -> None:
        """Tell a listener no more. From any thread."""
        with self._lock:
            self._references = tuple(one for one in self._references if one() is not listener)

    def _forget(self, gone: weakref.ref[Listener]) -> None:
        # No lock: the collector may call this while this very thread holds it.
        self._references = tuple(one for one in self._references if one is not gone)

    def put(self, event: Event) -> None:
        """Tell all of them."""
        self.told += 1
        for reference in self._references:
            listener = reference()
            if listener is not None:
                listener.put(event)

    def end(self, error: BaseException | None, *, for_good: bool = True) -> None:
        """End all of them; those who come later too, if it is for good."""
        self._ended, self._error = for_good, error
        for reference in self._references:
            listener = reference()
            if listener is not None:
                listener.end(error)


class EarlyListener(Listener):
    """The listener of an iteration that may never begin: once it is full, it is told nothing more until then.

    Args:
        listeners: Those it belongs to.
    """

    def __init__(self, listeners: Listeners) -> None:
        super().__init__(detach=listeners.remove)
        self._listeners = listeners
        self._first_missed: tuple[Event, int] | None = None
        listeners.add(self)

    def _fall_behind(self, event: Event) -> None:
        if self._first_missed is None:
            self._first_missed = event, self._listeners.told
            self._listeners.remove(self)
        else:
            super()._fall_behind(event)

    def begin(self) -> Self:
        """Begin to read, on the loop that tells: what was missed meanwhile is told of as to any listener."""
        if self._first_missed is not None:
            event, number = self._first_missed
            self._gap = event, self._listeners.told - number + 1
            self._listeners.add(self)
        return self


def _resolve(arrived: asyncio.Future[None]) -> None:
    loop = arrived.get_loop()

    def set_result() -> None:
        if not arrived.done():
            arrived.set_result(None)

    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        set_result()
    else:
        # A reader whose loop was closed under it reads no more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(set_result)
