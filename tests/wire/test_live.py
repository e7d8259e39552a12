"""`Live`, the blocking face, against the built-in server in its own process; from cells, threads and scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

import gemini_live_nb as gl
from gemini_live_nb import offline
from gemini_live_nb.errors import AuthError, ConfigError, ConnectError, LogError, SessionClosed, SetupRejected
from gemini_live_nb.session.events import Closed, GoingAway, TurnEnded
from gemini_live_nb.session.loops import io, run, users

SECRET = "not-a-real-key-but-secret"


@pytest.fixture(scope="module", autouse=True)
def at_once():
    """The built-in server says everything at once, without simulated playback."""
    os.environ[offline.PACE] = "0"
    yield
    del os.environ[offline.PACE]


@pytest.fixture
def live():
    with gl.Live(offline=True, log=False) as live:
        yield live


def test_a_question_from_a_plain_script(live):
    turn = live.ask("What is 2 plus 3?", timeout=30)
    assert "5" in turn.text
    assert live.turns == [turn]
    assert live.status == "listening"
    assert live.offline


def test_offline_wins_whatever_keys_are_set(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", SECRET)
    with gl.Live(offline=True, log=False, api_key=SECRET) as live:
        assert live.session.endpoint.local
        assert SECRET not in f"{live!r} {live.session!r} {live.session.endpoint!r} {live.key_words}"
        assert all(SECRET.encode() not in frame.raw for frame in live.log)


def test_no_key_means_offline_and_a_key_does_not(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert offline.needed()
    monkeypatch.setenv("GEMINI_API_KEY", SECRET)
    assert not offline.needed()
    assert gl.Live().key_words == "GEMINI_API_KEY"
    assert offline.needed(True)


def test_the_servers_process_sees_no_key(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", SECRET)
    monkeypatch.setenv("MY_TOKEN", SECRET)
    assert SECRET not in "".join(offline._environment().values())


def test_a_server_that_cannot_start_says_why(tmp_path):
    (tmp_path / "no run").write_text("nothing")
    with pytest.raises(ConfigError, match="there is no run at"):
        gl.Live(replay=tmp_path / "nowhere")
    with pytest.raises(LogError, match="holds no frames"):
        gl.Live(replay=tmp_path / "no run")
    with pytest.raises(ConnectError) as failed:
        gl.offline.Server(["--brain", "replay", str(tmp_path / "no run")])
    assert "did not start: the brain replay" in str(failed.value)
    assert "--brain replay" in failed.value.hint


def test_fields_nobody_knows_are_refused_until_the_server_is_told_to_pass_over_them():
    extra = {"generationConfig": {"brandNew": {"level": 3}}}
    with pytest.raises(SetupRejected) as failed, gl.Live(offline=True, log=False, extra=extra):
        pass
    assert "gl.offline.accept_unknown()" in failed.value.hint
    gl.offline.accept_unknown()
    try:
        with gl.Live(offline=True, log=False, extra=extra) as live:
            live.send_raw({"newMessage": {"a": 1}})
            live.send_raw({"realtimeInput": {"mood": "sunny"}})
            assert "5" in live.ask("What is 2 plus 3?", timeout=30).text
            sent = [frame.decoded().unknown for frame in live.log if frame.direction == "sent"]
            assert sent[:3] == [
                ("setup.generationConfig.brandNew",),
                ("newMessage",),
                ("realtimeInput.mood",),
            ]
    finally:
        gl.offline.accept_unknown(False)
    with pytest.raises(SetupRejected), gl.Live(offline=True, log=False, extra=extra):
        pass


def test_a_fault_that_could_strike_nothing_is_refused():
    server = offline.Server([])
    try:
        with pytest.raises(ConfigError, match="no conversation is open") as caught:
            offline.inject("drop", into=server.url)
        assert "connect first" in caught.value.hint
        with pytest.raises(ConfigError, match="needs data="):
            offline.inject("frame", into=server.url)
        assert offline.inject("drop", at="setup", into=server.url) == "armed: drop, at setup"
    finally:
        server.stop()


def test_an_empty_key_is_no_key(monkeypatch):
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_LIVE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert gl.Live(api_key="").offline
    with pytest.raises(AuthError, match="no API key"):
        gl.LiveSession(api_key="")


def test_a_fault_strikes_the_server_it_is_meant_for():
    with gl.Live(replay=gl.demo(), log=False) as live:
        events = live.events()
        assert gl.offline.inject("go_away", into=live) == "struck: go_away"
        assert any(isinstance(event, GoingAway) for event in events)
    with pytest.raises(ConfigError, match="only a server of ours"):
        gl.offline.inject("drop", into="wss://example.com/live")
    with pytest.raises(ConfigError, match="not connected"):
        gl.offline.inject("drop", into=gl.Live(offline=True))
    with pytest.raises(ConfigError, match="no fault is called"):
        gl.offline.inject("nonsense")


def test_the_server_ends_with_us():
    program = (
        "import gemini_live_nb as gl, os, signal\n"
        "from gemini_live_nb import offline\n"
        "with gl.Live(offline=True, log=False) as live: live.ask('hi', timeout=30)\n"
        "print(offline._shared._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    pid = int(done.stdout.split()[-1])
    assert "Offline: a built-in server" in done.stdout
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.05)
    pytest.fail("the server outlived us")


def test_a_busy_thread_stalls_nothing(live):
    """What a busy cell is to the session: this thread sleeps, the answer comes all the same."""
    ended = threading.Event()
    live.on(TurnEnded, lambda _event: ended.set())
    live.send_text("What is 1 plus 1?")
    time.sleep(0.5)
    assert ended.wait(20)


def test_callbacks_run_in_order_on_a_thread_of_theirs_and_their_errors_reach_us(live):
    told, errors, seen = [], threading.Event(), []

    @live.on("turnComplete")
    def one(event):
        told.append((event.kind, threading.current_thread().name))
        raise ValueError("a mistake in a cell")

    @live.on(TurnEnded)
    async def two(event):
        told.append((type(event).__name__, threading.current_thread().name))

    live.on("error", lambda event: (seen.append(event.error), errors.set()))
    live.ask("hello", timeout=30)
    assert errors.wait(10)
    assert [str(error) for error in seen] == ["a mistake in a cell"]
    assert [str(trouble.error) for trouble in live.troubles] == ["a mistake in a cell"]
    assert told[0] == ("turnComplete", "gemini-live-callbacks")
    with pytest.raises(ConfigError, match="no event is of the kind"):
        live.on("turn_complete", one)


def test_events_can_be_read_in_any_thread(live):
    read = []
    listener = live.events()
    reader = threading.Thread(target=lambda: read.extend(listener))
    reader.start()
    live.ask("hello", timeout=30)
    live.close()
    reader.join(10)
    assert not reader.is_alive()
    assert isinstance(read[-1], Closed)


def test_many_threads_may_use_it_at_once(live):
    rows = []
    threads = [threading.Thread(target=lambda n=n: rows.append(live.mark(f"note {n}"))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(set(rows)) == 20


def test_what_is_over_is_over_until_connected_again():
    live = gl.Live(offline=True, log=False)
    live.connect()
    first = live.log
    live.close()
    with pytest.raises(SessionClosed, match="begins a new one"):
        live.ask("hello?")
    live.connect()
    assert live.log is not first
    live.close()


def test_a_tool_given_in_a_later_cell_is_known_and_run(live, capsys):
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return f"{city}: sunny"

    def get_time(city: str) -> str:
        """The time in a city."""
        return f"{city}: noon"

    assert live.add_tool(get_weather) == "the model was told, over a new connection"
    assert "sunny" in live.ask("What is the weather in Oslo?", timeout=30).text
    live.tools = [get_time]
    assert capsys.readouterr().out == "the model was told, over a new connection\n"
    assert live.tools == (get_time,)
    assert "noon" in live.ask("What is the time in Oslo?", timeout=30).text
    live.close()
    assert live.add_tool(get_weather) == "the model is told when you connect"
    live.connect()
    assert "sunny" in live.ask("What is the weather in Oslo?", timeout=30).text
    with pytest.raises(ConfigError):
        live.tools = [get_time, 3]
    assert live.tools == (get_time, get_weather)


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean voice_name"):
        gl.Live(voicename="Kore")
    live = gl.Live(offline=True)
    live.configure(voice_name="Puck")
    assert live.config.voice_name == "Puck"
    with pytest.raises(ConfigError):
        live.configure(temperature="hot")


def test_an_interrupt_ends_a_wait():
    program = (
        "import gemini_live_nb as gl, os, signal, threading\n"
        # A test run in the background inherits that it takes no interrupt.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "live = gl.Live(offline=True, log=False).connect()\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    live.stream_audio(bytes(32000 * 60))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', live.status, flush=True)\n"
        "print(live.ask('hello', timeout=30).complete)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert "interrupted" in done.stdout, done.stderr
    assert done.stdout.split()[-1] == "True"


# Loops and threads.


async def value(result):
    return result


def test_run_without_a_loop():
    assert run(value(3)) == 3


async def test_run_under_a_running_loop():
    def plain():
        return run(value(4))

    assert plain() == 4


def test_the_users_loop_is_not_the_io_thread():
    async def name():
        return threading.current_thread().name

    assert users().call(name()) == "gemini-live-users"
    assert io().call(name()) == "gemini-live-io"


def test_waiting_where_that_would_stop_the_world_is_refused():
    async def inside():
        return io().call(value(1))

    with pytest.raises(RuntimeError, match="use await"):
        io().call(inside())
