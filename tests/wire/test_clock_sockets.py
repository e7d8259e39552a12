"""One simulated clock for client and server, over a real socket in one loop."""

from __future__ import annotations

import asyncio

import pytest

from gemini_live_nb.clock import SimulatedClock

pytestmark = pytest.mark.anyio


async def conversation():
    """A server that answers late and a client with a limit, over a real socket; what they saw and when."""
    clock = SimulatedClock()
    seen = []

    async def serve(reader, writer):
        while line := await reader.readline():
            await clock.sleep(float(line))
            writer.write(line * 200)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, clock.running():

        async def client(name, delays):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for delay in delays:
                writer.write(f"{delay}\n".encode())
                try:
                    async with clock.timeout(50):
                        for _ in range(200):
                            await reader.readline()
                    seen.append((name, delay, round(clock.monotonic(), 6)))
                except TimeoutError:
                    seen.append((name, "late", round(clock.monotonic(), 6)))
                    break
                await clock.sleep(0.02)
            writer.close()

        await asyncio.gather(
            client("a", [1, 0.04, 600]), client("b", [0.5] * 100), client("c", [49.99, 50.01])
        )
        await clock.sleep(600)  # the server is done with the late ones too
    return seen


async def test_client_and_server_share_it_over_a_real_socket():
    async with asyncio.timeout(30):
        first = await conversation()
    assert first[-1][0] == "c"
    assert ("a", 1, 1.0) in first
    assert ("a", 0.04, 1.06) in first
    assert ("a", "late", 51.08) in first
    assert ("b", 0.5, 51.98) in first
    assert ("c", 49.99, 49.99) in first
    assert ("c", "late", 100.01) in first
    async with asyncio.timeout(30):
        assert await conversation() == first
