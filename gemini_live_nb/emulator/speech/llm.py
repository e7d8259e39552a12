"""Words and calls from a model of your own: any local server that speaks the OpenAI chat protocol."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..brain import Call, Result
from .parts import PartMissing

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from ..brain import Talk

INSTRUCTION = (
    "You are the offline demo voice of gemini-live-nb, not Gemini. Your words are spoken aloud: answer"
    " in English, in one"
    " to three short plain sentences, without lists or markup."
)
KEPT = 40
"""Messages of the conversation sent along with each request."""
_END = re.compile(r"^.+?(?:[.!?…](?=\s)|[,;:](?=\s)(?<=.{60}))", re.DOTALL)


class ModelTrouble(Exception):  # noqa: N818  # named for what happened, as in errors.py
    """The model's server cannot be reached or refuses; the message says which and why."""


@dataclass(slots=True)
class _Pieces:
    """A tool call as it streams in."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class LocalModel:
    """A chat model behind an OpenAI-compatible URL, such as Ollama, llama.cpp's server, vLLM or LM Studio.

    Args:
        url: base URL, usually ending in `/v1`.
        model: name of the model on that server.
        timeout: seconds without an answer after which the rules take over.

    Raises:
        PartMissing: the openai package is not installed.
    """

    def __init__(self, url: str, model: str, *, timeout: float = 30.0) -> None:
        try:
            from openai import AsyncOpenAI
        except ImportError as error:
            raise PartMissing(
                f"the local model at {url}", "the openai package is not installed: pip install openai"
            ) from error
        self.url, self.model = url, model
        self._client: AsyncOpenAI = AsyncOpenAI(base_url=url, api_key="none", timeout=timeout, max_retries=0)

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._client.close()

    async def reply(
        self, message: str | Sequence[Result], talk: Talk
    ) -> AsyncGenerator[str | tuple[Call, ...]]:
        """Answer a request or results of calls: sentence by sentence as they are written, then calls.

        Raises:
            ModelTrouble: before the first piece, or amid them.
        """
        history: list[dict[str, Any]] = talk.memory.setdefault("llm", [])
        if isinstance(message, str):
            history.append({"role": "user", "content": message})
        else:
            history.extend(_tool_messages(message, history))
        system = {"role": "system", "content": f"{INSTRUCTION} {talk.system_instruction}".strip()}
        tools = [_tool(name, one.description, one.parameters) for name, one in talk.functions.items()]
        text, pending, calls = "", "", dict[int, _Pieces]()
        try:
            async with aclosing(self._deltas([system, *_latest(history)], tools)) as deltas:
                async for delta in deltas:
                    pending += delta.content or ""
                    _collect(calls, delta.tool_calls or ())
                    while match := _END.match(pending):
                        text, pending = text + match[0], pending[match.end() :]
                        yield match[0].strip()
            if pending.strip():
                text += pending
                yield pending.strip()
        finally:
            declared = [one for one in calls.values() if one.name in talk.functions]
            history.append(_assistant_message(text, declared))
        for one in calls.values():
            if one not in declared:
                yield f"I wanted to call {one.name}, but there is no such function."
        if declared:
            yield tuple(Call(one.name, _arguments(one.arguments)) for one in declared)

    async def _deltas(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> AsyncGenerator[Any]:
        """What the model adds, piece by piece, as the server streams it."""
        from openai import OpenAIError

        options: dict[str, Any] = {"tools": tools} if tools else {}
        client: Any = (
            self._client
        )  # its own types ask for its own dicts; plain ones are what goes over the wire
        try:
            async with await client.chat.completions.create(
                model=self.model, messages=messages, stream=True, **options
            ) as stream:
                async for chunk in stream:
                    if chunk.choices:
                        yield chunk.choices[0].delta
        except OpenAIError as error:
            trouble = f"{self.model} at {self.url} does not answer ({type(error).__name__}: {error})"
            raise ModelTrouble(trouble) from error


def _latest(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last messages, never beginning with a result whose call is cut off."""
    latest = history[-KEPT:]
    while latest and latest[0]["role"] != "user":
        latest = latest[1:]
    return latest


def _collect(calls: dict[int, _Pieces], deltas: Sequence[Any]) -> None:
    for delta in deltas:
        one = calls.setdefault(delta.index, _Pieces())
        one.id = delta.id or one.id
        one.name += delta.function.name or ""
        one.arguments += delta.function.arguments or ""


def _arguments(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _assistant_message(text: str, calls: Sequence[_Pieces]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [
            {
                "id": one.id,
                "type": "function",
                "function": {"name": one.name, "arguments": one.arguments or "{}"},
            }
            for one in calls
        ]
    return message


def _tool_messages(results: Sequence[Result], history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Results under the model's own call ids, found by name, latest call first."""
    asked = [one for message in reversed(history) for one in message.get("tool_calls", ())]
    answered = {message.get("tool_call_id") for message in history}
    messages = []
    for result in results:
        one = next(
            (
                call
                for call in asked
                if call["function"]["name"] == result.name and call["id"] not in answered
            ),
            None,
        )
        content = json.dumps(dict(result.response), default=str)
        if one:
            answered.add(one["id"])
            messages.append({"role": "tool", "tool_call_id": one["id"], "content": content})
        else:
            messages.append({"role": "user", "content": f"More from the function {result.name}: {content}"})
    return messages


def _tool(name: str, description: str | None, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    schema = _json_schema(parameters or {"type": "OBJECT", "properties": {}})
    return {
        "type": "function",
        "function": {"name": name, "description": description or "", "parameters": schema},
    }


def _json_schema(schema: Any) -> Any:
    """An API schema as JSON Schema: the same but for type names in capitals."""
    if isinstance(schema, Mapping):
        return {
            key: value.lower() if key == "type" and isinstance(value, str) else _json_schema(value)
            for key, value in schema.items()
        }
    return [_json_schema(part) for part in schema] if isinstance(schema, list) else schema
