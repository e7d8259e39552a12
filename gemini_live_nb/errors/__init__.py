"""Everything that can go wrong, as one tree.

    LiveError
    ├── ConfigError            a setting that cannot be sent
    ├── ConnectError           no session came about
    │   ├── AuthError            key or token missing, wrong, expired
    │   ├── SetupRejected        the server refused the setup
    │   └── ModelNotFound        no such model, not a live model, retired
    ├── SessionClosed          a session ended that was not to end
    │   ├── QuotaExceeded        quota, rate or concurrent sessions
    │   ├── ServerFault          the server failed
    │   ├── DeadlineExceeded     the connection's lifetime was over
    │   ├── GoneAway             the server ended it in good order
    │   ├── NetworkLost          the connection broke
    │   └── ProtocolError        the server refused a frame
    ├── AskTimeout             no complete reply in time; `.turn` has what came
    ├── AnswerLost             the connection broke in mid-answer; `.turn` has what came
    ├── ToolError              a function of yours failed
    │   ├── ToolTimeout
    │   └── ToolCancelled
    ├── MediaError             microphone, camera, speaker or a sound file
    └── LogError               a run that cannot be written or read

Every error has a `hint`: what to try. Those made from a close frame keep its `code` and `reason`. No error
ever holds a key: all text goes through `errors.redaction.redact`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .closing import STATUSES, Phase, cause_of, field_hint
from .redaction import redact
from .shown import traceback_lines


class LiveError(Exception):
    """Base of all errors of this package.

    Args:
        message: What happened, in a sentence.
        code: The WebSocket close code (or HTTP status of a refused handshake), where there was one.
        reason: The server's own words.
        hint: What to try.
    """

    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, code: int | None = None, reason: str = "", hint: str = "") -> None:
        self.message = redact(message)
        self.code = code
        self.reason = redact(reason, handles=True)
        self.hint = redact(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        text = self.message
        if self.code is not None:
            text += f" [{self.code}: {self.reason}]" if self.reason else f" [{self.code}]"
        return f"{text}\nTry: {self.hint}" if self.hint else text

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it."""
        return traceback_lines(self)


class ConfigError(LiveError):
    """A setting that cannot be sent."""


class ConnectError(LiveError):
    """No session came about."""

    retry = True


class AuthError(ConnectError):
    """Key or token missing, wrong, expired."""

    retry = False


class SetupRejected(ConnectError):
    """The server refused the setup."""

    retry = False


class ModelNotFound(ConnectError):
    """No such model, not a live model, or retired."""

    retry = False


class SessionClosed(LiveError):
    """A session ended that was not to end."""


class QuotaExceeded(SessionClosed):
    """Quota, rate or number of concurrent sessions is used up."""


class ServerFault(SessionClosed):
    """The server failed."""

    retry = True


class DeadlineExceeded(SessionClosed):
    """The connection's lifetime (about ten minutes) was over."""

    retry = True


class GoneAway(SessionClosed):
    """The server ended the connection in good order."""

    retry = True


class NetworkLost(SessionClosed):
    """The connection broke without a goodbye."""

    retry = True


class ProtocolError(SessionClosed):
    """The server refused a frame we sent."""


class AskTimeout(LiveError):
    """No complete reply in time.

    Args:
        turn: What had come until then (a `Turn`), or None.
    """

    def __init__(self, message: str, *, turn: Any = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.turn = turn


class AnswerLost(LiveError):
    """The connection broke while the model answered; the rest of that answer never comes (PROTOCOL.md §4.3).

    Args:
        turn: What had come until then (a `Turn`).
    """

    def __init__(self, message: str, *, turn: Any = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.turn = turn


class ToolError(LiveError):
    """A function of yours failed."""


class ToolTimeout(ToolError):
    """A function took longer than it may."""


class ToolCancelled(ToolError):
    """A call was cancelled before it was done."""


class MediaError(LiveError):
    """Microphone, camera, speaker or a sound file."""


class LogError(LiveError):
    """A run that cannot be written or read."""


def retryable(error: BaseException) -> bool:
    """Say whether trying again, unchanged, may help.

    Faults of network and server may pass; a wrong key, a refused setup or a used-up quota will not.
    """
    if isinstance(error, LiveError):
        return error.retry
    return isinstance(error, OSError | TimeoutError | EOFError)


def from_close(code: int | None, reason: str = "", *, phase: Phase = "session") -> LiveError:
    """Make the one exception for the end of a connection.

    Args:
        code: The close code; None or 1006 where the connection just broke.
        reason: The server's words, as received (cut at 123 bytes).
        phase: `connect` until the WebSocket stands, `setup` until setupComplete (`resume` if the setup
        carried
            a handle), `session` after that.

    Example:
        >>> error = from_close(1007, "API key not valid. Please pass a valid API key.", phase="setup")
        >>> type(error).__name__, error.code
        ('AuthError', 1007)

    Source: PROTOCOL.md §1.4.
    """
    code = 1006 if code is None else code
    match = cause_of(code, reason, phase)
    if match is None:
        unmet = SessionClosed if phase == "session" else ConnectError
        return unmet("The server closed the connection.", code=code, reason=reason, hint="connect again")
    cause, caught = match
    hint = cause.hint
    if "Unknown name" in cause.pattern:
        name, where = caught
        hint = field_hint(name) or hint
        caught = (name, f" in {where}" if where else "")
    before, _, during = cause.error.partition("|")
    in_setup = phase != "session" or any(words.strip().startswith("in setup") for words in caught)
    kind = _CLASSES[before if in_setup or not during else during]
    return kind(cause.says.format(*caught), code=code, reason=reason, hint=hint)


def from_status(status: int, body: str = "") -> LiveError:
    """Make the exception for a handshake refused with an HTTP status.

    Args:
        status: The HTTP status.
        body: The answer's text, if any; its beginning is kept as the reason.
    """
    if status >= 500:
        return ServerFault(
            "The server failed.", code=status, reason=body[:200], hint="wait a moment and connect again"
        )
    name, says, hint = STATUSES.get(status, STATUSES[400])
    return _CLASSES[name](says, code=status, reason=body[:200], hint=hint)


def _tree(kind: type[LiveError]) -> dict[str, type[LiveError]]:
    found = {kind.__name__: kind}
    for below in kind.__subclasses__():
        found.update(_tree(below))
    return found


_CLASSES = _tree(LiveError)
