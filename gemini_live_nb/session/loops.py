"""Which code runs where.

* The I/O thread: one per process, one event loop for the sockets of all sessions. No user's code ever runs on
  it.
* The users' loop: a thread with an event loop for users' coroutines, so that a `time.sleep` in somebody's
  `async def` stalls nobody's socket.
* Worker threads: users' plain functions, one daemon thread for each call, so that one that never returns
  keeps neither others waiting nor the interpreter from ending.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# A blocked main thread sees Ctrl-C, and a kernel its interrupt, only between waits.
_SLICE = 0.1


class LoopThread:
    """An event loop on a daemon thread of its own, started when first needed.

    Args:
        name: The thread's name.
        fast: Run uvloop where it is installed.
    """

    def __init__(self, name: str, *, fast: bool = False) -> None:
        self.name = name
        self._fast = fast
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            if self._loop is None:
                self._loop = _new_loop(self._fast)
                threading.Thread(target=self._loop.run_forever, name=self.name, daemon=True).start()
            return self._loop

    def here(self) -> bool:
        """Whether the calling code runs on this loop."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on this loop; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(contained(work), self.loop)

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine on this loop and wait for it, blocking this thread.

        A kernel interrupt (`KeyboardInterrupt`) ends the wait and cancels the coroutine.

        Args:
            work: The coroutine.
            timeout: Seconds to wait at most; then it is cancelled and `TimeoutError` raised.

        Raises:
            RuntimeError: Called on this very loop, where waiting would stop the world.
        """
        if self.here():
            work.close()
            raise RuntimeError(f"this would block {self.name}, which must run for it to finish: use await")
        future = self.submit(work)
        try:
            return wait(future, timeout)
        except KeyboardInterrupt:
            future.cancel()
            # Anew, without the frames of how threads wait.
            raise KeyboardInterrupt("the wait was ended; the session goes on") from None
        except BaseException:
            future.cancel()
            raise


async def contained(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine so that its `exit()` ends it alone: asyncio would let that stop the loop."""
    try:
        return await work
    except (SystemExit, KeyboardInterrupt) as ended:
        raise RuntimeError(f"ended by {ended!r}") from ended


def wait(future: concurrent.futures.Future[T], timeout: float | None = None) -> T:
    """Wait for a future so that Ctrl-C and kernel interrupts get through.

    Raises:
        TimeoutError: It was not done within `timeout` seconds.
    """
    slices = float("inf") if timeout is None else max(1, timeout / _SLICE)
    while slices > 0:
        done, _ = concurrent.futures.wait([future], _SLICE)
        if done:
            return future.result()
        slices -= 1
    raise TimeoutError(f"not done within {timeout} s")


def _new_loop(fast: bool) -> asyncio.AbstractEventLoop:
    if fast:
        try:
            import uvloop
        except ImportError:  # Windows has none
            return asyncio.new_event_loop()
        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


_io = LoopThread("gemini-live-io", fast=True)
_users = LoopThread("gemini-live-users")


def io() -> LoopThread:
    """The process's I/O thread."""
    return _io


def users() -> LoopThread:
    """The thread for users' coroutines."""
    return _users


def _after_fork() -> None:
    """Threads do not survive a fork: a child process starts its own."""
    global _io, _users  # noqa: PLW0603 - one pair per process is the point
    _io = LoopThread(_io.name, fast=True)
    _users = LoopThread(_users.name)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


async def in_thread(function: Callable[[], T], *, name: str = "gemini-live-worker") -> T:
    """Run a plain function on a worker thread, in a copy of the caller's context.

    When the waiting task is cancelled the function runs on, because a thread cannot be stopped; its result is
    given up.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]  # None is the result where there is no error
        else:
            done.set_exception(error)

    def work() -> None:
        result, error = None, None
        try:
            result = context.run(function)
        except BaseException as raised:  # noqa: BLE001 - whatever a user's function raises belongs to its caller
            # StopIteration cannot cross a future, and exit() must end the function alone.
            crosses = isinstance(raised, Exception) and not isinstance(raised, StopIteration)
            error = raised if crosses else RuntimeError(f"ended by {raised!r}")
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await done


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine of yours to its end from a plain function, in a script, a cell or under another loop.

    In a notebook cell you can simply `await`. `run` is for the plain function that a cell calls.

    * No loop runs in this thread: `asyncio.Runner`.
    * A loop runs, and it is not ipykernel 7's: nest-asyncio lets it run nested.
    * ipykernel 7 or newer: there nest-asyncio 1.6 loses shell messages and hangs "Run All", so nest-asyncio2
      from 1.7.3 on does it where it is installed; where not, the coroutine runs on the users' loop, in
      another thread.

    Args:
        work: The coroutine.

    Returns:
        What the coroutine returns.

    Example:
        >>> async def answer() -> int:
        ...     return 42
        >>> run(answer())
        42
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            return runner.run(work)
    if _io.here():
        work.close()
        raise RuntimeError("run() would stop the sockets of all sessions here: use await")
    nest = _nesting(loop)
    if nest is None:
        return _users.call(work)
    nest(loop)
    return loop.run_until_complete(work)


def _nesting(loop: asyncio.AbstractEventLoop) -> Callable[[asyncio.AbstractEventLoop], None] | None:
    """What makes this running loop take a nested `run_until_complete`; None where nothing safe does."""
    if not isinstance(loop, asyncio.BaseEventLoop):
        return None  # uvloop and its like cannot be patched
    if _ipykernel() < (7,):
        import nest_asyncio

        return nest_asyncio.apply  # type: ignore[no-any-return]  # it ships no types
    from importlib import metadata

    try:
        version = tuple(int(part) for part in metadata.version("nest-asyncio2").split(".")[:3])
    except metadata.PackageNotFoundError:
        return None
    if version < (1, 7, 3):
        return None
    import nest_asyncio2

    return nest_asyncio2.apply  # type: ignore[no-any-return]  # it ships no types


def _ipykernel() -> tuple[int, ...]:
    """The version of the kernel this process is, (0,) where it is none."""
    ipykernel = sys.modules.get("ipykernel")
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if ipykernel is None or getattr(shell, "kernel", None) is None:
        return (0,)
    return tuple(part for part in ipykernel.version_info if isinstance(part, int))
