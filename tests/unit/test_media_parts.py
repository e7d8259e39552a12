"""The parts of the media widgets that need no page: frames, what is still to be said, the reader's inbox, pacing."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_live_nb.notebook.carriers import PACE, CommCarrier
from gemini_live_nb.notebook.framing import CONTROL, MEDIA, Frame, Tally, pack, unpack
from gemini_live_nb.notebook.inbox import Inbox
from gemini_live_nb.notebook.ordering import PATIENCE, Ordering
from gemini_live_nb.notebook.speech import SAMPLE, Speech


@given(
    stream=st.integers(0, 255),
    kind=st.sampled_from([CONTROL, MEDIA]),
    seq=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=300),
    now=st.floats(0, 4e9),
)
def test_a_frame_comes_back_as_it_went(stream, kind, seq, payload, now):
    frame = unpack(pack(stream, kind, seq, payload, now=now))
    assert frame[:3] == (stream, kind, seq)
    assert frame.payload == payload
    assert frame.time == pytest.approx(now)


def test_a_frame_that_is_none_is_refused():
    with pytest.raises(ValueError, match="5 bytes"):
        unpack(b"short")
    assert Frame(1, CONTROL, 0, 0.0, b"[1]").message() == {}
    assert Frame(1, CONTROL, 0, 0.0, b"\xff").message() == {}


def test_gaps_are_counted_per_stream_and_kind():
    tally = Tally()
    assert [tally.number(1, MEDIA) for _ in range(3)] == [0, 1, 2]
    assert tally.number(1, CONTROL) == 0
    for stream, seq in [(1, 0), (1, 1), (2, 3), (1, 4), (1, 5)]:
        assert tally.in_order(Frame(stream, MEDIA, seq, 0.0, b""))
    assert (tally.sent, tally.received, tally.lost) == (4, 5, 5)


def test_a_frame_that_was_overtaken_is_not_used_and_stays_lost():
    tally = Tally()
    order = [tally.in_order(Frame(1, MEDIA, seq, 0.0, b"")) for seq in (0, 2, 1, 3)]
    assert order == [True, True, False, True]
    assert tally.lost == 1


def test_who_joins_later_has_lost_nothing():
    tally = Tally(later=True)
    for seq in (57, 58, 60):
        assert tally.in_order(Frame(1, MEDIA, seq, 0.0, b""))
    assert tally.lost == 1


def test_numbers_go_round():
    tally = Tally()
    tally.in_order(Frame(1, MEDIA, 2**31 - 1, 0.0, b""))
    tally.in_order(Frame(1, MEDIA, 2**32 - 1, 0.0, b""))
    lost = tally.lost
    assert tally.in_order(Frame(1, MEDIA, 0, 0.0, b""))
    assert tally.lost == lost


def sound(start, samples):
    return b"".join((start + i).to_bytes(SAMPLE, "little") for i in range(samples))


def sent(speech, limit=10**9):
    pieces = []
    while speech.ahead < limit and (piece := speech.next()) is not None:
        pieces.append(piece)
    return pieces


def test_speech_is_sent_in_pieces_and_forgotten_when_heard():
    speech = Speech(keep=1000)
    speech.add(1, 0, sound(0, 250), 100)
    speech.add(1, 1, sound(250, 50), 100)
    speech.end(1)
    pieces = sent(speech)
    assert [(piece.start, piece.samples) for piece in pieces] == [
        (0, 100),
        (100, 100),
        (200, 50),
        (250, 50),
        (300, 0),
    ]
    assert b"".join(piece.pcm or b"" for piece in pieces) == sound(0, 300)
    assert (speech.waiting, speech.ahead) == (300, 300)
    speech.heard(1, 199)
    assert (speech.waiting, speech.ahead) == (200, 200)
    speech.heard(1, 300)
    assert (speech.waiting, speech.ahead) == (0, 0)


def test_a_new_page_is_sent_what_was_not_heard():
    speech = Speech(keep=1000)
    speech.add(1, 0, sound(0, 300), 100)
    sent(speech)
    speech.heard(1, 150)
    speech.again()
    assert [piece.start for piece in sent(speech)] == [100, 200]


def test_a_cut_forgets_a_turn_and_what_still_comes_of_it():
    speech = Speech(keep=1000)
    speech.add(1, 0, sound(0, 300), 100)
    speech.add(2, 0, sound(0, 100), 100)
    sent(speech, 150)
    speech.cut(1)
    speech.add(1, 1, sound(300, 100), 100)
    speech.end(1)
    assert [(piece.turn, piece.start) for piece in sent(speech)] == [(2, 0)]
    assert speech.waiting == 100


def test_a_long_answer_is_read_back_from_the_log():
    log = {}

    def read(turn, seq):
        return log[turn, seq]

    speech = Speech(keep=1000, read=read)
    for seq in range(100):
        log[1, seq] = sound(seq * 100, 100)
        speech.add(1, seq, log[1, seq], 100)
    held = sum(piece.pcm is not None for piece in speech._pieces)
    assert held == 10, "the rest is in the log alone"
    heard = b""
    while piece := speech.next():
        heard += piece.pcm or b""
        speech.heard(1, piece.start + piece.samples)
    assert heard == sound(0, 10000)


async def test_an_inbox_takes_from_another_thread_in_order():
    inbox = Inbox(1000)
    feeder = threading.Thread(target=lambda: ([inbox.put(i) for i in range(500)], inbox.end()))
    feeder.start()
    assert [await inbox.get() for _ in range(500)] == list(range(500))
    with pytest.raises(StopAsyncIteration):
        await inbox.get()
    feeder.join()


async def test_a_reader_that_falls_behind_is_told_after_it_got_what_there_was():
    inbox = Inbox(3)
    for i in range(10):
        inbox.put(i)
    assert [await inbox.get() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OverflowError):
        await inbox.get()


async def test_comm_messages_are_paced_and_what_is_urgent_goes_at_once():
    messages = asyncio.Queue()
    carrier = CommCarrier(messages.put_nowait)
    carrier.send(b"0", urgent=False)
    carrier.send(b"1", urgent=False)
    await asyncio.sleep(0)
    assert messages.get_nowait() == [b"0", b"1"], "the first after a pause do not wait"
    for i in range(2, 6):
        carrier.send(b"%d" % i, urgent=False)
        await asyncio.sleep(0)
    assert messages.empty()
    async with asyncio.timeout(50 * PACE):
        assert await messages.get() == [b"2", b"3", b"4", b"5"]
    carrier.send(b"sound", urgent=False)
    carrier.send(b"flush", urgent=True)
    carrier.send(b"more", urgent=False)
    await asyncio.sleep(0)
    assert messages.get_nowait() == [b"sound", b"flush", b"more"], "in order, even so"


async def test_comm_messages_come_in_order_and_a_lost_one_is_not_waited_for_long():
    handed = []
    last = asyncio.Event()
    ordering = Ordering(lambda item: (handed.append(item), item == "g" and last.set()), first=5)
    for number, item in [(5, "a"), (7, "c"), (6, "b"), (9, "e"), (8, "d"), (5, "again")]:
        ordering.put(number, item)
    assert handed == ["a", "b", "c", "d", "e"]
    ordering.put(11, "g")
    async with asyncio.timeout(50 * PATIENCE):
        await last.wait()
    ordering.put(10, "too late")
    ordering.put(12, "h")
    assert handed[5:] == ["g", "h"]
