"""The parts of the rules that are worth trying on their own: numbers, sums, dates, words, arguments, memory."""

from __future__ import annotations

import doctest
import importlib
from datetime import date, datetime, time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_live_nb.emulator.brain import Result
from gemini_live_nb.emulator.speech import call, dates, languages, numbers, results, sums
from gemini_live_nb.emulator.speech.slots import slots
from gemini_live_nb.emulator.speech.synthesise import clauses, speakable
from gemini_live_nb.emulator.speech.voices import VOICES, voice
from gemini_live_nb.emulator.speech.words import plain, sentences, words
from gemini_live_nb.protocol import models
from gemini_live_nb.protocol.content import FunctionDeclaration

NOW = datetime(2026, 11, 22, 18, 45).astimezone()


@pytest.mark.parametrize(
    "module",
    ["dates", "languages", "numbers", "recall", "results", "scene", "sums", "synthesise", "voices", "words"],
)
def test_examples_in_docstrings(module):
    found = doctest.testmod(importlib.import_module(f"gemini_live_nb.emulator.speech.{module}"))
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("two thousand and five", [2005]),
        ("one hundred and twenty three", [123]),
        ("one million two hundred thousand", [1_200_000]),
        ("nineteen eighty four", [1984]),
        ("twenty-one point five", [Fraction("21.5")]),
        ("minus 3.5 and -2", [Fraction("-3.5"), -2]),
        ("seven and eight", [7, 8]),
        ("two and a half dozen", [Fraction("2.5"), 12]),
        ("three quarters", [Fraction(3, 4)]),
        ("a dozen and 1,250", [12, 1250]),
        ("the second one", [1]),
        ("ten thirty", [10, 30]),
        ("A113 and B2", []),
        ("5-3", [5, 3]),
    ],
)
def test_numbers_in_words(said, expected):
    assert [number.value for number in numbers.find([word.low for word in words(said)])] == expected


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["plus", "minus", "times"]))
def test_sums_are_exact(left, right, operator):
    expected = {"plus": left + right, "minus": left - right, "times": left * right}[operator]
    assert sums.answer(f"What is {left} {operator} {right}?")[1] == expected


@given(st.text(max_size=60))
def test_no_text_breaks_the_readers(text):
    sums.answer(text)
    dates.find(words(text), NOW)
    languages.foreign(text)
    plain(text)
    clauses(speakable(text))
    assert "".join("".join(sentences(text)).split()).casefold() is not None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2 plus 2 times 3", 8),
        ("2 to the power of 10", 1024),
        ("the square root of 144", 12),
        ("seven squared plus one", 50),
        ("subtract 5 from 12", 7),
        ("the sum of 1, 2 and 3", 6),
        ("the average of 4, 8 and 15", 9),
        ("20 percent off 50", 40),
        ("half of 9", Fraction(9, 2)),
        ("3 apples plus 4 apples", 7),
        ("17 modulo 5", 2),
        ("how many times does 7 go into 42", 6),
        ("minus 3 minus minus 4", 1),
        ("10 minus 4 minus 3", 3),
    ],
)
def test_sums(said, expected):
    assert sums.answer(said)[1] == expected


@pytest.mark.parametrize(
    "said", ["I have 3 cats", "5 plus", "what is the capital of France", "call 555 1234", ""]
)
def test_what_is_no_sum(said):
    assert sums.answer(said) is None


@pytest.mark.parametrize(
    "said", ["9 to the power of 999", "10 over 0", "the square root of minus 4", "0 to the power of minus 1"]
)
def test_sums_without_an_answer_say_why(said):
    words, value = sums.answer(said)
    assert value is None
    assert words.endswith(".")


@pytest.mark.parametrize(
    ("said", "day", "clock"),
    [
        ("tomorrow at 7:30", date(2026, 11, 23), time(7, 30)),
        ("on Friday at half past seven in the evening", date(2026, 11, 27), time(19, 30)),
        ("March 5th 2027 at noon", date(2027, 3, 5), time(12)),
        ("the fifth of March at quarter to eight pm", date(2027, 3, 5), time(19, 45)),
        ("today at eleven o'clock at night", date(2026, 11, 22), time(23)),
        ("2026-12-01 at 5pm", date(2026, 12, 1), time(17)),
        ("the day after tomorrow at 12 am", date(2026, 11, 24), time(0)),
    ],
)
def test_days_and_times(said, day, clock):
    moments = dates.find(words(said), NOW)
    assert [moment.day for moment in moments if moment.day] == [day]
    assert [moment.clock for moment in moments if moment.clock] == [clock]


def test_a_bare_number_is_no_time():
    assert not dates.find(words("a table for four people and 3 chairs"), NOW)


def declared(schema, *required):
    return FunctionDeclaration(
        name="record_thing",
        description="Records a thing.",
        parameters={"type": "OBJECT", "properties": schema, "required": list(required)},
    )


@pytest.mark.parametrize(
    ("schema", "said", "expected"),
    [
        ({"volume": {"type": "NUMBER", "maximum": 1}}, "volume to thirty percent", {"volume": 0.3}),
        ({"volume": {"type": "NUMBER", "maximum": 100}}, "volume to thirty percent", {"volume": 30}),
        ({"hours": {"type": "NUMBER"}}, "record ninety minutes", {"hours": 1.5}),
        ({"x": {"type": "NUMBER"}, "y": {"type": "NUMBER"}}, "record x 10, y minus 20", {"x": 10, "y": -20}),
        ({"y": {"type": "NUMBER"}, "x": {"type": "NUMBER"}}, "record x 10 and y 20", {"y": 20, "x": 10}),
        ({"speed": {"type": "STRING", "enum": ["slow", "fast"]}}, "record it slowly", {"speed": "slow"}),
        (
            {"color": {"type": "STRING", "enum": ["blue", "dark blue"]}},
            "record dark blue",
            {"color": "dark blue"},
        ),
        ({"loud": {"type": "BOOLEAN"}}, "record but not loud", {"loud": False}),
        ({"gift_wrap": {"type": "BOOLEAN"}}, "record it with gift wrap", {"gift_wrap": True}),
        ({"note": {"type": "STRING"}}, 'record "Hello, World"', {"note": "Hello, World"}),
        ({"day": {"type": "STRING", "format": "date"}}, "record it tomorrow", {"day": "2026-11-23"}),
        ({"day": {"type": "STRING"}}, "record it tomorrow", {"day": "tomorrow"}),
        ({"order_id": {"type": "STRING"}}, "record order A1234", {"order_id": "A1234"}),
        (
            {"tags": {"type": "ARRAY", "items": {"type": "STRING"}}},
            "record tags red, tall and old",
            {"tags": ["red", "tall", "old"]},
        ),
        (
            {"numbers": {"type": "ARRAY", "items": {"type": "NUMBER"}}},
            "record 4, 8.5 and 15",
            {"numbers": [4, 8.5, 15]},
        ),
        (
            {
                "size": {
                    "type": "OBJECT",
                    "properties": {"width": {"type": "NUMBER"}, "height": {"type": "NUMBER"}},
                }
            },
            "record width 3 and height 4",
            {"size": {"width": 3, "height": 4}},
        ),
    ],
)
def test_arguments(schema, said, expected):
    assert call.arguments(said, declared(schema, *schema), NOW) == expected


def test_optional_arguments_are_not_made_up():
    function = declared(
        {"limit": {"type": "INTEGER"}, "city": {"type": "STRING"}, "urgent": {"type": "BOOLEAN"}}
    )
    assert call.arguments("record the thing", function, NOW) == {}


def test_questions_name_the_choices():
    (slot,) = slots({"properties": {"room_size": {"type": "STRING", "enum": ["small", "very_large"]}}})
    assert slot.question() == "Which room size would you like: small or very large?"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"error": "no network"}, "Get it failed: no network."),
        ({"result": None}, "Get it is done."),
        ({"result": True}, "Get it says yes."),
        ({"output": "It is 12 degrees in Rome"}, "It is 12 degrees in Rome."),
        ({"temp_c": 18.5, "sky": ["clear"]}, "Get it says: temp c is 18.5 and sky is clear."),
        ({"result": float("nan")}, "Get it says: nan."),
    ],
)
def test_results_in_words(response, expected):
    assert results.tell([Result("1", "get_it", response)]) == expected


def test_a_long_result_is_cut_at_a_word():
    said = results.tell([Result("1", "get_it", {"result": "word " * 1000})])
    assert len(said) < 500
    assert said.endswith("word, and so on.")


def test_long_sentences_are_spoken_in_pieces_that_join_again():
    text = "This sentence goes on and on, through clause after clause, until it is longer than one would like, and ends."
    assert len(clauses(text)) > 1
    assert " ".join(clauses(f"Dr. Who came. {text}")) == f"Dr. Who came. {text}"


def test_every_voice_of_the_api_has_a_variant_of_its_own_and_says_what_it_is():
    assert {one.name for one in VOICES.values()} == set(models.VOICES)
    assert len({(one.pitch, one.rate) for one in VOICES.values()}) == len(VOICES)
    assert "not Gemini" in str(voice("Kore"))
    assert voice("nobody") == voice(None)
