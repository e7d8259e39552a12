"""The waveform over a run: where sound lies, and where it was cut."""

# ruff: noqa: F811 - fixtures are taken by their names

from __future__ import annotations

import numpy as np

from gemini_live_nb.notebook.waveform import Waveform

from .viewing import flushed, run, shown  # noqa: F401 - fixtures among them


def lanes_of(view):
    """Both lanes as a page that heard every message has them: the loudest of each slot."""
    lanes = ({}, {})
    for content, buffers in view.told:
        for lane, slot in content["cuts"]:
            for later in [other for other in lanes[lane] if other >= slot]:
                del lanes[lane][later]
        for (lane, slot), data in zip(content["pieces"], buffers, strict=True):
            for i, pair in enumerate(np.frombuffer(data, np.int8).reshape(-1, 2)):
                lanes[lane][slot + i] = int(pair[1])
    return [{slot: loud for slot, loud in lane.items() if loud} for lane in lanes]


def test_your_sound_lies_where_it_was_spoken(run, shown):
    view = shown(Waveform, run.log)
    for chunk in range(25):
        run.mic(40, 2.0 + 0.04 * chunk)
        view.flush()
    you, model = lanes_of(view)
    assert not model
    assert min(you) == 196
    assert sorted(you) == list(range(196, 296))
    assert all(25 <= loud <= 32 for loud in you.values())


def test_the_models_sound_lies_where_it_is_played_and_ends_where_it_was_cut(run, shown):
    view = shown(Waveform, run.log)
    for _ in range(10):
        run.sound(1000, 5.0)
        view.flush()
    assert max(lanes_of(view)[1]) == 1499
    run.server(7.5, serverContent={"interrupted": True})
    news = flushed(view)
    assert news["marks"] == [{"t": 7.5, "kind": "interrupted", "label": "interrupted"}]
    assert sorted(lanes_of(view)[1]) == list(range(500, 750))


def test_a_recorded_run_is_shown_whole(run, shown):
    for chunk in range(50):
        run.mic(40, 1.0 + 0.04 * chunk)
    run.sound(2000, 4.0)
    view = shown(Waveform, run.log)
    view.flush()
    you, model = lanes_of(view)
    assert (min(you), len(you)) == (96, 200)
    assert (min(model), len(model)) == (400, 200)
