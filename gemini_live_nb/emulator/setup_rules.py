"""Whether the service would take a setup that reads well: models, modalities, thinking, tools, ranges."""

from __future__ import annotations

import re

from gemini_live_nb.protocol.client import GenerationConfig, Setup
from gemini_live_nb.protocol.models import (
    REFUSED_GENERATION,
    TRIGGER_TOKENS,
    VOICES,
    Family,
    bare_name,
    family,
)

from .doors import Door
from .profiles import PROFILES, Profile
from .refusals import refuse

# API reference of FunctionDeclaration.name. How a Live session refuses another: [I].
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")

# Live on both surfaces, as their model pages say (PROTOCOL.md 4.6).
_BOTH_SURFACES = {"3.8-live", "3.8-extended", "3.5-transcribe"}

# API reference of SpeechConfig.languageCode, for the models up to 2.5; later ones know 70 and 97 languages.
_LANGUAGES_2_5 = frozenset(
    [
        "de-DE",
        "en-AU",
        "en-GB",
        "en-IN",
        "en-US",
        "es-US",
        "fr-FR",
        "hi-IN",
        "pt-BR",
        "ar-XA",
        "es-ES",
        "fr-CA",
        "id-ID",
        "it-IT",
        "ja-JP",
        "tr-TR",
        "vi-VN",
        "bn-IN",
        "gu-IN",
        "kn-IN",
        "ml-IN",
        "mr-IN",
        "ta-IN",
        "te-IN",
        "nl-NL",
        "ko-KR",
        "cmn-CN",
        "pl-PL",
        "ru-RU",
        "th-TH",
    ]
)


def profile_for(setup: Setup, at: Door, override: Profile | None) -> Profile:
    """The family to play for a setup.

    Raises:
        Refused: no such model here, or it is retired.
    """
    model = setup.model or ""
    if override is not None:
        return override
    if not at.dialect.vertex and not model.startswith("models/"):
        raise refuse("invalid_argument")
    found = family(model)
    served = found is not None and (found.vertex == at.dialect.vertex or found.name in _BOTH_SURFACES)
    if found is not None and found.retired and not at.dialect.vertex:
        raise refuse("retired_model", model=bare_name(model))
    if found is None or not served:
        name = "unknown_vertex_model" if at.dialect.vertex else "unknown_model"
        raise refuse(name, model=model, version=at.dialect.version)
    profile = PROFILES[found.name]
    return profile.on_vertex() if at.dialect.vertex and not found.vertex else profile


def check_setup(setup: Setup, at: Door, override: Profile | None) -> Profile:
    """The family to play, once the whole setup has passed.

    Raises:
        Refused: with the service's own code and words, where they are known; else as an invalid argument.
    """
    if not setup.model:
        raise refuse("invalid_argument")
    profile = profile_for(setup, at, override)
    generation = setup.generation_config or GenerationConfig()
    _check_modalities(generation, profile.family)
    _check_thinking(generation, profile)
    _check_generation(generation, profile, setup.model)
    _check_session(setup, profile)
    _check_tools(setup, profile.family)
    return profile


def _check_modalities(generation: GenerationConfig, known: Family) -> None:
    asked = generation.response_modalities or []
    if len(set(asked)) > 1:
        raise refuse("invalid_argument")
    for modality in asked:
        if modality not in known.modalities:
            raise refuse("text_modality", modality=modality)


def _check_thinking(generation: GenerationConfig, profile: Profile) -> None:
    known = profile.family
    thinking = generation.thinking_config
    level = thinking.thinking_level if thinking else None
    if known.thinking == "required" and not level:
        raise refuse("thinking_level_missing")
    if known.thinking == "refused" and thinking is not None:
        if not level:  # a budget is refused as well, in words nobody has quoted
            raise refuse("invalid_argument")
        raise refuse(profile.thinking_refusal)
    if level and known.thinking_levels and level.upper() not in known.thinking_levels:
        raise refuse("thinking_level", level=level.upper())


def _check_generation(generation: GenerationConfig, profile: Profile, model: str) -> None:
    encoded = dict(zip(generation.__struct_encode_fields__, generation.__struct_fields__, strict=True))
    if any(getattr(generation, encoded[name]) is not None for name in REFUSED_GENERATION if name in encoded):
        raise refuse("invalid_argument")
    if generation.temperature is not None and not 0 <= generation.temperature <= 2:
        raise refuse("invalid_argument")
    if (generation.candidate_count or 1) > 1 or (generation.max_output_tokens or 1) < 1:
        raise refuse("invalid_argument")
    unfeeling = profile.family.affective_dialog is False and not profile.affect_closes_later
    if generation.enable_affective_dialog and unfeeling:
        raise refuse("invalid_argument")
    speech = generation.speech_config
    if speech is None:
        return
    language = speech.language_code
    if language and profile.family.thinking == "budget" and language not in _LANGUAGES_2_5:
        raise refuse("language_code", language=language, model=model)
    prebuilt = speech.voice_config.prebuilt_voice_config if speech.voice_config else None
    if prebuilt and prebuilt.voice_name and prebuilt.voice_name.capitalize() not in VOICES:
        raise refuse("invalid_argument")


def _check_session(setup: Setup, profile: Profile) -> None:
    for part in (setup.system_instruction.parts or []) if setup.system_instruction else []:
        if part.text is None:
            raise refuse("invalid_argument")
    proactivity = setup.proactivity
    if proactivity and proactivity.proactive_audio is False and profile.family.proactive_audio == "always":
        raise refuse("invalid_argument")
    compression = setup.context_window_compression
    if compression is None:
        return
    low, high = TRIGGER_TOKENS
    trigger = compression.trigger_tokens
    target = compression.sliding_window.target_tokens if compression.sliding_window else None
    if trigger is not None and not low <= trigger <= max(high, profile.context_window):
        raise refuse("invalid_argument")
    if target is not None and not 0 <= target <= (trigger or profile.context_window):
        raise refuse("invalid_argument")


def _check_tools(setup: Setup, known: Family) -> None:
    declared = [f for tool in setup.tools or () for f in tool.function_declarations or ()]
    names = [function.name for function in declared]
    if not all(name and _NAME.fullmatch(name) for name in names) or len(set(names)) != len(names):
        raise refuse("invalid_argument")
    for function in declared:
        if function.behavior == "BLOCKING" and function.behavior not in known.behaviors:
            raise refuse("blocking_refused")
    for tool in setup.tools or ():
        if tool.code_execution is not None and known.code_execution == "refused":
            raise refuse("code_execution")
