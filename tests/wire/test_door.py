"""Who may come in by the media channel's socket, and who may not."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gemini_live_nb.notebook.door import PROTOCOL, Door

HERE = "http://localhost:8888"


class Entry:
    def __init__(self):
        self.heard = []
        self.origins = set()

    def knows(self, origin):
        return origin in self.origins

    async def enter(self, connection):
        async for message in connection:
            self.heard.append(message)
            await connection.send(message)


@pytest.fixture
async def channel():
    entry = Entry()
    entry.door = Door()
    yield entry
    await entry.door.leave(entry)


async def dial(port, token, origin=HERE):
    return await connect(f"ws://127.0.0.1:{port}", subprotocols=[PROTOCOL, token], origin=origin, proxy=None)


async def test_a_page_with_a_token_comes_in(channel):
    async with await dial(*await channel.door.offer(channel)) as page:
        await page.send(b"hello")
        assert await page.recv() == b"hello"
        assert page.subprotocol == PROTOCOL, "the token is not said back"


async def test_a_token_is_good_for_once(channel):
    port, token = await channel.door.offer(channel)
    async with await dial(port, token):
        with pytest.raises(InvalidStatus, match="403"):
            await dial(port, token)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "null", "file://localhost", None]
)
async def test_another_web_page_stays_out_even_with_a_token(channel, origin):
    port, token = await channel.door.offer(channel)
    with pytest.raises(InvalidStatus, match="403"):
        await dial(port, token, origin)


async def test_a_page_that_said_hello_by_the_kernel_comes_in_from_anywhere(channel):
    channel.origins.add("https://hub.example")
    async with await dial(*await channel.door.offer(channel), origin="https://hub.example"):
        pass


@pytest.mark.parametrize("token", ["", "guess"])
async def test_without_its_token_nobody_comes_in(channel, token):
    port, _ = await channel.door.offer(channel)
    with pytest.raises(InvalidStatus, match="403"):
        await connect(
            f"ws://127.0.0.1:{port}",
            subprotocols=[PROTOCOL, *([token] if token else [])],
            origin=HERE,
            proxy=None,
        )


async def test_tokens_end_with_time_and_with_their_channel(channel, monkeypatch):
    port, old = await channel.door.offer(channel)
    monkeypatch.setattr("gemini_live_nb.notebook.door.TOKEN_SECONDS", -1.0)
    _, over = await channel.door.offer(channel)
    with pytest.raises(InvalidStatus, match="403"):
        await dial(port, over)
    await channel.door.offer(other := Entry())
    await channel.door.leave(channel)
    with pytest.raises(InvalidStatus, match="403"):
        await dial(port, old)
    await channel.door.leave(other)


async def test_the_door_is_shut_behind_the_last_channel(channel):
    port, token = await channel.door.offer(channel)
    await channel.door.leave(channel)
    with pytest.raises(OSError, match=r"refused|failed"):
        await dial(port, token)
    port, token = await channel.door.offer(channel)
    async with asyncio.timeout(5), await dial(port, token):
        pass
