"""How the service says no: by a close frame with a code and a reason; there is no error message.

Wordings and codes are the real service's; the sources are listed in the PROTOCOL.md §1.4, and "PYDANTIC" is
explained in `protocol/models.py`. A wording
that was never seen on this surface and is taken from Google's REST surface instead is marked "REST".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REASON_BYTES: Final = 123
"""A WebSocket close frame carries at most 123 bytes of reason; the service cuts longer ones."""


def cut(reason: str) -> str:
    """The part of a reason that reaches the client: its first 123 UTF-8 bytes, never half a character."""
    return reason.encode()[:REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A close code with the server's full reason; `{…}` in the reason stands for what the case fills in."""

    code: int
    reason: str

    def fill(self, **values: object) -> Refusal:
        """The same refusal with its blanks filled in."""
        return Refusal(self.code, self.reason.format(**values))


class Refused(Exception):  # noqa: N818 - an outcome of a protocol step, not a failure of this program
    """Raised where a client's message must be refused; the connection turns it into the close frame."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code} {refusal.reason}")
        self.refusal = refusal


_JSON = "Invalid JSON payload received. "

REFUSALS: Final[dict[str, Refusal]] = {
    "invalid_key": Refusal(1007, "API key not valid. Please pass a valid API key."),
    "empty_key": Refusal(1007, "API Key not found. Please pass a valid API key."),
    "expired_key": Refusal(1007, "API key expired. Please renew the API key."),
    "no_credential": Refusal(
        1008,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    ),
    "unknown_model": Refusal(
        1008,
        "{model} is not found for API version {version}, or is not supported for bidiGenerateContent. "
        "Call ListModels to see the list of available models and their supported methods.",
    ),
    "unknown_vertex_model": Refusal(
        1008,
        "Publisher model `{model}` was not found or your project does not have access to it. "
        "Please ensure you are using a valid model version.",
    ),
    "retired_model": Refusal(1007, "{model} is not supported in the live api."),
    "unknown_field": Refusal(1007, _JSON + 'Unknown name "{name}": Cannot find field.'),
    "unknown_field_at": Refusal(1007, _JSON + "Unknown name \"{name}\" at '{path}': Cannot find field."),
    "wrong_value": Refusal(1007, "Invalid value at '{path}' ({type}), {value}"),  # REST
    "not_json": Refusal(1007, _JSON + "{detail}"),  # tail as on REST
    "setup_not_first": Refusal(1007, "setup must be the first message and only the first"),
    "invalid_argument": Refusal(1007, "Request contains an invalid argument."),
    "text_modality": Refusal(
        1007, "The requested combination of response modalities ({modality}) is not supported by the model"
    ),
    "thinking_level_missing": Refusal(1007, "Thinking level must be specified for this model"),
    "thinking_level": Refusal(1007, "Thinking level {level} is not supported for this model"),  # PYDANTIC
    "thinking_refused": Refusal(1007, "Thinking level is not supported for this model"),  # PYDANTIC: 3.8
    "thinking_refused_vertex": Refusal(1007, "thinking_level is not supported by this model"),  # PYDANTIC
    "blocking_refused": Refusal(1007, "BLOCKING function calls are not supported for this model"),  # PYDANTIC
    "code_execution": Refusal(1007, "Code Execution tool is not supported for this model"),  # PYDANTIC: 2.5
    "precondition": Refusal(1007, "Precondition check failed."),  # PYDANTIC; its full stop as on REST
    "scheduling_refused": Refusal(1007, "Function response scheduling is not supported for this model"),
    "media_chunks": Refusal(
        1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."
    ),
    "sample_rate_changed": Refusal(
        1007, "Sample rate changed from previously {before} to {now}, which is not supported."
    ),
    "language_code": Refusal(1007, "Unsupported language code '{language}' for model {model}"),
    "not_implemented": Refusal(1008, "Operation is not implemented, or supported, or enabled."),
    "not_found": Refusal(1008, "Requested entity was not found."),
    "not_supported": Refusal(1008, "Operation not supported"),
    "aborted": Refusal(1008, "The operation was aborted."),
    "quota": Refusal(
        1011,
        "You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
    ),
    "internal": Refusal(1011, "Internal error encountered."),
    "internal_older": Refusal(1011, "Internal error occurred."),
    "deadline": Refusal(1011, "Deadline expired before operation could complete."),
    "deadline_older": Refusal(1011, "RPC::DEADLINE_EXCEEDED"),
    "unavailable": Refusal(1011, "The service is currently unavailable."),
    "limit": Refusal(1000, ""),
    "going_away": Refusal(1001, ""),
}
"""Every refusal on record by a name of our own; the names double as names of faults."""


def refuse(name: str, **values: object) -> Refused:
    """The exception for a refusal of the table, its blanks filled in.

    Example:
        >>> refuse("language_code", language="cs-CZ", model="models/x").refusal.reason
        "Unsupported language code 'cs-CZ' for model models/x"
    """
    refusal = REFUSALS[name]
    return Refused(refusal.fill(**values) if values else refusal)
