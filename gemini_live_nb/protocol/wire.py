"""The base of every structure on the wire, and the few scalar types JSON alone does not tell apart.

Google's server prints protobuf messages as JSON: names in lowerCamelCase, bytes as base64, a field that
has its default value left out. `Wire` says the same to msgspec, so that one definition both encodes and
decodes. It refuses unknown fields on purpose: that is how `codec.decode` notices, at no cost, that a frame
says more than we have modelled (or says it in snake_case) and must go the tolerant way.
"""

from __future__ import annotations

from typing import Annotated

import msgspec


class Wire(
    msgspec.Struct,
    rename="camel",
    omit_defaults=True,
    repr_omit_defaults=True,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,  # data, which holds no reference back to itself: the collector need not look
):
    """One message or part of one. Every field is optional and is sent only when it is set.

    `None` means absent; `False`, `0`, `""` and an empty structure are sent as they are, since an explicit
    `false` and no field at all are different things to this API. Treat a message as read-only: every listener
    is given the same one. For a changed copy use `msgspec.structs.replace`.
    """


# protobuf prints int64 as a JSON string and accepts a number too (PROTOCOL.md §2).
Int64 = Annotated[int, msgspec.Meta(extra={"int64": True})]


def _numbers(*names: str) -> msgspec.Meta:
    """Attach the names of an enum by their protobuf number, because a number is legal JSON for an enum."""
    return msgspec.Meta(extra={"numbers": names})


def _values(*names: str) -> msgspec.Meta:
    """Attach the names of an enum whose numbers are not public."""
    return msgspec.Meta(extra={"values": names})


# Enums are text, so that a value newer than this file survives. Only those whose numbers are public are
# listed. Source: googleapis content.proto and generative_service.proto; order of the newer ones as in
# google-genai 3.4.
ResponseModality = Annotated[str, _numbers("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO", "VIDEO")]
MediaModality = Annotated[
    str, _numbers("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT")
]
MediaResolution = Annotated[
    str,
    _numbers(
        "MEDIA_RESOLUTION_UNSPECIFIED",
        "MEDIA_RESOLUTION_LOW",
        "MEDIA_RESOLUTION_MEDIUM",
        "MEDIA_RESOLUTION_HIGH",
    ),
]
StartSensitivity = Annotated[
    str, _numbers("START_SENSITIVITY_UNSPECIFIED", "START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW")
]
EndSensitivity = Annotated[
    str, _numbers("END_SENSITIVITY_UNSPECIFIED", "END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW")
]
ActivityHandling = Annotated[
    str, _numbers("ACTIVITY_HANDLING_UNSPECIFIED", "START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION")
]
TurnCoverage = Annotated[
    str,
    _numbers(
        "TURN_COVERAGE_UNSPECIFIED",
        "TURN_INCLUDES_ONLY_ACTIVITY",
        "TURN_INCLUDES_ALL_INPUT",
        "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
    ),
]
Behavior = Annotated[str, _numbers("UNSPECIFIED", "BLOCKING", "NON_BLOCKING")]
Scheduling = Annotated[str, _numbers("SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT")]
Language = Annotated[str, _numbers("LANGUAGE_UNSPECIFIED", "PYTHON")]
Outcome = Annotated[
    str, _numbers("OUTCOME_UNSPECIFIED", "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED")
]

# Source: google-genai 3.4 `types.py`; a test says when that knows more.
ActivityType = Annotated[str, _values("TYPE_UNSPECIFIED", "ACTIVITY_START", "ACTIVITY_END")]
VadSignalType = Annotated[
    str, _values("VAD_SIGNAL_TYPE_UNSPECIFIED", "VAD_SIGNAL_TYPE_SOS", "VAD_SIGNAL_TYPE_EOS")
]
InteractionStatus = Annotated[
    str, _values("INTERACTION_STATUS_UNSPECIFIED", "IN_PROGRESS", "REQUIRES_ACTION", "IDLE")
]
TrafficType = Annotated[
    str,
    _values(
        "TRAFFIC_TYPE_UNSPECIFIED",
        "ON_DEMAND",
        "ON_DEMAND_PRIORITY",
        "ON_DEMAND_FLEX",
        "ON_DEMAND_OFFPEAK",
        "PROVISIONED_THROUGHPUT",
    ),
]
TurnCompleteReason = Annotated[
    str,
    _values(
        "TURN_COMPLETE_REASON_UNSPECIFIED",
        "MALFORMED_FUNCTION_CALL",
        "RESPONSE_REJECTED",
        "NEED_MORE_INPUT",
        "PROHIBITED_INPUT_CONTENT",
        "IMAGE_PROHIBITED_INPUT_CONTENT",
        "INPUT_TEXT_CONTAIN_PROMINENT_PERSON_PROHIBITED",
        "INPUT_IMAGE_CELEBRITY",
        "INPUT_IMAGE_PHOTO_REALISTIC_CHILD_PROHIBITED",
        "INPUT_TEXT_NCII_PROHIBITED",
        "INPUT_OTHER",
        "INPUT_IP_PROHIBITED",
        "BLOCKLIST",
        "UNSAFE_PROMPT_FOR_IMAGE_GENERATION",
        "GENERATED_IMAGE_SAFETY",
        "GENERATED_CONTENT_SAFETY",
        "GENERATED_AUDIO_SAFETY",
        "GENERATED_VIDEO_SAFETY",
        "GENERATED_CONTENT_PROHIBITED",
        "GENERATED_CONTENT_BLOCKLIST",
        "GENERATED_IMAGE_PROHIBITED",
        "GENERATED_IMAGE_CELEBRITY",
        "GENERATED_IMAGE_PROMINENT_PEOPLE_DETECTED_BY_REWRITER",
        "GENERATED_IMAGE_IDENTIFIABLE_PEOPLE",
        "GENERATED_IMAGE_MINORS",
        "OUTPUT_IMAGE_IP_PROHIBITED",
        "GENERATED_OTHER",
        "MAX_REGENERATION_REACHED",
    ),
]
