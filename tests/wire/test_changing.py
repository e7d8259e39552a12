"""Other tools and instructions while a conversation goes on, in the way each model takes them."""

from __future__ import annotations

import asyncio
import re

import pytest

from gemini_live_nb.emulator import Brain, Call, Say, ScriptBrain, Step
from gemini_live_nb.errors import ConfigError, SessionClosed
from gemini_live_nb.protocol.client import Tool as ServerTool
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.events import Resumed
from gemini_live_nb.session.session import LiveSession
from gemini_live_nb.session.tools import tool

from .conversations import LIVE31, LIVE38, NATIVE, conversation, sent, until
from .tool_talk import answers, ask

KEY = "offline"


class Knows(Brain):
    """Calls whatever function it is asked for by name, and tells what it knows of itself."""

    async def reply(self, ask, talk):
        if ask.kind == "tool_result":
            yield Say(f"It says {ask.results[0].response}.")
        elif ask.text in talk.functions:
            yield Call(ask.text, {})
        else:
            yield Say(f"I know {', '.join(talk.functions) or 'nothing'}; {talk.system_instruction}")


def one() -> int:
    return 1


def two() -> int:
    return 2


@tool(name="three", behavior="NON_BLOCKING")
async def third() -> int:
    return 3


def updates(talk):
    return [frame["contextUpdate"] for frame in sent(talk) if "contextUpdate" in frame]


async def test_a_context_update_takes_functions_tools_and_what_the_api_has(recwarn):
    given = [one, third, "google_search", {"name": "booked"}, ServerTool(url_context={})]
    async with conversation(Knows(), LIVE38, tools=[two]) as (talk, _):
        await talk.send_context_update(system_instruction="Be brief.", tools=given)
        (told,) = updates(talk)
        assert told["systemInstruction"] == {"role": "user", "parts": [{"text": "Be brief."}]}
        server, context, functions = told["tools"]["tools"]
        assert (server, context) == ({"googleSearch": {}}, {"urlContext": {}})
        assert [one["name"] for one in functions["functionDeclarations"]] == ["booked", "one", "three"]
        assert functions["functionDeclarations"][2]["behavior"] == "NON_BLOCKING"
        assert (await ask(talk, "one")).text == "It says {'result': 1}."
        assert (await ask(talk, "three")).text == "It says {'result': 3}."
        assert (await talk.ask("two", timeout=60)).text == "I know booked, one, three; Be brief."
        await talk.send_context_update(tools=[])
        assert (await talk.ask("?", timeout=60)).text == "I know nothing; Be brief."
    assert not recwarn.list


async def test_a_change_is_kept_by_the_connections_that_resume():
    async with conversation(Knows(), LIVE38, tools=[two]) as (talk, server):
        await talk.send_context_update(system_instruction="Be brief.", tools=[one])
        assert (await talk.ask("?", timeout=60)).text == "I know one; Be brief."
        events = talk.subscribe(accepts=lambda event: isinstance(event, Resumed))
        await server.inject("drop")
        await anext(events)
        assert (await talk.ask("?", timeout=60)).text == "I know one; Be brief."


@pytest.mark.parametrize("model", [NATIVE, LIVE31, LIVE38])
async def test_another_tool_in_mid_session_is_known_and_run(model):
    async with conversation(Knows(), model, tools=[one]) as (talk, _):
        assert (await talk.ask("What do you know?", timeout=60)).text == "I know one;"
        words = await talk.add_tool(two)
        assert words.startswith("the model was told")
        assert ("contextUpdate" in words) == bool(updates(talk)) == (model == LIVE38)
        assert (await ask(talk, "two")).text == "It says {'result': 2}."
        assert (await ask(talk, "one")).text == "It says {'result': 1}."
        # It is still the same conversation.
        assert talk.conn == (0 if model == LIVE38 else 1)
        assert len(talk.turns) >= 3


async def test_a_tool_of_the_same_name_gives_way():
    def other() -> int:
        return 22

    async with conversation(Knows(), tools=[two]) as (talk, _):
        # At once, before the handle to resume with has come.
        await talk.add_tool(tool(name="two")(other))
        assert (await ask(talk, "two")).text == "It says {'result': 22}."


async def test_in_mid_turn_the_turn_is_heard_first():
    brain = ScriptBrain([["A long story. " * 8], Step(["Yes."], contains="after")])
    async with conversation(brain, NATIVE, tools=[one]) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=100))
        await until(events, lambda event: getattr(event, "audio", None) is not None)
        assert "when this turn is over" in await talk.add_tool(two)
        story = await asked
        assert (story.complete, story.text) == (True, ("A long story. " * 8).strip())
        assert (await talk.ask("after", timeout=60)).text == "Yes."
        assert talk.conn == 1
        setups = [frame["setup"] for frame in sent(talk) if "setup" in frame]
        assert [len(setup["tools"][0]["functionDeclarations"]) for setup in setups] == [1, 2]


@pytest.mark.filterwarnings("ignore:session_resumption=False")
async def test_where_it_cannot_be_resumed_it_is_said():
    async with conversation(Knows(), NATIVE, config=LiveConfig(session_resumption=False)) as (talk, _):
        assert "cannot be resumed" in await talk.use_tools([one])
        assert talk.conn == 0


async def test_before_connecting_they_go_into_the_setup():
    talk = LiveSession(api_key=KEY, tools=[one])
    assert "when the session connects" in await talk.add_tool("google_search")
    assert talk.config.tools == (one, "google_search")
    with pytest.raises(SessionClosed):
        await talk.send_context_update(tools=[two])


async def test_what_cannot_be_a_tool_changes_nothing():
    async with conversation(Knows(), LIVE38, tools=[one]) as (talk, _):
        for wrong in ([3], [one, one], ["google_serch"]):
            with pytest.raises(ConfigError):
                await talk.use_tools(wrong)
        assert (await ask(talk, "one")).text == "It says {'result': 1}."
        assert not updates(talk)


async def test_a_model_not_known_to_heed_it_is_told_of():
    async with conversation(Knows(), NATIVE) as (talk, _):
        with pytest.warns(UserWarning, match=re.escape("not known to heed contextUpdate")):
            await talk.send_context_update(system_instruction="Be brief.")


async def test_scheduling_is_left_out_where_the_model_refuses_it(recwarn):
    @tool(behavior="NON_BLOCKING", scheduling="INTERRUPT")
    def late() -> int:
        return 4

    config = LiveConfig(thinking_level="LOW")
    model = "gemini-3.8-live-extended-thinking"
    async with conversation(Knows(), model, tools=[late], config=config) as (talk, _):
        assert (await ask(talk, "late")).text == "It says {'result': 4}."
        assert "scheduling" not in answers(talk)[0][0]
    assert "INTERRUPT of late is left out" in str(recwarn.pop(UserWarning).message)
