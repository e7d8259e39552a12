"""Listeners: bounded, independent, readable from any loop and any thread."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from gemini_live_nb.errors import NetworkLost
from gemini_live_nb.session.events import Lagged, Mark
from gemini_live_nb.session.listeners import EarlyListener, Listener, Listeners


def event(seq):
    return Mark(seq, seq / 10, 0, 0, str(seq))


def take(listener, count):
    return [listener.get(timeout=5) for _ in range(count)]


def test_events_come_in_order():
    listener = Listener()
    for seq in range(5):
        listener.put(event(seq))
    listener.end()
    assert [one.seq for one in listener] == [0, 1, 2, 3, 4]


def test_who_falls_behind_is_told_what_was_missed_and_goes_on():
    listener = Listener(limit=3)
    for seq in range(8):
        listener.put(event(seq))
    first = take(listener, 3)
    lag = listener.get()
    assert [one.seq for one in first] == [0, 1, 2]
    assert isinstance(lag, Lagged)
    assert (lag.first_seq, lag.count) == (3, 5)
    listener.put(event(8))
    assert listener.get().seq == 8


def test_the_gap_is_told_before_what_came_after_it():
    listener = Listener(limit=2)
    for seq in range(4):
        listener.put(event(seq))
    take(listener, 2)
    listener.put(event(4))
    told = take(listener, 2)
    assert (told[0].first_seq, told[0].count) == (2, 2)
    assert told[1].seq == 4


def test_a_gap_at_the_end_is_told_too():
    listener = Listener(limit=1)
    listener.put(event(0))
    listener.put(event(1))
    listener.end()
    assert [type(one) for one in listener] == [Mark, Lagged]


def test_listeners_are_independent_and_a_slow_one_holds_up_nobody():
    all_of_them, slow, quick = Listeners(), Listener(limit=1), Listener()
    all_of_them.add(slow)
    all_of_them.add(quick)
    for seq in range(100):
        all_of_them.put(event(seq))
    assert len(take(quick, 100)) == 100
    assert [type(one) for one in take(slow, 2)] == [Mark, Lagged]


def test_an_iteration_that_begins_late_is_told_what_it_missed():
    all_of_them = Listeners()
    early = EarlyListener(all_of_them)
    for seq in range(1200):
        all_of_them.put(event(seq))
    assert all_of_them._references == (), "full, it costs nothing any more"
    reader = early.begin()
    all_of_them.put(event(1200))
    assert [one.seq for one in take(reader, 1000)] == list(range(1000))
    all_of_them.put(event(1201))
    lag, last = take(reader, 2)
    assert (type(lag), lag.first_seq, lag.count) == (Lagged, 1000, 201)
    assert last.seq == 1201
    all_of_them.end(None)
    assert list(reader) == []


def test_an_iteration_that_begins_after_the_end_is_told_too():
    all_of_them = Listeners()
    early = EarlyListener(all_of_them)
    for seq in range(1002):
        all_of_them.put(event(seq))
    all_of_them.end(NetworkLost("cut"))
    reader = early.begin()
    assert take(reader, 1001)[-1].count == 2
    with pytest.raises(NetworkLost):
        reader.get()


def test_what_nobody_holds_is_not_told():
    all_of_them = Listeners()
    all_of_them.add(Listener())
    gc.collect()
    assert all_of_them._references == ()


def test_a_closed_listener_is_detached():
    all_of_them = Listeners()
    with Listener(detach=all_of_them.remove) as listener:
        all_of_them.add(listener)
        all_of_them.put(event(0))
    all_of_them.put(event(1))
    assert list(listener) == []


def test_the_sessions_error_is_raised_once_after_what_waits():
    listener = Listener()
    listener.put(event(0))
    listener.end(NetworkLost("the wire is cut"))
    assert listener.get().seq == 0
    with pytest.raises(NetworkLost):
        listener.get()
    assert listener.get() is None


def test_who_comes_late_finds_the_end():
    all_of_them = Listeners()
    all_of_them.end(NetworkLost("cut"))
    late = Listener()
    all_of_them.add(late)
    with pytest.raises(NetworkLost):
        next(late)


def test_only_what_is_accepted_waits():
    listener = Listener(limit=1, accepts=lambda one: one.seq == 7)
    for seq in range(10):
        listener.put(event(seq))
    listener.end()
    assert [one.seq for one in listener] == [7]


def test_a_limit_on_waiting():
    assert Listener().get(timeout=0.01) is None


async def test_async_reading_waits_for_the_next():
    listener = Listener()
    asyncio.get_running_loop().call_soon(listener.put, event(3))
    assert (await anext(listener)).seq == 3
    listener.end()
    with pytest.raises(StopAsyncIteration):
        await anext(listener)


async def test_a_cancelled_reader_loses_nothing():
    listener = Listener()
    waiting = asyncio.create_task(anext(listener))
    await asyncio.sleep(0)
    waiting.cancel()
    listener.put(event(1))
    assert (await anext(listener)).seq == 1


COUNT = 20_000


def test_a_thread_reads_what_another_puts():
    listener = Listener(limit=COUNT)
    read = []
    reader = threading.Thread(target=lambda: read.extend(one.seq for one in listener))
    reader.start()
    for seq in range(COUNT):
        listener.put(event(seq))
    listener.end()
    reader.join(30)
    assert read == list(range(COUNT))


def test_another_loop_reads_what_a_thread_puts():
    listener = Listener(limit=COUNT)

    async def read():
        return [one.seq async for one in listener]

    def put():
        for seq in range(COUNT):
            listener.put(event(seq))
        listener.end()

    writer = threading.Thread(target=put)
    writer.start()
    assert asyncio.run(read()) == list(range(COUNT))
    writer.join(30)
