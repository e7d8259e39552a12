"""For the same client input, each family's frames come in the order that was recorded of it."""

from __future__ import annotations

import asyncio
import json
import re

import numpy as np
import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Call, Emulator, Heard, Say, ScriptBrain, Thought

from .raw import (
    EXTENDED,
    LIVE_3_1,
    LIVE_3_8,
    NATIVE,
    VERTEX,
    VERTEX_2_5,
    answer,
    collapse,
    connect,
    declare,
    has,
    kind,
    open_session,
    silence,
    voice,
)

pytestmark = pytest.mark.anyio

CHUNK = np.zeros(5760, np.int16)
PYDANTIC = {
    "test_google_ws__test_audio_in_server_vad_turn": None,
    "test_google_ws__test_text_in_audio_out_turn": None,
    "test_google_ws__test_tool_call_round": None,
    "test_parity_ws__test_history_seeding_parity[gateway-google]": None,
    "test_parity_ws__test_history_seeding_parity[google-previous]": None,
    "test_parity_ws__test_text_tool_round_parity[gateway-google]": None,
    "test_parity_ws__test_text_tool_round_parity[google-current]": None,
}
# js-genai's recorder kept only some frames of each session, so these are compared as subsequences
JS_GENAI = {
    "live_ML_Dev_handle_activity_start_and_end": "2.5-half-cascade",
    "live_ML_Dev_should_receive_transcription_in_async_session_with_transcription_enabled": "2.5-half-cascade",
    "live_ML_Dev_should_reply_to_realtime_audio_input": "2.5-half-cascade",
    "live_ML_Dev_should_reply_to_realtime_text_input": "2.5-half-cascade",
    "live_ML_Dev_should_respond_to_realtime_media-audio_input": "2.5-half-cascade",
    "live_ML_Dev_should_send_content_dict_in_async_session": "2.5-half-cascade",
    "live_ML_Dev_should_send_text_in_async_session": "2.5-half-cascade",
    "live_ML_Dev_should_send_tool_response": "2.5-half-cascade",
    "live_Vertex_should_initialize_session_with_publishers_prefix": "vertex-2.5",
    "live_Vertex_should_initialize_session_without_prefix": "vertex-2.5",
    "live_Vertex_should_receive_transcription_in_async_session_with_transcription_enabled": "vertex-2.5",
    "live_Vertex_should_return_error_for_invalid_input_in_async_session": "vertex-2.5",
    "live_Vertex_should_send_content_dict_in_async_session": "vertex-2.5",
    "live_Vertex_should_send_text_in_async_session": "vertex-2.5",
    "live_Vertex_should_send_tool_response_with_function_responses": "vertex-2.5",
}


def read(path):
    frames = [json.loads(line) for line in path.read_text().splitlines()]
    return [(frame["dir"], frame["msg"]) for frame in frames if isinstance(frame["msg"], dict)]


def script(frames):
    """A brain's lines that say what the captured server said: one step for each time it was asked."""
    steps, lines, heard = [], [], ""
    words, chunks = None, 0

    def close():
        nonlocal words, chunks
        if words is not None or chunks:
            lines.append(Say(words or "", np.concatenate([CHUNK] * chunks) if chunks else CHUNK[:0]))
        words, chunks = None, 0

    for side, message in frames:
        content = message.get("serverContent", {})
        if side == "client" and ("tool_response" in message or "toolResponse" in message):
            close()
            steps.append(lines)
            lines = []
        heard += content.get("inputTranscription", {}).get("text", "")
        parts = content.get("modelTurn", {}).get("parts", [])
        if "text" in content.get("outputTranscription", {}):
            close()
            words = content["outputTranscription"]["text"]
        for part in parts:
            if part.get("thought"):
                lines.append(Thought(part["text"]))
            elif "text" in part:
                words = (words or "") + part["text"]
            elif "inlineData" in part:
                chunks += 1
        for call in message.get("toolCall", {}).get("functionCalls", []):
            close()
            lines.append(Call(call["name"], call["args"]))
    close()
    steps.append(lines)
    steps = [step for step in steps if step] or [[Say("Hello.", CHUNK)]]
    if heard:
        steps[0] = [Heard(heard.strip()), *steps[0]]
    return ScriptBrain(steps)


async def play(emulator, frames):
    """Send what the captured client sent; waits where it waited: after setup, and for calls."""
    setup = frames[0][1]["setup"]
    path = (
        VERTEX
        if "publishers/" in setup["model"]
        else "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    )
    async with connect(emulator, path) as client:
        call = None
        for side, message in frames:
            if side == "server":
                if "setupComplete" in message:
                    await client.until("setupComplete")
                if "toolCall" in message:
                    call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
                continue
            response = message.get("tool_response") or message.get("toolResponse")
            if response and call:
                response["functionResponses"][0]["id"] = call["id"]
            await client.send(message)
        await client.clock.sleep(0.5)
        asked = any(k != "setup" for side, m in frames if side == "client" for k in m)
        wanted = sum(has(m, "turnComplete") for side, m in frames if side == "server") or (
            1 if asked and not call else 0
        )
        while sum(has(message, "turnComplete") for _, message in client.frames) < wanted:
            await client.receive()
        return [message for _, message in client.frames]


def recorded(frames):
    return collapse(kind(message) for side, message in frames if side == "server")


def skeleton(value):
    """A frame's names, in their order, without what differs from session to session."""
    if isinstance(value, dict):
        return [(name, skeleton(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [skeleton(inner) for inner in value]
    return type(value).__name__


def accounts(messages):
    """How the tokens of each turn are told: which names, and which sums come out."""
    told = []
    for usage in (message["usageMetadata"] for message in messages if "usageMetadata" in message):
        said = "candidates" if "candidatesTokensDetails" in usage else "response"
        details = {
            side: [(one["modality"], "tokenCount" in one) for one in usage.get(f"{side}TokensDetails", [])]
            for side in ("prompt", said)
        }
        add_up = [
            usage.get(f"{side}TokenCount", 0)
            == sum(one.get("tokenCount", 0) for one in usage.get(f"{side}TokensDetails", []))
            for side in ("prompt", said)
        ]
        total = usage["promptTokenCount"] + usage.get(f"{said}TokenCount", 0) == usage["totalTokenCount"]
        told.append((list(usage), details, add_up, total))
    return told


@pytest.mark.parametrize("name", PYDANTIC)
async def test_recorded_sessions(shared, name):
    frames = read(shared / "captures" / "normalized" / f"pydantic-ai__{name}.jsonl")
    clock = SimulatedClock()
    async with clock.running(), Emulator(script(frames), clock=clock) as emulator:
        ours = await play(emulator, frames)
    theirs = [message for side, message in frames if side == "server"]
    assert collapse(map(kind, ours)) == recorded(frames)
    assert accounts(ours) == accounts(theirs)

    def names(messages):
        rest = ({**one, "usageMetadata": None} if "usageMetadata" in one else one for one in messages)
        return {str(skeleton({k: v for k, v in one.items() if k != "toolCall"})) for one in rest}

    assert names(ours) == names(theirs)


@pytest.mark.parametrize(("name", "profile"), JS_GENAI.items())
async def test_recordings_that_kept_some_frames(shared, name, profile):
    frames = read(shared / "captures" / "normalized" / f"js-genai__{name}.jsonl")
    clock = SimulatedClock()
    async with clock.running(), Emulator(script(frames), clock=clock, profile=profile) as emulator:
        ours = iter(collapse(map(kind, await play(emulator, frames))))
    assert all(one in ours for one in recorded(frames))


# The same ground without the recordings: what section 3.2 of the wire notes says of each family.

SENTENCE = Say("It is foggy and 12 degrees in London.")
PIECE = "sc{modelTurn[inlineData]}"
WORDS = "sc{outputTranscription(text)}"
END = ["sc{generationComplete}", "sc{turnComplete}+usage"]
VERTEX_END = ["sc{generationComplete}", "sc{groundingMetadata(),turnComplete}+usage"]
WORDS_AND_SOUND = "sc{modelmodelTurn[inlineData],outputTranscription(text)}"
SAID_3_8 = ["sc{}", WORDS_AND_SOUND, "sc{modelmodelTurn[inlineData]}"]
VERTEX_SOUND = "sc{modelmodelTurn[inlineData]}"
VERTEX_WORDS = ["sc{outputTranscription()}", WORDS, "sc{outputTranscription(finished)}"]


def brain():
    def reply(ask, talk):
        if ask.kind == "speech":
            return [Heard("Hello, my name is Marcelo."), Thought("**Greeting**"), SENTENCE]
        if "call" in ask.text:
            return [Thought("**Calling**"), Call("look", {"city": "London"})]
        return [SENTENCE]

    return ScriptBrain(reply)


def full(client):
    """The signature of all messages that have something in them."""
    return collapse(one for one in client.kinds() if one)


def pairs(kinds):
    """Alternations counted once too: A B A B A -> A B A."""
    out = list(kinds)
    i = 0
    while i + 3 < len(out):
        if out[i : i + 2] == out[i + 2 : i + 4]:
            del out[i : i + 2]
        else:
            i += 1
    return out


SPOKEN = {
    NATIVE: ["setupComplete", "sc{inputTranscription(text)}", "sc{modelTurn[text/thought]}", WORDS, PIECE, *END],
    LIVE_3_1: [
        "setupComplete", "sc{}+voiceActivity", "sc{inputTranscription(text)}", "sc{}+voiceActivity", "sc{}",
        "sc{modelTurn[inlineData],outputTranscription(text)}", PIECE, *END,
    ],
    LIVE_3_8: [
        "setupComplete", "sessionResumptionUpdate", "voiceActivity", "sc{inputTranscription(text)}", "voiceActivity",
        *SAID_3_8, *END,
    ],
    EXTENDED: [
        "setupComplete", "sessionResumptionUpdate", "voiceActivity", "sc{inputTranscription(text)}", "voiceActivity",
        *SAID_3_8, "sc{generationComplete}", "sc{interactionStatus,turnComplete}+usage",
    ],
    VERTEX_2_5: [
        "setupComplete", "sc{inputTranscription(text)}", "sc{inputTranscription(finished)}",
        *VERTEX_WORDS, VERTEX_SOUND, *VERTEX_END,
    ],
}  # fmt: skip


@pytest.mark.parametrize("model", SPOKEN)
async def test_a_spoken_turn(model):
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(brain(), clock=clock) as emulator,
        open_session(emulator, model) as client,
    ):
        await client.audio(np.concatenate([silence(0.2), voice(1.5), silence(2)]))
        await client.turn()
        assert pairs(full(client)) == SPOKEN[model]


CALLED = {
    NATIVE: ["setupComplete", "sc{modelTurn[text/thought]}", "toolCall", WORDS, PIECE, *END],
    LIVE_3_1: [
        "setupComplete", "sc{}", "toolCall", "sessionResumptionUpdate", "sc{}",
        "sc{modelTurn[inlineData],outputTranscription(text)}", PIECE, *END,
    ],
    LIVE_3_8: [
        "setupComplete", "sessionResumptionUpdate", "toolCall", *END, *SAID_3_8, *END,
    ],
    EXTENDED: [
        "setupComplete", "sessionResumptionUpdate", "sc{generationComplete}",
        "sc{interactionStatus,turnComplete}+usage", "toolCall", *SAID_3_8,
        "sc{generationComplete}", "sc{interactionStatus,turnComplete}+usage",
    ],
    VERTEX_2_5: [
        "setupComplete", "sc{outputTranscription()}", "toolCall", "sc{outputTranscription(finished)}", *VERTEX_END,
        *VERTEX_WORDS, VERTEX_SOUND, *VERTEX_END,
    ],
}  # fmt: skip


@pytest.mark.parametrize("model", CALLED)
async def test_a_tool_round(model):
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(brain(), clock=clock) as emulator,
        open_session(emulator, model, tools=declare("look")) as client,
    ):
        await clock.sleep(0.5)
        await client.say("call it")
        call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
        await clock.sleep(1)
        await client.send(answer(call, {"output": "foggy"}))
        await client.until("generationComplete")
        while sum(has(m, "turnComplete") for _, m in client.frames) < CALLED[model].count(CALLED[model][-1]):
            await client.receive()
        assert pairs(full(client)) == CALLED[model]


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (NATIVE, r"function-call-\d{18,20}"),
        (LIVE_3_1, r"fc_\d{19}"),
        (LIVE_3_8, r"call_\d{6,7}"),
        (EXTENDED, r"call_\d{6,7}"),
        (VERTEX_2_5, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ],
)
async def test_call_ids(model, form):
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(brain(), clock=clock) as emulator,
        open_session(emulator, model, tools=declare("look")) as client,
    ):
        await client.say("call it")
        call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
        assert re.fullmatch(form, call["id"])
        assert call == {"name": "look", "args": {"city": "London"}, "id": call["id"]}


async def test_code_before_a_call_on_half_cascade_models():
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(brain(), clock=clock, profile="2.5-half-cascade") as emulator,
        open_session(emulator, "models/gemini-live-2.5-flash-preview", tools=declare("look")) as client,
    ):
        await client.say("call it")
        await client.until("toolCall")
        code = client.frames[-2][1]["serverContent"]["modelTurn"]["parts"][0]["executableCode"]
        assert code == {"language": "PYTHON", "code": "print(default_api.look(city='London'))"}


async def test_text_modality_in_two_pieces():
    clock = SimulatedClock()
    setup = {"generationConfig": {"responseModalities": ["TEXT"]}}
    async with (
        clock.running(),
        Emulator(brain(), clock=clock, profile="vertex-2.5") as emulator,
        open_session(emulator, VERTEX_2_5, **setup) as client,
    ):
        await client.say("hello")
        await client.turn()
        assert client.kinds() == ["setupComplete", "sc{modelmodelTurn[text]}", *VERTEX_END]


async def test_3_8_sends_messages_with_nothing_in_them():
    """As pydantic-ai recorded it in October 2026: before what announces an answer, and each of its chunks."""
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(brain(), clock=clock) as emulator,
        open_session(emulator, LIVE_3_8) as client,
    ):
        await client.say("Where is it foggy?")
        await client.turn()
        kinds = [kind(message) for _, message in client.frames]
        assert kinds[2:6] == ["", "sc{}", "", WORDS_AND_SOUND]
        assert all(kinds[i - 1] == "" for i, one in enumerate(kinds) if "inlineData" in one)
        said = next(content for _, message in client.frames if (content := message.get("serverContent")))
        assert list(said) == ["modelTurn", "outputTranscription"]
        assert list(said["modelTurn"]) == ["parts", "role"]


def as_logged(kinds):
    """As that run was logged, by an SDK's events: words and sound apart, nothing of what is empty."""
    apart = {WORDS_AND_SOUND: [PIECE, WORDS], "sc{modelmodelTurn[inlineData]}": [PIECE], "": [], "sc{}": []}
    return collapse(logged for one in kinds for logged in apart.get(one, [one]))


async def test_the_recorded_3_8_session_frame_for_frame(shared):
    """The G2 run: call, question while it is pending, barge-in, late result; its server frames in their order."""
    frames = read(shared / "captures" / "timelines" / "gemini-3.8-live_G2_run1.jsonl")
    clock = SimulatedClock()
    script = ScriptBrain(
        [
            [Heard("Book me the 3:00 p.m. slot tomorrow, please."), Call("book_slot", {"slot": "tomorrow 3pm"})],
            [Heard("While you do that. What should I bring to the appointment?"), Say("I am booking the 3 p.m. slot for you now. Would you like me to list what you should bring?", np.zeros(int(4.74 * 24000), np.int16))],
            [Heard("Actually, stop. Don't book it."), Say("The booking has already been made.", np.zeros(int(2.24 * 24000), np.int16))],
        ]
    )  # fmt: skip
    async with (
        clock.running(),
        Emulator(script, clock=clock) as emulator,
        open_session(emulator, LIVE_3_8, tools=declare("book_slot")) as client,
    ):
        microphone = [
            silence(0.1),
            voice(2.6),
            silence(1.75),
            voice(2.8),
            silence(2.6),
            voice(2.2),
            silence(4),
        ]
        talking = asyncio.create_task(client.audio(np.concatenate(microphone)))
        call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
        await client.until("interrupted")
        await client.turn()
        await client.send(answer(call, {"status": "booked"}, scheduling="SILENT"))
        await client.turn()
        await talking
        assert pairs(as_logged(client.kinds())) == pairs(recorded(frames))


async def test_words_without_sound_cost_no_tokens_of_an_answer():
    """Section 5.10 of the wire notes: a 3.1 turn that was recorded with its words alone."""
    clock = SimulatedClock()
    async with (
        clock.running(),
        Emulator(brain(), clock=clock, faults=["transcript_without_audio"]) as emulator,
        open_session(
            emulator, LIVE_3_1, systemInstruction={"parts": [{"text": "Answer in one short sentence."}]}
        ) as client,
    ):
        await client.say("What is my name and favorite color?")
        usage = (await client.turn())["usageMetadata"]
        assert client.kinds() == ["setupComplete", "sc{}", WORDS, *END]
        assert list(usage) == ["promptTokenCount", "totalTokenCount", "promptTokensDetails"]
        assert usage["promptTokenCount"] == usage["totalTokenCount"]
        # What was typed is in the total alone.
        assert 0 < usage["promptTokensDetails"][0]["tokenCount"] < usage["promptTokenCount"]
