"""LiveConfig: what it sends, and what it warns of."""

from __future__ import annotations

import json

import pytest

from gemini_live_nb.errors import ConfigError
from gemini_live_nb.protocol.client import AudioTranscriptionConfig, TranslationConfig
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import Content, FunctionDeclaration, Part
from gemini_live_nb.protocol.models import DEFAULT_MODEL


def setup(declarations=(), **settings):
    return json.loads(LiveConfig(**settings).frame(declarations))["setup"]


def test_nothing_set_sends_nothing():
    assert setup() == {}
    assert (
        setup(session_resumption=False, input_audio_transcription=False, context_window_compression=False)
        == {}
    )


def test_our_defaults():
    assert json.loads(LiveConfig.defaults().frame()) == {
        "setup": {
            "model": f"models/{DEFAULT_MODEL}",
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "inputAudioTranscription": {},
            "outputAudioTranscription": {},
            "sessionResumption": {},
            "contextWindowCompression": {"slidingWindow": {}},
        }
    }


def test_a_session_has_no_end_unless_you_want_one_or_the_model_is_not_known_to_compress():
    def asks(**settings):
        return "contextWindowCompression" in json.loads(LiveConfig(**settings).filled().frame())["setup"]

    assert all(asks(model=one) for one in ("gemini-3.8-live", "gemini-live-2.5-flash", "a-model-of-2031"))
    assert not asks(model="gemini-3.8-live", context_window_compression=False)
    assert not asks(model="gemini-3.5-transcribe-live")
    assert asks(model="gemini-3.5-transcribe-live", context_window_compression=True)


def test_what_you_set_goes_before_the_defaults():
    filled = LiveConfig(
        model="gemini-3.8-live",
        output_audio_transcription=False,
        session_resumption=False,
        context_window_compression=False,
    ).filled()
    assert json.loads(filled.frame())["setup"] == {
        "model": "models/gemini-3.8-live",
        "generationConfig": {"responseModalities": ["AUDIO"]},
        "inputAudioTranscription": {},
    }
    assert LiveConfig(model="gemini-3.5-transcribe-live").filled().response_modalities == ("TEXT",)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"model": "m"}, {"model": "models/m"}),
        ({"model": "models/m"}, {"model": "models/m"}),
        (
            {"model": "projects/p/locations/l/publishers/google/models/m"},
            {"model": "projects/p/locations/l/publishers/google/models/m"},
        ),
        ({"system_instruction": "Hi"}, {"systemInstruction": {"role": "user", "parts": [{"text": "Hi"}]}}),
        (
            {"system_instruction": Content(parts=[Part(text="Hi")])},
            {"systemInstruction": {"parts": [{"text": "Hi"}]}},
        ),
        (
            {"system_instruction": {"parts": [{"text": "Hi"}]}},
            {"systemInstruction": {"parts": [{"text": "Hi"}]}},
        ),
        (
            {"voice_name": "Kore", "language_code": "de-DE"},
            {
                "generationConfig": {
                    "speechConfig": {
                        "languageCode": "de-DE",
                        "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}},
                    }
                }
            },
        ),
        (
            {"replicated_voice_config": {"mime_type": "audio/wav", "voice_sample_audio": b"\xfb\xff"}},
            {
                "generationConfig": {
                    "speechConfig": {
                        "voiceConfig": {
                            "replicatedVoiceConfig": {"mimeType": "audio/wav", "voiceSampleAudio": "+/8="}
                        }
                    }
                }
            },
        ),
        ({"response_modalities": "AUDIO"}, {"generationConfig": {"responseModalities": ["AUDIO"]}}),
        ({"thinking_budget": 0}, {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}),
        ({"include_thoughts": False}, {"generationConfig": {"thinkingConfig": {"includeThoughts": False}}}),
        ({"temperature": 0}, {"generationConfig": {"temperature": 0}}),
        ({"proactive_audio": False}, {"proactivity": {"proactiveAudio": False}}),
        (
            {"automatic_activity_detection": False},
            {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}},
        ),
        (
            {"automatic_activity_detection": True, "silence_duration_ms": 100},
            {
                "realtimeInputConfig": {
                    "automaticActivityDetection": {"disabled": False, "silenceDurationMs": 100}
                }
            },
        ),
        (
            {"turn_coverage": "TURN_INCLUDES_ALL_INPUT"},
            {"realtimeInputConfig": {"turnCoverage": "TURN_INCLUDES_ALL_INPUT"}},
        ),
        ({"session_resumption": True}, {"sessionResumption": {}}),
        ({"session_resumption_handle": "h"}, {"sessionResumption": {"handle": "h"}}),
        ({"session_resumption": True, "transparent": True}, {"sessionResumption": {"transparent": True}}),
        ({"context_window_compression": True}, {"contextWindowCompression": {"slidingWindow": {}}}),
        (
            {"trigger_tokens": 9000, "target_tokens": 4000},
            {"contextWindowCompression": {"triggerTokens": 9000, "slidingWindow": {"targetTokens": 4000}}},
        ),
        (
            {"input_audio_transcription": {"language_codes": ["en"]}},
            {"inputAudioTranscription": {"languageCodes": ["en"]}},
        ),
        (
            {"output_audio_transcription": AudioTranscriptionConfig(mode="SMART")},
            {"outputAudioTranscription": {"mode": "SMART"}},
        ),
        (
            {"initial_history_in_client_content": True},
            {"historyConfig": {"initialHistoryInClientContent": True}},
        ),
        (
            {"translation_config": TranslationConfig(target_language_code="fr")},
            {"generationConfig": {"translationConfig": {"targetLanguageCode": "fr"}}},
        ),
        ({"labels": {"a": "b"}}, {"labels": {"a": "b"}}),
        (
            {"safety_settings": [{"category": "C", "threshold": "OFF"}]},
            {"safetySettings": [{"category": "C", "threshold": "OFF"}]},
        ),
        ({"extra": {"newThing": 1}}, {"newThing": 1}),
        (
            {"temperature": 1.0, "extra": {"generationConfig": {"newKnob": 2}}},
            {"generationConfig": {"temperature": 1.0, "newKnob": 2}},
        ),
    ],
    ids=str,
)
def test_each_setting_goes_to_its_place(settings, expected):
    assert setup(**settings) == expected


def test_tools_of_every_spelling():
    declaration = FunctionDeclaration(name="of_python")
    made = setup(
        [declaration],
        tools=[
            "google_search",
            {"codeExecution": {}},
            {"name": "bare", "parameters": {"type": "OBJECT"}},
            {"function_declarations": [{"name": "wrapped"}], "url_context": {}},
            FunctionDeclaration(name="struct", behavior="NON_BLOCKING"),
            print,
        ],
    )
    assert made == {
        "tools": [
            {"googleSearch": {}},
            {"codeExecution": {}},
            {"urlContext": {}},
            {
                "functionDeclarations": [
                    {"name": "bare", "parameters": {"type": "OBJECT"}},
                    {"name": "wrapped"},
                    {"name": "struct", "behavior": "NON_BLOCKING"},
                    {"name": "of_python"},
                ]
            },
        ]
    }
    assert LiveConfig(tools=["google_search", print, {"name": "f"}]).functions == (print,)
    assert LiveConfig(tools="google_search").tools == ("google_search",)
    assert LiveConfig(tools=print).functions == (print,)


def test_the_guides_form_is_the_guides():
    config = LiveConfig(
        model="gemini-3.1-flash-live-preview",
        response_modalities=["AUDIO"],
        system_instruction="You are a helpful assistant.",
        setup_form="config",
    )
    assert json.loads(config.frame()) == {
        "config": {
            "model": "models/gemini-3.1-flash-live-preview",
            "responseModalities": ["AUDIO"],
            "systemInstruction": {"parts": [{"text": "You are a helpful assistant."}]},
        }
    }
    more = json.loads(
        config.replace(voice_name="Puck", extra={"x": {"y": 1}}, session_resumption=True).frame()
    )
    assert more["config"]["speechConfig"] == {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}}
    assert more["config"]["x"] == {"y": 1}
    assert more["config"]["sessionResumption"] == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": "hot"}, "setup.generationConfig.temperature"),
        ({"voice_name": 3}, "voiceName"),
        ({"session_resumption_handle": 5}, "sessionResumption.handle"),
        ({"seed": 1.5}, "seed"),
        ({"avatar_config": {"hat": 1}}, "unknown field 'hat'"),
        ({"avatar_config": "hat"}, "AvatarConfig"),
        ({"tools": ["telepathy"]}, "unknown field 'telepathy'"),
        ({"input_audio_transcription": {"language_codes": "en"}}, "expected a list"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_sent_is_refused_with_its_name(settings, words):
    config = LiveConfig(**settings)
    with pytest.raises(ConfigError, match=words) as caught:
        config.setup()
    assert caught.value.hint or "AvatarConfig" in caught.value.message
    assert len(config.check()) == 1


def test_the_form_of_the_setup_is_one_of_two():
    with pytest.raises(ConfigError, match='"setup" or "config"'):
        LiveConfig(setup_form="session")


def test_printing_shows_what_is_set_and_no_handle():
    shown = repr(LiveConfig(voice_name="Kore", session_resumption_handle="secret-handle"))
    assert shown == "LiveConfig(voice_name='Kore', session_resumption_handle=…)"


def test_a_config_is_compared_by_value():
    assert LiveConfig(seed=1) == LiveConfig(seed=1) != LiveConfig(seed=2)


def warnings(version="v1alpha", declarations=(), **settings):
    return LiveConfig(**settings).check(declarations, version=version)


FUNCTION = {"name": "f", "behavior": "BLOCKING"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "gemini-3.8-live", "proactive_audio": False}, "gemini-3.8-live refuses `proactiveAudio: false`"),
        ({"model": "gemini-3.8-live", "thinking_level": "LOW"}, "refuses thinkingConfig"),
        ({"model": "gemini-3.8-live", "include_thoughts": True}, "refuses thinkingConfig"),
        ({"model": "gemini-3.8-live-extended-thinking"}, "requires thinking_level (LOW, MEDIUM, HIGH)"),
        ({"model": "gemini-3.8-live-extended-thinking", "thinking_level": "MINIMAL"}, "no thinking_level 'MINIMAL'"),
        ({"model": "gemini-3.8-live-extended-thinking", "thinking_level": "LOW", "tools": [FUNCTION]}, "refuses behavior BLOCKING (of f)"),
        ({"model": "gemini-3.1-flash-live-preview", "thinking_budget": 5}, "takes thinking_level, not thinking_budget"),
        ({"model": "gemini-3.1-flash-live-preview", "proactive_audio": True}, "has no proactive audio"),
        ({"model": "gemini-3.1-flash-live-preview", "enable_affective_dialog": True}, "no affective dialog"),
        ({"model": "gemini-3.8-live", "enable_affective_dialog": True}, "no affective dialog"),
        ({"model": DEFAULT_MODEL, "thinking_level": "LOW"}, "takes thinking_budget"),
        ({"model": DEFAULT_MODEL, "response_modalities": ["TEXT"]}, "does not answer in TEXT"),
        ({"model": "gemini-3.5-transcribe-live", "response_modalities": ["AUDIO"]}, "does not answer in AUDIO"),
        ({"model": DEFAULT_MODEL, "response_modalities": ["AUDIO", "TEXT"]}, "takes one on Live"),
        ({"model": DEFAULT_MODEL, "response_modalities": ["SMELL"]}, "there are AUDIO and TEXT"),
        ({"model": DEFAULT_MODEL, "voice_name": "Bob"}, "has no voice 'Bob'"),
        ({"model": DEFAULT_MODEL, "language_code": "cs-CZ"}, "chooses its language itself"),
        ({"model": "gemini-live-2.5-flash", "thinking_level": "LOW"}, "refuses thinkingConfig"),
        ({"model": "gemini-3.1-flash-live-preview", "tools": ["code_execution"]}, "never runs code"),
        ({"model": "gemini-3.1-flash-live-preview", "tools": [{**FUNCTION, "behavior": "NON_BLOCKING"}]}, "silent until the result"),
        ({"model": DEFAULT_MODEL, "tools": ["code_execution"]}, "does not execute code"),
        ({"model": DEFAULT_MODEL, "transparent": True}, "Vertex AI only"),
        ({"model": DEFAULT_MODEL, "explicit_vad_signal": True}, "Vertex AI only"),
        ({"model": DEFAULT_MODEL, "safety_settings": []}, "safety_settings"),
        ({"model": DEFAULT_MODEL, "translation_config": {}}, "live-translate models"),
        ({"model": DEFAULT_MODEL, "trigger_tokens": 100}, "outside 5000…128000"),
        ({"model": DEFAULT_MODEL, "trigger_tokens": 9000, "target_tokens": 9000}, "not below"),
        ({"model": DEFAULT_MODEL, "session_resumption": False}, "lives 10 minutes"),
        ({"model": DEFAULT_MODEL, "context_window_compression": False}, "15 minutes of sound, 2 with pictures"),
        ({"model": "gemini-2.0-flash-live-001"}, "retired"),
        ({"model": DEFAULT_MODEL, "tools": [{"name": "f", "parameters_json_schema": {}}]}, "ignores parametersJsonSchema"),
        (
            {"model": DEFAULT_MODEL, "tools": [{"name": "f", "parameters": {"properties": {"const": {"type": "STRING", "const": 1}}}}]},
            "schema keyword 'const'",
        ),
        (
            {"model": DEFAULT_MODEL, "tools": [{"name": "f", "parameters": {"items": {"any_of": [{"additionalProperties": False}]}}}]},
            "schema keyword 'additionalProperties'",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_model_is_known_to_refuse_is_said(settings, words):
    found = warnings(**settings)
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"start_of_speech_sensitivity": "HIGH"}, "there are START_SENSITIVITY_HIGH, START_SENSITIVITY_LOW"),
        ({"media_resolution": "LOW"}, "MEDIA_RESOLUTION_LOW"),
        ({"activity_handling": "x"}, "NO_INTERRUPTION"),
        ({"candidate_count": 2}, "one reply"),
        ({"temperature": 3.0}, "outside 0…2"),
        ({"automatic_activity_detection": False, "silence_duration_ms": 5}, "turns detection off"),
        ({"setup_form": "config"}, "the real server refuses it"),
        ({"extra": {"responseModalities": ["AUDIO"]}}, "belongs in generationConfig"),
        ({"extra": {"generationConfig": {"stopSequences": []}}}, "not supported on Live"),
        ({"extra": {"toolConfig": {}}}, "no toolConfig"),
    ],
    ids=str,
)
def test_what_no_model_takes_is_said_of_all(settings, words):
    for model in (DEFAULT_MODEL, "a-model-of-2031"):
        (found,) = warnings(model=model, **settings)
        assert words in found


@pytest.mark.parametrize("name", ["proactive_audio", "enable_affective_dialog"])
def test_what_only_v1alpha_takes_is_said_elsewhere(name):
    assert warnings(model=DEFAULT_MODEL, **{name: True}) == []
    for version in ("v1", "v1beta"):
        (found,) = warnings(version, model=DEFAULT_MODEL, **{name: True})
        assert 'pass version="v1alpha"' in found


def test_an_unknown_model_gets_no_false_warning():
    everything = {
        "voice_name": "Bob", "thinking_level": "XHIGH", "thinking_budget": 1, "language_code": "xx",
        "proactive_audio": False, "enable_affective_dialog": True, "response_modalities": ["TEXT"],
        "tools": ["code_execution", FUNCTION], "trigger_tokens": 1, "transparent": True,
    }  # fmt: skip
    assert warnings(model="gemini-9.9-live-preview", **everything) == []


def test_our_defaults_are_warned_of_by_nobody():
    assert LiveConfig.defaults().check() == []
    assert LiveConfig().check() == ["No model is set: the server requires one."]


def test_declarations_of_python_functions_are_checked_too():
    declaration = FunctionDeclaration(name="g", behavior="BLOCKING")
    (found,) = warnings(
        declarations=[declaration], model="gemini-3.8-live-extended-thinking", thinking_level="LOW"
    )
    assert "(of g)" in found
