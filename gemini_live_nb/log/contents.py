"""The things a message holds, one index row each: parts, transcripts, calls, responses, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from gemini_live_nb.protocol.client import ClientContent, ClientMessage, RealtimeInput, Setup, ToolResponse
from gemini_live_nb.protocol.content import Blob, Content, FunctionCall, FunctionResponse, Part
from gemini_live_nb.protocol.server import ServerContent, ServerMessage, Transcription, UsageMetadata

from . import index
from .chunks import LONGEST_MIME, peak_level, sound_type
from .index import KIND, ROLES, Row

_MODEL = ROLES.index("model")
_USER = ROLES.index("user")

_LONGEST_NAME = 500
_MOST_TOKENS = 2**31 - 1

_encode = msgspec.json.Encoder(enc_hook=repr).encode


def _row(bare: Row, kind: str, *, text: str | None = None, flags: int = 0, **fields: Any) -> Row:
    if text is not None:
        flags |= index.HAS_TEXT
    return bare._replace(kind=KIND[kind], text=text, flags=bare.flags | flags, **fields)


def _name(text: str | None) -> str:
    return (text or "")[:_LONGEST_NAME]


def server_rows(message: ServerMessage, bare: Row) -> Iterator[Row]:
    """What a server message holds, each on a copy of `bare`."""
    content = message.server_content
    if content is not None:
        yield from _content_rows(content, bare)
    if message.tool_call is not None:
        for call in message.tool_call.function_calls or ():
            yield _call(call, bare, "toolCall")
    if message.tool_call_cancellation is not None:
        yield _row(bare, "toolCallCancellation", extra=_json(message.tool_call_cancellation.ids or []))
    if message.setup_complete is not None:
        yield _row(bare, "setupComplete", text=message.setup_complete.session_id)
    if message.go_away is not None:
        yield _row(bare, "goAway", text=message.go_away.time_left)
    if message.usage_metadata is not None:
        yield _usage(message.usage_metadata, bare)
    if message.voice_activity is not None:
        activity = message.voice_activity
        yield _row(
            bare, "voiceActivity", text=activity.type, extra=_json({"audio_offset": activity.audio_offset})
        )
    if message.voice_activity_detection_signal is not None:
        yield _row(
            bare, "voiceActivityDetectionSignal", text=message.voice_activity_detection_signal.vad_signal_type
        )


def _content_rows(content: ServerContent, bare: Row) -> Iterator[Row]:
    if content.model_turn is not None:
        yield from _parts(content.model_turn, bare._replace(role=_MODEL), _SERVER_PART, 24000)
    # Before the transcripts' own order matters nothing: user, then model, reads well.
    yield from _said(content.input_transcription, "inputTranscription", bare._replace(role=_USER))
    yield from _said(
        content.interim_input_transcription, "interimInputTranscription", bare._replace(role=_USER)
    )
    yield from _said(content.output_transcription, "outputTranscription", bare._replace(role=_MODEL))
    if content.grounding_metadata:
        yield _row(bare, "groundingMetadata", extra=_json(content.grounding_metadata))
    if content.url_context_metadata:
        yield _row(bare, "urlContextMetadata", extra=_json(content.url_context_metadata))
    if content.turn_complete_reason is not None:
        yield _row(bare, "turnCompleteReason", text=content.turn_complete_reason)


def _said(said: Transcription | None, kind: str, bare: Row) -> Iterator[Row]:
    if said is not None:
        yield _row(bare, kind, text=said.text, flags=index.FINISHED if said.finished else 0)


def signals(message: ServerMessage, head: Row) -> Row:
    """What the frame's bare flags say, kept on part 0."""
    flags = head.flags
    if message.interaction == "IN_PROGRESS":
        flags |= index.IN_PROGRESS
    update = message.session_resumption_update
    if update is not None:
        flags |= (index.RESUMABLE if update.resumable else 0) | (index.SECRET if update.new_handle else 0)
    activity = message.voice_activity
    signal = message.voice_activity_detection_signal
    told = (activity.type if activity else None) or (signal.vad_signal_type if signal else None) or ""
    if told.endswith(("_START", "_SOS")):
        flags |= index.BEGINS
    elif told.endswith(("_END", "_EOS")):
        flags |= index.ENDS
    if message.usage_metadata is not None:
        head = _with_tokens(head, message.usage_metadata)
    return head._replace(flags=flags)


_SERVER_PART = {
    "audio": "modelTurn.audio",
    "media": "modelTurn.other",
    "text": "modelTurn.text",
    "thought": "modelTurn.thought",
    "code": "modelTurn.executableCode",
    "result": "modelTurn.codeExecutionResult",
    "call": "modelTurn.functionCall",
    "other": "modelTurn.other",
}
_CLIENT_PART = dict.fromkeys(_SERVER_PART, "clientContent")


def _parts(content: Content, bare: Row, kinds: dict[str, str], rate: int) -> Iterator[Row]:
    for part in content.parts or ():
        if part.inline_data is not None:
            yield _media(part.inline_data, bare, kinds, rate)
        if part.text is not None:
            yield _row(bare, kinds["thought" if part.thought else "text"], text=part.text)
        if part.executable_code is not None:
            code = part.executable_code
            yield _row(bare, kinds["code"], text=code.code, extra=_json({"language": code.language}))
        if part.code_execution_result is not None:
            result = part.code_execution_result
            yield _row(bare, kinds["result"], text=result.output, extra=_json({"outcome": result.outcome}))
        if part.function_call is not None:
            yield _call(part.function_call, bare, kinds["call"])
        if part.function_response is not None:
            yield _response(part.function_response, bare, kinds["other"])
        if _is_something_else(part):
            yield _row(bare, kinds["other"])


def _is_something_else(part: Part) -> bool:
    known = (part.inline_data, part.text, part.executable_code, part.code_execution_result)
    return all(field is None for field in (*known, part.function_call, part.function_response))


def _media(blob: Blob, bare: Row, kinds: dict[str, str], default_rate: int) -> Row:
    count = len(blob.data or b"")
    mime = blob.mime_type or "audio/pcm"
    if not mime.startswith("audio/"):
        return _row(bare, kinds["media"], mime=mime[:LONGEST_MIME], media_bytes=count)
    mime, rate = sound_type(mime, default_rate)
    return _row(
        bare, kinds["audio"], mime=mime, media_bytes=count, media_ms=count * 500 / rate, media_rate=rate
    )


def _call(call: FunctionCall, bare: Row, kind: str) -> Row:
    args = {"args": call.args or {}}
    if call.partial_args is not None:
        args["partial_args"] = msgspec.to_builtins(call.partial_args)
    flags = index.WILL_CONTINUE if call.will_continue else 0
    return _row(
        bare._replace(role=_MODEL),
        kind,
        flags=flags,
        tool_id=_name(call.id),
        tool_name=_name(call.name),
        extra=_json(args),
    )


def _response(given: FunctionResponse, bare: Row, kind: str) -> Row:
    response = given.response or {}
    # Google's own examples put `scheduling` inside `response`, the proto beside it (PROTOCOL.md §2.5).
    scheduling = given.scheduling or response.get("scheduling")
    flags = index.WILL_CONTINUE if given.will_continue else 0
    if scheduling == "SILENT":
        flags |= index.SILENT
    return _row(
        bare._replace(role=ROLES.index("tool")),
        kind,
        flags=flags,
        tool_id=_name(given.id),
        tool_name=_name(given.name),
        extra=_json({"response": response, "scheduling": scheduling}),
    )


def _with_tokens(row: Row, usage: UsageMetadata) -> Row:
    """The totals of a response. What the server left out is 0: proto3 JSON omits defaults."""
    return row._replace(
        prompt_tokens=_count(usage.prompt_token_count),
        response_tokens=_count(usage.response_tokens),
        thoughts_tokens=_count(usage.thoughts_token_count),
        total_tokens=_count(usage.total_token_count),
    )


def _count(tokens: int | None) -> int:
    return min(max(tokens or 0, 0), _MOST_TOKENS)


def _usage(usage: UsageMetadata, bare: Row) -> Row:
    return _with_tokens(_row(bare, "usageMetadata", extra=_json(usage)), usage)


def client_rows(message: ClientMessage, bare: Row) -> Iterator[Row]:
    """What a client message holds, each on a copy of `bare`."""
    bare = bare._replace(role=_USER)
    if message.setup is not None:
        yield _setup(message.setup, bare)
    if message.config is not None:
        model = message.config.get("model")
        yield _row(bare, "setup", text=model if isinstance(model, str) else None)
    if message.client_content is not None:
        yield from _client_content(message.client_content, bare)
    if message.realtime_input is not None:
        yield from _realtime(message.realtime_input, bare)
    if message.tool_response is not None:
        yield from _responses(message.tool_response, bare)
    if message.context_update is not None:
        instruction = message.context_update.system_instruction
        texts = [part.text for part in (instruction.parts or () if instruction else ()) if part.text]
        yield _row(bare, "contextUpdate", text="\n".join(texts) if texts else None)


def _setup(setup: Setup, bare: Row) -> Row:
    flags = 0
    if setup.history_config is not None and setup.history_config.initial_history_in_client_content:
        flags |= index.HISTORY
    if setup.session_resumption is not None and setup.session_resumption.handle:
        flags |= index.SECRET | index.RESUMES
    return _row(bare, "setup", text=setup.model, flags=flags)


def _client_content(given: ClientContent, bare: Row) -> Iterator[Row]:
    asks = index.ASKS if given.turn_complete else 0
    silent = True
    for content in given.turns or ():
        role = ROLES.index(content.role) if content.role in ROLES else _USER
        for row in _parts(
            content, bare._replace(role=role or _USER, flags=bare.flags | asks), _CLIENT_PART, 16000
        ):
            silent = False
            yield row
    if silent:
        yield _row(bare, "clientContent", flags=asks)


def _realtime(given: RealtimeInput, bare: Row) -> Iterator[Row]:
    chunks = [(given.audio, "realtimeInput.audio"), (given.video, "realtimeInput.video")]
    chunks += [(chunk, "realtimeInput.mediaChunks") for chunk in given.media_chunks or ()]
    for blob, kind in chunks:
        if blob is not None:
            row = _media(blob, bare, dict.fromkeys(("audio", "media"), kind), 16000)
            yield row._replace(level=peak_level(blob.data or b"")) if row.media_rate else row
    if given.text is not None:
        yield _row(bare, "realtimeInput.text", text=given.text)
    if given.activity_start is not None:
        yield _row(bare, "realtimeInput.activityStart", flags=index.BEGINS)
    if given.activity_end is not None:
        yield _row(bare, "realtimeInput.activityEnd", flags=index.ENDS)
    if given.audio_stream_end:
        yield _row(bare, "realtimeInput.audioStreamEnd", flags=index.ENDS)


def _responses(given: ToolResponse, bare: Row) -> Iterator[Row]:
    for response in given.function_responses or ():
        yield _response(response, bare, "toolResponse")


def _json(value: Any) -> str:
    try:
        return _encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return "{}"
