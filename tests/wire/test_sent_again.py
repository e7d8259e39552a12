"""What is sent again after a resume, what is told as lost, and that nothing is sent twice in silence."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from gemini_live_nb.emulator import Brain, Fault, Heard, Say
from gemini_live_nb.errors import AnswerLost
from gemini_live_nb.session.events import Dropped, GoingAway, Resumed

from .long_life import world
from .raw import LIVE_3_1, LIVE_3_8, NATIVE, VERTEX_2_5, silence, voice

pytestmark = pytest.mark.anyio


class Remembering(Brain):
    """Says what it was told so far."""

    async def reply(self, ask, talk):
        if ask.kind == "speech":
            yield Heard(f"{len(ask.audio) / 16000:.1f} s")
        said = [part.text for content in talk.history if content.role == "user" for part in content.parts]
        yield Say("; ".join(said), np.zeros(24000, np.int16))


def sent(here, conn, kind):
    """The messages of a kind that went out on a connection."""
    frames = [json.loads(raw) for raw in here.rows(conn, "sent")]
    return [frame[kind] for frame in frames if kind in frame]


async def text_of(here, question="What do you know?"):
    return (await here.session.ask(question, timeout=60)).text


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_8])
async def test_content_that_a_drop_may_have_taken_is_sent_again_and_told(model):
    async with world(model, brain=Remembering()) as here:
        await here.session.send_content("My name is Alice.", turn_complete=False)
        await here.emulator.inject("drop")
        await here.after(5)
        (event,) = here.events(Resumed)
        assert event.resent == ("My name is Alice.",)
        assert [one["turnComplete"] for one in sent(here, 1, "clientContent")] == [False]
        assert "My name is Alice." in await text_of(here)
        rows = [one.fields["resent"] for one in here.session.log if one.fields.get("text") == "resumed"]
        assert rows == [["My name is Alice."]]


async def test_content_is_sent_again_once_and_then_told_as_lost():
    async with world(LIVE_3_8) as here:
        await here.session.send_content("My name is Alice.", turn_complete=False)
        for _ in range(3):
            await here.emulator.inject("drop")
            await here.after(5)
        again, twice, third = here.events(Resumed)
        assert again.resent == ("My name is Alice.",)
        assert not twice.resent
        assert "My name is Alice." in twice.lost[0]
        assert not third.resent
        assert not third.lost


async def test_content_that_has_arrived_is_not_sent_again():
    async with world(LIVE_3_8, brain=Remembering()) as here:
        # An answer to something later shows it,
        await here.session.send_content("My name is Alice.", turn_complete=False)
        await here.session.ask("Hello?")
        await here.emulator.inject("drop")
        await here.after(5)
        # and so does the goodbye of the connection it went out on.
        await here.session.send_content("I like teal.", turn_complete=False)
        await here.emulator.inject("go_away")
        await here.after(5)
        assert len(here.events(GoingAway)) == 1
        assert [event.resent for event in here.events(Resumed)] == [(), ()]
        assert await text_of(here) == "My name is Alice.; Hello?; I like teal.; What do you know?"


async def test_content_and_the_question_after_it_are_sent_again_in_their_order():
    async with world(LIVE_3_8, brain=Remembering()) as here:
        await here.emulator.inject("drop@thinking")
        await here.session.send_content("My name is Alice.", turn_complete=False)
        assert (await text_of(here)).endswith("My name is Alice.; What do you know?")
        assert here.events(Resumed)[0].resent == ("My name is Alice.", "What do you know?")


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8])
async def test_history_is_given_once_and_the_next_question_is_one(model):
    config = {"initial_history_in_client_content": True}
    history = [
        {"role": "user", "parts": [{"text": "My name is Alice."}]},
        {"role": "model", "parts": [{"text": "Nice to meet you."}]},
    ]
    async with world(model, brain=Remembering(), config=config) as here:
        await here.session.send_content(history, turn_complete=False)
        await here.session.ask("Hello?")
        await here.emulator.inject("drop")
        await here.after(5)
        assert "historyConfig" not in sent(here, 1, "setup")[0]
        turn = await here.session.ask(["What is my name?"])
        assert turn.text == "My name is Alice.; Hello?; What is my name?"
        await here.emulator.inject("drop")
        await here.after(5)
        assert "Hello?" in await text_of(here)


async def test_history_that_may_be_lost_is_history_again():
    config = {"initial_history_in_client_content": True}
    async with world(LIVE_3_8, brain=Remembering(), config=config) as here:
        await here.session.send_content("My name is Alice.", turn_complete=True)
        await here.emulator.inject("drop")
        await here.after(5)
        assert sent(here, 1, "setup")[0]["historyConfig"] == {"initialHistoryInClientContent": True}
        assert here.events(Resumed)[0].resent == ("My name is Alice.",)
        assert not here.session.turns
        assert "My name is Alice." in await text_of(here)


# What was spoken cannot be said again by us.


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8])
@pytest.mark.parametrize("config", [{}, {"automatic_activity_detection": False}])
@pytest.mark.parametrize("at", [0.5, 1.5])
async def test_a_question_that_was_being_spoken_is_told_as_lost_at_once(model, config, at):
    async with world(model, config=config) as here:
        asking = asyncio.create_task(here.session.ask(np.concatenate([voice(1), silence(1)]), timeout=90))
        await here.after(at)
        before = here.clock.monotonic()
        await here.emulator.inject("drop")
        with pytest.raises(AnswerLost) as lost:
            await asking
        assert here.clock.monotonic() - before < 1
        assert lost.value.hint
        await here.after(5)
        assert here.session.status == "listening"
        assert here.events(Resumed)[0].lost == ("what was said just before and not yet answered",)
        # It is over with: the next hand-over neither waits for it nor tells of it again.
        await here.emulator.inject("go_away")
        await here.after(3)
        assert here.events(Resumed)[1].lost == ()
        turn = await here.session.ask(np.concatenate([voice(1), silence(1)]), timeout=90)
        assert turn.complete


async def test_speech_that_was_begun_goes_on_by_hand():
    """With hand-marked turns the next connection is told that somebody is speaking."""
    async with world(NATIVE, config={"automatic_activity_detection": False}) as here:
        await here.session.activity_start()
        for i in range(100):
            if i == 25:
                await here.emulator.inject("drop")
            await here.session.send_audio(voice(0.04))
            await here.after(0.04)
        await here.session.activity_end()
        await here.after(10)
        assert "activityStart" in here.events(Resumed)[0].resent
        assert [turn.complete for turn in here.session.turns if turn.answered] == [True]
        assert here.session.status == "listening"


# Vertex AI counts what it has taken in, if asked to.


def on_vertex():
    return world(VERTEX_2_5, brain=Remembering(), config={"transparent": True})


async def test_all_that_the_server_has_not_counted_is_sent_again_and_nothing_else():
    async with on_vertex() as here:
        await here.session.send_content("My name is Alice.", turn_complete=False)
        await here.after(1)
        await here.emulator.inject(Fault("slow_reader", seconds=2))
        await here.session.send_content("I like teal.", turn_complete=False)
        await here.emulator.inject("drop")
        await here.after(15)
        assert [event.resent for event in here.events(Resumed)] == [("I like teal.",)]
        said = await text_of(here)
        assert said == "My name is Alice.; I like teal.; What do you know?"


async def test_a_spoken_question_outlives_a_drop_where_the_server_counts():
    async with on_vertex() as here:
        asking = asyncio.create_task(here.session.ask(np.concatenate([voice(1), silence(1)]), timeout=90))
        await here.after(0.7)
        await here.emulator.inject("drop")
        turn = await asking
        assert turn.complete
        # All of it was heard, not what came after the drop alone.
        assert float(turn.user_text.removesuffix(" s")) > 1.3
        (event,) = here.events(Resumed)
        assert not event.lost
        assert event.resent[0].endswith(" s of sound")
        assert 0.5 < float(event.resent[0].split()[0]) < 0.9
        assert not here.events(Dropped)


async def test_an_answer_that_had_begun_is_lost_there_too_and_not_made_twice():
    async with on_vertex() as here:
        await here.emulator.inject("drop@speaking")
        with pytest.raises(AnswerLost):
            await here.session.ask("What do you know?")
        await here.after(10)
        (event,) = here.events(Resumed)
        assert event.lost
        assert not event.resent
        assert len(here.session.turns) == 1
        assert await text_of(here, "Again?") == "Again?"


async def test_only_ten_seconds_of_uncounted_sound_are_kept():
    async with on_vertex() as here:
        await here.session.ask("Hello?")
        await here.after(1)
        await here.emulator.inject(Fault("slow_reader", seconds=30))
        for i in range(15 * 25):
            if i == 14 * 25:
                await here.emulator.inject("drop")
            here.session.send_audio_nowait(silence(0.04))
            await here.after(0.04)
        await here.after(30)
        (event,) = here.events(Resumed)
        assert event.resent == ("10.0 s of sound",)
        assert event.lost[0].endswith("s of sound from before the last 10 s")
        assert float(event.lost[0].split()[0]) == pytest.approx(4, abs=0.2)
