"""What `LiveConfig.check` has to say: settings held against the model table, in words a newcomer can act on.

Each check is a small generator over the config, the setup made of it and the model's family. What the table
does not know is not warned of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import inspect

from . import client
from .models import (
    MINUTES_OF_AUDIO,
    MINUTES_OF_CONNECTION,
    MINUTES_OF_VIDEO,
    REFUSED_GENERATION,
    TRIGGER_TOKENS,
    V1ALPHA_ONLY,
    VERTEX_ONLY,
    VOICES,
    Family,
    bare_name,
    family,
)

if TYPE_CHECKING:
    from .config import LiveConfig

# §2.2 R (livekit/agents#7349): schema keywords outside this list close the session with 1007.
_SCHEMA_KEYWORDS = {
    "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties",
    "required", "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf",
    "propertyOrdering", "default", "items", "minimum", "maximum",
}  # fmt: skip


def warnings(config: LiveConfig, setup: client.Setup, version: str) -> list[str]:
    """Return every sentence about these settings; none where nothing is known against them."""
    known = family(config.model)
    found = [*_form(config), *_versions(config, known, version), *_values(config), *_extra(config)]
    found += [*_sizes(config, known), *_schemas(setup)]
    if known is not None:
        name = bare_name(config.model or "")
        for check in (_model, _modality, _thinking, _dialog, _voice, _tools):
            found += check(config, setup, known, name)
    return found


def _form(config: LiveConfig) -> Iterator[str]:
    if config.model is None:
        yield "No model is set: the server requires one."
    if config.setup_form == "config":
        yield (
            'setup_form="config" is how Google\'s guide writes it; the real server refuses it with 1007 '
            "'Unknown name \"config\"'. Use it only with servers that take it."
        )


def _versions(config: LiveConfig, known: Family | None, version: str) -> Iterator[str]:
    for name in V1ALPHA_ONLY:
        if getattr(config, name) is not None and version != "v1alpha" and not (known and known.vertex):
            yield f'{name} is taken on v1alpha only, and this is {version}: pass version="v1alpha".'
    for name in VERTEX_ONLY:
        if getattr(config, name) is not None and known is not None and not known.vertex:
            yield f"{name} exists on Vertex AI only: the Developer API refuses it with 1007."
    if config.safety_settings is not None and known is not None and not known.vertex:
        yield "safety_settings was refused by the Developer API (1007 unknown name): leave it unset."


# Settings whose values the API lists, and the type that holds the list.
_LISTED: tuple[tuple[str, type, str], ...] = (
    ("media_resolution", client.GenerationConfig, "media_resolution"),
    ("start_of_speech_sensitivity", client.AutomaticActivityDetection, "start_of_speech_sensitivity"),
    ("end_of_speech_sensitivity", client.AutomaticActivityDetection, "end_of_speech_sensitivity"),
    ("activity_handling", client.RealtimeInputConfig, "activity_handling"),
    ("turn_coverage", client.RealtimeInputConfig, "turn_coverage"),
)


def _values(config: LiveConfig) -> Iterator[str]:
    for name, kind, field in _LISTED:
        value = getattr(config, name)
        listed = _listed(kind, field)
        if value is not None and value not in listed:
            yield f"{name}={value!r} is no value of the API; there are {', '.join(listed[1:])}."
    for modality in config.response_modalities or ():
        if modality not in ("AUDIO", "TEXT"):
            yield f"response_modalities has {modality!r}; there are AUDIO and TEXT."
    if config.response_modalities is not None and len(config.response_modalities) > 1:
        yield "response_modalities takes one on Live; for words and sound, ask for AUDIO and transcription."
    if config.candidate_count not in (None, 1):
        yield f"candidate_count={config.candidate_count}: a live session has one reply."
    if config.temperature is not None and not 0 <= config.temperature <= 2:
        yield f"temperature={config.temperature} lies outside 0…2."
    if config.automatic_activity_detection is False and (
        config.start_of_speech_sensitivity or config.end_of_speech_sensitivity or config.silence_duration_ms
    ):
        yield "automatic_activity_detection=False turns detection off: sensitivities and times do nothing."


def _listed(kind: type, field: str) -> tuple[str, ...]:
    info = inspect.type_info(kind)
    members = next(item.type for item in getattr(info, "fields", ()) if item.name == field)
    for member in getattr(members, "types", (members,)):
        if isinstance(member, inspect.Metadata) and member.extra:
            return tuple(member.extra["numbers"])
    return ()


def _extra(config: LiveConfig) -> Iterator[str]:
    extra = config.extra or {}
    generation = extra.get("generationConfig")
    for name in REFUSED_GENERATION:
        if isinstance(generation, Mapping) and name in generation:
            yield f"generationConfig.{name} is not supported on Live."
    for name in ("responseModalities", "temperature", "speechConfig", "thinkingConfig"):
        if name in extra and config.setup_form == "setup":
            yield f"{name} belongs in generationConfig: directly in setup the server refuses it with 1007."
    if "toolConfig" in extra:
        yield "There is no toolConfig on Live."


def _sizes(config: LiveConfig, known: Family | None) -> Iterator[str]:
    trigger, target = config.trigger_tokens, config.target_tokens
    low, high = TRIGGER_TOKENS
    window = known.context_window if known is not None else None
    if trigger is not None and window is not None and window >= high and not low <= trigger <= high:
        yield f"trigger_tokens={trigger} lies outside {low}…{high}, the range reported to be taken."
    if trigger is not None and target is not None and target >= trigger:
        yield f"target_tokens={target} is not below trigger_tokens={trigger}: nothing would be dropped."
    if config.context_window_compression is False:
        yield (
            f"context_window_compression=False: a session ends after {MINUTES_OF_AUDIO} minutes of sound, "
            f"{MINUTES_OF_VIDEO} with pictures."
        )
    if config.session_resumption is False and not config.session_resumption_handle:
        yield (
            f"session_resumption=False: a connection lives {MINUTES_OF_CONNECTION} minutes, and then the "
            "conversation is lost."
        )


def _model(_config: LiveConfig, _setup: client.Setup, known: Family, name: str) -> Iterator[str]:
    if known.retired:
        yield f"{name} is {known.retired}: the server refuses it."


def _modality(config: LiveConfig, _setup: client.Setup, known: Family, name: str) -> Iterator[str]:
    asked = config.response_modalities or ()
    for modality in asked if len(asked) == 1 else ():
        if modality in ("AUDIO", "TEXT") and modality not in known.modalities:
            instead = "AUDIO with output_audio_transcription=True" if modality == "TEXT" else "TEXT"
            yield f"{name} does not answer in {modality} (1007). Use {instead}."


def _thinking(config: LiveConfig, setup: client.Setup, known: Family, name: str) -> Iterator[str]:
    generation = setup.generation_config
    asked = generation is not None and generation.thinking_config is not None
    levels = ", ".join(known.thinking_levels)
    if known.thinking == "refused" and asked:
        yield f"{name} refuses thinkingConfig (1007): leave thinking_… and include_thoughts unset."
    if known.thinking == "required" and not config.thinking_level:
        yield f"{name} requires thinking_level ({levels}): without it, 1007."
    if known.thinking in ("level", "required"):
        if config.thinking_budget is not None:
            yield f"{name} takes thinking_level, not thinking_budget."
        if config.thinking_level is not None and config.thinking_level not in known.thinking_levels:
            yield f"{name} has no thinking_level {config.thinking_level!r}; there are {levels}."
    if known.thinking == "budget" and config.thinking_level is not None:
        yield f"{name} takes thinking_budget (tokens), not thinking_level."


def _dialog(config: LiveConfig, _setup: client.Setup, known: Family, name: str) -> Iterator[str]:
    if config.enable_affective_dialog and known.affective_dialog is False:
        yield f"{name} has no affective dialog, and asking for it ends the session: leave it unset."
    if known.proactive_audio == "always" and config.proactive_audio is False:
        yield f"{name} refuses `proactiveAudio: false`: it is always on. Leave proactive_audio unset."
    if known.proactive_audio == "none" and config.proactive_audio:
        yield f"{name} has no proactive audio. Leave proactive_audio unset."
    if config.translation_config is not None and known.name != "3.5-translate":
        yield f"translation_config serves the live-translate models; {name} is none."


def _voice(config: LiveConfig, _setup: client.Setup, known: Family, name: str) -> Iterator[str]:
    if config.voice_name is not None and config.voice_name not in VOICES:
        yield f"{name} has no voice {config.voice_name!r}; there are {', '.join(VOICES)}."
    if config.language_code is not None and known.name == "2.5-native":
        yield (
            f"{name} chooses its language itself and refuses some codes (1007): to be sure, leave "
            "language_code unset and name the language in system_instruction."
        )


def _tools(_config: LiveConfig, setup: client.Setup, known: Family, name: str) -> Iterator[str]:
    for tool in setup.tools or ():
        if tool.code_execution is not None and known.code_execution == "refused":
            yield f"{name} does not execute code, and refuses the tool (1007): leave code_execution out."
        if tool.code_execution is not None and known.code_execution == "ignored":
            yield f"{name} takes the code_execution tool and never runs code: leave it out."
        for function in tool.function_declarations or ():
            if function.behavior is not None and function.behavior not in known.behaviors:
                allowed = ", ".join(known.behaviors)
                yield f"{name} refuses behavior {function.behavior} (of {function.name}); it takes {allowed}."
            elif function.behavior == "NON_BLOCKING" and known.talks_through_calls is False:
                yield f"{name} takes NON_BLOCKING (of {function.name}), and is silent until the result."


def _schemas(setup: client.Setup) -> Iterator[str]:
    for tool in setup.tools or ():
        for function in tool.function_declarations or ():
            if function.parameters_json_schema is not None:
                yield f"{function.name}: Live ignores parametersJsonSchema; declare `parameters` instead."
            for keyword in sorted(set(_foreign(function.parameters))):
                yield f"{function.name}: Live refuses the schema keyword {keyword!r} in parameters (1007)."


def _foreign(schema: Any) -> Iterator[str]:
    """Find keywords of a parameter schema that the API does not know."""
    if not isinstance(schema, Mapping):
        return
    for keyword, value in schema.items():
        camel = _camel(keyword)
        if camel not in _SCHEMA_KEYWORDS:
            yield keyword
        elif camel == "properties" and isinstance(value, Mapping):
            for property_schema in value.values():
                yield from _foreign(property_schema)
        elif camel == "items":
            yield from _foreign(value)
        elif camel == "anyOf" and isinstance(value, list):
            for option in value:
                yield from _foreign(option)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
