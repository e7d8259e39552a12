"""Each refusal on record, met by our client as a user would meet it: one error, its hint something a newcomer can do."""

from __future__ import annotations

import asyncio

import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Call, Emulator, Fault, ScriptBrain
from gemini_live_nb.emulator.refusals import REFUSALS, cut
from gemini_live_nb.errors import LiveError
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import Blob, Content, FunctionResponse, Part
from gemini_live_nb.session.session import LiveSession

from .raw import EXTENDED, LIVE_3_1, LIVE_3_8, NATIVE, audio, silence

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::UserWarning")]

RATE = {"mimeType": "audio/pcm;rate=16000", "data": "AAAA"}


def sends(*frames):
    async def send(session):
        for frame in frames:
            await session.send_raw(frame)

    return send


async def answers_a_call_nobody_made(session):
    await session.send_tool_response(FunctionResponse(id="call-of-nobody", name="look", response={}))


async def schedules(session):
    events = session.subscribe()
    await session.send_text("look")
    async for event in events:
        for call in getattr(event, "tool_calls", ()):
            response = FunctionResponse(id=call.id, name=call.name, response={}, scheduling="SILENT")
            await session.send_tool_response(response)


async def shows(session, mime_type):
    part = Part(inline_data=Blob(mime_type=mime_type, data=b"\0\0\0\0"))
    await session.send_content(Content(role="user", parts=[part]))


async def shows_a_pdf(session):
    await shows(session, "application/pdf")


async def seeds_24_kHz(session):  # noqa: N802 - the unit's own spelling
    await shows(session, "audio/pcm;rate=24000")


async def seeds_sound(session):
    part = Part(inline_data=Blob(mime_type="audio/pcm;rate=16000", data=b"\0\0"))
    await session.send_content(Content(role="user", parts=[part]), turn_complete=False)


LOOK = [{"function_declarations": [{"name": "look"}]}]
WAIT = [{"function_declarations": [{"name": "look", "behavior": "BLOCKING"}]}]

# Refusal, how it comes about (settings, options of the session, what is done then), the error, words of its hint.
REFUSED = [
    ("invalid_key", {}, {"api_key": "bad"}, None, "AuthError", "GEMINI_API_KEY"),
    ("expired_key", {}, {"api_key": "old"}, None, "AuthError", "aistudio.google.com/apikey"),
    ("unknown_model", {"model": "gemini-9"}, {}, None, "ModelNotFound", "spelling of model"),
    ("retired_model", {"model": "gemini-2.0-flash-exp"}, {}, None, "ModelNotFound", "protocol.models lists"),
    ("unknown_field", {"setup_form": "config"}, {}, None, "SetupRejected", 'setup_form at "setup"'),
    ("unknown_field_at", {"extra": {"novelty": 1}}, {}, None, "SetupRejected", "spelling and place"),
    ("unknown_field_at", {"extra": {"generationConfig": {"novelty": 1}}}, {}, None, "SetupRejected", "leave it out"),
    ("unknown_field_at", {"transparent": True}, {}, None, "SetupRejected", "leave transparent unset"),
    ("unknown_field_at", {"proactive_audio": True}, {}, None, "SetupRejected", 'version="v1alpha"'),
    ("unknown_field_at", {}, {}, sends({"realtimeInput": {"loud": 1}}), "ProtocolError", "spelling and place"),
    ("wrong_value", {"extra": {"generationConfig": {"temperature": "hot"}}}, {}, None, "SetupRejected", "reference"),
    ("not_json", {}, {}, sends("hello"), "ProtocolError", "check the JSON"),
    ("setup_not_first", {}, {}, sends({"setup": {}}), "ProtocolError", "once, first"),
    ("invalid_argument", {"voice_name": "Nobody"}, {}, None, "SetupRejected", "unknown voice"),
    ("invalid_argument", {}, {}, sends({"realtimeInput": {"activityStart": {}}}), "ProtocolError", "activityStart"),
    ("text_modality", {"response_modalities": ["TEXT"]}, {}, None, "SetupRejected", '["AUDIO"]'),
    ("thinking_level_missing", {"model": EXTENDED}, {}, None, "SetupRejected", 'thinking_level="LOW"'),
    ("thinking_level", {"model": EXTENDED, "thinking_level": "MINIMAL"}, {}, None, "SetupRejected", "names the levels"),
    ("thinking_refused", {"model": LIVE_3_8, "thinking_level": "LOW"}, {}, None, "SetupRejected", "leave thinking_level"),
    ("blocking_refused", {"model": EXTENDED, "thinking_level": "LOW", "tools": WAIT}, {}, None, "SetupRejected", '"NON_BLOCKING"'),
    ("code_execution", {"tools": ["code_execution"]}, {}, None, "SetupRejected", "code_execution tool out"),
    ("precondition", {}, {}, seeds_sound, "ProtocolError", "send its words instead"),
    ("scheduling_refused", {"model": EXTENDED, "thinking_level": "LOW", "tools": LOOK}, {}, schedules, "ProtocolError", "without scheduling"),
    ("media_chunks", {"model": LIVE_3_1}, {}, sends({"realtimeInput": {"mediaChunks": [RATE]}}), "ProtocolError", "send_audio"),
    ("sample_rate_changed", {}, {}, sends(audio(silence(0.1, 24000), 24000), audio(silence(0.1))), "ProtocolError", "one rate"),
    ("language_code", {"language_code": "cs-CZ"}, {}, None, "SetupRejected", "leave language_code unset"),
    ("not_implemented", {}, {}, seeds_24_kHz, "ProtocolError", "tools on a model without them"),
    ("not_found", {}, {}, answers_a_call_nobody_made, "ProtocolError", "unknown id"),
    ("not_found", {"session_resumption_handle": "gone"}, {}, None, "ProtocolError", "handle that is no longer valid"),
    ("not_supported", {"model": LIVE_3_1}, {}, shows_a_pdf, "ProtocolError", "PDF"),
]  # fmt: skip

# What a user cannot bring about with our client, or not at will: the emulator is told to.
STRUCK = [
    ("empty_key", "setup", "AuthError", "GEMINI_API_KEY"),
    ("no_credential", "setup", "AuthError", "token=…"),
    ("unknown_vertex_model", "setup", "ModelNotFound", "location"),
    ("thinking_refused_vertex", "setup", "SetupRejected", "leave thinking_level"),
    ("aborted", "thinking", "ServerFault", "connect again"),
    ("quota", "setup", "QuotaExceeded", "rate-limits"),
    ("quota", "speaking", "QuotaExceeded", "not a fault of the server"),
    ("internal", "setup", "ServerFault", "not your doing"),
    ("internal", "speaking", "ServerFault", "connect again"),
    ("internal_older", "thinking", "ServerFault", "connect again"),
    ("deadline", "thinking", "DeadlineExceeded", "session_resumption"),
    ("deadline_older", "thinking", "DeadlineExceeded", "connect again"),
    ("unavailable", "setup", "ServerFault", "wait a moment"),
    ("limit", "thinking", "GoneAway", "ten-minute limit"),
    ("going_away", "thinking", "GoneAway", "connect again"),
]


async def refused(config, options, act, faults=()):
    """The error that a session meets."""
    clock = SimulatedClock()
    brain = ScriptBrain([[Call("look")]] if config.get("tools") else [["Yes."]], repeat=True)
    keys = {"good", "offline"}
    async with (
        clock.running(),
        Emulator(brain, clock=clock, keys=keys, expired_keys={"old"}, faults=faults) as emulator,
    ):
        settings = LiveConfig(**{"model": NATIVE, **config})
        session = LiveSession(
            settings, url=emulator.url, clock=clock, log=False, resume_for=0, **{"api_key": "good", **options}
        )
        with pytest.raises(LiveError) as caught:
            await to_its_end(session, act)
        return caught.value


async def to_its_end(session, act):
    async with asyncio.timeout(20), session:
        events = session.subscribe()
        await act(session)
        async for _ in events:
            pass


def check(error, name, kind, hint):
    template = REFUSALS[name]
    assert type(error).__name__ == kind
    assert error.code == template.code
    # All of the server's words that fit into a close frame, its blanks filled in.
    assert cut(template.reason).split("{")[0] in error.reason
    assert len(error.reason.encode()) <= 123
    assert hint in error.hint
    assert error.message[0].isupper()
    assert error.message.endswith(".")
    assert f"Try: {error.hint}" in str(error)


async def nothing(session):
    await session.send_text("hello")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{case[4]}")
async def test_a_users_mistake(case):
    name, config, options, act, kind, hint = case
    check(await refused(config, options, act or nothing), name, kind, hint)


@pytest.mark.parametrize(("name", "at", "kind", "hint"), STRUCK)
async def test_a_fault_of_the_service(name, at, kind, hint):
    check(await refused({}, {}, nothing, [Fault(name, at=at)]), name, kind, hint)


def test_every_refusal_is_met():
    assert {case[0] for case in REFUSED} | {case[0] for case in STRUCK} == set(REFUSALS)
