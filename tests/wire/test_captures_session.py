"""Recorded sessions of the real server, through a `LiveSession`, come out as a human reads them."""

from __future__ import annotations

import json

import pytest

from gemini_live_nb.session.events import Message

from .captures import CAPTURES
from .conversations import conversation


def said(contents, key):
    return "".join((content.get(key) or {}).get("text", "") for content in contents)


def parts(contents):
    return [part for content in contents for part in (content.get("modelTurn") or {}).get("parts", [])]


@pytest.mark.capture
@pytest.mark.parametrize("name", CAPTURES)
async def test_a_recorded_session_reaches_the_listener_whole(shared, name):
    lines = (shared / "captures" / "normalized" / name).read_text(encoding="utf-8").splitlines()
    recorded = [json.loads(line) for line in lines]
    messages = [
        line["msg"] for line in recorded if line["dir"] == "server" and "_cassette_event" not in line["msg"]
    ]
    raws = [json.dumps(message, indent=2).encode() + b"\n" for message in messages]
    contents = [message["serverContent"] for message in messages if "serverContent" in message]
    async with conversation(session_options={"resume_for": 0}) as (talk, _):
        events = talk.subscribe(limit=10_000, accepts=lambda event: isinstance(event, Message))
        for raw in raws:
            # As the socket hands them over.
            talk._take(talk.connection, raw)
        read = [events.get(timeout=5) for _ in raws]
        assert [event.raw for event in read] == raws
        assert [talk.log.frame(event.seq).raw for event in read] == raws
        assert "".join(event.output_transcript for event in read) == said(contents, "outputTranscription")
        assert "".join(event.input_transcript for event in read) == said(contents, "inputTranscription")
        thoughts = [part["text"] for part in parts(contents) if part.get("thought")]
        texts = [part["text"] for part in parts(contents) if "text" in part and not part.get("thought")]
        assert "".join(event.thought for event in read) == "".join(thoughts)
        assert "".join(event.text for event in read) == "".join(texts)
        assert sum(event.audio is not None for event in read) == sum(
            any("inlineData" in part for part in parts([content])) for content in contents
        )
        assert sum(event.turn_complete for event in read) == sum(
            "turnComplete" in content for content in contents
        )
        assert {call.name for event in read for call in event.tool_calls} == {
            call["name"]
            for message in messages
            for call in message.get("toolCall", {}).get("functionCalls", [])
        }
