"""A client that knows nothing of this package: `websockets`, `json`, and a list of what came."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json

import numpy as np
import websockets

DEVELOPER = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
VERTEX = "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"
NATIVE = "models/gemini-2.5-flash-native-audio-latest"
LIVE_3_1 = "models/gemini-3.1-flash-live-preview"
LIVE_3_8 = "models/gemini-3.8-live"
EXTENDED = "models/gemini-3.8-live-extended-thinking"
VERTEX_2_5 = "projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash"


class Raw:
    """One connection; `frames` holds every server message with the clock's time at which it was read."""

    def __init__(self, socket, clock):
        self.socket = socket
        self.clock = clock
        self.frames: list[tuple[float, dict]] = []
        self.payloads: list[bytes | str] = []
        self._read = 0
        self._news = asyncio.Event()
        self._pump = asyncio.create_task(self._listen())

    async def send(self, message):
        await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def _listen(self):
        try:
            async for payload in self.socket:
                self.payloads.append(payload)
                self.frames.append((self.clock.monotonic(), read(payload)))
                self._news.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            self._news.set()

    async def receive(self):
        """The next message; the time it came at was noted when it came."""
        while self._read == len(self.frames):
            if self._pump.done():
                raise EOFError(f"closed: {self.socket.close_code} {self.socket.close_reason}")
            self._news.clear()
            await self._news.wait()
        self._read += 1
        return self.frames[self._read - 1][1]

    async def until(self, wanted):
        """Read until `wanted(message)`, or until a message with this key (of the frame or its serverContent)."""
        test = wanted if callable(wanted) else lambda message: has(message, wanted)
        while True:
            message = await self.receive()
            if test(message):
                return message

    async def turn(self):
        return await self.until("turnComplete")

    async def closed(self):
        """Read on until the server closes; its code and reason."""
        await self._pump
        return self.socket.close_code, self.socket.close_reason

    async def setup(self, model=NATIVE, **fields):
        if "extended" in model:
            fields.setdefault("generationConfig", {"thinkingConfig": {"thinkingLevel": "LOW"}})
        await self.send(
            {
                "setup": {
                    "model": model,
                    "inputAudioTranscription": {},
                    "outputAudioTranscription": {},
                    **fields,
                }
            }
        )
        return await self.until("setupComplete")

    async def say(self, text, *, complete=True):
        await self.send(typed(text, complete=complete))

    async def audio(self, samples, *, rate=16000, chunk=0.1, pace=1.0):
        """Send sound in chunks, in real time (of the clock)."""
        size = int(rate * chunk)
        for start in range(0, len(samples), size):
            await self.send(audio(samples[start : start + size], rate))
            if pace:
                await self.clock.sleep(chunk / pace)

    def kinds(self):
        """The collapsed signature of what came."""
        return collapse(kind(message) for _, message in self.frames)

    def at(self, key):
        """When the first message with this key came."""
        return next(t for t, message in self.frames if has(message, key))

    def sounds(self):
        """(time, bytes) of each audio frame."""
        return [(t, len(data)) for t, message in self.frames if (data := sound(message))]


@contextlib.asynccontextmanager
async def connect(emulator, path=DEVELOPER, *, key="k", query="", headers=None, **options):
    """Open a connection to an emulator."""
    query = query or (f"?key={key}" if key is not None else "")
    if path == VERTEX and headers is None:
        query, headers = "", {"Authorization": "Bearer x"}
    async with websockets.connect(
        emulator.url + path + query, additional_headers=headers, max_size=None, ping_interval=None, **options
    ) as socket:
        client = Raw(socket, emulator.clock)
        try:
            yield client
        finally:
            await socket.close()
            await client._pump


@contextlib.asynccontextmanager
async def open_session(emulator, model=NATIVE, **setup):
    """Open a connection and set it up."""
    async with connect(emulator, VERTEX if model.startswith("projects/") else DEVELOPER) as client:
        await client.setup(model, **setup)
        yield client


def read(payload):
    """A frame's JSON, or what it was where it is none."""
    try:
        return json.loads(payload)
    except ValueError:
        return {"notJson": payload}


def typed(text, *, complete=True):
    return {
        "clientContent": {"turns": [{"role": "user", "parts": [{"text": text}]}], "turnComplete": complete}
    }


def audio(samples, rate=16000):
    data = base64.b64encode(np.asarray(samples, "<i2").tobytes()).decode()
    return {"realtimeInput": {"audio": {"data": data, "mimeType": f"audio/pcm;rate={rate}"}}}


def answer(call, response, **fields):
    """A tool response to a call of a toolCall message."""
    return {
        "toolResponse": {
            "functionResponses": [{"id": call["id"], "name": call["name"], "response": response, **fields}]
        }
    }


async def handle_of(client):
    message = await client.until(lambda m: "newHandle" in m.get("sessionResumptionUpdate", {}))
    return message["sessionResumptionUpdate"]["newHandle"]


def resumption(handle=None):
    return {"sessionResumption": {"handle": handle} if handle else {}}


def drop(client):
    client.socket.transport.abort()


def declare(*names, behavior=None):
    functions = [{"name": name, "parameters": {"type": "OBJECT", "properties": {}}} for name in names]
    for function in functions if behavior else ():
        function["behavior"] = behavior
    return [{"functionDeclarations": functions}]


def has(message, key):
    return key in message or key in message.get("serverContent", {})


def sound(message):
    parts = message.get("serverContent", {}).get("modelTurn", {}).get("parts", [])
    return b"".join(base64.b64decode(part["inlineData"]["data"]) for part in parts if "inlineData" in part)


def texts(client, key):
    return "".join(
        message["serverContent"][key].get("text", "")
        for _, message in client.frames
        if key in message.get("serverContent", {})
    )


def kind(message):
    """A frame's signature: its keys, with those of its content, part kinds and empty values told apart."""
    names = []
    for key, value in message.items():
        if key == "serverContent":
            names.append("sc{" + ",".join(sorted(_inside(k, v) for k, v in value.items())) + "}")
        elif key != "usageMetadata":
            names.append(key)
    return "+".join(names) + ("+usage" if "usageMetadata" in message else "")


def _inside(key, value):
    if key == "modelTurn":
        parts = ",".join("/".join(sorted(part)) for part in value.get("parts", []))
        return f"{value.get('role', '')}modelTurn[{parts}]"
    if isinstance(value, dict):
        return f"{key}({','.join(sorted(value))})"
    return key


def collapse(kinds):
    """Consecutive repeats counted once."""
    seen = []
    for one in kinds:
        if not seen or seen[-1] != one:
            seen.append(one)
    return seen


def voice(seconds, pitch=140, rate=16000):
    """Something a voice activity detector takes for a voice: a buzz with syllables."""
    time = np.arange(int(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 12))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time - 1.5)
    return (7000 * buzz * syllables).astype(np.int16)


def silence(seconds, rate=16000):
    return np.zeros(int(seconds * rate), np.int16)


async def gather(*coroutines):
    return await asyncio.gather(*coroutines)
