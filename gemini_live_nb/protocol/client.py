"""What we may send (PROTOCOL.md §2): one field of `ClientMessage` in each frame, `setup` first and once."""

from __future__ import annotations

from typing import Any

from .content import Blob, Content, FunctionDeclaration, FunctionResponse
from .wire import (
    ActivityHandling,
    EndSensitivity,
    Int64,
    MediaResolution,
    ResponseModality,
    StartSensitivity,
    TurnCoverage,
    Wire,
)


class PrebuiltVoiceConfig(Wire):
    """One of Google's own voices, by name: `models.VOICES`."""

    voice_name: str | None = None


class ReplicatedVoiceConfig(Wire):
    """A voice made from a sample, where the project is allowed to."""

    mime_type: str | None = None
    voice_sample_audio: bytes | None = None
    consent_audio: bytes | None = None
    voice_consent_signature: dict[str, Any] | None = None


class VoiceConfig(Wire):
    """Which voice speaks."""

    prebuilt_voice_config: PrebuiltVoiceConfig | None = None
    replicated_voice_config: ReplicatedVoiceConfig | None = None
    voice: str | None = None


class SpeechConfig(Wire):
    """How the model speaks."""

    language_code: str | None = None
    voice_config: VoiceConfig | None = None
    # Part of the API, refused by google-genai for Live; kept so that what others send can be read.
    multi_speaker_voice_config: dict[str, Any] | None = None


class ThinkingConfig(Wire):
    """How much the model thinks: a budget on 2.5, a level on 3.1 and extended 3.8, refused on 3.8-live."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class TranslationConfig(Wire):
    """For the live-translate models."""

    target_language_code: str | None = None
    echo_target_language: bool | None = None


class GenerationConfig(Wire):
    """How the reply is generated. `response_modalities` takes one value on Live."""

    response_modalities: list[ResponseModality] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    max_output_tokens: int | None = None
    seed: int | None = None
    candidate_count: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    media_resolution: MediaResolution | None = None
    speech_config: SpeechConfig | None = None
    thinking_config: ThinkingConfig | None = None
    enable_affective_dialog: bool | None = None
    translation_config: TranslationConfig | None = None
    # Known to generateContent, refused on Live (PROTOCOL.md §2.2); kept so that what others send can be read.
    stop_sequences: list[str] | None = None
    response_mime_type: str | None = None
    response_schema: dict[str, Any] | None = None
    response_json_schema: Any = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    audio_timestamp: bool | None = None
    routing_config: dict[str, Any] | None = None
    model_selection_config: dict[str, Any] | None = None
    enable_enhanced_civic_answers: bool | None = None
    response_format: Any = None
    audio_transcription_config: dict[str, Any] | None = None


class AutomaticActivityDetection(Wire):
    """How the server tells that you speak. `disabled`: you mark it with activityStart and activityEnd."""

    disabled: bool | None = None
    start_of_speech_sensitivity: StartSensitivity | None = None
    prefix_padding_ms: int | None = None
    end_of_speech_sensitivity: EndSensitivity | None = None
    silence_duration_ms: int | None = None


class RealtimeInputConfig(Wire):
    """What live input does: when a turn begins, what it interrupts, what it includes."""

    automatic_activity_detection: AutomaticActivityDetection | None = None
    activity_handling: ActivityHandling | None = None
    turn_coverage: TurnCoverage | None = None
    interim_transcript_timestamp_enabled: bool | None = None


class SessionResumptionConfig(Wire):
    """`{}` asks for handles, `handle` resumes; `transparent` is Vertex only."""

    handle: str | None = None
    transparent: bool | None = None


class SlidingWindow(Wire):
    """Keep this many tokens of the conversation's end (default: half of the trigger)."""

    target_tokens: Int64 | None = None


class ContextWindowCompressionConfig(Wire):
    """Drop the conversation's beginning once it holds `trigger_tokens` (default: 80 % of the window)."""

    trigger_tokens: Int64 | None = None
    sliding_window: SlidingWindow | None = None


class AudioTranscriptionConfig(Wire):
    """Present, even empty, it turns transcription on; most fields serve the transcribe models."""

    language_codes: list[str] | None = None
    custom_vocabulary: list[str] | None = None
    word_timestamp: bool | None = None
    diarization: bool | None = None
    mode: str | None = None
    source_text: str | None = None
    language_auto: dict[str, Any] | None = None
    language_hints: dict[str, Any] | None = None
    adaptation_phrases: list[str] | None = None


class ProactivityConfig(Wire):
    """Let the model decide not to answer. v1alpha only."""

    proactive_audio: bool | None = None
    proactive_video: bool | None = None


class HistoryConfig(Wire):
    """The first clientContent is history, not a question."""

    initial_history_in_client_content: bool | None = None


class CustomizedAvatar(Wire):
    """A picture to make an avatar of."""

    image_mime_type: str | None = None
    image_data: bytes | None = None


class AvatarConfig(Wire):
    """A talking picture beside the voice."""

    avatar_name: str | None = None
    customized_avatar: CustomizedAvatar | None = None
    audio_bitrate_bps: int | None = None
    video_bitrate_bps: int | None = None


class SafetySetting(Wire):
    """What to block. The Developer API refused it on 2026-08-20 (PROTOCOL.md §2.2)."""

    category: str | None = None
    method: str | None = None
    threshold: str | None = None


class Tool(Wire):
    """Functions of ours, or a tool the server runs itself."""

    function_declarations: list[FunctionDeclaration] | None = None
    google_search: dict[str, Any] | None = None
    code_execution: dict[str, Any] | None = None
    url_context: dict[str, Any] | None = None
    google_search_retrieval: dict[str, Any] | None = None
    google_maps: dict[str, Any] | None = None
    enterprise_web_search: dict[str, Any] | None = None
    retrieval: dict[str, Any] | None = None
    computer_use: dict[str, Any] | None = None
    file_search: dict[str, Any] | None = None
    parallel_ai_search: dict[str, Any] | None = None
    exa_ai_search: dict[str, Any] | None = None
    mcp_servers: list[dict[str, Any]] | None = None


class Setup(Wire):
    """The first frame: which model, and how it is to behave."""

    model: str | None = None
    generation_config: GenerationConfig | None = None
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    realtime_input_config: RealtimeInputConfig | None = None
    session_resumption: SessionResumptionConfig | None = None
    context_window_compression: ContextWindowCompressionConfig | None = None
    input_audio_transcription: AudioTranscriptionConfig | None = None
    output_audio_transcription: AudioTranscriptionConfig | None = None
    proactivity: ProactivityConfig | None = None
    explicit_vad_signal: bool | None = None
    history_config: HistoryConfig | None = None
    avatar_config: AvatarConfig | None = None
    safety_settings: list[SafetySetting] | None = None
    labels: dict[str, str] | None = None


class ClientContent(Wire):
    """Turns appended in order; `turn_complete` asks for a reply now. It interrupts a running reply."""

    turns: list[Content] | None = None
    turn_complete: bool | None = None


class ActivityStart(Wire):
    """The user begins to speak; only with automatic detection disabled."""


class ActivityEnd(Wire):
    """The user has spoken; the reply begins at once."""


class RealtimeInput(Wire):
    """Live input: sound, pictures, text. `media_chunks` is the deprecated form, refused from 3.1 on."""

    audio: Blob | None = None
    video: Blob | None = None
    text: str | None = None
    audio_stream_end: bool | None = None
    activity_start: ActivityStart | None = None
    activity_end: ActivityEnd | None = None
    media_chunks: list[Blob] | None = None


class ToolResponse(Wire):
    """Answers to function calls."""

    function_responses: list[FunctionResponse] | None = None


class ContextUpdateTools(Wire):
    """A wrapper, so that no tools (`[]`) differs from tools not mentioned."""

    tools: list[Tool] | None = None


class ContextUpdate(Wire):
    """Replace instructions or tools in mid-session; what is not set stays."""

    system_instruction: Content | None = None
    tools: ContextUpdateTools | None = None


class ClientMessage(Wire):
    """One frame from us."""

    setup: Setup | None = None
    client_content: ClientContent | None = None
    realtime_input: RealtimeInput | None = None
    tool_response: ToolResponse | None = None
    context_update: ContextUpdate | None = None
    # The setup as Google's raw-WebSocket guide spells it; the real server refuses it (PROTOCOL.md §2.1).
    config: dict[str, Any] | None = None
