"""The turn engine: what is asked is answered, one turn at a time, and may be cut short.

`Turns` lives as long as a connection. It queues what is to be answered and runs one `Generation` after
another; `interrupt` ends the running one as barge-in does on the real wire.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from .brain import Ask
from .generation import Generation
from .stage import Job, Stage

_PAIR_GAP = 0.004
"""Seconds from `interrupted` to its `turnComplete`, as measured."""
_HEARING = 3.0
"""Seconds a cut answer may take to make out the words it was to answer."""


class Turns:
    """The queue of asks of one connection and the generation that is running.

    Args:
        stage: the connection's wire, conversation, brain and options.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._queue: deque[Job] = deque()
        self._wake = asyncio.Event()
        self._current: Generation | None = None
        self._task: asyncio.Task[None] | None = None
        self._later: set[asyncio.Task[None]] = set()
        self.user_speaking = False
        self._worker = asyncio.get_running_loop().create_task(self._work(), name="emulator turns")
        self._worker.add_done_callback(self._worker_ended)

    @property
    def generating(self) -> Generation | None:
        """The generation that is running, its simulated playback included."""
        return self._current

    @property
    def waiting(self) -> bool:
        """Whether asks wait their turn."""
        return bool(self._queue)

    @property
    def busy(self) -> bool:
        """Whether something is being answered or is to be."""
        return self._current is not None or self.waiting

    @property
    def blocked(self) -> bool:
        """Whether a generation waits for the answer to a blocking call."""
        return self._current is not None and self._current.waiting

    def ask(self, ask: Ask, *, activity_end: float | None = None) -> None:
        """Queue a user's turn. `activity_end` is the audio offset to be told once the words are known."""
        self._put(Job(ask, activity_end=activity_end))

    def results_in(self, ask: Ask, *, interrupt: bool = False) -> None:
        """Queue answers of non-blocking calls: cut in now, or after what is being said."""
        if interrupt and not self.user_speaking:
            self.interrupt()
        job = Job(ask)
        if interrupt:
            self._queue.appendleft(job)
        else:
            self._queue.append(job)
        self._wake.set()

    def interrupt(self) -> bool:
        """Cut the running generation, if there is one; tells whether there was."""
        current, task = self._current, self._task
        if current is None or task is None or current.over or current.only_hears:
            return False
        if current.stop_after_hearing():
            self._after(_HEARING, task.cancel)
            return True
        current.cut()
        task.cancel()
        if self._stage.faults.take("reissue_tool_call") and current.unanswered:
            self._again(Job(Ask("tool_result"), calls=current.unanswered))
        return True

    def speech_started(self) -> None:
        """The user began to speak: results wait, so that they do not talk over the user."""
        self.user_speaking = True

    def speech_ended(self) -> None:
        """The user has spoken."""
        self.user_speaking = False
        self._wake.set()

    async def stop(self) -> None:
        """The connection is over: what is in flight is lost, what was said stays in the history."""
        tasks = [self._worker, *self._later]
        if self._current is not None and self._task is not None:
            self._current.lose()
            tasks.append(self._task)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled():
            self._stage.trouble(worker.exception())

    def _put(self, job: Job) -> None:
        self._queue.append(job)
        self._wake.set()

    def _again(self, job: Job) -> None:
        # with the first frame's own wait: 469 to 713 ms were measured
        self._after(0.4, lambda: self._put(job))

    def _after(self, seconds: float, then: Callable[[], object]) -> None:
        async def later() -> None:
            await self._stage.clock.sleep(seconds)
            then()

        task = asyncio.get_running_loop().create_task(later(), name="emulator turns later")
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _work(self) -> None:
        while True:
            job = await self._next()
            self._current = Generation(self._stage, job)
            self._task = asyncio.get_running_loop().create_task(
                self._current.run(), name="emulator generation"
            )
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._stage.trouble(self._task.exception())
            if self._current.only_hears and not self._current.over:
                self._current.cut()
            if self._current.was_cut:
                await self._stage.clock.sleep(_PAIR_GAP)
                self._current.close_cut_turn()
            self._current = self._task = None

    async def _next(self) -> Job:
        while True:
            for i, job in enumerate(self._queue):
                if self.user_speaking and job.ask.kind == "tool_result" and not job.calls:
                    continue
                del self._queue[i]
                return job
            self._wake.clear()
            await self._wake.wait()
