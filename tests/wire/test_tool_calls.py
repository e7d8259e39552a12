"""Function calls, run and answered: every kind of function, together or one by one, once and in time."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
import types

import numpy as np
import pytest

from gemini_live_nb.clock import RealClock
from gemini_live_nb.emulator import Call, Fault, ScriptBrain, Step
from gemini_live_nb.emulator.script import Pause
from gemini_live_nb.errors import ToolError
from gemini_live_nb.session.events import (
    ApprovalNeeded,
    ToolFinished,
    ToolPrinted,
    ToolStarted,
    Trouble,
    TurnEnded,
)
from gemini_live_nb.session.tools import tool

from .conversations import LIVE31, LIVE38, NATIVE, conversation, silence, until, voice

FAMILIES = [NATIVE, LIVE31, LIVE38]


def asks(*calls, then="Done."):
    """A brain that calls functions, and says something when it has their results."""
    return ScriptBrain(
        [[calls if len(calls) > 1 else calls[0]], Step([then], expect="tool_result")], repeat=True
    )


def answers(talk):
    """The function responses sent, frame by frame."""
    frames = [json.loads(frame.raw) for frame in talk.log if frame.direction == "sent"]
    return [frame["toolResponse"]["functionResponses"] for frame in frames if "toolResponse" in frame]


def declared(talk):
    """The first function declared in the setup."""
    setup = next(frame for frame in talk.log if frame.kind == "setup")
    return json.loads(setup.raw)["setup"]["tools"][0]["functionDeclarations"][0]


async def ask(talk, what="go", timeout=60):
    """Ask, and wait until the turn that speaks of the result is over (3.8 ends a turn at the call)."""
    events = talk.subscribe(accepts=lambda event: isinstance(event, TurnEnded))
    await talk.send_text(what)
    return (await talk._clock.wait_for(until(events, lambda event: event.turn.text != ""), timeout))[-1].turn


@pytest.mark.parametrize("model", FAMILIES)
async def test_a_plain_function_is_called_and_answered(model):
    def weather(city: str, days: int = 1) -> dict:
        """Weather of a city."""
        return {"city": city, "days": days, "thread": threading.current_thread().name}

    async with conversation(asks(Call("weather", {"city": "Rome"})), model, tools=[weather]) as (talk, _):
        turn = await ask(talk)
        (call,) = talk.records.values()
        assert turn.text == "Done."
        assert (call.state, call.args, call.result["city"]) == ("done", {"city": "Rome"}, "Rome")
        assert call.requested <= call.started <= call.finished <= call.answered
        assert call.result["thread"] == "gemini-live-worker"
        (((answer,),)) = answers(talk)
        assert (answer["id"], answer["name"]) == (call.id, "weather")


async def slow_hello(name: str) -> str:
    await asyncio.sleep(0)
    return f"hello {name} from {threading.current_thread().name}"


async def test_a_coroutine_runs_on_the_users_loop():
    async with conversation(asks(Call("slow_hello", {"name": "Ann"})), tools=[slow_hello]) as (talk, _):
        await ask(talk)
        assert answers(talk)[0][0]["response"] == {"result": "hello Ann from gemini-live-users"}


async def test_a_coroutine_runs_where_it_is_told_to():
    async with conversation(
        asks(Call("slow_hello", {"name": "Ann"})), tools=[slow_hello],
        session_options={"user_loop": asyncio.get_running_loop()},
    ) as (talk, _):  # fmt: skip
        await ask(talk)
        assert answers(talk)[0][0]["response"] == {"result": "hello Ann from MainThread"}


async def test_sleeping_in_a_coroutine_stalls_no_socket():
    """`time.sleep` in somebody's `async def`: the session goes on."""

    async def lazy() -> str:
        time.sleep(0.5)  # noqa: ASYNC251  # the very fault
        return "done"

    async with conversation(asks(Call("lazy", {})), tools=[lazy]) as (talk, _):
        beats = 0
        asked = asyncio.create_task(ask(talk))
        while not asked.done():
            await asyncio.sleep(0.01)
            beats += 1
        assert (await asked).text == "Done."
        assert beats > 20


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: sys.exit(3), "RuntimeError: ended by SystemExit(3)"),
        (lambda: (_ for _ in ()).throw(StopIteration), ""),
        (lambda: next(iter(())), "RuntimeError: ended by StopIteration()"),
    ],
    ids=["exception", "exit", "generator", "stop iteration"],
)
async def test_what_a_function_raises_is_told_to_the_model(function, words):
    function.__name__ = "risky"
    async with conversation(asks(Call("risky", {})), tools=[function]) as (talk, _):
        assert (await ask(talk)).text == "Done."
        assert words in answers(talk)[0][-1]["response"].get("error", "")
        if words:
            (call,) = talk.records.values()
            assert (call.state, call.error) == ("error", answers(talk)[0][0]["response"]["error"])


async def test_a_coroutine_that_exits_ends_alone():
    async def leave():
        raise SystemExit

    async def stay():
        return 1

    async with conversation(asks(Call("leave", {}), Call("stay", {})), tools=[leave, stay]) as (talk, _):
        await ask(talk)
        first, second = answers(talk)[0]
    assert "SystemExit" in first["response"]["error"]
    assert second["response"] == {"result": 1}


async def test_wrong_arguments_are_told_to_the_model():
    def weather(city: str, days: int): ...

    async with conversation(asks(Call("weather", {"city": "Rome"})), tools=[weather]) as (talk, _):
        await ask(talk)
        assert answers(talk)[0][0]["response"] == {"error": "weather: argument 'days' is missing"}


async def test_a_function_nobody_has_is_answered_all_the_same():
    """A call that stays unanswered would hold the model up for good."""

    def weather(): ...

    async with conversation(asks(Call("forecast", {})), tools=[weather]) as (talk, _):
        await ask(talk)
        assert answers(talk)[0][0]["response"] == {
            "error": "there is no function 'forecast'; there are weather"
        }


async def test_a_function_that_takes_too_long_times_out():
    @tool(timeout=0.1)
    async def stuck():
        await asyncio.sleep(30)

    @tool(timeout=0.1)
    def stuck_thread():
        time.sleep(0.5)

    brain = asks(Call("stuck", {}), Call("stuck_thread", {}))
    async with conversation(
        brain, tools=[stuck, stuck_thread], clock=RealClockThatRuns(), latency=0, pace=0
    ) as (talk, _):
        await ask(talk)
        assert [answer["response"] for answer in answers(talk)[0]] == [
            {"error": "stuck timed out after 0.1 s"},
            {"error": "stuck_thread timed out after 0.1 s"},
        ]


class RealClockThatRuns(RealClock):
    """Real time where a simulated clock is expected: timeouts of threads are the machine's."""

    def running(self):
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


@pytest.mark.parametrize("model", [NATIVE, LIVE31])
async def test_calls_of_one_frame_are_answered_in_one_frame(model):
    """Answered one by one, only the first of parallel calls works (FIELD.md C 18)."""
    both = threading.Barrier(2, timeout=10)

    def left() -> int:
        both.wait()
        return 1

    def right() -> int:
        both.wait()
        time.sleep(0.05)
        return 2

    async with conversation(asks(Call("left", {}), Call("right", {})), model, tools=[left, right]) as (
        talk,
        _,
    ):
        assert (await ask(talk)).text == "Done."
        (frame,) = answers(talk)
        assert [answer["response"] for answer in frame] == [{"result": 1}, {"result": 2}]


async def test_what_does_not_block_is_answered_when_it_is_done():
    done = threading.Event()

    def quick() -> int:
        return 1

    def slow() -> int:
        done.wait(10)
        return 2

    async with conversation(asks(Call("quick", {}), Call("slow", {})), LIVE38, tools=[quick, slow]) as (
        talk,
        _,
    ):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ToolFinished))
        await talk.send_text("go")
        assert (await anext(events)).call.name == "quick"
        assert talk.status == "listening" or "slow" in talk.status
        done.set()
        assert (await anext(events)).call.name == "slow"
        assert [len(frame) for frame in answers(talk)] == [1, 1]


async def test_scheduling_goes_with_the_answer():
    @tool(behavior="NON_BLOCKING", scheduling="WHEN_IDLE")
    def later() -> int:
        return 1

    async with conversation(asks(Call("later", {})), tools=[later]) as (talk, _):
        await ask(talk)
        assert answers(talk)[0][0]["scheduling"] == "WHEN_IDLE"
        assert declared(talk)["behavior"] == "NON_BLOCKING"


def counting():
    yield 1
    yield {"two": 2}
    return "three"


async def counting_too():
    yield 1
    yield 2


@pytest.mark.parametrize(
    ("function", "last"), [(counting, {"result": "three"}), (counting_too, {})], ids=["generator", "async"]
)
async def test_a_generator_answers_with_each_value(function, last):
    async with conversation(asks(Call(function.__name__, {})), tools=[function]) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ToolFinished))
        await talk.send_text("go")
        await anext(events)
        told = [answer for frame in answers(talk) for answer in frame]
        assert [answer["willContinue"] for answer in told] == [True, True, False]
        assert told[0]["response"] == {"result": 1}
        assert told[-1]["response"] == last


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


async def test_prints_are_told_with_their_call_and_still_printed(capsys):
    def chatty(n: int) -> int:
        print("working on", n)
        threading.Thread(target=print, args=("not mine",)).start()
        print("half", end="")
        return n

    async def chatty_too(n: int) -> int:
        print("also working on", n)
        return n

    brain = asks(Call("chatty", {"n": 1}), Call("chatty_too", {"n": 2}))
    async with conversation(brain, tools=[chatty, chatty_too]) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ToolPrinted))
        await ask(talk)
        one, two = talk.records.values()
        assert (one.prints, two.prints) == (["working on 1\n", "half"], ["also working on 2\n"])
        assert {(event.call.name, event.text) for event in [await anext(events) for _ in range(3)]} == {
            ("chatty", "working on 1\n"), ("chatty", "half"), ("chatty_too", "also working on 2\n"),
        }  # fmt: skip
    out = capsys.readouterr().out
    assert "working on 1" in out
    assert "also working on 2" in out
    assert type(sys.stdout).__name__ != "_Tee"


async def test_a_person_approves_or_refuses():
    @tool(approve=True)
    def pay(amount: int) -> str:
        return f"paid {amount}"

    async with conversation(asks(Call("pay", {"amount": 5})), tools=[pay]) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ApprovalNeeded))
        first = asyncio.create_task(ask(talk))
        needed = await anext(events)
        assert needed.call.args == {"amount": 5}
        assert talk.waiting_for_approval == [needed.call]
        talk.approve(needed.call.id)
        await first
        second = asyncio.create_task(ask(talk))
        needed = await anext(events)
        talk.deny(needed.call.id, "too much")
        await second
        with pytest.raises(ToolError, match="waits for approval"):
            talk.approve(needed.call.id)
        assert talk.waiting_for_approval == []
        assert [frame[0]["response"] for frame in answers(talk)] == [
            {"result": "paid 5"},
            {"error": "not run: too much"},
        ]


async def test_nobody_approves():
    @tool(approve=True)
    def pay() -> str:
        return "paid"

    async with conversation(asks(Call("pay", {})), tools=[pay]) as (talk, _):
        assert (await ask(talk, timeout=300)).text == "Done."
        assert answers(talk)[0][0]["response"] == {"error": "not run: nobody approved it within 120 s"}


async def test_a_changed_signature_is_told():
    notebook = types.ModuleType("a_notebook")
    sys.modules[notebook.__name__] = notebook
    exec("def weather(city: str):\n    return 1", notebook.__dict__)
    async with conversation(asks(Call("weather", {"city": "Rome"})), tools=[notebook.weather]) as (talk, _):
        await ask(talk)
        exec("def weather(city: str, days: int = 1):\n    return 2", notebook.__dict__)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Trouble))
        await ask(talk)
        await ask(talk)
        told = await anext(events)
        assert "redefined with other arguments" in str(told.error)
        assert events.get(timeout=0) is None
        assert [frame[0]["response"] for frame in answers(talk)] == [
            {"result": 1},
            {"result": 2},
            {"result": 2},
        ]
    del sys.modules[notebook.__name__]


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
