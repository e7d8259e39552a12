"""Asking, interrupting, approving: the verbs of a session that are more than one frame."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from gemini_live_nb import picture
from gemini_live_nb.audio import MIC_RATE, Samples, spoken_not_typed
from gemini_live_nb.errors import SessionClosed
from gemini_live_nb.log.turn import ToolCall, Turn
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import Blob, Content, Part
from gemini_live_nb.protocol.models import family

from .calls import Calls
from .sending import Outgoing, voiced_until
from .telling import Telling

ASK_SECONDS = 60.0
"""How long `ask` waits for a reply to be over, where it is not told."""


class Conversing(Outgoing, Telling):
    """The verbs of a `LiveSession` that wait for the model, or speak for a person."""

    config: LiveConfig
    _calls: Calls | None = None

    async def send_text(self, text: str) -> int:
        """Say something in text: `realtimeInput.text`, which every model answers.

        While a reply that you stopped (`interrupt`) goes on unheard, it is `clientContent` where the model
        takes that in mid-session: it ends the reply, behind which live text would wait.

        Returns:
            The frame's row in the log.

        Source: PROTOCOL.md §2.3, §2.4.
        """
        unheard = self._goes_unheard and self._takes_content
        return await (self.send_content(text) if unheard else super().send_text(text))

    @property
    def _goes_unheard(self) -> bool:
        turn = self._fold.current
        return turn is not None and turn.times.silenced is not None and not turn.interrupted

    @property
    def _takes_content(self) -> bool:
        known = family(self.config.model)
        seeds = bool(self.config.initial_history_in_client_content)
        return known is not None and known.content_anytime is True and not seeds

    async def ask(
        self,
        what: str | os.PathLike[str] | npt.NDArray[Any] | list[Any] | tuple[Any, ...],
        *,
        timeout: float | None = ASK_SECONDS,
    ) -> Turn:
        """Ask something and wait for the reply: the whole turn, function calls included.

        Args:
            what: Text; or speech, as the path of a sound file (a `pathlib.Path`) or an array at 16 kHz,
                spoken in real time; or a list of texts and pictures, as one turn:
                `ask([image, "What is it?"])`.
                A picture is whatever `send_video` takes.
            timeout: Seconds to wait for the reply to be over once the question is out; None for no limit.

        Returns:
            The turn. A reply that was cut by new input of the user is `interrupted`.

        Raises:
            AskTimeout: The reply was not over in time. A model may rightly stay silent; `.turn` has what
                came.
            AnswerLost: The connection broke in mid-answer, or before what was spoken was answered.
            MediaError: No sound can be read there; or the text is a sound file's name, which wants a `Path`.
            LiveError: The session ended.
        """
        if isinstance(what, str):
            spoken_not_typed(what)
        if isinstance(what, str | list | tuple):
            seq = await (self.send_text(what) if isinstance(what, str) else self.send_content(_turn(what)))
            asked = self.turn_of(seq)
            question = self._asks.expect(
                lambda turn: turn is asked or (asked is None and turn.opened_seq >= seq)
            )
            return await self._asks.answer(
                question, timeout, lambda: asked, lambda: self.waiting_for_approval
            )
        return await self._ask_aloud(await self._load(what, MIC_RATE), timeout)

    async def _ask_aloud(self, samples: Samples, timeout: float | None) -> Turn:
        spoken, first, said = voiced_until(samples), self._seq + 1, asyncio.Event()
        # A pause may have split the speech in two: only what ends after all of it was said is its answer.
        question = self._asks.expect(
            lambda turn: said.is_set() and turn.opened_seq >= first and not self._goes_on(turn), spoken=True
        )
        await self._begin_speech()
        await self._stream(samples[:spoken], 1.0, question.done)
        said.set()
        await self._stream(samples[spoken:], 1.0, question.done)
        if not question.done():
            await self._end_speech(1.0)
        return await self._asks.answer(
            question,
            timeout,
            lambda: self.turns[-1] if self.turns else None,
            lambda: self.waiting_for_approval,
        )

    def _goes_on(self, turn: Turn) -> bool:
        """Whether the rest of what was said is still to be answered."""
        return turn.interrupted and self._fold.current is not None

    async def interrupt(self) -> str:
        """Stop the model's voice: playback here is flushed and the cut is marked in the log.

        The API has no message that stops a reply (PROTOCOL.md §4.1). With hand-marked turns `activityStart`
        is sent, which does. With automatic detection nothing is sent: the server goes on to the turn's end,
        unheard, or to your next question, which ends it.

        Returns:
            What was done, in words.
        """
        turn = next((turn for turn in reversed(self._fold.turns) if turn.audio_ms), self._fold.current)
        self._playback("flush", turn=turn.number if turn is not None else None)
        if self.manual:
            await self.activity_start()
            return "playback flushed; activityStart sent: the model stops"
        return "playback flushed; nothing sent, as the API has no stop message: the turn goes on unheard"

    @property
    def waiting_for_approval(self) -> list[ToolCall]:
        """The function calls that wait for `approve` or `deny`."""
        return self._calls.asking if self._calls is not None else []

    def approve(self, call_id: str) -> None:
        """Let a function run that waits for approval (`ApprovalNeeded`)."""
        self.calls.settle(call_id)

    def deny(self, call_id: str, reason: str = "the user did not allow it") -> None:
        """Refuse a function that waits for approval; the model is told the reason."""
        self.calls.settle(call_id, reason)

    @property
    def calls(self) -> Calls:
        """The function calls under way. For the session's own parts."""
        if self._calls is None:
            raise SessionClosed("the session is not connected", hint="await session.connect()")
        return self._calls


def _turn(pieces: Sequence[Any]) -> Content:
    """One turn of the user's, of texts and pictures."""
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(Part(text=piece))
        else:
            data, kind = picture.ready(piece)
            parts.append(Part(inline_data=Blob(mime_type=kind, data=data)))
    return Content(role="user", parts=parts)
