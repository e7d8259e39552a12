"""Who waits for which turn to be over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import AnswerLost, AskTimeout
from gemini_live_nb.log.turn import ToolCall, Turn

Wanted = Callable[[Turn], bool]

LINGER_SECONDS = 5.0
"""How long the model may take to begin about a result after the turn in which it was sent."""
_UNHEARD = "the connection broke before what was said was answered"


class _Waiting(NamedTuple):
    wanted: Wanted
    question: asyncio.Future[Turn]
    spoken: bool

    def fail(self, error: BaseException) -> None:
        self.question.set_exception(error)
        # Whoever asked may have gone: an error nobody fetches is no fault.
        self.question.exception()


class Asks:
    """The questions of a session that are not answered yet.

    Args:
        clock: Measures how long they wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._lingering: set[asyncio.Task[None]] = set()

    def expect(self, wanted: Wanted, *, spoken: bool = False) -> asyncio.Future[Turn]:
        """Begin to wait for the first turn that ends and is wanted.

        Args:
            wanted: Says of a turn that is over whether it is the answer.
            spoken: Whether the question is spoken, and so cannot be sent again.
        """
        question: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(wanted, question, spoken))
        return question

    async def answer(
        self,
        question: asyncio.Future[Turn],
        timeout: float | None,
        so_far: Callable[[], Turn | None],
        asking: Callable[[], list[ToolCall]] = list,
    ) -> Turn:
        """Wait for the turn that answers.

        Args:
            question: As `expect` gave it.
            timeout: Seconds; None for no limit but the session's end.
            so_far: The turn as far as it has come, for the error.
            asking: The calls that wait for a person's approval, for the error's hint.

        Raises:
            AskTimeout: No such turn ended in time.
            AnswerLost: It ended with its connection.
            LiveError: The session ended.
        """
        try:
            turn = await self._clock.wait_for(question, timeout)
        except TimeoutError:
            raise AskTimeout(
                f"no complete reply within {timeout:g} s",
                turn=so_far(),
                hint=_hint(asking()),
            ) from None
        finally:
            self._waiting = [one for one in self._waiting if one.question is not question]
        if turn.lost and not turn.whole:
            why = "the connection broke while the model answered" if turn.answered else _UNHEARD
            raise AnswerLost(why, turn=turn, hint="ask again")
        return turn

    def ended(self, turn: Turn) -> None:
        """A turn is over."""
        for one in self._open():
            if one.wanted(turn):
                one.question.set_result(turn)

    def lingers(self, turn: Turn, still: Callable[[], bool]) -> None:
        """A turn is over unless the model goes on, to speak about a result: it may have done so already.

        Args:
            turn: The turn.
            still: Says whether nothing more has come.
        """

        async def wait() -> None:
            await self._clock.sleep(LINGER_SECONDS)
            if still():
                self.ended(turn)

        task = asyncio.get_running_loop().create_task(wait(), name="lingering turn")
        self._lingering.add(task)
        task.add_done_callback(self._lingering.discard)

    def lost(self, turn: Turn, why: str) -> None:
        """A turn will not be answered any more, though it may not be over."""
        for one in self._open():
            if one.wanted(turn):
                one.fail(AnswerLost(why, turn=turn, hint="ask again"))

    def unheard(self) -> bool:
        """What was asked aloud is lost with the connection. Returns whether anything was."""
        for one in self._open():
            if one.spoken:
                one.fail(AnswerLost(_UNHEARD, hint="ask again"))
        return any(one.spoken for one in self._waiting)

    def fail(self, error: BaseException) -> None:
        """The session is over."""
        for task in self._lingering:
            task.cancel()
        for one in self._open():
            one.fail(error)

    def _open(self) -> list[_Waiting]:
        return [one for one in self._waiting if not one.question.done()]


def _hint(asking: list[ToolCall]) -> str:
    """What to try when nothing came in time: a call that nobody approves holds the model up."""
    if not asking:
        return "a model may choose to stay silent; .turn holds what came, timeout=… waits longer"
    calls = ", ".join(f"{call.name} ({call.id})" for call in asking)
    return (
        f"approve(id) or deny(id) what waits for your approval: {calls}; "
        'in a script do it as it is asked for, with on("ApprovalNeeded", …)'
    )
