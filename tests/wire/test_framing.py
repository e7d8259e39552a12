"""`Wire` reads whatever a server may write, in whatever pieces the socket gives it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import random
import struct

import pytest

from gemini_live_nb.clock import RealClock
from gemini_live_nb.errors import AuthError, ConnectError, ServerFault
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.session.wire import dial

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, MORE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


def frame(payload, opcode=BINARY, fin=True, mask=b""):
    length, first = len(payload), (0x80 if fin else 0) | opcode
    masked = 0x80 if mask else 0
    if length < 126:
        head = bytes([first, masked | length])
    elif length < 65536:
        head = struct.pack("!BBH", first, masked | 126, length)
    else:
        head = struct.pack("!BBQ", first, masked | 127, length)
    return head + mask + payload


class Server:
    """Answers the handshake and then writes what the test says, byte for byte."""

    def __init__(self, after=b"", status=b"101 Switching Protocols", length=0):
        self.after, self.status, self.length = after, status, length
        self.connected = asyncio.Event()
        self.received = bytearray()
        self.heard = asyncio.Event()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        self.server.close()

    async def serve(self, reader, writer):
        self.writer = writer
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1]
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        writer.write(
            b"HTTP/1.1 "
            + self.status
            + b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: %d\r\n" % self.length
            + b"Sec-WebSocket-Accept: "
            + accept
            + b"\r\n\r\n"
            + self.after
        )
        self.connected.set()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self.received += data
                self.heard.set()
                if data[0] == 0x80 | CLOSE:
                    writer.close()


class Got:
    """What a `Wire` called back with."""

    def __init__(self):
        self.messages, self.ended, self.writable = [], asyncio.Event(), 0

    async def dial(self, server, **options):
        return await dial(
            endpoint(url=f"ws://127.0.0.1:{server.port}"),
            clock=RealClock(),
            timeout=5,
            on_message=self.messages.append,
            on_writable=lambda: None,
            on_end=lambda _wire: self.ended.set(),
            **options,
        )


def some_frames(seed):
    """Frames of every length class, with pings and fragments between; and the messages they are."""
    dice = random.Random(seed)
    frames, messages = [], []
    for _ in range(dice.randint(1, 8)):
        size = dice.choice([0, 1, 125, 126, 127, 3000, 65535, 65536, 70000])
        payload = dice.randbytes(size)
        match dice.randint(0, 4):
            case 0:
                text = payload.hex()
                frames.append(frame(text.encode(), TEXT))
                messages.append(text)
            case 1:
                cut = dice.randint(0, size)
                frames += [
                    frame(payload[:cut], BINARY, fin=False),
                    frame(b"?", PING),
                    frame(payload[cut:], MORE),
                ]
                messages.append(payload)
            case 2:
                frames.append(frame(b"are you there", PING))
            case _:
                frames.append(frame(payload))
                messages.append(payload)
    return b"".join(frames), messages


@pytest.mark.parametrize("seed", range(60))
async def test_messages_are_the_same_however_the_bytes_are_cut(seed):
    stream, messages = some_frames(seed)
    dice = random.Random(seed)
    got = Got()
    async with Server() as server:
        wire = await got.dial(server)
        at = 0
        while at < len(stream):
            size = dice.choice([1, 2, 3, 7, 100, 4096, 65536, 300_000])
            # What the transport would call with what it read.
            wire.data_received(stream[at : at + size])
            at += size
        assert got.messages == messages
        wire.transport.abort()


async def test_what_comes_with_the_handshake_is_not_lost():
    got = Got()
    async with Server(after=frame(b"{}") + frame(b"hello", TEXT)) as server:
        wire = await got.dial(server)
        await wire.close()
    assert got.messages == [b"{}", "hello"]


async def test_text_that_is_no_utf8_is_kept_as_bytes():
    got = Got()
    async with Server(after=frame(b"\xff\xfe", TEXT)) as server:
        wire = await got.dial(server)
        await wire.close()
    assert got.messages == [b"\xff\xfe"]


async def test_a_ping_is_answered():
    async with Server() as server:
        wire = await Got().dial(server)
        server.writer.write(frame(b"ping!", PING))
        await asyncio.wait_for(server.heard.wait(), 5)
        assert server.received[0] == 0x80 | PONG
        wire.transport.abort()


async def test_the_servers_close_ends_it_with_code_and_reason():
    got = Got()
    closing = frame(struct.pack("!H", 1011) + b"Internal error encountered.", CLOSE)
    async with Server(after=frame(b"{}") + closing + frame(b"too late")) as server:
        wire = await got.dial(server)
        await asyncio.wait_for(server.connected.wait(), 5)
        server.writer.close()
        await asyncio.wait_for(got.ended.wait(), 5)
    assert got.messages == [b"{}"]
    assert (wire.protocol.close_rcvd.code, wire.protocol.close_rcvd.reason) == (
        1011,
        "Internal error encountered.",
    )


async def test_a_cut_connection_ends_it_without_a_code():
    got = Got()
    async with Server(after=frame(b"x" * 1000)[:500]) as server:
        wire = await got.dial(server)
        server.writer.transport.abort()
        await asyncio.wait_for(got.ended.wait(), 5)
    assert got.messages == []
    assert (wire.close_code, wire.protocol.close_rcvd) == (1006, None)
    with pytest.raises(ConnectionError):
        wire.send_now(b"{}")


@pytest.mark.parametrize(
    "broken",
    [frame(b"secret", mask=b"mask"), b"\xf2\x05hello", frame(b"?", MORE), frame(b"x" * 200, PING)],
    ids=["masked", "reserved bits", "continuation of nothing", "a ping too long"],
)
async def test_a_server_that_breaks_the_rules_is_left(broken):
    got = Got()
    async with Server(after=frame(b"{}") + broken + frame(b"after")) as server:
        wire = await got.dial(server)
        server.writer.write_eof()
        await asyncio.wait_for(got.ended.wait(), 10)
    assert got.messages == [b"{}"]
    assert wire.close_code == 1006
    assert wire.protocol.close_sent.code == 1002


async def test_a_refused_handshake_is_an_error_of_ours():
    async with Server(status=b"503 Service Unavailable") as server:
        with pytest.raises(ServerFault, match="503"):
            await Got().dial(server)


async def test_the_body_of_a_refusal_is_read():
    refusal = b"401 Unauthorized\r\nContent-Type: text/plain\r\nConnection: close"
    async with Server(after=b"who are you?", status=refusal, length=12) as server:
        with pytest.raises(AuthError, match="who are you") as caught:
            await Got().dial(server)
        assert caught.value.code == 401


async def test_a_redirect_is_not_followed():
    """It would carry the key to another host."""
    async with Server(status=b"302 Found\r\nLocation: ws://127.0.0.1:1/") as server:
        with pytest.raises(ConnectError):
            await Got().dial(server)


async def test_nobody_there():
    async with Server() as server:
        server.writer = contextlib.nullcontext
        server.writer.close = lambda: None
        server.server.close()
        await server.server.wait_closed()
        with pytest.raises(ConnectError, match="no connection"):
            await Got().dial(server)


def unmasked(stream):
    """The frames a client sent: opcode and payload of each whole one."""
    at, frames = 0, []
    while len(stream) - at > 6:
        length, head = stream[at + 1] & 127, 2
        if length > 125:
            head = 4 if length == 126 else 10
            length = int.from_bytes(stream[at + 2 : at + head], "big")
        mask, start = stream[at + head : at + head + 4], at + head + 4
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(stream[start : start + length]))
        frames.append((stream[at] & 15, payload))
        at = start + length
    return frames


async def test_a_burst_goes_out_in_order_and_before_the_goodbye():
    sent = [b"%d" % number * size for number, size in enumerate([1, 1, 500, 1, 30_000, 70_000, 1, 100])]
    async with Server() as server:
        wire = await Got().dial(server)
        for text in sent:
            wire.send_now(text)
        await wire.close()
        assert unmasked(server.received) == [(TEXT, text) for text in sent] + [(CLOSE, b"\x03\xe8")]


async def test_a_frame_alone_goes_out_before_the_loop_turns():
    async with Server() as server:
        wire = await Got().dial(server)
        put = []

        class Transport:
            """The real one, listened to."""

            def __getattr__(self, name):
                return getattr(real, name)

            def write(self, data):
                put.append(bytes(data))
                real.write(data)

        real, wire.transport = wire.transport, Transport()
        wire.send_now(b"alone")
        assert unmasked(put[0]) == [(TEXT, b"alone")]
        wire.send_now(b"together")
        wire.send_now(b"with this")
        assert len(put) == 1
        await asyncio.sleep(0)
        assert unmasked(put[1]) == [(TEXT, b"together"), (TEXT, b"with this")]
        wire.send_now(b"lost with its wire, without a fault")
        wire.send_now(b"so is this")
        wire.transport.abort()
        await asyncio.sleep(0)
        assert len(put) == 3
