"""Make what the package ships to be heard: the spoken sentences, and the recorded conversation.

    python tools/make_demo.py sentences       gemini_live_nb/demos/sentences/*.flac
    python tools/make_demo.py conversation    gemini_live_nb/demos/conversation.zip

Both speak with the offline demo voice. The conversation is a real one: our client and the emulator, over a
WebSocket, at their own pace. Samples are rounded to multiples of 32, which nobody hears and FLAC halves.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from gemini_live_nb.audio import MIC_RATE, VOICE_RATE, pcm
from gemini_live_nb.demos import CONVERSATION, HERE, SENTENCES, sentence
from gemini_live_nb.demos.packed import pack
from gemini_live_nb.emulator import Emulator
from gemini_live_nb.emulator.brain import Ask, Piece, Say, Talk
from gemini_live_nb.emulator.speech import SpeechBrain
from gemini_live_nb.emulator.speech.synthesise import Synthesiser
from gemini_live_nb.emulator.speech.voices import voice
from gemini_live_nb.errors import LiveError
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.session.events import Message
from gemini_live_nb.session.session import LiveSession

SPEAKER = "Charon"
"""Whose voice asks; the one who answers has the default."""
STEP = 32
LARGEST = 300_000
AUDIBLE = 200
MARGIN = 0.05
BEFORE, AFTER = 0.4, 1.4
"""Seconds of silence around each sentence."""


def rounded(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return samples that FLAC makes small."""
    return np.clip((samples.astype(np.int32) + STEP // 2) // STEP * STEP, -32_768, 32_736).astype(np.int16)


def trimmed(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return the speech with next to no silence around it, so that a pause is as long as one makes it."""
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
    margin = int(MARGIN * MIC_RATE)
    return samples[max(0, loud[0] - margin) : loud[-1] + margin]


class RoundedBrain(SpeechBrain):
    """The offline voice, with its samples rounded."""

    async def reply(self, ask: Ask, talk: Talk) -> AsyncIterator[Piece]:
        """Answer as ever."""
        async for piece in super().reply(ask, talk):
            rounds = isinstance(piece, Say) and piece.audio is not None
            yield replace(piece, audio=rounded(piece.audio)) if rounds else piece


def get_weather(city: str) -> str:
    """The weather in a city, now.

    Args:
        city: Name of the city.
    """
    return f"sunny in {city}, 3 degrees"


def make_sentences() -> None:
    """Synthesise every sentence."""
    speak = Synthesiser()
    (HERE / "sentences").mkdir(exist_ok=True)
    for name, text in SENTENCES.items():
        samples = trimmed(rounded(pcm(speak(text, voice(SPEAKER)), VOICE_RATE, MIC_RATE)))
        path = HERE / "sentences" / f"{name}.flac"
        soundfile.write(path, samples, MIC_RATE, subtype="PCM_16")
        print(f"{name:<10} {len(samples) / MIC_RATE:.1f} s  {path.stat().st_size / 1000:5.1f} kB  {text}")


async def converse(run: Path) -> None:
    """Hold the conversation and record it: three questions, and one that cuts in."""
    config = LiveConfig(system_instruction="You are a friendly guide to this toolkit.", voice_name="Kore")
    async with (
        Emulator(RoundedBrain()) as emulator,
        LiveSession(config, url=emulator.url, api_key="none", tools=[get_weather], log=run) as session,
    ):
        for name in ("hello", "weather"):
            turn = await session.ask(with_silence(name), timeout=30)
            print(turn)
        session.mark("here I cut in")
        listener = session.subscribe()
        await session.stream_audio(with_silence("count"))
        async for event in listener:
            if isinstance(event, Message) and event.output_transcript:
                break
        await asyncio.sleep(2.2)
        print(await session.ask(with_silence("stop"), timeout=30))
        print(*session.turns, sep="\n")


def with_silence(name: str) -> npt.NDArray[np.int16]:
    """A sentence as a microphone hears it: with a little quiet before and after."""
    quiet = [np.zeros(int(seconds * MIC_RATE), np.int16) for seconds in (BEFORE, AFTER)]
    return np.concatenate([quiet[0], sentence(name), quiet[1]])


def make_conversation() -> None:
    """Record the conversation and pack it."""
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "demo"
        asyncio.run(converse(run))
        pack(run, CONVERSATION)
    size = CONVERSATION.stat().st_size
    print(f"{CONVERSATION.name}: {size / 1000:.0f} kB")
    if size > LARGEST:
        raise LiveError(f"{size} bytes are too many to ship", hint=f"keep it below {LARGEST}")


if __name__ == "__main__":
    {"sentences": make_sentences, "conversation": make_conversation}[sys.argv[1]]()
