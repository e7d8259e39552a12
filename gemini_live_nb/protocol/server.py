"""What the server may send (PROTOCOL.md §3).

Fields of one message are not exclusive: 3.x puts audio and transcript in one frame, `turnComplete` and
`usageMetadata` share another. Look at each with its own `if`.
"""

from __future__ import annotations

from typing import Any

from .content import Content, FunctionCall
from .durations import seconds
from .wire import (
    ActivityType,
    Int64,
    InteractionStatus,
    MediaModality,
    TrafficType,
    TurnCompleteReason,
    VadSignalType,
    Wire,
)


class VoiceConsentSignature(Wire):
    """Proof that the speaker of a replicated voice agreed."""

    signature: str | None = None


class SetupComplete(Wire):
    """The setup was accepted. Vertex names the session, the Developer API sends `{}`."""

    session_id: str | None = None
    voice_consent_signature: VoiceConsentSignature | None = None


class WordInfo(Wire):
    """One word of a transcript and when it was said."""

    word: str | None = None
    start_offset: str | None = None
    end_offset: str | None = None


class Transcription(Wire):
    """A piece of what was said. `finished` is set only on Vertex in practice."""

    text: str | None = None
    finished: bool | None = None
    language_code: str | None = None
    speaker_label: str | None = None
    words: list[WordInfo] | None = None
    start_offset: str | None = None
    end_offset: str | None = None


class ServerContent(Wire):
    """The model's turn as it comes: content, transcripts, and the moments it is over.

    `generation_complete`, `turn_complete` and `interrupted` are three different moments. `interrupted` may
    come after `generation_complete`, because the server simulates playback.
    """

    model_turn: Content | None = None
    generation_complete: bool | None = None
    turn_complete: bool | None = None
    interrupted: bool | None = None
    input_transcription: Transcription | None = None
    output_transcription: Transcription | None = None
    interim_input_transcription: Transcription | None = None
    grounding_metadata: dict[str, Any] | None = None
    url_context_metadata: dict[str, Any] | None = None
    turn_complete_reason: TurnCompleteReason | None = None
    waiting_for_input: bool | None = None
    interaction_status: InteractionStatus | None = None
    speech_state: Any = None


class ServerToolCall(Wire):
    """The model calls one or more functions."""

    function_calls: list[FunctionCall] | None = None


class ToolCallCancellation(Wire):
    """Calls that need not be answered any more, sent on barge-in by 2.5 and 3.1, never seen on 3.8."""

    ids: list[str] | None = None


class ModalityTokenCount(Wire):
    """Tokens of one modality. A count of 0 is left out on the wire."""

    modality: MediaModality | None = None
    token_count: int = 0


class UsageMetadata(Wire):
    """Tokens of one response, not a running sum.

    Vertex calls the response's tokens `candidates…`; `response_tokens` and `response_by_modality` read
    either. The details need not add up to the totals, and thoughts lie outside the total on 3.8 (PROTOCOL.md
    §3.1).
    """

    prompt_token_count: int | None = None
    response_token_count: int | None = None
    candidates_token_count: int | None = None
    total_token_count: int | None = None
    cached_content_token_count: int | None = None
    prompt_tokens_details: list[ModalityTokenCount] | None = None
    cache_tokens_details: list[ModalityTokenCount] | None = None
    response_tokens_details: list[ModalityTokenCount] | None = None
    candidates_tokens_details: list[ModalityTokenCount] | None = None
    tool_use_prompt_token_count: int | None = None
    tool_use_prompt_tokens_details: list[ModalityTokenCount] | None = None
    thoughts_token_count: int | None = None
    traffic_type: TrafficType | None = None
    service_tier: str | None = None

    @property
    def response_tokens(self) -> int:
        """Tokens of the reply, under whichever name they came; 0 where the server left them out."""
        return self.response_token_count or self.candidates_token_count or 0

    def prompt_by_modality(self) -> dict[str, int]:
        """Tokens of the prompt by modality, such as `{"TEXT": 332, "AUDIO": 165}`."""
        return _by_modality(self.prompt_tokens_details)

    def response_by_modality(self) -> dict[str, int]:
        """Tokens of the reply by modality, under whichever name they came."""
        return _by_modality(self.response_tokens_details or self.candidates_tokens_details)


def _by_modality(details: list[ModalityTokenCount] | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for detail in details or ():
        name = detail.modality or "MODALITY_UNSPECIFIED"
        counts[name] = counts.get(name, 0) + detail.token_count
    return counts


class GoAway(Wire):
    """The connection will end soon: `time_left` is a duration such as `"50s"`, absent for none."""

    time_left: str | None = None

    @property
    def seconds(self) -> float:
        """Time left in seconds; 0 where the server did not say or said it unreadably."""
        return seconds(self.time_left)


class SessionResumptionUpdate(Wire):
    """A handle to go on with this conversation later; without one, it cannot be resumed now.

    A handle opens the whole conversation to whoever holds it: treat it like a key.
    """

    new_handle: str | None = None
    resumable: bool | None = None
    last_consumed_client_message_index: Int64 | None = None


class VoiceActivity(Wire):
    """The server heard speech begin or end.

    `audio_offset` counts the session's audio, resumed connections included.
    """

    type: ActivityType | None = None
    audio_offset: str | None = None

    @property
    def seconds(self) -> float:
        """`audio_offset` in seconds, 0 where it is absent."""
        return seconds(self.audio_offset)


class VoiceActivityDetectionSignal(Wire):
    """An older, allow-listed form of `VoiceActivity`."""

    vad_signal_type: VadSignalType | None = None


class ServerMessage(Wire):
    """One frame from the server."""

    setup_complete: SetupComplete | None = None
    server_content: ServerContent | None = None
    tool_call: ServerToolCall | None = None
    tool_call_cancellation: ToolCallCancellation | None = None
    usage_metadata: UsageMetadata | None = None
    go_away: GoAway | None = None
    session_resumption_update: SessionResumptionUpdate | None = None
    voice_activity: VoiceActivity | None = None
    voice_activity_detection_signal: VoiceActivityDetectionSignal | None = None
    # The docs draw it here, the server sends it inside serverContent (PROTOCOL.md §9).
    interaction_status: InteractionStatus | None = None

    @property
    def interaction(self) -> str | None:
        """`interaction_status` from wherever it came."""
        content = self.server_content
        return (content.interaction_status if content is not None else None) or self.interaction_status
