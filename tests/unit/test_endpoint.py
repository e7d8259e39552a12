"""Where to connect, with which credential, and that it never shows."""

from __future__ import annotations

import os
import pickle
import sys
import traceback
import types
from datetime import UTC, datetime, timedelta

import pytest

from gemini_live_nb.errors import AuthError, ConfigError
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.endpoint import Endpoint, endpoint
from gemini_live_nb.protocol.keys import find_key
from gemini_live_nb.protocol.tokens import token_body

KEY = "AIza" + "SyMadeUpForThisTest0123456789abcdefgh"
TOKEN = "auth_tokens/" + "0123456789abcdef"
GOOGLE = "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_LIVE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_a_key_goes_into_the_header(version):
    place = endpoint(api_key=KEY, version=version)
    assert place.url == f"{GOOGLE}.{version}.GenerativeService.BidiGenerateContent"
    assert place.headers == {"x-goog-api-key": KEY}
    assert place.version == version


def test_or_into_the_query_as_the_guide_shows():
    place = endpoint(api_key=KEY, key_in="query")
    assert place.url == f"{GOOGLE}.v1beta.GenerativeService.BidiGenerateContent?key={KEY}"
    assert place.headers == {}
    with pytest.raises(ConfigError, match="key_in"):
        endpoint(api_key=KEY, key_in="body")


@pytest.mark.parametrize("argument", ["token", "api_key"])
def test_a_token_goes_to_the_constrained_method(argument):
    place = endpoint(**{argument: TOKEN})
    assert (
        place.url == f"{GOOGLE}.v1alpha.GenerativeService.BidiGenerateContentConstrained?access_token={TOKEN}"
    )
    assert place.headers == {}


def test_vertex():
    place = endpoint(project="p", location="europe-west4", bearer="ya" + "29.madeupmadeup", quota_project="q")
    assert place.url == (
        "wss://europe-west4-aiplatform.googleapis.com"
        "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
    )
    assert place.headers == {"Authorization": "Bearer ya" + "29.madeupmadeup", "x-goog-user-project": "q"}
    assert place.vertex
    model = "projects/p/locations/europe-west4/publishers/google/models/gemini-live-2.5-flash"
    assert place.model_path("gemini-live-2.5-flash") == place.model_path(model) == model
    assert endpoint(project="p", location="global", bearer="b").url.startswith(
        "wss://aiplatform.googleapis.com/"
    )
    with pytest.raises(AuthError, match="access token"):
        endpoint(project="p")


def test_a_models_path_on_the_developer_api():
    assert endpoint(api_key=KEY).model_path("m") == endpoint(api_key=KEY).model_path("models/m") == "models/m"


PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("ws://127.0.0.1:8080", f"ws://127.0.0.1:8080{PATH}"),
        ("ws://127.0.0.1:8080/", f"ws://127.0.0.1:8080{PATH}"),
        ("127.0.0.1:8080", f"ws://127.0.0.1:8080{PATH}"),
        ("http://localhost:80", f"ws://localhost:80{PATH}"),
        ("https://proxy.example", f"wss://proxy.example{PATH}"),
        ("proxy.example", f"wss://proxy.example{PATH}"),
        ("ws://[::1]:9/a/b", "ws://[::1]:9/a/b"),
        ("wss://proxy.example/own/path?x=1", "wss://proxy.example/own/path?x=1"),
    ],
)
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_another_server(given, url, way, monkeypatch):
    if way == "environment":
        monkeypatch.setenv("GEMINI_LIVE_URL", given)
        assert endpoint(api_key="k1").url == url
    else:
        assert endpoint(api_key="k1", url=given).url == url


def test_another_server_with_every_credential():
    assert (
        endpoint(api_key="k1", url="ws://127.0.0.1:8/x?a=b", key_in="query").url
        == "ws://127.0.0.1:8/x?a=b&key=k1"
    )
    constrained = endpoint(token=TOKEN, url="ws://127.0.0.1:8").url
    assert constrained.endswith(
        f"v1alpha.GenerativeService.BidiGenerateContentConstrained?access_token={TOKEN}"
    )
    vertex = endpoint(project="p", url="ws://127.0.0.1:8")
    assert (
        vertex.url == "ws://127.0.0.1:8/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
    )


@pytest.mark.parametrize("url", ["ftp://x", "ws://", "ws://x:99999", "::::", "ws://x:notaport"])
def test_a_url_that_is_none(url):
    with pytest.raises(ConfigError, match=r"WebSocket URL|is no URL"):
        endpoint(url=url)


def test_no_key_is_said_with_what_to_do():
    with pytest.raises(AuthError) as caught:
        endpoint()
    assert "GEMINI_API_KEY" in caught.value.hint
    assert "api_key=…" in caught.value.hint


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9", "ws://proxy.example", "wss://localhost:9"])
def test_a_key_lying_about_is_not_sent_to_this_machine_nor_in_the_clear(url, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    place = endpoint(url=url)
    assert KEY not in str(place.headers) + place.url
    assert endpoint(url="wss://proxy.example").headers == {"x-goog-api-key": KEY}
    assert endpoint(url=url, api_key=KEY).headers == {"x-goog-api-key": KEY}


def test_a_key_in_the_url_is_the_one_used(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    assert endpoint(url="wss://proxy.example/?key=theirs").headers == {}


def test_keys_are_looked_for_in_order(monkeypatch, nothing_set):
    assert find_key() is None
    (nothing_set / ".env").write_text("GOOGLE_API_KEY=from-file-google\n")
    assert find_key() == "from-file-google"
    (nothing_set / ".env").write_text("GOOGLE_API_KEY=from-file-google\nGEMINI_API_KEY='from-file'\n")
    below = nothing_set / "notebooks"
    below.mkdir()
    monkeypatch.chdir(below)
    assert find_key() == "from-file"
    monkeypatch.setenv("GOOGLE_API_KEY", "from-google")
    assert find_key() == "from-google"
    monkeypatch.setenv("GEMINI_API_KEY", " \n")
    assert find_key() == "from-google"
    monkeypatch.setenv("GEMINI_API_KEY", " from-gemini\n")
    assert find_key() == "from-gemini"
    assert endpoint().headers == {"x-goog-api-key": "from-gemini"}
    assert endpoint(api_key="from-argument").headers == {"x-goog-api-key": "from-argument"}


def test_the_env_file_is_not_put_into_the_environment(nothing_set):
    (nothing_set / ".env").write_text("GEMINI_API_KEY=from-file\n")
    before = dict(os.environ)
    assert find_key() == "from-file"
    assert dict(os.environ) == before


def test_colab_is_asked_last(monkeypatch):
    class SecretNotFoundError(Exception):
        pass

    class NotebookAccessError(Exception):
        pass

    secrets = {"GOOGLE_API_KEY": "from-colab"}

    def get(name):
        if name not in secrets:
            raise SecretNotFoundError(name)
        return secrets[name]

    userdata = types.SimpleNamespace(
        get=get, SecretNotFoundError=SecretNotFoundError, NotebookAccessError=NotebookAccessError
    )
    colab = types.ModuleType("google.colab")
    colab.userdata = userdata
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    assert find_key() == "from-colab"
    secrets.clear()
    assert find_key() is None


@pytest.mark.parametrize(
    "place",
    [
        lambda: endpoint(api_key=KEY, key_in="query"),
        lambda: endpoint(api_key=KEY),
        lambda: endpoint(token=TOKEN),
        lambda: endpoint(api_key="short-odd-key", url="ws://127.0.0.1:1/x", key_in="query"),
        lambda: endpoint(project="p", bearer="an-opaque-bearer"),
        lambda: endpoint(url="wss://u:hunter2hunter2@h.example/x", api_key=KEY),
    ],
)
def test_printing_never_shows_the_credential(place):
    made = place()
    for secret in (KEY, TOKEN, "0123456789abcdef", "short-odd-key", "an-opaque-bearer", "hunter2hunter2"):
        assert secret not in f"{made} {made!r} {made.shown}"
    with pytest.raises(TypeError):
        pickle.dumps(made)


def test_a_traceback_of_a_bad_url_does_not_show_the_key():
    try:
        endpoint(url=f"ftp://x/?key={KEY}")
    except ConfigError:
        assert KEY not in traceback.format_exc()


def test_an_endpoint_of_ones_own():
    assert repr(Endpoint("ws://h/p")) == "<Endpoint ws://h/p>"
    assert Endpoint("ws://127.0.0.1:1/p").local
    assert not Endpoint("ws://h/p").local


# Tokens


def test_the_body_of_a_token_request_is_the_one_google_takes():
    config = LiveConfig(model="gemini-3.8-live", response_modalities=["AUDIO"], temperature=0.7)
    body = token_body(
        config,
        uses=1,
        expire_time=datetime.now(UTC) + timedelta(minutes=30),
        new_session_expire_time=timedelta(minutes=1),
        lock_additional_fields=[],
    )
    times = [datetime.fromisoformat(body.pop(name)) for name in ("expireTime", "newSessionExpireTime")]
    assert times[0] > times[1] > datetime.now(UTC)
    assert body == {
        "uses": 1,
        "bidiGenerateContentSetup": {
            "model": "models/gemini-3.8-live",
            "generationConfig": {"responseModalities": ["AUDIO"], "temperature": 0.7},
        },
        "fieldMask": "model,generationConfig.responseModalities,generationConfig.temperature",
    }


def test_what_a_token_locks():
    config = LiveConfig(model="m", input_audio_transcription=True, extra={"newThing": {"a": 1}})
    assert "fieldMask" not in token_body(config)
    assert token_body(config)["bidiGenerateContentSetup"]["newThing"] == {"a": 1}
    mask = token_body(config, lock_additional_fields=["temperature", "system_instruction", "model"])[
        "fieldMask"
    ]
    assert mask == "model,inputAudioTranscription,newThing.a,generationConfig.temperature,systemInstruction"
    assert token_body() == {}


@pytest.mark.parametrize(
    "when", [timedelta(hours=20), timedelta(seconds=-1), datetime(2020, 1, 1, tzinfo=UTC)]
)
def test_times_of_a_token_lie_ahead_below_twenty_hours(when):
    with pytest.raises(ConfigError, match="20 hours"):
        token_body(expire_time=when)
    with pytest.raises(ConfigError, match="time zone"):
        token_body(expire_time=datetime(2040, 1, 1))  # noqa: DTZ001  (what a person may well write)
