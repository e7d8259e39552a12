"""Function calls, run: every kind of function, with right and wrong arguments, in time or not."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import types

import pytest

from gemini_live_nb.clock import RealClock
from gemini_live_nb.emulator import Call
from gemini_live_nb.session.events import Trouble
from gemini_live_nb.session.tools import tool

from .conversations import LIVE31, LIVE38, NATIVE, conversation
from .tool_talk import answers, ask, asks

FAMILIES = [NATIVE, LIVE31, LIVE38]


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
