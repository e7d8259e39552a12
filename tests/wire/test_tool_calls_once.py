"""A call is run once and may be taken back: delivered twice, cancelled, cut by new speech or by our own close."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from gemini_live_nb.emulator import Call, Fault, ScriptBrain, Step
from gemini_live_nb.emulator.script import Pause
from gemini_live_nb.session.events import ToolFinished, ToolStarted

from .conversations import LIVE31, LIVE38, NATIVE, conversation, silence, until, voice
from .tool_talk import answers, ask, asks

FAMILIES = [NATIVE, LIVE31, LIVE38]


@pytest.mark.parametrize("fault", ["duplicate_tool_call", "duplicate_call_part"])
@pytest.mark.parametrize("model", FAMILIES)
async def test_a_call_delivered_twice_runs_once(fault, model):
    runs = []

    def count() -> int:
        runs.append(1)
        return len(runs)

    async with conversation(asks(Call("count", {})), model, tools=[count], faults=[Fault(fault)]) as (
        talk,
        _,
    ):
        await ask(talk)
        assert len(runs) == 1
        assert len(answers(talk)) == 1


async def test_cancellation_stops_a_coroutine_and_gives_up_a_threads_result():
    stopped, go = threading.Event(), threading.Event()

    async def patient():
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            stopped.set()
            raise

    def thread() -> str:
        go.wait(10)
        return "late"

    brain = asks(Call("patient", {}), Call("thread", {}))
    async with conversation(brain, tools=[patient, thread]) as (talk, server):
        events = talk.subscribe()
        await talk.send_text("go")
        await until(events, lambda event: isinstance(event, ToolStarted) and event.call.name == "thread")
        await server.inject("cancel_calls")
        ended = await until(events, lambda event: isinstance(event, ToolFinished))
        ended += await until(events, lambda event: isinstance(event, ToolFinished))
        assert stopped.wait(10)
        go.set()
        assert [event.call.state for event in ended if isinstance(event, ToolFinished)] == ["cancelled"] * 2
        assert answers(talk) == []


async def test_barge_in_cancels_the_call():
    async def patient():
        await asyncio.sleep(30)

    brain = ScriptBrain([[Call("patient", {})], ["Never mind."]])
    async with conversation(
        brain, tools=[patient], session_options={"user_loop": asyncio.get_running_loop()}
    ) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ToolStarted | ToolFinished))
        await talk.send_text("go")
        started = await anext(events)
        await talk.ask(np.concatenate([voice(1.2), silence(0.3)]), timeout=30)
        assert (await anext(events)).call is started.call
        assert started.call.state == "cancelled"


async def test_closing_in_a_call_does_not_wait_for_it():
    release = threading.Event()

    def stuck():
        release.wait(30)

    async with conversation(asks(Call("stuck", {})), tools=[stuck]) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ToolStarted))
        await talk.send_text("go")
        await anext(events)
        started = time.monotonic()
        await talk.close()
        assert time.monotonic() - started < 10
    release.set()


async def test_the_call_made_again_after_barge_in_is_another_call():
    """3.8 may ask again under a new id (PROTOCOL.md §4.2): that is for the user to tell apart."""
    runs = []

    def book() -> int:
        runs.append(1)
        return len(runs)

    brain = ScriptBrain([[Pause(0.1), Call("book", {})], Step(["Booked."], expect="tool_result")])
    async with conversation(brain, LIVE38, tools=[book]) as (talk, _):
        await ask(talk)
        assert len(runs) == 1
