"""What the model says about results of functions belongs to the turn that asked for them."""

from __future__ import annotations

import pytest

from gemini_live_nb.log.index import unpack
from gemini_live_nb.log.turns import TurnFold

from .log_talk import Talk, only, turns


def asked(**setup):
    return Talk().setup(**setup).types("Weather?").calls("look", "c1")


def rows_of(talk):
    table = talk.log().table()
    rows = unpack(table.rows, table.heap)
    return [[row for row in rows if row.seq == seq] for seq in sorted({row.seq for row in rows})]


def test_a_result_sent_while_the_model_speaks_is_told_of_in_the_same_turn():
    talk = asked().says("One moment.").sounds(400).answers("c1", {"result": "sunny"}).says(" Please.")
    talk.generated().over().wait(0.5).says("It is sunny.").sounds(300).generated().over()
    turn = only(talk)
    assert (turn.text, turn.over, turn.complete) == ("One moment. Please. It is sunny.", True, True)


def test_so_is_one_sent_when_all_was_said_and_not_yet_played():
    talk = asked().says("One moment.").sounds(400).generated().answers("c1", {"result": "sunny"})
    talk.over().wait(0.5).says("It is sunny.").sounds(300).generated().over()
    assert only(talk).text == "One moment. It is sunny."


def test_after_words_before_the_call_the_answer_is_the_result():
    """BLOCKING on 2.5: one turnComplete for all of it, and nobody waits for another."""
    talk = Talk().setup().types("Weather?").says("I look it up.").sounds(300).calls("look", "c1")
    talk.answers("c1", {"result": "sunny"}).says("It is sunny.").sounds(300).generated().over()
    assert only(talk).over


@pytest.mark.parametrize("model", ["gemini-2.5-flash-native-audio-preview-12-2025", "gemini-3.8-live"])
def test_each_result_of_a_generator_is_told_of_before_the_next_question(model):
    talk = asked(model=f"models/{model}").over().answers("c1", {"result": "looking"}, willContinue=True)
    talk.says("Looking.").sounds(300).answers("c1", {"result": "nearly"}, willContinue=True)
    talk.answers("c1", {"result": "sunny"}, willContinue=True).generated().over().wait(0.3)
    talk.answers("c1", {}, willContinue=False, scheduling="SILENT")
    talk.says("Nearly.").sounds(300).generated().over().wait(0.3)
    talk.says("Sunny.").sounds(300).generated().over()
    talk.types("Two and three?").says("Five.").sounds(100).generated().over()
    weather, sum_ = turns(talk)
    assert (weather.text, weather.over) == ("Looking. Nearly. Sunny.", True)
    assert (sum_.user_text, sum_.text) == ("Two and three?", "Five.")
    (call,) = weather.tool_calls
    assert (call.state, call.responses, call.result) == ("done", 4, {"result": "sunny"})


def test_a_generator_told_of_at_once_leaves_the_turn_open_until_the_user_goes_on():
    talk = asked().over().answers("c1", {"result": 1}, willContinue=True)
    talk.answers("c1", {"result": 2}, willContinue=True).answers("c1", {}, willContinue=False)
    talk.says("One and two.").sounds(300).generated().over()
    assert not only(talk).over
    talk.wait(2).types("And?").says("That is all.").sounds(100).generated().over()
    first, second = turns(talk)
    assert (first.text, first.complete, second.text) == ("One and two.", True, "That is all.")


def test_a_result_that_cuts_its_own_turn_goes_on_with_it():
    talk = (
        asked()
        .says("One moment, I am")
        .sounds(2000)
        .answers("c1", {"result": "sunny"}, scheduling="INTERRUPT")
    )
    talk.interrupted().over().wait(0.3).says(" sunny.").sounds(300).generated().over()
    turn = only(talk)
    assert (turn.text, turn.interrupted, turn.over) == ("One moment, I am sunny.", False, True)


def test_a_result_of_an_earlier_turn_is_a_turn_of_its_own():
    talk = asked().over().types("Count.").says("One two").sounds(500).answers("c1", {"result": "sunny"})
    talk.says(" three").generated().over().wait(0.5).says("It is sunny.").sounds(100).generated().over()
    first, second, third = turns(talk)
    assert (second.text, second.over) == ("One two three", True)
    assert (third.opened_by, third.text) == ("tool", "It is sunny.")
    assert first.tool_calls[0].state == "done"


def test_a_turn_that_may_go_on_is_told_of():
    told = []
    fold = TurnFold()
    fold.on_lingering = told.append
    talk = asked().says("Wait.").sounds(100).answers("c1", {"result": 1}).generated().over()
    for rows in rows_of(talk):
        fold.feed(rows)
    assert told == fold.turns == [fold.lingering]


# Pieces that belong to no turn.

LONE = {
    "text": {"text": "hm"},
    "thought": {"text": "hm", "thought": True},
    "code": {"executableCode": {"language": "PYTHON", "code": "1"}},
}


@pytest.mark.parametrize("piece", LONE)
@pytest.mark.parametrize("gap", [0.0, 5.0])
def test_a_lone_piece_does_not_take_the_answer_to_the_next_question(piece, gap):
    talk = Talk().setup().server({"serverContent": {"modelTurn": {"parts": [LONE[piece]]}}}).wait(gap)
    talk.types("Two and three?").wait(0.5).says("Five.").sounds(100).generated().over()
    stray, answer = turns(talk)
    assert (stray.opened_by, stray.over, stray.text) == ("server", True, "hm" if piece == "text" else "")
    assert (answer.user_text, answer.text, answer.over) == ("Two and three?", "Five.", True)


def test_a_lone_piece_of_sound_neither():
    talk = Talk().setup().sounds(40).types("Two and three?").wait(0.6)
    stray, answer = turns(talk.sounds(100).says("Five.").generated().over())
    assert (stray.audio_ms, answer.audio_ms, answer.text) == (40, 100, "Five.")


def test_what_the_model_says_of_itself_goes_on_while_it_is_heard():
    """A question put meanwhile is answered after it."""
    talk = Talk().setup().says("By the way, ").sounds(2000).types("Two and three?").wait(0.6)
    talk.says("it rains.").sounds(800).generated().over().says("Five.").sounds(100).generated().over()
    first, second = turns(talk)
    assert (first.text, second.text) == ("By the way, it rains.", "Five.")
