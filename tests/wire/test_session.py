"""`LiveSession` and the emulator, over a real socket: what is said, heard, asked, told and kept."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from gemini_live_nb import audio
from gemini_live_nb.clock import SimulatedClock
from gemini_live_nb.emulator import Call, EchoBrain, Fault, ScriptBrain, Step, Thought
from gemini_live_nb.emulator.script import Pause
from gemini_live_nb.errors import (
    AskTimeout,
    AuthError,
    ConfigError,
    ConnectError,
    LiveError,
    MediaError,
    ModelNotFound,
    ServerFault,
    SessionClosed,
    SetupRejected,
)
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import Content, FunctionResponse, Part
from gemini_live_nb.protocol.kinds import names
from gemini_live_nb.session.events import Closed, Lagged, Message, Opened, Status, TurnEnded, TurnStarted
from gemini_live_nb.session.session import LiveSession

from .conversations import KEY, LIVE31, LIVE38, NATIVE, conversation, served, session, silence, until, voice

FAMILIES = [NATIVE, LIVE31, LIVE38]


def frames(talk, direction=None):
    return [frame for frame in talk.log if direction in (None, frame.direction)]


def sent(talk):
    return [json.loads(frame.raw) for frame in frames(talk, "sent")]


@pytest.mark.parametrize("model", FAMILIES)
async def test_a_typed_question_is_answered(model):
    async with conversation(ScriptBrain([["Paris, of course."]]), model) as (talk, _):
        turn = await talk.ask("What is the capital of France?")
        assert (turn.user_text, turn.text) == ("What is the capital of France?", "Paris, of course.")
        assert turn.complete
        assert turn.audio.dtype == np.int16
        assert len(turn.audio) == pytest.approx(turn.audio_ms * 24, abs=1)
        assert turn.usage.total > 0
        assert (
            turn.times.sent
            < turn.times.first_audio
            < turn.times.generation_complete
            < turn.times.turn_complete
        )
        assert talk.turns == [turn]
        assert talk.status == "listening"


@pytest.mark.parametrize("model", FAMILIES)
async def test_a_spoken_question_is_answered(model):
    async with conversation(ScriptBrain([["I hear you."]]), model) as (talk, _):
        turn = await talk.ask(np.concatenate([silence(0.4), voice(1.5), silence(0.3)]), timeout=30)
        assert turn.text == "I hear you."
        assert turn.opened_by == "speech"
        assert turn.ttfa > 0
        ends = [name for frame in sent(talk) for name in frame.get("realtimeInput", {})]
        assert ends[-1] == "audioStreamEnd"


async def test_speech_in_a_file_is_sent_without_its_header_in_real_time(tmp_path):
    path = tmp_path / "question.wav"
    sound = voice(1.0, rate=48_000)
    path.write_bytes(audio.wav(sound, 48_000))
    async with conversation(ScriptBrain([["Yes."]])) as (talk, _):
        turn = await talk.ask(path, timeout=30)
        assert turn.text == "Yes."
        chunks = [frame for frame in frames(talk, "sent") if frame.kind == "realtimeInput.audio"]
        pcm = b"".join(chunk.media()[0].data for chunk in chunks)
        assert {chunk.media()[0].mime_type for chunk in chunks} == {"audio/pcm;rate=16000"}
        np.testing.assert_array_equal(np.frombuffer(pcm, "<i2"), audio.read(path))
        gaps = np.diff([chunk.t for chunk in chunks])
        assert gaps == pytest.approx(0.04, abs=1e-6)


async def test_a_pause_in_a_question_does_not_end_ask_too_early():
    """The server may take a pause for the end: the answer is the one to the whole."""
    brain = ScriptBrain([["Go on."], ["Now I know."]])
    spoken = np.concatenate([voice(1.0), silence(3.0), voice(1.0), silence(0.2)])
    async with conversation(brain) as (talk, _):
        turn = await talk.ask(spoken, timeout=30)
        assert turn.text == "Now I know."


async def test_silence_after_the_words_does_not_make_ask_wait_for_another_turn():
    async with conversation(ScriptBrain([["Done."]])) as (talk, _):
        turn = await talk.ask(np.concatenate([voice(1.0), silence(8.0)]), timeout=10)
        assert turn.text == "Done."


async def test_turns_marked_by_hand():
    config = LiveConfig(automatic_activity_detection=False)
    async with conversation(ScriptBrain([["Over."]]), config=config) as (talk, _):
        turn = await talk.ask(voice(0.5))
        assert turn.text == "Over."
        kinds = [name for frame in sent(talk) for name in frame.get("realtimeInput", {})]
        assert (kinds[0], kinds[-1]) == ("activityStart", "activityEnd")
        with pytest.raises(ConfigError, match="audioStreamEnd is for automatic"):
            await talk.end_audio()


async def test_what_is_refused_with_automatic_detection_is_not_sent():
    async with conversation() as (talk, _):
        with pytest.raises(ConfigError, match="activityStart is refused"):
            await talk.activity_start()
        with pytest.raises(ConfigError, match="automatic_activity_detection=False"):
            await talk.activity_end()


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        (voice(0.2), 16_000),
        (voice(0.2).tobytes(), 16_000),
        (memoryview(voice(0.2).tobytes()), 16_000),
        (voice(0.2).astype("float32") / 32767, 16_000),
        (voice(0.2, 48_000), 48_000),
        (voice(0.2, 44_100), 44_100),
        (np.stack([voice(0.2, 24_000)] * 2, axis=1), 24_000),
    ],
    ids=["int16", "bytes", "memoryview", "float", "48 kHz", "44.1 kHz", "stereo"],
)
async def test_any_sound_goes_out_as_16_khz_and_says_so(given, rate):
    async with conversation() as (talk, _):
        await talk.send_audio(given, rate)
        (chunk,) = [frame for frame in frames(talk, "sent") if frame.kind == "realtimeInput.audio"]
        media = chunk.media()[0]
        assert media.mime_type == "audio/pcm;rate=16000"
        samples = np.frombuffer(media.data, "<i2")
        # A streaming resampler holds a little back for the next chunk.
        assert 2600 <= len(samples) <= 3200
        if rate == 16_000:
            np.testing.assert_allclose(samples, voice(0.2), atol=1)


async def test_resampled_chunks_join_without_a_seam():
    sound = voice(1.0, 48_000)
    async with conversation() as (talk, _):
        for start in range(0, len(sound), 960):
            await talk.send_audio(sound[start : start + 960], 48_000)
        chunks = [
            frame.media()[0].data for frame in frames(talk, "sent") if frame.kind == "realtimeInput.audio"
        ]
    joined = np.frombuffer(b"".join(chunks), "<i2")
    whole = audio.pcm(sound, 48_000)
    np.testing.assert_allclose(joined, whole[: len(joined)], atol=2)


async def test_what_is_no_sound_is_refused_here():
    async with conversation() as (talk, _):
        with pytest.raises(MediaError, match="odd in number"):
            await talk.send_audio(b"abc")
        with pytest.raises(MediaError):
            await talk.send_audio(np.array(["a"]))
        with pytest.raises(MediaError, match="no file"):
            await talk.stream_audio("nowhere.wav")


async def test_every_verb_sends_its_frame():
    config = LiveConfig(automatic_activity_detection=False)
    async with conversation(EchoBrain(), config=config) as (talk, _):
        await talk.send_text("one")
        await talk.send_content("two", turn_complete=False)
        await talk.send_content(
            [{"role": "user", "parts": [{"text": "three"}]}, Content(role="model", parts=[Part(text="four")])]
        )
        await talk.send_video(b"\xff\xd8jpeg")
        await talk.send_context_update(system_instruction="Be brief.", tools=[])
        await talk.activity_start()
        await talk.activity_end()
        await talk.send_raw({"realtimeInput": {"text": "five"}})
        await talk.send_raw('{"realtimeInput":{"text":"six"}}')
        said = sent(talk)[1:]
    assert said[0] == {"realtimeInput": {"text": "one"}}
    assert said[1] == {
        "clientContent": {"turns": [{"role": "user", "parts": [{"text": "two"}]}], "turnComplete": False}
    }
    assert said[2]["clientContent"]["turns"] == [
        {"role": "user", "parts": [{"text": "three"}]},
        {"role": "model", "parts": [{"text": "four"}]},
    ]
    assert said[3]["realtimeInput"]["video"] == {"mimeType": "image/jpeg", "data": "/9hqcGVn"}
    assert said[4] == {
        "contextUpdate": {"systemInstruction": {"parts": [{"text": "Be brief."}]}, "tools": {"tools": []}}
    }
    assert said[5:] == [
        {"realtimeInput": {"activityStart": {}}},
        {"realtimeInput": {"activityEnd": {}}},
        {"realtimeInput": {"text": "five"}},
        {"realtimeInput": {"text": "six"}},
    ]


async def test_a_turn_that_is_none_is_refused_here():
    async with conversation() as (talk, _):
        with pytest.raises(ConfigError, match="unknown field 'role2'"):
            await talk.send_content({"role2": "user"})


# Events.


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


# Asking.


async def test_ask_gives_up_with_what_came():
    async with conversation(ScriptBrain([["First words.", Pause(100), "Last words."]])) as (talk, _):
        with pytest.raises(AskTimeout) as caught:
            await talk.ask("go on", timeout=10)
        assert caught.value.turn.text == "First words."
        assert not caught.value.turn.complete
        assert "longer" in caught.value.hint


async def test_a_model_may_stay_silent():
    async with conversation(faults=[Fault("silent_turn")]) as (talk, _):
        with pytest.raises(AskTimeout) as caught:
            await talk.ask("hello?", timeout=10)
        assert caught.value.turn.user_text == "hello?"


async def test_an_empty_turn_is_an_answer():
    async with conversation(faults=[Fault("empty_turn")]) as (talk, _):
        turn = await talk.ask("hello?")
        assert (turn.text, turn.complete) == ("", True)


async def test_a_question_asked_while_the_model_speaks_gets_its_own_answer():
    brain = ScriptBrain([["A very long story that goes on and on. " * 6], ["Short."]])
    async with conversation(brain) as (talk, _):
        started = talk.subscribe(accepts=lambda event: isinstance(event, Message) and event.audio is not None)
        story = asyncio.create_task(talk.ask("tell me a story", timeout=200))
        await anext(started)
        turn = await talk.ask("no, stop", timeout=200)
        assert turn.text == "Short."
        assert "very long story" in (await story).text


async def test_interrupt_flushes_here_and_says_what_it_did():
    async with conversation(ScriptBrain([["A long answer that is cut. " * 5]])) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        said = await talk.interrupt()
        assert "nothing sent" in said
        assert not [frame for frame in sent(talk) if "activityStart" in frame.get("realtimeInput", {})]
        (cut,) = [frame for frame in frames(talk, "local") if frame.kind == "playback"]
        assert cut.fields == {"action": "flush", "turn": 0}
        await asked


async def test_interrupt_stops_the_model_where_turns_are_marked_by_hand():
    config = LiveConfig(automatic_activity_detection=False)
    async with conversation(ScriptBrain([["A long answer that is cut. " * 5]]), config=config) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        assert "activityStart sent" in await talk.interrupt()
        turn = await asked
        assert turn.interrupted


async def test_barge_in_interrupts_the_turn():
    async with conversation(ScriptBrain([["A long answer that is cut. " * 5], ["Yes?"]])) as (talk, _):
        events = talk.subscribe()
        asked = asyncio.create_task(talk.ask("go", timeout=200))
        await until(events, lambda event: isinstance(event, Message) and event.audio is not None)
        answer = await talk.ask(np.concatenate([voice(1.2), silence(0.3)]), timeout=60)
        cut = await asked
    assert cut.interrupted
    assert 0 < cut.heard_ms < cut.audio_ms
    assert answer.text == "Yes?"


# The session's life.


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


async def test_status_events_tell_how_it_goes():
    async with served() as server:
        talk = session(server)
        events = talk.subscribe(accepts=lambda event: isinstance(event, Status))
        async with talk:
            pass
    words = [event.words async for event in events]
    assert words[0].startswith("connecting to ws://127.0.0.1")
    assert words[1:] == ["listening", "closed"]


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


async def test_sound_waits_while_the_server_does_not_read_and_the_drop_is_told():
    """The socket's own buffers come first: this test fills them."""
    async with conversation(faults=[]) as (talk, server):
        dropped = talk.subscribe(accepts=lambda event: type(event).__name__ == "Dropped")
        await server.inject(Fault("slow_reader", at="now", seconds=60))
        chunk = np.random.default_rng(0).integers(-9, 9, 16_000, np.int16)
        for _ in range(600):
            await talk.send_audio(chunk)
            await talk._clock.sleep(0.05)
        told = dropped.get(timeout=0)
        assert (told.what, told.count > 0) == ("audio", True)
        assert talk._outbox.audio_seconds <= 3.1
        assert (await talk.ask("did you hear?", timeout=200)).complete


async def test_the_turn_events_come_with_their_turn():
    async with conversation(ScriptBrain([["One."]])) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, TurnStarted | TurnEnded))
        turn = await talk.ask("a")
        assert [(type(event), event.turn) for event in [await anext(events), await anext(events)]] == [
            (TurnStarted, turn),
            (TurnEnded, turn),
        ]


async def test_sessions_of_one_loop_do_not_know_each_other():
    clock = SimulatedClock()
    async with served(EchoBrain(), clock=clock) as server:
        talks = [await session(server).connect() for _ in range(5)]
        turns = await asyncio.gather(*(talk.ask(f"number {i}", timeout=60) for i, talk in enumerate(talks)))
        assert [turn.text[-1] for turn in turns] == list("01234")
        await asyncio.gather(*(talk.close() for talk in talks))
