"""What a session promises about its connections: hand-over, resumption, what is sent again, what is told."""

from __future__ import annotations

import asyncio
import itertools

import numpy as np
import pytest

from gemini_live_nb.emulator import Fault
from gemini_live_nb.errors import ConnectError, NetworkLost
from gemini_live_nb.session.events import Dropped, GoingAway, Resumed, Status, ToolFinished, ToolStarted

from .long_life import SEEN, WORDS, world
from .raw import LIVE_3_1, LIVE_3_8, NATIVE, silence, voice

pytestmark = pytest.mark.anyio

CHUNK = 0.04


async def microphone(here, seconds, samples=None):
    """Send sound in real time, silence unless told otherwise."""
    samples = silence(seconds) if samples is None else samples
    for start in range(0, int(seconds * 16000), 640):
        here.session.send_audio_nowait(samples[start : start + 640])
        await here.after(CHUNK)


def heard(here):
    """Sound that reached the server, in chunks, over all connections."""
    return sum(b'"audio"' in payload for tap in here.taps for payload in tap.came)


def moments(here, kind):
    return [(frame.t, frame.conn) for frame in here.session.log if frame.kind == kind]


def said(here):
    return [event.words for event in here.events(Status)]


# goAway.


async def test_a_hand_over_closes_first_and_loses_no_sound():
    async with world(NATIVE) as here:
        talking = asyncio.create_task(microphone(here, 8))
        await here.after(2)
        await here.emulator.inject("go_away")
        await talking
        (event,) = here.events(Resumed)
        assert event.conn == here.session.conn == 1
        assert (event.lost, event.resent) == ((), ())
        assert event.gap < 1
        assert here.closes()[0] == {"code": 1000, "reason": "", "by": "us"}
        assert moments(here, "close")[0] <= moments(here, "open")[1]
        assert heard(here) == 200
        assert here.events(Dropped) == []
        here.check_log()


async def test_a_hand_over_waits_until_the_user_has_spoken_and_was_answered():
    """2.5 does not tell that it hears somebody: the microphone's level does."""
    async with world(NATIVE) as here:
        talking = asyncio.create_task(microphone(here, 6, np.concatenate([voice(3), silence(3)])))
        await here.after(1)
        await here.emulator.inject("go_away")
        await talking
        await here.after(10)
        (turn,) = here.session.turns
        assert turn.complete
        assert turn.text.strip() == WORDS
        (closed, _), *_ = moments(here, "close")
        assert turn.times.turn_complete <= closed
        assert here.events(Resumed)[0].lost == ()


async def test_a_hand_over_waits_no_longer_than_the_server_does():
    async with world(NATIVE, faults=["silent_turn"]) as here:
        await here.session.send_text("question")
        await here.emulator.inject(Fault("go_away", seconds=50))
        await here.after(60)
        (announced,), (closed, _) = here.events(GoingAway), moments(here, "close")[0]
        assert closed - announced.t == pytest.approx(47, abs=1)
        assert here.closes()[0]["code"] == 1000
        assert here.events(Resumed)[0].resent == ("question",)
        assert here.session.turns[-1].text.strip() == WORDS


async def test_what_is_said_while_handing_over_is_sent_once():
    async with world(LIVE_3_1) as here:
        await here.emulator.inject("go_away")
        await here.after(0.1)
        turn = await here.session.ask("question")
        assert turn.text.strip() == WORDS
        assert [ask.text for ask in here.brain.asked] == ["question"]
        assert turn.conn == 1


# Drops.


async def test_backoff_begins_at_a_second_grows_and_ends_in_a_clear_error():
    async with world(LIVE_3_8) as here:
        await here.emulator.inject(Fault("resume_refused", times=99))
        dropped = here.session.time()
        await here.emulator.inject("drop")
        await here.after(120)
        opened = [t for t, conn in moments(here, "open") if conn]
        delays = [b - a for a, b in itertools.pairwise([dropped, *opened])]
        assert delays[0] >= 1
        assert all(later >= sooner - 0.6 for sooner, later in itertools.pairwise(delays))
        assert max(delays) >= 5
        assert opened[-1] - dropped <= 60
        with pytest.raises(
            ConnectError, match=r"could not be resumed within \d\d s.*\n?.*connect a new session"
        ) as caught:
            await here.session.send_text("still there?")
        assert "resume_for=600" in caught.value.hint
        words = said(here)
        assert words[-1].startswith("ended: the session could not be resumed")
        assert "the connection broke; resuming" in words
        assert "resuming: attempt 2 in 1 s" in words


async def test_no_patience_ends_at_once():
    async with world(LIVE_3_8, resume_for=0) as here:
        await here.emulator.inject("drop")
        await here.after(0.5)
        with pytest.raises(NetworkLost):
            await here.session.ask("still there?")


@pytest.mark.filterwarnings("ignore:session_resumption=False")
async def test_a_session_that_asked_for_no_handle_ends_with_its_connection():
    async with world(NATIVE, config={"session_resumption": False}) as here:
        await here.emulator.inject("drop")
        await here.after(0.5)
        assert not here.session.open


async def test_sound_of_the_gap_is_kept_for_three_seconds_and_the_rest_is_counted():
    async with world(LIVE_3_8) as here:
        await here.emulator.inject(Fault("http_error", times=3))
        await here.emulator.inject("drop")
        await microphone(here, 20)
        (event,) = here.events(Resumed)
        dropped = here.events(Dropped)
        assert event.gap > 6
        assert sum(one.seconds for one in dropped) == pytest.approx(event.gap - 3, abs=0.3)
        # But for the chunk that was written before the drop was noticed.
        assert heard(here) + sum(one.count for one in dropped) in (499, 500)
        rows = [frame.fields for frame in here.session.log if frame.kind == "drop"]
        assert [(row["what"], row["count"]) for row in rows] == [("audio", one.count) for one in dropped]


async def test_a_question_of_the_gap_is_sent_once_and_one_from_before_it_again():
    async with world(LIVE_3_1) as here:
        await here.emulator.inject("drop@thinking")
        first = asyncio.create_task(here.session.ask("question"))
        await here.after(0.8)
        assert here.session.status == "the connection broke; resuming"
        await here.session.send_text("and this?")
        await first
        await here.after(10)
        assert [ask.text for ask in here.brain.asked] == ["question", "question", "and this?"]
        assert here.events(Resumed)[0].resent == ("question",)


# Function calls.


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_8])
async def test_a_call_left_open_is_answered_before_the_next_question(model):
    """3.8 would swallow the question (PROTOCOL.md §4.3)."""
    async with world(model, look=100) as here:
        await here.emulator.inject("drop@tool")
        asking = asyncio.create_task(here.session.ask("look"))
        await here.after(5)
        assert here.session.conn == 1
        turn = await here.session.ask("still there?", timeout=30)
        assert turn.text.strip() == WORDS
        sent = here.rows(1, "sent")
        (answer,) = [i for i, frame in enumerate(sent) if b"toolResponse" in frame]
        assert b"the connection was lost while this function ran" in sent[answer]
        assert b"still there?" in sent[answer + 1]
        (call,) = here.session.records.values()
        assert (call.state, call.responses) == ("error", 1)
        assert [type(one) for one in here.events((ToolStarted, ToolFinished))] == [ToolStarted, ToolFinished]
        with pytest.raises(Exception, match="while"):
            await asking
        assert here.events(Resumed)[0].lost[-1] == "look: its result may not be spoken of"


async def test_a_call_left_open_is_answered_before_a_question_that_is_sent_again():
    async with world(LIVE_3_8, look=100) as here:
        await here.session.send_text("look")
        await here.after(1)
        await here.emulator.inject(Fault("drop", at="thinking"))
        turn = await here.session.ask("question", timeout=60)
        assert turn.text.strip() == WORDS
        assert here.events(Resumed)[0].resent == ("question",)
        kinds = [b"toolResponse" in frame for frame in here.rows(1, "sent")]
        assert kinds == [False, True, False]  # setup, the error, the question


async def test_a_result_that_died_with_the_wire_is_answered_again_once():
    async with world(LIVE_3_8) as here:
        await here.emulator.inject(Fault("blackhole", at="tool", seconds=90))
        asking = asyncio.create_task(here.session.ask("look", timeout=200))
        await here.after(150)
        (event,) = here.events(Resumed)
        assert event.resent == ("the result of look",)
        answers = [
            frame
            for conn in range(here.session.conn + 1)
            for frame in here.rows(conn, "sent")
            if b"toolResponse" in frame
        ]
        assert len(answers) == 2
        assert answers[0] == answers[1]
        assert (await here.session.ask("still there?")).text.strip() == WORDS
        assert asking.done()
        asking.exception()


async def test_a_function_quicker_than_the_turn_complete_of_its_call():
    """3.8 ends the turn right after the call; the turn goes on to what is said about the result."""
    async with world(LIVE_3_8, look=0) as here:
        await here.emulator.inject(Fault("stall", at="tool", seconds=0.2))
        turn = await here.session.ask("look")
        assert turn.text.strip() == SEEN
        assert len(here.session.turns) == 1


# Silence.


async def test_a_silent_model_is_told_from_a_dead_wire():
    async with world(NATIVE, faults=[Fault("slow_answer", seconds=40)]) as here:
        asking = asyncio.create_task(here.session.ask("question"))
        await here.after(20)
        assert here.session.status == "the model is silent; the wire is alive"
        await asking
        assert here.session.conn == 0
        assert here.session.status == "listening"


async def test_a_dead_wire_is_noticed_though_the_microphone_fills_the_socket():
    async with world(LIVE_3_8) as here:
        await microphone(here, 1)
        await here.emulator.inject("blackhole")
        silent_since = here.session.time()
        await microphone(here, 150)
        closed, _ = moments(here, "close")[0]
        assert 100 < closed - silent_since < 130
        assert "the wire is dead; resuming" in said(here)
        # What went into the dead wire, and what waited for longer than three seconds.
        lost = sum(one.seconds for one in here.events(Dropped))
        assert lost > 140 or here.session.open is False
        lost_by_then = sum(one.seconds for one in here.events(Dropped) if one.t <= closed + 1)
        assert lost_by_then == pytest.approx(closed - silent_since, abs=8)


async def test_closing_does_not_hang_on_a_dead_wire():
    async with world(LIVE_3_8) as here:
        await here.emulator.inject("blackhole")
        await microphone(here, 40)
        before = here.clock.monotonic()
        await here.session.close()
        assert here.clock.monotonic() - before <= 3.1
