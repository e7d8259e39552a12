"""Where to connect and with which credential (PROTOCOL.md §1.1, §1.2)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from ..errors import AuthError, ConfigError
from ..errors.redaction import redact, remember
from .keys import find_key
from .models import bare_name

__all__ = ["Endpoint", "endpoint", "find_key", "redact"]

HOST = "generativelanguage.googleapis.com"
# The guide's; google-genai 3.x uses v1, tokens and a few settings need v1alpha.
DEFAULT_VERSION = "v1beta"
TOKEN_VERSION = "v1alpha"  # noqa: S105  (the name of an API version)
VERTEX_VERSION = "v1beta1"

_METHOD = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"
_VERTEX_METHOD = "/ws/google.cloud.aiplatform.{version}.LlmBidiService/BidiGenerateContent"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A server on this machine is sent this where no key was passed: the emulator, as the service, refuses a
# client that has none, and your real key has no business there.
LOCAL_KEY = "offline"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, repr=False)
class Endpoint:
    """One place to connect to. Printing it never shows the credential; its fields hold it.

    Attributes:
        url: The WebSocket URL, with `?key=` or `?access_token=` where the credential goes there.
        headers: Headers of the handshake.
        version: API version, such as `v1beta`.
        project, location: Of Vertex AI; empty on the Developer API.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    version: str = DEFAULT_VERSION
    project: str = ""
    location: str = ""

    @property
    def shown(self) -> str:
        """The URL as it may be shown."""
        return redact(self.url)

    @property
    def vertex(self) -> bool:
        """Whether this is Vertex AI."""
        return bool(self.project)

    @property
    def local(self) -> bool:
        """Whether this is on this machine."""
        return urlsplit(self.url).hostname in _LOOPBACK

    def model_path(self, model: str) -> str:
        """Return a model's full name for the setup: `models/…`, or `projects/…` on Vertex AI.

        >>> Endpoint("wss://x", project="p", location="us-central1").model_path("gemini-live-2.5-flash")
        'projects/p/locations/us-central1/publishers/google/models/gemini-live-2.5-flash'
        """
        if not self.vertex:
            return model if "/" in model else f"models/{model}"
        if model.startswith("projects/"):
            return model
        place = f"projects/{self.project}/locations/{self.location}"
        return f"{place}/publishers/google/models/{bare_name(model)}"

    def __repr__(self) -> str:
        sent = f", headers={sorted(self.headers)}" if self.headers else ""
        return f"<Endpoint {self.shown}{sent}>"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("an Endpoint holds a credential and is not pickled")


def endpoint(
    api_key: str | None = None,
    token: str | None = None,
    url: str | None = None,
    version: str | None = None,
    key_in: Literal["header", "query"] = "header",
    *,
    project: str | None = None,
    location: str = "us-central1",
    bearer: str | None = None,
    quota_project: str | None = None,
) -> Endpoint:
    """Work out where to connect.

    Args:
        api_key: API key; else `find_key()`. A key found that way goes to Google, and to another `url` only
            over TLS: an unencrypted or local address gets a key only when you pass one.
        token: Ephemeral token `auth_tokens/…`; it goes to the Constrained method on v1alpha.
        url: Another server: a host (the right path is put after it) or a whole URL (kept). Else
            `GEMINI_LIVE_URL`.
        version: `v1`, `v1beta` (default) or `v1alpha`.
        key_in: Send the key as header `x-goog-api-key`, or as `?key=` as Google's guide does.
        project: Google Cloud project: connect to Vertex AI.
        location: Its region.
        bearer: OAuth access token for Vertex AI (`gcloud auth print-access-token`).
        quota_project: Project billed on Vertex AI, if another.

    Raises:
        AuthError: Google's server, and no credential anywhere.
        ConfigError: a URL that is none.

    Example:
        >>> endpoint(api_key="AIzaSyNotARealKey000", url="wss://proxy.example/live", key_in="query")
        <Endpoint wss://proxy.example/live?key=[redacted]>
    """
    if key_in not in ("header", "query"):
        raise ConfigError(f'key_in is "header" or "query", not {key_in!r}.')
    if api_key is not None and token is None and api_key.startswith("auth_tokens/"):
        api_key, token = None, api_key
    for secret in (api_key, token, bearer):
        remember(secret)
    given = url or os.environ.get("GEMINI_LIVE_URL") or None
    if project is not None:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if quota_project:
            headers["x-goog-user-project"] = quota_project
        return _vertex(given, version or VERTEX_VERSION, project, location, headers)
    if token is not None:
        return _with_token(given, version or TOKEN_VERSION, token)
    return _with_key(given, version or DEFAULT_VERSION, api_key, key_in)


def _with_key(url: str | None, version: str, api_key: str | None, key_in: str) -> Endpoint:
    place = _place(url, f"wss://{HOST}", _METHOD.format(version=version))
    google = (place.hostname or "").endswith(".googleapis.com")
    has_own = any(name in ("key", "access_token") for name, _ in parse_qsl(place.query))
    key = api_key or None
    if key is None and not has_own and place.scheme == "wss" and place.hostname not in _LOOPBACK:
        key = find_key()
    if key is None and google and not has_own:
        raise AuthError(
            "There is no API key.",
            hint="set GEMINI_API_KEY (or put it in .env), pass api_key=…, or go without: Live(offline=True). "
            "A key is made at https://aistudio.google.com/apikey",
        )
    if key is None and not has_own and place.hostname in _LOOPBACK:
        key = LOCAL_KEY
    if not key:
        return Endpoint(place.geturl(), version=version)
    if key_in == "query":
        return Endpoint(_with_query(place, key=key), version=version)
    return Endpoint(place.geturl(), {"x-goog-api-key": key}, version=version)


def _with_token(url: str | None, version: str, token: str) -> Endpoint:
    place = _place(url, f"wss://{HOST}", _METHOD.format(version=version) + "Constrained")
    return Endpoint(_with_query(place, access_token=token), version=version)


def _vertex(url: str | None, version: str, project: str, location: str, headers: dict[str, str]) -> Endpoint:
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    place = _place(url, f"wss://{host}", _VERTEX_METHOD.format(version=version))
    if "Authorization" not in headers and (place.hostname or "").endswith(".googleapis.com"):
        raise AuthError(
            "Vertex AI takes an access token, and there is none.",
            hint="pass bearer=… with what `gcloud auth print-access-token` prints",
        )
    if "Authorization" not in headers and place.hostname in _LOOPBACK:
        headers = {**headers, "Authorization": f"Bearer {LOCAL_KEY}"}
    return Endpoint(place.geturl(), headers, version, project=project, location=location)


def _place(url: str | None, default: str, path: str) -> SplitResult:
    """Read a URL: WebSocket scheme, and the path put on where there is only a host."""
    text = (url or default).strip()
    if "://" not in text:
        host = urlsplit(f"//{text}").hostname or ""
        text = f"{'ws' if host in _LOOPBACK else 'wss'}://{text}"
    try:
        place = urlsplit(text)
        port_is_fine = place.port is None or place.port > 0
    except ValueError:
        raise ConfigError(f"{text!r} is no URL.", hint="for example ws://127.0.0.1:8080") from None
    if place.scheme not in _SCHEMES or not place.hostname or not port_is_fine:
        raise ConfigError(f"{text!r} is no WebSocket URL.", hint="for example ws://127.0.0.1:8080")
    return place._replace(
        scheme=_SCHEMES[place.scheme], path=place.path if place.path.strip("/") else path, fragment=""
    )


def _with_query(place: SplitResult, **more: str) -> str:
    others = [(name, value) for name, value in parse_qsl(place.query) if name not in more]
    return place._replace(query=urlencode([*others, *more.items()], safe="/", quote_via=quote)).geturl()
