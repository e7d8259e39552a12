"""Everything that can be made to go wrong, and how: from Python, from the command line, from the console."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import websockets

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import CATALOGUE, PHASES, Call, Emulator, Fault, Say, ScriptBrain
from gemini_live_nb.emulator.faults import as_fault

from .raw import DEVELOPER, NATIVE, audio, connect, declare, has, open_session, silence, sound, texts, voice
from .rest import call

pytestmark = pytest.mark.anyio

ANSWER = Say("One two three four five six seven eight.", np.zeros(4 * 24000, np.int16))


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


def armed(clock, *faults, brain=None):
    return Emulator(brain or ScriptBrain([[ANSWER]], repeat=True), clock=clock, faults=faults)


async def one_turn(clock, *faults, wait=30):
    """The client of a session that asked one question and waited."""
    async with armed(clock, *faults) as emulator, open_session(emulator) as client:
        await client.say("go")
        await clock.sleep(wait)
        return client


def moments(client):
    keys = ("interrupted", "generationComplete", "turnComplete")
    return [key for _, message in client.frames for key in keys if has(message, key)]


FRAMES = {
    "malformed": lambda payload: isinstance(payload, bytes) and not valid(payload),
    "truncated": lambda payload: isinstance(payload, bytes) and not valid(payload),
    "not_utf8": lambda payload: b"\xff" in payload,
    "unknown_message": lambda payload: "brandNew" in json.loads(payload),
    "text_frame": lambda payload: isinstance(payload, str) and "server_content" in payload,
    "empty_content": lambda payload: json.loads(payload) == {"serverContent": {}},
}


def valid(payload):
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("at", ["setup", "open", "thinking", "speaking", "turn_end"])
async def test_odd_frames_come_and_the_conversation_goes_on(clock, name, at):
    client = await one_turn(clock, f"{name}@{at}")
    assert sum(bool(FRAMES[name](payload)) for payload in client.payloads) == 1
    assert moments(client) == ["generationComplete", "turnComplete"]


async def test_a_frame_of_your_own(clock):
    async with armed(clock) as emulator, open_session(emulator) as client:
        await emulator.inject(Fault("frame", data={"serverContent": {"waitingForInput": True}}))
        assert await client.receive() == {"serverContent": {"waitingForInput": True}}


@pytest.mark.parametrize("at", ["setup", "open", "thinking", "speaking", "turn_end"])
async def test_dropped_tcp(clock, at):
    client = await one_turn(clock, f"drop@{at}") if at != "setup" else None
    if client is None:
        async with armed(clock, "drop@setup") as emulator, connect(emulator) as client:
            await client.send({"setup": {"model": NATIVE}})
            await client.closed()
    assert client.socket.close_code == 1006


async def test_dropped_at_the_handshake_and_http_errors():
    async with Emulator(faults=["drop@connect"]) as emulator:
        with pytest.raises((OSError, websockets.InvalidMessage)):
            await websockets.connect(emulator.url + DEVELOPER + "?key=k")
        await emulator.inject(Fault("http_error", status=429))
        with pytest.raises(websockets.InvalidStatus) as caught:
            await websockets.connect(emulator.url + DEVELOPER + "?key=k")
        assert caught.value.response.status_code == 429
        async with websockets.connect(emulator.url + DEVELOPER + "?key=k"):
            pass


async def test_a_stall_sends_nothing_and_then_all_of_it(clock):
    client = await one_turn(clock, Fault("stall", at="speaking", seconds=7))
    times = [t for t, _ in client.sounds()]
    gaps = np.diff(times)
    assert gaps.max() == pytest.approx(7, abs=0.1)
    assert sum(size for _, size in client.sounds()) == 4 * 48000


async def test_a_slow_reader_leaves_messages_in_the_socket(clock):
    async with armed(clock) as emulator, open_session(emulator) as client:
        await emulator.inject(Fault("slow_reader", seconds=9))
        await client.send(audio(silence(0.1)))  # the one that was being waited for
        sent = clock.monotonic()
        await client.say("go")
        await client.turn()
        assert client.sounds()[0][0] - sent >= 9


async def test_late_pongs(clock):
    async with (
        armed(clock, Fault("late_pongs", at="open", seconds=25)) as emulator,
        open_session(emulator) as client,
    ):
        before = clock.monotonic()
        await (await client.socket.ping())
        assert clock.monotonic() - before == pytest.approx(25)


async def test_a_network_that_dies_in_silence(clock):
    async with armed(clock, "blackhole@speaking") as emulator, open_session(emulator) as client:
        await client.say("go")
        assert await client.closed() == (1011, "Internal error encountered.")
        assert 480 <= clock.monotonic() <= 482
        assert len(client.sounds()) <= 1


async def test_slow_setup_and_slow_answer(clock):
    client = await one_turn(clock, Fault("slow_setup", seconds=12), Fault("slow_answer", seconds=8))
    assert client.at("setupComplete") >= 12
    assert client.sounds()[0][0] - client.at("setupComplete") >= 8


async def test_go_away_now(clock):
    async with armed(clock) as emulator, open_session(emulator) as client:
        await emulator.inject(Fault("go_away", seconds=9.5))
        assert await client.until("goAway") == {"goAway": {"timeLeft": "9.500s"}}
        before = clock.monotonic()
        assert (await client.closed())[0] == 1011
        assert clock.monotonic() - before == pytest.approx(9.5)


async def test_go_away_without_time_left(clock):
    async with armed(clock) as emulator, open_session(emulator) as client:
        await emulator.inject(Fault("go_away", seconds=0))
        assert await client.until("goAway") == {"goAway": {}}
        assert (await client.closed())[0] == 1011


async def test_turns_that_end_badly(clock):
    ends = {}
    for name in (
        "empty_turn",
        "silent_turn",
        "early_turn_complete",
        "no_turn_complete",
        "malformed_function_call",
    ):
        client = await one_turn(clock, name)
        ends[name] = (moments(client), bool(client.sounds()))
    assert ends == {
        "empty_turn": (["turnComplete"], False),
        "silent_turn": ([], False),
        "early_turn_complete": (["turnComplete", "generationComplete"], True),
        "no_turn_complete": (["generationComplete"], True),
        "malformed_function_call": (["turnComplete"], False),
    }
    assert client.frames[-1][1]["serverContent"]["turnCompleteReason"] == "MALFORMED_FUNCTION_CALL"


async def test_early_turn_complete_comes_before_the_sound_is_over(clock):
    client = await one_turn(clock, "early_turn_complete")
    over = [has(message, "turnComplete") for _, message in client.frames].index(True)
    assert any(sound(message) for _, message in client.frames[:over])
    assert any(sound(message) for _, message in client.frames[over:])


async def test_spurious_interrupted(clock):
    async with armed(clock) as emulator, open_session(emulator) as client:
        await emulator.inject("spurious_interrupted")
        await client.turn()
        assert moments(client) == ["interrupted", "turnComplete"]
        await client.say("go")
        await client.turn()


async def test_a_transcript_without_sound(clock):
    client = await one_turn(clock, "transcript_without_audio")
    assert texts(client, "outputTranscription") == ANSWER.text
    assert client.sounds() == []
    assert moments(client) == ["generationComplete", "turnComplete"]


async def test_sound_with_an_odd_tail_byte(clock):
    client = await one_turn(clock, "odd_audio")
    assert sum(len(sound(message)) % 2 for _, message in client.frames) == 1


async def test_no_usage(clock):
    client = await one_turn(clock, "no_usage")
    assert not any("usageMetadata" in message for _, message in client.frames)


async def test_resume_refused_once(clock):
    async with armed(clock, "resume_refused") as emulator:
        async with open_session(emulator, "models/gemini-3.8-live") as client:
            handle = (await client.until("sessionResumptionUpdate"))["sessionResumptionUpdate"]["newHandle"]
        setup = {"setup": {"model": "models/gemini-3.8-live", "sessionResumption": {"handle": handle}}}
        async with connect(emulator) as client:
            await client.send(setup)
            assert await client.closed() == (1011, "Internal error encountered.")
        async with connect(emulator) as client:
            await client.send(setup)
            await client.until("setupComplete")


async def test_skip_times_and_delay(clock):
    async with (
        armed(clock, Fault("empty_turn", skip=1, times=2)) as emulator,
        open_session(emulator) as client,
    ):
        heard = []
        for _ in range(4):
            before = len(client.sounds())
            await client.say("go")
            await client.turn()
            heard.append(len(client.sounds()) > before)
        assert heard == [True, False, False, True]
        await emulator.inject(Fault("quota", delay=3))
        before = clock.monotonic()
        assert (await client.closed())[0] == 1011
        assert clock.monotonic() - before == pytest.approx(3)


@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase not in ("now", "connect", "resume")])
async def test_every_phase_is_reached(clock, phase):
    brain = ScriptBrain([[Say("Wait."), Call("look")]])
    async with (
        armed(clock, Fault("close", at=phase, code=1011, reason=phase), brain=brain) as emulator,
        connect(emulator) as client,
    ):
        await client.send({"setup": {"model": "models/gemini-3.8-live", "tools": declare("look")}})
        await client.say("go")
        assert await client.closed() == (1011, phase)


def test_every_fault_has_its_test_or_is_a_refusal():
    from gemini_live_nb.emulator.refusals import REFUSALS

    here = "".join(
        (Path(__file__).parent / f"test_emulator_{room}.py").read_text() for room in ("faults", "tools")
    )
    assert [name for name in CATALOGUE if name not in REFUSALS and f'"{name}' not in here] == []


@pytest.mark.parametrize("wrong", ["nonsense", "quota@never", {"name": "quota", "colour": "red"}])
def test_faults_that_do_not_exist(wrong):
    with pytest.raises((ValueError, TypeError)):
        as_fault(wrong)


async def test_the_console():
    async with Emulator(latency=0) as emulator, connect(emulator) as client:
        await client.setup()
        status, page = await call(emulator, "GET", "/emulator")
        assert status == 200
        assert "1 session open" in page
        assert "early_turn_complete" in page
        assert (await call(emulator, "POST", "/emulator/faults", {"name": "empty_turn", "times": 2}))[1] == {
            "armed": "empty_turn",
            "at": "thinking",
        }
        assert (await call(emulator, "GET", "/emulator/faults"))[1]["armed"] == [
            {"name": "empty_turn", "at": "thinking", "times": 2}
        ]
        await client.say("go")
        await client.turn()
        assert client.sounds() == []
        assert (await call(emulator, "DELETE", "/emulator/faults"))[1] == {"armed": []}
        assert (await call(emulator, "POST", "/emulator/faults", {"name": "nonsense"}))[0] == 400
        struck = asyncio.create_task(call(emulator, "POST", "/emulator/faults", {"name": "quota"}))
        assert (await client.closed())[0] == 1011
        assert (await struck)[0] == 200


async def test_the_consoles_buttons():
    """What a browser posts when one is pressed, and where it is led."""

    def press(url, **fields):
        data = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(url + "/emulator/faults", data, timeout=10) as response:
            return response.url, response.read().decode()

    async with Emulator(latency=0) as emulator, connect(emulator) as client:
        await client.setup()
        place = emulator.url.replace("ws", "http", 1)
        led, page = await asyncio.to_thread(press, place, name="stall", at="speaking", seconds="2.5")
        assert led == place + "/emulator"
        assert "stall@speaking" in page
        assert emulator.faults.armed[0].lasting == 2.5
        _, page = await asyncio.to_thread(press, place, clear="1", at="", seconds="")
        assert "Armed: none" in page
        await asyncio.to_thread(press, place, name="go_away", at="", seconds="")
        assert (await client.until("goAway"))["goAway"] == {"timeLeft": "50s"}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            await asyncio.to_thread(press, place, name="nonsense")


async def test_the_console_is_closed_to_foreign_pages():
    async with Emulator() as emulator:
        status, _ = await call(
            emulator, "POST", "/emulator/faults", {"name": "quota"}, Origin="https://evil.example"
        )
        assert status == 403


async def test_speech_still_works_after_the_storm(clock):
    faults = [
        "malformed@open",
        "empty_turn",
        "odd_audio",
        "text_frame@speaking",
        Fault("stall", at="turn_end", seconds=2),
    ]
    async with armed(clock, *faults) as emulator, open_session(emulator) as client:
        await client.say("go")
        await client.turn()
        await client.audio(np.concatenate([voice(1), silence(2)]))
        await client.turn()
        assert client.sounds()


async def test_a_client_in_full_flow_still_gets_the_reason():
    """Bytes left unread at a close reset the connection, and the reason with it."""
    async with Emulator(latency=0) as emulator, connect(emulator) as client:
        await client.setup()

        async def talk():
            while True:
                await client.send(audio(silence(0.02)))

        talking = asyncio.create_task(talk())
        await asyncio.sleep(0.05)
        await emulator.inject("quota")
        assert (await client.closed())[0] == 1011
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
