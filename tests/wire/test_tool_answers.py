"""How function calls are answered: together or one by one, with scheduling, again and again, told with what they print."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from gemini_live_nb.emulator import Brain, Call, Say
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.session.events import ToolFinished, ToolPrinted
from gemini_live_nb.session.session import LiveSession
from gemini_live_nb.session.tools import tool

from .conversations import LIVE31, LIVE38, NATIVE, conversation, served
from .tool_talk import answers, ask, asks, declared


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


class Tells(Brain):
    """Asks a function for the weather and tells each of its results; says back anything else."""

    async def reply(self, ask, talk):
        if ask.kind == "tool_result":
            yield Say("".join(f" {result.response.get('result')}." for result in ask.results))
        elif ask.text == "weather":
            yield Call("progress", {})
        else:
            yield Say(f"{ask.text}.")


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


@pytest.mark.parametrize("between", [0.0, 0.2])
@pytest.mark.parametrize("model", [NATIVE, LIVE31, LIVE38])
async def test_after_a_generator_each_question_has_its_own_answer(model, between):
    def progress():
        yield "looking"
        time.sleep(between)
        yield "nearly"
        time.sleep(between)
        yield "sunny"

    async with conversation(Tells(), model, tools=[progress]) as (talk, _):
        weather = await talk.ask("weather", timeout=60)
        assert weather.text.split() == ["looking.", "nearly.", "sunny."]
        assert [(await talk.ask(word, timeout=60)).text for word in ("one", "two")] == ["one.", "two."]
        assert len(talk.turns) == 3


async def test_a_model_that_tells_several_results_at_once_is_not_waited_for_long():
    release = threading.Event()

    def progress():
        yield "looking"
        release.wait(10)
        yield "sunny"

    class OnlyTheLast(Tells):
        async def reply(self, ask, talk):
            if ask.kind == "tool_result" and ask.results[0].will_continue:
                release.set()
                if ask.results[0].response["result"] == "looking":
                    return
            async for piece in super().reply(ask, talk):
                yield piece

    async with conversation(OnlyTheLast(), tools=[progress]) as (talk, _):
        began = talk.time()
        assert (await talk.ask("weather", timeout=60)).text == "sunny."
        assert talk.time() - began < 20
        assert (await talk.ask("one", timeout=60)).text == "one."


async def test_vertex_which_takes_one_answer_to_a_call_gets_all_values_in_it():
    """There is no `willContinue` there (PROTOCOL.md §2.5)."""

    def progress():
        yield "looking"
        yield "sunny"

    async with served(Tells()) as server:
        vertex = endpoint(url=server.url, project="p")
        config = LiveConfig(model="gemini-live-2.5-flash")
        async with LiveSession(
            config, endpoint=vertex, tools=[progress], log=False, clock=server.clock
        ) as talk:
            assert (await talk.ask("weather", timeout=60)).text == "['looking', 'sunny']."
            ((answer,),) = answers(talk)
            assert answer["response"] == {"result": ["looking", "sunny"]}
            assert "willContinue" not in answer


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
