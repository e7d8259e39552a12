"""One client, one task, one process: prints what it cost as a line of JSON.

    python -m tests.benchmarks.peers CLIENT TASK PORT COUNT

Clients: `genai` (google-genai), `bare` (websockets and msgspec, nothing kept), `ours` (`LiveSession`: every frame
typed, recorded to disk, told to a listener). Tasks: `receive`, `send`, `echo`, `paced`, and `idle`: what the
client's event loop costs that keeps the same time as `paced`, without a client.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import os
import sys
import tempfile
import time

SETUP = '{"setup":{"model":"models/x","generationConfig":{"responseModalities":["AUDIO"]}}}'
CHUNK = os.urandom(640)
CHUNK_MS = 20
WARM_UP = 200
PATHS = {
    "receive": "/burst-{count}-{ms}",
    "send": "/sink",
    "echo": "/echo",
    "paced": "/half",
}


class Meter:
    """CPU of this process, all its threads together."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self, count):
        return {
            "cpu_us": (time.process_time() - self.cpu) / count * 1e6,
            "wall_us": (time.perf_counter() - self.wall) / count * 1e6,
        }


class Genai:
    """google-genai as its documentation uses it, over plain ws."""

    def __init__(self, url):
        from google import genai
        from google.genai import types

        self.types = types
        self.client = genai.Client(api_key="k", http_options={"api_version": "v1beta"})
        self.client._api_client._websocket_base_url = lambda *_, **__: url
        self.client._api_client._websocket_ssl_ctx = {}

    async def __aenter__(self):
        self.connecting = self.client.aio.live.connect(model="x", config={"response_modalities": ["AUDIO"]})
        self.session = await self.connecting.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self.connecting.__aexit__(*error)

    async def sounds(self):
        while True:
            async for message in self.session.receive():
                turn = message.server_content.model_turn if message.server_content else None
                if turn is None:
                    return
                yield turn.parts[0].inline_data.data

    async def send(self):
        blob = self.types.Blob(data=CHUNK, mime_type="audio/pcm;rate=16000")
        await self.session.send_realtime_input(audio=blob)

    async def settle(self):
        pass


class Bare:
    """What websockets and msgspec cost alone, with nothing kept and nobody told."""

    HEAD = b'{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"'

    def __init__(self, url):
        from gemini_live_nb.protocol.codec import decode

        self.url, self.decode = url, decode

    async def __aenter__(self):
        from websockets.asyncio.client import connect

        self.socket = await connect(self.url, compression=None, max_size=None, ping_interval=None)
        await self.socket.send(SETUP)
        await self.socket.recv(decode=False)
        return self

    async def __aexit__(self, *_):
        await self.socket.close()

    async def sounds(self):
        while True:
            content = self.decode(await self.socket.recv(decode=False)).message.server_content
            if content.model_turn is None:
                return
            yield content.model_turn.parts[0].inline_data.data

    async def send(self):
        await self.socket.send(self.HEAD + binascii.b2a_base64(CHUNK, newline=False) + b'"}}}', text=True)

    async def settle(self):
        pass


class Ours:
    """`LiveSession` as everybody gets it: typed, recorded to disk, turns folded, a listener told."""

    def __init__(self, url):
        from gemini_live_nb.session.events import Message
        from gemini_live_nb.session.session import LiveSession

        self.message = Message
        self.folder = tempfile.TemporaryDirectory()
        self.session = LiveSession(url=url, log=self.folder.name + "/run")

    async def __aenter__(self):
        await self.session.connect()
        self.listener = self.session.subscribe(limit=1_000_000)
        return self

    async def __aexit__(self, *_):
        await self.session.close()
        self.folder.cleanup()

    async def sounds(self):
        async for event in self.listener:
            if type(event) is self.message:
                turn = event.message.server_content.model_turn
                if turn is None:
                    return
                yield turn.parts[0].inline_data.data

    async def send(self):
        await self.session.send_audio(CHUNK)

    async def settle(self):
        """Until everything is on disk."""
        await asyncio.to_thread(self.session._recorder.flush)


CLIENTS = {"genai": Genai, "bare": Bare, "ours": Ours}


async def receive(client, count):
    meter, read = None, 0
    async for sound in client.sounds():
        meter = meter or Meter()
        read += len(sound) > 0
    await client.settle()
    assert read == count, f"{read} of {count} messages"
    return meter.stop(count)


async def send(client, count):
    for _ in range(WARM_UP):
        await client.send()
    meter = Meter()
    for number in range(count):
        await client.send()
        if number % 64 == 0:
            await asyncio.sleep(0)
    await client.settle()
    return meter.stop(count)


async def echo(client, count):
    sounds = client.sounds()
    trips = []
    for number in range(count + WARM_UP):
        started = time.perf_counter()
        await client.send()
        await anext(sounds)
        if number >= WARM_UP:
            trips.append(time.perf_counter() - started)
    trips.sort()
    return {"p50_us": trips[len(trips) // 2] * 1e6, "p99_us": trips[int(len(trips) * 0.99)] * 1e6}


async def paced(client, count):
    """A conversation in real time: 50 chunks a second out, 25 messages a second in."""
    got = 0

    async def listen():
        nonlocal got
        async for _ in client.sounds():
            got += 1

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.3)
    used = await in_time(count, client.send)
    listening.cancel()
    return {"percent": used["cpu_us"] / used["wall_us"] * 100, "got": got}


async def idle(count):
    async def nothing():
        pass

    used = await in_time(count, nothing)
    return {"percent": used["cpu_us"] / used["wall_us"] * 100}


async def in_time(count, do):
    """Do something every 20 ms; what it cost."""
    meter, started = Meter(), time.perf_counter()
    for number in range(count):
        ahead = started + number * CHUNK_MS / 1000 - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        await do()
    return meter.stop(1)


async def run(name, task, port, count, ms):
    if task == "idle":
        return await idle(count)
    url = f"ws://127.0.0.1:{port}" + PATHS[task].format(count=count, ms=ms)
    async with CLIENTS[name](url) as client:
        tasks = {"receive": receive, "send": send, "echo": echo, "paced": paced}
        return await tasks[task](client, count)


def main():
    name, task, port, count, *rest = sys.argv[1:]
    ms = int(rest[0]) if rest else 40
    # Live's I/O thread runs uvloop where it is to be had; google-genai and the bare client run as their users do.
    if name == "ours" and os.environ.get("BENCH_LOOP") != "asyncio":
        import uvloop

        result = uvloop.run(run(name, task, port, int(count), ms))
    else:
        result = asyncio.run(run(name, task, port, int(count), ms))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
