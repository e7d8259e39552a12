"""Who waits for which turn to be over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gemini_live_nb.clock import Clock
from gemini_live_nb.errors import AnswerLost, AskTimeout
from gemini_live_nb.log.turn import Turn

Wanted = Callable[[Turn], bool]


class Asks:
    """The questions of a session that are not answered yet.

    Args:
        clock: Measures how long they wait.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[Wanted, asyncio.Future[Turn]]] = []

    def expect(self, wanted: Wanted) -> asyncio.Future[Turn]:
        """Begin to wait for the first turn that ends and is wanted.

        Args:
            wanted: Says of a turn that is over whether it is the answer.
        """
        question: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, question))
        return question

    async def answer(
        self, question: asyncio.Future[Turn], timeout: float | None, so_far: Callable[[], Turn | None]
    ) -> Turn:
        """Wait for the turn that answers.

        Args:
            question: As `expect` gave it.
            timeout: Seconds; None for no limit but the session's end.
            so_far: The turn as far as it has come, for the error.

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
                hint="a model may choose to stay silent; .turn holds what came, timeout=… waits longer",
            ) from None
        finally:
            self._waiting = [one for one in self._waiting if one[1] is not question]
        if turn.lost and not turn.whole:
            raise AnswerLost("the connection broke while the model answered", turn=turn, hint="ask again")
        return turn

    def ended(self, turn: Turn) -> None:
        """A turn is over."""
        for wanted, question in self._waiting:
            if not question.done() and wanted(turn):
                question.set_result(turn)

    def lost(self, turn: Turn, why: str) -> None:
        """A turn will not be answered any more, though it may not be over."""
        for wanted, question in self._waiting:
            if not question.done() and wanted(turn):
                question.set_exception(AnswerLost(why, turn=turn, hint="ask again"))
                question.exception()

    def fail(self, error: BaseException) -> None:
        """The session is over."""
        for _, question in self._waiting:
            if not question.done():
                question.set_exception(error)
                # Whoever asked may have gone: an error nobody fetches is no fault.
                question.exception()
