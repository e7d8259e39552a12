"""A server that is never the bottleneck: frames built once, written as they are.

RFC 6455 by hand on uvloop. Binary frames of pretty-printed JSON, unmasked, no compression, as the real service
sends them. The first part of the path says what it does once the setup has come (anything may follow, such as
google-genai's own path):

    /burst-N-MS   N messages of MS milliseconds of sound each, as fast as they are taken, then a turnComplete
    /sink         takes everything, says nothing
    /echo         one 40 ms message for each frame
    /half         one 40 ms message for every second frame: 50 chunks in, 25 messages out
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct

import numpy as np

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING = 2, 8, 9
VARIETY = 64
SETUP_COMPLETE = b'{\n  "setupComplete": {}\n}\n'
TURN_COMPLETE = (
    json.dumps(
        {
            "serverContent": {"turnComplete": True},
            "usageMetadata": {"promptTokenCount": 10, "totalTokenCount": 20},
        },
        indent=2,
    ).encode()
    + b"\n"
)


def frame(payload: bytes, opcode: int = BINARY) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes([0x80 | opcode, length]) + payload
    return struct.pack("!BBH", 0x80 | opcode, 126, length) + payload


def speech(milliseconds: int, seed: int) -> bytes:
    """An audio message of something that does not repeat."""
    random = np.random.default_rng(seed)
    t = np.arange(24 * milliseconds) / 24_000
    sound = np.sin(2 * np.pi * 220 * t) * 0.3 + random.normal(size=len(t)) * 0.05
    data = base64.b64encode((sound * 32767).astype("<i2").tobytes()).decode()
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
    return json.dumps({"serverContent": {"modelTurn": {"parts": [part]}}}, indent=2).encode() + b"\n"


class Peer(asyncio.Protocol):
    """One client."""

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=4 << 20)
        self.buffer = b""
        self.mode = ["http"]
        self.writable = asyncio.Event()
        self.writable.set()
        self.frames = 0
        self.task = None

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    def connection_lost(self, _error):
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data):
        if self.mode[0] == "sink":
            return
        self.buffer += data
        if self.mode[0] == "http" and not self.upgrade():
            return
        while (opcode := self.next_opcode()) is not None:
            self.received(opcode)

    def upgrade(self):
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        lines = head.split(b"\r\n")
        self.buffer = rest
        self.path = lines[0].split(b" ")[1].decode()
        keys = (
            line.split(b":", 1)[1].strip() for line in lines if line.lower().startswith(b"sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1(next(keys) + GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.mode = ["setup"]
        return True

    def next_opcode(self):
        """The opcode of the next whole frame, whose content is of no interest."""
        data = self.buffer
        if len(data) < 2:
            return None
        length, head = data[1] & 127, 6
        if length == 126:
            length, head = int.from_bytes(data[2:4], "big"), 8
        elif length == 127:
            length, head = int.from_bytes(data[2:10], "big"), 14
        if len(data) < head + length:
            return None
        self.buffer = data[head + length :]
        return data[0] & 15

    def received(self, opcode):
        if opcode == CLOSE:
            self.transport.write(frame(struct.pack("!H", 1000), CLOSE))
            self.transport.close()
        elif opcode == PING:
            self.transport.write(frame(b"", 10))
        elif self.mode[0] == "setup":
            self.begin()
        elif self.mode[0] == "echo":
            self.transport.write(self.reply)
        elif self.mode[0] == "half":
            self.frames += 1
            if self.frames % 2 == 0:
                self.transport.write(self.reply)

    def begin(self):
        self.mode = self.path.strip("/").split("/")[0].split("-")
        self.reply = frame(speech(40, 0))
        self.transport.write(frame(SETUP_COMPLETE))
        if self.mode[0] == "burst":
            self.task = asyncio.ensure_future(self.burst(int(self.mode[1]), int(self.mode[2])))

    async def burst(self, count, milliseconds):
        frames = [frame(speech(milliseconds, seed)) for seed in range(VARIETY)]
        block = b"".join(frames)
        await asyncio.sleep(0.3)  # until the client has read setupComplete and begun to listen
        for _ in range(count // VARIETY):
            await self.writable.wait()
            self.transport.write(block)
            await asyncio.sleep(0)
        for one in frames[: count % VARIETY]:
            self.transport.write(one)
        self.transport.write(frame(TURN_COMPLETE))


async def serve():
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve())
