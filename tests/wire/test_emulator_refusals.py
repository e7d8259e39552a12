"""Every refusal on record, provoked by a client: the upgrade succeeds, then a close frame with exact code and words."""

from __future__ import annotations

import base64

import pytest
import websockets

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Call, Emulator, Fault, Say, ScriptBrain
from gemini_live_nb.emulator.refusals import REFUSALS, cut

from .raw import (
    DEVELOPER,
    EXTENDED,
    LIVE_3_1,
    LIVE_3_8,
    NATIVE,
    VERTEX,
    answer,
    audio,
    connect,
    declare,
    open_session,
    silence,
    typed,
)

pytestmark = pytest.mark.anyio

ALPHA = DEVELOPER.replace("v1beta", "v1alpha")
CONSTRAINED = DEVELOPER.replace("v1beta", "v1alpha") + "Constrained"
UNREGISTERED = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API c"
QUOTA = "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: h"
MODALITIES = "The requested combination of response modalities ({}) is not supported by the model"
HALF_CASCADE = "projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash"
ROBOT = "models/gemini-robotics-er-2-streaming-preview"
UNKNOWN = "Invalid JSON payload received. Unknown name "


def setup(model=NATIVE, **fields):
    return {"setup": {"model": model, **fields}}


def modality(name):
    return {"generationConfig": {"responseModalities": [name]}}


def thinking(**config):
    return {"generationConfig": {"thinkingConfig": config}}


@pytest.fixture
async def emulator():
    clock = SimulatedClock()
    brain = ScriptBrain([[Call("look")]], repeat=True)
    async with clock.running(), Emulator(brain, clock=clock, keys={"good"}, expired_keys={"old"}) as emulator:
        yield emulator


CREDENTIALS = {
    "wrong key in the URL": (
        DEVELOPER,
        "?key=bad",
        None,
        1007,
        "API key not valid. Please pass a valid API key.",
    ),
    "wrong key in the header": (
        DEVELOPER,
        "",
        {"x-goog-api-key": "bad"},
        1007,
        "API key not valid. Please pass a valid API key.",
    ),
    "empty key": (DEVELOPER, "?key=", None, 1007, "API Key not found. Please pass a valid API key."),
    "expired key": (DEVELOPER, "?key=old", None, 1007, "API key expired. Please renew the API key."),
    "no credential": (DEVELOPER, "", None, 1008, UNREGISTERED),
    "a token on the wrong method": (DEVELOPER, "?access_token=auth_tokens/0a", None, 1008, UNREGISTERED),
    "a token as a key": (
        DEVELOPER,
        "?key=auth_tokens/0a",
        None,
        1007,
        "API key not valid. Please pass a valid API key.",
    ),
    "no token where one is needed": (CONSTRAINED, "?key=good", None, 1008, UNREGISTERED),
    "an unknown token": (
        CONSTRAINED,
        "?access_token=auth_tokens/0a",
        None,
        1007,
        "API key not valid. Please pass a valid API key.",
    ),
    "no credential on Vertex": (VERTEX, "", {"X-None": "1"}, 1008, UNREGISTERED),
}


@pytest.mark.parametrize("case", CREDENTIALS)
async def test_credentials(emulator, case):
    path, query, headers, code, reason = CREDENTIALS[case]
    async with connect(emulator, path, key=None, query=query, headers=headers) as client:
        await client.send(setup())
        assert await client.closed() == (code, reason)
        assert client.frames == []


FIRST_FRAMES = {
    "the guide's config": ({"config": {"model": NATIVE}}, 1007, UNKNOWN + '"config": Cannot find field.'),
    "not JSON": ("hello", 1007, "Invalid JSON payload received. Unexpected token.\nhello\n^"),
    "not the setup": (typed("hi"), 1007, "setup must be the first message and only the first"),
    "an empty message": ({}, 1007, "setup must be the first message and only the first"),
    "unknown field": (setup(novelty=1), 1007, UNKNOWN + "\"novelty\" at 'setup': Cannot find field."),
    "modalities outside generationConfig": (
        setup(responseModalities=["AUDIO"]), 1007, UNKNOWN + "\"responseModalities\" at 'setup': Cannot find field.",
    ),
    "unknown schema keyword": (
        setup(tools=[{"functionDeclarations": [{"name": "f", "parameters": {"additionalProperties": False}}]}]),
        1007, UNKNOWN + "\"additionalProperties\" at 'setup.tools[0].function_declarations[0].parameters':",
    ),
    "wrong type": (
        setup(generationConfig={"temperature": "hot"}), 1007, "Invalid value at 'setup.generation_config.temperature' (TYPE_FLOAT), \"hot\"",
    ),
    "wrong enum": (
        setup(realtimeInputConfig={"turnCoverage": "ALL"}), 1007,
        "Invalid value at 'setup.realtime_input_config.turn_coverage' (type.googleapis.com/google.ai.generativelanguage.v1beta.Realt",
    ),
    "unknown model": (
        setup("models/gemini-9"), 1008,
        "models/gemini-9 is not found for API version v1beta, or is not supported for bidiGenerateContent. Call ListModels to see the"[:123],
    ),
    "retired model": (setup("models/gemini-2.0-flash-exp"), 1007, "gemini-2.0-flash-exp is not supported in the live api."),
    "no model": ({"setup": {}}, 1007, "Request contains an invalid argument."),
    "TEXT on native audio": (setup(**modality("TEXT")), 1007, MODALITIES.format("TEXT")),
    "TEXT on 3.8": (setup(LIVE_3_8, **modality("TEXT")), 1007, MODALITIES.format("TEXT")),
    "AUDIO of a robot": (setup(ROBOT, **modality("AUDIO")), 1007, MODALITIES.format("AUDIO")),
    "two modalities": (
        setup(generationConfig={"responseModalities": ["AUDIO", "TEXT"]}), 1007, "Request contains an invalid argument.",
    ),
    "no thinking level on extended": (setup(EXTENDED), 1007, "Thinking level must be specified for this model"),
    "thinking on 3.8": (
        setup(LIVE_3_8, **thinking(thinkingLevel="LOW")), 1007, "Thinking level is not supported for this model",
    ),
    "a thinking budget on 3.8": (
        setup(LIVE_3_8, **thinking(thinkingBudget=0)), 1007, "Request contains an invalid argument.",
    ),
    "a budget for a level on extended": (
        setup(EXTENDED, **thinking(thinkingBudget=0)), 1007, "Thinking level must be specified for this model",
    ),
    "MINIMAL on extended": (
        setup(EXTENDED, **thinking(thinkingLevel="MINIMAL")), 1007, "Thinking level MINIMAL is not supported for this model",
    ),
    "code execution on 2.5": (
        setup(tools=[{"codeExecution": {}}]), 1007, "Code Execution tool is not supported for this model",
    ),
    "BLOCKING on extended": (
        setup(EXTENDED, **thinking(thinkingLevel="LOW"), tools=declare("f", behavior="BLOCKING")),
        1007, "BLOCKING function calls are not supported for this model",
    ),
    "language": (
        setup(generationConfig={"speechConfig": {"languageCode": "cs-CZ"}}), 1007,
        "Unsupported language code 'cs-CZ' for model models/gemini-2.5-flash-native-audio-latest",
    ),
    "transparent resumption": (
        setup(sessionResumption={"transparent": True}), 1007,
        UNKNOWN + "\"transparent\" at 'setup.session_resumption': Cannot find field.",
    ),
    "responseSchema": (
        setup(generationConfig={"responseSchema": {"type": "OBJECT"}}), 1007, "Request contains an invalid argument.",
    ),
    "a function's name with a space": (
        setup(tools=declare("look up")), 1007, "Request contains an invalid argument.",
    ),
    "unknown voice": (
        setup(generationConfig={"speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Nobody"}}}}),
        1007, "Request contains an invalid argument.",
    ),
    "proactivity before v1alpha": (setup(proactivity={}), 1007, UNKNOWN + "\"proactivity\" at 'setup': Cannot find field."),
    "affective dialog on 3.1": (
        setup(LIVE_3_1, generationConfig={"enableAffectiveDialog": True}), 1007,
        UNKNOWN + "\"enableAffectiveDialog\" at 'setup.generation_config': Cannot find field.",
    ),
    "compression trigger out of range": (
        setup(contextWindowCompression={"triggerTokens": 10}), 1007, "Request contains an invalid argument.",
    ),
    "an unknown handle": (setup(sessionResumption={"handle": "nope"}), 1008, "Requested entity was not found."),
}  # fmt: skip


@pytest.mark.parametrize("case", FIRST_FRAMES)
async def test_first_frames(emulator, case):
    message, code, reason = FIRST_FRAMES[case]
    async with connect(emulator, key="good") as client:
        await client.send(message)
        assert await client.closed() == (code, reason)
        assert client.frames == []


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (LIVE_3_8, {"proactivity": {"proactiveAudio": False}}),
        (LIVE_3_1, {"generationConfig": {"enableAffectiveDialog": True}}),
    ],
)
async def test_what_v1alpha_reads_and_a_model_refuses(emulator, model, fields):
    async with connect(emulator, ALPHA, key="good") as client:
        await client.send(setup(model, **fields))
        assert await client.closed() == (1007, "Request contains an invalid argument.")


async def test_affective_dialog_on_3_8_opens_and_closes_at_the_first_message(emulator):
    async with connect(emulator, ALPHA, key="good") as client:
        await client.setup(LIVE_3_8, generationConfig={"enableAffectiveDialog": True})
        await client.say("hello")
        assert await client.closed() == (1007, "Request contains an invalid argument.")


async def test_an_unknown_model_on_vertex(emulator):
    async with connect(emulator, VERTEX) as client:
        await client.send(setup("projects/p/locations/l/publishers/google/models/gemini-9"))
        code, reason = await client.closed()
        assert code == 1008
        assert reason.startswith(
            "Publisher model `projects/p/locations/l/publishers/google/models/gemini-9` was not found"
        )


async def test_a_thinking_level_on_vertex(emulator):
    async with connect(emulator, VERTEX) as client:
        await client.send(setup(HALF_CASCADE, **thinking(thinkingLevel="LOW")))
        assert await client.closed() == (1007, "thinking_level is not supported by this model")


async def test_code_execution_is_taken_by_3_1(emulator):
    async with connect(emulator, key="good") as client:
        await client.setup(LIVE_3_1, tools=[{"codeExecution": {}}])
        await client.say("go")
        assert "toolCall" in await client.until("toolCall")


def pdf():
    part = {"inlineData": {"mimeType": "application/pdf", "data": base64.b64encode(b"%PDF").decode()}}
    return {"clientContent": {"turns": [{"role": "user", "parts": [part]}], "turnComplete": True}}


def chunks():
    return {"realtimeInput": {"mediaChunks": [{"mimeType": "audio/pcm;rate=16000", "data": "AAAA"}]}}


def call_in_history():
    part = {"functionCall": {"name": "f", "args": {}}}
    return {"clientContent": {"turns": [{"role": "model", "parts": [part]}], "turnComplete": False}}


def seeded_at_24k():
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "AAAA"}}
    return {"clientContent": {"turns": [{"role": "user", "parts": [part]}], "turnComplete": True}}


def sound_in_history(*, complete=False):
    part = {"inlineData": {"mimeType": "audio/pcm;rate=16000", "data": "AAAA"}}
    turns = [{"role": "user", "parts": [part]}, {"role": "user", "parts": [{"text": "What did I say?"}]}]
    return {"clientContent": {"turns": turns if complete else turns[:1], "turnComplete": complete}}


LATER = {
    "a second setup": (NATIVE, [setup()], 1007, "setup must be the first message and only the first"),
    "an empty message": (NATIVE, [{}], 1007, "Request contains an invalid argument."),
    "mediaChunks on 3.1": (LIVE_3_1, [chunks()], 1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."),
    "mediaChunks on 3.8": (LIVE_3_8, [chunks()], 1007, "realtime_input.media_chunks is deprecated. Use audio, video, or text instead."),
    "another sample rate": (
        NATIVE, [audio(silence(0.1, 24000), 24000), audio(silence(0.1))], 1007,
        "Sample rate changed from previously 24000 to 16000, which is not supported.",
    ),
    "not PCM": (
        NATIVE, [{"realtimeInput": {"audio": {"mimeType": "audio/webm", "data": "AAAA"}}}], 1007, "Request contains an invalid argument.",
    ),
    "activityStart with automatic detection": (
        NATIVE, [{"realtimeInput": {"activityStart": {}}}], 1007, "Request contains an invalid argument.",
    ),
    "a PDF": (LIVE_3_1, [pdf()], 1008, "Operation not supported"),
    "sound seeded at 24 kHz": (NATIVE, [seeded_at_24k()], 1008, "Operation is not implemented, or supported, or enabled."),
    "sound in the history of 2.5": (NATIVE, [sound_in_history()], 1007, "Precondition check failed."),
    "sound before a question to 2.5": (NATIVE, [sound_in_history(complete=True)], 1007, "Precondition check failed."),
    "a call in history on 2.5": (NATIVE, [call_in_history()], 1007, "Request contains an invalid argument."),
    "a role nobody knows": (
        NATIVE, [{"clientContent": {"turns": [{"role": "assistant", "parts": [{"text": "Hello"}]}]}}], 1007,
        "Request contains an invalid argument.",
    ),
    "an unknown call id": (
        NATIVE, [answer({"id": "function-call-1", "name": "f"}, {})], 1008, "Requested entity was not found.",
    ),
    "an answer without id": (
        NATIVE, [{"toolResponse": {"functionResponses": [{"name": "f", "response": {}}]}}], 1007, "Request contains an invalid argument.",
    ),
    "an unknown name": (NATIVE, [{"realtimeInput": {"loud": 1}}], 1007, UNKNOWN + "\"loud\" at 'realtime_input': Cannot find field."),
}  # fmt: skip


@pytest.mark.parametrize("case", LATER)
async def test_later_messages(emulator, case):
    model, messages, code, reason = LATER[case]
    async with connect(emulator, key="good") as client:
        await client.setup(model)
        for message in messages:
            await client.send(message)
        assert await client.closed() == (code, reason)


@pytest.mark.parametrize("inside", [True, False])
async def test_scheduling_on_extended(emulator, inside):
    async with connect(emulator, key="good") as client:
        await client.setup(EXTENDED, tools=declare("look"))
        await client.say("go")
        call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
        response = {"scheduling": "WHEN_IDLE"} if inside else {}
        fields = {} if inside else {"scheduling": "WHEN_IDLE"}
        await client.send(answer(call, response, **fields))
        assert await client.closed() == (1007, "Function response scheduling is not supported for this model")


@pytest.mark.parametrize("model", [LIVE_3_1, LIVE_3_8])
async def test_sound_in_the_history_of_3_x(emulator, model):
    async with connect(emulator, key="good") as client:
        await client.setup(model)
        await client.send(sound_in_history(complete=True))
        assert "toolCall" in await client.until("toolCall")


@pytest.mark.parametrize(
    ("model", "mime", "closes"),
    [
        (NATIVE, "application/pdf", False),
        (LIVE_3_1, "application/pdf", True),
        (LIVE_3_8, "application/pdf", True),
        (LIVE_3_1, "image/png", False),
        (LIVE_3_8, "text/plain", False),
    ],
)
async def test_a_file_in_a_functions_result(emulator, model, mime, closes):
    async with connect(emulator, key="good") as client:
        await client.setup(model, tools=declare("look"))
        await client.say("go")
        call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
        await client.send(
            answer(call, {"output": 1}, parts=[{"inlineData": {"mimeType": mime, "data": "JVBERg=="}}])
        )
        if closes:
            assert await client.closed() == (1007, "Request contains an invalid argument.")
        else:  # the brain calls again
            assert "toolCall" in await client.until("toolCall")


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("at", ["setup", "open", "speaking", "tool"])
async def test_every_row_as_a_fault(name, at):
    clock = SimulatedClock()
    brain = ScriptBrain([[Say("One two three."), Call("look")]])
    faults = [Fault(name, at=at)]
    async with (
        clock.running(),
        Emulator(brain, clock=clock, faults=faults) as emulator,
        connect(emulator) as client,
    ):
        await client.send(setup(tools=declare("look")))
        await client.send(typed("go"))
        code, reason = await client.closed()
        refusal = Fault(name).refusal
        assert (code, reason) == (refusal.code, cut(refusal.reason))
        assert len(reason.encode()) <= 123
        assert bool(client.frames) == (at != "setup")


async def test_quota_as_it_reaches_a_client():
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(clock=clock, faults=["quota@open"]) as emulator,
        connect(emulator) as client,
    ):
        await client.send(setup())
        assert await client.closed() == (1011, QUOTA)


async def test_a_brain_that_dies_is_an_internal_error():
    class Broken(Brain):
        async def reply(self, ask, talk):
            yield Say("Well")
            raise ValueError("a bug")

    clock = SimulatedClock()
    async with clock.running(), Emulator(Broken(), clock=clock) as emulator, open_session(emulator) as client:
        await client.say("hello")
        assert await client.closed() == (1011, "Internal error encountered.")


@pytest.mark.parametrize("path", ["/", "/ws/nothing", DEVELOPER + "Else", DEVELOPER.replace("v1beta", "v9")])
async def test_wrong_paths_are_404(path):
    async with Emulator() as emulator:
        with pytest.raises(websockets.InvalidStatus) as caught:
            await websockets.connect(emulator.url + path + "?key=k")
        assert caught.value.response.status_code == 404


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_version_and_a_doubled_slash(version, slash):
    async with (
        Emulator(latency=0) as emulator,
        connect(emulator, slash + DEVELOPER.replace("v1beta", version)) as client,
    ):
        await client.setup()
