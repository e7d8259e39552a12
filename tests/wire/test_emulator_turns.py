"""Turns: typed ones, pictures, history, thoughts, and what they cost."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Emulator, Pause, Say, ScriptBrain

from .listener import LONG, Listener
from .raw import (
    LIVE_3_1,
    LIVE_3_8,
    NATIVE,
    has,
    open_session,
    silence,
    texts,
    typed,
    voice,
)

pytestmark = pytest.mark.anyio

PNG = base64.b64encode(b"\x89PNG not really").decode()


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


@pytest.mark.parametrize(
    ("model", "complete", "interrupts"),
    [
        (NATIVE, True, True),
        (NATIVE, False, True),
        (LIVE_3_1, False, True),
        (LIVE_3_8, True, True),
        (LIVE_3_8, False, False),
    ],
)
async def test_a_typed_turn_interrupts(clock, model, complete, interrupts):
    brain = ScriptBrain([[LONG], [Say("All right.")]])
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, model) as client:
        await client.say("go")
        await client.until(lambda m: "inlineData" in str(m))
        await client.say("no, wait", complete=complete)
        await client.turn()
        assert any(has(m, "interrupted") for _, m in client.frames) == interrupts
        if complete:
            await client.turn()
            assert texts(client, "outputTranscription").endswith("All right.")


async def test_realtime_text_waits_its_turn(clock):
    brain = ScriptBrain([[LONG], [Say("All right.")]])
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, LIVE_3_8) as client:
        await client.send({"realtimeInput": {"text": "go"}})
        await client.until(lambda m: "inlineData" in str(m))
        await client.send({"realtimeInput": {"text": "and then?"}})
        await client.turn()
        await client.turn()
        assert not any(has(m, "interrupted") for _, m in client.frames)


async def test_video_frames_reach_the_next_spoken_turn_and_not_a_typed_one(clock):
    brain = Listener()
    frame = {"realtimeInput": {"video": {"mimeType": "image/png", "data": PNG}}}
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, LIVE_3_8) as client:
        await client.send(frame)
        await client.send(frame)
        await client.say("what do you see?")
        await client.turn()
        assert brain.asks[0].images == ()
        assert brain.talks[0].frames_seen == 2
        await client.audio(np.concatenate([voice(1), silence(2)]))
        await client.turn()
        assert [image.mime_type for image in brain.asks[1].images] == ["image/png"] * 2
        usage = client.frames[-1][1]["usageMetadata"]
        assert {"modality": "VIDEO", "tokenCount": 2 * 258} in usage["promptTokensDetails"]


async def test_a_picture_in_a_typed_turn(clock):
    brain = Listener()
    part = {"inlineData": {"mimeType": "image/png", "data": PNG}}
    turn = {"role": "user", "parts": [part, {"text": "what is this?"}]}
    setup = {"generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}}
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, **setup) as client:
        await client.send({"clientContent": {"turns": [turn], "turnComplete": True}})
        await client.turn()
        assert brain.asks[0].text == "what is this?"
        assert brain.asks[0].images[0].data == b"\x89PNG not really"
        details = client.frames[-1][1]["usageMetadata"]["promptTokensDetails"]
        assert {"modality": "IMAGE", "tokenCount": 64} in details


async def test_initial_history_is_not_answered(clock):
    brain = Listener()
    async with (
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, LIVE_3_8, historyConfig={"initialHistoryInClientContent": True}) as client,
    ):
        await client.say("my name is Alice")
        await clock.sleep(10)
        assert brain.asks == []
        await client.send({"realtimeInput": {"text": "who am I?"}})
        await client.turn()
        assert [content.parts[0].text for content in brain.talks[0].history[:2]] == [
            "my name is Alice",
            "who am I?",
        ]


@pytest.mark.parametrize(("model", "answered"), [(NATIVE, True), (LIVE_3_1, False), (LIVE_3_8, False)])
async def test_complete_history_is_answered_by_2_5_alone(clock, model, answered):
    """pipecat's first message, whose conversations on 2.5 begin by its answer and on 3.x by the text after it."""
    brain = Listener()
    async with (
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, model, historyConfig={"initialHistoryInClientContent": True}) as client,
    ):
        await client.say("What day is it?")
        if not answered:
            await clock.sleep(5)
            assert brain.asks == []
            await client.send({"realtimeInput": {"text": " "}})
        await client.turn()
        assert [ask.text for ask in brain.asks] == ["What day is it?"]


@pytest.mark.parametrize("prompt", [" ", ".", None])
async def test_a_reply_is_prompted_to_what_was_sent_before(clock, prompt):
    brain = Listener()
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator) as client:
        await client.say("What day is it?", complete=False)
        await client.send(typed(prompt) if prompt else {"clientContent": {"turnComplete": True}})
        await client.turn()
        assert brain.asks[0].text == "What day is it?"
        await client.say(".")
        await client.turn()
        assert brain.asks[1].text == "."


async def test_turns_are_kept_until_one_is_complete(clock):
    brain = Listener()
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator) as client:
        await client.say("one", complete=False)
        await client.say("two", complete=False)
        await client.send({"clientContent": {"turnComplete": True}})
        await client.turn()
        assert brain.asks[0].text == "two"
        assert [content.parts[0].text for content in brain.talks[0].history] == ["one", "two", "Yes."]


async def test_usage_counts_the_whole_context_each_turn(clock):
    brain = ScriptBrain([[Say("One.", np.zeros(48000, np.int16))], [Say("Two.", np.zeros(24000, np.int16))]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(
            emulator, systemInstruction={"parts": [{"text": "Be short and kind"}]}
        ) as client:
            await client.say("hello you")
            await client.turn()
            await client.say("again please")
            await client.turn()
        first, second = (m["usageMetadata"] for _, m in client.frames if "usageMetadata" in m)
        assert first["promptTokensDetails"] == [{"modality": "TEXT", "tokenCount": 6}]
        assert first["responseTokensDetails"] == [{"modality": "AUDIO", "tokenCount": 50}]
        assert second["promptTokensDetails"] == [
            {"modality": "TEXT", "tokenCount": 8},
            {"modality": "AUDIO", "tokenCount": 50},
        ]
        assert second["totalTokenCount"] == second["promptTokenCount"] + 25


async def test_compression_slides_the_window_to_a_user_turn(clock):
    brain = ScriptBrain([[Say("Yes.", np.zeros(60 * 24000, np.int16))]], repeat=True)
    config = {"triggerTokens": "5000", "slidingWindow": {"targetTokens": "2500"}}
    async with (
        Emulator(brain, clock=clock) as emulator,
        open_session(emulator, contextWindowCompression=config) as client,
    ):
        prompts = []
        for _ in range(6):
            await client.say("go on")
            await client.turn()
            prompts.append(client.frames[-1][1]["usageMetadata"]["promptTokenCount"])
        conversation = emulator.sessions[0]
        assert prompts[:4] == [2, 1504, 3006, 4508]
        assert prompts[4] < 2600
        assert conversation.context.dropped == 6
        assert conversation.talk.history[0].role == "user"


async def test_a_full_context_without_compression_ends_the_session(clock):
    brain = ScriptBrain([[Say("Yes.", np.zeros(1, np.int16))]], repeat=True)
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator, NATIVE) as client:
        await client.say("word " * 130_000)
        assert await client.closed() == (1007, "Request contains an invalid argument.")


async def test_thoughts(clock):
    from gemini_live_nb.emulator import Thought

    shown = {}
    for name, setup in {
        "2.5": {},
        "2.5 without": {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
    }.items():
        brain = ScriptBrain([[Thought("**Hm**"), Say("Yes.")]])
        async with (
            Emulator(brain, clock=clock) as emulator,
            open_session(emulator, NATIVE, **setup) as client,
        ):
            await client.say("go")
            end = await client.turn()
            shown[name] = ("thought" in str(client.frames), end["usageMetadata"].get("thoughtsTokenCount"))
    assert shown == {"2.5": (True, 5), "2.5 without": (False, None)}


async def test_transcripts_only_where_they_belong(clock):
    said = {}
    for model in (NATIVE, LIVE_3_1, LIVE_3_8):
        async with (
            Emulator(Listener(), clock=clock) as emulator,
            open_session(
                emulator, model, inputAudioTranscription=None, outputAudioTranscription=None
            ) as client,
        ):
            await client.audio(np.concatenate([voice(1), silence(2)]))
            await client.turn()
            said[model] = (texts(client, "inputTranscription"), texts(client, "outputTranscription"))
    assert said == {NATIVE: ("", ""), LIVE_3_1: ("something", ""), LIVE_3_8: ("something", "Yes.")}


async def test_a_model_may_stay_silent(clock):
    async with (
        Emulator(ScriptBrain([[], [Say("Now.")]]), clock=clock) as emulator,
        open_session(emulator) as client,
    ):
        await client.say("do not answer")
        await clock.sleep(30)
        assert [m for _, m in client.frames if "serverContent" in m] == []
        await client.say("answer")
        await client.turn()


async def test_context_update_replaces_only_what_it_names(clock):
    brain = Listener()
    async with Emulator(brain, clock=clock) as emulator:
        setup = {
            "systemInstruction": {"parts": [{"text": "Be kind"}]},
            "tools": [{"functionDeclarations": [{"name": "f"}]}],
        }
        async with open_session(emulator, LIVE_3_8, **setup) as client:
            await client.send({"contextUpdate": {"systemInstruction": {"parts": [{"text": "Be brief"}]}}})
            await client.say("one")
            await client.turn()
            assert (brain.talks[0].system_instruction, list(brain.talks[0].functions)) == ("Be brief", ["f"])
            await client.send({"contextUpdate": {"tools": {"tools": []}}})
            await client.say("two")
            await client.turn()
            assert (brain.talks[0].system_instruction, list(brain.talks[0].functions)) == ("Be brief", [])


async def test_a_brain_is_stopped_by_barge_in(clock):
    stopped = asyncio.Event()

    class Slow(Brain):
        async def reply(self, ask, talk):
            try:
                yield Say("Let me think about that for a long while.")
                await talk.clock.sleep(1000)
            finally:
                stopped.set()

    async with Emulator(Slow(), clock=clock) as emulator, open_session(emulator) as client:
        await client.say("go")
        await client.until(lambda m: "inlineData" in str(m))
        await client.send(typed("stop"))
        await client.until("interrupted")
        await asyncio.wait_for(stopped.wait(), 5)


async def test_interrupted_while_it_was_still_thinking(clock):
    brain = ScriptBrain([[Pause(60), LONG], [Say("Yes.")]])
    async with Emulator(brain, clock=clock) as emulator, open_session(emulator) as client:
        await client.say("go")
        await clock.sleep(5)
        await client.say("never mind")
        await client.until("interrupted")
        await client.turn()
        await client.turn()
        assert texts(client, "outputTranscription") == "Yes."
