"""The emulator's pure parts: cutting answers, counting tokens, faults, one frame made two ways."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_live_nb.emulator import PROFILES, pieces
from gemini_live_nb.emulator.answer import hum
from gemini_live_nb.emulator.context import Context, usage
from gemini_live_nb.emulator.faults import Fault, Faults
from gemini_live_nb.emulator.wire import audio_frame, pretty
from gemini_live_nb.protocol.client import ContextWindowCompressionConfig, Setup, SlidingWindow
from gemini_live_nb.protocol.content import Content, Part
from gemini_live_nb.protocol.models import FAMILIES

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=200)


@given(TEXT)
def test_pieces_join_to_the_text_again(text):
    assert "".join(pieces.words(text)) == text or text.isspace()
    for cut in (pieces.grouped(text, (2, 1)), pieces.phrases(text), pieces.head_and_rest(text)):
        assert "".join(cut) == "".join(pieces.words(text))


@given(st.lists(st.text("abc ", min_size=1), max_size=9), st.integers(0, 5000))
def test_every_sample_is_dealt_once_and_in_order(words, samples):
    audio = np.arange(samples, dtype=np.int16)
    dealt = pieces.dealt(words, audio)
    assert [piece for piece, _ in dealt] == (words or [""])
    assert np.array_equal(np.concatenate([sound for _, sound in dealt]), audio)


def test_chunks():
    sizes = itertools.chain([100], itertools.repeat(60))
    assert [len(chunk) * 2 for chunk in pieces.chunks(np.zeros(120, np.int16), sizes)] == [100, 60, 60, 20]
    assert list(pieces.chunks(np.zeros(0, np.int16), sizes)) == []


@pytest.mark.parametrize("transcript", ["", 'Grüße "you"\n'])
@pytest.mark.parametrize(("role", "first"), [("", True), ("model", True), ("model", False)])
def test_an_audio_frame_is_what_pretty_prints(transcript, role, first):
    audio = np.arange(-5, 5, dtype=np.int16)
    frame = audio_frame(
        audio, mime_type="audio/pcm;rate=24000", role=role, role_first=first, transcript=transcript
    )
    assert frame == pretty(json.loads(frame))
    message = json.loads(frame)["serverContent"]
    assert list(message) == ["modelTurn", *(["outputTranscription"] if transcript else [])]
    assert message.get("outputTranscription", {}).get("text", "") == transcript
    assert message["modelTurn"].get("role", "") == role
    order = ["role", "parts"] if first else ["parts", "role"]
    assert list(message["modelTurn"]) == [name for name in order if role or name == "parts"]


def test_a_hum_is_as_long_as_its_words_would_be():
    assert len(hum("a" * 30)) == 2 * 24000
    assert len(hum("")) == 0
    assert 1000 < np.abs(hum("some words")).max() < 20000


def test_every_family_has_a_profile():
    assert list(PROFILES) == [family.name for family in FAMILIES]


def said(role, text):
    return Content(role=role, parts=[Part(text=text)])


def test_the_window_slides_to_a_user_turn_and_keeps_the_instruction():
    context = Context()
    setup = Setup(
        system_instruction=said("user", "Be kind"),
        context_window_compression=ContextWindowCompressionConfig(
            trigger_tokens=5000, sliding_window=SlidingWindow(target_tokens=1000)
        ),
    )
    for _ in range(3):
        context.add(said("user", "a"), audio=1000)
        context.add(said("model", "b"), audio=900)
    assert context.prompt(setup).total() == 5702
    assert context.compress(setup, 128_000) == 5 + 1
    assert context.history == []
    context.add(said("user", "a"), audio=3000)
    context.add(said("model", "b"), audio=2000)
    context.add(said("user", "c"), audio=900)
    assert context.compress(setup, 128_000) == 2
    assert [content.role for content in context.history] == ["user"]
    assert context.compress(setup, 128_000) == 0
    assert context.compress(Setup(), 10) == 0  # not asked for


def test_usage_leaves_out_what_is_nothing_and_renames_for_vertex():
    prompt = Context().prompt(Setup())
    assert usage(prompt, prompt, thoughts=0, vertex=False) == {}
    context = Context()
    context.add(said("user", "a"), text=3, audio=4)
    counts = usage(context.prompt(Setup()), context.prompt(Setup()), thoughts=5, vertex=True)
    assert counts["candidatesTokenCount"] == 7
    assert counts["totalTokenCount"] == 14
    assert counts["thoughtsTokenCount"] == 5


def test_faults_are_used_up():
    faults = Faults(["quota@tool", Fault("empty_turn", times=2), Fault("drop", at="tool", skip=1)])
    assert faults.due("open") == []
    assert [fault.name for fault in faults.due("tool")] == ["quota"]
    assert [fault.name for fault in faults.due("tool")] == ["drop"]
    assert faults.take("empty_turn")
    assert faults.take("empty_turn")
    assert not faults.take("empty_turn")
    assert faults.armed == []
