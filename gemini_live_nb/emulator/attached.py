"""A conversation attached to a connection: turn engine, ears, inbox, and the handles it gives out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from gemini_live_nb.protocol.client import ClientMessage

from .conversation import Conversation
from .guesses import Guesses
from .inbox import Inbox
from .refusals import REFUSALS, refuse
from .stage import Stage
from .turns import Turns
from .voice import Ears

if TYPE_CHECKING:
    from .connection import Connection

log = logging.getLogger(__name__)


class Attached:
    """What of a conversation lives as long as one connection.

    Args:
        connection: whose wire and clock it uses.
        conversation: what outlives it.
    """

    def __init__(self, connection: Connection, conversation: Conversation) -> None:
        self.conversation = conversation
        self._connection = connection
        self._wire = connection.wire
        self._handle_given = False
        self._consumed = 0  # client messages on this connection; the setup's index is 0
        self._kept = conversation.checkpoint()
        emulator = connection.emulator
        stage = Stage(
            wire=connection.wire,
            conversation=conversation,
            brain=emulator.brain,
            clock=emulator.clock,
            faults=emulator.faults,
            pace=emulator.pace,
            latency=emulator.latency,
            trouble=self._brain_died,
            turn_begun=self._turn_begun,
            turn_over=self._turn_over,
            reached=connection.reached,
        )
        self._turns = Turns(stage)
        self._ears = Ears(conversation, emulator.clock, emulator.brain.ears())
        self._inbox = Inbox(conversation, self._turns, self._ears, connection.wire)
        self._guesses = Guesses(stage, self._ears)

    def take(self, message: ClientMessage) -> None:
        """Act on a client message.

        Raises:
            Refused: the service would close the connection.
        """
        conversation = self.conversation
        self._consumed += 1
        if message.setup is not None:
            raise refuse("setup_not_first")
        if conversation.refuses_all:
            raise refuse("invalid_argument")
        frames = conversation.talk.frames_seen
        self._inbox.take(message)
        self._guesses.listen()
        if not frames and conversation.talk.frames_seen:
            self._connection.watch_time()  # a session with pictures ends sooner
        unasked = (
            conversation.profile.handle == "tool_response" and conversation.setup.session_resumption is None
        )
        if message.tool_response is not None and unasked and not self._handle_given:
            self._give_handle()
        if self._transparent and self._at_rest:
            self._give_handle()

    async def stop(self) -> None:
        """The connection is over: what is in flight is lost, open calls go stale."""
        await self._turns.stop()
        await self._guesses.stop()
        await self._ears.close()
        self.conversation.calls.lose_connection()
        if self._transparent:
            self.conversation.restore(self._kept)

    def cancel_calls(self) -> None:
        """Cancel all open calls, and the answer that waits for them."""
        if self._turns.blocked:
            self._turns.interrupt()
        ids = list(self.conversation.calls.open)
        self.conversation.calls.close(ids)
        if ids:
            self._wire.post({"toolCallCancellation": {"ids": ids}})

    async def offer_handle(self) -> None:
        """Give the first handle where it was asked for, or where the family gives one anyway."""
        conversation = self.conversation
        if conversation.setup.session_resumption is not None or conversation.profile.handle == "setup":
            self._give_handle()

    def _give_handle(self) -> None:
        self._handle_given = True
        handle = self._connection.emulator.new_handle(self.conversation)
        update: dict[str, Any] = {"newHandle": handle, "resumable": True}
        if self._transparent:
            self._kept = self.conversation.checkpoint()
            if self._consumed:  # an index of 0 is a default, and left out
                update["lastConsumedClientMessageIndex"] = str(self._consumed)
        self._wire.post({"sessionResumptionUpdate": update})

    @property
    def _transparent(self) -> bool:
        """Each message is told of once the state a handle stands for holds it.

        A real log has a new handle and the next index for every message. What resuming restores is that
        state: a turn being spoken or answered is in none yet, so that a client may send again whatever has a
        higher index, and nothing is in the history twice. [I]
        """
        resumption = self.conversation.setup.session_resumption
        return resumption is not None and bool(resumption.transparent)

    @property
    def _at_rest(self) -> bool:
        """Nobody speaks and nothing is to be answered."""
        return not self._turns.busy and not self._ears.busy

    def _turn_begun(self) -> None:
        conversation = self.conversation
        if conversation.profile.working_updates and conversation.setup.session_resumption is not None:
            self._wire.post({"sessionResumptionUpdate": {}})

    def _turn_over(self) -> None:
        conversation = self.conversation
        window = conversation.profile.context_window
        conversation.context.compress(conversation.setup, window)
        if conversation.prompt_tokens.total() > window:
            full = "limit" if conversation.profile.vertex else "invalid_argument"
            self._connection.later(0, self._connection.hang_up(REFUSALS[full]))
        resumption = conversation.setup.session_resumption
        if resumption is None:
            return
        waiting = self._turns.waiting or self._turns.blocked or self._ears.busy
        if conversation.profile.working_updates or (self._transparent and not waiting):
            self._give_handle()

    def _brain_died(self, error: BaseException | None) -> None:
        if error is not None:
            log.error("the brain failed; closing the connection with 1011", exc_info=error)
            self._connection.later(0, self._connection.hang_up(REFUSALS["internal"]))
