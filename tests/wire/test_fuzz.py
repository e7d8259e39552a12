"""Mutated frames through decode and session: nothing crashes, nothing hangs, each is kept as it came."""

from __future__ import annotations

import random

from gemini_live_nb.protocol.codec import decode, encode_server
from gemini_live_nb.protocol.content import Blob, Content, FunctionCall, Part
from gemini_live_nb.protocol.server import (
    GoAway,
    ServerContent,
    ServerMessage,
    ServerToolCall,
    SessionResumptionUpdate,
    Transcription,
    UsageMetadata,
    VoiceActivity,
)
from gemini_live_nb.session.events import Message

from .conversations import conversation

COUNT = 10_000
SEEDS = [
    ServerMessage(
        server_content=ServerContent(model_turn=Content(parts=[Part(inline_data=Blob(data=b"ab" * 90))]))
    ),
    ServerMessage(server_content=ServerContent(model_turn=Content(parts=[Part(text="hm", thought=True)]))),
    ServerMessage(
        server_content=ServerContent(output_transcription=Transcription(text="Hello"), interrupted=True)
    ),
    ServerMessage(
        server_content=ServerContent(turn_complete=True), usage_metadata=UsageMetadata(total_token_count=3)
    ),
    ServerMessage(
        tool_call=ServerToolCall(function_calls=[FunctionCall(id="1", name="f", args={"a": [1, None]})])
    ),
    ServerMessage(session_resumption_update=SessionResumptionUpdate(new_handle="h", resumable=True)),
    ServerMessage(voice_activity=VoiceActivity(type="ACTIVITY_START", audio_offset="0.160s")),
    ServerMessage(go_away=GoAway(time_left="5000s")),
]
FRAMES = [encode_server(message) for message in SEEDS]
TOKENS = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"1e999",
    b"-0",
    b"\\u0000",
    b"\xff",
    b"\xed\xa0\x80",
    b"snake_case",
    b"NaN",
    b"\x00",
]


def mutated(dice):
    frame = bytearray(dice.choice(FRAMES))
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(frame) + 1)
        match dice.randint(0, 4):
            case 0:
                frame[at : at + dice.randint(1, 9)] = b""
            case 1:
                frame[at:at] = dice.choice(TOKENS)
            case 2:
                frame[at : at + 3] = dice.randbytes(3)
            case 3:
                other = dice.choice(FRAMES)
                frame[at:] = other[dice.randrange(len(other)) :]
            case _:
                frame[at:at] = frame[: dice.randint(0, 30)]
    return bytes(frame)


async def test_mutated_frames_are_survived_and_kept():
    dice = random.Random(22)
    async with conversation(session_options={"resume_for": 0}) as (talk, _):
        frames = [mutated(dice) for _ in range(COUNT)]
        first = talk._recording.seq
        events = talk.subscribe(limit=4 * COUNT, accepts=lambda event: isinstance(event, Message))
        connection = talk.connection
        for frame in frames:
            # As the socket hands them over.
            talk._take(connection, frame)
        read = [events.get(timeout=5) for _ in range(COUNT)]
        assert [event.raw for event in read] == frames
        kept = [frame for frame in talk.log.cursor(after=first - 1) if frame.direction == "received"][:COUNT]
        assert [frame.raw for frame in kept] == frames
        for event in read:
            _ = event.audio, event.text, event.thought, event.tool_calls, event.usage, event.turn_complete
        assert not [frame for frame in talk.log if frame.kind == "error"]


def test_decode_never_raises():
    dice = random.Random(23)
    for _ in range(COUNT):
        data = mutated(dice)
        assert decode(data).raw == data
        decode(data.decode("utf-8", "replace"))
