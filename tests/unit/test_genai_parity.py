"""What we send is what Google's own client sends: same settings in, same JSON out, spelling and base64 aside.

Its connection is replaced by one that keeps what it is given, so these are the texts it would put on the wire.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re

import google.genai
import google.genai.live
import google.oauth2.credentials
import pytest
from google.genai import types

from gemini_live_nb.protocol.client import (
    ActivityEnd,
    ActivityStart,
    ClientContent,
    ClientMessage,
    ContextUpdate,
    ContextUpdateTools,
    RealtimeInput,
    Tool,
    ToolResponse,
)
from gemini_live_nb.protocol.codec import encode, encode_audio
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import (
    Blob,
    Content,
    ExecutableCode,
    FileData,
    FunctionCall,
    FunctionDeclaration,
    FunctionResponse,
    FunctionResponsePart,
    Part,
)
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.protocol.tokens import token_body

# Google's client warns of its own experiments and deprecations.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore")]

MODEL = "gemini-2.5-flash-native-audio-preview-12-2025"
PCM = bytes(range(256)) * 3
BYTES = {"data", "voiceSampleAudio", "consentAudio", "imageData", "thoughtSignature"}
OPEN = {"args", "response", "labels", "properties"}


def normalised(value, name=""):
    """JSON with names in camelCase where they are the API's, and bytes as bytes."""
    if isinstance(value, dict):
        keep = name in OPEN
        return {
            (key if keep else camel(key)): normalised(item, "" if keep else camel(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [normalised(item, name) for item in value]
    if name in BYTES and isinstance(value, str):
        plain = value.translate(str.maketrans("-_", "+/")).rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    return value


def camel(name):
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


class Wire:
    """Stands where the socket would be: keeps what is sent, answers setupComplete."""

    def __init__(self):
        self.sent = []
        self.url = ""
        self.headers = {}

    @contextlib.asynccontextmanager
    async def connect(self, url, *, additional_headers=None, **_):
        # Its base URL ends in a slash, and so does every path it makes begin with two.
        self.url, self.headers = url.replace(".com//", ".com/"), dict(additional_headers or {})
        yield self

    async def send(self, text):
        assert isinstance(text, str), "Google's client sends text frames"
        self.sent.append(text)

    async def recv(self, decode=None):
        return b'{"setupComplete": {}}'


@pytest.fixture
def wire(monkeypatch):
    wire = Wire()
    monkeypatch.setattr(google.genai.live, "ws_connect", wire.connect)
    return wire


@functools.cache
def developer(**options):
    return google.genai.Client(api_key="made-up", http_options=types.HttpOptions(**options))


@functools.cache
def vertex():
    credentials = google.oauth2.credentials.Credentials("made-up-token")
    return google.genai.Client(vertexai=True, project="p", location="us-central1", credentials=credentials)


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


REALTIME = [
    (RealtimeInput(audio=Blob(data=PCM, mime_type="audio/pcm;rate=16000")), {"audio": types.Blob(data=PCM, mime_type="audio/pcm;rate=16000")}),
    (RealtimeInput(video=Blob(data=PCM, mime_type="image/jpeg")), {"video": types.Blob(data=PCM, mime_type="image/jpeg")}),
    (RealtimeInput(media_chunks=[Blob(data=PCM, mime_type="image/png")]), {"media": types.Blob(data=PCM, mime_type="image/png")}),
    (RealtimeInput(text="hi"), {"text": "hi"}),
    (RealtimeInput(text=""), {"text": ""}),
    (RealtimeInput(audio_stream_end=True), {"audio_stream_end": True}),
    (RealtimeInput(activity_start=ActivityStart()), {"activity_start": types.ActivityStart()}),
    (RealtimeInput(activity_end=ActivityEnd()), {"activity_end": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), REALTIME, ids=[str(theirs)[:40] for _, theirs in REALTIME])
async def test_live_input_is_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_realtime_input(**theirs)
    sent = normalised(json.loads(wire.sent[1]))
    assert normalised(json.loads(encode(ClientMessage(realtime_input=ours)))) == sent
    if ours.audio is not None:
        assert normalised(json.loads(encode_audio(PCM, 16000))) == sent


CONTENTS = [
    (ClientContent(turns=[Content(role="user", parts=[Part(text="hi")])], turn_complete=True), {"turns": {"role": "user", "parts": [{"text": "hi"}]}}),
    (ClientContent(turns=[Content(role="user", parts=[Part(text="hi")])], turn_complete=False), {"turns": [types.Content(role="user", parts=[types.Part(text="hi")])], "turn_complete": False}),
    (
        ClientContent(turns=[Content(role="user", parts=[Part(text="a")]), Content(role="model", parts=[Part(text="b")])], turn_complete=True),
        {"turns": [{"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"text": "b"}]}]},
    ),
    (ClientContent(turn_complete=True), {}),
    (ClientContent(turn_complete=False), {"turn_complete": False}),
    (
        ClientContent(turns=[Content(role="user", parts=[Part(inline_data=Blob(data=PCM, mime_type="image/png")), Part(text="what?")])], turn_complete=True),
        {"turns": {"role": "user", "parts": [{"inline_data": {"data": PCM, "mime_type": "image/png"}}, {"text": "what?"}]}},
    ),
    (
        ClientContent(turns=[Content(role="user", parts=[Part(file_data=FileData(file_uri="gs://x", mime_type="image/png"))])], turn_complete=True),
        {"turns": {"role": "user", "parts": [{"file_data": {"file_uri": "gs://x", "mime_type": "image/png"}}]}},
    ),
    (
        ClientContent(
            turns=[
                Content(role="model", parts=[Part(function_call=FunctionCall(id="1", name="f", args={"a_b": {"c_d": [1, None]}}))]),
                Content(role="user", parts=[Part(function_response=FunctionResponse(id="1", name="f", response={"out_put": 1}))]),
            ],
            turn_complete=True,
        ),
        {
            "turns": [
                {"role": "model", "parts": [{"function_call": {"id": "1", "name": "f", "args": {"a_b": {"c_d": [1, None]}}}}]},
                {"role": "user", "parts": [{"function_response": {"id": "1", "name": "f", "response": {"out_put": 1}}}]},
            ]
        },
    ),
    (
        ClientContent(turns=[Content(role="model", parts=[Part(text="hm", thought=True), Part(executable_code=ExecutableCode(code="1", language="PYTHON"))])], turn_complete=True),
        {"turns": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"executable_code": {"code": "1", "language": "PYTHON"}}]}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), CONTENTS, ids=[str(theirs)[:60] for _, theirs in CONTENTS])
async def test_content_is_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_client_content(**theirs)
    assert normalised(json.loads(encode(ClientMessage(client_content=ours)))) == normalised(
        json.loads(wire.sent[1])
    )


RESPONSES = [
    ([FunctionResponse(id="1", name="f", response={"output": "x"})], {"id": "1", "name": "f", "response": {"output": "x"}}),
    (
        [FunctionResponse(id="1", name="f", response={"a_b": 1}), FunctionResponse(id="2", name="g", response={})],
        [types.FunctionResponse(id="1", name="f", response={"a_b": 1}), types.FunctionResponse(id="2", name="g", response={})],
    ),
    *(
        ([FunctionResponse(id="1", name="f", response={}, scheduling=when)], {"id": "1", "name": "f", "response": {}, "scheduling": when})
        for when in ("INTERRUPT", "WHEN_IDLE", "SILENT")
    ),
    ([FunctionResponse(id="1", name="f", response={"n": 1}, will_continue=True)], {"id": "1", "name": "f", "response": {"n": 1}, "will_continue": True}),
    (
        [FunctionResponse(id="1", name="f", response={}, will_continue=False, scheduling="WHEN_IDLE")],
        types.FunctionResponse(id="1", name="f", response={}, will_continue=False, scheduling="WHEN_IDLE"),
    ),
    (
        [FunctionResponse(id="1", name="f", response={}, parts=[FunctionResponsePart(inline_data=Blob(data=PCM, mime_type="image/png"))])],
        {"id": "1", "name": "f", "response": {}, "parts": [{"inline_data": {"data": PCM, "mime_type": "image/png"}}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), RESPONSES, ids=[str(theirs)[:70] for _, theirs in RESPONSES])
async def test_tool_responses_are_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_tool_response(function_responses=theirs)
    message = ClientMessage(tool_response=ToolResponse(function_responses=ours))
    assert normalised(json.loads(encode(message))) == normalised(json.loads(wire.sent[1]))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ContextUpdate(system_instruction=Content(role="user", parts=[Part(text="Be brief.")])), {"system_instruction": "Be brief."}),
        (ContextUpdate(tools=ContextUpdateTools(tools=[])), {"tools": []}),
        (ContextUpdate(tools=ContextUpdateTools(tools=[Tool(google_search={})])), {"tools": [{"google_search": {}}]}),
        (
            ContextUpdate(tools=ContextUpdateTools(tools=[Tool(function_declarations=[FunctionDeclaration(name="f")])])),
            {"tools": [{"function_declarations": [{"name": "f"}]}]},
        ),
    ],
    ids=str,
)  # fmt: skip
async def test_context_updates_are_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_context_update(**theirs)
    assert normalised(json.loads(encode(ClientMessage(context_update=ours)))) == normalised(
        json.loads(wire.sent[1])
    )


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
