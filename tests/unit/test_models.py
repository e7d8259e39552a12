"""The model table: whom it knows, and that it holds together."""

from __future__ import annotations

import pytest

from gemini_live_nb.protocol.models import DEFAULT_MODEL, FAMILIES, VOICES, bare_name, family


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (DEFAULT_MODEL, "2.5-native"),
        ("models/gemini-3.8-live", "3.8-live"),
        ("gemini-3.8-live-001", "3.8-live"),
        ("gemini-3.8-live-extended-thinking", "3.8-extended"),
        ("gemini-3.8-live-extended-thinking-preview-01-2027", "3.8-extended"),
        ("gemini-2.5-flash-native-audio-preview-11-2026", "2.5-native"),
        ("gemini-3.1-flash-live-preview", "3.1-live"),
        ("projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash", "vertex-2.5"),
        ("gemini-live-2.5-flash-preview", "2.5-half-cascade"),
        ("gemini-live-2.5-flash-native-audio", "vertex-2.5-native"),
        ("gemini-3.8-live-mini", None),
        ("gemini-3.8", None),
        ("gemini-2.5-flash", None),
        ("", None),
        (None, None),
    ],
)
def test_a_model_is_found_by_any_of_its_names(model, name):
    found = family(model)
    assert (found.name if found else None) == name


def test_no_model_is_in_two_families():
    listed = [model for known in FAMILIES for model in known.models]
    assert len(listed) == len(set(listed))
    assert len({known.name for known in FAMILIES}) == len(FAMILIES)
    assert all(family(model) is known for known in FAMILIES for model in known.models)


def test_the_table_holds_together():
    assert len(VOICES) == len(set(VOICES)) == 30
    assert not family(DEFAULT_MODEL).retired
    for known in FAMILIES:
        assert set(known.modalities) <= {"AUDIO", "TEXT"}
        assert set(known.behaviors) <= {"BLOCKING", "NON_BLOCKING"}
        assert bool(known.thinking_levels) == (known.thinking in ("level", "required"))
        assert known.audio_mime == ("audio/pcm" if known.vertex else "audio/pcm;rate=24000")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("2.5-native", {"call_ids": "function-call-", "behaviors": ("BLOCKING", "NON_BLOCKING"), "cancels_calls": True, "media_chunks": True, "thoughts_unasked": True, "handle_unasked": False, "activity_unasked": False}),
        ("3.1-live", {"call_ids": "fc_", "media_chunks": False, "empty_content": True, "handle_unasked": True, "activity_unasked": True, "output_transcript": "bundled"}),
        ("3.8-live", {"call_ids": "call_", "behaviors": ("NON_BLOCKING", "BLOCKING"), "cancels_calls": False, "turn_ends_after_call": "at once", "thinking": "refused"}),
        ("3.8-extended", {"behaviors": ("NON_BLOCKING",), "scheduling": False, "turn_ends_after_call": "in progress", "thinking": "required"}),
        ("vertex-2.5", {"call_ids": "uuid", "vertex": True, "sensitivity": "LOW", "output_transcript": "first"}),
    ],
)  # fmt: skip
def test_the_families_differ_as_recorded(name, facts):
    (known,) = [candidate for candidate in FAMILIES if candidate.name == name]
    assert {fact: getattr(known, fact) for fact in facts} == facts


def test_a_bare_name():
    assert bare_name("models/x") == bare_name("projects/p/models/x") == bare_name("x") == "x"
