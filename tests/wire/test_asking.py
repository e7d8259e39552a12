"""Asking a session: typed, spoken, answered in time or not; and cutting its answer short."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from gemini_live_nb.audio import wav
from gemini_live_nb.emulator import Fault, ScriptBrain
from gemini_live_nb.emulator.script import Pause
from gemini_live_nb.errors import AskTimeout, MediaError
from gemini_live_nb.experiments.inputs import scripts
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.events import Message

from .conversations import LIVE31, LIVE38, NATIVE, conversation, frames, sent, silence, until, voice

FAMILIES = [NATIVE, LIVE31, LIVE38]


@pytest.mark.parametrize("model", FAMILIES)
async def test_a_typed_question_is_answered(model):
    async with conversation(ScriptBrain([["Paris, of course."]]), model) as (talk, _):
        turn = await talk.ask("What is the capital of France?")
        assert (turn.user_text, turn.text) == ("What is the capital of France?", "Paris, of course.")
        assert turn.complete
        assert turn.audio.dtype == np.int16
        assert len(turn.audio) == pytest.approx(turn.audio_ms * 24, abs=1)
        assert turn.usage.total > 0
        assert (
            turn.times.sent
            < turn.times.first_audio
            < turn.times.generation_complete
            < turn.times.turn_complete
        )
        assert talk.turns == [turn]
        assert talk.status == "listening"


@pytest.mark.parametrize("model", FAMILIES)
async def test_a_spoken_question_is_answered(model):
    async with conversation(ScriptBrain([["I hear you."]]), model) as (talk, _):
        turn = await talk.ask(np.concatenate([silence(0.4), voice(1.5), silence(0.3)]), timeout=30)
        assert turn.text == "I hear you."
        assert turn.opened_by == "speech"
        assert turn.ttfa > 0
        ends = [name for frame in sent(talk) for name in frame.get("realtimeInput", {})]
        assert ends[-1] == "audioStreamEnd"


async def test_a_lone_frame_of_the_models_does_not_take_the_next_answer():
    lone = {"serverContent": {"modelTurn": {"parts": [{"text": "hm"}]}}}
    async with conversation(ScriptBrain([["Five."], ["Nine."]])) as (talk, server):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Message) and bool(event.text))
        await server.inject(Fault("frame", data=lone))
        await anext(events)
        assert (await talk.ask("two and three", timeout=60)).text == "Five."
        assert (await talk.ask("four and five", timeout=60)).text == "Nine."
        assert [turn.text for turn in talk.turns] == ["hm", "Five.", "Nine."]


async def test_a_pause_in_a_question_does_not_end_ask_too_early():
    """The server may take a pause for the end: the answer is the one to the whole."""
    brain = ScriptBrain([["Go on."], ["Now I know."]])
    spoken = np.concatenate([voice(1.0), silence(3.0), voice(1.0), silence(0.2)])
    async with conversation(brain) as (talk, _):
        turn = await talk.ask(spoken, timeout=30)
        assert turn.text == "Now I know."


async def test_silence_after_the_words_does_not_make_ask_wait_for_another_turn():
    async with conversation(ScriptBrain([["Done."]])) as (talk, _):
        turn = await talk.ask(np.concatenate([voice(1.0), silence(8.0)]), timeout=10)
        assert turn.text == "Done."


async def test_ask_gives_up_with_what_came():
    async with conversation(ScriptBrain([["First words.", Pause(100), "Last words."]])) as (talk, _):
        with pytest.raises(AskTimeout) as caught:
            await talk.ask("go on", timeout=10)
        assert caught.value.turn.text == "First words."
        assert not caught.value.turn.complete
        assert "longer" in caught.value.hint


async def test_the_name_of_a_sound_file_is_not_typed_unawares(tmp_path):
    place = tmp_path / "question.wav"
    place.write_bytes(wav(voice(1.0), 16_000))
    async with conversation(ScriptBrain([["Yes."]])) as (talk, _):
        with pytest.raises(MediaError, match="text here") as caught:
            await talk.ask(str(place))
        assert "Path(" in caught.value.hint
        assert (await talk.ask(f"Is there {place}?")).text == "Yes."
    with pytest.raises(MediaError, match="text here"):
        scripts([str(place)], tmp_path)


async def test_a_model_may_stay_silent():
    async with conversation(faults=[Fault("silent_turn")]) as (talk, _):
        with pytest.raises(AskTimeout) as caught:
            await talk.ask("hello?", timeout=10)
        assert caught.value.turn.user_text == "hello?"


async def test_an_empty_turn_is_an_answer():
    async with conversation(faults=[Fault("empty_turn")]) as (talk, _):
        turn = await talk.ask("hello?")
        assert (turn.text, turn.complete) == ("", True)


async def test_a_question_asked_while_the_model_speaks_gets_its_own_answer():
    brain = ScriptBrain([["A very long story that goes on and on. " * 6], ["Short."]])
    async with conversation(brain) as (talk, _):
        started = talk.subscribe(accepts=lambda event: isinstance(event, Message) and event.audio is not None)
        story = asyncio.create_task(talk.ask("tell me a story", timeout=200))
        await anext(started)
        turn = await talk.ask("no, stop", timeout=200)
        assert turn.text == "Short."
        assert "very long story" in (await story).text


async def test_interrupt_flushes_here_and_says_what_it_did():
    async with conversation(ScriptBrain([["A long answer that is cut. " * 5]])) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        said = await talk.interrupt()
        assert "nothing sent" in said
        assert not [frame for frame in sent(talk) if "activityStart" in frame.get("realtimeInput", {})]
        (cut,) = [frame for frame in frames(talk, "local") if frame.kind == "playback"]
        assert cut.fields == {"action": "flush", "turn": 0}
        await asked


async def test_a_typed_question_after_an_interrupt_does_not_wait_for_the_unheard_rest():
    brain = ScriptBrain([["A long answer that is cut. " * 20], ["Two."]])
    async with conversation(brain) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        await talk.interrupt()
        assert talk.status.startswith("listening")
        answer = await talk.ask("What is one and one?", timeout=200)
        story = await asked
        assert answer.text == "Two."
        assert (story.cut, story.interrupted, answer.cut) == (True, True, False)
        kinds = [frame.kind for frame in frames(talk, "sent")][1:]
        assert kinds == ["realtimeInput.text", "clientContent"]


@pytest.mark.parametrize(("model", "seeds"), [(LIVE31, None), (NATIVE, True)])
async def test_where_content_is_no_question_text_stays_live_after_an_interrupt(model, seeds):
    brain = ScriptBrain([["A long answer that is cut. "], ["Two."]])
    config = LiveConfig(initial_history_in_client_content=seeds)
    async with conversation(brain, model, config=config) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        await talk.interrupt()
        assert (await talk.ask("What is one and one?", timeout=200)).text == "Two."
        assert (await asked).cut
        assert not [frame for frame in sent(talk) if "clientContent" in frame]


async def test_interrupt_stops_the_model_where_turns_are_marked_by_hand():
    config = LiveConfig(automatic_activity_detection=False)
    async with conversation(ScriptBrain([["A long answer that is cut. " * 5]]), config=config) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        assert "activityStart sent" in await talk.interrupt()
        turn = await asked
        assert turn.interrupted


async def test_barge_in_interrupts_the_turn():
    async with conversation(ScriptBrain([["A long answer that is cut. " * 5], ["Yes?"]])) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        answer = await talk.ask(np.concatenate([voice(1.2), silence(0.3)]), timeout=60)
        cut = await asked
    assert cut.interrupted
    assert 0 < cut.heard_ms < cut.audio_ms
    assert answer.text == "Yes?"
