"""The recorder: quick, bounded, safe against kill -9 and full disks, readable while it works."""

from __future__ import annotations

import gc
import json
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gemini_live_nb.errors import LogError
from gemini_live_nb.log.files import MESSAGES, SESSION
from gemini_live_nb.log.recorder import Recorder, record
from gemini_live_nb.log.run import SessionLog

from .log_talk import HandClock, Talk, b64, tone

SOUND = b'{"serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "%b"}}]}}}'
CHUNK = SOUND % b64(tone(40, 24000)).encode()


def take(recorder: Recorder, frame: bytes) -> int:
    return recorder.receive(frame)[0]


def test_a_run_is_a_private_folder(tmp_path):
    recorder = Recorder(tmp_path / "run", meta={"model": "models/gemini-3.8-live"})
    take(recorder, CHUNK)
    recorder.close()
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").iterdir()} == {0o600}
    session = json.loads((tmp_path / "run" / SESSION).read_text())
    assert session["schema"] == 1
    assert session["model"] == "models/gemini-3.8-live"
    assert session["versions"]["gemini_live_nb"]
    assert session["wall"] > 1e9
    assert session["ended"] > session["started"]


def test_where_it_is_kept_is_what_log_asks_for(tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINI_LIVE_RUNS", str(tmp_path / "runs"))
    with_default = record(None)
    assert with_default.log.path.parent == tmp_path / "runs"
    here = record(tmp_path / "here")
    assert here.log.path == tmp_path / "here"
    memory = record(False)
    assert memory.log.path is None
    assert "memory" in repr(memory.log)
    for recorder in (with_default, here, memory):
        recorder.close()


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match="cannot record") as refused:
        Recorder(tmp_path / "file")
    assert "log=" in refused.value.hint
    Recorder(tmp_path / "run").close()
    with pytest.raises(LogError, match="already holds a run"):
        Recorder(tmp_path / "run")


def test_frames_reach_the_disk_within_the_promised_time(tmp_path):
    recorder = Recorder(tmp_path / "run")
    take(recorder, CHUNK)
    deadline = time.monotonic() + 5
    while not (tmp_path / "run" / MESSAGES).stat().st_size and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(SessionLog.open(tmp_path / "run")) == 1, "read by another while it is being recorded"
    recorder.close()


def test_it_reads_while_it_is_recorded(tmp_path):
    for folder in (tmp_path / "run", None):
        recorder = Talk().setup().types("Hi").says("Hello.").sounds(100, 100).live(folder)
        log = recorder.log
        assert log.live
        assert len(log) == 6
        assert log[0].json()["setup"]["model"].endswith("12-2025")
        assert log.turn(-1).text == "Hello."
        assert len(log.turn(0).audio) == 4800
        assert len(log.messages()) == 6
        recorder.close()
        assert not log.live
        assert len(log.messages()) == 6


def test_a_cursor_reads_on_from_where_it_was():
    recorder = Talk().setup().live()
    cursor = recorder.log.cursor()
    assert [frame.kind for frame in cursor.read()] == ["setup", "setupComplete"]
    assert cursor.read() == []
    for _ in range(5):
        take(recorder, CHUNK)
    assert cursor.behind == 5
    assert [frame.seq for frame in cursor.read(limit=3)] == [2, 3, 4]
    assert [frame.seq for frame in cursor] == [5, 6]
    assert [frame.seq for frame in recorder.log.cursor(after=4)] == [5, 6]


def test_the_newest_frames_are_there_before_they_are_on_disk(tmp_path):
    recorder = Recorder(tmp_path / "run")
    seq = recorder.receive(CHUNK)[0]
    frame = recorder.log.frame(seq)
    assert frame.raw == CHUNK
    assert frame.media()[0].data == tone(40, 24000)
    assert recorder.log.frame(seq + 1) is None
    recorder.close()
    assert recorder.log.frame(seq).raw == CHUNK


def test_listeners_hear_of_each_frame_and_cannot_hurt_it():
    troubles = []
    recorder = Recorder(None, on_trouble=troubles.append)
    heard = []
    stop = recorder.log.subscribe(lambda frame: heard.append(frame.kind))
    recorder.listen(lambda seq, rows: 1 / 0)
    recorder.sent('{"realtimeInput": {"text": "Hi"}}')
    take(recorder, CHUNK)
    stop()
    take(recorder, CHUNK)
    assert heard == ["realtimeInput.text", "modelTurn.audio"]
    assert len(recorder.log) == 3
    assert all("ZeroDivisionError" in str(trouble) for trouble in troubles)
    assert len(troubles) == 3


def test_memory_is_bounded_and_the_oldest_go_first():
    recorder = Recorder(None, memory=1 << 20)
    for _ in range(2000):
        take(recorder, CHUNK)
    log = recorder.log
    assert 200 < len(log) < 600
    assert log[-1].seq == 1999
    assert log[0].seq == 2000 - len(log)
    assert log.store.forgotten == log[0].seq
    assert len(log.messages()) == len(log)
    assert log.frame(0) is None
    assert f"kept in memory only, {log[0].seq} older frames forgotten" in repr(log)


def test_what_the_disk_is_too_slow_for_is_counted_and_told(tmp_path):
    troubles = []
    recorder = Recorder(tmp_path / "run", backlog=100_000, on_trouble=troubles.append)
    with recorder.log.store._writing:  # a disk that hangs
        for _ in range(200):
            take(recorder, CHUNK)
        lost = recorder.lost
    assert 100 < lost < 200
    recorder.flush()
    recorder.close()
    log = SessionLog.open(tmp_path / "run")
    assert [frame.kind for frame in log if frame.direction == "local"] == ["drop"]
    assert log[-1].fields == {"what": "log", "count": lost}
    assert len(log) == 200 - lost + 1
    assert str(lost) in str(troubles[0])


def test_several_threads_record_at_once(tmp_path):
    recorder = Recorder(tmp_path / "run")

    def mark(name: int) -> None:
        for number in range(200):
            recorder.local("mark", label=f"{name}.{number}")

    threads = [threading.Thread(target=mark, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        take(recorder, CHUNK)
    for thread in threads:
        thread.join()
    recorder.close()
    log = SessionLog.open(tmp_path / "run")
    assert [frame.seq for frame in log] == list(range(1000))
    t = [frame.t for frame in log]
    assert t == sorted(t)


def test_rows_that_never_came_are_made_anew(tmp_path, monkeypatch):
    recorder = Recorder(tmp_path / "run")
    take(recorder, CHUNK)
    with monkeypatch.context() as broken:
        broken.setattr("gemini_live_nb.log.recorder.describe", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            take(recorder, CHUNK)
    recorder.flush()
    take(recorder, CHUNK)
    recorder.close()
    log = SessionLog.open(tmp_path / "run")
    assert [frame.seq for frame in log] == [0, 1, 2]
    assert log.messages()["kind"].tolist() == ["modelTurn.audio"] * 3


def test_nothing_recorded_is_ever_refused(tmp_path):
    recorder = Recorder(tmp_path / "run")
    recorder.sent("{", conn=10**9)
    recorder.sent(b"\xff\xfe", conn=-3)
    recorder.receive(bytearray(b"{}"))
    recorder.local("nonsense", what={1, 2}, why=object(), text="\ud800")
    recorder.local("mark", label=float("nan"))
    recorder.close()
    recorder.receive(CHUNK)
    assert recorder.lost == 1
    assert len(SessionLog.open(tmp_path / "run").messages()) == 5


def test_times_are_the_clocks(tmp_path):
    clock = HandClock()
    clock.now = 1000.0
    recorder = Recorder(tmp_path / "run", clock=clock)
    clock.now = 1002.5
    take(recorder, CHUNK)
    recorder.close()
    log = SessionLog.open(tmp_path / "run")
    assert log[0].t == pytest.approx(2.5)
    wall = log.messages()["wall"][0]
    assert wall.timestamp() == pytest.approx(clock.time(), abs=1e-3)
    assert str(wall.tz) == "UTC"


def test_a_listener_that_reads_the_log_holds_nobody_up(tmp_path):
    recorder = Recorder(tmp_path / "run")
    read = []
    recorder.listen(lambda seq, rows: read.append((len(recorder.log), recorder.log.frame(seq).raw == CHUNK)))
    began = time.monotonic()
    for _ in range(5):
        take(recorder, CHUNK)
    assert time.monotonic() - began < 4, "it does not wait for the writer, who waits for it"
    assert [whole for _, whole in read] == [True] * 5
    recorder.close()


def test_a_frame_that_cannot_be_written_is_told_and_does_not_end_the_writer(tmp_path, monkeypatch):
    troubles = []
    recorder = Recorder(tmp_path / "run", on_trouble=troubles.append)
    monkeypatch.setattr(recorder.log.store.files, "write", lambda *_: 1 / 0)
    take(recorder, CHUNK)
    assert not recorder.flush(0.3)
    assert "division" in str(troubles[0])
    monkeypatch.undo()
    assert recorder.flush(10)
    recorder.close()
    assert len(SessionLog.open(tmp_path / "run")) == 1


RECORD = """
import sys, time
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.protocol.codec import decode
frame = sys.stdin.buffer.readline().rstrip(b"\\n")
recorder = Recorder(sys.argv[1])
decoded = decode(frame)
number = 0
while True:
    recorder.receive(frame)
    number += 1
    if number % 50 == 0:
        recorder.flush()
        print(number, flush=True)
"""


def test_kill_9_in_mid_session_loses_nothing_that_was_flushed(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, tmp_path / "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(CHUNK + b"\n")
    process.stdin.flush()
    flushed = 0
    while flushed < 1000:
        flushed = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.wait(10)
    flushed = int(rest[-1]) if rest else flushed
    log = SessionLog.open(tmp_path / "run")
    assert len(log) >= flushed
    assert [frame.seq for frame in log] == list(range(len(log)))
    assert all(frame.raw == CHUNK for frame in log)
    assert len(log.messages()) == len(log)
    assert log.turn(0).audio_chunks == len(log)


FULL = """
import resource, signal, sys
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.protocol.codec import decode
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
frame = sys.stdin.buffer.read()
troubles = []
recorder = Recorder(sys.argv[1], on_trouble=lambda trouble: troubles.append(str(trouble)))
decoded = decode(frame)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
def take(count):
    for _ in range(count):
        recorder.receive(frame)
take(20)
recorder.flush()
take(100)
recorder.flush(1)
print(len(troubles), "cannot be written" in troubles[0], flush=True)
take(10)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(recorder.flush(10), recorder.lost, len(troubles), flush=True)
recorder.close()
"""


def test_a_full_disk_is_loud_and_the_conversation_goes_on(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "run"],
        input=CHUNK,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [b"1", b"True", b"True", b"0", b"1"], done.stderr
    log = SessionLog.open(tmp_path / "run")
    assert log.notes == []
    assert [frame.seq for frame in log] == list(range(130))
    assert all(frame.raw == CHUNK for frame in log)


FULL_TO_THE_END = (
    FULL.split("take(100)", maxsplit=1)[0]
    + """
take(100)
recorder.close()
print(recorder.lost, troubles[-1], flush=True)
"""
)


def test_a_disk_that_stays_full_costs_what_could_not_be_written(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_TO_THE_END, tmp_path / "run"],
        input=CHUNK,
        capture_output=True,
        timeout=60,
        check=True,
    )
    lost = int(done.stdout.split()[0])
    log = SessionLog.open(tmp_path / "run")
    assert 0 < lost <= 100
    assert len(log) == 120 - lost
    assert f"the last {lost} frames" in done.stdout.decode()
    assert all(frame.raw == CHUNK for frame in log)


def test_a_program_that_forgets_to_close_leaves_a_whole_run(tmp_path):
    program = "import sys; from gemini_live_nb.log.recorder import Recorder; r = Recorder(sys.argv[1]); r.local('mark', label='x')"
    subprocess.run([sys.executable, "-c", program, tmp_path / "run"], timeout=60, check=True)
    log = SessionLog.open(tmp_path / "run")
    assert log[0].fields == {"label": "x"}
    assert "ended" in log.meta


def test_importing_it_loads_no_pandas():
    program = "import sys, gemini_live_nb.log.recorder, gemini_live_nb.log.runs; print('pandas' in sys.modules, 'altair' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=True)
    assert done.stdout.split() == [b"False", b"False"]


def test_no_file_is_left_open(tmp_path):
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("no /proc to count open files in")
    before = len(list(descriptors.iterdir()))
    for number in range(5):
        recorder = Talk().setup().types("Hi").says("Hello.").live(tmp_path / str(number))
        recorder.log.messages(raw=True)
        recorder.close()
        del recorder
    gc.collect()
    assert len(list(descriptors.iterdir())) <= before
