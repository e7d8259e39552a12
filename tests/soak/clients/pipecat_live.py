"""pipecat's Gemini Live service, unmodified, in a pipeline of its own; where to go is told by environment variables.

Run as `python pipecat_live.py talk|token MODEL SPEECH.raw` (16 kHz, 16 bit); prints what happened as one JSON
object.
"""

import asyncio
import json
import sys
from pathlib import Path

from google import genai
from google.genai.types import HttpOptions
from pipecat.adapters.schemas.function_schema import FunctionSchema
from pipecat.adapters.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    InputAudioRawFrame,
    InputTextRawFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.google.gemini_live.llm import GeminiLiveLLMService
from pipecat.workers.runner import WorkerRunner

WEATHER = FunctionSchema("get_weather", "The weather.", {"city": {"type": "string"}}, ["city"])
CHUNK = 640  # 20 ms


class Ear(FrameProcessor):
    """Notes what passes by."""

    def __init__(self):
        super().__init__()
        self.forget()
        self.over = asyncio.Event()
        self.sounding = asyncio.Event()

    def forget(self):
        self.seen = {"audio": 0, "said": "", "heard": "", "interruptions": 0, "turns": 0, "errors": []}

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        seen = self.seen
        if isinstance(frame, TTSAudioRawFrame):
            seen["audio"] += len(frame.audio)
            self.sounding.set()
        elif isinstance(frame, TTSTextFrame):
            seen["said"] += frame.text
        elif isinstance(frame, InterruptionFrame):
            seen["interruptions"] += 1
        elif isinstance(frame, LLMFullResponseEndFrame):
            seen["turns"] += 1
            self.over.set()
        await self.push_frame(frame, direction)


class Mouth(FrameProcessor):
    """Notes what the service sends up the pipeline: what it heard, and its errors."""

    def __init__(self, ear):
        super().__init__()
        self.ear = ear

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if direction == FrameDirection.UPSTREAM:
            if isinstance(frame, TranscriptionFrame):
                self.ear.seen["heard"] += frame.text
            elif isinstance(frame, ErrorFrame):
                self.ear.seen["errors"].append(frame.error)
        await self.push_frame(frame, direction)


async def speak(worker, sound):
    for start in range(0, len(sound), CHUNK):
        await worker.queue_frame(InputAudioRawFrame(sound[start : start + CHUNK], 16000, 1))
        await asyncio.sleep(0.02)


async def one(ear, *frames, worker, sound=b""):
    """Say something, and wait until the reply is over. Returns what was seen."""
    ear.forget()
    ear.over.clear()
    for frame in frames:
        await worker.queue_frame(frame)
    await speak(worker, sound)
    async with asyncio.timeout(30):
        await ear.over.wait()
    await asyncio.sleep(0.5)
    return ear.seen


async def text(worker, ear):
    hello = LLMContextFrame(LLMContext([{"role": "user", "content": "hello"}]))
    return {"text": await one(ear, hello, worker=worker)}


async def talk(worker, ear, speech):
    silence = bytes(2 * 16000 * 2)
    found = await text(worker, ear)
    found["spoken"] = await one(ear, worker=worker, sound=speech + silence)
    found["tool"] = await one(ear, InputTextRawFrame("What is the weather in London?"), worker=worker)
    ear.sounding.clear()
    await worker.queue_frame(InputTextRawFrame("Tell me a story."))
    async with asyncio.timeout(30):
        await ear.sounding.wait()
    await asyncio.sleep(1)
    found["barge-in"] = await one(ear, worker=worker, sound=speech + silence)
    await asyncio.sleep(2)
    found["barge-in"] = ear.seen
    await one(ear, InputTextRawFrame("my name is Ada"), worker=worker)
    await asyncio.sleep(8)  # the connection ends meanwhile, and the service resumes its session
    found["resumed"] = await one(ear, InputTextRawFrame("what is my name?"), worker=worker)
    return found


async def token():
    """An ephemeral token as a backend mints it, and what a client must be told with it."""
    options = HttpOptions(api_version="v1alpha")
    client = genai.Client(http_options=options)
    made = await client.aio.auth_tokens.create(config={"uses": 1})
    return {"api_key": made.name, "http_options": options}


async def main(scenario, model, speech):
    calls = []
    credential = await token() if scenario == "token" else {"api_key": "offline"}

    async def get_weather(params):
        calls.append([params.function_name, dict(params.arguments)])
        await params.result_callback("foggy")

    service = GeminiLiveLLMService(
        **credential,
        settings=GeminiLiveLLMService.Settings(model=model),
        tools=ToolsSchema(standard_tools=[WEATHER]),
    )
    service.register_function("get_weather", get_weather)
    ear = Ear()
    worker = PipelineWorker(Pipeline([Mouth(ear), service, ear]), cancel_on_idle_timeout=False)
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def _(*_):
        started.set()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await asyncio.wait_for(started.wait(), 20)
    try:
        found = await (talk(worker, ear, speech) if scenario == "talk" else text(worker, ear))
    finally:
        await worker.queue_frame(EndFrame())
        await asyncio.wait_for(running, 20)
    print(json.dumps({**found, "calls": calls}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3], Path(sys.argv[3]).read_bytes()))
