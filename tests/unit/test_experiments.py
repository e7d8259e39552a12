"""What an experiment is made of: settings, inputs, cells, ratings. No sockets."""

from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest

from gemini_live_nb.errors import ConfigError
from gemini_live_nb.experiments import Experiment, Setting, grid
from gemini_live_nb.experiments.cells import Cell, Outcome
from gemini_live_nb.experiments.inputs import Script, Step, scripts
from gemini_live_nb.experiments.ratings import keep, pairs, ratings_frame, standings_frame, tally, wilson
from gemini_live_nb.experiments.settings import settings
from gemini_live_nb.protocol.config import LiveConfig


def test_a_grid_is_every_combination_in_the_order_written():
    found = grid(LiveConfig(temperature=0.5), voice_name=["Kore", "Puck"], silence_duration_ms=[200, 800])
    assert [dict(setting.varied) for setting in found] == [
        {"voice_name": "Kore", "silence_duration_ms": 200},
        {"voice_name": "Kore", "silence_duration_ms": 800},
        {"voice_name": "Puck", "silence_duration_ms": 200},
        {"voice_name": "Puck", "silence_duration_ms": 800},
    ]
    assert {setting.config.temperature for setting in found} == {0.5}
    assert found[3].config.voice_name == "Puck"


def test_a_grid_tells_of_a_keyword_that_is_none():
    with pytest.raises(ConfigError, match="voise_name") as caught:
        grid(voise_name=["Kore"])
    assert "voice_name" in caught.value.hint
    with pytest.raises(ConfigError, match="no values"):
        grid(voice_name=[])


def test_plain_configs_are_told_apart_by_the_fields_in_which_they_differ():
    one, other = (
        LiveConfig(voice_name="Kore", temperature=1.0),
        LiveConfig(voice_name="Puck", temperature=1.0),
    )
    assert [dict(setting.varied) for setting in settings([one, other])] == [
        {"voice_name": "Kore"},
        {"voice_name": "Puck"},
    ]
    assert settings({"warm": one, "cool": other})[1].varied == {"setting": "cool"}
    for given in ({"temperature": 1.0}, [{"temperature": 1.0}]):
        with pytest.raises(ConfigError, match="LiveConfigs") as caught:
            settings(given)
        assert "grid" in caught.value.hint


def test_inputs_of_every_form(tmp_path):
    sound = tmp_path / "hello.wav"
    sound.write_bytes(b"RIFF")
    noise = np.zeros(1600, np.int16)
    found = scripts(
        {"typed": "Hi", "file": sound, "array": noise, "talk": ["My name is Ada.", "Who am I?"]}, tmp_path
    )
    assert [script.name for script in found] == ["typed", "file", "array", "talk"]
    assert [step.kind for script in found for step in script.steps] == [
        "text",
        "sound",
        "sound",
        "text",
        "text",
    ]
    # An array is kept beside the runs, so that the cell can be run again from the folder alone.
    assert (tmp_path / "inputs").is_dir()
    assert found[2].steps[0].value.endswith(".wav")


@pytest.mark.parametrize(
    ("bad", "words"), [([], "nothing to ask"), ([[]], "empty conversation"), ([3], "int cannot be said")]
)
def test_inputs_that_cannot_be_said(tmp_path, bad, words):
    with pytest.raises(ConfigError, match=words):
        scripts(bad, tmp_path)


def _cell(root, name="Hi", varied=None, repeat=0, **config):
    setting = Setting(LiveConfig(**config), varied or config)
    return Cell.of(root, Script(name, (Step("text", name),)), setting, repeat, ())


def test_a_cell_is_the_same_folder_whenever_it_is_asked_for(tmp_path):
    assert _cell(tmp_path, voice_name="Kore").folder == _cell(tmp_path, voice_name="Kore").folder
    different = {
        _cell(tmp_path, voice_name="Kore").id,
        _cell(tmp_path, voice_name="Puck").id,
        _cell(tmp_path, "Bye", voice_name="Kore").id,
        _cell(tmp_path, voice_name="Kore", repeat=1).id,
    }
    assert len(different) == 4


def test_a_cell_travels_small_and_without_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "not-a-real-key-0123456789")
    packed = pickle.dumps(_cell(tmp_path, voice_name="Kore"))
    assert len(packed) < 4096
    assert b"not-a-real-key" not in packed


def test_an_outcome_is_there_whole_or_not_at_all(tmp_path):
    cell = _cell(tmp_path, voice_name="Kore")
    first = cell.begin()
    assert first.name == "run-1"
    assert cell.outcome() is None
    first.mkdir()
    # Killed here: the next attempt goes beside it.
    second = cell.begin()
    assert second.name == "run-2"
    cell.end(Outcome("done", second.name, tokens=12))
    assert cell.outcome() == Outcome("done", "run-2", tokens=12)
    assert not list(first.parent.glob(f"*.{os.getpid()}"))
    cell.forget()
    assert cell.outcome() is None


def test_opening_what_is_no_experiment(tmp_path):
    with pytest.raises(ConfigError, match="no experiment"):
        Experiment.open(tmp_path)


@pytest.fixture
def experiment(tmp_path):
    cells = [
        _cell(tmp_path, name, voice_name=voice)
        for name in ("Hi", "Bye")
        for voice in ("Kore", "Puck", "Leda")
    ]
    for cell in cells:
        cell.begin()
        cell.end(Outcome("done", "run-1"))
    return Experiment(tmp_path, cells)


def test_pairs_share_the_input_and_differ_in_setting(experiment):
    found = pairs(experiment, seed=1)
    by_id = {cell.id: cell for cell in experiment.cells}
    assert len(found) == 6
    for pair in found:
        assert by_id[pair.first].input == by_id[pair.second].input
        assert by_id[pair.first].varied != by_id[pair.second].varied
    assert pairs(experiment, seed=1) == found
    assert pairs(experiment, seed=2) != found


def test_ratings_are_kept_and_counted(experiment):
    by_id = {cell.id: cell for cell in experiment.cells}
    for pair in pairs(experiment):
        voices = by_id[pair.first].varied["voice_name"], by_id[pair.second].varied["voice_name"]
        choice = "tie" if "Leda" in voices else ("first" if voices[0] == "Kore" else "second")
        keep(experiment, "Which?", pair, choice)
    with (experiment.path / "ratings.jsonl").open("a") as file:
        file.write('{"question": "torn')
    frame = ratings_frame(experiment)
    assert len(frame) == 6
    assert set(frame["winner"].dropna()) == {"voice_name=Kore"}
    standings = standings_frame(experiment).set_index(["setting", "against"])
    kore = standings.loc[("voice_name=Kore", "voice_name=Puck")]
    assert (kore["wins"], kore["losses"], kore["ties"], kore["share"]) == (2, 0, 0, 1.0)
    assert 0 < kore["low"] < 1 == kore["high"]
    leda = standings.loc[("voice_name=Kore", "voice_name=Leda")]
    assert (leda["wins"], leda["ties"], leda["share"]) == (0, 2, 0.5)
    assert sum(counts.wins for counts in tally(experiment).values()) == 2


def test_an_interval_holds_its_share_and_narrows():
    for won, total in ((0, 5), (3, 5), (5, 5), (30, 50)):
        low, high = wilson(won / total, total)
        assert 0 <= low <= won / total <= high <= 1
    assert np.diff(wilson(0.6, 50)) < np.diff(wilson(0.6, 5))


def test_what_a_cell_says_of_itself_is_json_without_a_key(tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "not-a-real-key-0123456789")
    cell = _cell(tmp_path, voice_name="Kore")
    cell.begin()
    text = (tmp_path / "cells" / cell.id / "cell.json").read_text()
    assert json.loads(text)["varied"] == {"voice_name": "Kore"}
    assert "not-a-real-key" not in text
