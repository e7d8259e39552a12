"""What the emulator makes of a client's JSON: liberal in spelling, strict in names, Google's own words for the rest."""

from __future__ import annotations

import base64
import json

import pytest

from gemini_live_nb.emulator.accept import Dialect, accept
from gemini_live_nb.emulator.refusals import REFUSALS, Refused, cut
from gemini_live_nb.protocol.client import ClientMessage

BETA = Dialect("v1beta")
UNKNOWN = "Invalid JSON payload received. Unknown name "


def refused(data, dialect=BETA):
    with pytest.raises(Refused) as caught:
        accept(data if isinstance(data, str | bytes) else json.dumps(data), dialect)
    refusal = caught.value.refusal
    return refusal.code, refusal.reason


def setup(**fields):
    return {"setup": {"model": "models/x", **fields}}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"config": {}}, UNKNOWN + '"config": Cannot find field.'),
        (
            setup(responseModalities=["AUDIO"]),
            UNKNOWN + "\"responseModalities\" at 'setup': Cannot find field.",
        ),
        (
            setup(generationConfig={"foo": 1}),
            UNKNOWN + "\"foo\" at 'setup.generation_config': Cannot find field.",
        ),
        (
            setup(generation_config={"fooBar": 1}),
            UNKNOWN + "\"fooBar\" at 'setup.generation_config': Cannot find field.",
        ),
        (
            setup(
                tools=[
                    {
                        "functionDeclarations": [
                            {"name": "f", "parameters": {"type": "OBJECT", "$schema": "x"}}
                        ]
                    }
                ]
            ),
            UNKNOWN
            + "\"$schema\" at 'setup.tools[0].function_declarations[0].parameters': Cannot find field.",
        ),
        (
            setup(
                tools=[
                    {"google_search": {}},
                    {
                        "function_declarations": [
                            {"name": "f", "parameters": {"properties": {"a": {"const": 1}}}}
                        ]
                    },
                ]
            ),
            UNKNOWN
            + "\"const\" at 'setup.tools[1].function_declarations[0].parameters.properties[0].value': Cannot find field.",
        ),
        (
            setup(sessionResumption={"transparent": True}),
            UNKNOWN + "\"transparent\" at 'setup.session_resumption': Cannot find field.",
        ),
        (setup(proactivity={}), UNKNOWN + "\"proactivity\" at 'setup': Cannot find field."),
        ({"realtimeInput": {"sound": {}}}, UNKNOWN + "\"sound\" at 'realtime_input': Cannot find field."),
        (
            {"clientContent": {"turns": [{}, {"parts": [{"txt": "a"}]}]}},
            UNKNOWN + "\"txt\" at 'client_content.turns[1].parts[0]': Cannot find field.",
        ),
        (
            setup(a=1, b=2),
            UNKNOWN
            + "\"a\" at 'setup': Cannot find field.\n"
            + UNKNOWN
            + "\"b\" at 'setup': Cannot find field.",
        ),
        ([], UNKNOWN + '"": Root element must be a message.'),
        (
            setup(generationConfig={"temperature": "warm"}),
            "Invalid value at 'setup.generation_config.temperature' (TYPE_FLOAT), \"warm\"",
        ),
        (
            setup(generationConfig={"seed": 1.5}),
            "Invalid value at 'setup.generation_config.seed' (TYPE_INT32), 1.5",
        ),
        (setup(model=7), "Invalid value at 'setup.model' (TYPE_STRING), 7"),
        (
            setup(realtimeInputConfig={"activityHandling": "SHOUT"}),
            "Invalid value at 'setup.realtime_input_config.activity_handling' (type.googleapis.com/google.ai.generativelanguage.v1beta.RealtimeInputConfig.ActivityHandling), \"SHOUT\"",
        ),
        (
            {"clientContent": {"turnComplete": "yes"}},
            "Invalid value at 'client_content.turn_complete' (TYPE_BOOL), \"yes\"",
        ),
        (
            {"realtimeInput": {"audio": {"data": "!!", "mimeType": "audio/pcm"}}},
            "Invalid value at 'realtime_input.audio.data' (TYPE_BYTES), Base64 decoding failed for \"!!\"",
        ),
        (
            setup(generationConfig=[{}]),
            UNKNOWN + "\"generationConfig\" at 'setup': Proto field is not repeating, cannot start list.",
        ),
        (
            {"setup": {"model": "m"}, "clientContent": {}},
            "Invalid value at '' (oneof), oneof field 'message_type' is already set. Cannot set 'client_content'",
        ),
    ],
)
def test_wording(message, reason):
    assert refused(message) == (1007, reason)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("hello", "Invalid JSON payload received. Unexpected token.\nhello\n^"),
        ("", "Invalid JSON payload received. Unexpected end of string."),
        ('{"setup": {"model": "m"', "Invalid JSON payload received. Unexpected end of string."),
        ("{setup: 1}", "Invalid JSON payload received. Expected an object key or }.\n{setup: 1}\n ^"),
        (
            b'{"setup": {"model": "\xff"}}',
            "Invalid JSON payload received. Encountered non UTF-8 code points.",
        ),
    ],
)
def test_not_json(text, start):
    code, reason = refused(text)
    assert code == 1007
    assert reason.startswith(start)


def test_the_name_is_given_as_the_client_spelt_it():
    assert '"responseModalities"' in refused(setup(responseModalities=["AUDIO"]))[1]
    assert '"response_modalities"' in refused(setup(response_modalities=["AUDIO"]))[1]


def test_both_spellings_at_every_depth():
    camel = accept(
        '{"setup":{"model":"m","realtimeInputConfig":{"automaticActivityDetection":{"silenceDurationMs":100}}}}',
        BETA,
    )
    snake = accept(
        '{"setup":{"model":"m","realtime_input_config":{"automatic_activity_detection":{"silence_duration_ms":100}}}}',
        BETA,
    )
    mixed = accept(
        '{"setup":{"model":"m","realtimeInputConfig":{"automatic_activity_detection":{"silenceDurationMs":"100"}}}}',
        BETA,
    )
    assert camel == snake == mixed
    assert camel.setup.realtime_input_config.automatic_activity_detection.silence_duration_ms == 100


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_both_base64s_padded_or_not(encode, padded):
    pcm = bytes(range(256)) + b"\xfb\xef\xbe\xff"
    data = encode(pcm).decode()
    message = {
        "realtime_input": {"audio": {"data": data if padded else data.rstrip("="), "mime_type": "audio/pcm"}}
    }
    assert accept(json.dumps(message), BETA).realtime_input.audio.data == pcm


def test_text_and_binary_frames_are_the_same():
    assert accept(b'{"clientContent":{}}', BETA) == accept('{"clientContent":{}}', BETA)


def test_int64_as_text_enums_as_numbers_one_for_a_list_and_null_for_nothing():
    message = accept(
        json.dumps(
            setup(
                contextWindowCompression={"triggerTokens": "25000", "slidingWindow": {"targetTokens": 12500}},
                realtimeInputConfig={"turnCoverage": 2},
                systemInstruction={"parts": {"text": "one part, no list"}},
                generationConfig=None,
            )
        ),
        BETA,
    )
    assert message.setup.context_window_compression.trigger_tokens == 25000
    assert message.setup.realtime_input_config.turn_coverage == "TURN_INCLUDES_ALL_INPUT"
    assert message.setup.system_instruction.parts[0].text == "one part, no list"
    assert message.setup.generation_config is None


def test_what_a_door_knows():
    alpha, vertex = Dialect("v1alpha"), Dialect("v1", vertex=True)
    assert accept(
        json.dumps(setup(proactivity={"proactiveAudio": True})), alpha
    ).setup.proactivity.proactive_audio
    assert accept(
        json.dumps(setup(sessionResumption={"transparent": True})), vertex
    ).setup.session_resumption.transparent
    affect = setup(generationConfig={"enableAffectiveDialog": True})
    assert "enableAffectiveDialog" in refused(affect)[1]
    assert accept(json.dumps(affect), alpha).setup.generation_config.enable_affective_dialog


def test_the_guides_config_where_it_is_accepted():
    guide = {
        "config": {
            "model": "models/x",
            "responseModalities": ["AUDIO"],
            "systemInstruction": {"parts": [{"text": "Hi."}]},
        }
    }
    message = accept(json.dumps(guide), Dialect(accept_config=True))
    assert message.setup.model == "models/x"
    assert message.setup.generation_config.response_modalities == ["AUDIO"]
    assert message.setup.system_instruction.parts[0].text == "Hi."


def test_reasons_are_cut_at_123_bytes_and_never_in_a_character():
    assert len(REFUSALS["no_credential"].reason) > 123
    assert (
        cut(REFUSALS["no_credential"].reason)
        == "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API c"
    )
    assert cut("ä" * 100) == "ä" * 61


def test_what_nobody_knows_may_be_passed_over():
    lenient = Dialect(accept_unknown=True)
    message = accept('{"setup":{"model":"m","new":{"a":1},"generationConfig":{"newer":2}}}', lenient)
    assert message.setup.model == "m"
    assert accept('{"newMessage":{}}', lenient) == ClientMessage()
    # A field that exists elsewhere is refused here all the same, and so is a wrong value.
    for wrong in ('{"setup":{"proactivity":{}}}', '{"setup":{"model":3}}', "{"):
        with pytest.raises(Refused):
            accept(wrong, lenient)
