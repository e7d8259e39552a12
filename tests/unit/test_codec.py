"""Frames of our own writing, as the server and clients send them, through the codec."""

from __future__ import annotations

import base64
import json
import math

import pytest

from gemini_live_nb.protocol.client import ClientContent, ClientMessage, RealtimeInput, Setup, ToolResponse
from gemini_live_nb.protocol.codec import decode, decode_client, encode, encode_audio, encode_server, merged
from gemini_live_nb.protocol.content import Blob, Content, FunctionCall, FunctionResponse, Part
from gemini_live_nb.protocol.durations import duration, seconds
from gemini_live_nb.protocol.kinds import KINDS, kinds_of, main, mask, names
from gemini_live_nb.protocol.server import (
    ModalityTokenCount,
    ServerContent,
    ServerMessage,
    ServerToolCall,
    SessionResumptionUpdate,
    UsageMetadata,
)

PCM = bytes(range(256)) * 15


def audio_frame(**beside):
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(PCM).decode()}}
    return {"serverContent": {"modelTurn": {"parts": [part]}, **beside}}


def pretty(frame):
    return (json.dumps(frame, indent=2) + "\n").encode()


FRAMES = [
    ({"setupComplete": {}}, ["setupComplete"]),
    ({"setupComplete": {"sessionId": "a-b"}}, ["setupComplete"]),
    (audio_frame(), ["serverContent", "modelTurn.audio"]),
    (
        audio_frame(outputTranscription={"text": "It is"}),
        ["serverContent", "modelTurn.audio", "outputTranscription"],
    ),
    ({"serverContent": {}}, ["serverContent"]),
    ({"serverContent": {"outputTranscription": {}}}, ["serverContent", "outputTranscription"]),
    (
        {"serverContent": {"modelTurn": {"parts": [{"text": "hm", "thought": True}, {"text": "Yes"}]}}},
        ["serverContent", "modelTurn.text", "modelTurn.thought"],
    ),
    (
        {
            "serverContent": {
                "modelTurn": {"parts": [{"executableCode": {"language": "PYTHON", "code": "1"}}]}
            }
        },
        ["serverContent", "modelTurn.executableCode"],
    ),
    (
        {"serverContent": {"modelTurn": {"parts": [{"codeExecutionResult": {"outcome": "OUTCOME_OK"}}]}}},
        ["serverContent", "modelTurn.codeExecutionResult"],
    ),
    (
        {"serverContent": {"modelTurn": {"parts": [{"functionCall": {"name": "f", "args": {"a_b": 1}}}]}}},
        ["serverContent", "modelTurn.functionCall"],
    ),
    (
        {
            "serverContent": {
                "modelTurn": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}
            }
        },
        ["serverContent", "modelTurn.other"],
    ),
    ({"serverContent": {"interrupted": True}}, ["serverContent", "interrupted"]),
    ({"serverContent": {"generationComplete": True}}, ["serverContent", "generationComplete"]),
    (
        {
            "serverContent": {
                "turnComplete": True,
                "groundingMetadata": {},
                "interactionStatus": "IN_PROGRESS",
            },
            "usageMetadata": {"totalTokenCount": 9, "promptTokensDetails": [{"modality": "AUDIO"}]},
        },
        ["serverContent", "turnComplete", "groundingMetadata", "interactionStatus", "usageMetadata"],
    ),
    (
        {
            "serverContent": {
                "turnComplete": True,
                "turnCompleteReason": "A_REASON_OF_2030",
                "waitingForInput": True,
            }
        },
        ["serverContent", "turnComplete", "waitingForInput", "turnCompleteReason"],
    ),
    (
        {"serverContent": {"inputTranscription": {"text": " Hello", "words": [{"word": "Hello"}]}}},
        ["serverContent", "inputTranscription"],
    ),
    (
        {"serverContent": {"interimInputTranscription": {"text": "He"}}},
        ["serverContent", "interimInputTranscription"],
    ),
    ({"serverContent": {"urlContextMetadata": {"urlMetadata": []}}}, ["serverContent", "urlContextMetadata"]),
    ({"toolCall": {"functionCalls": [{"id": "fc_1", "name": "f", "args": {"x": [1, None]}}]}}, ["toolCall"]),
    ({"toolCallCancellation": {"ids": ["fc_1"]}}, ["toolCallCancellation"]),
    ({"goAway": {"timeLeft": "9.5s"}}, ["goAway"]),
    ({"goAway": {}}, ["goAway"]),
    ({"sessionResumptionUpdate": {"newHandle": "h", "resumable": True}}, ["sessionResumptionUpdate"]),
    ({"voiceActivity": {"type": "ACTIVITY_START", "audioOffset": "0.160s"}}, ["voiceActivity"]),
    (
        {"voiceActivityDetectionSignal": {"vadSignalType": "VAD_SIGNAL_TYPE_SOS"}},
        ["voiceActivityDetectionSignal"],
    ),
    ({"interactionStatus": "IDLE"}, ["interactionStatus"]),
]


@pytest.mark.parametrize(("frame", "kinds"), FRAMES, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("form", ["pretty bytes", "compact text"])
def test_every_server_frame_is_read_whole(frame, kinds, form):
    raw = pretty(frame) if form == "pretty bytes" else json.dumps(frame, separators=(",", ":"))
    decoded = decode(raw)
    assert decoded.oddities == ()
    assert decoded.unknown == ()
    assert decoded.raw is raw
    assert names(decoded.kinds) == tuple(kinds)
    assert decoded.json() == frame
    assert json.loads(encode_server(decoded.message)) == frame


def test_audio_of_a_frame_is_bytes():
    message = decode(pretty(audio_frame())).message
    blob = message.server_content.model_turn.parts[0].inline_data
    assert blob.data == PCM
    assert blob.mime_type == "audio/pcm;rate=24000"
    assert "3840 bytes" in repr(blob)


@pytest.mark.parametrize("size", [0, 1, 3, 4801])
def test_audio_of_odd_length_is_taken_as_it_is(size):
    blob = {"mimeType": "audio/pcm", "data": base64.b64encode(b"x" * size).decode()}
    decoded = decode(json.dumps({"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}}))
    assert decoded.message.server_content.model_turn.parts[0].inline_data.data == b"x" * size
    assert not decoded.oddities


def test_left_out_counts_are_zero_and_vertex_names_are_read():
    usage = decode(
        '{"usageMetadata":{"candidatesTokenCount":5,"candidatesTokensDetails":[{"modality":"TEXT","tokenCount":5},'
        '{"modality":"AUDIO"}],"promptTokenCount":24}}'
    ).message.usage_metadata
    assert usage.response_tokens == 5
    assert usage.response_by_modality() == {"TEXT": 5, "AUDIO": 0}
    assert usage.prompt_by_modality() == {}
    assert UsageMetadata(response_token_count=7).response_tokens == 7
    assert UsageMetadata().response_tokens == 0


def test_server_writes_as_google_does():
    assert encode_server(ServerMessage(server_content=ServerContent(turn_complete=True))) == (
        b'{\n  "serverContent": {\n    "turnComplete": true\n  }\n}\n'
    )
    update = SessionResumptionUpdate(resumable=True, last_consumed_client_message_index=7)
    frame = encode_server(ServerMessage(session_resumption_update=update), {"new": {"a": 1}})
    assert json.loads(frame) == {
        "sessionResumptionUpdate": {"resumable": True, "lastConsumedClientMessageIndex": "7"},
        "new": {"a": 1},
    }
    assert decode(frame).message.session_resumption_update == update
    counts = UsageMetadata(prompt_tokens_details=[ModalityTokenCount(modality="AUDIO")])
    assert b"tokenCount" not in encode_server(ServerMessage(usage_metadata=counts))


def test_client_writes_compact_camel_case_and_only_what_is_set():
    message = ClientMessage(
        client_content=ClientContent(
            turns=[Content(role="user", parts=[Part(text="héllo")])], turn_complete=False
        )
    )
    assert encode(message) == (
        '{"clientContent":{"turns":[{"role":"user","parts":[{"text":"héllo"}]}],"turnComplete":false}}'
    )


def test_extra_is_merged_deep_and_lists_are_replaced():
    message = ClientMessage(setup=Setup(model="models/m", labels={"a": "1"}))
    frame = json.loads(
        encode(message, {"setup": {"labels": {"b": "2"}, "new": [1], "generationConfig": {"newKnob": True}}})
    )
    assert frame == {
        "setup": {
            "model": "models/m",
            "labels": {"a": "1", "b": "2"},
            "new": [1],
            "generationConfig": {"newKnob": True},
        }
    }
    base = {"a": [1, 2], "b": {"c": 1}}
    assert merged({"aB": {"c": 1}}, {"a_b": {"d": 2}, "e_f": 3}) == {"aB": {"c": 1, "d": 2}, "e_f": 3}
    assert merged(base, {"a": [3], "b": {"d": 2}, "e": None}) == {"a": [3], "b": {"c": 1, "d": 2}, "e": None}
    assert base == {"a": [1, 2], "b": {"c": 1}}


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
@pytest.mark.parametrize("pcm", [b"", b"\x00", PCM[:640]])
def test_the_fast_audio_frame_equals_the_encoded_one(pcm, rate):
    message = ClientMessage(
        realtime_input=RealtimeInput(audio=Blob(mime_type=f"audio/pcm;rate={rate}", data=pcm))
    )
    assert json.loads(encode_audio(pcm, rate)) == json.loads(encode(message))
    assert decode_client(encode_audio(pcm, rate)).message == message


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"audio": {"data": "AAAA", "mimeType": "audio/pcm;rate=16000"}}, "realtimeInput.audio"),
        ({"video": {"data": "AAAA", "mimeType": "image/jpeg"}}, "realtimeInput.video"),
        ({"text": "hi"}, "realtimeInput.text"),
        ({"audioStreamEnd": True}, "realtimeInput.audioStreamEnd"),
        ({"activityStart": {}}, "realtimeInput.activityStart"),
        ({"activityEnd": {}}, "realtimeInput.activityEnd"),
        ({"mediaChunks": [{"data": "AAAA", "mimeType": "audio/pcm"}]}, "realtimeInput.mediaChunks"),
    ],
)
def test_every_live_input_is_known(given, kind):
    frame = {"realtimeInput": given}
    decoded = decode_client(json.dumps(frame))
    assert names(decoded.kinds) == (kind, "realtimeInput")
    assert main(decoded.kinds) == kind
    assert not decoded.oddities
    assert json.loads(encode(decoded.message)) == frame


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ({"setup": {"model": "models/m"}}, "setup"),
        ({"config": {"model": "models/m", "responseModalities": ["AUDIO"]}}, "setup"),
        ({"clientContent": {"turnComplete": True}}, "clientContent"),
        ({"toolResponse": {"functionResponses": [{"id": "1", "name": "f", "response": {}}]}}, "toolResponse"),
        ({"contextUpdate": {"tools": {"tools": []}}}, "contextUpdate"),
        ({"realtimeInput": {}}, "realtimeInput"),
    ],
)
def test_every_client_message_is_known(frame, kind):
    decoded = decode_client(json.dumps(frame))
    assert names(decoded.kinds) == (kind,)
    assert not decoded.unknown
    assert json.loads(encode(decoded.message)) == frame


def test_explicit_false_and_empty_are_sent():
    response = FunctionResponse(id="1", name="f", response={}, will_continue=False, scheduling="SILENT")
    frame = json.loads(encode(ClientMessage(tool_response=ToolResponse(function_responses=[response]))))
    assert frame["toolResponse"]["functionResponses"] == [
        {"id": "1", "name": "f", "response": {}, "scheduling": "SILENT", "willContinue": False}
    ]


def test_the_most_telling_kind_comes_first():
    assert main(mask("serverContent", "modelTurn.audio", "outputTranscription")) == "modelTurn.audio"
    assert main(mask("serverContent", "turnComplete", "usageMetadata", "groundingMetadata")) == "turnComplete"
    assert main(mask("serverContent")) == "serverContent"
    assert main(mask("unknown", "usageMetadata")) == "usageMetadata"
    assert main(0) == "unknown"
    assert main(decode(b"{}").kinds) == "empty"
    assert len(KINDS) == len(set(KINDS)) <= 63
    with pytest.raises(KeyError):
        mask("nonsense")


def test_all_kinds_of_a_bundle_are_found():
    call = FunctionCall(id="1", name="f")
    message = ServerMessage(
        server_content=ServerContent(model_turn=Content(parts=[Part(function_call=call)]), interrupted=True),
        tool_call=ServerToolCall(function_calls=[call]),
        usage_metadata=UsageMetadata(),
    )
    assert names(kinds_of(message)) == (
        "serverContent",
        "modelTurn.functionCall",
        "interrupted",
        "toolCall",
        "usageMetadata",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50s", 50),
        ("9.5s", 9.5),
        ("0.160s", 0.16),
        ("-1s", -1),
        (None, 0),
        ("", 0),
        ("soon", 0),
        ("nans", 0),
        (7, 0),
    ],
)
def test_durations_are_read(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0s"),
        (10, "10s"),
        (0.16, "0.160s"),
        (9.5, "9.500s"),
        (1e-6, "0.000001s"),
        (1e-9, "0.000000001s"),
        (-1.5, "-1.500s"),
    ],
)
def test_durations_are_written_as_the_server_does(value, text):
    assert duration(value) == text
    assert math.isclose(seconds(text), value)
