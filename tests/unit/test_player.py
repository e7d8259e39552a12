"""The player: what the page's sound does, the replay follows; and nothing of it is saved in the notebook."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

import gemini_live_nb as gl
from gemini_live_nb.notebook.player import Player


@pytest.fixture
def player():
    made = Player(gl.demo())
    yield made
    made.close()


def told(player, kind, t=0.0, speed=1.0):
    player.transport.asked({"kind": kind, "t": t, "speed": speed}, [])


def test_its_sound_is_both_voices_on_the_runs_clock(player):
    fields, (sound,) = player.transport.whole()
    samples, rate = soundfile.read(io.BytesIO(sound), dtype="int16")
    assert fields["begin"] is False
    assert len(samples) / rate == pytest.approx(player.replay.duration, abs=0.5)
    mix = player.replay.run.wav("mix")
    assert np.array_equal(samples, mix.samples)


def test_the_replay_follows_the_page(player):
    told(player, "seek", 12.0)
    assert player.replay.t == pytest.approx(12.0, abs=0.1)
    assert [turn.user_text for turn in player.replay.log.conversation][:1] == ["Hello, my name is Ada."]
    told(player, "play", 12.1, 2.0)
    assert player.replay.playing
    assert player.replay.speed == 2.0
    told(player, "pause", 12.2)
    assert not player.replay.playing


def test_a_seek_to_the_end_that_is_told_as_a_pause_shows_everything(player):
    told(player, "play", 0.0)
    told(player, "pause", player.replay.duration)
    assert len(player.replay.log.conversation) == 4


def test_it_begins_by_itself_once():
    player = Player(gl.demo(), autoplay=True)
    assert player.transport.whole()[0]["begin"] is True
    told(player, "play")
    assert player.transport.whole()[0]["begin"] is False, "a reloaded page waits for the reader"
    player.close()


def test_nothing_of_the_sound_is_in_a_trait(player):
    state = player.transport.get_state()
    assert max(len(str(value)) for name, value in state.items() if name not in {"_esm", "_css"}) < 500


def test_a_saved_notebook_holds_the_words(player):
    bundle = player._repr_mimebundle_()
    assert "What is the weather in Oslo?" in bundle["text/html"]
    assert "data:audio" not in bundle["text/html"]
    assert bundle["text/plain"].startswith("<Player of")
