"""The voice's models: what they hear, say and cost; that they are what they are said to be, and need no network."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import subprocess
import sys
from random import Random

import numpy as np
import pytest
import soxr

pytest.importorskip("onnxruntime", reason='needs the extra: pip install "gemini-live-nb[offline]"')
pytest.importorskip("hibari", reason='needs the extra: pip install "gemini-live-nb[offline]"')

from gemini_live_nb.clock import RealClock
from gemini_live_nb.emulator.brain import INPUT_RATE, OUTPUT_RATE, Ask, Heard, Result, Say, Talk
from gemini_live_nb.emulator.profiles import PROFILES
from gemini_live_nb.emulator.speech import SpeechBrain
from gemini_live_nb.emulator.speech.parts import DATA, parts
from gemini_live_nb.emulator.speech.vad import SileroScorer
from gemini_live_nb.emulator.speech.voices import voice
from gemini_live_nb.emulator.vad import VadSettings, VoiceActivity
from gemini_live_nb.protocol.client import GenerationConfig, Setup
from gemini_live_nb.protocol.content import FunctionDeclaration

SENTENCES = (
    "What time is it?",
    "Remember that my favorite color is green.",
    "Book a table for four people at seven in the evening.",
    "What is the weather in Paris?",
)


@pytest.fixture(scope="module")
def ready():
    return parts()


def at_16k(sound):
    return (
        (soxr.resample(sound / 32768, OUTPUT_RATE, INPUT_RATE) * 32767).clip(-32768, 32767).astype(np.int16)
    )


def spoken(ready, text, name=None):
    quiet = np.zeros(INPUT_RATE // 4, np.int16)
    return np.concatenate([quiet, at_16k(ready.synthesiser(text, voice(name))), quiet])


def noise(seconds, level, seed=0):
    return np.random.default_rng(seed).normal(0, level, int(seconds * INPUT_RATE)).astype(np.int16)


def talk(**setup):
    return Talk(Setup(**setup), [], {}, {}, Random(0), PROFILES["3.8-live"], RealClock())


async def replies(brain, ask, conversation):
    return [piece async for piece in brain.reply(ask, conversation)]


def test_the_carried_models_are_the_ones_their_readme_names():
    named = dict(
        re.findall(
            r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (DATA / "README.md").read_text("utf-8"), re.MULTILINE
        )
    )
    carried = {
        path.relative_to(DATA).as_posix(): path
        for path in DATA.rglob("*.*")
        if path.suffix not in (".md", "")
    }
    assert carried.keys() == named.keys()
    for name, path in carried.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == named[name]
        assert "MIT License" in (path.parent / "LICENSE").read_text("utf-8")


@pytest.mark.parametrize("name", [None, "Algenib", "Leda"])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_it_says_it_understands(ready, sentence, name):
    assert ready.recogniser(spoken(ready, sentence, name)) == sentence


def test_it_understands_amid_noise(ready):
    sound = spoken(ready, SENTENCES[0])
    loud = np.abs(sound).max() / 32768
    heard = ready.recogniser(sound + noise(len(sound) / INPUT_RATE, 600 * loud))
    assert heard == SENTENCES[0]


@pytest.mark.parametrize("level", [0, 10, 100, 1000, 5000])
def test_noise_is_not_made_into_words(ready, level):
    assert ready.recogniser(noise(2, level)) == ""


def test_a_click_and_an_empty_sound_are_no_words(ready):
    click = np.zeros(2000, np.int16)
    click[900:950] = 20000
    assert ready.recogniser(click) == ready.recogniser(click[:0]) == ""


def test_a_long_speech_is_understood_whole(ready):
    text = "I went to the market and bought seven green apples. " * 12
    sound = spoken(ready, text)
    assert len(sound) > 30 * INPUT_RATE
    assert ready.recogniser(sound).lower().count("apples") == 12


def test_the_same_words_are_the_same_sound(ready):
    first, second = (ready.synthesiser("Hello there.", voice("Puck")) for _ in range(2))
    assert first.dtype == np.int16
    assert np.array_equal(first, second)


def test_voices_differ_in_pace_as_their_table_says(ready):
    lengths = {
        name: len(ready.synthesiser(SENTENCES[2], voice(name))) for name in ("Fenrir", "Kore", "Enceladus")
    }
    assert lengths["Fenrir"] < lengths["Kore"] < lengths["Enceladus"]


def test_what_cannot_be_read_aloud_is_left_out(ready):
    said = ready.recogniser(spoken(ready, "**Hello** there 🙂, this is [fine](https://example.org/a?b=c)."))
    assert said.lower().startswith("hello there, this is fine")
    assert "http" not in said


def test_silero_hears_speech_and_not_noise(ready):
    activity = VoiceActivity(VadSettings(speech=0.1, silence=0.32), SileroScorer())
    sound = np.concatenate([noise(1, 300), spoken(ready, SENTENCES[2]), noise(1, 300, seed=1)])
    edges = activity.push(sound)
    assert [edge.kind for edge in edges] == ["start", "end"]
    assert 1.2 < edges[0].since < 1.8
    assert not VoiceActivity(VadSettings(), SileroScorer()).push(noise(5, 1000))


async def test_a_spoken_request_is_heard_then_answered_in_the_voice_that_was_asked_for(ready):
    brain, conversation = SpeechBrain(), talk()
    await replies(brain, Ask("text", "My name is Ada."), conversation)
    pieces = await replies(brain, Ask("speech", audio=spoken(ready, "What is my name?")), conversation)
    assert pieces[0] == Heard("What is my name?")
    assert "".join(piece.text for piece in pieces[1:]) == "Your name is Ada."
    assert ready.recogniser(at_16k(pieces[1].audio)) == "Your name is Ada."


async def test_silence_is_not_answered():
    assert not await replies(SpeechBrain(), Ask("speech", audio=noise(2, 50)), talk())


async def test_words_and_sound_come_in_steps_and_join_to_a_text():
    pieces = await replies(SpeechBrain(), Ask("text", "Hello! What can you do?"), talk())
    assert len(pieces) > 3
    assert all(isinstance(piece, Say) and len(piece.audio) > OUTPUT_RATE // 2 for piece in pieces)
    text = "".join(piece.text for piece in pieces)
    assert text.startswith("Hello. I am the offline demo voice — not Gemini. ")
    assert "  " not in text


async def test_a_text_session_gets_no_sound():
    conversation = talk(generation_config=GenerationConfig(response_modalities=["TEXT"]))
    (piece,) = await replies(SpeechBrain(), Ask("text", "What is 2 plus 2?"), conversation)
    assert (piece.text, piece.audio) == ("2 plus 2 is 4.", None)


async def test_barge_in_stops_the_making_of_speech_not_only_the_sending(ready, monkeypatch):
    made = []
    speak = type(ready.synthesiser).__call__
    monkeypatch.setattr(
        type(ready.synthesiser),
        "__call__",
        lambda self, text, *rest: made.append(text) or speak(self, text, *rest),
    )
    reply = SpeechBrain().reply(Ask("text", "What can you do? Who are you?"), talk())
    await anext(reply)
    await reply.aclose()
    await asyncio.sleep(0.3)
    assert len(made) == 1


async def test_a_guess_while_it_is_being_said(ready):
    brain, conversation = SpeechBrain(), talk()
    sound = spoken(ready, SENTENCES[2])
    guess = await brain.hear(sound[: len(sound) // 2], conversation)
    assert guess.startswith("Book a table")
    assert await brain.hear(noise(1, 30), conversation) is None


async def test_a_call_its_result_and_a_question_for_what_is_missing():
    brain, conversation = SpeechBrain(), talk()
    schema = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}
    conversation.functions["get_weather"] = FunctionDeclaration(name="get_weather", parameters=schema)
    (asked,) = await replies(brain, Ask("text", "What's the weather?"), conversation)
    assert asked.text.endswith("city?")
    ((call,),) = await replies(brain, Ask("text", "Rome, please."), conversation)
    assert (call.name, call.args) == ("get_weather", {"city": "Rome"})
    result = Result("1", "get_weather", {"result": "It is sunny in Rome"}, call.args)
    (said,) = await replies(brain, Ask("tool_result", results=(result,)), conversation)
    assert said.text == "It is sunny in Rome."


def alone(code, *, blocked=(), within=()):
    """Run code in a process of its own, with some packages missing; what it prints."""
    missing = "".join(f"sys.modules[{name!r}] = None\n" for name in blocked)
    done = subprocess.run(
        [*within, sys.executable, "-c", f"import sys\n{missing}{code}"],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout


ASK = """
import asyncio
from random import Random
import numpy as np
from gemini_live_nb.clock import RealClock
from gemini_live_nb.emulator.brain import Ask, Talk
from gemini_live_nb.emulator.profiles import PROFILES
from gemini_live_nb.emulator.speech import SpeechBrain
from gemini_live_nb.protocol.client import Setup
async def main():
    brain = SpeechBrain()
    await brain.load()
    print(brain)
    talk = Talk(Setup(), [], {}, {}, Random(0), PROFILES["3.8-live"], RealClock())
    speech = (20000 * np.sin(np.arange(16000) / 20)).astype(np.int16)
    for ask in (Ask("text", "What is 2 plus 2?"), Ask("speech", audio=speech)):
        async for piece in brain.reply(ask, talk):
            print(piece.text, "silent" if getattr(piece, "audio", None) is None else "sound")
asyncio.run(main())
"""


def test_loading_says_in_one_line_how_long_it_took():
    assert re.match(r"offline demo voice — not Gemini; ready in \d+\.\d s\n", alone(ASK))


def test_without_the_extra_typed_requests_are_answered_in_writing_and_speech_is_echoed():
    said = alone(ASK, blocked=("onnxruntime", "hibari"))
    assert 'pip install "gemini-live-nb[offline]"' in said.splitlines()[0]
    assert "2 plus 2 is 4. silent" in said
    assert "[your own 1.0 seconds] sound" in said


def test_without_the_synthesiser_alone_it_still_understands():
    said = alone(ASK, blocked=("hibari",))
    assert "spoken requests understood, answered in writing" in said
    assert "2 plus 2 is 4. silent" in said


def test_nothing_is_fetched_at_run_time():
    watch = """
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        print("NETWORK", event, args)
sys.addaudithook(watch)
"""
    said = alone(watch + ASK)
    assert "2 plus 2 is 4. sound" in said
    assert "NETWORK" not in said


def test_it_works_with_the_network_cut():
    cut = ["unshare", "--map-root-user", "--net"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*cut, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no network namespace can be made here")
    assert "2 plus 2 is 4. sound" in alone(ASK, within=cut)
