"""`SpeechBrain(llm=…)` with a server that speaks the OpenAI chat protocol, and without one that answers."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from random import Random

import pytest
from aiohttp import web

pytest.importorskip("openai", reason='needs the extra: pip install "gemini-live-nb[local-llm]"')

from gemini_live_nb.clock import RealClock
from gemini_live_nb.emulator.brain import Ask, Result, Say, Talk
from gemini_live_nb.emulator.profiles import PROFILES
from gemini_live_nb.emulator.speech import SpeechBrain
from gemini_live_nb.protocol.client import GenerationConfig, Setup
from gemini_live_nb.protocol.content import Content, FunctionDeclaration, Part

SCHEMA = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}


@contextlib.asynccontextmanager
async def model_server(*answers):
    """An OpenAI-compatible server that streams these answers in turn; yields its URL and the requests it got."""
    asked, left = [], list(answers)

    async def chat(request):
        asked.append(await request.json())
        answer = left.pop(0)
        if isinstance(answer, int):
            return web.json_response({"error": {"message": "model not loaded"}}, status=answer)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta in answer:
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": None}]
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()


def talk():
    setup = Setup(
        system_instruction=Content(parts=[Part(text="Be a pirate.")]),
        generation_config=GenerationConfig(response_modalities=["TEXT"]),
    )
    functions = {
        "get_weather": FunctionDeclaration(name="get_weather", description="Weather.", parameters=SCHEMA)
    }
    return Talk(setup, [], functions, {}, Random(0), PROFILES["3.8-live"], RealClock())


def spelled(text):
    return [{"content": letter} for letter in text]


def call(name, arguments):
    """A tool call as it is streamed: name first, then the arguments in bits."""
    yield {
        "tool_calls": [
            {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": ""}}
        ]
    }
    for letter in json.dumps(arguments):
        yield {"tool_calls": [{"index": 0, "function": {"arguments": letter}}]}


@contextlib.asynccontextmanager
async def brain(url):
    made = SpeechBrain(llm=url, model="tiny")
    await made.load()
    yield made
    await made.close()
    # openai leaves the generators of its streams to the collector, which, run later, has no loop to end them in.
    before = asyncio.all_tasks()
    gc.collect()
    await asyncio.sleep(0)
    await asyncio.gather(*(asyncio.all_tasks() - before))


async def test_words_come_sentence_by_sentence_with_the_instruction_and_the_history():
    async with (
        model_server(spelled("Ahoy! I am fine, matey."), spelled("Arr.")) as (url, asked),
        brain(url) as one,
    ):
        conversation = talk()
        pieces = [piece async for piece in one.reply(Ask("text", "How are you?"), conversation)]
        assert pieces == [Say("Ahoy!"), Say(" I am fine, matey.")]
        assert [piece.text async for piece in one.reply(Ask("text", "And now?"), conversation)] == ["Arr."]
        assert "not Gemini" in one.label
        system, *history = asked[1]["messages"]
        assert system["content"].endswith("Be a pirate.")
        assert [(message["role"], message["content"]) for message in history] == [
            ("user", "How are you?"),
            ("assistant", "Ahoy! I am fine, matey."),
            ("user", "And now?"),
        ]


async def test_a_call_and_its_result():
    answers = (call("get_weather", {"city": "Rome"}), spelled("It is sunny."))
    async with model_server(*answers) as (url, asked), brain(url) as one:
        conversation = talk()
        ((made,),) = [piece async for piece in one.reply(Ask("text", "Weather in Rome?"), conversation)]
        assert (made.name, made.args) == ("get_weather", {"city": "Rome"})
        result = Result("other-id", "get_weather", {"result": "sunny"}, made.args)
        said = [piece.text async for piece in one.reply(Ask("tool_result", results=(result,)), conversation)]
        assert said == ["It is sunny."]
        (tool,) = asked[0]["tools"]
        assert tool["function"]["parameters"]["properties"] == {"city": {"type": "string"}}
        *_, called, answered = asked[1]["messages"]
        assert called["tool_calls"][0]["id"] == answered["tool_call_id"] == "c1"
        assert json.loads(answered["content"]) == {"result": "sunny"}


async def test_a_call_of_a_function_nobody_declared_is_not_made():
    async with model_server(call("delete_everything", {})) as (url, _), brain(url) as one:
        (said,) = [piece async for piece in one.reply(Ask("text", "Hm?"), talk())]
        assert said.text == "I wanted to call delete_everything, but there is no such function."


@pytest.mark.parametrize("answer", [500, 404])
async def test_where_the_server_refuses_the_rules_answer_and_it_is_said_once(answer):
    async with model_server(answer, answer) as (url, _), brain(url) as one:
        conversation = talk()
        first = "".join(
            [piece.text async for piece in one.reply(Ask("text", "What is 2 plus 2?"), conversation)]
        )
        assert f"tiny at {url} does not answer" in first
        assert first.endswith("I answer by my own rules. 2 plus 2 is 4.")
        again = [piece.text async for piece in one.reply(Ask("text", "What is 2 plus 3?"), conversation)]
        assert again == ["2 plus 3 is 5."]


async def test_where_no_server_listens_the_rules_answer():
    async with brain("http://127.0.0.1:9/v1") as one:
        said = "".join([piece.text async for piece in one.reply(Ask("text", "What is 2 plus 2?"), talk())])
        assert said.endswith("2 plus 2 is 4.")


async def test_cutting_an_answer_closes_the_request():
    async with model_server(spelled("One. " * 200)) as (url, _), brain(url) as one:
        conversation = talk()
        reply = one.reply(Ask("text", "Count."), conversation)
        assert (await anext(reply)).text == "One."
        await reply.aclose()
        assert conversation.memory["llm"][-1]["content"].strip().startswith("One.")
        assert len(conversation.memory["llm"][-1]["content"]) < 50


def test_a_server_without_a_model_is_no_choice():
    with pytest.raises(ValueError, match="Which model"):
        SpeechBrain(llm="http://127.0.0.1:11434/v1")
