"""Ephemeral tokens: minted by `POST /{version}/auth_tokens`, spent on the constrained method (§1.3)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gemini_live_nb.clock import Clock
from gemini_live_nb.protocol.client import Setup
from gemini_live_nb.protocol.wire import Wire as WireStruct

from .accept import Dialect, checked, parse
from .refusals import REFUSALS, Refused, refuse

_LIFE = timedelta(minutes=30)
_NEW_SESSIONS = timedelta(seconds=60)
_LONGEST = timedelta(hours=20)


class AuthToken(WireStruct):
    """Body of the request for a token."""

    name: str | None = None
    uses: int | None = None
    expire_time: str | None = None
    new_session_expire_time: str | None = None
    bidi_generate_content_setup: Setup | None = None
    field_mask: str | None = None


@dataclass(slots=True)
class Token:
    """A token in the emulator's memory."""

    name: str
    uses: int
    expires: float
    new_sessions_until: float
    setup: Setup | None
    mask: tuple[str, ...]
    spent: int = 0

    def alive(self, now: float) -> None:
        """Let messages pass while the token lives.

        Raises:
            Refused: it has expired. [I]: the wording for tokens was never seen, that of keys is used.
        """
        if now >= self.expires:
            raise refuse("expired_key")

    def spend(self, now: float, *, resuming: bool) -> None:
        """Use it for a session; resuming one costs nothing."""
        self.alive(now)
        if resuming:
            return
        if now >= self.new_sessions_until or (self.uses and self.spent >= self.uses):
            raise refuse("expired_key")
        self.spent += 1

    def locked(self, asked: Setup, dialect: Dialect) -> Setup:
        """The client's setup with all that the token locks put back to the token's own values, or to none."""
        if self.setup is None:
            return asked
        own = msgspec.to_builtins(self.setup)
        theirs = msgspec.to_builtins(asked)
        if not self.mask:
            resumption = theirs.get("sessionResumption")
            merged = {**own, **({"sessionResumption": resumption} if resumption is not None else {})}
        else:
            merged = theirs
            for path in self.mask:
                _put(merged, path.split("."), _get(own, path.split(".")))
        return checked(Setup, merged, "setup", dialect.hidden)


class Mint:
    """Makes and finds tokens.

    Args:
        clock: tells the time of expiry.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, Token] = {}

    def create(self, body: bytes) -> dict[str, Any]:
        """Mint a token from a request's body; returns the response's JSON.

        Raises:
            Refused: something in the body is wrong.
        """
        asked = checked(AuthToken, parse(body) if body.strip() else {}, "auth_token")
        now = datetime.fromtimestamp(self._clock.time(), UTC)
        expires = _time(asked.expire_time, now + _LIFE, "auth_token.expire_time")
        new_until = _time(
            asked.new_session_expire_time, now + _NEW_SESSIONS, "auth_token.new_session_expire_time"
        )
        if not (now < expires < now + _LONGEST) or new_until >= now + _LONGEST or (asked.uses or 0) < 0:
            raise refuse("invalid_argument")
        mask = tuple(path for path in (asked.field_mask or "").replace(" ", "").split(",") if path)
        token = Token(
            name=f"auth_tokens/{secrets.token_hex(32)}",
            uses=1 if asked.uses is None else asked.uses,
            expires=expires.timestamp(),
            new_sessions_until=new_until.timestamp(),
            setup=asked.bidi_generate_content_setup,
            mask=mask,
        )
        self._forget()
        self._tokens[token.name] = token
        return {"name": token.name}

    def find(self, name: str) -> Token:
        """The token of this name.

        Raises:
            Refused: there is none.
        """
        token = self._tokens.get(name)
        if token is None:
            raise refuse("invalid_key")
        return token

    def _forget(self) -> None:
        now = self._clock.time()
        for name in [name for name, token in self._tokens.items() if token.expires < now - 3600]:
            del self._tokens[name]


def _time(text: str | None, default: datetime, path: str) -> datetime:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refusal = REFUSALS["wrong_value"].fill(
            path=path, type="type.googleapis.com/google.protobuf.Timestamp", value=f'"{text}"'
        )
        raise Refused(refusal) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _get(tree: Mapping[str, Any], path: list[str]) -> Any:
    value: Any = tree
    for name in path:
        value = value.get(_camel(name)) if isinstance(value, dict) else None
    return value


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, last = map(_camel, path)
    for name in parents:
        child = tree.get(name)
        if not isinstance(child, dict):
            if value is None:
                return
            child = tree[name] = {}
        tree = child
    if value is None:
        tree.pop(last, None)
    else:
        tree[last] = value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
