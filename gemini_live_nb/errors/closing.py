"""Why a server closes: one row for every cause on record (PROTOCOL.md §1.4), as data.

There is no error message on this wire; every refusal is a close frame with a code and up to 123 bytes of
reason. `cause_of` finds the row. Patterns read the beginning of a reason only, since its end is cut off.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Phase = Literal["connect", "setup", "resume", "session"]

KEY_HINT = "check GEMINI_API_KEY (or api_key=…); a key is made at https://aistudio.google.com/apikey"
MODEL_HINT = "check the spelling of model=…; protocol.models lists the live models known to this package"


class Cause(NamedTuple):
    """One row: what to recognise it by, and what to tell the user.

    Attributes:
        error: Name of the class in `errors`. In `setup|session` the second is used once the session runs.
        codes: Close codes it comes with; empty for any.
        pattern: What the reason matches (searched, case ignored); empty for any.
        says: What happened. `{0}`, `{1}` … are the pattern's groups.
        hint: What to try, filled in likewise.
        phases: When it applies; empty for always.
        source: Where the row comes from.
    """

    error: str
    codes: tuple[int, ...]
    pattern: str
    says: str
    hint: str
    phases: tuple[str, ...] = ()
    source: str = "PROTOCOL.md §1.4"


# What to say about a field the server does not know, where more is known than "check the spelling".
FIELD_HINTS: dict[str, str] = {
    "config": 'this server takes {"setup": …} only: leave setup_form at "setup"',
    "proactivity": 'proactivity is taken on v1alpha only: pass version="v1alpha"',
    "enableAffectiveDialog": 'affective dialog is taken by 2.5 on v1alpha only: pass version="v1alpha"',
    "responseModalities": "it belongs in setup.generationConfig, where LiveConfig puts it",
    "transparent": "transparent resumption exists on Vertex AI only: leave transparent unset",
    "safetySettings": "the Developer API refuses safetySettings on Live: leave safety_settings unset",
    "explicitVadSignal": "explicitVadSignal exists on Vertex AI only: leave explicit_vad_signal unset",
    "contextUpdate": "there is no contextUpdate here: reconnect with the new instructions",
    "toolConfig": "there is no toolConfig on Live: leave it out",
    "parametersJsonSchema": "declare `parameters` (a subset of OpenAPI) instead",
}

_UNKNOWN_FIELD = r'Unknown name "([^"]*)"?(?: at \'([^\']*)\'?)?'

# Tried against the service in September and October 2026.
_PYDANTIC = "pydantic-ai 2.66, profiles/google.py"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "AuthError", (1007, 1008), r"API key not valid", "The server does not accept the API key.", KEY_HINT
    ),
    Cause("AuthError", (1007, 1008), r"API key not found", "No API key reached the server.", KEY_HINT),
    Cause("AuthError", (1007, 1008), r"API key expired", "The API key has expired.", KEY_HINT),
    Cause(
        "AuthError",
        (1008,),
        r"unregistered callers|without established identity",
        "The server saw no credential it knows.",
        "pass api_key=…, or an ephemeral token as token=… (not as a key)",
    ),
    Cause(
        "ModelNotFound",
        (1008,),
        r"(?:models/)?(\S+) is not found for API version (\w+)",
        "There is no live model {0} on {1}.",
        MODEL_HINT + "; some models are served on another API version: try version=…",
    ),
    Cause(
        "ModelNotFound",
        (1008,),
        r"Publisher model",
        "Vertex AI does not know the model.",
        MODEL_HINT + ", and the location",
    ),
    Cause(
        "ModelNotFound",
        (1007,),
        r"(\S+) is not supported in the live api",
        "The model {0} is retired.",
        MODEL_HINT,
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        _UNKNOWN_FIELD,
        'The server does not know the field "{0}"{1}.',
        "check its spelling and place, or leave it out",
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        r"Invalid value at '([^']*)'?",
        "The value of {0} is of a wrong kind.",
        "compare it with the API reference: https://ai.google.dev/api/live",
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        r"Invalid JSON payload",
        "The server could not read our frame as JSON.",
        "if it was sent with send_raw, check the JSON; session.log has the frame",
    ),
    Cause(
        "ProtocolError",
        (1007,),
        r"setup must be the first message",
        "The first frame was not a setup, or a second setup was sent.",
        "send setup once, first; settings are changed by reconnecting",
    ),
    Cause(
        "SetupRejected",
        (1007,),
        r"Cannot extract voices|combination of response modalities",
        "This model does not answer in text.",
        'use response_modalities=["AUDIO"]; the words come as output_transcription',
    ),
    Cause(
        "SetupRejected",
        (1007,),
        r"Thinking level must be specified",
        "This model needs a thinking level.",
        'set thinking_level="LOW", "MEDIUM" or "HIGH"',
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        r"Thinking level (\w+) is not supported for",
        "This model has no thinking level {0}.",
        "config.check() names the levels it has",
        source=_PYDANTIC,
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        r"Thinking[ _]level is not supported",
        "This model takes no thinking level.",
        "leave thinking_level, thinking_budget and include_thoughts unset",
        source=_PYDANTIC,
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        r"BLOCKING function calls are not supported",
        "This model waits for no function.",
        'declare it with behavior="NON_BLOCKING"',
        source=_PYDANTIC,
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1007,),
        r"Code Execution tool is not supported",
        "This model does not execute code.",
        "leave the code_execution tool out",
        source=_PYDANTIC,
    ),
    Cause(
        "ProtocolError",
        (1007,),
        r"Precondition check failed",
        "The server cannot go on from what was sent.",
        "usual cause: sound in the history of a 2.5 model; send its words instead",
        source=_PYDANTIC,
    ),
    Cause(
        "ProtocolError",
        (1007,),
        r"scheduling is not supported",
        "This model takes no scheduling in a function response.",
        "declare the tool without scheduling=",
    ),
    Cause(
        "ProtocolError",
        (1007,),
        r"media_chunks is deprecated",
        "This model does not take mediaChunks any more.",
        "send audio, video or text: send_audio, send_video, send_text",
    ),
    Cause(
        "ProtocolError",
        (1007,),
        r"Sample rate changed from previously (\d+) to (\d+)",
        "The sample rate changed from {0} to {1} in mid-session.",
        "keep one rate for a session; send_audio resamples to 16000 Hz unless told otherwise",
    ),
    Cause(
        "SetupRejected",
        (1007,),
        r"Unsupported language code '?([\w-]*)",
        "The model does not take language_code {0}.",
        "leave language_code unset and name the language in system_instruction",
    ),
    Cause(
        "SetupRejected",
        (1007,),
        r"invalid argument",
        "The server refuses the setup without saying which value.",
        "run config.check(); usual causes: a setting this model does not take, a tool declaration it "
        "cannot read, an unknown voice",
        ("connect", "setup", "resume"),
    ),
    Cause(
        "ProtocolError",
        (1007,),
        r"invalid argument",
        "The server refuses a message without saying why.",
        "usual causes: activityStart with automatic detection on, content this model does not take (a PDF in "
        "a function's result, say), or a context that is full (set context_window_compression=True)",
        ("session",),
    ),
    Cause(
        "ProtocolError",
        (1008,),
        r"not implemented, or supported|Operation not supported",
        "This model does not support what was sent.",
        "usual causes: tools on a model without them, a file or PDF in send_content, a kind of history",
    ),
    Cause(
        "ProtocolError",
        (1008,),
        r"Requested entity was not found",
        "The server does not know what the message refers to.",
        "usual causes: a tool response with an unknown id, a resumption handle that is no longer valid",
    ),
    Cause(
        "ServerFault", (1008,), r"operation was aborted", "The server aborted the operation.", "connect again"
    ),
    Cause(
        "QuotaExceeded",
        (),
        r"exceeded your current quota|RESOURCE_EXHAUSTED|resource has been exhausted|rate limit|too many"
        r"|concurrent sessions",
        "The quota is used up.",
        "wait, close other sessions, or see https://ai.google.dev/gemini-api/docs/rate-limits; "
        "this is your project's limit, not a fault of the server",
    ),
    Cause(
        "DeadlineExceeded",
        (),
        r"Deadline expired|DEADLINE_EXCEEDED",
        "The connection's lifetime (about ten minutes) was over.",
        "connect again; with session_resumption on, the conversation goes on where it was",
    ),
    Cause(
        "NetworkLost",
        (1011,),
        r"keepalive ping timeout",
        "The client closed the connection because a ping was not answered in time.",
        "the server answers pings up to 30 s late: use no client ping, or a limit of 60 s or more",
    ),
    Cause(
        "ServerFault",
        (1011,),
        r"Internal error",
        "The server refused to resume the session.",
        "wait a second or more and try again: the server may still hold the old connection",
        ("resume",),
        "PROTOCOL.md §4.3",
    ),
    Cause(
        "ServerFault", (1011,), r"Internal error", "The server failed.", "connect again; it is not your doing"
    ),
    Cause(
        "ServerFault",
        (),
        r"currently unavailable|overloaded|UNAVAILABLE",
        "The server is overloaded.",
        "wait a moment and connect again",
    ),
    Cause(
        "ServerFault", (1011, 1012, 1013, 1014), "", "The server failed.", "wait a moment and connect again"
    ),
    Cause(
        "ProtocolError",
        (1009,),
        "",
        "A frame was too large.",
        "send smaller pieces: audio of 20–100 ms, pictures of at most 768×768",
        source="RFC 6455",
    ),
    Cause(
        "GoneAway",
        (1000, 1001),
        "",
        "The server ended the connection.",
        "usual causes: the ten-minute limit, or a full context (set context_window_compression=True); "
        "connect again",
    ),
    Cause(
        "ConnectError",
        (1005, 1006),
        "",
        "The connection broke before the session began.",
        "check the network and the address; connect again",
        ("connect", "setup", "resume"),
    ),
    Cause(
        "NetworkLost",
        (1005, 1006),
        "",
        "The connection broke.",
        "check the network and connect again; with session_resumption on, the conversation goes on",
    ),
    Cause(
        "ConnectError",
        (1015,),
        "",
        "The secure connection could not be made.",
        "check the certificate of the server at this address",
        source="RFC 6455",
    ),
    Cause(
        "SetupRejected|ProtocolError",
        (1002, 1003, 1007, 1008, 1010),
        "",
        "The server refused what was sent.",
        "session.log has the frames; the last one sent is the likeliest cause",
    ),
)

# The answer to a handshake that was refused before it became a WebSocket.
STATUSES: dict[int, tuple[str, str, str]] = {
    400: ("ConnectError", "The server refused the handshake.", "check the address, and a proxy in between"),
    401: ("AuthError", "The server does not accept the credential.", KEY_HINT),
    403: (
        "AuthError",
        "The credential does not allow this.",
        KEY_HINT + "; is the Gemini API enabled for its project?",
    ),
    404: (
        "ConnectError",
        "There is no Live API at this address.",
        "check url=…, GEMINI_LIVE_URL and version=…",
    ),
    429: (
        "QuotaExceeded",
        "The quota is used up.",
        "wait, close other sessions, or see your project's limits",
    ),
}


def cause_of(code: int | None, reason: str, phase: Phase) -> tuple[Cause, tuple[str, ...]] | None:
    """Find the row for a close frame, and what its pattern caught; None for what nobody has met."""
    for cause in CAUSES:
        if cause.codes and code not in cause.codes:
            continue
        if cause.phases and phase not in cause.phases:
            continue
        found = re.search(cause.pattern, reason, re.IGNORECASE)
        if found is not None:
            return cause, tuple(group or "" for group in found.groups())
    return None


def field_hint(name: str) -> str | None:
    """Return what is known about a field the server refused, in either spelling."""
    camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    return FIELD_HINTS.get(camel)
