"""Conversations in which the model calls functions."""

from __future__ import annotations

import json

from gemini_live_nb.emulator import ScriptBrain, Step
from gemini_live_nb.session.events import TurnEnded

from .conversations import until


def asks(*calls, then="Done."):
    """A brain that calls functions, and says something when it has their results."""
    return ScriptBrain(
        [[calls if len(calls) > 1 else calls[0]], Step([then], expect="tool_result")], repeat=True
    )


def answers(talk):
    """The function responses sent, frame by frame."""
    frames = [json.loads(frame.raw) for frame in talk.log if frame.direction == "sent"]
    return [frame["toolResponse"]["functionResponses"] for frame in frames if "toolResponse" in frame]


def declared(talk):
    """The first function declared in the setup."""
    setup = next(frame for frame in talk.log if frame.kind == "setup")
    return json.loads(setup.raw)["setup"]["tools"][0]["functionDeclarations"][0]


async def ask(talk, what="go", timeout=60):
    """Ask, and wait until the turn that speaks of the result is over (3.8 ends a turn at the call)."""
    events = talk.subscribe(accepts=lambda event: isinstance(event, TurnEnded))
    await talk.send_text(what)
    return (await talk._clock.wait_for(until(events, lambda event: event.turn.text != ""), timeout))[-1].turn
