"""What each client message does: typed turns, live input, tool responses, context updates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gemini_live_nb.protocol.client import ClientContent, ClientMessage, RealtimeInput, ToolResponse
from gemini_live_nb.protocol.content import Blob, Content, FunctionResponse, Part

from .brain import Ask, Int16, Result
from .conversation import Conversation, is_image
from .refusals import refuse
from .turns import Turns
from .voice import Ears
from .wire import Wire

_ROLES = (None, "", "user", "model", "function")
"""PROTOCOL.md §2.3 has user and model; `function` is how older SDKs mark responses. What others meet: [I]."""
_SCHEDULINGS = ("INTERRUPT", "WHEN_IDLE", "SILENT")


class Inbox:
    """Acts on accepted client messages, as the conversation's model family does.

    Args:
        conversation: the conversation they belong to.
        turns: the connection's turn engine.
        ears: the connection's ears.
        wire: for what is answered on the spot.
    """

    def __init__(self, conversation: Conversation, turns: Turns, ears: Ears, wire: Wire) -> None:
        self._conversation = conversation
        self._turns = turns
        self._ears = ears
        self._wire = wire
        self._pending: list[Content] = []
        ears.on_start = self.speech_started
        ears.on_end = self.speech_ended

    def take(self, message: ClientMessage) -> None:
        """Act on one message.

        Raises:
            Refused: the service would close the connection.
        """
        if message.client_content is not None:
            self._content(message.client_content)
        elif message.realtime_input is not None:
            self._realtime(message.realtime_input)
        elif message.tool_response is not None:
            self._responses(message.tool_response)
        elif message.context_update is not None:
            self._conversation.update(message.context_update)
        else:
            raise refuse("invalid_argument")

    # --- speech ---

    def speech_started(self, at: float) -> None:
        """The user began to speak: tell of it, and cut the answer if that is what speech does here."""
        if self._conversation.tells_activity:
            self._wire.post(self._conversation.activity("ACTIVITY_START", round(at, 3)))
        self._turns.speech_started()
        config = self._conversation.setup.realtime_input_config
        if config is None or config.activity_handling != "NO_INTERRUPTION":
            self._turns.interrupt()

    def speech_ended(self, audio: Int16, at: float) -> None:
        """The user has spoken: answer."""
        self._turns.speech_ended()
        self._turns.ask(
            Ask("speech", audio=audio, images=self._conversation.take_images()), activity_end=round(at, 3)
        )

    # --- typed turns ---

    def _content(self, content: ClientContent) -> None:
        conversation = self._conversation
        turns = content.turns or []
        self._check_parts(turns)
        self._check_history(turns[:-1] if content.turn_complete else turns)
        history = conversation.setup.history_config
        if history is not None and history.initial_history_in_client_content and not conversation.seeded:
            conversation.seeded = True
            if not (conversation.profile.answers_history and content.turn_complete):
                conversation.note_typed(turns)
                return
        waits = self._turns.blocked and conversation.profile.typed_waits
        if not waits and (content.turn_complete or conversation.profile.partial_content_interrupts):
            self._turns.interrupt()
        conversation.note_typed(turns)
        self._pending += turns
        if content.turn_complete:
            said, self._pending = self._pending, []
            self._turns.ask(self._meant(_typed(said)))

    def _meant(self, ask: Ask) -> Ask:
        """The ask; where it has no words of its own, with those it follows and nobody has answered yet.

        Frameworks prompt a reply to what they sent before with `" "` (pipecat), `"."` (livekit) or a bare
        `turnComplete`.
        """
        if ask.kind != "text" or any(letter.isalnum() for letter in ask.text):
            return ask
        return replace(ask, text=self._conversation.unanswered or ask.text)

    def _check_parts(self, turns: list[Content]) -> None:
        profile = self._conversation.profile
        history = self._conversation.setup.history_config
        seeding = profile.family.function_part_history is True and bool(
            history and history.initial_history_in_client_content
        )
        if any(turn.role not in _ROLES for turn in turns):
            raise refuse("invalid_argument")
        for part in (part for turn in turns for part in turn.parts or ()):
            mime = (part.inline_data and part.inline_data.mime_type) or ""
            if part.file_data is not None or mime == "application/pdf":
                raise refuse("not_supported")
            if "rate=24000" in mime:
                raise refuse("not_implemented")
            if (part.function_call or part.function_response) and not seeding:
                raise refuse("invalid_argument")

    def _check_history(self, turns: list[Content]) -> None:
        """Sound is refused in what is history: whether as the turn to be answered, too, nobody has tried."""
        parts = (part for turn in turns for part in turn.parts or ())
        sound = any(
            part.inline_data and (part.inline_data.mime_type or "").startswith("audio/") for part in parts
        )
        if sound and self._conversation.profile.family.audio_history is False:
            raise refuse("precondition")

    # --- live input ---

    def _realtime(self, live: RealtimeInput) -> None:
        if live.media_chunks is not None:
            if self._conversation.profile.family.media_chunks is False:
                raise refuse("media_chunks")
            for chunk in live.media_chunks:
                if is_image(chunk):
                    self._conversation.note_video(chunk)
                else:
                    self._ears.hear(chunk)
        if (live.activity_start or live.activity_end) and not self._ears.manual:
            raise refuse("invalid_argument")
        if live.activity_start is not None:
            self._ears.activity_start()
        if live.audio is not None:
            self._ears.hear(live.audio)
        if live.video is not None:
            if not is_image(live.video):
                raise refuse("invalid_argument")
            self._video(live.video)
        if live.text is not None:
            self._conversation.note_typed([Content(role="user", parts=[Part(text=live.text)])])
            self._turns.ask(self._meant(Ask("text", text=live.text)))
        if live.activity_end is not None:
            self._ears.activity_end()
        if live.audio_stream_end:
            self._ears.stream_end()

    def _video(self, frame: Blob) -> None:
        config = self._conversation.setup.realtime_input_config
        coverage = (config and config.turn_coverage) or self._conversation.profile.family.turn_coverage
        if coverage == "TURN_INCLUDES_ONLY_ACTIVITY" and not self._ears.speaking:
            self._conversation.talk.frames_seen += 1
        else:
            self._conversation.note_video(frame)

    # --- tool responses ---

    def _responses(self, message: ToolResponse) -> None:
        cut_in: list[Result] = []
        when_idle: list[Result] = []
        for response in message.function_responses or []:
            result, scheduling = self._result(response)
            if result is None:
                continue
            current = self._turns.generating
            if current is not None and current.take_result(result):
                continue
            if not result.will_continue:
                self._conversation.calls.close([result.id])
            if scheduling == "SILENT" or (not result.will_continue and not result.response):
                self._conversation.note_ask(Ask("tool_result", results=(result,)))
            else:
                (cut_in if scheduling == "INTERRUPT" else when_idle).append(result)
        if when_idle:
            self._turns.results_in(Ask("tool_result", results=tuple(when_idle)))
        if cut_in:
            self._turns.results_in(Ask("tool_result", results=tuple(cut_in)), interrupt=True)

    def _result(self, response: FunctionResponse) -> tuple[Result | None, str]:
        """The response as a brain gets it, and its scheduling; None if it answers nothing that is open."""
        profile, calls = self._conversation.profile, self._conversation.calls
        body = dict(response.response or {})
        inside = body.get("scheduling")
        if (
            isinstance(inside, str) and inside in _SCHEDULINGS
        ):  # the docs put it here, the proto beside `response`
            del body["scheduling"]
        scheduling = response.scheduling or (inside if isinstance(inside, str) else None)
        if scheduling and profile.family.scheduling is False:
            raise refuse("scheduling_refused")
        media = {(part.inline_data and part.inline_data.mime_type) or "" for part in response.parts or ()}
        if profile.family.result_media and "application/pdf" in media:  # R (pydantic-ai 2.66): 3.x closes
            raise refuse("invalid_argument")
        known = response.id is not None and calls.known(response.id)
        if not known and not profile.vertex:
            raise refuse("not_found" if response.id else "invalid_argument")
        # Vertex goes by the name where there is no id: SDKs of 2025 left it out there
        call = calls.open.get(response.id) if response.id else calls.asked_of(response.name)
        if call is None and known:
            return None, ""
        if call is not None and call.stale:
            calls.close([call.id])
            return None, ""
        result = Result(
            id=call.id if call else response.id or "",
            name=response.name or (call.name if call else ""),
            response=body,
            args=call.args if call else {},
            will_continue=bool(response.will_continue),
        )
        return result, scheduling or "WHEN_IDLE"


def _typed(turns: list[Content]) -> Ask:
    """A typed turn as an ask: the words of its last user content and what came with them."""
    last = [turn for turn in turns if turn.role != "model"][-1:]
    parts = [part for turn in last for part in turn.parts or ()]
    text = " ".join(part.text for part in parts if part.text)
    images = tuple(part.inline_data for part in parts if part.inline_data and is_image(part.inline_data))
    sound = b"".join(
        part.inline_data.data or b""
        for part in parts
        if part.inline_data and (part.inline_data.mime_type or "").startswith("audio/")
    )
    if sound and not text:
        return Ask("speech", audio=np.frombuffer(sound[: len(sound) // 2 * 2], np.int16), images=images)
    return Ask("images" if images and not text else "text", text=text, images=images)
