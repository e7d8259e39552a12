"""One generation: a brain's answer to one ask, as the frames of one model family."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from gemini_live_nb.protocol.content import Content, FunctionCall, Part

from .answer import Answer
from .brain import OUTPUT_RATE, Ask, Call, Extra, Heard, Piece, Result, Say, Thought
from .calls import OpenCall
from .context import Tokens, audio_tokens, text_tokens, usage
from .stage import Job, Stage

_CALL_TURN = 0.01
"""Seconds after which a call's own turn ends on Vertex, answered or not, as measured in adk-python#4902."""


class Generation:
    """Runs one job to its `turnComplete`; see `Turns`."""

    def __init__(self, stage: Stage, job: Job) -> None:
        self._stage = stage
        self._conversation = stage.conversation
        self._profile = stage.conversation.profile
        self._job = job
        self._heard = False
        self._opened = False
        self._spoke = False  # at least one frame of the model's own went out
        self._at_end: dict[str, Any] = {}
        self._thoughts = 0
        self._call_tokens = 0
        self._asked_at = stage.clock.monotonic()
        self._open_calls: list[OpenCall] = []  # blocking ones, not all answered yet
        self._answered = asyncio.Event()
        self.over = False
        self.was_cut = False
        self.only_hears = False
        """It was cut before the user's words were made out: that it still does, and no more."""
        self._ended_early = False
        self._swallowed = False
        self._prompt: Tokens | None = None
        self._answer = self._new_answer()

    # --- what the engine does to it ---

    @property
    def waiting(self) -> bool:
        """Blocked on the answers to its calls."""
        return bool(self._open_calls)

    @property
    def unanswered(self) -> tuple[Call, ...]:
        """The blocking calls it was waiting for, to be made again."""
        return tuple(Call(call.name, call.args) for call in self._open_calls)

    def take_result(self, result: Result) -> bool:
        """An answer to a call; true if it was one of the blocking calls of this generation."""
        for call in self._open_calls:
            if call.id == result.id:
                call.results.append(result)
                if not result.will_continue:
                    self._conversation.calls.close([call.id])
                if all(c.results and not c.results[-1].will_continue for c in self._open_calls):
                    self._answered.set()
                return True
        return False

    def stop_after_hearing(self) -> bool:
        """End once the user's words are told, if they are not yet: they would be missing in the history.

        Returns:
            Whether there is anything to be made out still.
        """
        self.only_hears = self._job.activity_end is not None and not self._heard and not self._opened
        return self.only_hears

    def cut(self) -> None:
        """Barge-in, or a typed turn: cancel calls where the family does, say so, remember what was said."""
        self.was_cut = self.over = True
        if self._profile.family.cancels_calls and self.waiting:
            ids = [call.id for call in self._open_calls if call.id in self._conversation.calls.open]
            self._conversation.calls.close(ids)
            self._post({"toolCallCancellation": {"ids": ids}})
        self._tell_heard("")
        self._post({"serverContent": {"interrupted": True}})
        self._remember()

    def close_cut_turn(self) -> None:
        """The `turnComplete` that follows an interruption."""
        self._turn_complete(self._idle)

    def lose(self) -> None:
        """The connection is gone: nothing more is sent, what was said stays in the history."""
        if not self.over:
            self.over = True
            self._remember()

    # --- its own run ---

    async def run(self) -> None:
        """Answer the job's ask, calls and all."""
        self._stage.turn_begun()
        typed_sound = self._job.ask.kind == "speech" and self._job.activity_end is None
        if not typed_sound:  # that is in the history already
            self._conversation.note_ask(self._job.ask)
        await self._stage.reached("thinking")
        if self._ends_oddly():
            return
        self._swallowed = self._swallows()
        ask: Ask | None = self._job.ask
        while ask is not None:
            ask = await self._one_pass(ask)
        self._tell_heard("")
        if self.over or self.only_hears:
            return
        if self._spoke:
            await self._end()
        else:  # the model may rightly stay silent
            self._stage.turn_over()

    def _ends_oddly(self) -> bool:
        """Faults that take the place of an answer."""
        take = self._stage.faults.take
        if take("silent_turn"):
            self._tell_heard("")
            return True
        for fault, fields in (
            ("empty_turn", {}),
            ("malformed_function_call", {"turnCompleteReason": "MALFORMED_FUNCTION_CALL"}),
        ):
            if take(fault):
                self._tell_heard("")
                self.over = True
                self._turn_complete(fields)
                return True
        return False

    async def _begun_to_speak(self) -> None:
        await self._stage.reached("speaking")
        if self._stage.faults.take("early_turn_complete"):
            self._ended_early = True
            self._turn_complete()

    async def _one_pass(self, ask: Ask) -> Ask | None:
        """Send what the brain says to one ask; returns the answers to its blocking calls as the next ask."""
        stream = self._pieces(ask)
        try:
            async for piece in stream:
                if isinstance(piece, Heard):
                    self._tell_heard(piece.text, final=piece.final)
                    if self.only_hears and self._heard:
                        break
                    continue
                if self._swallowed or self.only_hears:
                    break
                await self._begin()
                if isinstance(piece, Call | tuple):
                    issued = await self._call((piece,) if isinstance(piece, Call) else piece)
                    if issued[0].blocking:
                        return await self._wait_for(issued)
                    if self._profile.family.turn_ends_after_call in ("at once", "in progress"):
                        break
                else:
                    await self._emit(piece)
        finally:
            with contextlib.suppress(RuntimeError):  # a brain that yields while it is being closed
                await stream.aclose()
        return None

    async def _pieces(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        if self._job.calls and ask is self._job.ask:
            yield self._job.calls
            return
        if self._swallowed and ask.kind != "speech":
            return
        reply = self._stage.brain.reply(ask, self._conversation.talk)
        try:
            async for piece in reply:
                yield piece
        finally:
            close = getattr(reply, "aclose", None)
            if close is not None:
                await close()

    async def _begin(self) -> None:
        """Before the first frame of the model's own: the words heard are out, the service has waited."""
        self._tell_heard("")
        if self._opened:
            return
        self._prompt = self._conversation.prompt_tokens
        ready = self._asked_at + self._profile.first_frame_latency * self._stage.latency
        if self._stage.pace and not self._spoke and ready > self._stage.clock.monotonic():
            await self._stage.clock.sleep(ready - self._stage.clock.monotonic())
        self._opened = self._spoke = True
        self._answer.open()

    async def _emit(self, piece: Thought | Say | Extra) -> None:
        if isinstance(piece, Thought):
            self._think(piece)
        elif isinstance(piece, Extra):
            if piece.at_end:
                self._at_end.update(piece.content)
            else:
                self._post({"serverContent": dict(piece.content)})
        else:
            await self._answer.say(piece)

    def _think(self, thought: Thought) -> None:
        if not self._conversation.shows_thoughts:
            return
        self._thoughts += text_tokens(thought.text)
        part = {"text": thought.text, "thought": True}
        self._post({"serverContent": {"modelTurn": self._profile.model_turn(part)}})

    def _tell_heard(self, text: str, *, final: bool = True) -> None:
        """Send the user's words (once) and the end of the activity they came from."""
        if self._heard or not final:
            return
        self._heard = True
        self._conversation.note_heard(text)
        for frame in self._conversation.transcript_frames(text):
            self._post(frame)
        if self._job.activity_end is not None and self._conversation.tells_activity:
            self._post(self._conversation.activity("ACTIVITY_END", self._job.activity_end))

    def _swallows(self) -> bool:
        """On 3.8 a call left unanswered by a lost connection costs the user's next turn its answer."""
        calls = self._conversation.calls
        if self._job.ask.kind == "tool_result" or not calls.stale:
            return False
        stale = calls.stale
        calls.close(stale)
        return self._profile.stale_call == "swallows"

    # --- calls ---

    async def _call(self, group: tuple[Call, ...]) -> list[OpenCall]:
        profile, conversation = self._profile, self._conversation
        issued = conversation.issue(group)
        functions = [call.frame() for call in issued]
        tokens = sum(text_tokens(_as_code(call)) for call in issued)
        self._call_tokens += tokens
        if profile.extended:
            await self._answer.finish()
            await self._answer.played()
            self._remember()
            self._turn_complete({"interactionStatus": "IN_PROGRESS"})
            self.over = True
        if issued[0].blocking:
            self._open_calls = issued
            self._answered.clear()
        if profile.family.code_execution == "run":
            for call in issued:
                code = {"language": "PYTHON", "code": f"print(default_api.{_as_code(call)})"}
                self._post({"serverContent": {"modelTurn": profile.model_turn({"executableCode": code})}})
        self._post({"toolCall": {"functionCalls": functions}})
        if self._stage.faults.take("duplicate_tool_call"):
            self._post({"toolCall": {"functionCalls": functions}})
        if self._stage.faults.take("duplicate_call_part"):
            again = profile.model_turn(*({"functionCall": function} for function in functions))
            self._post({"serverContent": {"modelTurn": again}})
        parts = [Part(function_call=FunctionCall(id=c.id, name=c.name, args=dict(c.args))) for c in issued]
        conversation.context.add(Content(role="model", parts=parts), text=tokens)
        await self._stage.reached("tool")
        return issued

    async def _wait_for(self, issued: list[OpenCall]) -> Ask:
        if self._profile.family.turn_ends_after_call == "a moment later":
            with contextlib.suppress(TimeoutError):
                await self._stage.clock.wait_for(self._answered.wait(), _CALL_TURN)
            await self._answer.finish()
            self._remember()
            self._turn_complete()
            self._answer = self._new_answer()
        await self._answered.wait()
        self._open_calls = []
        # a last one with nothing in it says that no more will come
        results = tuple(
            one for call in issued for one in call.results if one.response or len(call.results) == 1
        )
        self._opened = False
        self._asked_at = self._stage.clock.monotonic()
        ask = Ask("tool_result", results=results)
        self._conversation.note_ask(ask)
        return ask

    # --- its end ---

    async def _end(self) -> None:
        await self._answer.finish()
        await self._stage.reached("turn_end")
        self._remember()
        await self._answer.played()
        self.over = True
        if self._ended_early or self._stage.faults.take("no_turn_complete"):
            return
        self._turn_complete(self._idle)

    @property
    def _idle(self) -> dict[str, Any]:
        return {"interactionStatus": "IDLE"} if self._profile.extended else {}

    def _turn_complete(self, fields: Mapping[str, Any] | None = None) -> None:
        content: dict[str, Any] = {"turnComplete": True, **(fields or {})}
        if self._profile.vertex:
            content["groundingMetadata"] = {}
        content.update(self._at_end)
        frame: dict[str, Any] = {"serverContent": content}
        if not self._stage.faults.take("no_usage"):
            frame["usageMetadata"] = self._usage()
        self._post(frame)
        self._stage.turn_over()

    def _usage(self) -> dict[str, Any]:
        said, conversation, profile = self._answer, self._conversation, self._profile
        prompt = self._prompt or conversation.prompt_tokens
        words = 0 if conversation.speaks and not profile.vertex else text_tokens(said.text)
        response: Tokens = Counter(TEXT=self._call_tokens + words)
        if conversation.speaks:  # Vertex counts the words beside the sound (PYDCASS: 61 = 11 + 50)
            response["AUDIO"] = audio_tokens(said.samples / OUTPUT_RATE)
        listed = None
        if not profile.itemises:
            shown = conversation.context.listed(prompt, conversation.setup)
            listed = shown, Counter(AUDIO=response["AUDIO"])
        return usage(prompt, response, listed=listed, thoughts=self._thoughts, vertex=profile.vertex)

    def _remember(self) -> None:
        """Keep in the history what was sent, no more."""
        answer = self._answer
        self._conversation.note_answer(answer.text, samples=answer.samples)

    def _new_answer(self) -> Answer:
        conversation, faults = self._conversation, self._stage.faults
        return Answer(
            self._stage.wire,
            self._stage.clock,
            self._profile,
            pace=self._stage.pace,
            spoken=conversation.speaks,
            transcribed=conversation.transcribes_answer,
            begun=self._begun_to_speak,
            mute=faults.take("transcript_without_audio"),
            odd_tail=faults.take("odd_audio"),
        )

    def _post(self, frame: Mapping[str, Any]) -> None:
        self._stage.wire.post(frame)


def _as_code(call: OpenCall) -> str:
    """A call as half-cascade families write it, in Python."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.args.items())
    return f"{call.name}({arguments})"
