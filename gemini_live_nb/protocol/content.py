"""What both directions speak of: a `Content` of `Part`s, media, calls and their responses.

Fields stand in the order the server prints them, so that our emulator's frames are the server's byte for
byte.

Field names are the snake_case of the wire's (`inline_data` is `inlineData`), structure names are the API's
own. Source: googleapis `content.proto` v1alpha, google-genai 3.4 `types.py`, recordings of the real server.
"""

from __future__ import annotations

from typing import Any

from .wire import Behavior, Language, Outcome, Scheduling, Wire


class Blob(Wire):
    """Media in a message: raw `data` (base64 on the wire) of a `mime_type` such as `audio/pcm;rate=24000`."""

    mime_type: str | None = None
    data: bytes | None = None
    display_name: str | None = None

    def __repr__(self) -> str:
        size = "None" if self.data is None else f"<{len(self.data)} bytes>"
        return f"Blob(mime_type={self.mime_type!r}, data={size})"


class FileData(Wire):
    """Media by reference. The Live API refuses it on 3.1 (close 1008, forum 137660)."""

    mime_type: str | None = None
    file_uri: str | None = None
    display_name: str | None = None


class PartialArg(Wire):
    """A piece of streamed arguments (Vertex): the value to put at `json_path`."""

    json_path: str | None = None
    string_value: str | None = None
    number_value: float | None = None
    bool_value: bool | None = None
    null_value: str | None = None
    will_continue: bool | None = None


class FunctionCall(Wire):
    """The model asks for `name(**args)`; the answer must carry the same `id`."""

    name: str | None = None
    args: dict[str, Any] | None = None
    id: str | None = None
    partial_args: list[PartialArg] | None = None
    will_continue: bool | None = None


class FunctionResponsePart(Wire):
    """Media inside a function's result: PNG, JPEG, WebP or text on 3.x, ignored by 2.5."""

    inline_data: Blob | None = None
    file_data: FileData | None = None


class FunctionResponse(Wire):
    """The result of one call.

    `response` is any JSON object; `{"output": …}` and `{"error": …}` are the convention. `scheduling` is
    `INTERRUPT`, `WHEN_IDLE` (default) or `SILENT`; `will_continue` says that more responses to this call
    follow.
    """

    id: str | None = None
    name: str | None = None
    response: dict[str, Any] | None = None
    scheduling: Scheduling | None = None
    will_continue: bool | None = None
    parts: list[FunctionResponsePart] | None = None


class FunctionDeclaration(Wire):
    """A function the model may call.

    `parameters` is a subset of OpenAPI with upper-case types. `parameters_json_schema` exists in the API but
    is silently ignored on Live (PROTOCOL.md §2.2).
    """

    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: Any = None
    response: dict[str, Any] | None = None
    response_json_schema: Any = None
    behavior: Behavior | None = None


class ExecutableCode(Wire):
    """Code the model wrote and the server runs (2.0 and 2.5 half-cascade)."""

    id: str | None = None
    language: Language | None = None
    code: str | None = None


class CodeExecutionResult(Wire):
    """What that code printed; native audio also sends its search notes this way."""

    id: str | None = None
    outcome: Outcome | None = None
    output: str | None = None


class Part(Wire):
    """One piece of a `Content`, normally one field of it; `thought` marks `text` never to be spoken."""

    text: str | None = None
    thought: bool | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    thought_signature: bytes | None = None
    video_metadata: dict[str, Any] | None = None
    media_resolution: Any = None
    part_metadata: dict[str, Any] | None = None
    audio_transcription: dict[str, Any] | None = None
    media_processing: dict[str, Any] | None = None
    speech_metadata: dict[str, Any] | None = None
    document_metadata: dict[str, Any] | None = None
    spreadsheet_metadata: dict[str, Any] | None = None
    audio_metadata: dict[str, Any] | None = None
    tool_call: dict[str, Any] | None = None
    tool_response: dict[str, Any] | None = None


class Content(Wire):
    """Parts said by one `role`: `user` or `model`."""

    role: str | None = None
    parts: list[Part] | None = None
