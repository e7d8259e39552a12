"""What waits for a stalled socket: media may be late only so long, nothing else is given up, nothing overtakes."""

from __future__ import annotations

import asyncio

import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.errors import NetworkLost
from gemini_live_nb.session.outbox import AUDIO_SECONDS, Outbox, Waiting

CHUNK = 0.02


@pytest.fixture
def box():
    dropped = []
    outbox = Outbox(clock=SimulatedClock(), on_drop=lambda *told: dropped.append(told))
    outbox.dropped = dropped
    return outbox


def sound(name):
    return Waiting(name.encode(), None, "audio", CHUNK, None)


def picture(name):
    return Waiting(name.encode(), None, "video", 0.0, None)


def text(name, written=None):
    return Waiting(name.encode(), None, "", 0.0, written)


def sent(outbox, room=10**9):
    out = []

    def write(one):
        if len(out) < room:
            out.append(one.frame.decode())
            return True
        return False

    outbox.flush(write)
    return out


def test_everything_leaves_in_the_order_it_came(box):
    for one in (sound("a"), text("b"), picture("c"), sound("d"), text("e")):
        box.put(one)
    assert sent(box, room=2) == ["a", "b"]
    assert sent(box) == ["c", "d", "e"]
    assert box.dropped == []


def test_only_the_newest_picture_waits(box):
    for name in "abc":
        box.put(picture(name))
    assert sent(box) == ["c"]
    assert box.dropped == [("video", 2, 0.0)]


def test_sound_older_than_a_few_seconds_goes_first(box):
    count = round(AUDIO_SECONDS / CHUNK)
    for number in range(count + 10):
        box.put(sound(str(number)))
    assert sent(box) == [str(number) for number in range(10, count + 10)]
    assert box.dropped == [("audio", 10, pytest.approx(10 * CHUNK))]


def test_text_is_never_given_up(box):
    box.put(text("first"))
    for number in range(1000):
        box.put(sound(str(number)))
    box.put(text("last"))
    out = sent(box)
    assert (out[0], out[-1]) == ("first", "last")
    assert len(out) == 2 + round(AUDIO_SECONDS / CHUNK)


async def test_a_long_stall_is_told_of_once_a_second_while_it_lasts():
    clock, dropped = SimulatedClock(), []
    outbox = Outbox(clock=clock, on_drop=lambda *told: dropped.append((clock.monotonic(), *told)))
    for number in range(round(8 / CHUNK)):
        outbox.put(sound(str(number)))
        await clock.advance(CHUNK)
    assert 4 <= len(dropped) <= 6
    outbox.flush(lambda _one: True)
    assert sum(count for _, _, count, _ in dropped) == round((8 - AUDIO_SECONDS) / CHUNK)


async def test_closing_tells_senders_and_counts_media(box):
    written = asyncio.get_running_loop().create_future()
    box.put(sound("a"))
    box.put(text("b", written))
    box.close(NetworkLost("cut"))
    with pytest.raises(NetworkLost):
        await written
    assert box.dropped == [("audio", 1, CHUNK)]
    await asyncio.wait_for(box.empty(), 1)


async def test_a_sender_who_gave_up_takes_his_frame_back(box):
    written = asyncio.get_running_loop().create_future()
    box.put(text("a"))
    box.put(text("b", written))
    box.withdraw(written)
    assert sent(box) == ["a"]


async def test_who_can_wait_waits_until_it_is_empty(box):
    box.put(sound("a"))
    waiting = asyncio.create_task(box.empty())
    await asyncio.sleep(0)
    assert not waiting.done()
    sent(box)
    await asyncio.wait_for(waiting, 1)
