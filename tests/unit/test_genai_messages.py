"""What we say in a session is what Google's own client says: input, content, tool responses, context updates."""

from __future__ import annotations

import json

import pytest
from google.genai import types

from gemini_live_nb.protocol.client import (
    ActivityEnd,
    ActivityStart,
    ClientContent,
    ClientMessage,
    ContextUpdate,
    ContextUpdateTools,
    RealtimeInput,
    Tool,
    ToolResponse,
)
from gemini_live_nb.protocol.codec import encode, encode_audio
from gemini_live_nb.protocol.content import (
    Blob,
    Content,
    ExecutableCode,
    FileData,
    FunctionCall,
    FunctionDeclaration,
    FunctionResponse,
    FunctionResponsePart,
    Part,
)

from .genai_wire import MODEL, PCM, developer, normalised, replaced

# Google's client warns of its own experiments and deprecations.
pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def wire(monkeypatch):
    return replaced(monkeypatch)


REALTIME = [
    (RealtimeInput(audio=Blob(data=PCM, mime_type="audio/pcm;rate=16000")), {"audio": types.Blob(data=PCM, mime_type="audio/pcm;rate=16000")}),
    (RealtimeInput(video=Blob(data=PCM, mime_type="image/jpeg")), {"video": types.Blob(data=PCM, mime_type="image/jpeg")}),
    (RealtimeInput(media_chunks=[Blob(data=PCM, mime_type="image/png")]), {"media": types.Blob(data=PCM, mime_type="image/png")}),
    (RealtimeInput(text="hi"), {"text": "hi"}),
    (RealtimeInput(text=""), {"text": ""}),
    (RealtimeInput(audio_stream_end=True), {"audio_stream_end": True}),
    (RealtimeInput(activity_start=ActivityStart()), {"activity_start": types.ActivityStart()}),
    (RealtimeInput(activity_end=ActivityEnd()), {"activity_end": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), REALTIME, ids=[str(theirs)[:40] for _, theirs in REALTIME])
async def test_live_input_is_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_realtime_input(**theirs)
    sent = normalised(json.loads(wire.sent[1]))
    assert normalised(json.loads(encode(ClientMessage(realtime_input=ours)))) == sent
    if ours.audio is not None:
        assert normalised(json.loads(encode_audio(PCM, 16000))) == sent


CONTENTS = [
    (ClientContent(turns=[Content(role="user", parts=[Part(text="hi")])], turn_complete=True), {"turns": {"role": "user", "parts": [{"text": "hi"}]}}),
    (ClientContent(turns=[Content(role="user", parts=[Part(text="hi")])], turn_complete=False), {"turns": [types.Content(role="user", parts=[types.Part(text="hi")])], "turn_complete": False}),
    (
        ClientContent(turns=[Content(role="user", parts=[Part(text="a")]), Content(role="model", parts=[Part(text="b")])], turn_complete=True),
        {"turns": [{"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"text": "b"}]}]},
    ),
    (ClientContent(turn_complete=True), {}),
    (ClientContent(turn_complete=False), {"turn_complete": False}),
    (
        ClientContent(turns=[Content(role="user", parts=[Part(inline_data=Blob(data=PCM, mime_type="image/png")), Part(text="what?")])], turn_complete=True),
        {"turns": {"role": "user", "parts": [{"inline_data": {"data": PCM, "mime_type": "image/png"}}, {"text": "what?"}]}},
    ),
    (
        ClientContent(turns=[Content(role="user", parts=[Part(file_data=FileData(file_uri="gs://x", mime_type="image/png"))])], turn_complete=True),
        {"turns": {"role": "user", "parts": [{"file_data": {"file_uri": "gs://x", "mime_type": "image/png"}}]}},
    ),
    (
        ClientContent(
            turns=[
                Content(role="model", parts=[Part(function_call=FunctionCall(id="1", name="f", args={"a_b": {"c_d": [1, None]}}))]),
                Content(role="user", parts=[Part(function_response=FunctionResponse(id="1", name="f", response={"out_put": 1}))]),
            ],
            turn_complete=True,
        ),
        {
            "turns": [
                {"role": "model", "parts": [{"function_call": {"id": "1", "name": "f", "args": {"a_b": {"c_d": [1, None]}}}}]},
                {"role": "user", "parts": [{"function_response": {"id": "1", "name": "f", "response": {"out_put": 1}}}]},
            ]
        },
    ),
    (
        ClientContent(turns=[Content(role="model", parts=[Part(text="hm", thought=True), Part(executable_code=ExecutableCode(code="1", language="PYTHON"))])], turn_complete=True),
        {"turns": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"executable_code": {"code": "1", "language": "PYTHON"}}]}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), CONTENTS, ids=[str(theirs)[:60] for _, theirs in CONTENTS])
async def test_content_is_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_client_content(**theirs)
    assert normalised(json.loads(encode(ClientMessage(client_content=ours)))) == normalised(
        json.loads(wire.sent[1])
    )


RESPONSES = [
    ([FunctionResponse(id="1", name="f", response={"output": "x"})], {"id": "1", "name": "f", "response": {"output": "x"}}),
    (
        [FunctionResponse(id="1", name="f", response={"a_b": 1}), FunctionResponse(id="2", name="g", response={})],
        [types.FunctionResponse(id="1", name="f", response={"a_b": 1}), types.FunctionResponse(id="2", name="g", response={})],
    ),
    *(
        ([FunctionResponse(id="1", name="f", response={}, scheduling=when)], {"id": "1", "name": "f", "response": {}, "scheduling": when})
        for when in ("INTERRUPT", "WHEN_IDLE", "SILENT")
    ),
    ([FunctionResponse(id="1", name="f", response={"n": 1}, will_continue=True)], {"id": "1", "name": "f", "response": {"n": 1}, "will_continue": True}),
    (
        [FunctionResponse(id="1", name="f", response={}, will_continue=False, scheduling="WHEN_IDLE")],
        types.FunctionResponse(id="1", name="f", response={}, will_continue=False, scheduling="WHEN_IDLE"),
    ),
    (
        [FunctionResponse(id="1", name="f", response={}, parts=[FunctionResponsePart(inline_data=Blob(data=PCM, mime_type="image/png"))])],
        {"id": "1", "name": "f", "response": {}, "parts": [{"inline_data": {"data": PCM, "mime_type": "image/png"}}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), RESPONSES, ids=[str(theirs)[:70] for _, theirs in RESPONSES])
async def test_tool_responses_are_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_tool_response(function_responses=theirs)
    message = ClientMessage(tool_response=ToolResponse(function_responses=ours))
    assert normalised(json.loads(encode(message))) == normalised(json.loads(wire.sent[1]))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ContextUpdate(system_instruction=Content(role="user", parts=[Part(text="Be brief.")])), {"system_instruction": "Be brief."}),
        (ContextUpdate(tools=ContextUpdateTools(tools=[])), {"tools": []}),
        (ContextUpdate(tools=ContextUpdateTools(tools=[Tool(google_search={})])), {"tools": [{"google_search": {}}]}),
        (
            ContextUpdate(tools=ContextUpdateTools(tools=[Tool(function_declarations=[FunctionDeclaration(name="f")])])),
            {"tools": [{"function_declarations": [{"name": "f"}]}]},
        ),
    ],
    ids=str,
)  # fmt: skip
async def test_context_updates_are_the_same(wire, ours, theirs):
    async with developer().aio.live.connect(model=MODEL) as session:
        await session.send_context_update(**theirs)
    assert normalised(json.loads(encode(ClientMessage(context_update=ours)))) == normalised(
        json.loads(wire.sent[1])
    )
