"""The ways in: paths, credentials, and who may knock.

The upgrade always succeeds; a wrong key is told by close frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from .accept import Dialect
from .refusals import REFUSALS, Refused, refuse

_DEVELOPER = re.compile(
    r"/ws/google\.ai\.generativelanguage\.(v1|v1beta|v1alpha)\.GenerativeService\."
    r"(BidiGenerateContent|BidiGenerateContentConstrained)"
)
_VERTEX = re.compile(r"/ws/google\.cloud\.aiplatform\.(v1|v1beta1)\.LlmBidiService/BidiGenerateContent")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Door:
    """One of the service's WebSocket methods, as a path named it."""

    dialect: Dialect
    constrained: bool = False
    """The method for ephemeral tokens."""


def door(path: str, *, accept_config: bool, accept_unknown: bool) -> Door | None:
    """The method a path names, or None; a doubled first slash is fine (js-genai sends one)."""
    path = "/" + path.lstrip("/")
    found = _DEVELOPER.fullmatch(path)
    if found:
        dialect = Dialect(found[1], False, accept_config, accept_unknown)
        return Door(dialect, constrained=found[2].endswith("Constrained"))
    found = _VERTEX.fullmatch(path)
    if found:
        return Door(Dialect(found[1], True, accept_config, accept_unknown))
    return None


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client showed; empty strings were sent empty, None was not sent."""

    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)


def credential(request: web.Request) -> Credential:
    """Reads a credential in any of its forms: `?key`, `x-goog-api-key`, `?access_token`, `Authorization`."""
    key = request.headers.get("x-goog-api-key", request.query.get("key"))
    token = request.query.get("access_token")
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    bearer = value.strip() if scheme.lower() == "bearer" else None
    if scheme.lower() == "token":
        token = value.strip()
    if bearer and bearer.startswith("auth_tokens/"):
        token, bearer = bearer, None
    return Credential(key=key, token=token, bearer=bearer)


@dataclass(frozen=True, slots=True)
class Keys:
    """Which API keys are good: any that is not empty, unless some are named."""

    valid: frozenset[str] | None = field(default=None, repr=False)
    expired: frozenset[str] = field(default=frozenset(), repr=False)

    def check(self, key: str | None) -> None:
        """Let a key pass.

        Raises:
            Refused: in the service's words.
        """
        if key is None:
            raise refuse("no_credential")
        if not key:
            raise refuse("empty_key")
        if key in self.expired:
            raise refuse("expired_key")
        if key.startswith("auth_tokens/") or (self.valid is not None and key not in self.valid):
            raise refuse("invalid_key")


def http_status(refused: Refused) -> tuple[int, str]:
    """The same refusal on the REST surface: HTTP status and its name."""
    if refused.refusal.code == 1008:
        return 403, "PERMISSION_DENIED"
    return 400, "INVALID_ARGUMENT"


# What was answered to a made-up key in October 2026, and to one that never was: quoted in several public
# repositories. A request without a key gets none of it.
_KEY_REFUSALS = frozenset(REFUSALS[name] for name in ("invalid_key", "empty_key", "expired_key"))


def error_details(refused: Refused) -> list[dict[str, Any]]:
    """What the REST surface adds to an error about a key, for programs to go by."""
    if refused.refusal not in _KEY_REFUSALS:
        return []
    return [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        },
        {
            "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
            "locale": "en-US",
            "message": refused.refusal.reason,
        },
    ]


def foreign(request: web.Request, allowed: frozenset[str]) -> str | None:
    """Why a request may not come in: it names a host that is not this machine, or a foreign page sent it.

    A page on the open web can reach a server on loopback; its Origin gives it away, and a rebound DNS name
    its Host.
    """
    host = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    if host not in _LOOPBACK:
        return f"host {host!r} is not this machine"
    origin = request.headers.get("Origin")
    if origin is None or origin in allowed:
        return None
    parts = urlsplit(origin)
    if parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK:
        return None
    return f"origin {origin!r} is not on this machine"


def letting_read(request: web.Request) -> dict[str, str]:
    """The headers by which a browser lets a page on this machine read the answer, as the service's own do."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE, OPTIONS"
        headers["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "")
    return headers


def error_response(
    status: int, name: str, message: str, details: list[dict[str, Any]] | None = None
) -> web.Response:
    """An error as Google's REST surface words it."""
    error = {"code": status, "message": message, "status": name}
    return web.json_response({"error": {**error, "details": details} if details else error}, status=status)
