"""The real server's frames, read as runs: the turns, calls and tokens that a person reads in them."""

from __future__ import annotations

import json

import pytest

from gemini_live_nb.log.run import SessionLog

WEATHER = "What is the weather in London?"
FOGGY = "It is foggy and 12 degrees in London."
TALK = "Hello what should we talk about?"
LATELY = (
    "We could talk about anything you like. Perhaps you have a hobby or an interest you'd like to discuss, or maybe "
    "there's a topic you've been curious about lately."
)

# Of each capture: user, model, milliseconds of sound, whether complete; tokens of prompt, response, in all, thoughts.
TURNS = {
    "js-genai__live_ML_Dev_handle_activity_start_and_end":
        ("", "Yeah, I can hear you. What's up?", 0, False, None),
    "js-genai__live_ML_Dev_should_receive_transcription_in_async_session_with_transcription_enabled":
        (TALK, LATELY, 0, False, None),
    "js-genai__live_ML_Dev_should_reply_to_realtime_audio_input":
        ("", "Yes, I can hear you clearly. How may I assist you?", 0, False, None),
    "js-genai__live_ML_Dev_should_reply_to_realtime_text_input":
        ("Are you there Gemini?", "Yes, I'm here! How can I help you today?", 0, False, None),
    "js-genai__live_ML_Dev_should_respond_to_realtime_media-audio_input":
        ("", "Yes, I can hear you clearly. How may I help you?", 0, False, None),
    "js-genai__live_ML_Dev_should_return_error_for_invalid_input_in_async_session": None,
    "js-genai__live_ML_Dev_should_send_content_dict_in_async_session": (TALK, "", 0, True, (515, 31, 546, 0)),
    "js-genai__live_ML_Dev_should_send_text_in_async_session": (TALK, "", 0, True, (515, 38, 553, 0)),
    "js-genai__live_ML_Dev_should_send_tool_response": ("what is the weather in Redmond Washington", "", 0, False, None),
    "js-genai__live_Vertex_should_initialize_session_with_publishers_prefix": None,
    "js-genai__live_Vertex_should_initialize_session_without_prefix": None,
    "js-genai__live_Vertex_should_receive_transcription_in_async_session_with_transcription_enabled":
        (TALK, "We", 0, False, None),
    # A toolResponse to no call: the server speaks all the same.
    "js-genai__live_Vertex_should_return_error_for_invalid_input_in_async_session": ("", "", 200, False, None),
    "js-genai__live_Vertex_should_send_content_dict_in_async_session": (TALK, "", 440, False, None),
    "js-genai__live_Vertex_should_send_text_in_async_session": (TALK, "", 440, False, None),
    "js-genai__live_Vertex_should_send_tool_response_with_function_responses": ("", "", 200, False, None),
    # In these, sound was cut to its first bytes.
    "pydantic-ai__test_google_ws__test_audio_in_server_vad_turn":
        ("Hello, my name is Marcelo.", "Hello, Marcelo.", 4.8, True, (1197, 37, 1234, 28)),
    "pydantic-ai__test_google_ws__test_text_in_audio_out_turn":
        ("Say a short greeting.", "Hello there.", 0.7, True, (1131, 26, 1157, 24)),
    "pydantic-ai__test_google_ws__test_tool_call_round":
        ('Please record a reading of 5 with the note "steady".', 'I have recorded a reading of 5 with the note "steady."',
         35.8, True, (1267, 103, 1370, 0)),
    "pydantic-ai__test_parity_ws__test_history_seeding_parity[gateway-google]":
        ("What is my name and favorite color?", "Your name is Alice, and your favorite color is teal.",
         10.3, True, (32, 87, 119, 0)),
    "pydantic-ai__test_parity_ws__test_history_seeding_parity[google-previous]":
        ("What is my name and favorite color?", "Your name is Alice and your favorite color is teal.",
         32.3, True, (417, 74, 491, 77)),
    "pydantic-ai__test_parity_ws__test_text_tool_round_parity[gateway-google]": (WEATHER, FOGGY, 7.6, True, (44, 61, 105, 0)),
    "pydantic-ai__test_parity_ws__test_text_tool_round_parity[google-current]": (WEATHER, FOGGY, 8.25, True, (482, 69, 551, 0)),
}  # fmt: skip

# Of each capture with a call: id, name, arguments, state, result.
CALLS = {
    "js-genai__live_ML_Dev_should_send_tool_response":
        ("function-call-5831923424298605773", "get_current_weather", {"location": "Redmond, WA"}, "pending", None),
    "pydantic-ai__test_google_ws__test_tool_call_round":
        ("function-call-3225422447732038294", "record_reading", {"zqx_measurement": 5, "qbf_note": "steady"}, "done",
         {"output": "Recorded 5 (steady)."}),
    "pydantic-ai__test_parity_ws__test_text_tool_round_parity[gateway-google]":
        ("4d456feb-1704-40b6-a692-5130e7872447", "get_weather", {"city": "London"}, "done", {"output": FOGGY}),
    "pydantic-ai__test_parity_ws__test_text_tool_round_parity[google-current]":
        ("fc_3880303533621599938", "get_weather", {"city": "London"}, "done", {"output": FOGGY}),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
def test_turns_calls_and_tokens(shared, name):
    log = SessionLog.from_capture(shared / "captures" / "normalized" / f"{name}.jsonl")
    assert log.name == name
    if TURNS[name] is None:
        assert log.conversation == []
        return
    user, model, audio_ms, complete, tokens = TURNS[name]
    (turn,) = log.conversation
    assert (turn.user_text, turn.text) == (user, model)
    assert turn.audio_ms == pytest.approx(audio_ms, abs=0.05)
    assert turn.complete == complete
    usage = turn.usage
    assert tokens == (None if usage is None else (usage.prompt, usage.response, usage.total, usage.thoughts))
    calls = [(call.id, call.name, call.args, call.state, call.result) for call in log.tool_calls]
    assert calls == ([CALLS[name]] if name in CALLS else [])
    assert len(turn.audio) == pytest.approx(audio_ms * 24, abs=100)


def test_every_capture_is_spelled_out(shared):
    assert {path.stem for path in (shared / "captures" / "normalized").glob("*.jsonl")} == set(TURNS)


def test_thoughts_are_never_the_answer(shared):
    for path in (shared / "captures" / "normalized").glob("*.jsonl"):
        for turn in SessionLog.from_capture(path).conversation:
            assert not turn.thoughts or turn.thoughts not in turn.text
    name = "pydantic-ai__test_google_ws__test_audio_in_server_vad_turn"
    (turn,) = SessionLog.from_capture(shared / "captures" / "normalized" / f"{name}.jsonl").conversation
    assert turn.thoughts.startswith("**Acknowledge the Introduction**")


def test_recordings_come_back_byte_for_byte(shared, tmp_path):
    for path in sorted((shared / "captures" / "raw").glob("*.websocket.log")):
        data = path.read_bytes()
        log = SessionLog.from_capture(path, tmp_path / path.stem)
        sizes = {"sent": b">", "received": b"<"}
        at = 0
        for frame in log:
            head = sizes[frame.direction]
            assert data[at : at + 1] == head
            start = data.index(b" ", at) + 1
            assert data[start : start + len(frame.raw)] == frame.raw
            at = start + len(frame.raw) + 1
        assert at >= len(data) - 1


def test_normalized_captures_keep_every_value(shared, tmp_path):
    for path in sorted((shared / "captures" / "normalized").glob("*.jsonl")):
        log = SessionLog.from_capture(path, tmp_path / path.stem)
        entries = [json.loads(line) for line in path.read_text().splitlines()]
        assert [frame.json() for frame in log] == [entry["msg"] for entry in entries]
        directions = {"client": "sent", "server": "received"}
        assert [frame.direction for frame in log] == [directions[entry["dir"]] for entry in entries]


def test_the_timeline_of_3_8(shared):
    """Call and turn end at once, an interruption after generationComplete, a result that comes in mid-air."""
    log = SessionLog.from_capture(shared / "captures" / "timelines" / "gemini-3.8-live_G2_run1.jsonl")
    first, second, third = log.conversation
    assert [turn.user_text for turn in (first, second, third)] == [
        "Book me the 3:00 p.m. slot tomorrow, please.",
        "While you do that. What should I bring to the appointment?",
        "Actually, stop. Don't book it.",
    ]
    assert [turn.text for turn in (first, second, third)] == [
        "",
        "I am booking the 3 p.m. slot for you now. Would you like me to list what you should bring?",
        "The booking has already been made.",
    ]
    assert [turn.interrupted for turn in (first, second, third)] == [False, True, False]
    assert all(turn.complete for turn in (first, second, third))
    assert [turn.usage.total for turn in (first, second, third)] == [783, 1030, 1182]
    assert second.audio_ms == 4740
    assert second.times.generation_complete == pytest.approx(10.233)
    assert second.times.interrupted == pytest.approx(10.255)
    assert second.heard_ms == pytest.approx(1156)
    # turnComplete waits for simulated playback: first sound plus its length.
    assert third.times.turn_complete == pytest.approx(
        third.times.first_audio + third.audio_ms / 1000, abs=0.01
    )
    (call,) = log.tool_calls
    assert (call.id, call.turn, call.args) == ("call_1019612", 0, {"slot": "tomorrow 3pm"})
    assert (call.state, call.latency) == ("done", pytest.approx(7.004))
