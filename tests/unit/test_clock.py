"""The simulated clock: the same program always sees the same times."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from gemini_live_nb.clock import Clock, RealClock, SimulatedClock

pytestmark = pytest.mark.anyio


async def test_time_stands_still_until_it_is_moved():
    clock = SimulatedClock(start=1000.0)
    order = []

    async def sleeper(name, seconds):
        await clock.sleep(seconds)
        order.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        for name, seconds in [("c", 3), ("a", 1), ("b", 2), ("a2", 1)]:
            group.create_task(sleeper(name, seconds))
        await asyncio.sleep(0)
        assert clock.monotonic() == 0
        await clock.advance(0.5)
        assert order == []
        assert clock.time() == 1000.5
        await clock.advance(1.5)
        assert order == [("a", 1), ("a2", 1), ("b", 2)]
        assert clock.monotonic() == 2
        await clock.advance(100)
    assert order[-1] == ("c", 3)
    assert clock.monotonic() == 102


async def test_a_sleeper_that_sleeps_again_wakes_within_one_advance():
    clock = SimulatedClock()
    ticks = []

    async def ticker():
        while True:
            await clock.sleep(0.25)
            ticks.append(clock.monotonic())

    task = asyncio.create_task(ticker())
    await asyncio.sleep(0)
    await clock.advance(1)
    task.cancel()
    assert ticks == [0.25, 0.5, 0.75, 1.0]


async def test_running_time_jumps_from_sleeper_to_sleeper():
    clock = SimulatedClock()
    started = time.monotonic()
    async with clock.running():
        await clock.sleep(3600)
        assert clock.monotonic() == 3600
        await asyncio.gather(clock.sleep(5), clock.sleep(10))
        assert clock.monotonic() == 3610
    assert time.monotonic() - started < 60
    task = asyncio.create_task(clock.sleep(1))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()


@pytest.mark.parametrize("clock", [RealClock(), SimulatedClock()], ids=["real", "simulated"])
async def test_limits(clock):
    running = clock.running() if isinstance(clock, SimulatedClock) else clock.hold()
    limit = 30 if isinstance(clock, SimulatedClock) else 0.01
    async with asyncio.timeout(20):
        if isinstance(clock, SimulatedClock):
            async with running:
                await _limits(clock, limit)
        else:
            await _limits(clock, limit)


async def _limits(clock, limit):
    before = clock.monotonic()
    with pytest.raises(TimeoutError):
        await clock.wait_for(asyncio.Event().wait(), limit)
    if isinstance(clock, SimulatedClock):
        assert clock.monotonic() - before == limit
    with pytest.raises(TimeoutError):
        async with clock.timeout(limit):
            await clock.sleep(100 * limit)
    with pytest.raises(TimeoutError):
        await clock.wait_for(asyncio.Event().wait(), 0)

    async def seven():
        return 7

    assert await clock.wait_for(seven(), 60) == 7
    async with clock.timeout(None):
        pass
    async with clock.timeout(limit):
        pass
    await clock.sleep(2 * limit)


async def test_cancelled_by_another_is_not_a_timeout():
    clock = SimulatedClock()
    async with clock.running():

        async def waits():
            async with clock.timeout(1e9):
                await asyncio.Event().wait()

        task = asyncio.create_task(waits())
        await clock.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_cancelled_sleeper_does_not_hold_time_back():
    clock = SimulatedClock()
    task = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    async with clock.running():
        await clock.sleep(10)
    assert clock.monotonic() == 10


async def test_no_sleep_is_one_turn_of_the_loop():
    clock = SimulatedClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.monotonic() == 0


async def test_a_held_clock_waits_for_the_thread():
    clock = SimulatedClock()

    def work():
        with clock.hold():
            started.set()
            go_on.wait(5)
        return clock.monotonic()

    started, go_on = threading.Event(), threading.Event()
    async with clock.running():
        thread = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.to_thread(started.wait, 5)
        sleeper = asyncio.create_task(clock.sleep(60))
        await asyncio.to_thread(go_on.wait, 0.05)  # the loop is idle meanwhile
        assert not sleeper.done()
        assert clock.monotonic() == 0
        go_on.set()
        assert await thread in (0, 60)
        await sleeper
    assert clock.monotonic() == 60


async def test_the_real_clock_is_the_machines():
    clock: Clock = RealClock()
    assert abs(clock.time() - time.time()) < 5
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() > before
