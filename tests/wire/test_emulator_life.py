"""A session's life: handles and resumption, goAway and the deadline."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Brain, Call, Emulator, Heard, Say, ScriptBrain

from .raw import (
    DEVELOPER,
    LIVE_3_1,
    LIVE_3_8,
    NATIVE,
    VERTEX,
    VERTEX_2_5,
    answer,
    connect,
    declare,
    drop,
    handle_of,
    open_session,
    resumption,
    silence,
    texts,
    voice,
)

pytestmark = pytest.mark.anyio

COMPRESSED = {"contextWindowCompression": {"slidingWindow": {}}}
DEADLINE = (1011, "Deadline expired before operation could complete.")
INTERNAL = (1011, "Internal error encountered.")


class Memory(Brain):
    """Says how many user turns it knows of."""

    async def reply(self, ask, talk):
        if ask.kind == "speech":
            yield Heard("spoken")
        talk.memory["asked"] = talk.memory.get("asked", 0) + 1
        known = [content.parts[0].text for content in talk.history if content.role == "user"]
        yield Say(f"{talk.memory['asked']}: {', '.join(known)}.")


@pytest.fixture
async def clock():
    clock = SimulatedClock()
    async with clock.running():
        yield clock


@pytest.mark.parametrize(
    ("model", "setup", "given"),
    [(NATIVE, {}, False), (NATIVE, resumption(), True), (LIVE_3_1, {}, False), (LIVE_3_1, resumption(), True),
     (LIVE_3_8, {}, True), (LIVE_3_8, resumption(), True), (VERTEX_2_5, {}, False)],
)  # fmt: skip
async def test_who_gets_a_handle_after_setup(clock, model, setup, given):
    async with Emulator(clock=clock) as emulator, open_session(emulator, model, **setup) as client:
        await clock.sleep(1)
        updates = [
            message["sessionResumptionUpdate"]
            for _, message in client.frames
            if "sessionResumptionUpdate" in message
        ]
        assert len(updates) == given
        for update in updates:
            assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", update["newHandle"])
            assert update["resumable"] is True


async def test_2_5_says_when_it_works_on_a_turn_and_gives_a_new_handle_after_it(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator, NATIVE, **resumption()) as client:
        first = await handle_of(client)
        await client.say("hello")
        assert await client.until("sessionResumptionUpdate") == {"sessionResumptionUpdate": {}}
        await client.turn()
        assert await handle_of(client) != first


async def test_resuming_restores_the_whole_conversation(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.audio(np.concatenate([voice(1), silence(2)]))
            await client.turn()
            await client.say("later than the handle")
            await client.turn()
            offset = emulator.sessions[0].audio_offset
        assert emulator.sessions == []
        changed = {"systemInstruction": {"parts": [{"text": "Be other"}]}, "tools": declare("g")}
        async with open_session(emulator, LIVE_3_8, **resumption(handle), **changed) as client:
            await client.audio(np.concatenate([voice(1), silence(2)]))
            await client.turn()
            assert texts(client, "outputTranscription") == "3: spoken, later than the handle, spoken."
            start = next(m["voiceActivity"]["audioOffset"] for _, m in client.frames if "voiceActivity" in m)
            assert offset == pytest.approx(3.0)
            assert float(start.rstrip("s")) > offset
            assert list(emulator.sessions[0].talk.functions) == ["g"]


async def test_a_new_handle_restores_the_same_state_as_an_old_one(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            old = await handle_of(client)
            await client.say("one")
            await client.turn()
        async with open_session(emulator, LIVE_3_8, **resumption(old)) as client:
            new = await handle_of(client)
            assert new != old
            await client.say("two")
            await client.turn()
        for handle, count in ((old, 3), (new, 4)):
            async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
                await client.say("more")
                await client.turn()
                assert texts(client, "outputTranscription").startswith(f"{count}: one, two")


async def test_the_model_may_not_change(clock):
    async with Emulator(clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
        async with connect(emulator) as client:
            await client.send({"setup": {"model": NATIVE, **resumption(handle)}})
            assert await client.closed() == (1007, "Request contains an invalid argument.")
        async with open_session(emulator, LIVE_3_8, **resumption(handle)):
            pass


async def test_a_dirty_drop_locks_the_session_for_a_second(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.say("hello")
            await client.turn()
            drop(client)
            await client.closed()
        async with connect(emulator) as client:
            await client.send({"setup": {"model": LIVE_3_8, **resumption(handle)}})
            assert await client.closed() == INTERNAL
        await clock.sleep(1)
        async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
            await client.say("again")
            await client.turn()
            assert texts(client, "outputTranscription") == "2: hello, again."


async def test_a_clean_close_does_not_lock_it_and_is_echoed(clock):
    async with Emulator(clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.socket.close(1000)
            assert client.socket.close_code == 1000
        async with open_session(emulator, LIVE_3_8, **resumption(handle)):
            pass


async def test_resuming_while_the_old_connection_stands_is_refused(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator, LIVE_3_8) as old:
        handle = await handle_of(old)
        async with connect(emulator) as client:
            await client.send({"setup": {"model": LIVE_3_8, **resumption(handle)}})
            assert await client.closed() == INTERNAL
        await old.say("still here")
        await old.turn()


@pytest.mark.parametrize(
    ("model", "hours", "good"),
    [(LIVE_3_8, 1.9, True), (LIVE_3_8, 2.1, False), (VERTEX_2_5, 23.9, True), (VERTEX_2_5, 24.1, False)],
)
async def test_handles_are_good_for_a_while_after_the_session(clock, model, hours, good):
    path = VERTEX if model == VERTEX_2_5 else DEVELOPER
    async with Emulator(clock=clock, go_away=None, audio_limit=None) as emulator:
        async with open_session(emulator, model, **resumption()) as client:
            handle = await handle_of(client)
            await clock.sleep(30 * 3600)  # the session's own length does not count
        await clock.sleep(hours * 3600)
        async with connect(emulator, path) as client:
            await client.send({"setup": {"model": model, **resumption(handle)}})
            if good:
                await client.until("setupComplete")
            else:
                assert await client.closed() == (1008, "Requested entity was not found.")


async def test_what_was_being_said_is_lost_and_only_what_was_sent_is_remembered(clock):
    long = Say("One two three four five six seven eight nine ten.", np.zeros(8 * 24000, np.int16))
    brain = ScriptBrain([[long], ["Yes."]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.say("count")
            await client.until(lambda m: "inlineData" in str(m))
            await clock.sleep(0.5)
            drop(client)
            await client.closed()
            said = texts(client, "outputTranscription")
            await clock.sleep(2)
        async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
            history = [content.parts[0].text for content in emulator.sessions[0].talk.history]
            assert history == ["count", said]
            assert 0 < len(said) < len(long.text)
            await clock.sleep(60)
            assert not any("serverContent" in message for _, message in client.frames)


@pytest.mark.parametrize(("model", "swallowed"), [(LIVE_3_8, True), (NATIVE, False)])
async def test_a_call_left_open_by_a_lost_connection(clock, model, swallowed):
    brain = ScriptBrain([[Call("look")], ["First."], ["Second."]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(emulator, model, tools=declare("look"), **resumption()) as client:
            handle = await handle_of(client)
            await client.say("call")
            call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
            drop(client)
            await client.closed()
            await clock.sleep(2)
        async with open_session(emulator, model, tools=declare("look"), **resumption(handle)) as client:
            await client.say("are you there?")
            await clock.sleep(20)
            assert ("First." in texts(client, "outputTranscription")) != swallowed
            if not swallowed:
                await client.turn()
            await client.send(answer(call, {"output": 1}))  # its id is still known
            await client.say("and now?")
            await client.turn()
            assert texts(client, "outputTranscription").endswith("First." if swallowed else "Second.")


async def test_an_open_call_answered_after_the_resume_closes_in_silence(clock):
    brain = ScriptBrain([[Call("look")], ["First."]])
    async with Emulator(brain, clock=clock) as emulator:
        async with open_session(emulator, LIVE_3_8, tools=declare("look")) as client:
            handle = await handle_of(client)
            await client.say("call")
            call = (await client.until("toolCall"))["toolCall"]["functionCalls"][0]
            await client.turn()
        async with open_session(emulator, LIVE_3_8, tools=declare("look"), **resumption(handle)) as client:
            await client.send(answer(call, {"error": "the connection was lost"}))
            await client.say("are you there?")
            await client.turn()
            assert texts(client, "outputTranscription") == "First."


TRANSPARENT = {"sessionResumption": {"transparent": True}}


def indices(client):
    """What each update said was consumed last; 0, a default, is left out."""
    updates = [
        frame["sessionResumptionUpdate"] for _, frame in client.frames if "sessionResumptionUpdate" in frame
    ]
    return [int(one.get("lastConsumedClientMessageIndex", 0)) for one in updates]


async def test_transparent_resumption_tells_of_each_message_once_it_is_kept(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator, VERTEX_2_5, **TRANSPARENT) as client:
        await handle_of(client)
        await client.say("a word", complete=False)
        await client.audio(silence(0.3))
        await clock.sleep(0.5)
        assert indices(client) == [0, 1, 2, 3, 4]
        await client.say("one")
        await client.audio(silence(0.1))
        await client.turn()
        await clock.sleep(0.5)
        # Nothing that is being answered is kept yet.
        assert indices(client) == [0, 1, 2, 3, 4, 6]
        updates = [frame for _, frame in client.frames if "sessionResumptionUpdate" in frame]
        assert updates[-1]["sessionResumptionUpdate"]["lastConsumedClientMessageIndex"] == "6"
        assert len({one["sessionResumptionUpdate"]["newHandle"] for one in updates}) == len(updates)


async def test_transparent_resumption_restores_what_it_told_of_and_no_more(clock):
    async with Emulator(Memory(), clock=clock) as emulator:
        async with open_session(emulator, VERTEX_2_5, **TRANSPARENT) as client:
            await client.say("one")
            await client.turn()
            handle = await handle_of(client)
            await client.say("two")
            await client.until("modelTurn")
            drop(client)
        await clock.sleep(1.5)
        setup = {"sessionResumption": {"transparent": True, "handle": handle}}
        async with open_session(emulator, VERTEX_2_5, **setup) as client:
            await client.say("two")
            await client.turn()
            assert texts(client, "outputTranscription") == "2: one, two."
            # Each connection counts anew.
            assert max(indices(client)) == 1


async def test_go_away_then_the_deadline(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator) as client:
        opened = client.at("setupComplete")
        assert await client.until("goAway") == {"goAway": {"timeLeft": "50s"}}
        assert client.at("goAway") - opened == pytest.approx(540)
        assert await client.closed() == DEADLINE
        assert clock.monotonic() - opened == pytest.approx(590)


async def test_an_hour_over_seven_connections(clock):
    """The clock is simulated: an hour of turns, goAways and resumed connections, in a second or two."""
    handle, turns, connections = None, 0, 0
    async with Emulator(Memory(), clock=clock) as emulator:
        while clock.monotonic() < 3600:
            connections += 1
            async with open_session(emulator, LIVE_3_8, **resumption(handle), **COMPRESSED) as client:
                handle = await handle_of(client)
                while not any("goAway" in message for _, message in client.frames):
                    await client.say(f"turn {turns}")
                    await client.turn()
                    turns += 1
                    assert f"{turns}: " in texts(client, "outputTranscription")
                    await clock.sleep(20)
        assert connections >= 6
        assert emulator.sessions == []


# A session's own time.

PICTURE = {"realtimeInput": {"video": {"mimeType": "image/png", "data": "iVBORw=="}}}


@pytest.mark.parametrize(
    ("model", "close"), [(NATIVE, DEADLINE), (LIVE_3_8, DEADLINE), (VERTEX_2_5, (1000, ""))]
)
async def test_a_session_without_compression_lives_fifteen_minutes_over_its_connections(clock, model, close):
    async with Emulator(clock=clock) as emulator:
        async with open_session(emulator, model, **resumption()) as client:
            handle = await handle_of(client)
            await clock.sleep(500)
        async with open_session(emulator, model, **resumption(handle)) as client:
            opened = client.at("setupComplete")
            assert await client.until("goAway") == {"goAway": {"timeLeft": "50s"}}
            assert client.at("goAway") - opened == pytest.approx(350, abs=1)
            assert await client.closed() == close
            assert clock.monotonic() - opened == pytest.approx(400, abs=1)
        path = VERTEX if model == VERTEX_2_5 else DEVELOPER
        async with connect(emulator, path) as client:
            await client.send({"setup": {"model": model, **resumption(handle)}})
            assert await client.closed() == INTERNAL
        async with open_session(emulator, model, **resumption(handle), **COMPRESSED) as client:
            await clock.sleep(500)
            assert not any("goAway" in message for _, message in client.frames)


@pytest.mark.parametrize(("compressed", "ends"), [({}, True), (COMPRESSED, False)])
async def test_a_session_with_pictures_lives_two_minutes_unless_compressed(clock, compressed, ends):
    async with Emulator(clock=clock) as emulator, open_session(emulator, LIVE_3_8, **compressed) as client:
        await clock.sleep(30)
        await client.send(PICTURE)
        if not ends:
            await clock.sleep(500)
            assert not any("goAway" in message for _, message in client.frames)
            return
        await client.until("goAway")
        assert client.at("goAway") - client.at("setupComplete") == pytest.approx(70)
        assert await client.closed() == DEADLINE
        assert clock.monotonic() - client.at("setupComplete") == pytest.approx(120)


async def test_a_picture_that_comes_late_ends_the_session_soon(clock):
    async with Emulator(clock=clock) as emulator, open_session(emulator, LIVE_3_8) as client:
        await clock.sleep(300)
        await client.send(PICTURE)
        await client.until("goAway")
        assert client.at("goAway") - client.at("setupComplete") == pytest.approx(300, abs=1)
        assert await client.closed() == DEADLINE


async def test_who_hands_over_has_the_rest_of_the_sessions_time_and_is_told_once(clock):
    async with Emulator(clock=clock, video_limit=120) as emulator:
        async with open_session(emulator, LIVE_3_8) as client:
            handle = await handle_of(client)
            await client.send(PICTURE)
            await client.until("goAway")
        async with open_session(emulator, LIVE_3_8, **resumption(handle)) as client:
            assert await client.closed() == DEADLINE
            assert clock.monotonic() - client.at("setupComplete") == pytest.approx(50, abs=1)
            assert not any("goAway" in message for _, message in client.frames)
