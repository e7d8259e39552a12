"""The one vocabulary of frame kinds, used by the index, the events, `live.on` and the message table.

A frame may be of several kinds at once, because the server bundles: its kinds are a bit mask, one bit for
each name in `KINDS`. A container (`serverContent`, `realtimeInput`) is a kind of its own beside what it
holds.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter

from .client import ClientMessage, RealtimeInput
from .content import Part
from .server import ServerContent, ServerMessage
from .wire import Wire

CLIENT = (
    "setup",
    "clientContent",
    "realtimeInput.audio",
    "realtimeInput.video",
    "realtimeInput.text",
    "realtimeInput.audioStreamEnd",
    "realtimeInput.activityStart",
    "realtimeInput.activityEnd",
    "realtimeInput.mediaChunks",
    "realtimeInput",
    "toolResponse",
    "contextUpdate",
)
SERVER = (
    "setupComplete",
    "serverContent",
    "modelTurn.audio",
    "modelTurn.text",
    "modelTurn.thought",
    "modelTurn.executableCode",
    "modelTurn.codeExecutionResult",
    "modelTurn.functionCall",
    "modelTurn.other",
    "inputTranscription",
    "outputTranscription",
    "interimInputTranscription",
    "generationComplete",
    "turnComplete",
    "interrupted",
    "groundingMetadata",
    "urlContextMetadata",
    "waitingForInput",
    "interactionStatus",
    "turnCompleteReason",
    "toolCall",
    "toolCallCancellation",
    "usageMetadata",
    "goAway",
    "sessionResumptionUpdate",
    "voiceActivity",
    "voiceActivityDetectionSignal",
)
EITHER = ("unknown", "undecodable")
LOCAL = ("open", "close", "drop", "playback", "mark", "tool", "status", "error", "lagged")
# `{}`, which the service sends before nearly every chunk of sound on 3.8.
EMPTY = ("empty",)

# The order is the file format of recorded runs: append only.
KINDS: tuple[str, ...] = CLIENT + SERVER + EITHER + LOCAL + EMPTY
BIT: dict[str, int] = {name: 1 << position for position, name in enumerate(KINDS)}

# What a reader looks for first when a frame is of several kinds.
_TELLING = (
    "undecodable",
    "error",
    "toolCall",
    "toolCallCancellation",
    "interrupted",
    "turnComplete",
    "generationComplete",
    "modelTurn.functionCall",
    "modelTurn.executableCode",
    "modelTurn.codeExecutionResult",
    "modelTurn.audio",
    "modelTurn.text",
    "modelTurn.thought",
    "modelTurn.other",
)
_CONTAINERS = ("unknown", "serverContent", "realtimeInput")
_MAIN = (
    *_TELLING,
    *(name for name in KINDS if name not in _TELLING and name not in _CONTAINERS),
    *_CONTAINERS,
)


def mask(*names: str) -> int:
    """Return the bit mask of these kinds.

    Raises:
        KeyError: a name that is not in `KINDS`.
    """
    bits = 0
    for name in names:
        bits |= BIT[name]
    return bits


@lru_cache(maxsize=1024)
def names(bits: int) -> tuple[str, ...]:
    """Return the names in a mask, in the order of `KINDS`.

    >>> names(mask("turnComplete", "usageMetadata"))
    ('turnComplete', 'usageMetadata')
    """
    return tuple(name for name, bit in BIT.items() if bits & bit)


@lru_cache(maxsize=1024)
def main(bits: int) -> str:
    """Return the most telling kind in a mask, `"unknown"` where there is none.

    >>> main(mask("serverContent", "modelTurn.audio", "outputTranscription"))
    'modelTurn.audio'
    """
    return next((name for name in _MAIN if bits & BIT[name]), "unknown")


def kinds_of(message: Wire) -> int:
    """Return the mask of every kind present in a `ServerMessage` or `ClientMessage`."""
    if isinstance(message, ServerMessage):
        return server_kinds(message)
    return client_kinds(message) if isinstance(message, ClientMessage) else 0


# Fields of a message and of its serverContent, and their kinds. What is present counts, but a flag must be
# true.
_MESSAGE = {
    "usage_metadata": BIT["usageMetadata"],
    "tool_call": BIT["toolCall"],
    "tool_call_cancellation": BIT["toolCallCancellation"],
    "setup_complete": BIT["setupComplete"],
    "go_away": BIT["goAway"],
    "session_resumption_update": BIT["sessionResumptionUpdate"],
    "voice_activity": BIT["voiceActivity"],
    "voice_activity_detection_signal": BIT["voiceActivityDetectionSignal"],
    "interaction_status": BIT["interactionStatus"],
}
_CONTENT = {
    "generation_complete": BIT["generationComplete"],
    "turn_complete": BIT["turnComplete"],
    "interrupted": BIT["interrupted"],
    "waiting_for_input": BIT["waitingForInput"],
    "input_transcription": BIT["inputTranscription"],
    "output_transcription": BIT["outputTranscription"],
    "interim_input_transcription": BIT["interimInputTranscription"],
    "grounding_metadata": BIT["groundingMetadata"],
    "url_context_metadata": BIT["urlContextMetadata"],
    "interaction_status": BIT["interactionStatus"],
    "turn_complete_reason": BIT["turnCompleteReason"],
}
_message_fields = attrgetter(*_MESSAGE)
_content_fields = attrgetter(*_CONTENT)


def server_kinds(m: ServerMessage) -> int:
    """Return the mask of every kind present in a message of the server."""
    bits = 0 if m.server_content is None else _content(m.server_content)
    # Nearly every message is a chunk of sound with none of these set: say so without a loop.
    if (
        m.usage_metadata is None
        and m.tool_call is None
        and m.tool_call_cancellation is None
        and m.setup_complete is None
        and m.go_away is None
        and m.session_resumption_update is None
        and m.interaction_status is None
        and m.voice_activity is None
        and m.voice_activity_detection_signal is None
    ):
        return bits
    return bits | _present(_message_fields(m), _MESSAGE)


_SERVER_CONTENT, _AUDIO, _OTHER = BIT["serverContent"], BIT["modelTurn.audio"], BIT["modelTurn.other"]


def _content(c: ServerContent) -> int:
    bits = _SERVER_CONTENT
    if c.model_turn is not None:
        for part in c.model_turn.parts or ():
            bits |= _part(part)
    if (
        c.generation_complete is None
        and c.turn_complete is None
        and c.interrupted is None
        and c.waiting_for_input is None
        and c.input_transcription is None
        and c.output_transcription is None
        and c.interim_input_transcription is None
        and c.grounding_metadata is None
        and c.url_context_metadata is None
        and c.interaction_status is None
        and c.turn_complete_reason is None
    ):
        return bits
    return bits | _present(_content_fields(c), _CONTENT)


def _present(values: tuple[object, ...], kinds: dict[str, int]) -> int:
    bits = 0
    for value, bit in zip(values, kinds.values(), strict=True):
        if value is not None and value is not False:
            bits |= bit
    return bits


def _part(part: Part) -> int:
    bits = 0
    if part.inline_data is not None:
        mime_type = part.inline_data.mime_type or "audio/pcm"
        bits |= _AUDIO if mime_type.startswith("audio/") else _OTHER
    if part.text is not None:
        bits |= BIT["modelTurn.thought"] if part.thought else BIT["modelTurn.text"]
    if part.executable_code is not None:
        bits |= BIT["modelTurn.executableCode"]
    if part.code_execution_result is not None:
        bits |= BIT["modelTurn.codeExecutionResult"]
    if part.function_call is not None:
        bits |= BIT["modelTurn.functionCall"]
    return bits or BIT["modelTurn.other"]


def client_kinds(message: ClientMessage) -> int:
    """Return the mask of every kind present in a message of ours."""
    bits = 0
    if message.realtime_input is not None:
        bits |= _realtime(message.realtime_input)
    if message.client_content is not None:
        bits |= BIT["clientContent"]
    if message.tool_response is not None:
        bits |= BIT["toolResponse"]
    if message.context_update is not None:
        bits |= BIT["contextUpdate"]
    if message.setup is not None or message.config is not None:
        bits |= BIT["setup"]
    return bits


def _realtime(given: RealtimeInput) -> int:
    bits = BIT["realtimeInput"]
    if given.audio is not None:
        bits |= BIT["realtimeInput.audio"]
    if given.video is not None:
        bits |= BIT["realtimeInput.video"]
    if given.text is not None:
        bits |= BIT["realtimeInput.text"]
    if given.audio_stream_end:
        bits |= BIT["realtimeInput.audioStreamEnd"]
    if given.activity_start is not None:
        bits |= BIT["realtimeInput.activityStart"]
    if given.activity_end is not None:
        bits |= BIT["realtimeInput.activityEnd"]
    if given.media_chunks is not None:
        bits |= BIT["realtimeInput.mediaChunks"]
    return bits
