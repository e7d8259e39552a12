"""What a session tells its listeners: every frame, bundled or odd, in order, each with its row in the log."""

from __future__ import annotations

import numpy as np
import pytest

from gemini_live_nb.emulator import Fault, ScriptBrain, Thought
from gemini_live_nb.protocol.kinds import names
from gemini_live_nb.session.events import Closed, Lagged, Message, Opened, Status, TurnEnded, TurnStarted

from .conversations import LIVE31, conversation, frames, served, session, until


async def test_events_do_not_end_with_a_turn():
    async with conversation(ScriptBrain([["One."], ["Two."]])) as (talk, _):
        await talk.send_text("a")
        first = await until(talk, lambda event: isinstance(event, TurnEnded))
        await talk.send_text("b")
        both = talk.subscribe()
        second = await until(both, lambda event: isinstance(event, TurnEnded))
    assert [event.turn.text for event in first + second if isinstance(event, TurnEnded)] == ["One.", "Two."]
    rest = [event async for event in both]
    assert isinstance(rest[-1], Closed)
    assert rest[-1].error is None


async def test_the_first_reader_misses_nothing_since_the_connection():
    async with conversation(ScriptBrain([["One."]])) as (talk, _):
        await talk.ask("a")
        events = await until(talk, lambda event: isinstance(event, TurnEnded))
    assert any(isinstance(event, Opened) for event in events)
    messages = [event for event in events if isinstance(event, Message)]
    assert "setupComplete" in names(messages[0].kinds)
    assert "".join(event.output_transcript for event in messages).strip() == "One."
    sound = np.concatenate([event.audio for event in messages if event.audio is not None])
    np.testing.assert_array_equal(sound, talk.turns[0].audio)


async def test_an_event_leads_to_its_row_in_the_log():
    async with conversation(ScriptBrain([["One."]])) as (talk, _):
        events = talk.subscribe()
        await talk.ask("a")
        read = await until(events, lambda event: isinstance(event, TurnEnded))
        for event in read:
            if isinstance(event, Message):
                frame = talk.log.frame(event.seq)
                assert frame.raw == event.raw
                assert frame.t == pytest.approx(event.t, abs=0.001)


async def test_a_slow_reader_is_told_and_holds_up_nobody():
    async with conversation(ScriptBrain([["A rather long answer, for many frames. " * 5]])) as (talk, _):
        slow = talk.subscribe(limit=3)
        turn = await talk.ask("a", timeout=120)
        assert turn.complete
        read = [await anext(slow) for _ in range(4)]
    lag = read[-1]
    assert isinstance(lag, Lagged)
    missed = [frame.seq for frame in frames(talk, "received") if frame.seq >= lag.first_seq]
    assert missed[0] == lag.first_seq


async def test_thoughts_are_kept_apart():
    async with conversation(ScriptBrain([[Thought("Hm, a greeting."), "Hello."]])) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Message))
        turn = await talk.ask("hi")
        read = await until(events, lambda event: event.turn_complete)
    assert (turn.text, turn.thoughts) == ("Hello.", "Hm, a greeting.")
    assert "Hm, a greeting." in "".join(event.thought for event in read)
    assert "Hm" not in "".join(event.text for event in read)


async def test_bundled_fields_are_all_delivered():
    """3.1 puts words and sound into one frame, and the end of the turn beside the tokens."""
    async with conversation(ScriptBrain([["Hello there."]]), LIVE31) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Message))
        await talk.ask("hi")
        read = await until(events, lambda event: event.turn_complete)
    assert any(event.audio is not None and event.output_transcript for event in read)
    assert read[-1].usage.total_token_count > 0


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault("malformed", at="now"), "undecodable"),
        (Fault("truncated", at="now"), "undecodable"),
        (Fault("unknown_message", at="now"), "unknown"),
        (Fault("text_frame", at="now"), ""),
        (Fault("empty_content", at="now"), "serverContent"),
    ],
    ids=lambda given: getattr(given, "name", ""),
)
async def test_an_odd_frame_is_delivered_kept_and_survived(fault, says):
    async with conversation(ScriptBrain([["Still here."]])) as (talk, server):
        events = talk.subscribe(accepts=lambda event: isinstance(event, Message))
        await server.inject(fault)
        odd = await anext(events)
        assert says in ("", *names(odd.kinds))
        raw = odd.raw if isinstance(odd.raw, bytes) else odd.raw.encode()
        assert talk.log.frame(odd.seq).raw == raw
        await talk.send_text("still there?")
        read = await until(events, lambda event: event.turn_complete)
        assert "".join(event.output_transcript for event in read) == "Still here."


async def test_status_events_tell_how_it_goes():
    async with served() as server:
        talk = session(server)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Status))
        async with talk:
            pass
    words = [event.words async for event in events]
    assert words[0].startswith("connecting to ws://127.0.0.1")
    assert words[1:] == ["listening", "closed"]


async def test_the_turn_events_come_with_their_turn():
    async with conversation(ScriptBrain([["One."]])) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, TurnStarted | TurnEnded))
        turn = await talk.ask("a")
        assert [(type(event), event.turn) for event in [await anext(events), await anext(events)]] == [
            (TurnStarted, turn),
            (TurnEnded, turn),
        ]
