"""Run a user's function where users' code belongs, whatever kind of function it is, and make its result JSON.

Plain functions and generators run on a worker thread each, coroutines and async generators on the users'
loop. Never on the I/O thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

from gemini_live_nb.clock import Clock

from .loops import contained, in_thread

Each = Callable[[Any], None]


class Stage:
    """Where users' functions run.

    Args:
        clock: Stands still, where it is a simulated one, while a function is at work elsewhere.
        loop: The loop for users' coroutines.
    """

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self._clock = clock
        self._loop = loop

    async def run(self, bound: inspect.BoundArguments, function: Callable[..., Any], each: Each) -> Any:
        """Call a function to its end.

        Args:
            bound: Its arguments.
            function: The function.
            each: Called, on the loop of the caller, with each value a generator yields.

        Returns:
            What it returned; None for async generators.
        """
        tell = self._here(each)
        if inspect.isasyncgenfunction(function):
            return await self._elsewhere(_drain(function(*bound.args, **bound.kwargs), tell))
        if inspect.iscoroutinefunction(function):
            return await self._elsewhere(function(*bound.args, **bound.kwargs))
        result = await self._on_thread(lambda: function(*bound.args, **bound.kwargs))
        if inspect.isgenerator(result):
            return await self._on_thread(lambda: _exhaust(result, tell))
        if inspect.isawaitable(result):
            return await self._elsewhere(_await(result))
        return result

    def _here(self, each: Each) -> Each:
        here = asyncio.get_running_loop()
        return lambda value: _tell(here, each, value)

    async def _on_thread(self, work: Callable[[], Any]) -> Any:
        with self._clock.hold():
            return await in_thread(work)

    async def _elsewhere(self, work: Any) -> Any:
        if self._loop is asyncio.get_running_loop():
            return await work
        with self._clock.hold():
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(contained(work), self._loop))


def _tell(here: asyncio.AbstractEventLoop, each: Each, value: Any) -> None:
    if not here.is_closed():
        here.call_soon_threadsafe(each, value)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _drain(values: AsyncGenerator[Any, None], each: Each) -> None:
    async with contextlib.aclosing(values):
        async for value in values:
            each(value)


def _exhaust(values: Generator[Any, Any, Any], each: Each) -> Any:
    while True:
        try:
            each(next(values))
        except StopIteration as end:
            return end.value


def as_response(value: Any) -> dict[str, Any]:
    """Make what a function returned the JSON object the API wants.

    A dict goes as it is, anything else under `result`. Arrays and frames become lists, what is no JSON its
    text.

    >>> as_response(21.5)
    {'result': 21.5}
    """
    # Loaded with the first tool's declaration; a session without tools needs none of it.
    import pydantic_core

    plain = pydantic_core.to_jsonable_python(
        value, fallback=_plain, serialize_unknown=True, inf_nan_mode="null", bytes_mode="base64"
    )
    return plain if isinstance(plain, dict) else {"result": plain}


def _plain(value: Any) -> Any:
    for name, arguments in (("to_dict", ("records",)), ("tolist", ()), ("to_dict", ())):
        method = getattr(value, name, None)
        if callable(method):
            try:
                return method(*arguments)
            except (TypeError, ValueError):
                continue
    return str(value)
