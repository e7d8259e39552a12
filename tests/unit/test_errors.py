"""Every close on record becomes one exception, with a hint, and holds no key."""

from __future__ import annotations

import pickle

import pytest

from gemini_live_nb import errors
from gemini_live_nb.errors import from_close, from_status, retryable
from gemini_live_nb.errors.closing import CAUSES, STATUSES
from gemini_live_nb.errors.redaction import STRUCK, redact, remember

# Every row of the list of what the server does with bad input, its reason as it arrives: cut at 123 bytes.
ROWS = [
    (1007, "API key not valid. Please pass a valid API key.", "setup", "AuthError"),
    (1007, "API Key not found. Please pass a valid API key.", "setup", "AuthError"),
    (1007, "API key expired. Please renew the API key.", "setup", "AuthError"),
    (1008, "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API c", "setup", "AuthError"),
    (1008, "models/X is not found for API version v1beta, or is not supported for bidiGenerateContent. Call ListModels to", "setup", "ModelNotFound"),
    (1008, "Publisher model projects/p was not found or your project does not have access to it.", "setup", "ModelNotFound"),
    (1007, "gemini-2.0-flash-exp is not supported in the live api.", "setup", "ModelNotFound"),
    (1007, 'Invalid JSON payload received. Unknown name "config": Cannot find field.', "setup", "SetupRejected"),
    (1007, 'Invalid JSON payload received. Unknown name "X" at \'setup.generation_config\': Cannot find field.', "setup", "SetupRejected"),
    (1007, 'Invalid JSON payload received. Unknown name "X" at \'realtime_input\': Cannot find field.', "session", "ProtocolError"),
    (1007, 'Invalid JSON payload received. Unknown name "proactivity" at \'setup\': Cannot find field.', "session", "SetupRejected"),
    (1007, "Invalid value at 'setup.generation_config.temperature' (TYPE_FLOAT), \"hot\"", "setup", "SetupRejected"),
    (1007, "Invalid JSON payload received. Unexpected token.", "session", "ProtocolError"),
    (1007, "setup must be the first message and only the first", "session", "ProtocolError"),
    (1007, "setup must be the first message and only the first", "setup", "ProtocolError"),
    (1007, "Request contains an invalid argument.", "setup", "SetupRejected"),
    (1007, "Request contains an invalid argument.", "resume", "SetupRejected"),
    (1007, "Request contains an invalid argument.", "session", "ProtocolError"),
    (1007, "Cannot extract voices from a non-audio request.", "setup", "SetupRejected"),
    (1007, "The requested combination of response modalities (TEXT) is not supported by the model.", "setup", "SetupRejected"),
    (1007, "Thinking level must be specified for this model", "setup", "SetupRejected"),
    (1007, "Function response scheduling is not supported for this model", "session", "ProtocolError"),
    (1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.", "session", "ProtocolError"),
    (1007, "Sample rate changed from previously 24000 to 16000, which is not supported.", "session", "ProtocolError"),
    (1007, "Unsupported language code 'cs-CZ' for model models/gemini-2.5-flash-native-audio-latest", "setup", "SetupRejected"),
    (1007, 'Invalid JSON payload received. Unknown name "transparent" at \'setup.session_resumption\': Cannot find field.', "setup", "SetupRejected"),
    (1008, "Operation is not implemented, or supported, or enabled.", "session", "ProtocolError"),
    (1008, "Requested entity was not found.", "session", "ProtocolError"),
    (1008, "Operation not supported", "session", "ProtocolError"),
    (1008, "The operation was aborted.", "session", "ServerFault"),
    (1011, "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: h", "setup", "QuotaExceeded"),
    (1011, "Internal error encountered.", "session", "ServerFault"),
    (1011, "Internal error occurred.", "setup", "ServerFault"),
    (1011, "Internal error encountered.", "resume", "ServerFault"),
    (1011, "Deadline expired before operation could complete.", "session", "DeadlineExceeded"),
    (1011, "RPC::DEADLINE_EXCEEDED", "session", "DeadlineExceeded"),
    (1011, "The service is currently unavailable.", "session", "ServerFault"),
    (1011, "keepalive ping timeout", "session", "NetworkLost"),
    (1011, "", "session", "ServerFault"),
    (1000, "", "session", "GoneAway"),
    (1001, "going away", "session", "GoneAway"),
    (1006, "", "session", "NetworkLost"),
    (None, "", "session", "NetworkLost"),
    (1006, "", "setup", "ConnectError"),
    (1005, "", "session", "NetworkLost"),
    (1009, "message too big", "session", "ProtocolError"),
    (1015, "", "connect", "ConnectError"),
    (1007, "something nobody has met", "setup", "SetupRejected"),
    (1008, "something nobody has met", "session", "ProtocolError"),
    (4321, "a private code", "session", "SessionClosed"),
    (4321, "a private code", "setup", "ConnectError"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reason", "phase", "name"), ROWS)
def test_every_close_on_record_has_its_error_and_a_hint(code, reason, phase, name):
    error = from_close(code, reason, phase=phase)
    assert type(error).__name__ == name
    assert error.code == (code or 1006)
    assert error.reason == reason
    assert error.hint
    assert "{" not in error.message
    assert error.message in str(error)
    assert f"Try: {error.hint}" in str(error)
    assert str(error.code) in str(error)


@pytest.mark.parametrize(("code", "reason", "phase", "name"), ROWS)
def test_a_reason_cut_anywhere_still_makes_an_error(code, reason, phase, name):
    for end in range(len(reason)):
        error = from_close(code, reason[:end], phase=phase)
        assert isinstance(error, errors.LiveError)
        assert error.hint


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ('Unknown name "config": Cannot find field.', 'field "config".'),
        ('Unknown name "X" at \'setup.generation_config\': Cannot', 'field "X" in setup.generation_config.'),
        ('Unknown name "X" at \'setup.tools[0].function_declarations[0].para', 'field "X" in setup.tools[0].function_declarations[0].para.'),
        ('Unknown name "a_very_long_na', 'field "a_very_long_na".'),
    ],
)  # fmt: skip
def test_an_unknown_field_is_named_with_its_place(reason, words):
    error = from_close(1007, f"Invalid JSON payload received. {reason}", phase="setup")
    assert error.message.endswith(words)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("config", "setup_form"),
        ("proactivity", "v1alpha"),
        ("enable_affective_dialog", "v1alpha"),
        ("responseModalities", "generationConfig"),
        ("transparent", "Vertex"),
        ("contextUpdate", "reconnect"),
    ],
)
def test_a_field_known_to_be_refused_has_its_own_hint(name, hint):
    reason = f"Invalid JSON payload received. Unknown name \"{name}\" at 'setup': Cannot find field."
    assert hint in from_close(1007, reason, phase="setup").hint


def test_quota_is_told_from_a_fault_by_the_words():
    quota = from_close(1011, "You exceeded your current quota, please check", phase="session")
    fault = from_close(1011, "Internal error encountered.", phase="session")
    assert not retryable(quota)
    assert retryable(fault)


def test_a_refused_resumption_says_to_wait():
    assert "second" in from_close(1011, "Internal error encountered.", phase="resume").hint


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (errors.NetworkLost("x"), True),
        (errors.ConnectError("x"), True),
        (errors.GoneAway("x"), True),
        (errors.DeadlineExceeded("x"), True),
        (errors.AuthError("x"), False),
        (errors.SetupRejected("x"), False),
        (errors.ModelNotFound("x"), False),
        (errors.ConfigError("x"), False),
        (errors.ProtocolError("x"), False),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (ValueError(), False),
    ],
    ids=repr,
)
def test_what_is_worth_trying_again(error, again):
    assert retryable(error) is again


@pytest.mark.parametrize("status", [*STATUSES, 418, 500, 503])
def test_a_refused_handshake(status):
    error = from_status(status, "a body " * 100)
    assert error.code == status
    assert error.hint
    assert len(error.reason) <= 200
    assert isinstance(error, {401: errors.AuthError, 429: errors.QuotaExceeded}.get(status, errors.LiveError))
    assert retryable(error) is (status not in (401, 403, 429))


def test_the_table_is_sound():
    for cause in CAUSES:
        for name in cause.error.split("|"):
            assert issubclass(getattr(errors, name), errors.LiveError)
        assert cause.hint
        assert cause.source


def test_every_error_is_drawn_in_the_tree():
    def below(kind):
        return {kind.__name__}.union(*(below(child) for child in kind.__subclasses__()))

    named = [name for name in below(errors.LiveError) if hasattr(errors, name)]
    assert len(named) > 15
    assert [name for name in named if name not in errors.__doc__] == []


def test_an_error_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(from_close(1007, "API key not valid.", phase="setup")))
    assert (type(error).__name__, error.code, error.reason, error.hint[:5]) == (
        "AuthError",
        1007,
        "API key not valid.",
        "check",
    )
    assert errors.AskTimeout("late", turn=3).turn == 3


KEY = "AIza" + "SyMadeUpForThisTest0123456789abcdefgh"


def test_no_error_holds_a_key():
    remember("an-odd-looking-secret")
    error = errors.ConnectError(
        f"no answer from wss://h/?key={KEY}",
        reason=f"key {KEY}; handle: 0123456789abcdef; an-odd-looking-secret",
        hint="curl -H 'x-goog-api-key: abc123'",
    )
    for shown in (str(error), repr(error), repr(error.__dict__), repr(error.args)):
        for secret in (KEY, "abc123", "0123456789abcdef", "an-odd-looking-secret"):
            assert secret not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"wss://h/p?key={KEY}&x=1", f"wss://h/p?key={STRUCK}&x=1"),
        (f"?x=1&key={KEY}", f"?x=1&key={STRUCK}"),
        ("?key=anything-at-all", f"?key={STRUCK}"),
        ("?access_token=auth_tokens/abc-DEF&b", f"?access_token=auth_tokens/{STRUCK}&b"),
        ("?access_token=auth_tokens%2Fabc", f"?access_token=auth_tokens%2F{STRUCK}"),
        ("'x-goog-api-key': 'abc', 'b': 'c'", f"'x-goog-api-key': '{STRUCK}', 'b': 'c'"),
        ("(b'x-goog-api-key', b'abc')", f"(b'x-goog-api-key', b'{STRUCK}')"),
        ("X-Goog-Api-Key: abc", f"X-Goog-Api-Key: {STRUCK}"),
        ("Authorization: Bearer abc", f"Authorization: Bearer {STRUCK}"),
        ('{"authorization": "Token auth_tokens/abc"}', f'{{"authorization": "Token auth_tokens/{STRUCK}"}}'),
        ("Authorization: abc", f"Authorization: {STRUCK}"),
        ("bare AQ." + "Ab8RN6abcdefghijk end", f"bare {STRUCK} end"),
        ("bare ya" + "29.a0Ab8RN6abcdefghijk end", f"bare {STRUCK} end"),
        ("Bearer abcdefghijklmnop", f"Bearer {STRUCK}"),
        ("wss://user:word@h/p", f"wss://user:{STRUCK}@h/p"),
        ("pass api_key=… or token=…", "pass api_key=… or token=…"),
        ("a monkey = a key thing; Token ring; 10 tokens", "a monkey = a key thing; Token ring; 10 tokens"),
        ("handle: 0123456789", "handle: 0123456789"),
        (b"?key=abc", f"b'?key={STRUCK}'"),
    ],
)
def test_redaction_finds_keys_by_shape_and_by_name(text, shown):
    assert redact(text) == shown
    assert redact(redact(text)) == shown


def test_redaction_finds_keys_by_value():
    remember("seen/only+here")
    assert redact("x seen/only+here y seen%2Fonly%2Bhere z") == f"x {STRUCK} y {STRUCK} z"
    remember("abc")
    remember(None)
    assert redact("abc") == "abc"


def test_handles_are_struck_out_when_asked():
    text = '{"newHandle": "95e91930-b35b", "resumable": true} handle=Cihvabcdef'
    assert redact(text, handles=True) == f'{{"newHandle": "{STRUCK}", "resumable": true}} handle={STRUCK}'
    assert redact(text) == text
