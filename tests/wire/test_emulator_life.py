"""A session's life: handles and resumption, goAway and the deadline, tokens, listing, and who may come in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime

import numpy as np
import pytest
import websockets

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Call, Emulator, Heard, Say, ScriptBrain

from .raw import (
    DEVELOPER,
    LIVE_3_1,
    LIVE_3_8,
    NATIVE,
    VERTEX,
    VERTEX_2_5,
    answer,
    connect,
    declare,
    has,
    open_session,
    silence,
    texts,
    voice,
)

pytestmark = pytest.mark.anyio

CONSTRAINED = DEVELOPER.replace("v1beta", "v1alpha") + "Constrained"
INTERNAL = (1011, "Internal error encountered.")


class Memory(Brain):
    """Says how many user turns it knows of."""

    async def reply(self, ask, talk):
        if ask.kind == "speech":
            yield Heard("spoken")
        talk.memory["asked"] = talk.memory.get("asked", 0) + 1
        known = [content.parts[0].text for content in talk.history if content.role == "user"]
        yield Say(f"{talk.memory['asked']}: {', '.join(known)}.")


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


async def handle_of(client):
    message = await client.until(lambda m: "newHandle" in m.get("sessionResumptionUpdate", {}))
    return message["sessionResumptionUpdate"]["newHandle"]


def resumption(handle=None):
    return {"sessionResumption": {"handle": handle} if handle else {}}


def drop(client):
    client.socket.transport.abort()


@pytest.mark.parametrize(
    ("model", "setup", "given"),
    [(NATIVE, {}, False), (NATIVE, resumption(), True), (LIVE_3_1, {}, False), (LIVE_3_1, resumption(), True),
     (LIVE_3_8, {}, True), (LIVE_3_8, resumption(), True), (VERTEX_2_5, {}, False)],
)  # fmt: skip
async def test_who_gets_a_handle_after_setup(clock, model, setup, given):
    async with Emulator(clock=clock) as emulator, open_session(emulator, model, **setup) as client:
        await clock.sleep(1)
        updates = [
            message["sessionResumptionUpdate"]
            for _, message in client.frames
            if "sessionResumptionUpdate" in message
        ]
        assert len(updates) == given
        for update in updates:
            assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", update["newHandle"])
            assert update["resumable"] is True


async def test_2_5_says_when_it_works_on_a_turn_and_gives_a_new_handle_after_it(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator, NATIVE, **resumption()) as client:
        first = await handle_of(client)
        await client.say("hello")
        assert await client.until("sessionResumptionUpdate") == {"sessionResumptionUpdate": {}}
        await client.turn()
        assert await handle_of(client) != first


async def test_resuming_restores_the_whole_conversation(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.audio(np.concatenate([voice(1), silence(2)]))
            await client.turn()
            await client.say("later than the handle")
            await client.turn()
            offset = emulator.sessions[0].audio_offset
        assert emulator.sessions == []
        changed = {"systemInstruction": {"parts": [{"text": "Be other"}]}, "tools": declare("g")}
        async with open_session(emulator, LIVE_3_8, **resumption(handle), **changed) as client:
            await client.audio(np.concatenate([voice(1), silence(2)]))
            await client.turn()
            assert texts(client, "outputTranscription") == "3: spoken, later than the handle, spoken."
            start = next(m["voiceActivity"]["audioOffset"] for _, m in client.frames if "voiceActivity" in m)
            assert offset == pytest.approx(3.0)
            assert float(start.rstrip("s")) > offset
            assert list(emulator.sessions[0].talk.functions) == ["g"]


async def test_a_new_handle_restores_the_same_state_as_an_old_one(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            old = await handle_of(client)
            await client.say("one")
            await client.turn()
        async with open_session(emulator, LIVE_3_8, **resumption(old)) as client:
            new = await handle_of(client)
            assert new != old
            await client.say("two")
            await client.turn()
        for handle, count in ((old, 3), (new, 4)):
            async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
                await client.say("more")
                await client.turn()
                assert texts(client, "outputTranscription").startswith(f"{count}: one, two")


async def test_the_model_may_not_change(clock):
    async with Emulator(clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
        async with connect(emulator) as client:
            await client.send({"setup": {"model": NATIVE, **resumption(handle)}})
            assert await client.closed() == (1007, "Request contains an invalid argument.")
        async with open_session(emulator, LIVE_3_8, **resumption(handle)):
            pass


async def test_a_dirty_drop_locks_the_session_for_a_second(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.say("hello")
            await client.turn()
            drop(client)
            await client.closed()
        async with connect(emulator) as client:
            await client.send({"setup": {"model": LIVE_3_8, **resumption(handle)}})
            assert await client.closed() == INTERNAL
        await clock.sleep(1)
        async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
            await client.say("again")
            await client.turn()
            assert texts(client, "outputTranscription") == "2: hello, again."


async def test_a_clean_close_does_not_lock_it_and_is_echoed(clock):
    async with Emulator(clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.socket.close(1000)
            assert client.socket.close_code == 1000
        async with open_session(emulator, LIVE_3_8, **resumption(handle)):
            pass


async def test_resuming_while_the_old_connection_stands_is_refused(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator, LIVE_3_8) as old:
        handle = await handle_of(old)
        async with connect(emulator) as client:
            await client.send({"setup": {"model": LIVE_3_8, **resumption(handle)}})
            assert await client.closed() == INTERNAL
        await old.say("still here")
        await old.turn()


@pytest.mark.parametrize(
    ("model", "hours", "good"),
    [(LIVE_3_8, 1.9, True), (LIVE_3_8, 2.1, False), (VERTEX_2_5, 23.9, True), (VERTEX_2_5, 24.1, False)],
)
async def test_handles_are_good_for_a_while_after_the_session(clock, model, hours, good):
    path = VERTEX if model == VERTEX_2_5 else DEVELOPER
    async with Emulator(clock=clock, go_away=None) as emulator:
        async with open_session(emulator, model, **resumption()) as client:
            handle = await handle_of(client)
            await clock.sleep(30 * 3600)  # the session's own length does not count
        await clock.sleep(hours * 3600)
        async with connect(emulator, path) as client:
            await client.send({"setup": {"model": model, **resumption(handle)}})
            if good:
                await client.until("setupComplete")
            else:
                assert await client.closed() == (1008, "Requested entity was not found.")


async def test_what_was_being_said_is_lost_and_only_what_was_sent_is_remembered(clock):
    long = Say("One two three four five six seven eight nine ten.", np.zeros(8 * 24000, np.int16))
    brain = ScriptBrain([[long], ["Yes."]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.say("count")
            await client.until(lambda m: "inlineData" in str(m))
            await clock.sleep(0.5)
            drop(client)
            await client.closed()
            said = texts(client, "outputTranscription")
            await clock.sleep(2)
        async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
            history = [content.parts[0].text for content in emulator.sessions[0].talk.history]
            assert history == ["count", said]
            assert 0 < len(said) < len(long.text)
            await clock.sleep(60)
            assert not any("serverContent" in message for _, message in client.frames)


@pytest.mark.parametrize(("model", "swallowed"), [(LIVE_3_8, True), (NATIVE, False)])
async def test_a_call_left_open_by_a_lost_connection(clock, model, swallowed):
    brain = ScriptBrain([[Call("look")], ["First."], ["Second."]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(emulator, model, tools=declare("look"), **resumption()) as client:
            handle = await handle_of(client)
            await client.say("call")
            call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
            drop(client)
            await client.closed()
            await clock.sleep(2)
        async with open_session(emulator, model, tools=declare("look"), **resumption(handle)) as client:
            await client.say("are you there?")
            await clock.sleep(20)
            assert ("First." in texts(client, "outputTranscription")) != swallowed
            if not swallowed:
                await client.turn()
            await client.send(answer(call, {"output": 1}))  # its id is still known
            await client.say("and now?")
            await client.turn()
            assert texts(client, "outputTranscription").endswith("First." if swallowed else "Second.")


async def test_an_open_call_answered_after_the_resume_closes_in_silence(clock):
    brain = ScriptBrain([[Call("look")], ["First."]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8, tools=declare("look")) as client:
            handle = await handle_of(client)
            await client.say("call")
            call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
            await client.turn()
        async with open_session(emulator, LIVE_3_8, tools=declare("look"), **resumption(handle)) as client:
            await client.send(answer(call, {"error": "the connection was lost"}))
            await client.say("are you there?")
            await client.turn()
            assert texts(client, "outputTranscription") == "First."


async def test_transparent_resumption_on_vertex_counts_messages(clock):
    async with (
        Emulator(clock=clock) as emulator,
        open_session(emulator, VERTEX_2_5, sessionResumption={"transparent": True}) as client,
    ):
        await handle_of(client)
        await client.say("one")
        await client.turn()
        update = await client.until("sessionResumptionUpdate")
        assert update["sessionResumptionUpdate"]["lastConsumedClientMessageIndex"] == "1"


async def test_go_away_then_the_deadline(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator) as client:
        opened = client.at("setupComplete")
        assert await client.until("goAway") == {"goAway": {"timeLeft": "50s"}}
        assert client.at("goAway") - opened == pytest.approx(540)
        assert await client.closed() == (1011, "Deadline expired before operation could complete.")
        assert clock.monotonic() - opened == pytest.approx(590)


async def test_an_hour_over_seven_connections(clock):
    """The clock is simulated: an hour of turns, goAways and resumed connections, in a second or two."""
    handle, turns, connections = None, 0, 0
    async with Emulator(Memory(), clock=clock) as emulator:
        while clock.monotonic() < 3600:
            connections += 1
            async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
                handle = await handle_of(client)
                while not any("goAway" in message for _, message in client.frames):
                    await client.say(f"turn {turns}")
                    await client.turn()
                    turns += 1
                    assert f"{turns}: " in texts(client, "outputTranscription")
                    await clock.sleep(20)
        assert connections >= 6
        assert emulator.sessions == []


# Tokens.


def http(method, url, body=None, *, key="k", **headers):
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode()
    )
    for name, value in ({"x-goog-api-key": key} if key is not None else {}).items():
        request.add_header(name, value)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def call(emulator, method, path, body=None, **options):
    url = emulator.url.replace("ws", "http", 1) + path
    status, text = await asyncio.to_thread(http, method, url, body, **options)
    return status, json.loads(text) if text.startswith(b"{") else text.decode()


async def token(emulator, **body):
    status, made = await call(emulator, "POST", "/v1alpha/auth_tokens", body)
    assert status == 200, made
    assert re.fullmatch(r"auth_tokens/\w+", made["name"])
    return made["name"]


def stamp(clock, seconds):
    return datetime.fromtimestamp(clock.time() + seconds, UTC).isoformat().replace("+00:00", "Z")


@contextlib.asynccontextmanager
async def with_token(emulator, name, *, header=False):
    options = {"headers": {"Authorization": f"Token {name}", "x-goog-api-key": name}} if header else {}
    query = "?" if header else f"?access_token={name}"
    async with connect(emulator, CONSTRAINED, query=query, **options) as client:
        yield client


@pytest.fixture
async def still():
    """A clock that stands still, and an emulator on it that waits for nothing: HTTP runs in threads it cannot see."""
    clock = SimulatedClock()
    async with Emulator(clock=clock, latency=0, go_away=None) as emulator:
        yield emulator


@pytest.mark.parametrize("header", [True, False])
async def test_a_token_opens_one_session(still, header):
    name = await token(still)
    async with with_token(still, name, header=header) as client:
        await client.setup()
    async with with_token(still, name, header=header) as client:
        await client.send({"setup": {"model": NATIVE}})
        assert (await client.closed())[0] == 1007


async def test_resuming_costs_no_use_of_a_token(still):
    name = await token(still)
    async with with_token(still, name) as client:
        await client.setup(LIVE_3_8)
        await still.clock.advance(1)
        handle = await handle_of(client)
    async with with_token(still, name) as client:
        await client.setup(LIVE_3_8, **resumption(handle))


async def test_uses_none_is_without_limit(still):
    name = await token(still, uses=0)
    for _ in range(3):
        async with with_token(still, name) as client:
            await client.setup()


async def test_a_token_dies(still):
    clock = still.clock
    name = await token(still, uses=0, expireTime=stamp(clock, 120), newSessionExpireTime=stamp(clock, 30))
    async with with_token(still, name) as client:
        await client.setup()
        await clock.advance(60)
        async with with_token(still, name) as late:  # too late for a new session
            await late.send({"setup": {"model": NATIVE}})
            assert await late.closed() == (1007, "API key expired. Please renew the API key.")
        await clock.advance(61)
        await client.say("too late for anything")
        assert await client.closed() == (1007, "API key expired. Please renew the API key.")


LOCKED = {
    "everything where there is no mask": (None, {"temperature": 0.5, "voice": None}),
    "what the mask names": ("generationConfig.temperature", {"temperature": 0.5, "voice": "Puck"}),
    "to nothing what the mask names and the token lacks": (
        "generationConfig.speechConfig",
        {"temperature": 1.0, "voice": None},
    ),
}


@pytest.mark.parametrize("case", LOCKED)
async def test_a_token_locks_the_setup(still, case):
    mask, expected = LOCKED[case]
    fields = {"fieldMask": mask} if mask else {}
    name = await token(
        still, bidiGenerateContentSetup={"model": NATIVE, "generationConfig": {"temperature": 0.5}}, **fields
    )
    voice_config = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}}
    async with with_token(still, name) as client:
        await client.setup(NATIVE, generationConfig={"temperature": 1.0, "speechConfig": voice_config})
        generation = still.sessions[0].setup.generation_config
        speech = generation.speech_config
        assert generation.temperature == expected["temperature"]
        assert (speech.voice_config.prebuilt_voice_config.voice_name if speech else None) == expected["voice"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"config": {}},
            "Invalid JSON payload received. Unknown name \"config\" at 'auth_token': Cannot find field.",
        ),
        (
            {"bidiGenerateContentSetup": {"config": {}}},
            "Invalid JSON payload received. Unknown name \"config\" at 'auth_token.bidi_generate_content_setup': Cannot find field.",
        ),
        ({"expireTime": "2099-01-01T00:00:00Z"}, "Request contains an invalid argument."),
        (
            {"expireTime": "soon"},
            "Invalid value at 'auth_token.expire_time' (type.googleapis.com/google.protobuf.Timestamp), \"soon\"",
        ),
    ],
)
async def test_bad_token_requests(still, body, message):
    status, error = await call(still, "POST", "/v1alpha/auth_tokens", body)
    assert status == 400
    assert error == {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}


# Listing, and who may come in.


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


@pytest.mark.parametrize("key", [None, ""])
async def test_rest_wants_a_key(still, key):
    status, error = await call(still, "GET", "/v1beta/models", key=key)
    assert status == (403 if key is None else 400)
    assert error["error"]["status"] in ("PERMISSION_DENIED", "INVALID_ARGUMENT")


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
