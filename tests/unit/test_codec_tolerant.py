"""Frames the typed path refuses: still delivered, and what was odd is said."""

from __future__ import annotations

import json

import pytest

from gemini_live_nb.protocol.client import AvatarConfig, Setup
from gemini_live_nb.protocol.codec import decode, decode_client
from gemini_live_nb.protocol.kinds import names
from gemini_live_nb.protocol.tolerant import MOST_ODDITIES, build


def test_a_frame_wholly_in_snake_case_is_delivered():
    decoded = decode(
        '{"server_content":{"model_turn":{"parts":[{"inline_data":{"mime_type":"audio/pcm","data":"AAEC"}}]},'
        '"turn_complete":true},"usage_metadata":{"prompt_tokens_details":[{"modality":"TEXT","token_count":3}]}}'
    )
    content = decoded.message.server_content
    assert content.model_turn.parts[0].inline_data.data == b"\x00\x01\x02"
    assert content.turn_complete
    assert decoded.message.usage_metadata.prompt_by_modality() == {"TEXT": 3}
    assert "snake_case name 'server_content'" in decoded.oddities
    assert decoded.unknown == ()


def test_snake_case_deep_inside_is_noticed():
    frame = '{"setup":{"model":"m","generationConfig":{"speechConfig":{"voice_config":{"prebuilt_voice_config":{"voice_name":"Puck"}}}}}}'
    decoded = decode_client(frame)
    speech = decoded.message.setup.generation_config.speech_config
    assert speech.voice_config.prebuilt_voice_config.voice_name == "Puck"
    assert decoded.oddities == (
        "snake_case name 'voice_config'",
        "snake_case name 'prebuilt_voice_config'",
        "snake_case name 'voice_name'",
    )


def test_what_belongs_to_the_user_is_left_alone():
    frame = {
        "tool_call": {"function_calls": [{"id": "1", "name": "f", "args": {"snake_name": {"a_b": "-__7"}}}]}
    }
    call = decode(json.dumps(frame)).message.tool_call.function_calls[0]
    assert call.args == {"snake_name": {"a_b": "-__7"}}


@pytest.mark.parametrize(
    ("data", "odd"),
    [
        ("-__7", "base64url"),
        ("+//7AA", "without padding"),
        ("-__7AA", "base64url"),
        ("+/\n/7", "white space"),
        ("+//7AA=", None),
        ("+//7====", None),
    ],
)
def test_every_base64_is_read(data, odd):
    decoded = decode_client(json.dumps({"realtimeInput": {"audio": {"data": data}}}))
    assert decoded.message.realtime_input.audio.data in (b"\xfb\xff\xfb", b"\xfb\xff\xfb\x00")
    if odd:
        assert any(odd in words for words in decoded.oddities)


@pytest.mark.parametrize("data", ["A", "é", "AA*A", "AAAA=AAA"])
def test_what_is_no_base64_costs_the_blob_only(data):
    decoded = decode_client(json.dumps({"realtimeInput": {"audio": {"data": data, "mimeType": "audio/pcm"}}}))
    assert decoded.message.realtime_input.audio.data is None
    assert decoded.message.realtime_input.audio.mime_type == "audio/pcm"
    assert any("not base64 in realtimeInput.audio.data" in words for words in decoded.oddities)


@pytest.mark.parametrize("index", ["7", 7])
def test_int64_may_be_text(index):
    frame = {"sessionResumptionUpdate": {"lastConsumedClientMessageIndex": index}}
    decoded = decode(json.dumps(frame))
    assert decoded.message.session_resumption_update.last_consumed_client_message_index == 7
    assert decoded.oddities == ()
    sizes = {"triggerTokens": str(index), "slidingWindow": {"targetTokens": index}}
    setup = decode_client(json.dumps({"setup": {"contextWindowCompression": sizes}})).message.setup
    assert setup.context_window_compression.trigger_tokens == 7
    assert setup.context_window_compression.sliding_window.target_tokens == 7


def test_numbers_stand_for_enums():
    decoded = decode(
        '{"usageMetadata":{"promptTokensDetails":[{"modality":4,"tokenCount":1},{"modality":99}]}}'
    )
    assert [detail.modality for detail in decoded.message.usage_metadata.prompt_tokens_details] == [
        "AUDIO",
        "99",
    ]
    assert decoded.oddities == (
        "number for an enum at usageMetadata.promptTokensDetails[0].modality",
        "unknown enum number 99 at usageMetadata.promptTokensDetails[1].modality",
    )


def test_a_new_enum_value_is_no_oddity():
    decoded = decode(
        '{"serverContent":{"interactionStatus":"DREAMING"},"usageMetadata":{"trafficType":"BY_SEA"}}'
    )
    assert decoded.message.server_content.interaction_status == "DREAMING"
    assert not decoded.oddities


@pytest.mark.parametrize(
    ("frame", "read", "value"),
    [
        ({"serverContent": {"turnComplete": "true"}}, lambda m: m.server_content.turn_complete, True),
        ({"serverContent": {"turnComplete": 0}}, lambda m: m.server_content.turn_complete, False),
        ({"serverContent": {"turnComplete": "perhaps"}}, lambda m: m.server_content.turn_complete, None),
        ({"usageMetadata": {"totalTokenCount": "12"}}, lambda m: m.usage_metadata.total_token_count, 12),
        ({"usageMetadata": {"totalTokenCount": 12.0}}, lambda m: m.usage_metadata.total_token_count, 12),
        ({"usageMetadata": {"totalTokenCount": {}}}, lambda m: m.usage_metadata.total_token_count, None),
        ({"usageMetadata": {"promptTokensDetails": {"modality": "TEXT"}}}, lambda m: m.usage_metadata.prompt_by_modality(), {"TEXT": 0}),
        ({"serverContent": {"inputTranscription": {"text": 5}}}, lambda m: m.server_content.input_transcription.text, "5"),
        ({"serverContent": {"inputTranscription": {"text": ["a"]}}}, lambda m: m.server_content.input_transcription.text, None),
        ({"goAway": {"timeLeft": 50}}, lambda m: m.go_away.seconds, 50.0),
        ({"serverContent": "x", "toolCall": {}}, lambda m: (m.server_content is not None, m.tool_call is not None), (True, True)),
        ({"setupComplete": True}, lambda m: m.setup_complete is not None, True),
        ({"serverContent": {"groundingMetadata": [1]}, "goAway": {}}, lambda m: m.go_away is not None, True),
        ({"serverContent": {"modelTurn": {"parts": [None, {"text": "a"}]}}}, lambda m: m.server_content.model_turn.parts[0].text, "a"),
        ({"toolCallCancellation": {"ids": ["a", 7, {}]}}, lambda m: m.tool_call_cancellation.ids, ["a", "7"]),
    ],
    ids=lambda value: None if callable(value) else str(value),
)  # fmt: skip
def test_a_wrong_type_costs_its_value_only(frame, read, value):
    decoded = decode(json.dumps(frame))
    assert read(decoded.message) == value
    assert decoded.json() == frame


def test_null_is_absent():
    decoded = decode(
        '{"serverContent":{"modelTurn":null,"turnComplete":true},"usageMetadata":null,"foo":null}'
    )
    assert decoded.message.server_content.turn_complete
    assert decoded.message.usage_metadata is None
    assert decoded.oddities == ()
    assert decoded.unknown == ("foo",)


def test_unknown_fields_are_kept_and_named():
    frame = {
        "serverContent": {
            "turnComplete": True,
            "mood": {"joy": 1},
            "modelTurn": {"parts": [{"text": "a", "scent": 1}]},
        }
    }
    decoded = decode(json.dumps(frame))
    assert decoded.unknown == ("serverContent.mood", "serverContent.modelTurn.parts[0].scent")
    assert decoded.oddities == ()
    assert "unknown" not in names(decoded.kinds)
    assert decoded.message.server_content.turn_complete
    assert decoded.json() == frame


@pytest.mark.parametrize("name", ["brandNew", "foo.bar", "", "two words"])
def test_an_unknown_message_has_a_kind_of_its_own(name):
    decoded = decode(json.dumps({name: {"a": 1}, "usageMetadata": {}}))
    assert names(decoded.kinds) == ("usageMetadata", "unknown")
    assert len(decoded.unknown) == 1
    assert names(decode(json.dumps({"serverContent": {name: 1}})).kinds) == ("serverContent",)


@pytest.mark.parametrize(
    "raw",
    [b"", b"   ", "", "nope", b"{", b'{"a":', b"\xff\xfe", b"\x00", "[1]", b"3", b'"x"', b"null", "[" * 100_000, b'{"a":' * 100_000],
    ids=lambda raw: repr(raw[:12]),
)  # fmt: skip
def test_what_is_no_json_object_is_delivered_undecodable(raw):
    for read in (decode, decode_client):
        decoded = read(raw)
        assert decoded.message is None
        assert decoded.raw is raw
        assert names(decoded.kinds) == ("undecodable",)
        assert decoded.oddities
        assert decoded.oddities[0].startswith("not ")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'\xef\xbb\xbf{"serverContent":{"inputTranscription":{"text":"a"}}}', "a"),
        (b'{"serverContent":{"inputTranscription":{"text":"a\xffb"}}}', "a\ufffdb"),
        (b'{"serverContent":{"inputTranscription":{"text":"a\nb"}}}', "a\nb"),
        (b'{"serverContent":{"inputTranscription":{"text":"\\ud800x"}}}', "\ufffdx"),
        ('{"serverContent":{"inputTranscription":{"text":"\ud800x"}}}', "\ufffdx"),
        (b'{"serverContent":{"inputTranscription":{"text":"a"}},"n":NaN}', "a"),
        (b'{"serverContent":{"inputTranscription":{"text":"a"}},"n":' + b"9" * 5000 + b"}", "a"),
    ],
    ids=range(7),
)
def test_loose_json_is_read(raw, text):
    decoded = decode(raw)
    assert decoded.message.server_content.input_transcription.text == text
    assert decoded.oddities
    text.encode()


def test_a_field_given_twice_is_said():
    decoded = decode('{"serverContent":{},"server_content":{"turnComplete":true}}')
    assert decoded.message.server_content.turn_complete
    assert "serverContent given twice" in decoded.oddities


def test_oddities_are_bounded():
    parts = [{"text": number} for number in range(1000)]
    decoded = decode(json.dumps({"serverContent": {"modelTurn": {"parts": parts}}}))
    assert len(decoded.message.server_content.model_turn.parts) == 1000
    assert len(decoded.oddities) == MOST_ODDITIES + 1
    assert decoded.oddities[-1] == f"and {1000 - MOST_ODDITIES} more"


def test_a_structure_is_built_of_either_spelling_but_nothing_unknown():
    made = build({"avatarName": "A", "audio_bitrate_bps": 5}, AvatarConfig)
    assert made == AvatarConfig(avatar_name="A", audio_bitrate_bps=5)
    with pytest.raises(ValueError, match=r"unknown field 'colour'.*avatar_name"):
        build({"colour": 1}, AvatarConfig)
    with pytest.raises(ValueError, match=r"expected a number at generationConfig\.temperature"):
        build({"generation_config": {"temperature": "hot"}}, Setup)
