"""The model's function calls: each run once, each answered, in one frame where they are done together."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import ToolError, ToolTimeout
from gemini_live_nb.log.turn import ToolCall
from gemini_live_nb.protocol.content import FunctionCall, FunctionResponse
from gemini_live_nb.protocol.kinds import BIT

from .events import ApprovalNeeded, Event, ToolFinished, ToolPrinted, ToolStarted
from .execute import Stage, as_response
from .manner import Manner
from .prints import capturing
from .tools import Tool, Toolbox

Answer = Callable[[FunctionResponse], None]

APPROVAL_SECONDS = 120.0
"""How long a person may take to approve a call before it is refused."""
_KEPT_ANSWERS = 200
_TOOL = BIT["tool"]


class _Batch(NamedTuple):
    """Calls that are answered in one frame, and the answers so far."""

    keys: set[str]
    answers: list[FunctionResponse]


class Host(Protocol):
    """What the calls of a session need of it."""

    @property
    def seq(self) -> int:
        """The row of the log written last."""

    @property
    def conn(self) -> int:
        """The number of the present connection."""

    @property
    def result_owed(self) -> bool:
        """Whether a result was sent that the model has not spoken about."""

    @property
    def records(self) -> Mapping[str, ToolCall]:
        """Every function call so far, by its id."""

    def time(self) -> float:
        """Seconds since the run began."""

    def note(self, kind: str, **fields: Any) -> int:
        """Write a row of the log."""

    def emit(self, event: Event) -> None:
        """Tell the listeners."""

    def trouble(self, error: BaseException, where: str) -> None:
        """Tell of a fault beside the conversation."""

    async def send_tool_response(self, responses: list[FunctionResponse]) -> int:
        """Answer calls."""


class Calls:
    """Run function calls and answer them.

    Args:
        host: The session.
        toolbox: The functions.
        clock: Measures timeouts.
        stage: Where functions run.
        manner: How the model takes answers.
        others: Names declared without a function: their calls are the user's to answer.
    """

    def __init__(
        self,
        host: Host,
        toolbox: Toolbox,
        *,
        clock: Clock,
        stage: Stage,
        manner: Manner = Manner(),  # noqa: B008  # a constant
        others: frozenset[str] = frozenset(),
    ) -> None:
        self.toolbox = toolbox
        self.others = others
        self._host = host
        self._clock = clock
        self._stage = stage
        self._manner = manner
        self._seen: set[str] = set()
        self._unnamed = itertools.count()
        self._running: dict[str, asyncio.Task[None]] = {}
        # Every call that is not answered, those that are the user's to answer included.
        self._asked: dict[str, FunctionCall] = {}
        self._batches: dict[asyncio.Task[None], _Batch] = {}
        self._approvals: dict[str, asyncio.Future[str]] = {}
        self._answers: dict[str, FunctionResponse] = {}
        self._answered_on: dict[str, int] = {}
        self._done: list[FunctionResponse] = []
        # Sent, and not a word of the model since.
        self._unheard: list[FunctionResponse] = []
        self._answering: asyncio.Task[None] | None = None
        self._warned: set[str] = set()

    @property
    def running(self) -> list[ToolCall]:
        """Calls that are not done."""
        return [self._record(key) for key in self._running]

    @property
    def asking(self) -> list[ToolCall]:
        """Calls that wait for approval."""
        return [self._record(key) for key in self._approvals]

    @property
    def unheard(self) -> list[FunctionResponse]:
        """Answers the model has not spoken about since: they may never have reached it."""
        return list(self._unheard) if self._host.result_owed else []

    @property
    def unanswered(self) -> list[str]:
        """What the calls are known by that are not answered, those that are the user's to answer included."""
        self._asked = {
            key: call for key, call in self._asked.items() if key in self._running or self._record(key).open
        }
        return list(self._asked)

    def take(self, calls: Iterable[FunctionCall]) -> None:
        """Start the calls of one frame; those the model waits for are answered together."""
        together: list[asyncio.Task[None]] = []
        answers: list[FunctionResponse] = []
        keys: set[str] = set()
        for call in calls:
            key = self._new_key(call)
            if key is None:
                continue
            self._asked[key] = call
            if call.name in self.others:
                continue
            tool, changed = self.toolbox.find(call.name or "")
            if changed and tool is not None:
                self._warn(tool)
            waits = self._manner.together(tool)
            answer = answers.append if waits else self._answer
            task = asyncio.get_running_loop().create_task(
                self._run(key, call, tool, answer), name=f"tool {key}"
            )
            self._running[key] = task
            if waits:
                together.append(task)
                keys.add(key)
        if together:
            batch = asyncio.get_running_loop().create_task(self._join(together, answers))
            self._batches[batch] = _Batch(keys, answers)
            batch.add_done_callback(self._batches.pop)

    def _new_key(self, call: FunctionCall) -> str | None:
        """What a call is known by; None where it was delivered before."""
        key = call.id or f"unnamed {next(self._unnamed)}"
        if key not in self._seen:
            self._seen.add(key)
            return key
        # Asked again on a new connection: the answer was lost with the old one.
        answer = self._answers.get(key)
        if answer is not None and self._answered_on[key] < self._host.conn:
            self._host.note("tool", id=key, event="answered again")
            self._answer(answer)
        return None

    def _warn(self, tool: Tool) -> None:
        if tool.name not in self._warned:
            self._warned.add(tool.name)
            self._host.trouble(
                ToolError(
                    f"{tool.name} was redefined with other arguments; the model still knows the old ones",
                    hint=f"tell it: add_tool({tool.name}); or connect again",
                ),
                f"tool {tool.name}",
            )

    async def _join(self, tasks: list[asyncio.Task[None]], answers: list[FunctionResponse]) -> None:
        await asyncio.wait(tasks)
        self._answer(*answers)

    async def _run(self, key: str, call: FunctionCall, tool: Tool | None, answer: Answer) -> None:
        said: list[Any] = []
        try:
            if tool is None:
                raise ToolError(
                    f"there is no function {call.name!r}; there are {', '.join(self.toolbox) or 'none'}"
                )
            if tool.approve:
                await self._approval(key)
            result = await self._call(key, call, tool, said)
            if tool.streams and result is None:
                response = as_response(said) if said else {}
            else:
                response = as_response(result)
            self._host.note("tool", id=key, event="finished")
        except asyncio.CancelledError:
            # Taken back by the server, or the session is over: nobody waits for an answer.
            self._finish(key, self._host.note("tool", id=key, event="cancelled"))
            return
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises is told to the model
            words = error.message if isinstance(error, ToolError) else f"{type(error).__name__}: {error}"
            self._host.note("tool", id=key, event="failed", text=words)
            response = {"error": words}
        answer(self._manner.last(call, tool, response))

    async def _call(self, key: str, call: FunctionCall, tool: Tool, said: list[Any]) -> Any:
        """Run a function. What it yields is answered as it comes, or gathered in `said`."""
        bound = tool.signature.bind(call.args or {})
        seq = self._host.note("tool", id=key, event="started")
        self._host.emit(ToolStarted(seq, self._host.time(), self._host.conn, _TOOL, self._record(key)))
        lines = _Lines(asyncio.get_running_loop(), lambda text: self._printed(key, text))
        try:
            async with self._clock.timeout(tool.timeout) as limit:
                with capturing(lines.write):
                    each = partial(self._yielded, key, call, tool) if self._manner.continues else said.append
                    return await self._stage.run(bound, tool.function, each)
        except TimeoutError:
            if limit.expired():
                raise ToolTimeout(f"{tool.name} timed out after {tool.timeout:g} s") from None
            raise
        finally:
            lines.close()

    def _printed(self, key: str, text: str) -> None:
        seq = self._host.note("tool", id=key, event="printed", text=text)
        self._host.emit(ToolPrinted(seq, self._host.time(), self._host.conn, _TOOL, self._record(key), text))

    def _yielded(self, key: str, call: FunctionCall, tool: Tool, value: Any) -> None:
        if key in self._running:
            self._answer(self._manner.part(call, tool, as_response(value)))

    # Approval.

    async def _approval(self, key: str) -> None:
        answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._approvals[key] = answered
        seq = self._host.note("tool", id=key, event="approval")
        self._host.emit(ApprovalNeeded(seq, self._host.time(), self._host.conn, _TOOL, self._record(key)))
        try:
            refused = await self._clock.wait_for(answered, APPROVAL_SECONDS)
        except TimeoutError:
            refused = f"nobody approved it within {APPROVAL_SECONDS:g} s"
        finally:
            del self._approvals[key]
        if refused:
            raise ToolError(f"not run: {refused}")

    def settle(self, key: str, refused: str = "") -> None:
        """Approve a call that waits for it, or refuse it with a reason.

        Raises:
            ToolError: No such call waits.
        """
        waiting = self._approvals.get(key)
        if waiting is None or waiting.done():
            raise ToolError(f"no call {key!r} waits for approval", hint=f"waiting: {list(self._approvals)}")
        waiting.set_result(refused)

    # Answers.

    def _answer(self, *responses: FunctionResponse) -> None:
        """Send answers once this round of the loop is over, so that what finishes together goes together."""
        self._done += responses
        if self._done and self._answering is None:
            self._answering = asyncio.get_running_loop().create_task(self._send_answers())

    async def _send_answers(self) -> None:
        try:
            while self._done:
                responses, self._done = self._done, []
                for response in responses:
                    self._keep(response)
                self._unheard = self.unheard
                seq = await self._host.send_tool_response(responses)
                self._unheard += [one for one in responses if not one.will_continue]
                for response in responses:
                    if not response.will_continue:
                        self._finish(self._key(response), seq)
        except Exception as error:  # noqa: BLE001 - told; the session's end is told elsewhere
            self._host.trouble(error, "answering a function call")
        finally:
            self._answering = None

    def _key(self, response: FunctionResponse) -> str:
        """What the call is known by that a response answers."""
        unnamed = (key for key, call in self._asked.items() if not call.id and call.name == response.name)
        return response.id or next(unnamed, "")

    def _keep(self, response: FunctionResponse) -> None:
        if response.id and not response.will_continue:
            self._answers[response.id] = response
            self._answered_on[response.id] = self._host.conn
            while len(self._answers) > _KEPT_ANSWERS:
                oldest = next(iter(self._answers))
                del self._answers[oldest], self._answered_on[oldest]

    def _finish(self, key: str, seq: int) -> None:
        self._asked.pop(key, None)
        if self._running.pop(key, None) is not None:
            self._host.emit(ToolFinished(seq, self._host.time(), self._host.conn, _TOOL, self._record(key)))

    def cancel(self, keys: Iterable[str]) -> None:
        """The server takes calls back: coroutines are cancelled, the results of plain functions given up."""
        for key in keys:
            task = self._running.get(key)
            if task is not None:
                task.cancel()

    def give_up(self, keys: Iterable[str], words: str) -> list[FunctionResponse]:
        """Answer calls now: with their results where these are there, else with an error.

        Args:
            keys: Which, as `unanswered` told them.
            words: The error.

        Returns:
            The answers; the caller sends them, at once.
        """
        left = set(keys)
        responses, self._done = self._done, []
        for batch in self._batches.values():
            if batch.keys & left:
                responses += batch.answers
                batch.answers.clear()
        for key in left.intersection(self.unanswered).difference(
            self._answers, (response.id or "" for response in responses)
        ):
            if key in self._running:
                self._running[key].cancel()
            self._host.note("tool", id=key, event="given up", text=words)
            call = self._asked[key]
            responses.append(FunctionResponse(id=call.id, name=call.name, response={"error": words}))
        for response in responses:
            self._keep(response)
            if not response.will_continue:
                # Once the answer is sent, which makes the record's state.
                asyncio.get_running_loop().call_soon(self._finish, self._key(response), self._host.seq)
        return responses

    async def close(self) -> None:
        """Cancel whatever runs."""
        tasks = [*self._running.values(), *self._batches, *([self._answering] if self._answering else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _record(self, key: str) -> ToolCall:
        return self._host.records.get(key) or ToolCall(id=key, name="", args={})


class _Lines:
    """What a function prints, line by line, brought to the session's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[str], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._begun = ""

    def write(self, text: str) -> None:
        *whole, self._begun = (self._begun + text).split("\n")
        if whole and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, "\n".join(whole) + "\n")

    def close(self) -> None:
        if self._begun:
            self._tell(self._begun)
            self._begun = ""
