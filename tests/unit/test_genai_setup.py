"""The setup we send is the one Google's own client sends: same settings in, same JSON out, spelling and base64 aside."""

from __future__ import annotations

import json

import pytest
from google.genai import types

from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import FunctionDeclaration
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.protocol.tokens import token_body

from .genai_wire import MODEL, PCM, developer, normalised, replaced, vertex

# Google's client warns of its own experiments and deprecations.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def wire(monkeypatch):
    return replaced(monkeypatch)


def speech(**voice):
    return types.SpeechConfig(voice_config=types.VoiceConfig(**voice))


DECLARATION = {
    "name": "get_weather",
    "description": "Weather of a place.",
    "parameters": {
        "type": "OBJECT",
        "properties": {"some_place": {"type": "STRING"}, "unit": {"type": "STRING", "enum": ["C", "F"]}},
        "required": ["some_place"],
    },
}


CONTENT = {"role": "user", "parts": [{"text": "one"}, {"text": "two"}]}


# Ours, Google's, of one meaning.
CONFIGURATIONS = [
    ({}, {}),
    ({"response_modalities": ["AUDIO"]}, {"response_modalities": ["AUDIO"]}),
    ({"response_modalities": "TEXT"}, {"response_modalities": ["TEXT"]}),
    ({"temperature": 0.7}, {"temperature": 0.7}),
    ({"temperature": 0.0}, {"temperature": 0.0}),
    ({"top_p": 0.9, "top_k": 40}, {"top_p": 0.9, "top_k": 40}),
    ({"max_output_tokens": 100}, {"max_output_tokens": 100}),
    ({"seed": 7}, {"seed": 7}),
    ({"media_resolution": "MEDIA_RESOLUTION_LOW"}, {"media_resolution": "MEDIA_RESOLUTION_LOW"}),
    (
        {"candidate_count": 1, "presence_penalty": 0.1, "frequency_penalty": -0.1},
        {"generation_config": {"candidate_count": 1, "presence_penalty": 0.1, "frequency_penalty": -0.1}},
    ),
    ({"voice_name": "Kore"}, {"speech_config": speech(prebuilt_voice_config={"voice_name": "Kore"})}),
    ({"language_code": "de-DE"}, {"speech_config": types.SpeechConfig(language_code="de-DE")}),
    (
        {"voice_name": "Puck", "language_code": "en-US"},
        {"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Puck"}}, "language_code": "en-US"}},
    ),
    (
        {"replicated_voice_config": {"mime_type": "audio/wav", "voice_sample_audio": PCM}},
        {"speech_config": speech(replicated_voice_config={"mime_type": "audio/wav", "voice_sample_audio": PCM})},
    ),
    ({"thinking_budget": 0}, {"thinking_config": {"thinking_budget": 0}}),
    ({"thinking_budget": 1024, "include_thoughts": True}, {"thinking_config": {"thinking_budget": 1024, "include_thoughts": True}}),
    ({"thinking_level": "LOW"}, {"thinking_config": {"thinking_level": "LOW"}}),
    ({"include_thoughts": False}, {"thinking_config": {"include_thoughts": False}}),
    ({"enable_affective_dialog": True}, {"enable_affective_dialog": True}),
    ({"proactive_audio": True}, {"proactivity": {"proactive_audio": True}}),
    ({"proactive_audio": False, "proactive_video": True}, {"proactivity": {"proactive_audio": False, "proactive_video": True}}),
    ({"system_instruction": "Be brief."}, {"system_instruction": "Be brief."}),
    ({"system_instruction": CONTENT}, {"system_instruction": types.Content(**CONTENT)}),
    ({"input_audio_transcription": True}, {"input_audio_transcription": {}}),
    ({"output_audio_transcription": True}, {"output_audio_transcription": {}}),
    ({"input_audio_transcription": {"language_codes": ["en"]}}, {"input_audio_transcription": {"language_codes": ["en"]}}),
    (
        {"output_audio_transcription": {"languageCodes": ["en"], "wordTimestamp": True}},
        {"output_audio_transcription": {"language_codes": ["en"], "word_timestamp": True}},
    ),
    ({"automatic_activity_detection": False}, {"realtime_input_config": {"automatic_activity_detection": {"disabled": True}}}),
    ({"automatic_activity_detection": True}, {"realtime_input_config": {"automatic_activity_detection": {"disabled": False}}}),
    (
        {
            "start_of_speech_sensitivity": "START_SENSITIVITY_LOW",
            "end_of_speech_sensitivity": "END_SENSITIVITY_HIGH",
            "prefix_padding_ms": 20,
            "silence_duration_ms": 100,
        },
        {
            "realtime_input_config": {
                "automatic_activity_detection": {
                    "start_of_speech_sensitivity": "START_SENSITIVITY_LOW",
                    "end_of_speech_sensitivity": "END_SENSITIVITY_HIGH",
                    "prefix_padding_ms": 20,
                    "silence_duration_ms": 100,
                }
            }
        },
    ),
    ({"activity_handling": "NO_INTERRUPTION"}, {"realtime_input_config": {"activity_handling": "NO_INTERRUPTION"}}),
    ({"turn_coverage": "TURN_INCLUDES_ALL_INPUT"}, {"realtime_input_config": {"turn_coverage": "TURN_INCLUDES_ALL_INPUT"}}),
    (
        {"turn_coverage": "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO", "interim_transcript_timestamp_enabled": True},
        {
            "realtime_input_config": {
                "turn_coverage": "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
                "interim_transcript_timestamp_enabled": True,
            }
        },
    ),
    ({"session_resumption": True}, {"session_resumption": {}}),
    ({"session_resumption_handle": "h"}, {"session_resumption": {"handle": "h"}}),
    ({"context_window_compression": True}, {"context_window_compression": {"sliding_window": {}}}),
    (
        {"trigger_tokens": 25600, "target_tokens": 12800},
        {"context_window_compression": {"trigger_tokens": 25600, "sliding_window": {"target_tokens": 12800}}},
    ),
    (
        {"context_window_compression": True, "trigger_tokens": 25600},
        {"context_window_compression": {"trigger_tokens": 25600, "sliding_window": {}}},
    ),
    ({"initial_history_in_client_content": True}, {"history_config": {"initial_history_in_client_content": True}}),
    ({"translation_config": {"target_language_code": "fr"}}, {"translation_config": {"target_language_code": "fr"}}),
    (
        {"translation_config": {"targetLanguageCode": "fr", "echoTargetLanguage": False}},
        {"translation_config": {"target_language_code": "fr", "echo_target_language": False}},
    ),
    ({"labels": {"team_name": "a"}}, {"labels": {"team_name": "a"}}),
    (
        {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]},
        {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]},
    ),
    (
        {"avatar_config": {"avatar_name": "A", "audio_bitrate_bps": 1, "video_bitrate_bps": 2}},
        {"avatar_config": {"avatar_name": "A", "audio_bitrate_bps": 1, "video_bitrate_bps": 2}},
    ),
    (
        {"avatar_config": {"customizedAvatar": {"imageData": PCM, "imageMimeType": "image/png"}}},
        {"avatar_config": {"customized_avatar": {"image_data": PCM, "image_mime_type": "image/png"}}},
    ),
    ({"tools": ["google_search"]}, {"tools": [{"google_search": {}}]}),
    ({"tools": ["code_execution", "url_context"]}, {"tools": [{"code_execution": {}}, {"url_context": {}}]}),
    ({"tools": [{"googleSearch": {}, "codeExecution": {}}]}, {"tools": [{"google_search": {}, "code_execution": {}}]}),
    ({"tools": [DECLARATION]}, {"tools": [{"function_declarations": [DECLARATION]}]}),
    (
        {"tools": [{**DECLARATION, "behavior": "NON_BLOCKING"}, {"name": "f"}]},
        {"tools": [{"function_declarations": [{**DECLARATION, "behavior": "NON_BLOCKING"}, {"name": "f"}]}]},
    ),
    (
        {"tools": [DECLARATION, "google_search", FunctionDeclaration(name="g")]},
        {"tools": [{"function_declarations": [DECLARATION]}, {"google_search": {}}, {"function_declarations": [{"name": "g"}]}]},
    ),
    (
        {
            "response_modalities": ["AUDIO"],
            "voice_name": "Zephyr",
            "system_instruction": "You are a pirate.",
            "input_audio_transcription": True,
            "output_audio_transcription": True,
            "temperature": 0.3,
            "session_resumption": True,
            "context_window_compression": True,
            "trigger_tokens": 104857,
            "target_tokens": 52428,
            "media_resolution": "MEDIA_RESOLUTION_MEDIUM",
            "tools": ["google_search", DECLARATION],
        },
        {
            "response_modalities": ["AUDIO"],
            "speech_config": speech(prebuilt_voice_config={"voice_name": "Zephyr"}),
            "system_instruction": "You are a pirate.",
            "input_audio_transcription": {},
            "output_audio_transcription": {},
            "temperature": 0.3,
            "session_resumption": {},
            "context_window_compression": {"trigger_tokens": 104857, "sliding_window": {"target_tokens": 52428}},
            "media_resolution": "MEDIA_RESOLUTION_MEDIUM",
            "tools": [{"google_search": {}}, {"function_declarations": [DECLARATION]}],
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs"), CONFIGURATIONS, ids=[str(ours)[:70] for ours, _ in CONFIGURATIONS]
)
async def test_the_setup_is_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL, config=theirs):
        pass
    (sent,) = wire.sent
    assert normalised(json.loads(LiveConfig(model=MODEL, **ours).frame())) == normalised(json.loads(sent))


def test_there_are_enough_configurations():
    assert len(CONFIGURATIONS) >= 40


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"explicit_vad_signal": True}, {"explicit_vad_signal": True}),
        ({"session_resumption": True, "transparent": True}, {"session_resumption": {"transparent": True}}),
        ({"voice_name": "Kore", "tools": [DECLARATION]}, {"speech_config": speech(prebuilt_voice_config={"voice_name": "Kore"}), "tools": [{"function_declarations": [DECLARATION]}]}),
        ({"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "method": "SEVERITY", "threshold": "OFF"}]}, {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "method": "SEVERITY", "threshold": "OFF"}]}),
    ],
    ids=str,
)  # fmt: skip
async def test_the_setup_is_the_same_on_vertex(wire, ours, theirs):
    async with vertex().aio.live.connect(model="gemini-live-2.5-flash", config=theirs):
        pass
    place = endpoint(project="p", location="us-central1", bearer="made-up-token")
    config = LiveConfig(
        model=place.model_path("gemini-live-2.5-flash"), response_modalities=["AUDIO"], **ours
    )
    assert normalised(json.loads(config.frame())) == normalised(json.loads(wire.sent[0]))
    assert place.url == wire.url
    assert place.headers["Authorization"] == wire.headers["Authorization"]


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
async def test_the_address_and_the_key_are_the_same(wire, version):
    async with developer(api_version=version).aio.live.connect(model=MODEL):
        pass
    place = endpoint(api_key="made-up", version=version)
    assert place.url == wire.url
    assert place.headers["x-goog-api-key"] == wire.headers["x-goog-api-key"]


@pytest.mark.parametrize("lock", [None, [], ["temperature", "tools"]], ids=str)
def test_a_token_request_is_the_same(monkeypatch, lock):
    client = developer(api_version="v1alpha")
    sent = []

    def request(method, path, body, options=None):
        sent.append((method, path, body))
        return types.HttpResponse(body='{"name": "auth_tokens/x"}', headers={})

    monkeypatch.setattr(client._api_client, "request", request)
    constraints = {
        "model": MODEL,
        "config": {"response_modalities": ["AUDIO"], "temperature": 0.7, "input_audio_transcription": {}},
    }
    config = {"uses": 1, "live_connect_constraints": constraints}
    client.auth_tokens.create(config=config if lock is None else {**config, "lock_additional_fields": lock})
    ours = LiveConfig(
        model=MODEL, response_modalities=["AUDIO"], temperature=0.7, input_audio_transcription=True
    )
    method, path, theirs = sent[0]
    assert (method, path) == ("post", "auth_tokens")
    body = token_body(ours, uses=1, lock_additional_fields=lock)
    assert {**body, "fieldMask": None} == {**theirs, "fieldMask": None}
    # Google's client names a field twice where it is both set and listed.
    assert set(body.get("fieldMask", "").split(",")) == set(theirs.get("fieldMask", "").split(","))
