"""Google's own client on a wire that keeps what it is given: the texts it would put on the socket."""

from __future__ import annotations

import base64
import contextlib
import functools
import re

import google.genai
import google.genai.live
import google.oauth2.credentials
from google.genai import types

MODEL = "gemini-2.5-flash-native-audio-preview-12-2025"
PCM = bytes(range(256)) * 3
BYTES = {"data", "voiceSampleAudio", "consentAudio", "imageData", "thoughtSignature"}
OPEN = {"args", "response", "labels", "properties"}


def normalised(value, name=""):
    """JSON with names in camelCase where they are the API's, and bytes as bytes."""
    if isinstance(value, dict):
        keep = name in OPEN
        return {
            (key if keep else camel(key)): normalised(item, "" if keep else camel(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [normalised(item, name) for item in value]
    if name in BYTES and isinstance(value, str):
        plain = value.translate(str.maketrans("-_", "+/")).rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    return value


def camel(name):
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


class Wire:
    """Stands where the socket would be: keeps what is sent, answers setupComplete."""

    def __init__(self):
        self.sent = []
        self.url = ""
        self.headers = {}

    @contextlib.asynccontextmanager
    async def connect(self, url, *, additional_headers=None, **_):
        # Its base URL ends in a slash, and so does every path it makes begin with two.
        self.url, self.headers = url.replace(".com//", ".com/"), dict(additional_headers or {})
        yield self

    async def send(self, text):
        assert isinstance(text, str), "Google's client sends text frames"
        self.sent.append(text)

    async def recv(self, decode=None):
        return b'{"setupComplete": {}}'


def replaced(monkeypatch):
    """Put such a wire where Google's client connects."""
    wire = Wire()
    monkeypatch.setattr(google.genai.live, "ws_connect", wire.connect)
    return wire


@functools.cache
def developer(**options):
    return google.genai.Client(api_key="made-up", http_options=types.HttpOptions(**options))


@functools.cache
def vertex():
    credentials = google.oauth2.credentials.Credentials("made-up-token")
    return google.genai.Client(vertexai=True, project="p", location="us-central1", credentials=credentials)
