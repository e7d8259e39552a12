"""Frames to turns: what each family of models sends, and what a reader sees in it."""

from __future__ import annotations

import pytest

from .log_talk import Talk, only, turns


def test_a_spoken_turn_of_2_5_native():
    turn = only(
        Talk().setup().speaks(1.5).silence(0.5)
        .hears(" Hello", ",", " my", " name", " is Marcelo.")
        .server({"serverContent": {"modelTurn": {"parts": [{"text": "**Greeting**", "thought": True}]}}})
        .says("Hello, ", "Marcelo.").sounds(200, 240, 240).generated().wait(0.6).over((1197, 37))
    )  # fmt: skip
    assert turn.user_text == "Hello, my name is Marcelo."
    assert turn.text == "Hello, Marcelo."
    assert turn.thoughts == "**Greeting**"
    assert (turn.usage.prompt, turn.usage.response, turn.usage.total) == (1197, 37, 1234)
    assert turn.audio_ms == pytest.approx(680)
    assert len(turn.audio) == 680 * 24
    assert turn.complete
    assert turn.over
    assert not turn.interrupted
    assert turn.opened_by == "speech"


def test_when_you_stopped_speaking_is_the_last_chunk_with_speech():
    turn = only(Talk().setup().silence(1).speaks(1.5).silence(0.7).says("Yes.").sounds(100).over())
    assert turn.times.sent == pytest.approx(1.1)
    assert turn.times.speech_end == pytest.approx(2.5)
    assert turn.times.speech_end_by == "mic level"
    assert turn.ttfa == pytest.approx(0.7)


def test_steady_noise_is_not_speech():
    turn = only(
        Talk().setup().speaks(20, loudness=0.02).speaks(1, loudness=0.6).speaks(1, loudness=0.02)
        .says("Yes.").sounds(100).over()
    )  # fmt: skip
    assert turn.times.speech_end == pytest.approx(21.0)


def test_activity_marked_by_hand_is_the_end_of_speech():
    talk = Talk().setup().client({"realtimeInput": {"activityStart": {}}}).speaks(1).silence(0.3)
    turn = only(talk.client({"realtimeInput": {"activityEnd": {}}}).wait(0.2).sounds(100).over())
    assert turn.times.speech_end_by == "activityEnd"
    assert turn.ttfa == pytest.approx(0.2)


def test_the_servers_activity_end_is_kept_beside_the_microphones():
    talk = (
        Talk().setup().speaks(1).activity("START").silence(1.2).hears("What now?").activity("END").wait(0.3)
    )
    turn = only(talk.sounds(100).over())
    assert turn.times.speech_end == pytest.approx(1.0)
    assert turn.times.vad_end == pytest.approx(2.2)
    assert turn.ttfa == pytest.approx(1.5)


def test_without_levels_the_servers_activity_end_is_all_there_is():
    talk = Talk().setup().activity("START").wait(2).hears("What now?").activity("END").wait(0.3)
    turn = only(talk.sounds(100).over())
    assert (turn.times.speech_end, turn.times.speech_end_by) == (pytest.approx(2.0), "voiceActivity")


def test_a_typed_turn_waits_from_when_it_was_sent():
    turn = only(Talk().setup().wait(1).types("Hi").wait(0.4).says("Hello.").sounds(100).over())
    assert (turn.user_text, turn.opened_by) == ("Hi", "text")
    assert turn.ttfa == pytest.approx(0.4)


def test_text_answers_are_text():
    talk = Talk().setup().types("Hi")
    for piece in ("Yes", ", I can hear you."):
        talk.server({"serverContent": {"modelTurn": {"parts": [{"text": piece}]}}})
    turn = only(talk.generated().over((5, 6)))
    assert turn.text == "Yes, I can hear you."
    assert len(turn.audio) == 0


def test_whole_sentences_without_spaces_are_set_apart():
    turn = only(Talk().setup().hears("Book it.", "What should I bring?").says("3", ".5 of it").over())
    assert turn.user_text == "Book it. What should I bring?"
    assert turn.text == "3.5 of it"


def test_bundled_sound_and_words_of_3_1():
    talk = Talk().setup().types("Weather?")
    for word, length in (("It is", 100), (" foggy", 100)):
        talk.sounds(length)
        frame = list(talk.frames[-1])
        frame[5] = frame[5].replace(
            b'"modelTurn"', b'"outputTranscription": {"text": "%b"},\n    "modelTurn"' % word.encode()
        )
        talk.frames[-1] = tuple(frame)
    turn = only(talk.server({"serverContent": {}}).generated().over((482, 69)))
    assert turn.text == "It is foggy"
    assert turn.audio_chunks == 2


def test_finished_flags_and_empty_transcripts_of_vertex_open_nothing():
    talk = Talk().setup(vertex=True).server({"serverContent": {"outputTranscription": {}}})
    talk.server({"serverContent": {"outputTranscription": {"finished": True}}})
    assert turns(talk) == []


def test_a_late_transcript_goes_to_the_turn_it_was_said_in():
    talk = (
        Talk().setup().speaks(1).silence(0.5).says("Good evening.").sounds(300).generated().wait(0.3).over()
    )
    first = only(talk.wait(0.2).hears("Hello there."))
    assert first.user_text == "Hello there."


def test_a_transcript_after_new_speech_opens_the_next_turn():
    talk = Talk().setup().speaks(1).silence(0.5).says("Good evening.").sounds(300).over()
    first, second = turns(talk.silence(1).speaks(1).silence(0.3).hears(" And", " now?").says("Now.").over())
    assert (first.user_text, second.user_text) == ("", "And now?")


def test_barge_in_before_the_server_has_words_for_it():
    talk = Talk().setup().speaks(1).hears(" Count.").says("One, ", "two, ", "three.").sounds(*[240] * 10)
    talk.hears(" Wait").wait(0.1).interrupted().over().hears(", stop.").says("Stopped.").sounds(100).over()
    first, second = turns(talk)
    assert (first.user_text, first.text, first.interrupted) == ("Count.", "One, two, three.", True)
    assert (second.user_text, second.text, second.interrupted) == ("Wait, stop.", "Stopped.", False)


def test_interrupted_after_generation_complete_with_voice_activity():
    """gemini-3.8-live (captures/timelines): the server plays the turn on while you cut in."""
    talk = Talk().setup().activity("START").wait(1).hears("A long story, please.").activity("END")
    talk.wait(0.2).says("Once upon a time.").sounds(*[400] * 10).generated().wait(0.5)
    talk.activity("START").interrupted().over((906, 124)).wait(2).hears("Stop.").activity("END")
    first, second = turns(talk.says("Done.").sounds(100).generated().over((1121, 61)))
    assert first.interrupted
    assert first.complete
    assert first.times.generation_complete < first.times.interrupted
    assert first.usage.prompt == 906
    assert second.user_text == "Stop."
    assert second.text == "Done."


def test_what_was_heard_is_what_the_speaker_played():
    talk = Talk().setup().types("Count.").says("one two three four five six seven eight").sounds(*[500] * 8)
    talk.local("playback", turn=0, played_ms=900).local(
        "playback", turn=0, played_ms=2000
    ).interrupted().over()
    turn = only(talk)
    assert turn.heard_ms == 2000
    assert not turn.heard_is_estimate
    assert turn.heard_text == "one two three four"


def test_without_a_speaker_what_was_heard_is_reckoned():
    talk = Talk().setup().types("Count.").says("one two three four").sounds(1000, 1000, every=0)
    turn = only(talk.wait(1.0).interrupted().over())
    assert turn.heard_is_estimate
    assert turn.heard_ms == pytest.approx(1000)
    assert turn.heard_text == "one two"


def test_a_voice_stopped_here_was_heard_no_further_whatever_the_server_went_on_to_send():
    talk = Talk().setup().types("Count.").says("one two three four").sounds(1000, 1000, every=0)
    talk.wait(1.0).local("playback", action="flush", turn=0)
    reckoned = only(talk.says(" five six").sounds(1000).generated().over())
    assert (reckoned.cut, reckoned.interrupted, reckoned.heard_text) == (True, False, "one two")
    played = only(talk.local("playback", action="position", turn=0, played_ms=500))
    assert (played.heard_ms, played.heard_text) == (500, "one")
    assert "silenced" in repr(played)


def test_a_voice_stopped_after_its_end_was_heard_whole():
    talk = Talk().setup().types("Count.").says("one two").sounds(1000).wait(1.2).over()
    turn = only(talk.local("playback", action="flush", turn=0))
    assert not turn.cut
    assert turn.heard_text == "one two"


def test_heard_words_follow_the_sound_they_came_with():
    talk = (
        Talk()
        .setup()
        .types("Count.")
        .says("one")
        .sounds(1000)
        .says(" two")
        .sounds(1000)
        .says(" three")
        .sounds(1000)
    )
    turn = only(talk.local("playback", turn=0, played_ms=2000).interrupted().over())
    assert turn.heard_text == "one two"


def test_a_typed_turn_interrupts():
    talk = Talk().setup().types("Count.").says("One, two").sounds(*[240] * 4).types("Stop.")
    talk.interrupted().over((10, 20)).says("Fine.").sounds(100).over((30, 5))
    first, second = turns(talk)
    assert (first.user_text, first.text, first.interrupted, first.usage.total) == (
        "Count.",
        "One, two",
        True,
        30,
    )
    assert (second.user_text, second.text, second.usage.total) == ("Stop.", "Fine.", 35)


def test_a_spurious_interruption_belongs_to_nobody():
    """langwatch/scenario#360: activityStart right after generationComplete draws interrupted, turnComplete."""
    talk = Talk().setup().types("Hi").says("Hello.").sounds(100).generated().over((5, 5)).wait(1)
    talk.client({"realtimeInput": {"activityStart": {}}}).interrupted().over()
    talk.speaks(1).client({"realtimeInput": {"activityEnd": {}}}).hears("And you?").says("Well.").sounds(
        100
    ).over()
    first, second = turns(talk)
    assert (first.text, first.interrupted) == ("Hello.", False)
    assert (second.user_text, second.text, second.complete, second.interrupted) == (
        "And you?",
        "Well.",
        True,
        False,
    )


def test_empty_and_silent_turns_end():
    turn = only(Talk().setup().types("Hm.").generated().over((515, 31)))
    assert turn.complete
    assert turn.text == ""
    assert turn.usage.total == 546
    assert turn.ttfa is None


def test_usage_may_be_missing_or_come_alone():
    talk = Talk().setup().types("Hi").says("Hello.").over()
    assert only(talk).usage is None
    talk.server({"usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}})
    assert only(talk).usage.total == 7


def test_usage_is_the_last_snapshot_and_never_a_sum():
    talk = Talk().setup().types("Hi").server({"usageMetadata": {"totalTokenCount": 10}}).says("Hello.")
    assert only(talk.over((20, 5))).usage.total == 25


# Tools.


def test_a_tool_round_is_one_turn():
    talk = (
        Talk()
        .setup()
        .types("Weather?")
        .wait(0.5)
        .calls("get_weather", "function-call-1", city="Oslo")
        .wait(0.2)
    )
    talk.local("tool", id="function-call-1", event="started").wait(0.3)
    talk.local("tool", id="function-call-1", event="printed", text="asking…\n")
    talk.local("tool", id="function-call-1", event="finished")
    talk.answers("function-call-1", {"output": "sunny"}).wait(0.4).says("It is sunny.").sounds(
        100
    ).generated().over((9, 9))
    turn = only(talk)
    (call,) = turn.tool_calls
    assert (call.name, call.args, call.result, call.state) == (
        "get_weather",
        {"city": "Oslo"},
        {"output": "sunny"},
        "done",
    )
    assert (call.started, call.finished) == (pytest.approx(0.7), pytest.approx(1.0))
    assert call.latency == pytest.approx(0.5)
    assert call.prints == ["asking…\n"]
    assert turn.text == "It is sunny."


def test_a_turn_of_3_8_is_held_open_by_its_call():
    """3.8 ends the turn in the same millisecond as the call, and speaks when the result is there."""
    talk = Talk().setup().activity("START").wait(1).hears("Book it.").activity("END")
    talk.calls("book", "call_1").generated().over((768, 15)).wait(2)
    assert not only(talk).over
    talk.answers("call_1", {"ok": True}).says("It is booked.").sounds(100).generated().over((800, 20))
    turn = only(talk)
    assert (turn.text, turn.complete, turn.over) == ("It is booked.", True, True)
    assert turn.usage.prompt == 800


def test_new_input_ends_a_turn_that_a_call_holds_open():
    talk = Talk().setup().hears("Book it.").calls("book", "call_1").generated().over((768, 15)).wait(1)
    talk.activity("START").wait(1).hears("And what shall I bring?").activity("END").says("A pen.").sounds(
        100
    ).over((900, 9))
    talk.wait(1).answers("call_1", {"ok": True}).says("It is booked.").sounds(100).over((950, 9))
    first, second, third = turns(talk)
    assert (first.complete, first.text, first.tool_calls[0].state) == (True, "", "done")
    assert (second.user_text, second.text) == ("And what shall I bring?", "A pen.")
    assert (third.opened_by, third.user_text, third.text, third.ttfa) == ("tool", "", "It is booked.", None)


def test_a_cough_does_not_end_a_turn_that_a_call_holds_open():
    talk = (
        Talk()
        .setup()
        .hears("Book it.")
        .calls("book", "call_1")
        .over()
        .wait(1)
        .activity("START")
        .wait(0.2)
        .activity("END")
    )
    turn = only(talk.answers("call_1", {"ok": True}).says("Booked.").sounds(100).over())
    assert turn.text == "Booked."


def test_a_silent_result_ends_a_held_turn():
    talk = Talk().setup().hears("Note it.").calls("note", "call_1").over().wait(1)
    assert only(talk.answers("call_1", {"ok": True}, scheduling="SILENT")).over
    # Google's own examples put it inside the response.
    talk = Talk().setup().hears("Note it.").calls("note", "call_1").over().wait(1)
    assert only(talk.answers("call_1", {"ok": True, "scheduling": "SILENT"})).over


def test_an_interrupting_result_opens_a_turn_of_the_tools():
    """Cookbook cell 40: INTERRUPT cuts the running answer and a new generation tells the result."""
    talk = (
        Talk()
        .setup()
        .types("Weather in Vegas?")
        .calls("get_weather_vegas", "function-call-2")
        .says("It is running.")
    )
    talk.generated().over((511, 28)).types("Tell me of Paris.").says("While I wait, ").sounds(*[240] * 5)
    talk.answers("function-call-2", {"weather": "42"}, scheduling="INTERRUPT").interrupted().over((604, 806))
    talk.says("It is 42 degrees.").sounds(100).generated().over((700, 9))
    first, second, third = turns(talk)
    assert (first.text, first.complete) == ("It is running.", True)
    assert (second.user_text, second.interrupted) == ("Tell me of Paris.", True)
    assert (third.opened_by, third.text) == ("tool", "It is 42 degrees.")


def test_vertex_closes_the_call_with_a_turn_complete_of_its_own():
    talk = Talk().setup(vertex=True).types("Weather?").calls("get_weather", "4d456feb")
    talk.answers("4d456feb", {"output": "foggy"}).server(
        {"serverContent": {"outputTranscription": {"finished": True}}}
    )
    talk.generated().over((24, 5), groundingMetadata={}).says("It", " is foggy.").sounds(
        100
    ).generated().over((44, 61))
    turn = only(talk)
    assert (turn.text, turn.usage.prompt) == ("It is foggy.", 44)


def test_elsewhere_an_unspoken_answer_ends_the_turn():
    talk = Talk().setup().types("Note it.").calls("note", "function-call-1").answers("function-call-1", {})
    assert only(talk.generated().over((5, 5))).over


def test_extended_thinking_goes_on_while_in_progress():
    talk = Talk().setup().hears("Plan it.").says("Let me think.").sounds(100).generated()
    talk.over((9, 9), interactionStatus="IN_PROGRESS").calls("search", "call_1").answers(
        "call_1", {"output": 1}
    )
    turn = only(talk.says(" Here it is.").sounds(100).generated().over((19, 9), interactionStatus="IDLE"))
    assert turn.text == "Let me think. Here it is."
    assert turn.usage.prompt == 19


def test_one_call_delivered_twice_is_one_call():
    talk = Talk().setup().types("Go.").calls("go", "function-call-1").calls("go", "function-call-1")
    part = {"functionCall": {"name": "go", "id": "function-call-1", "args": {}}}
    talk.server({"serverContent": {"modelTurn": {"parts": [part]}}}).answers("function-call-1", {})
    (call,) = only(talk.over()).tool_calls
    assert call.deliveries == 3


def test_several_calls_in_one_frame_each_hold_the_turn():
    calls = [{"name": "f", "id": f"fc_{n}", "args": {"n": n}} for n in (1, 2)]
    talk = Talk().setup().types("Both.").server({"toolCall": {"functionCalls": calls}}).over((1, 1))
    assert not only(talk.answers("fc_1", {})).over
    assert only(talk.answers("fc_2", {}).says("Both done.").over((2, 2))).over


def test_results_errors_and_continuing_results():
    talk = (
        Talk().setup().types("Go.").calls("go", "a").calls("go", "b").answers("a", {"error": "no such city"})
    )
    talk.answers("b", {"output": 1}, willContinue=True).answers("b", {"output": 2}, willContinue=False)
    first, second = only(talk.over()).tool_calls
    assert (first.state, first.error) == ("error", "no such city")
    assert (second.state, second.result, second.responses) == ("done", {"output": 2}, 2)


def test_a_result_without_an_id_is_found_by_name():
    talk = Talk().setup(vertex=True).types("Go.").calls("go", "")
    talk.client({"toolResponse": {"functionResponses": [{"name": "go", "response": {"output": 3}}]}})
    (call,) = only(talk).tool_calls
    assert (call.state, call.result) == ("done", {"output": 3})


def test_cancelled_calls_do_not_hold_a_turn():
    talk = Talk().setup().types("Go.").calls("go", "function-call-1").says("Working").sounds(*[240] * 3)
    talk.server({"toolCallCancellation": {"ids": ["function-call-1"]}}).interrupted().over((5, 5))
    turn = only(talk)
    assert (turn.tool_calls[0].state, turn.over, turn.interrupted) == ("cancelled", True, True)


def test_server_side_code_is_kept_apart_from_the_answer():
    parts = [
        {"executableCode": {"language": "PYTHON", "code": "print(2)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}},
        {"text": "It is 2."},
    ]
    turn = only(
        Talk().setup().types("1+1?").server({"serverContent": {"modelTurn": {"parts": parts}}}).over()
    )
    assert (turn.code, turn.text) == (["print(2)", "2"], "It is 2.")


# History, connections.


def test_history_is_no_question():
    history = [
        {"role": "user", "parts": [{"text": "My name is Alice."}]},
        {"role": "model", "parts": [{"text": "Nice to meet you!"}]},
    ]
    talk = Talk().setup().client({"clientContent": {"turns": history, "turnComplete": False}})
    assert only(talk.types("What is my name?").says("Alice.").over()).user_text == "What is my name?"


def test_a_question_in_several_pieces_is_one():
    talk = Talk().setup()
    for text in ("What is", "my name?"):
        talk.client(
            {"clientContent": {"turns": [{"role": "user", "parts": [{"text": text}]}], "turnComplete": False}}
        )
    turn = only(talk.client({"clientContent": {"turnComplete": True}}).says("Alice.").over())
    assert turn.user_text == "What is my name?"


def test_initial_history_is_not_answered_even_when_complete():
    talk = Talk().setup(historyConfig={"initialHistoryInClientContent": True}).types("Old question.")
    talk.client({"realtimeInput": {"text": "New question."}})
    assert only(talk.says("Answer.").over()).user_text == "New question."


def test_an_answer_the_connection_ended_in_is_lost():
    talk = (
        Talk()
        .setup()
        .types("Count.")
        .says("One")
        .sounds(240)
        .local("close", code=1011, reason="Internal error")
    )
    talk.conn = 1
    talk.local("open").setup().types("Again.").says("One, two.").sounds(240).over((5, 5))
    first, second = turns(talk)
    assert (first.lost, first.complete, first.conn) == (True, False, 0)
    assert (second.lost, second.complete, second.conn) == (False, True, 1)


def test_a_question_sent_again_after_a_drop_is_one_question():
    talk = Talk().setup().types("Hello?").local("close", code=1006)
    talk.conn = 1
    turn = only(talk.setup().types("Hello?").says("Hello.").over())
    assert (turn.user_text, turn.conn, turn.complete) == ("Hello?", 1, True)


def test_a_turn_complete_nobody_asked_for_is_nobodys():
    assert turns(Talk().setup().over((1, 1)).generated().interrupted()) == []


def test_speech_nobody_answers_is_a_turn_when_it_has_words():
    assert turns(Talk().setup().activity("START").wait(1).activity("END")) == []
    assert only(Talk().setup().activity("START").wait(1).hears("Hm.").activity("END")).text == ""


def test_the_fold_tells_of_beginnings_and_ends():
    talk = Talk().setup().types("Hi").says("Hello.").over().types("More?").says("No.").over()
    events = []
    recorder = Talk().live()
    recorder.fold.on_started = lambda turn: events.append(("started", turn.number, turn.user_text))
    recorder.fold.on_ended = lambda turn: events.append(("ended", turn.number, turn.text))
    from .log_talk import HandClock, replay

    replay(talk.frames, recorder, HandClock())
    assert events == [
        ("started", 0, "Hi"),
        ("ended", 0, "Hello."),
        ("started", 1, "More?"),
        ("ended", 1, "No."),
    ]
