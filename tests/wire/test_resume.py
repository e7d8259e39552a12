"""Sessions outlive their connections: goAway, drops, what is lost, what is sent again, and what the status says."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from gemini_live_nb.emulator import EchoBrain, Fault, ScriptBrain
from gemini_live_nb.emulator.script import Pause
from gemini_live_nb.errors import AnswerLost, ConnectError, LiveError, NetworkLost
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.events import (
    Dropped,
    GoingAway,
    Lost,
    Message,
    Resumed,
    Status,
    TurnEnded,
)

from .conversations import LIVE38, NATIVE, conversation, until

STORY = "A long story that goes on and on, sentence after sentence. " * 4


def setups(talk):
    return [json.loads(frame.raw)["setup"] for frame in talk.log if frame.kind == "setup"]


def asked(talk):
    """The texts sent, and the connection each went out on."""
    frames = [frame for frame in talk.log if frame.kind == "realtimeInput.text"]
    return [(frame.conn, json.loads(frame.raw)["realtimeInput"]["text"]) for frame in frames]


def closes(talk):
    return [
        (frame.conn, frame.fields["code"], frame.fields["by"]) for frame in talk.log if frame.kind == "close"
    ]


async def speaking(talk):
    """Wait for the first sound of an answer."""
    events = talk.subscribe(accepts=lambda event: isinstance(event, Message) and event.audio is not None)
    await anext(events)


async def test_go_away_hands_over_between_turns_old_socket_first():
    brain = ScriptBrain([[STORY], ["Still the same talk."]])
    async with conversation(brain, go_away=3.0, time_left=50.0) as (talk, server):
        events = talk.subscribe(accepts=lambda event: isinstance(event, GoingAway | Resumed | TurnEnded))
        turn = await talk.ask("tell me", timeout=100)
        read = await until(events, lambda event: isinstance(event, Resumed))
        assert [type(event) for event in read] == [GoingAway, TurnEnded, Resumed]
        assert read[0].seconds == 50.0
        assert (read[-1].lost, read[-1].resent) == ((), ())
        assert turn.complete
        assert talk.conn == 1
        assert closes(talk) == [(0, 1000, "us")]
        assert setups(talk)[1]["sessionResumption"]["handle"]
        assert setups(talk)[1]["model"] == setups(talk)[0]["model"]
        assert len(server.connections) == 1
        assert (await talk.ask("still there?", timeout=100)).text == "Still the same talk."


async def test_an_idle_session_is_handed_over_at_once():
    async with conversation(EchoBrain(), go_away=100.0, time_left=50.0) as (talk, _):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Resumed))
        resumed = await anext(events)
        assert 100 < resumed.t < 103
        assert resumed.gap < 2


async def test_the_hand_over_does_not_wait_beyond_the_deadline():
    """A turn that never ends: the timer decides, and what is cut is told."""
    async with conversation(
        ScriptBrain([["Begun.", Pause(1000)], ["Yes."]]), go_away=5.0, time_left=20.0
    ) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Resumed))
        answer = asyncio.create_task(talk.ask("go", timeout=900))
        resumed = await anext(events)
        assert 20 < resumed.t < 26
        assert resumed.lost == ("the rest of an answer ('Begun.')",)
        with pytest.raises(AnswerLost) as caught:
            await answer
        assert caught.value.turn.text == "Begun."


async def test_a_server_that_is_silent_after_go_away_is_left_by_the_timer():
    async with conversation(EchoBrain()) as (talk, server):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Resumed))
        await server.inject(Fault("go_away", at="now", seconds=30))
        await server.inject(Fault("stall", at="now", seconds=10))
        assert (await anext(events)).gap < 5


@pytest.mark.parametrize("model", [NATIVE, LIVE38])
async def test_a_drop_is_resumed_after_a_second_and_the_talk_goes_on(model):
    def remember(ask, talk):
        talk.memory.setdefault("said", []).append(ask.text)
        return [" and ".join(talk.memory["said"])]

    async with conversation(ScriptBrain(remember), model) as (talk, server):
        await talk.ask("one", timeout=60)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Lost | Resumed | Status))
        await server.inject("drop@now")
        read = await until(events, lambda event: isinstance(event, Resumed))
        lost, resumed = read[0], read[-1]
        assert isinstance(lost.error, NetworkLost)
        assert resumed.gap >= 1.0
        assert (
            next(event.words for event in read if isinstance(event, Status))
            == "the connection broke; resuming"
        )
        assert closes(talk)[0] == (0, 1006, "server")
        turn = await talk.ask("two", timeout=60)
        assert turn.text == "one and two"
        assert turn.conn == talk.conn


async def test_the_half_said_answer_is_told_as_lost():
    async with conversation(ScriptBrain([[STORY], ["Again."]])) as (talk, server):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Resumed | TurnEnded))
        answer = asyncio.create_task(talk.ask("tell me", timeout=200))
        await speaking(talk)
        await server.inject("drop@now")
        with pytest.raises(AnswerLost) as caught:
            await answer
        ended, resumed = await anext(events), await anext(events)
        assert ended.turn is caught.value.turn
        assert ended.turn.lost
        assert resumed.lost[0].startswith("the rest of an answer ('A long story")
        assert resumed.resent == ()
        assert asked(talk) == [(0, "tell me")]
        row = next(frame for frame in talk.log if frame.kind == "status" and "lost" in frame.fields)
        assert row.fields["lost"] == list(resumed.lost)


async def test_what_is_said_in_the_gap_waits_and_follows():
    async with conversation(EchoBrain()) as (talk, server):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Lost))
        await server.inject("drop@now")
        await anext(events)
        turn = await talk.ask("said in the gap", timeout=60)
        assert "said in the gap" in turn.text
        assert asked(talk)[-1] == (1, "said in the gap")


async def test_sound_of_the_gap_is_kept_for_a_few_seconds_and_the_rest_is_counted():
    async with conversation(EchoBrain(), faults=[Fault("resume_refused", times=3)]) as (talk, server):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Lost | Dropped | Resumed))
        await server.inject("drop@now")
        await anext(events)
        seconds = 0.0
        chunk = np.full(1600, 3, np.int16)
        while talk.connection is None or not talk.connection.accepted:
            await talk.send_audio(chunk)
            seconds += 0.1
            await talk._clock.sleep(0.1)
        read = await until(events, lambda event: isinstance(event, Resumed))
        dropped = sum(event.seconds for event in read if isinstance(event, Dropped))
        kept = (
            sum(len(frame.media()[0].data) for frame in talk.log if frame.kind == "realtimeInput.audio")
            / 32_000
        )
        assert seconds > 6
        assert kept == pytest.approx(3.0, abs=0.3)
        assert kept + dropped == pytest.approx(seconds, abs=0.3)


async def test_a_file_being_sent_waits_for_the_new_connection():
    sound = np.full(16_000 * 4, 3, np.int16)
    async with conversation(EchoBrain()) as (talk, server):
        await talk.ask("hello", timeout=60)
        streaming = asyncio.create_task(talk.stream_audio(sound))
        await talk._clock.sleep(1.0)
        await server.inject("drop@now")
        assert await streaming == 4.0
        sent = sum(len(frame.media()[0].data) for frame in talk.log if frame.kind == "realtimeInput.audio")
        assert sent == pytest.approx(2 * len(sound), abs=2 * 1600)


async def test_resuming_has_a_limit_and_then_a_clear_error():
    options = {"resume_for": 20.0}
    faults = [Fault("resume_refused", times=100)]
    async with conversation(EchoBrain(), faults=faults, session_options=options) as (talk, server):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe()
        await server.inject("drop@now")
        with pytest.raises(ConnectError, match="could not be resumed within") as caught:
            await until(events, lambda event: False)
        assert caught.value.code == 1011
        assert caught.value.hint
        with pytest.raises(ConnectError):
            await talk.send_text("hello?")
        assert talk.time() < 30
        assert talk.status.startswith("ended: the session could not be resumed")


async def test_without_resumption_a_drop_ends_the_session():
    config = LiveConfig(session_resumption=False)
    async with conversation(EchoBrain(), config=config) as (talk, server):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe()
        await server.inject("drop@now")
        with pytest.raises(NetworkLost):
            await until(events, lambda event: False)


async def test_nothing_is_resumed_where_that_is_not_wanted():
    async with conversation(EchoBrain(), session_options={"resume_for": 0}) as (talk, server):
        await talk.ask("hello", timeout=60)
        await server.inject("drop@now")
        with pytest.raises(LiveError):
            await until(talk, lambda event: False)
        assert talk.conn == 0


async def test_what_will_not_pass_is_not_tried_again():
    async with conversation(EchoBrain()) as (talk, server):
        await talk.ask("hello", timeout=60)
        await server.inject("quota@now")
        with pytest.raises(LiveError) as caught:
            await until(talk, lambda event: False)
        assert type(caught.value).__name__ == "QuotaExceeded"
        assert talk.conn == 0


async def test_closing_while_resuming_ends_it():
    async with conversation(EchoBrain(), faults=[Fault("resume_refused", times=100)]) as (talk, server):
        await talk.ask("hello", timeout=60)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Lost))
        await server.inject("drop@now")
        await anext(events)
        await talk.close()
        assert talk.status == "closed"


# Calls and the change of connections.


# The watchdog.


async def test_a_silent_model_is_told_from_a_dead_wire():
    async with conversation(EchoBrain(), faults=[Fault("silent_turn")]) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Status))
        await talk.send_text("hello?")
        assert (await anext(events)).words == "the model is silent; the wire is alive"
        assert talk.status == "the model is silent; the wire is alive"
        await talk.send_text("hello?")
        await until(talk, lambda event: isinstance(event, TurnEnded))
        assert (await anext(events)).words in ("listening", "waiting for the model", "the model is answering")


async def test_late_pongs_kill_nothing():
    async with conversation(EchoBrain()) as (talk, server):
        await talk.ask("hello", timeout=60)
        await server.inject(Fault("late_pongs", at="now", seconds=30))
        await talk._clock.sleep(400)
        assert talk.conn == 0
        assert (await talk.ask("still there?", timeout=60)).complete


async def test_an_hour_with_go_aways_and_drops_loses_no_completed_turn():
    """Memory aside (that is soak's): every turn the service completed is in the log, once, in order."""

    def count(ask, talk):
        talk.memory["n"] = talk.memory.get("n", 0) + 1
        return [f"Answer {ask.text}."]

    life = {"go_away": 540.0, "time_left": 50.0}
    async with conversation(ScriptBrain(count), LIVE38, **life) as (talk, server):
        number, completed = 0, []
        while talk.time() < 3600:
            number += 1
            if number in (20, 45, 70):
                await server.inject("drop@now")
            completed.append((await talk.ask(str(number), timeout=120)).text)
            await talk._clock.sleep(30)
        assert completed == [f"Answer {n}." for n in range(1, number + 1)]
        assert [turn.text for turn in talk.turns if turn.complete] == completed
        assert talk.conn >= 8
        assert sum(code == 1006 for _, code, _ in closes(talk)) == 3
