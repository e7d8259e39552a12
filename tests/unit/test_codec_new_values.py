"""Fields and enum values newer than this package: named where they are, at whatever depth."""

from __future__ import annotations

import json

import pytest
from google.genai import types as google
from msgspec import inspect

from gemini_live_nb.protocol import wire
from gemini_live_nb.protocol.codec import decode, decode_client


@pytest.mark.parametrize(
    ("frame", "unknown", "new_values"),
    [
        (
            {"serverContent": {"modelTurn": {"parts": [{"text": "a"}, {"text": "b", "mood": {"x": 1}}]}}},
            ("serverContent.modelTurn.parts[1].mood",),
            (),
        ),
        (
            {"toolCall": {"functionCalls": [{"id": "1", "name": "f", "args": {"new": 1}, "priority": 3}]}},
            ("toolCall.functionCalls[0].priority",),
            (),
        ),
        (
            {"usageMetadata": {"promptTokensDetails": [{"modality": "TEXT"}, {"modality": "SMELL", "x": 1}]}},
            ("usageMetadata.promptTokensDetails[1].x",),
            ('usageMetadata.promptTokensDetails[1].modality: "SMELL"',),
        ),
        ({"voiceActivity": {"type": "PAUSE"}}, (), ('voiceActivity.type: "PAUSE"',)),
        (
            {"serverContent": {"turnComplete": True, "turnCompleteReason": "BORED"}},
            (),
            ('serverContent.turnCompleteReason: "BORED"',),
        ),
        ({"serverContent": {"interactionStatus": "IDLE", "turnCompleteReason": "BLOCKLIST"}}, (), ()),
        ({"newMessage": {"a": {"b": 1}}}, ("newMessage",), ()),
    ],
)
def test_what_is_new_is_named_where_it_is(frame, unknown, new_values):
    decoded = decode(json.dumps(frame))
    assert (decoded.unknown, decoded.new_values) == (unknown, new_values)


def test_in_what_we_send_too():
    decoded = decode_client('{"setup":{"generationConfig":{"responseModalities":["AUDIO","SMELL"]}}}')
    assert decoded.new_values == ('setup.generationConfig.responseModalities[1]: "SMELL"',)
    assert decode("no JSON").new_values == ()


ENUMS = {
    "ResponseModality": google.Modality,
    "MediaModality": google.MediaModality,
    "MediaResolution": google.MediaResolution,
    "StartSensitivity": google.StartSensitivity,
    "EndSensitivity": google.EndSensitivity,
    "ActivityHandling": google.ActivityHandling,
    "TurnCoverage": google.TurnCoverage,
    "Behavior": google.Behavior,
    "Scheduling": google.FunctionResponseScheduling,
    "Language": google.Language,
    "Outcome": google.Outcome,
    "ActivityType": google.VoiceActivityType,
    "VadSignalType": google.VadSignalType,
    "InteractionStatus": google.InteractionStatus,
    "TrafficType": google.TrafficType,
    "TurnCompleteReason": google.TurnCompleteReason,
}


@pytest.mark.parametrize("name", ENUMS)
def test_every_value_google_genai_knows_is_known_here(name):
    extra = inspect.type_info(getattr(wire, name)).extra
    known = set(extra.get("numbers") or extra["values"])
    assert {value.value for value in ENUMS[name]} <= known
