"""Ephemeral tokens: a key for one conversation, to be given to a page or a person (PROTOCOL.md §1.3)."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ..errors import AuthError, ConfigError, ConnectError, LiveError, from_status
from ..errors.redaction import redact, remember
from .client import GenerationConfig
from .codec import merged
from .config import LiveConfig
from .content import FunctionDeclaration
from .endpoint import HOST, TOKEN_VERSION
from .keys import find_key

# Both times must lie less than this ahead (REF).
_FURTHEST = timedelta(hours=20)
_MOST_ANSWER = 65_536


@dataclass(frozen=True, repr=False)
class Token:
    """An ephemeral token; printing it does not show it.

    Attributes:
        name: What to pass as `token=`: `auth_tokens/…`.
        expire_time: When it ends the sessions it opened, as the server said; often not said.
        new_session_expire_time: Until when it opens sessions, likewise.
    """

    name: str
    expire_time: str | None = None
    new_session_expire_time: str | None = None

    def __repr__(self) -> str:
        return f"<Token {redact(self.name)}>"


def create_token(
    config: LiveConfig | None = None,
    *,
    uses: int | None = None,
    expire_time: datetime | timedelta | None = None,
    new_session_expire_time: datetime | timedelta | None = None,
    lock_additional_fields: Sequence[str] | None = None,
    declarations: Sequence[FunctionDeclaration] = (),
    api_key: str | None = None,
    url: str | None = None,
    version: str = TOKEN_VERSION,
    timeout: float = 30.0,
) -> Token:
    """Ask the server for an ephemeral token. Blocks; in async code use `create_token_async`.

    Args:
        config: What the token is bound to; None for a token that may be used with any setup.
        uses: How many sessions it may open: the server's default is 1, 0 is without limit. Resuming is free.
        expire_time: When its sessions end, at a time or after one (server's default: 30 minutes). Below 20
            hours.
        new_session_expire_time: Until when it opens sessions (server's default: 60 seconds).
        lock_additional_fields: None locks every setting, also those not in `config`, to its value or default;
            a list locks what `config` sets and the settings named here (`[]` for none more).
        declarations: Of the Python functions among the config's tools.
        api_key: Else `find_key()`.
        url: Another server, such as `http://127.0.0.1:8080`.
        version: API version: `v1alpha`.
        timeout: Seconds to wait for the answer.

    Raises:
        AuthError: no key, or one that is not accepted.
        ConfigError: times too far ahead.
        ConnectError: the server could not be reached or did not answer as expected.

    Example:
        token = create_token(LiveConfig(model="gemini-3.8-live"), expire_time=timedelta(minutes=10))
        live = Live(token=token.name)
    """
    key = api_key or find_key()
    if not key:
        raise AuthError(
            "There is no API key to make a token with.", hint="set GEMINI_API_KEY, or pass api_key=…"
        )
    remember(key)
    body = token_body(
        config,
        uses=uses,
        expire_time=expire_time,
        new_session_expire_time=new_session_expire_time,
        lock_additional_fields=lock_additional_fields,
        declarations=declarations,
    )
    answer = _post(_address(url, version), body, key, timeout)
    name = answer.get("name")
    if not isinstance(name, str) or not name:
        raise ConnectError("The server's answer holds no token.", hint="check url=… and version=…")
    remember(name)
    return Token(name, answer.get("expireTime"), answer.get("newSessionExpireTime"))


async def create_token_async(config: LiveConfig | None = None, **settings: Any) -> Token:
    """Do what `create_token` does, on a worker thread."""
    return await asyncio.to_thread(create_token, config, **settings)


def token_body(
    config: LiveConfig | None = None,
    *,
    uses: int | None = None,
    expire_time: datetime | timedelta | None = None,
    new_session_expire_time: datetime | timedelta | None = None,
    lock_additional_fields: Sequence[str] | None = None,
    declarations: Sequence[FunctionDeclaration] = (),
) -> dict[str, Any]:
    """Return the request `create_token` sends; see there.

    Source: PROTOCOL.md §1.3, the body google-genai 3.4 sends.
    """
    body: dict[str, Any] = {}
    if uses is not None:
        body["uses"] = uses
    for name, when in (("expireTime", expire_time), ("newSessionExpireTime", new_session_expire_time)):
        if when is not None:
            body[name] = _timestamp(name, when)
    if config is None:
        return body
    setup = merged(msgspec.to_builtins(config.setup(declarations)), config.extra or {})
    if setup:
        body["bidiGenerateContentSetup"] = setup
    if lock_additional_fields is not None:
        body["fieldMask"] = ",".join(_mask(setup, lock_additional_fields))
    return body


def _mask(setup: Mapping[str, Any], further: Sequence[str]) -> list[str]:
    """Name what is set, two levels deep, and what else is to be locked; lowerCamelCase."""
    paths = [
        path
        for name, value in setup.items()
        for path in ([f"{name}.{below}" for below in value] if isinstance(value, dict) and value else [name])
    ]
    generation = {item.encode_name for item in msgspec.structs.fields(GenerationConfig)}
    for name in further:
        camel = re.sub(r"_(\w)", lambda found: found[1].upper(), name)
        path = f"generationConfig.{camel}" if camel in generation else camel
        if path not in paths:
            paths.append(path)
    return paths


def _timestamp(name: str, when: datetime | timedelta) -> str:
    now = datetime.now(UTC)
    if isinstance(when, datetime) and when.tzinfo is None:
        raise ConfigError(f"{name} needs a time zone.", hint="datetime.now(UTC) + …, or pass a timedelta")
    moment = now + when if isinstance(when, timedelta) else when.astimezone(UTC)
    if not now < moment < now + _FURTHEST:
        raise ConfigError(
            f"{name} must lie ahead, by less than 20 hours.", hint="pass timedelta(minutes=30), say"
        )
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _address(url: str | None, version: str) -> str:
    if url is None:
        return f"https://{HOST}/{version}/auth_tokens"
    place = urlsplit(url if "://" in url else f"http://{url}")
    scheme = {"ws": "http", "wss": "https"}.get(place.scheme, place.scheme)
    if scheme not in ("http", "https") or not place.hostname:
        raise ConfigError(f"{url!r} is no HTTP URL.", hint="for example http://127.0.0.1:8080")
    return f"{scheme}://{place.netloc}/{version}/auth_tokens"


def _post(address: str, body: dict[str, Any], key: str, timeout: float) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  (the scheme was checked)
        address,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "x-goog-api-key": key},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            content = answer.read(_MOST_ANSWER)
    except urllib.error.HTTPError as refusal:
        raise _refused(refusal) from None
    except OSError as trouble:
        raise ConnectError(f"The server could not be reached: {trouble}", hint="check the network") from None
    try:
        parsed = json.loads(content)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ConnectError("The server's answer is no JSON.", hint="check url=… and version=…")
    return parsed


def _refused(refusal: urllib.error.HTTPError) -> LiveError:
    content = refusal.read(_MOST_ANSWER).decode("utf-8", "replace")
    try:
        reason = str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        reason = content
    if refusal.code == 400 and "API key" in reason:
        return AuthError(
            "The server does not accept the API key.", code=400, reason=reason, hint="check GEMINI_API_KEY"
        )
    return from_status(refusal.code, reason)
