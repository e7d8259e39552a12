"""Conversations made by hand: frames as the wire has them, at times the test chooses."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from gemini_live_nb.log.lines import BINARY, LOCAL, RECEIVED, SENT, TEXT, Frame
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.log.written import write_run

META = {"wall": 1_790_000_000.0, "schema": 1}


class HandClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return META["wall"] + self.now


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def tone(milliseconds: float, rate: int, loudness: float = 0.5) -> bytes:
    count = round(milliseconds * rate / 1000)
    return (np.sin(np.arange(count) * 0.3) * 32767 * loudness).astype("<i2").tobytes()


class Talk:
    """A conversation under construction; each call adds frames and moves time on."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.t = 0.0
        self.conn = 0

    def _add(self, direction: int, opcode: int, data: bytes | str, kind: str = "") -> Talk:
        self.frames.append((len(self.frames), round(self.t * 1e9), self.conn, direction, opcode, data, kind))
        return self

    def client(self, message: dict[str, Any] | str) -> Talk:
        return self._add(SENT, TEXT, message if isinstance(message, str) else json.dumps(message))

    def server(self, message: dict[str, Any] | bytes) -> Talk:
        raw = message if isinstance(message, bytes) else json.dumps(message, indent=2).encode() + b"\n"
        return self._add(RECEIVED, BINARY, raw)

    def local(self, kind: str, **fields: Any) -> Talk:
        return self._add(LOCAL, 0, json.dumps(fields), kind)

    def wait(self, seconds: float) -> Talk:
        self.t += seconds
        return self

    # What is said often.

    def setup(self, *, vertex: bool = False, **setup: Any) -> Talk:
        self.client({"setup": {"model": "models/gemini-2.5-flash-native-audio-preview-12-2025", **setup}})
        return self.server({"setupComplete": {"sessionId": "f162d11d"} if vertex else {}})

    def types(self, text: str) -> Talk:
        turns = [{"role": "user", "parts": [{"text": text}]}]
        return self.client({"clientContent": {"turns": turns, "turnComplete": True}})

    def speaks(self, seconds: float, loudness: float = 0.5, rate: int = 16000) -> Talk:
        """The microphone, in 100 ms chunks, each sent when it is whole."""
        for _ in range(round(seconds * 10)):
            self.t += 0.1
            blob = {"mimeType": f"audio/pcm;rate={rate}", "data": b64(tone(100, rate, loudness))}
            self.client({"realtimeInput": {"audio": blob}})
        return self

    def silence(self, seconds: float) -> Talk:
        return self.speaks(seconds, loudness=0.0)

    def hears(self, *pieces: str) -> Talk:
        for piece in pieces:
            self.server({"serverContent": {"inputTranscription": {"text": piece}}})
        return self

    def says(self, *pieces: str) -> Talk:
        for piece in pieces:
            self.server({"serverContent": {"outputTranscription": {"text": piece}}})
        return self

    def sounds(self, *milliseconds: float, rate: int = 24000, every: float = 0.01) -> Talk:
        for length in milliseconds:
            blob = {"mimeType": f"audio/pcm;rate={rate}", "data": b64(tone(length, rate))}
            self.server({"serverContent": {"modelTurn": {"parts": [{"inlineData": blob}]}}})
            self.t += every
        return self

    def calls(self, name: str, id: str, /, **args: Any) -> Talk:
        return self.server({"toolCall": {"functionCalls": [{"name": name, "id": id, "args": args}]}})

    def answers(self, id: str, response: dict[str, Any], /, name: str = "f", **more: Any) -> Talk:
        given = {"id": id, "name": name, "response": response, **more}
        return self.client({"toolResponse": {"functionResponses": [given]}})

    def generated(self) -> Talk:
        return self.server({"serverContent": {"generationComplete": True}})

    def interrupted(self) -> Talk:
        return self.server({"serverContent": {"interrupted": True}})

    def over(self, usage: tuple[int, int] | None = None, **content: Any) -> Talk:
        message: dict[str, Any] = {"serverContent": {"turnComplete": True, **content}}
        if usage is not None:
            prompt, response = usage
            message["usageMetadata"] = {
                "promptTokenCount": prompt,
                "responseTokenCount": response,
                "totalTokenCount": prompt + response,
            }
        return self.server(message)

    def activity(self, kind: str) -> Talk:
        return self.server({"voiceActivity": {"type": f"ACTIVITY_{kind}", "audioOffset": "1s"}})

    # What becomes of it.

    def log(self, folder: Any = None) -> SessionLog:
        return write_run(folder, self.frames, META)

    def live(self, folder: Any = None) -> Recorder:
        """The same frames through a recorder, one by one, as a session hands them over."""
        clock = HandClock()
        recorder = Recorder(folder, clock=clock)
        replay(self.frames, recorder, clock)
        return recorder


def replay(frames: list[Frame], recorder: Recorder, clock: HandClock) -> None:
    for _, t_ns, conn, direction, opcode, data, kind in frames:
        clock.now = t_ns / 1e9
        if direction == RECEIVED:
            recorder.receive(data, conn)
        elif direction == SENT:
            recorder.sent(data, conn, binary=opcode == BINARY)
        else:
            recorder.local(kind, conn, **json.loads(data))


def told(turn: Any) -> dict[str, Any]:
    """Everything a turn says, for comparing two readings of one conversation."""
    times = {name: getattr(turn.times, name) for name in turn.times.__slots__}
    return {
        "number": turn.number,
        "conn": turn.conn,
        "by": turn.opened_by,
        "opened": turn.opened_seq,
        "user": turn.user_text,
        "text": turn.text,
        "thoughts": turn.thoughts,
        "code": turn.code,
        "interim": turn.interim,
        "calls": [
            (call.id, call.name, call.state, call.args, call.result, call.deliveries)
            for call in turn.tool_calls
        ],
        "usage": turn.usage,
        "times": {
            name: None if value is None else value if isinstance(value, str) else round(value, 6)
            for name, value in times.items()
        },
        "flags": (turn.interrupted, turn.complete, turn.lost, turn.over),
        "audio": (round(turn.audio_ms, 3), turn.audio_span, turn.audio_chunks),
    }


def only(talk: Talk):
    """The single turn of a conversation, read from the record and live alike."""
    (turn,) = turns(talk)
    return turn


def turns(talk: Talk):
    read = talk.log().conversation
    live = talk.live()
    assert [told(turn) for turn in live.fold.turns] == [told(turn) for turn in read]
    live.close()
    return read
