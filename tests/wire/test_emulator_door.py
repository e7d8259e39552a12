"""Who may come in and how: models listed, origins, loopback only, TLS, framing, and a server that stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl

import aiohttp
import pytest
import websockets

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Emulator

from .raw import DEVELOPER, LIVE_3_8, NATIVE, VERTEX_2_5, connect, has
from .rest import call

pytestmark = pytest.mark.anyio


@pytest.fixture
async def still():
    """A clock that stands still, and an emulator on it that waits for nothing: HTTP runs in threads it cannot see."""
    clock = SimulatedClock()
    async with Emulator(clock=clock, latency=0, go_away=None) as emulator:
        yield emulator


async def test_models(still):
    status, listed = await call(still, "GET", "/v1beta/models")
    assert status == 200
    names = [model["name"] for model in listed["models"]]
    assert NATIVE in names
    assert LIVE_3_8 in names
    assert "models/gemini-2.0-flash-exp" not in names
    assert all("bidiGenerateContent" in model["supportedGenerationMethods"] for model in listed["models"])
    status, page = await call(still, "GET", "/v1beta/models?pageSize=2")
    assert len(page["models"]) == 2
    status, rest = await call(still, "GET", f"/v1beta/models?pageSize=100&pageToken={page['nextPageToken']}")
    assert [model["name"] for model in page["models"] + rest["models"]] == names
    assert (await call(still, "GET", f"/v1beta/{NATIVE}"))[1]["name"] == NATIVE
    assert (await call(still, "GET", "/v1beta/models/none"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v1beta/models?pageSize=many", 400, "Invalid value at 'page_size' (TYPE_INT32), \"many\""),
        ("GET", "/v1beta/models?pageToken=x", 400, "Invalid value at 'page_token' (TYPE_INT32), \"x\""),
        ("GET", "/v1beta/models?pageSize=-1", 400, "Request contains an invalid argument."),
        ("GET", "/v1beta/models/none", 404, "models/none is not found for API version v1beta."),
        ("POST", "/v1/models/x:generateContent", 404, "v1, or is not supported for generateContent. Call"),
        ("POST", "/v1beta/models", 404, "The requested URL /v1beta/models was not found"),
        ("PUT", DEVELOPER, 404, "was not found"),
        ("GET", DEVELOPER, 404, "was not found"),
        ("GET", "/", 404, "was not found"),
    ],
)
async def test_what_rest_does_not_have(still, method, path, status, said):
    found, body = await call(still, method, path)
    assert found == status == body["error"]["code"]
    assert said in body["error"]["message"]


async def test_there_are_no_tuned_models(still):
    """What `models.list()` of google-genai asked for before 1.9."""
    assert await call(still, "GET", "/v1beta/tunedModels") == (200, {})


async def test_a_page_on_this_machine_may_read_what_it_asked_for(still):
    page = {"Origin": "http://localhost:8888"}
    async with aiohttp.ClientSession(still.url.replace("ws", "http", 1), headers=page) as browser:
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-goog-api-key"}
        async with browser.options("/v1alpha/auth_tokens", headers=asks) as preflight:
            assert preflight.status == 200
            assert preflight.headers["Access-Control-Allow-Origin"] == page["Origin"]
            assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
            assert preflight.headers["Access-Control-Allow-Headers"] == "x-goog-api-key"
        for key in ("any", ""):
            async with browser.get("/v1beta/models", headers={"x-goog-api-key": key}) as models:
                assert models.headers["Access-Control-Allow-Origin"] == page["Origin"]


UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). "
    "Please use API Key or other form of API consumer identity to call this API."
)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, UNREGISTERED),
        ("", "API Key not found. Please pass a valid API key."),
        ("bad", "API key not valid. Please pass a valid API key."),
        ("old", "API key expired. Please renew the API key."),
    ],
)
async def test_rest_wants_a_key(key, message):
    async with Emulator(keys={"good"}, expired_keys={"old"}) as emulator:
        status, answer = await call(emulator, "GET", "/v1beta/models", key=key)
    error = answer["error"]
    assert (error["code"], error["message"]) == (status, message)
    if key is None:  # as the service answers: no details
        assert error == {"code": 403, "message": message, "status": "PERMISSION_DENIED"}
        return
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        },
        {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message},
    ]


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://localhost:8888", True),
        ("http://127.0.0.1:1234", True),
        ("https://[::1]", True),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("null", False),
    ],
)
async def test_origins(still, origin, welcome):
    with contextlib.ExitStack() as refused:
        caught = None if welcome else refused.enter_context(pytest.raises(websockets.InvalidStatus))
        async with websockets.connect(still.url + DEVELOPER + "?key=k", origin=origin):
            pass
    if caught is not None:
        assert caught.value.response.status_code == 403
    status, _ = await call(still, "GET", "/emulator", Origin=origin)
    assert status == (200 if welcome else 403)


async def test_an_origin_may_be_let_in():
    async with (
        Emulator(origins=["https://hub.example"]) as emulator,
        websockets.connect(emulator.url + DEVELOPER + "?key=k", origin="https://hub.example"),
    ):
        pass


async def test_a_foreign_host_name_is_refused(still):
    status, error = await call(still, "GET", "/emulator", Host="rebound.example")
    assert (status, error["error"]["code"]) == (403, 403)


async def test_it_listens_on_loopback_only(still):
    port = int(still.url.rsplit(":", 1)[1])
    others = [address for address in await local_addresses() if not address.startswith("127.")]
    if not others:
        pytest.skip("this machine has no address but loopback")
    with pytest.raises((ConnectionRefusedError, TimeoutError)):
        await asyncio.wait_for(asyncio.open_connection(others[0], port), 5)


async def local_addresses():
    import socket

    infos = await asyncio.get_running_loop().getaddrinfo(socket.gethostname(), None, family=socket.AF_INET)
    return [info[4][0] for info in infos]


async def test_tls_on_a_port_of_its_own():
    async with Emulator(tls=True, latency=0) as emulator:
        assert emulator.tls_url.startswith("wss://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=emulator.certificate.ca_file)
        async with websockets.connect(emulator.tls_url + DEVELOPER + "?key=k", ssl=trusted) as socket:
            await socket.send(json.dumps({"setup": {"model": NATIVE}}))
            assert json.loads(await socket.recv()) == {"setupComplete": {}}
        with pytest.raises(ssl.SSLCertVerificationError):
            await websockets.connect(emulator.tls_url + DEVELOPER, ssl=ssl.create_default_context())
        file = emulator.certificate.ca_file
        assert b"PRIVATE" not in file.read_bytes()
    assert not file.exists()


async def test_frames_are_binary_pretty_printed_and_pings_are_answered():
    async with Emulator(latency=0) as emulator, connect(emulator) as client:
        await client.setup(NATIVE)
        assert client.payloads[0] == b'{\n  "setupComplete": {}\n}\n'
        await asyncio.wait_for(await client.socket.ping(), 5)
        await client.say("hello")
        await client.turn()
        for payload in client.payloads:
            assert isinstance(payload, bytes)
            assert payload == (json.dumps(json.loads(payload), indent=2, ensure_ascii=False) + "\n").encode()
        assert has(client.frames[-1][1], "turnComplete")


async def test_vertex_names_its_session():
    async with (
        Emulator(latency=0) as emulator,
        connect(
            emulator,
            "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent",
            headers={"Authorization": "Bearer x"},
            key=None,
        ) as client,
    ):
        await client.send({"setup": {"model": VERTEX_2_5}})
        message = await client.receive()
        assert re.fullmatch(r"[0-9a-f-]{36}", message["setupComplete"]["sessionId"])


async def test_stopping_says_goodbye_and_leaves_nothing_running():
    before = set(asyncio.all_tasks())
    emulator = await Emulator(latency=0).start()
    async with connect(emulator) as client:
        await client.setup(LIVE_3_8)
        await client.say("hello")
        await client.until(lambda m: "inlineData" in str(m))
        await emulator.stop()
        assert (await client.closed())[0] == 1001
    left = {task for task in asyncio.all_tasks() if task not in before and "emulator" in task.get_name()}
    assert left == set()


async def test_a_port_that_is_taken_leaves_nothing_behind():
    loaded = []

    class Counted(Brain):
        async def load(self):
            loaded.append(1)

        async def close(self):
            loaded.pop()

    async with Emulator() as emulator:
        port = int(emulator.url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="address already in use"):
            await Emulator(Counted(), port=port).start()
    assert loaded == []


async def test_a_user_agent_said_twice_is_let_in(still):
    """google-genai 1.0 over websockets 14 says it twice."""
    port = int(still.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"GET {DEVELOPER}?key=k HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "user-agent: google-genai-sdk/1.0.0\r\nUser-Agent: Python/3.11 websockets/14.2\r\n\r\n"
    ).encode()
    for piece in (head[:40], head[40:]):
        writer.write(piece)
        await writer.drain()
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 101")
    writer.close()
    await writer.wait_closed()
