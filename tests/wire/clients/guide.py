"""The steps of Google's raw-WebSocket guide, in our own writing: the same frames, in the same order.

Knows nothing of this package: `websockets`, `json`, `base64`. Run as `python guide.py URL SPEECH.raw`; prints what it
heard as one JSON object, or the close frame it was sent away with.
"""

import asyncio
import base64
import json
import sys
from pathlib import Path

import websockets

MODEL = "models/gemini-2.5-flash-native-audio-preview-12-2025"
CONFIG = {
    "config": {
        "model": MODEL,
        "responseModalities": ["AUDIO"],
        "systemInstruction": {"parts": [{"text": "You are a helpful assistant."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "get_weather",
                        "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}},
                    }
                ]
            }
        ],
    }
}


async def receive_turn(websocket, heard):
    async for message in websocket:
        response = json.loads(message)
        if "serverContent" in response:
            content = response["serverContent"]
            for part in content.get("modelTurn", {}).get("parts", []):
                if "inlineData" in part:
                    heard["audio_bytes"] += len(base64.b64decode(part["inlineData"]["data"]))
            if content.get("turnComplete"):
                heard["turns"] += 1
                return
        if "toolCall" in response:
            responses = [
                {"name": call["name"], "id": call["id"], "response": {"result": "sunny"}}
                for call in response["toolCall"]["functionCalls"]
            ]
            heard["calls"] += [call["name"] for call in response["toolCall"]["functionCalls"]]
            await websocket.send(json.dumps({"toolResponse": {"functionResponses": responses}}))


async def main(url, speech):
    heard = {"audio_bytes": 0, "turns": 0, "calls": []}
    try:
        async with websockets.connect(url) as websocket:
            await websocket.send(json.dumps(CONFIG))
            json.loads(await websocket.recv())
            await websocket.send(json.dumps({"realtimeInput": {"text": "Hello, how are you?"}}))
            await receive_turn(websocket, heard)
            frame = base64.b64encode(b"\xff\xd8 a picture").decode()
            await websocket.send(
                json.dumps({"realtimeInput": {"video": {"data": frame, "mimeType": "image/jpeg"}}})
            )
            for start in range(0, len(speech), 3200):
                chunk = base64.b64encode(speech[start : start + 3200]).decode()
                await websocket.send(
                    json.dumps(
                        {"realtimeInput": {"audio": {"data": chunk, "mimeType": "audio/pcm;rate=16000"}}}
                    )
                )
                await asyncio.sleep(0.01)
            await receive_turn(websocket, heard)
            await websocket.send(json.dumps({"realtimeInput": {"text": "What is the weather?"}}))
            await receive_turn(websocket, heard)
    except websockets.ConnectionClosed as closed:
        heard["closed"] = [closed.rcvd.code, closed.rcvd.reason]
    print(json.dumps(heard))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))
