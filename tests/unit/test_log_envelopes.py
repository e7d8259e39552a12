"""Captures of other recorders: one conversation in every shape that such files come in, and nothing of it lost."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_live_nb.errors import LogError
from gemini_live_nb.log.run import SessionLog

SOUND = base64.b64encode(bytes(range(256)) * 8).decode()
PART = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": SOUND}}
CALL = {"functionCalls": [{"id": "c1", "name": "look_up", "args": {"my_city": "Oslo", "noneSuch": None}}]}
ANSWER = {"functionResponses": [{"id": "c1", "name": "look_up", "response": {"output": "rain"}}]}
USAGE = {"promptTokenCount": 7, "responseTokenCount": 5, "totalTokenCount": 12}
TALK: list[tuple[str, dict[str, Any]]] = [
    ("sent", {"setup": {"model": "models/gemini-3.8-live"}}),
    ("received", {"setupComplete": {}}),
    (
        "sent",
        {
            "client_content": {
                "turns": [{"role": "user", "parts": [{"text": "Weather?"}]}],
                "turnComplete": True,
            }
        },
    ),
    ("received", {"toolCall": CALL}),
    ("sent", {"toolResponse": ANSWER}),
    ("received", {"serverContent": {"modelTurn": {"parts": [PART]}}}),
    ("received", {"serverContent": {"outputTranscription": {"text": "It rains: \u201cbring a coat\u201d."}}}),
    ("received", {"serverContent": {"turnComplete": True}, "usageMetadata": USAGE}),
]
TIMES = [0.0, 0.31, 0.5, 0.75, 0.8, 1.25, 1.3, 3.0]
START = 1_790_000_000.0
WORDS = {"sent": "client", "received": "server"}


def lines(each) -> bytes:
    made = (each(number, way, message) for number, (way, message) in enumerate(TALK))
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in made).encode() + b"\n"


def iso(number: int) -> str:
    return datetime.fromtimestamp(START + TIMES[number], UTC).isoformat().replace("+00:00", "Z")


def snake(value: Any) -> Any:
    """As google-genai dumps a message."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if not isinstance(value, dict):
        return value
    under = lambda name: "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)  # noqa: E731
    return {under(name): each if name == "args" else snake(each) for name, each in value.items()}


def word64(message: Any) -> str:
    return base64.b64encode(json.dumps(message).encode()).decode()


def archive() -> bytes:
    messages = [
        {
            "type": "send" if way == "sent" else "receive",
            "time": START + TIMES[number],
            "opcode": 1 if way == "sent" else 2,
            "data": json.dumps(message) if way == "sent" else word64(message),
        }
        for number, (way, message) in enumerate(TALK)
    ]
    page = {"request": {"url": "https://x.test/", "method": "GET"}, "response": {"status": 200}}
    socket = {"request": {"url": "wss://x.test/ws?key=AIzaSECRET"}, "_webSocketMessages": messages}
    return json.dumps({"log": {"version": "1.2", "entries": [page, socket]}}).encode()


def with_lengths() -> bytes:
    said = [(way, json.dumps(message, ensure_ascii=False)) for way, message in TALK]
    return "".join(
        f"{'>' if way == 'sent' else '<'}{len(text.encode())} {text}\n" for way, text in said
    ).encode()


def cassette() -> bytes:
    kept = [{"kind": "message", "direction": way, "data": message} for way, message in TALK]
    return yaml.safe_dump({"version": 1, "interactions": kept}, sort_keys=False, allow_unicode=True).encode()


def pretty() -> bytes:
    return "\n".join(json.dumps(message, indent=2) + "\n" for _, message in TALK).encode()


TIMELESS = {
    "lengths": with_lengths(),
    "cassette": cassette(),
    "cassette as JSON": json.dumps(
        {"version": 1, "interactions": [{"direction": w, "data": m} for w, m in TALK]}
    ).encode(),
    "list of frames": json.dumps([message for _, message in TALK]).encode(),
    "pretty, one after another": pretty(),
    "bare frames a line": lines(lambda n, way, message: message),
    "normalized": lines(lambda n, way, message: {"n": n, "dir": WORDS[way], "msg": message}),
    "payload as text": lines(lambda n, way, message: {"direction": way, "payload": json.dumps(message)}),
    "payload as base64": lines(lambda n, way, message: {"direction": way, "data": word64(message)}),
    "payload as base64url": lines(
        lambda n, way, message: {
            "direction": way,
            "raw": word64(message).replace("+", "-").replace("/", "_").rstrip("="),
        }
    ),
    "payload as bytes in Python": lines(
        lambda n, way, message: {"direction": way, "raw": repr(json.dumps(message).encode())}
    ),
    "payload as numbers": lines(
        lambda n, way, message: {"dir": way, "data": list(json.dumps(message).encode())}
    ),
    "buffer of node": lines(
        lambda n, way, message: {
            "dir": way,
            "data": {"type": "Buffer", "data": list(json.dumps(message).encode())},
        }
    ),
    "hexadecimal": lines(lambda n, way, message: {"dir": way, "data": json.dumps(message).encode().hex()}),
    "the way is the name": lines(lambda n, way, message: {"send" if way == "sent" else "recv": message}),
    "the way is an arrow": lines(
        lambda n, way, message: {">" if way == "sent" else "<": json.dumps(message)}
    ),
    "arrows before": lines(
        lambda n, way, message: f"{'>>>' if way == 'sent' else '<<<'} {json.dumps(message)}"
    ),
    "websockets' debug log": lines(
        lambda n, way, message: (
            f"DEBUG:websockets.client:{'>' if way == 'sent' else '<'} TEXT '{json.dumps(message)}' [9 bytes]"
        )
    ),
    "words before": lines(lambda n, way, message: f"[{WORDS[way].upper()}] {json.dumps(message)}"),
    "server-sent events": lines(lambda n, way, message: f"data: {json.dumps(message)}\n"),
    "printed by Python": lines(lambda n, way, message: f"{'SEND' if way == 'sent' else 'RECV'}: {message!r}"),
    "bare base64 a line": lines(lambda n, way, message: word64(message)),
    "text in JSON a line": lines(lambda n, way, message: json.dumps(json.dumps(message))),
    "google-genai's dumps": lines(
        lambda n, way, message: {
            "direction": way,
            "message": snake(message) if way == "received" else message,
        }
    ),
    "flag": lines(lambda n, way, message: {"from_client": way == "sent", "content": json.dumps(message)}),
    "nested": lines(
        lambda n, way, message: {"level": "info", "event": {"type": way, "payload": {"message": message}}}
    ),
    "several to a line": json.dumps({"frames": [{"dir": w, "msg": m} for w, m in TALK[:4]]}).encode()
    + b"\n"
    + json.dumps([{"dir": w, "msg": m} for w, m in TALK[4:]]).encode(),
    "gzipped": gzip.compress(lines(lambda n, way, message: {"dir": way, "msg": message})),
    "UTF-16": lines(lambda n, way, message: {"dir": way, "msg": message}).decode().encode("utf-16"),
    "Windows' line ends": lines(lambda n, way, message: {"dir": way, "msg": message}).replace(b"\n", b"\r\n"),
}
TIMED = {
    "seconds": lines(lambda n, way, message: {"t": TIMES[n], "dir": way, "msg": message}),
    "milliseconds": lines(lambda n, way, message: {"t_ms": TIMES[n] * 1000, "dir": way, "msg": message}),
    "whole milliseconds unsaid": lines(
        lambda n, way, message: {"ts": int(TIMES[n] * 1000), "dir": way, "msg": message}
    ),
    "nanoseconds": lines(lambda n, way, message: {"ts_ns": int(TIMES[n] * 1e9), "dir": way, "msg": message}),
    "seconds since 1970": lines(
        lambda n, way, message: {"timestamp": START + TIMES[n], "dir": way, "frame": message}
    ),
    "milliseconds since 1970": lines(
        lambda n, way, message: {"timestamp": int((START + TIMES[n]) * 1000), "type": way, "message": message}
    ),
    "ISO": lines(lambda n, way, message: {"time": iso(n), "type": way, "data": message}),
    "ISO before": lines(
        lambda n, way, message: f"{iso(n)} {'→' if way == 'sent' else '←'} {json.dumps(message)}"
    ),
    "time of day before": lines(
        lambda n, way, message: f"12:00:0{TIMES[n]:.3f} {'>' if way == 'sent' else '<'} {json.dumps(message)}"
    ),
    "seconds before": lines(lambda n, way, message: f"[{TIMES[n]:.3f}] {WORDS[way]} {json.dumps(message)}"),
    "beside the frame": lines(lambda n, way, message: {"timestamp": START + TIMES[n], **message}),
    "rows of a table": lines(lambda n, way, message: [TIMES[n], way, message]),
    "HAR": archive(),
}


def frames(log: SessionLog) -> list[Any]:
    return [frame for frame in log if frame.direction != "local"]


@pytest.mark.parametrize("shape", [*TIMELESS, *TIMED])
def test_every_frame_is_found(tmp_path, shape):
    path = tmp_path / "capture.dat"
    path.write_bytes({**TIMELESS, **TIMED}[shape])
    log = SessionLog.from_capture(path)
    assert [frame.direction for frame in frames(log)] == [way for way, _ in TALK]
    assert [frame.json() for frame in frames(log)] == [message for _, message in TALK]
    assert log.notes == []
    (turn,) = log.conversation
    assert (turn.user_text, turn.text, turn.complete) == (
        "Weather?",
        "It rains: \u201cbring a coat\u201d.",
        True,
    )
    assert [call.state for call in log.tool_calls] == ["done"]
    assert len(turn.audio) == 1024


@pytest.mark.parametrize("shape", TIMED)
def test_times_are_kept_whatever_their_unit(tmp_path, shape):
    path = tmp_path / "capture"
    path.write_bytes(TIMED[shape])
    log = SessionLog.from_capture(path, tmp_path / "run")
    assert [frame.t for frame in frames(log)] == pytest.approx(TIMES, abs=0.002)
    assert log.meta["times"] == "as captured"
    by_calendar = "1970" in shape or "ISO" in shape or shape in ("HAR", "beside the frame")
    assert log.started == pytest.approx(START if by_calendar else 0.0)


def test_text_that_was_kept_comes_back_byte_for_byte(tmp_path):
    odd = '{"serverContent" : {"outputTranscription":{"text":"\\u0041 1.50"}, "n":1.500}}'
    for shape in (odd, json.dumps({"dir": "in", "payload": odd}), json.dumps({"recv": odd}), f"< {odd}"):
        path = tmp_path / "one"
        path.write_text(shape + "\n")
        assert [frame.raw for frame in SessionLog.from_capture(path)] == [odd.encode()]


def test_connections_closes_and_what_is_no_frame(tmp_path):
    entries = [
        {"conn": "a", "dir": "client", "msg": {"setup": {}}},
        {"conn": "a", "dir": "server", "msg": {"setupComplete": {}}},
        {"conn": "a", "type": "close", "code": 1011, "reason": "Deadline expired"},
        {"event": "reconnecting", "attempt": 1},
        {"conn": "b", "dir": "client", "msg": {"setup": {}}},
        {"conn": "b", "dir": "server", "msg": {"somethingNew": {"x": 1}}},
        {"conn": "b", "dir": "server", "payload": "no JSON at all"},
    ]
    path = tmp_path / "talk.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)) + "\nConnected.\n{torn")
    log = SessionLog.from_capture(path)
    told = [(frame.conn, frame.direction, frame.kind) for frame in log]
    assert told == [
        (0, "sent", "setup"),
        (0, "received", "setupComplete"),
        (0, "local", "close"),
        (0, "local", "mark"),
        (1, "sent", "setup"),
        (1, "received", "unknown"),
        (1, "received", "undecodable"),
    ]
    assert log[2].fields == {"code": 1011, "reason": "Deadline expired"}
    assert log[3].fields["entry"] == entries[3]
    assert log.notes == ["2 lines of the capture are no frames and were left out: line 8, line 9"]
    assert "line 8, line 9" in log._repr_html_()


def test_a_setup_that_is_accepted_begins_a_connection(tmp_path):
    path = tmp_path / "resumed.jsonl"
    path.write_text('{"setup":{}}\n{"setupComplete":{}}\n{"goAway":{}}\n{"setup":{}}\n{"setupComplete":{}}\n')
    assert [frame.conn for frame in SessionLog.from_capture(path)] == [0, 0, 0, 1, 1]


def test_a_key_in_an_archive_does_not_come_along(tmp_path):
    path = tmp_path / "x.har"
    path.write_bytes(archive())
    log = SessionLog.from_capture(path, tmp_path / "run")
    assert log[0].kind == "open"
    assert not any(b"SECRET" in file.read_bytes() for file in (tmp_path / "run").iterdir())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"Hello there\nnothing here", r"line 1 is Hello there"),
        (b'{"a": 1}\n{"b": 2}', r'line 1 is \{"a":1\}'),
        (b'{"log": {"entries": []}}', "holds no frames"),
        (b"\x1f\x8bnot really", "cannot unpack"),
        (b"version: 1\ninteractions: [", "no YAML"),
    ],
)
def test_where_it_is_hopeless_the_line_is_named(tmp_path, data, words):
    path = tmp_path / "capture"
    path.write_bytes(data)
    with pytest.raises(LogError, match=words):
        SessionLog.from_capture(path)


def test_runs_and_exports_are_captures_too(tmp_path):
    path = tmp_path / "capture"
    path.write_bytes(TIMED["seconds"])
    log = SessionLog.from_capture(path, tmp_path / "run")
    for where in (tmp_path / "run", log.export(tmp_path / "x.zip"), log.export(tmp_path / "x.jsonl")):
        assert [frame.json() for frame in SessionLog.from_capture(where)] == [frame.json() for frame in log]
    again = SessionLog.from_capture(log.export(tmp_path / "x.har"))
    assert [frame.raw for frame in frames(again)] == [frame.raw for frame in log]
    assert [frame.opcode for frame in frames(again)] == [frame.opcode for frame in log]


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(data)
    with contextlib.suppress(LogError):
        SessionLog.from_capture(path).turns()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


TIME = st.floats() | st.integers() | st.text(max_size=8) | st.none()


@settings(deadline=None)
@given(st.lists(TIME, min_size=1, max_size=5), st.sampled_from(["t", "ts", "time_ms", "timestamp", "at_ns"]))
def test_times_never_run_back_nor_stop_a_reading(tmp_path_factory, times, name):
    path = tmp_path_factory.getbasetemp() / "times"
    path.write_text("\n".join(json.dumps({name: time, "msg": {"setupComplete": {}}}) for time in times))
    told = SessionLog.from_capture(path).messages()["t"]
    assert len(told) == len(times)
    assert told.is_monotonic_increasing


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=3), max_size=6))
def test_no_entry_is_lost_in_silence(tmp_path_factory, entries):
    path = tmp_path_factory.getbasetemp() / "entries"
    talk = [{"setup": {}}, *({"dir": "server", "note": entry} for entry in entries)]
    path.write_text("\n".join(map(json.dumps, talk)))
    assert len(SessionLog.from_capture(path)) == len(talk)
