"""Time, injected: the real clock, and a simulated one that runs hours in seconds.

Whatever waits in this package waits on a `Clock`. In tests client and emulator share one `SimulatedClock` in
one event loop, over real sockets: whenever the loop has nothing left to do, simulated time jumps to the next
sleeper.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """What the package asks of a clock. All times are seconds."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    def time(self) -> float:
        """Seconds since 1970, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait this long."""

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Limit a block: `async with clock.timeout(5):` raises `TimeoutError` 5 s later; `None`: no limit."""

    async def wait_for(self, awaitable: Awaitable[T], seconds: float | None) -> T:
        """Await with a limit; raises `TimeoutError`."""

    def hold(self) -> AbstractContextManager[None]:
        """Say that work goes on which the event loop cannot see, in a thread: simulated time waits for it."""


class RealClock:
    """The machine's clock."""

    monotonic = staticmethod(time.monotonic)
    """Seconds since some moment; never goes back."""

    def time(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait this long."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[asyncio.Timeout]:
        """Limit a block; see `Clock.timeout`."""
        return asyncio.timeout(seconds)

    async def wait_for(self, awaitable: Awaitable[T], seconds: float | None) -> T:
        """Await with a limit; raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            return await awaitable

    def hold(self) -> AbstractContextManager[None]:
        """Nothing: real time waits for nobody."""
        return contextlib.nullcontext()


class _Alarm:
    """One entry of the simulated clock's heap."""

    __slots__ = ("cancelled", "ring")

    def __init__(self, ring: Callable[[], object]) -> None:
        self.ring = ring
        self.cancelled = False


class SimulatedClock:
    """A clock that stands still until it is moved.

    Either move it by hand with `advance`, or let it run: inside `async with clock.running():` it jumps to the
    next sleeper whenever the event loop is idle, which is to say that several looks at the sockets in a row
    found nothing ready and nothing was left to run. The same program then always sees the same times. It
    belongs to one event loop; `hold` may be used from any thread.

    Args:
        start: What `time()` says at the beginning, seconds since 1970.
        looks: How many looks in a row must find nothing before time jumps.

    Example:
        clock = SimulatedClock()
        async with clock.running():
            await clock.sleep(3600)     # returns at once; clock.monotonic() is 3600.0
    """

    def __init__(self, start: float = 1_790_000_000.0, *, looks: int = 4) -> None:
        self._start = start
        self._now = 0.0
        self._looks = looks
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._order = itertools.count()
        self._holds = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: asyncio.Event | None = None

    def monotonic(self) -> float:
        """Simulated seconds since this clock was made."""
        return self._now

    def time(self) -> float:
        """`start` plus the simulated seconds that have passed."""
        return self._start + self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until simulated time has moved on by this much."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not done.done():
                done.set_result(None)

        alarm = self._set(seconds, wake)
        try:
            await done
        finally:
            alarm.cancelled = True

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
        """Limit a block in simulated time; see `Clock.timeout`."""
        async with asyncio.timeout(None) as limit:
            if seconds is None:
                yield limit
                return
            loop = asyncio.get_running_loop()
            alarm = self._set(max(seconds, 0.0), lambda: limit.reschedule(loop.time()))
            try:
                yield limit
            finally:
                alarm.cancelled = True

    async def wait_for(self, awaitable: Awaitable[T], seconds: float | None) -> T:
        """Await with a limit in simulated time; raises `TimeoutError`."""
        async with self.timeout(seconds):
            return await awaitable

    async def advance(self, seconds: float) -> None:
        """Move time on by this much, waking each sleeper at its own moment and letting it do what it does."""
        target = self._now + seconds
        await self._idle()
        while (upcoming := self._next()) is not None and upcoming <= target:
            self._jump()
            await self._idle()
        self._now = target

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[SimulatedClock]:
        """Let time run by itself inside this block."""
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        driver = self._loop.create_task(self._drive(self._changed), name="simulated clock")
        try:
            yield self
        finally:
            driver.cancel()
            self._loop = self._changed = None
            with contextlib.suppress(asyncio.CancelledError):
                await driver

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep time from running while a worker thread or a process is at work, which the loop cannot see."""
        self._count_holds(+1)
        try:
            yield
        finally:
            self._count_holds(-1)

    def _count_holds(self, change: int) -> None:
        with self._lock:
            self._holds += change
        loop, changed = self._loop, self._changed
        if loop is not None and changed is not None:
            loop.call_soon_threadsafe(changed.set)

    def _set(self, seconds: float, ring: Callable[[], object]) -> _Alarm:
        alarm = _Alarm(ring)
        heapq.heappush(self._alarms, (self._now + seconds, next(self._order), alarm))
        if self._changed is not None:
            self._changed.set()
        return alarm

    def _next(self) -> float | None:
        while self._alarms and self._alarms[0][2].cancelled:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def _jump(self) -> None:
        when, _, alarm = heapq.heappop(self._alarms)
        self._now = max(self._now, when)
        alarm.ring()

    async def _drive(self, changed: asyncio.Event) -> None:
        while True:
            await self._idle()
            if self._holds == 0 and self._next() is not None:
                self._jump()
            else:
                changed.clear()
                await changed.wait()

    async def _idle(self) -> None:
        """Return once the loop has nothing to do. A sleep of 0 makes it look at its sockets, not wait."""
        # asyncio's own queue of what is ready to run; uvloop has none to show, so there we look more often.
        ready: Any = getattr(asyncio.get_running_loop(), "_ready", None)
        quiet = 0
        while quiet < (self._looks if ready is not None else 8 * self._looks):
            await asyncio.sleep(0)
            quiet = 0 if ready else quiet + 1
