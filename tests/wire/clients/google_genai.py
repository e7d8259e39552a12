"""google-genai, unmodified, pointed at the emulator by environment variables only.

Run as `python google_genai.py SCENARIO SPEECH.raw`; prints what happened as one JSON object.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from google import genai
from google.genai import types
from google.genai.errors import APIError
from websockets import ConnectionClosed

NATIVE = "gemini-2.5-flash-native-audio-latest"
LIVE_3_8 = "gemini-3.8-live"
WEATHER = {
    "function_declarations": [
        {"name": "get_weather", "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
    ]
}
CONFIG = {"response_modalities": ["AUDIO"], "input_audio_transcription": {}, "output_audio_transcription": {}}


def take(seen, message):
    """Note what a server message holds."""
    content = message.server_content
    if content is not None:
        seen["audio"] += sum(
            len(p.inline_data.data)
            for p in (content.model_turn.parts if content.model_turn else [])
            if p.inline_data
        )
        seen["said"] += (content.output_transcription.text or "") if content.output_transcription else ""
        seen["heard"] += (content.input_transcription.text or "") if content.input_transcription else ""
        seen["interrupted"] += bool(content.interrupted)
        seen["turns"] += bool(content.turn_complete)
    if message.session_resumption_update and message.session_resumption_update.new_handle:
        seen["handle"] = message.session_resumption_update.new_handle
    if message.usage_metadata:
        seen["tokens"] = message.usage_metadata.total_token_count


def nothing():
    return {
        "audio": 0,
        "said": "",
        "heard": "",
        "interrupted": 0,
        "turns": 0,
        "handle": None,
        "calls": [],
        "tokens": 0,
    }


async def turn(session, seen):
    async for message in session.receive():  # ends at turnComplete
        take(seen, message)
        if message.tool_call:
            answers = []
            for call in message.tool_call.function_calls:
                seen["calls"].append([call.name, call.args])
                answers.append(
                    types.FunctionResponse(id=call.id, name=call.name, response={"output": "foggy"})
                )
            await session.send_tool_response(function_responses=answers)


async def speak(session, speech, pace=1.0):
    for start in range(0, len(speech), 1280):
        blob = types.Blob(data=speech[start : start + 1280], mime_type="audio/pcm;rate=16000")
        await session.send_realtime_input(audio=blob)
        await asyncio.sleep(0.04 / pace)


async def text(client, speech, seen):
    async with client.aio.live.connect(model=NATIVE, config=CONFIG) as session:
        await session.send_client_content(
            turns={"role": "user", "parts": [{"text": "hello"}]}, turn_complete=True
        )
        await turn(session, seen)
        await session.send_realtime_input(text="and again")
        await turn(session, seen)


async def spoken(client, speech, seen):
    async with client.aio.live.connect(model=NATIVE, config=CONFIG) as session:
        talking = asyncio.create_task(speak(session, speech + bytes(32000 * 2)))
        await turn(session, seen)
        await talking


async def tools(client, speech, seen):
    async with client.aio.live.connect(model=NATIVE, config={**CONFIG, "tools": [WEATHER]}) as session:
        await session.send_client_content(
            turns={"role": "user", "parts": [{"text": "what is the weather?"}]}, turn_complete=True
        )
        await turn(session, seen)


async def barge_in(client, speech, seen):
    async with client.aio.live.connect(model=LIVE_3_8, config=CONFIG) as session:
        await session.send_realtime_input(text="tell me a long story")
        began = 0.0
        talking = None
        while seen["turns"] < 2:
            async for message in session.receive():
                take(seen, message)
                if seen["audio"] and talking is None:
                    talking = asyncio.create_task(speak(session, speech + bytes(32000 * 2)))
                    began = time.monotonic()
                if seen["interrupted"] and "after" not in seen:
                    seen["after"] = time.monotonic() - began
        await talking


async def resumed(client, speech, seen):
    config = {**CONFIG, "session_resumption": {}}
    async with client.aio.live.connect(model=LIVE_3_8, config=config) as session:
        await session.send_realtime_input(text="my name is Ada")
        await turn(session, seen)
    config["session_resumption"] = {"handle": seen["handle"]}
    async with client.aio.live.connect(model=LIVE_3_8, config=config) as session:
        await session.send_realtime_input(text="what is my name?")
        await turn(session, seen)


async def token(client, speech, seen):
    alpha = genai.Client(http_options={"api_version": "v1alpha"})
    made = await alpha.aio.auth_tokens.create(
        config={
            "uses": 1,
            "live_connect_constraints": {
                "model": NATIVE,
                "config": {"response_modalities": ["AUDIO"], "temperature": 0.7},
            },
        }
    )
    seen["token"] = made.name
    holder = genai.Client(api_key=made.name, http_options={"api_version": "v1alpha"})
    async with holder.aio.live.connect(model=NATIVE, config=CONFIG) as session:
        await session.send_client_content(
            turns={"role": "user", "parts": [{"text": "hello"}]}, turn_complete=True
        )
        await turn(session, seen)
    try:
        async with holder.aio.live.connect(model=NATIVE, config=CONFIG) as session:
            await turn(session, seen)
    except (APIError, ConnectionClosed) as error:
        seen["second"] = str(error)


async def refused(client, speech, seen):
    try:
        async with client.aio.live.connect(model="gemini-9", config=CONFIG) as session:
            await turn(session, seen)
    except (APIError, ConnectionClosed) as error:
        seen["error"] = str(error)


async def listed(client, speech, seen):
    seen["models"] = [model.name async for model in await client.aio.models.list(config={"page_size": 3})]


async def main(scenario, speech):
    seen = nothing()
    await asyncio.wait_for(globals()[scenario](genai.Client(), speech, seen), 50)
    print(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))
