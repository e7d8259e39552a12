"""The emulator as a command: what it prints, how it ends, what its options do."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
import sys

import pytest
import websockets

from .process import emulator_process
from .raw import DEVELOPER, NATIVE

pytestmark = pytest.mark.anyio


async def first_turn(socket, text="hello"):
    await socket.send(json.dumps({"setup": {"model": NATIVE, "outputAudioTranscription": {}}}))
    await socket.send(json.dumps({"realtimeInput": {"text": text}}))
    said = ""
    async for payload in socket:
        content = json.loads(payload).get("serverContent", {})
        said += content.get("outputTranscription", {}).get("text", "")
        if "turnComplete" in content:
            break
    return said


async def test_first_line_and_end_with_standard_input():
    async with emulator_process("--brain", "echo", "--pace", "0") as lines:
        assert re.fullmatch(r"listening on ws://127\.0\.0\.1:\d+", lines[0])
        url = lines[0].split()[-1]
        async with websockets.connect(url + DEVELOPER + "?key=k") as socket:
            assert await first_turn(socket) == "You said: hello"


async def test_tls_prints_what_points_other_clients_here():
    async with emulator_process("--brain", "echo", "--pace", "0", "--tls") as lines:
        plain, tls, base, cert, brain = lines
        assert plain.startswith("listening on ws://127.0.0.1:")
        assert re.fullmatch(r"listening on wss://127\.0\.0\.1:\d+", tls)
        assert base == "GOOGLE_GEMINI_BASE_URL=" + tls.split()[-1].replace("wss", "https")
        trusted = ssl.create_default_context(cafile=cert.removeprefix("SSL_CERT_FILE="))
        async with websockets.connect(tls.split()[-1] + DEVELOPER + "?key=k", ssl=trusted) as socket:
            assert await first_turn(socket) == "You said: hello"
        assert "not Gemini" in brain


async def test_a_script_a_profile_and_a_fault_from_the_command_line(tmp_path):
    script = tmp_path / "script.json"
    steps = [
        {"contains": "one", "emit": [{"thought": "Hm."}, "First.", {"say": "Long.", "seconds": 2}]},
        "Second.",
    ]
    script.write_text(json.dumps(steps))
    options = (
        "--brain",
        "script",
        str(script),
        "--profile",
        "3.8-live",
        "--pace",
        "0",
        "--fault",
        "empty_content@open",
        "--fault",
        '{"name": "frame", "at": "open", "data": {"goAway": {"timeLeft": "9s"}}}',
    )
    async with (
        emulator_process(*options) as lines,
        websockets.connect(lines[0].split()[-1] + DEVELOPER + "?key=k") as socket,
    ):
        assert await first_turn(socket, "one") == "First.Long."
        await socket.send(json.dumps({"realtimeInput": {"text": "two"}}))
        frames = []
        while not any("turnComplete" in frame.get("serverContent", {}) for frame in frames):
            frames.append(json.loads(await socket.recv()))
        assert "Second." in str(frames)


async def run(*options):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gemini_live_nb.emulator", *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("fault", ["nonsense", "drop@midnight", "{", '{"name": "drop", "how": 1}'])
async def test_a_fault_that_there_is_not_is_told_in_a_line(fault):
    code, out, err = await run("--fault", fault)
    assert code == 2
    assert "--fault" in err
    assert "Traceback" not in out + err


async def test_list_of_faults():
    code, out, _ = await run("--list-faults")
    assert code == 0
    assert "quota" in out
    assert "late_pongs" in out


@pytest.mark.parametrize("brain", [("script", "/nowhere.json"), ("replay", "/nowhere"), ("parrot",)])
async def test_a_brain_that_cannot_be_had_is_told_in_a_line(brain):
    code, _, err = await run("--brain", *brain)
    assert code == 1
    assert "Traceback" not in err
    assert err.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not sent this way there")
async def test_a_signal_ends_it_cleanly():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gemini_live_nb.emulator", "--brain", "echo",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
    async with websockets.connect(line.split()[-1] + DEVELOPER + "?key=k") as socket:
        await socket.send(json.dumps({"setup": {"model": NATIVE}}))
        await socket.recv()
        process.send_signal(signal.SIGTERM)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)
        assert socket.close_code == 1001
    _, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert err == b""
