"""The life of a session, over a real socket: how it begins, is refused, is recorded, and ends."""

from __future__ import annotations

import asyncio

import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Call, EchoBrain, Fault, ScriptBrain, Step
from gemini_live_nb.errors import (
    AuthError,
    ConnectError,
    LiveError,
    ModelNotFound,
    ServerFault,
    SessionClosed,
    SetupRejected,
)
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import FunctionResponse
from gemini_live_nb.session.events import Message
from gemini_live_nb.session.session import LiveSession

from .conversations import KEY, LIVE38, conversation, frames, served, session, until


async def test_a_session_connects_once_and_says_so():
    async with served() as server:
        talk = session(server)
        with pytest.raises(SessionClosed, match="not connected"):
            await talk.send_text("hi")
        assert (talk.log, talk.turns, talk.status) == (None, [], "not connected")
        await talk.connect()
        with pytest.raises(SessionClosed, match="connects once"):
            await talk.connect()
        await talk.close()
        await talk.close()
        with pytest.raises(SessionClosed, match="is closed"):
            await talk.send_text("hi")
        with pytest.raises(SessionClosed, match="is closed"):
            await talk.send_audio(b"ab")
        assert talk.status == "closed"


async def test_open_and_close_are_rows_of_the_log():
    async with conversation() as (talk, _):
        pass
    opened, closed = (
        [frame for frame in frames(talk, "local") if frame.kind == kind] for kind in ("open", "close")
    )
    assert opened[0].fields["url"].startswith("ws://127.0.0.1")
    assert closed[0].fields == {"code": 1000, "reason": "", "by": "us"}


REFUSALS = [
    ("invalid_key", AuthError, 1007),
    ("expired_key", AuthError, 1007),
    ("no_credential", AuthError, 1008),
    ("unknown_model", ModelNotFound, 1008),
    ("unknown_field", SetupRejected, 1007),
    ("invalid_argument", SetupRejected, 1007),
]


@pytest.mark.parametrize(("fault", "error", "code"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_a_refused_setup_is_one_error_with_code_reason_and_hint(fault, error, code):
    async with served(faults=[Fault(fault, at="setup")]) as server:
        talk = session(server)
        events = talk.subscribe()
        with pytest.raises(error) as caught:
            await talk.connect()
        assert caught.value.code == code
        assert caught.value.reason
        assert caught.value.hint
        with pytest.raises(error):
            await until(events, lambda event: False)
        assert talk.status.startswith("ended: ")


async def test_a_setup_that_is_never_taken_is_given_up():
    async with served(faults=[Fault("slow_setup", seconds=500)]) as server:
        with pytest.raises(ConnectError, match="setupComplete did not come within 20 s"):
            await session(server, connect_timeout=20).connect()


async def test_a_handshake_refused_by_http():
    async with served(faults=[Fault("http_error", status=503)]) as server:
        with pytest.raises(ServerFault, match="503"):
            await session(server).connect()


def _task(loop, work, **options):
    return asyncio.tasks._PyTask(work, loop=loop, **options)


@pytest.mark.parametrize("kind", [None, _task], ids=["C tasks", "nest_asyncio's tasks"])
async def test_nobody_listens(kind):
    asyncio.get_running_loop().set_task_factory(kind)
    await asyncio.create_task(_nobody_listens())


async def _nobody_listens():
    with pytest.raises(ConnectError, match="no connection") as caught:
        await LiveSession(url="ws://127.0.0.1:9", api_key=KEY, log=False).connect()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_an_end_that_cannot_be_mended_reaches_everybody():
    async with served() as server:
        talk = await session(server).connect()
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("hello", timeout=100))
        await asyncio.sleep(0)
        await server.inject(Fault("quota", at="now"))
        with pytest.raises(LiveError) as caught:
            await asked
        assert (type(caught.value).__name__, caught.value.code) == ("QuotaExceeded", 1011)
        with pytest.raises(type(caught.value)):
            await until(events, lambda event: False)
        with pytest.raises(type(caught.value)):
            await talk.send_text("still there?")


async def test_what_the_server_is_known_to_refuse_is_warned_of_before():
    async with served() as server:
        with pytest.warns(UserWarning, match="proactiveAudio"):
            session(server, LIVE38, config=LiveConfig(proactive_audio=False), version="v1alpha")


async def test_extra_fields_reach_the_server_and_its_refusal_names_them():
    async with served() as server:
        with pytest.raises(SetupRejected, match="brandNew"):
            await session(server, config=LiveConfig(extra={"brandNew": 1})).connect()


async def test_the_guides_own_form_is_refused_as_the_service_refuses_it():
    config = LiveConfig(setup_form="config")
    async with served() as server:
        with (
            pytest.raises(SetupRejected, match='Unknown name "config"'),
            pytest.warns(UserWarning, match="setup_form"),
        ):
            await session(server, config=config).connect()
    with pytest.warns(UserWarning, match="setup_form"):
        async with conversation(ScriptBrain([["Hi."]]), config=config, accept_config=True) as (talk, _):
            assert (await talk.ask("hello")).text == "Hi."


async def test_the_log_folder_holds_everything_when_the_session_is_over(tmp_path):
    from gemini_live_nb.log.run import SessionLog

    async with conversation(ScriptBrain([["Kept."]]), log=tmp_path / "run") as (talk, _):
        await talk.ask("keep it")
        talk.mark("the dog barked")
        live = [frame.raw for frame in talk.log]
    kept = SessionLog.open(tmp_path / "run")
    assert [frame.raw for frame in kept][: len(live)] == live
    assert [frame.fields["label"] for frame in kept if frame.kind == "mark"] == ["the dog barked"]
    assert kept.conversation[0].text == "Kept."


async def test_functions_declared_without_one_are_the_users_to_answer():
    declared = {
        "name": "weather",
        "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}},
    }
    brain = ScriptBrain([[Call("weather", {"city": "Rome"})], Step(["Sunny."], expect="tool_result")])
    async with conversation(brain, config=LiveConfig(tools=[declared])) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Message))
        asked = asyncio.create_task(talk.ask("weather?", timeout=60))
        call = (await until(events, lambda event: event.tool_calls))[-1].tool_calls[0]
        await talk.send_tool_response(FunctionResponse(id=call.id, name=call.name, response={"sky": "clear"}))
        assert (await asked).text == "Sunny."


async def test_sessions_of_one_loop_do_not_know_each_other():
    clock = SimulatedClock()
    async with served(EchoBrain(), clock=clock) as server:
        talks = [await session(server).connect() for _ in range(5)]
        turns = await asyncio.gather(*(talk.ask(f"number {i}", timeout=60) for i, talk in enumerate(talks)))
        assert [turn.text[-1] for turn in turns] == list("01234")
        await asyncio.gather(*(talk.close() for talk in talks))
