"""Function calls: blocking and not, how results come back in, cancelled, stale, doubled and made-again calls."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Call, Emulator, Heard, Say, ScriptBrain, Step

from .raw import (
    LIVE_3_1,
    LIVE_3_8,
    NATIVE,
    VERTEX_2_5,
    answer,
    declare,
    has,
    open_session,
    silence,
    texts,
    voice,
)

pytestmark = pytest.mark.anyio

HALF = "models/gemini-live-2.5-flash-preview"
LONG = np.zeros(4 * 24000, np.int16)


def brain():
    def reply(ask, talk):
        if ask.kind == "tool_result":
            results = [
                f"{result.name} {result.args.get('city', '')} {dict(result.response)}"
                for result in ask.results
            ]
            return [Say("Result: " + "; ".join(results), LONG[:24000])]
        if "two" in ask.text:
            return [(Call("look", {"city": "Rome"}), Call("look", {"city": "Bern"}))]
        if "call" in ask.text:
            return [Call("look", {"city": "Rome"}), Say("I am fetching that.", LONG)]
        return [Heard("Hello."), Say(f"You said {ask.text}.", LONG)]

    return ScriptBrain(reply)


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


class Session:
    """A session with one declared function, and its first call."""

    def __init__(self, clock, model, behavior=None, **options):
        self.emulator = Emulator(brain(), clock=clock, **options)
        self.model = model
        self.behavior = behavior

    async def __aenter__(self):
        await self.emulator.start()
        self.opened = open_session(self.emulator, self.model, tools=declare("look", behavior=self.behavior))
        return await self.opened.__aenter__()

    async def __aexit__(self, *error):
        await self.opened.__aexit__(*error)
        await self.emulator.stop()


async def call_of(client, text="call"):
    await client.say(text)
    return (await client.until("toolCall"))["toolCall"]["functionCalls"]


def order(client):
    """The moments of a conversation in their order, sound left out."""
    keys = ("toolCall", "toolCallCancellation", "interrupted", "generationComplete", "turnComplete")
    return [key for _, message in client.frames for key in keys if has(message, key)]


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1])
async def test_a_blocking_call_holds_the_turn_open(clock, model):
    async with Session(clock, model) as client:
        (call,) = await call_of(client)
        await clock.sleep(60)
        assert order(client) == ["toolCall"]
        await client.send(answer(call, {"output": "foggy"}))
        await client.turn()
        assert order(client) == ["toolCall", "generationComplete", "turnComplete"]
        assert texts(client, "outputTranscription") == "Result: look Rome {'output': 'foggy'}"


async def test_two_calls_in_one_message_are_answered_in_any_order(clock):
    async with Session(clock, NATIVE) as client:
        first, second = await call_of(client, "two")
        await client.send(answer(second, {"output": 2}))
        await clock.sleep(5)
        assert order(client) == ["toolCall"]
        await client.send(answer(first, {"output": 1}))
        await client.turn()
        assert (
            texts(client, "outputTranscription") == "Result: look Rome {'output': 1}; look Bern {'output': 2}"
        )


async def test_a_typed_turn_waits_for_a_blocking_call(clock):
    async with Session(clock, NATIVE) as client:
        (call,) = await call_of(client)
        await client.say("hello")
        await clock.sleep(5)
        assert order(client) == ["toolCall"]
        await client.send(answer(call, {"output": 1}))
        await client.turn()
        await client.turn()
        assert texts(client, "outputTranscription") == "Result: look Rome {'output': 1}You said hello."


@pytest.mark.parametrize("model", [LIVE_3_1, VERTEX_2_5])
async def test_elsewhere_a_typed_turn_cancels_a_blocking_call(clock, model):
    async with Session(clock, model) as client:
        (call,) = await call_of(client)
        await client.say("hello")
        assert await client.until("toolCallCancellation") == {"toolCallCancellation": {"ids": [call["id"]]}}
        await client.turn()
        await client.turn()
        assert texts(client, "outputTranscription") == "You said hello."
        await client.send(answer(call, {"output": 1}))  # too late: not an error, and not answered
        await clock.sleep(30)
        assert order(client)[-1] == "turnComplete"
        assert texts(client, "outputTranscription") == "You said hello."


@pytest.mark.parametrize(("model", "cancelled"), [(NATIVE, True), (LIVE_3_1, True), (LIVE_3_8, False)])
async def test_barge_in_on_a_blocking_call(clock, model, cancelled):
    async with Session(clock, model, behavior="BLOCKING") as client:
        (call,) = await call_of(client)
        await client.audio(np.concatenate([voice(1), silence(2)]), chunk=0.02)
        await client.turn()
        await client.turn()
        expected = [
            "toolCall",
            *(["toolCallCancellation"] if cancelled else []),
            "interrupted",
            "turnComplete",
        ]
        assert order(client)[: len(expected)] == expected
        await client.send(answer(call, {"output": 1}))  # known, so never an error
        await clock.sleep(10)
        assert ("Result" in texts(client, "outputTranscription")) != cancelled


async def test_3_8_goes_silent_after_a_non_blocking_call(clock):
    async with Session(clock, LIVE_3_8) as client:
        (call,) = await call_of(client)
        await clock.sleep(60)
        assert order(client) == ["toolCall", "generationComplete", "turnComplete"]
        assert client.at("turnComplete") == client.at("toolCall")
        await client.say("hello")  # the user may go on meanwhile
        await client.turn()
        await client.turn()
        await client.send(answer(call, {"output": "late"}))
        await client.turn()
        assert texts(client, "outputTranscription").endswith("Result: look Rome {'output': 'late'}")


async def test_2_5_talks_on_after_a_non_blocking_call(clock):
    async with Session(clock, HALF, behavior="NON_BLOCKING", profile="2.5-half-cascade") as client:
        await call_of(client)
        await client.turn()
        assert order(client) == ["toolCall", "generationComplete", "turnComplete"]
        assert texts(client, "outputTranscription") == "I am fetching that."


async def test_3_1_takes_non_blocking_and_waits_all_the_same(clock):
    async with Session(clock, LIVE_3_1, behavior="NON_BLOCKING") as client:
        (call,) = await call_of(client)
        await clock.sleep(60)
        assert order(client) == ["toolCall"]
        await client.send(answer(call, {"output": 1}))
        await client.turn()
        assert texts(client, "outputTranscription").endswith("Result: look Rome {'output': 1}")


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    ("scheduling", "expected"),
    [
        ("INTERRUPT", ["toolCall", "interrupted", "turnComplete", "generationComplete", "turnComplete"]),
        (
            "WHEN_IDLE",
            ["toolCall", "generationComplete", "turnComplete", "generationComplete", "turnComplete"],
        ),
        (None, ["toolCall", "generationComplete", "turnComplete", "generationComplete", "turnComplete"]),
        ("SILENT", ["toolCall", "generationComplete", "turnComplete"]),
    ],
)
async def test_scheduling(clock, scheduling, inside, expected):
    async with Session(clock, NATIVE, behavior="NON_BLOCKING") as client:
        (call,) = await call_of(client)
        await client.until(lambda m: "inlineData" in str(m))
        response, fields = {"output": 1}, {}
        if scheduling and inside:
            response["scheduling"] = scheduling
        elif scheduling:
            fields["scheduling"] = scheduling
        await client.send(answer(call, response, **fields))
        await clock.sleep(30)
        assert order(client) == expected
        said = texts(client, "outputTranscription")
        assert said.endswith("Result: look Rome {'output': 1}") == (scheduling != "SILENT")
        await client.say("hello")
        await client.turn()


async def test_a_silent_result_is_remembered(clock):
    session = Session(clock, LIVE_3_8)
    async with session as client:
        (call,) = await call_of(client)
        await client.send(answer(call, {"output": 1}, scheduling="SILENT"))
        await client.say("hello")
        await client.turn()
        await client.turn()
        kinds = ("text", "function_call", "function_response")
        history = [content.parts[0] for content in session.emulator.sessions[0].talk.history]
        assert [next(kind for kind in kinds if getattr(part, kind)) for part in history] == [
            "text", "function_call", "function_response", "text", "text",
        ]  # fmt: skip


async def test_interrupt_waits_while_the_user_speaks(clock):
    async with Session(clock, NATIVE, behavior="NON_BLOCKING") as client:
        (call,) = await call_of(client)
        await client.turn()
        await client.audio(voice(1), chunk=0.02)
        await client.send(answer(call, {"output": 1}, scheduling="INTERRUPT"))
        await client.audio(voice(1), chunk=0.02)
        assert "Result" not in texts(client, "outputTranscription")
        await client.audio(silence(2), chunk=0.02)
        await client.turn()
        await client.turn()
        assert "Result" in texts(client, "outputTranscription")


async def test_will_continue(clock):
    async with Session(clock, LIVE_3_8) as client:
        (call,) = await call_of(client)
        for part in (1, 2):
            await client.send(answer(call, {"output": part}, willContinue=True))
            await client.until("generationComplete")
            await client.turn()
        await clock.sleep(10)
        turns = order(client).count("turnComplete")
        await client.send(answer(call, {}, willContinue=False))  # done: nothing new to say
        await clock.sleep(30)
        assert order(client).count("turnComplete") == turns
        said = texts(client, "outputTranscription")
        assert "'output': 1" in said
        assert "'output': 2" in said


async def test_will_continue_on_a_blocking_call_waits_for_the_last(clock):
    async with Session(clock, NATIVE) as client:
        (call,) = await call_of(client)
        await client.send(answer(call, {"output": 1}, will_continue=True))
        await clock.sleep(5)
        assert order(client) == ["toolCall"]
        await client.send(answer(call, {"output": 2}, will_continue=False))
        await client.turn()
        assert (
            texts(client, "outputTranscription") == "Result: look Rome {'output': 1}; look Rome {'output': 2}"
        )


async def test_the_same_answer_twice_is_taken_once(clock):
    async with Session(clock, NATIVE) as client:
        (call,) = await call_of(client)
        await client.send(answer(call, {"output": 1}))
        await client.send(answer(call, {"output": 1}))
        await client.turn()
        await clock.sleep(20)
        assert order(client) == ["toolCall", "generationComplete", "turnComplete"]


async def test_on_vertex_an_answer_to_nothing_is_answered(clock):
    async with Session(clock, VERTEX_2_5) as client:  # as recorded: live_Vertex_should_send_tool_response
        await client.send(
            {"toolResponse": {"functionResponses": [{"name": "mood", "response": {"mood": "happy"}}]}}
        )
        await client.turn()
        assert "happy" in texts(client, "outputTranscription")


async def test_on_vertex_an_answer_without_an_id_goes_by_the_name(clock):
    """google-genai up to 1.2x sent no ids there."""
    async with Session(clock, VERTEX_2_5) as client:
        await call_of(client, "two")
        responses = [{"name": "look", "response": {"output": place}} for place in ("Rome", "Bern")]
        await client.send({"toolResponse": {"functionResponses": responses}})
        await client.turn()
        await client.turn()
        said = texts(client, "outputTranscription")
        assert said == "Result: look Rome {'output': 'Rome'}; look Bern {'output': 'Bern'}"


async def test_a_call_delivered_twice(clock):
    async with Session(clock, NATIVE, faults=["duplicate_tool_call"]) as client:
        (call,) = await call_of(client)
        again = (await client.until("toolCall"))["toolCall"]["functionCalls"]
        assert again == [call]
        await client.send(answer(call, {"output": 1}))
        await client.turn()


async def test_a_call_also_as_a_part_of_the_turn(clock):
    async with Session(clock, NATIVE, faults=["duplicate_call_part"]) as client:
        (call,) = await call_of(client)
        content = await client.until("modelTurn")
        assert content["serverContent"]["modelTurn"]["parts"] == [{"functionCall": call}]


async def test_a_call_made_again_after_barge_in(clock):
    async with Session(clock, LIVE_3_8, behavior="BLOCKING", faults=["reissue_tool_call"]) as client:
        (call,) = await call_of(client)
        await client.audio(voice(0.3), chunk=0.02)
        await client.until("interrupted")
        (again,) = (await client.until("toolCall"))["toolCall"]["functionCalls"]
        times = [t for t, message in client.frames if "toolCall" in message]
        assert again["id"] != call["id"]
        assert (again["name"], again["args"]) == (call["name"], call["args"])
        assert 0.469 <= times[1] - client.at("interrupted") <= 0.713


async def test_a_call_cancelled_out_of_nowhere(clock):
    session = Session(clock, NATIVE)
    async with session as client:
        (call,) = await call_of(client)
        await session.emulator.inject("cancel_calls")
        assert await client.until("toolCallCancellation") == {"toolCallCancellation": {"ids": [call["id"]]}}


async def test_the_brain_gets_the_functions_as_declared(clock):
    seen = []

    def reply(ask, talk):
        seen.append(talk.functions["look"])
        return ["Yes."]

    tools = [
        {
            "function_declarations": [
                {"name": "look", "parameters": {"type": "OBJECT", "property_ordering": ["a"]}}
            ]
        }
    ]
    async with (
        Emulator(ScriptBrain(reply), clock=clock) as emulator,
        open_session(emulator, tools=tools) as client,
    ):
        await client.say("go")
        await client.turn()
    assert seen[0].parameters == {"type": "OBJECT", "propertyOrdering": ["a"]}


async def test_steps_of_a_script(clock):
    script = ScriptBrain([Step(["One."], contains="first"), Step(["Two."], expect="text")])
    async with Emulator(script, clock=clock) as emulator, open_session(emulator) as client:
        await client.say("second?")
        await client.turn()
        await client.say("first?")
        await client.turn()
        assert texts(client, "outputTranscription") == "Two.The script has nothing to say to this."


@pytest.mark.parametrize("model", [VERTEX_2_5, VERTEX_2_5 + "-native-audio"])
async def test_on_vertex_the_turn_of_a_call_ends_though_the_answer_takes_its_time(clock, model):
    """Google's ADK runs a function only once the turn that called it is over."""
    async with Session(clock, model) as client:
        (call,) = await call_of(client)
        await client.turn()
        await clock.sleep(10)
        await client.send(answer(call, {"output": 1}))
        await client.turn()
        assert texts(client, "outputTranscription") == "Result: look Rome {'output': 1}"
        assert sum("usageMetadata" in message for _, message in client.frames) == 2
