"""`LiveConfig`: everything a session can be set to, flat, under the wire's own names in snake_case.

It encodes only what is set, so that what you did not choose stays the server's choice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ConfigError
from . import checks, given
from .client import (
    AudioTranscriptionConfig,
    AutomaticActivityDetection,
    AvatarConfig,
    ClientMessage,
    ContextWindowCompressionConfig,
    GenerationConfig,
    HistoryConfig,
    PrebuiltVoiceConfig,
    ProactivityConfig,
    RealtimeInputConfig,
    ReplicatedVoiceConfig,
    SafetySetting,
    SessionResumptionConfig,
    Setup,
    SlidingWindow,
    SpeechConfig,
    ThinkingConfig,
    TranslationConfig,
    VoiceConfig,
)
from .codec import encode, merged
from .content import Content, FunctionDeclaration
from .models import DEFAULT_MODEL, family
from .wire import Wire


@dataclass(frozen=True, kw_only=True)
class LiveConfig:
    """What a session is set to. `None` leaves a setting out, and then the server has its own default.

    Objects of the API may be given as its structures or as dicts, in either spelling.

    Args:
        model: Such as `gemini-3.8-live`; `models/` is put before it.
        system_instruction: What the model is told about itself: text, or a `Content`.
        voice_name: One of `models.VOICES`.
        replicated_voice_config: A voice made from a sample, instead of `voice_name`.
        language_code: Such as `de-DE`. Native audio models choose by themselves and refuse some codes.
        response_modalities: `["AUDIO"]` or `["TEXT"]`; one only.
        temperature, top_p, top_k, max_output_tokens, seed, candidate_count: How the reply is generated.
        presence_penalty, frequency_penalty: How repetition is weighed.
        media_resolution: `MEDIA_RESOLUTION_LOW`, `_MEDIUM` or `_HIGH`: tokens for each picture.
        thinking_budget: Tokens of thought (2.5); 0 turns thinking off.
        thinking_level: `MINIMAL` … `HIGH` (3.1, 3.8 extended).
        include_thoughts: Send summaries of the thoughts too.
        enable_affective_dialog: Let tone answer tone (2.5 on v1alpha).
        proactive_audio, proactive_video: Let the model not answer (v1alpha).
        input_audio_transcription: What you said, as text: True, or a configuration.
        output_audio_transcription: What the model says, as text: True, or a configuration.
        automatic_activity_detection: False: you mark speech with activity_start and activity_end.
        start_of_speech_sensitivity: `START_SENSITIVITY_HIGH` or `START_SENSITIVITY_LOW`.
        end_of_speech_sensitivity: `END_SENSITIVITY_HIGH` or `END_SENSITIVITY_LOW`.
        prefix_padding_ms: Milliseconds of speech before it counts as begun.
        silence_duration_ms: Milliseconds of silence that end a turn.
        activity_handling: `START_OF_ACTIVITY_INTERRUPTS` or `NO_INTERRUPTION`.
        turn_coverage: `TURN_INCLUDES_ONLY_ACTIVITY`, `TURN_INCLUDES_ALL_INPUT` or
            `TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO`.
        interim_transcript_timestamp_enabled: Times in interim transcripts.
        session_resumption: Ask for handles to resume with.
        session_resumption_handle: Resume the conversation of this handle.
        transparent: Vertex only: tell which message was consumed last, so that a resumed session sends again
            exactly what was not, sound too. The server then answers each message with a new handle.
        context_window_compression: Let the conversation's beginning go when the context is full. Sessions ask
            for it unless it is False: without it they end after 15 minutes, 2 with pictures.
        trigger_tokens: … when it holds this many.
        target_tokens: … down to this many.
        initial_history_in_client_content: The first clientContent is history.
        explicit_vad_signal: Vertex only: ask for voiceActivity.
        tools: Python functions, declarations (dicts), or tools of the server by name (`"google_search"`).
        translation_config, safety_settings, labels, avatar_config: As in the API.
        extra: JSON merged deep into the setup, names as on the wire: for fields newer than this package.
        setup_form: `"setup"`, or `"config"` for the form in Google's raw-WebSocket guide, which the real
            server refuses (PROTOCOL.md §2.1).

    Example:
        >>> LiveConfig(model="gemini-3.8-live", temperature=0.5).frame()
        '{"setup":{"model":"models/gemini-3.8-live","generationConfig":{"temperature":0.5}}}'
    """

    model: str | None = None
    system_instruction: str | Content | Mapping[str, Any] | None = None
    voice_name: str | None = None
    replicated_voice_config: ReplicatedVoiceConfig | Mapping[str, Any] | None = None
    language_code: str | None = None
    response_modalities: Sequence[str] | str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    max_output_tokens: int | None = None
    seed: int | None = None
    candidate_count: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    media_resolution: str | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None
    include_thoughts: bool | None = None
    enable_affective_dialog: bool | None = None
    proactive_audio: bool | None = None
    proactive_video: bool | None = None
    input_audio_transcription: bool | AudioTranscriptionConfig | Mapping[str, Any] | None = None
    output_audio_transcription: bool | AudioTranscriptionConfig | Mapping[str, Any] | None = None
    automatic_activity_detection: bool | None = None
    start_of_speech_sensitivity: str | None = None
    end_of_speech_sensitivity: str | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    activity_handling: str | None = None
    turn_coverage: str | None = None
    interim_transcript_timestamp_enabled: bool | None = None
    session_resumption: bool | None = None
    session_resumption_handle: str | None = None
    transparent: bool | None = None
    context_window_compression: bool | None = None
    trigger_tokens: int | None = None
    target_tokens: int | None = None
    initial_history_in_client_content: bool | None = None
    explicit_vad_signal: bool | None = None
    tools: Sequence[given.ToolSpec] = ()
    translation_config: TranslationConfig | Mapping[str, Any] | None = None
    safety_settings: Sequence[SafetySetting | Mapping[str, Any]] | None = None
    labels: Mapping[str, str] | None = None
    avatar_config: AvatarConfig | Mapping[str, Any] | None = None
    extra: Mapping[str, Any] | None = None
    setup_form: Literal["setup", "config"] = "setup"

    def __post_init__(self) -> None:
        if isinstance(self.response_modalities, str):
            object.__setattr__(self, "response_modalities", (self.response_modalities,))
        object.__setattr__(self, "tools", given.listed(self.tools))
        given.check_extra(self.extra)
        if self.setup_form not in ("setup", "config"):
            raise ConfigError(f'setup_form is "setup" or "config", not {self.setup_form!r}.')

    @classmethod
    def defaults(cls) -> LiveConfig:
        """Return what a session is set to where you say nothing.

        Sound out, both transcripts, and no end: resumable when a connection breaks, and compressed, because
        without compression a session ends after 15 minutes, 2 with pictures (PROTOCOL.md §4.3). The price is
        that a full context lets go of the conversation's beginning (the system instruction stays); `False`
        keeps all of it and ends instead.
        """
        return cls(
            model=DEFAULT_MODEL,
            response_modalities=("AUDIO",),
            input_audio_transcription=True,
            output_audio_transcription=True,
            session_resumption=True,
            context_window_compression=True,
        )

    def filled(self) -> LiveConfig:
        """Return a copy in which what is not set has its value from `defaults`.

        A model that only answers in text is asked for text; one that is not known to compress is not asked
        to.
        """
        base = {name: value for name, value in _set_fields(self.defaults()) if getattr(self, name) is None}
        known = family(self.model)
        if "response_modalities" in base and known is not None and "AUDIO" not in known.modalities:
            base["response_modalities"] = known.modalities[:1]
        if known is not None and not known.compresses:
            base.pop("context_window_compression", None)
        return self.replace(**base)

    def replace(self, **changes: Any) -> LiveConfig:
        """Return a changed copy; `None` unsets.

        >>> LiveConfig(voice_name="Kore").replace(voice_name="Puck").voice_name
        'Puck'
        """
        return dataclasses.replace(self, **changes)

    @property
    def functions(self) -> tuple[Any, ...]:
        """The tools that are Python objects of yours, for `session` to make declarations of."""
        return tuple(tool for tool in self.tools if not isinstance(tool, str | Mapping | Wire))

    def check(
        self, declarations: Sequence[FunctionDeclaration] = (), *, version: str = "v1beta"
    ) -> list[str]:
        """Say what this model is known to refuse or ignore in these settings. Never stops anything.

        Args:
            declarations: Of the Python functions among the tools.
            version: API version of the endpoint.

        Returns:
            Sentences, none for a model that is not in the table (`models.FAMILIES`).

        >>> LiveConfig(model="gemini-3.8-live", proactive_audio=False).check(version="v1alpha")
        ['gemini-3.8-live refuses `proactiveAudio: false`: it is always on. Leave proactive_audio unset.']
        """
        try:
            setup = self.setup(declarations)
        except ConfigError as refusal:
            return [refusal.message]
        return checks.warnings(self, setup, version)

    def setup(self, declarations: Sequence[FunctionDeclaration] = ()) -> Setup:
        """Return the setup message, `extra` left out.

        Args:
            declarations: Of the Python functions among the tools, made by `session.tools`.

        Raises:
            ConfigError: a value of a wrong type, or a tool that is unknown.
        """
        made = Setup(
            model=given.model_path(self.model),
            generation_config=given.unless_empty(self._generation()),
            system_instruction=given.instruction(self.system_instruction),
            tools=given.tools(self.tools, declarations) or None,
            realtime_input_config=given.unless_empty(self._realtime()),
            session_resumption=self._resumption(),
            context_window_compression=self._compression(),
            input_audio_transcription=given.switch(self.input_audio_transcription, AudioTranscriptionConfig),
            output_audio_transcription=given.switch(
                self.output_audio_transcription, AudioTranscriptionConfig
            ),
            proactivity=given.unless_empty(
                ProactivityConfig(proactive_audio=self.proactive_audio, proactive_video=self.proactive_video)
            ),
            explicit_vad_signal=self.explicit_vad_signal,
            history_config=given.unless_empty(
                HistoryConfig(initial_history_in_client_content=self.initial_history_in_client_content)
            ),
            avatar_config=given.struct(self.avatar_config, AvatarConfig),
            safety_settings=given.structs(self.safety_settings, SafetySetting),
            labels=None if self.labels is None else dict(self.labels),
        )
        given.check_types(made)
        return made

    def frame(self, declarations: Sequence[FunctionDeclaration] = ()) -> str:
        """Return the first frame as JSON, `extra` merged in and in the form asked for."""
        setup = self.setup(declarations)
        if self.setup_form == "setup":
            return encode(ClientMessage(setup=setup), {"setup": self.extra} if self.extra else None)
        return encode(ClientMessage(config=merged(given.as_guide(setup), self.extra or {})))

    def _generation(self) -> GenerationConfig:
        voice = VoiceConfig(
            prebuilt_voice_config=given.unless_empty(PrebuiltVoiceConfig(voice_name=self.voice_name)),
            replicated_voice_config=given.struct(self.replicated_voice_config, ReplicatedVoiceConfig),
        )
        speech = SpeechConfig(language_code=self.language_code, voice_config=given.unless_empty(voice))
        thinking = ThinkingConfig(
            include_thoughts=self.include_thoughts,
            thinking_budget=self.thinking_budget,
            thinking_level=self.thinking_level,
        )
        return GenerationConfig(
            response_modalities=None if self.response_modalities is None else list(self.response_modalities),
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_output_tokens=self.max_output_tokens,
            seed=self.seed,
            candidate_count=self.candidate_count,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            media_resolution=self.media_resolution,
            speech_config=given.unless_empty(speech),
            thinking_config=given.unless_empty(thinking),
            enable_affective_dialog=self.enable_affective_dialog,
            translation_config=given.struct(self.translation_config, TranslationConfig),
        )

    def _realtime(self) -> RealtimeInputConfig:
        automatic = self.automatic_activity_detection
        detection = AutomaticActivityDetection(
            disabled=None if automatic is None else not automatic,
            start_of_speech_sensitivity=self.start_of_speech_sensitivity,
            prefix_padding_ms=self.prefix_padding_ms,
            end_of_speech_sensitivity=self.end_of_speech_sensitivity,
            silence_duration_ms=self.silence_duration_ms,
        )
        return RealtimeInputConfig(
            automatic_activity_detection=given.unless_empty(detection),
            activity_handling=self.activity_handling,
            turn_coverage=self.turn_coverage,
            interim_transcript_timestamp_enabled=self.interim_transcript_timestamp_enabled,
        )

    def _resumption(self) -> SessionResumptionConfig | None:
        asked = SessionResumptionConfig(handle=self.session_resumption_handle, transparent=self.transparent)
        return asked if self.session_resumption else given.unless_empty(asked)

    def _compression(self) -> ContextWindowCompressionConfig | None:
        limits = (self.trigger_tokens, self.target_tokens)
        if self.context_window_compression is False or (
            not self.context_window_compression and limits == (None, None)
        ):
            return None
        # slidingWindow is the only mechanism there is, and one must be named (REF).
        window = SlidingWindow(target_tokens=self.target_tokens)
        return ContextWindowCompressionConfig(trigger_tokens=self.trigger_tokens, sliding_window=window)

    def __repr__(self) -> str:
        shown = {name: value for name, value in _set_fields(self) if name != "session_resumption_handle"}
        handle = ["session_resumption_handle=…"] if self.session_resumption_handle else []
        return f"LiveConfig({', '.join([f'{name}={value!r}' for name, value in shown.items()] + handle)})"


def _set_fields(config: LiveConfig) -> list[tuple[str, Any]]:
    """What is set, by name."""
    fields = (
        (field.name, getattr(config, field.name), field.default) for field in dataclasses.fields(config)
    )
    return [(name, value) for name, value, default in fields if value != default]
