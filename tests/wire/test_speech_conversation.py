"""A spoken conversation over the wire: questions by another synthesiser, a tool call, barge-in, answers heard again."""

from __future__ import annotations

import base64

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason='needs the extra: pip install "gemini-live-nb[offline]"')
pytest.importorskip("hibari", reason='needs the extra: pip install "gemini-live-nb[offline]"')

from gemini_live_nb.emulator.speech import SpeechBrain

from . import spoken
from .conversations import served
from .raw import EXTENDED, LIVE_3_1, LIVE_3_8, NATIVE, answer, has, open_session, sound, texts

pytestmark = pytest.mark.skipif(not spoken.available(), reason="needs espeak-ng: apt-get install espeak-ng")

WEATHER = [
    {
        "functionDeclarations": [
            {
                "name": "get_weather",
                "description": "Current weather for a city.",
                "parameters": {
                    "type": "OBJECT",
                    "properties": {"city": {"type": "STRING"}},
                    "required": ["city"],
                },
            }
        ]
    }
]
LISTENING = {"automaticActivityDetection": {"silenceDurationMs": 320}}
ALIKE = 0.15
"""Word error rate up to which an answer, heard again by the recogniser, counts as what its transcript says."""


def since(client, start):
    """Sound and transcript of what came from frame `start` on."""
    frames = [message for _, message in client.frames[start:]]
    samples = np.frombuffer(b"".join(map(sound, frames)), "<i2")
    words = [
        message["serverContent"].get("outputTranscription", {}).get("text", "")
        for message in frames
        if has(message, "outputTranscription")
    ]
    return samples, "".join(words)


async def ask(client, text):
    """Say something; what was heard and said until the turn was over."""
    start = len(client.frames)
    await client.audio(spoken.question(text, after=0.6), chunk=0.02)
    await client.turn()
    return since(client, start)


@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8])
async def test_questions_are_heard_and_the_answers_say_what_their_transcript_says(model):
    async with (
        served(SpeechBrain(), seed=1) as emulator,
        open_session(emulator, model, realtimeInputConfig=LISTENING) as client,
    ):
        for question, expected in (
            ("How much is twelve times eleven?", "132"),
            ("Count from one to twenty.", "18, 19 and 20"),
        ):
            samples, words = await ask(client, question)
            assert expected in words
            assert spoken.wrong(spoken.heard(samples), words) <= ALIKE
        assert spoken.normal(texts(client, "inputTranscription"))[:6] == spoken.normal(
            "How much is 12 times 11"
        )


async def test_a_spoken_request_calls_the_function_and_tells_its_result():
    async with (
        served(SpeechBrain()) as emulator,
        open_session(emulator, NATIVE, tools=WEATHER, realtimeInputConfig=LISTENING) as client,
    ):
        await client.audio(spoken.question("What is the current weather in Paris?", after=0.6), chunk=0.02)
        (call,) = (await client.until("toolCall"))["toolCall"]["functionCalls"]
        assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})
        start = len(client.frames)
        await client.send(answer(call, {"result": "It is twelve degrees and cloudy in Paris"}))
        await client.turn()
        samples, words = since(client, start)
        assert words.strip() == "It is twelve degrees and cloudy in Paris."
        assert spoken.wrong(spoken.heard(samples), words) <= ALIKE


async def test_speaking_into_an_answer_cuts_it_and_is_answered():
    async with (
        served(SpeechBrain()) as emulator,
        open_session(emulator, LIVE_3_8, realtimeInputConfig=LISTENING) as client,
    ):
        await client.audio(spoken.question("Count from one to thirty.", after=0.6), chunk=0.02)
        await client.until(sound)
        began = emulator.clock.monotonic()
        await client.audio(spoken.question("What time is it?", before=0.0, after=0.6), chunk=0.02)
        await client.until("interrupted")
        cut = client.at("interrupted")
        assert 0 < cut - began < 0.5
        assert not [t for t, message in client.frames if sound(message) and cut < t < cut + 0.3]
        await client.turn()
        await client.turn()
        assert "30" not in texts(client, "outputTranscription")
        assert ("AM" in texts(client, "outputTranscription")) or (
            "PM" in texts(client, "outputTranscription")
        )


async def test_typed_and_spoken_turns_share_one_memory():
    async with (
        served(SpeechBrain()) as emulator,
        open_session(emulator, EXTENDED, realtimeInputConfig=LISTENING) as client,
    ):
        await client.say("My name is Ada Lovelace.")
        await client.turn()
        _, words = await ask(client, "What is my name?")
        assert "Ada Lovelace" in words


async def test_a_picture_sent_with_words_is_described(tmp_path):
    from PIL import Image

    file = tmp_path / "red.png"
    Image.new("RGB", (320, 200), (220, 20, 20)).save(file)
    part = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(file.read_bytes()).decode()}}
    async with served(SpeechBrain()) as emulator, open_session(emulator, LIVE_3_8) as client:
        turn = {"role": "user", "parts": [part, {"text": "What do you see?"}]}
        await client.send({"clientContent": {"turns": [turn], "turnComplete": True}})
        await client.turn()
        words = texts(client, "outputTranscription")
        assert "320 by 200 pixels" in words
        assert "red" in words
        assert "cannot tell" in words
