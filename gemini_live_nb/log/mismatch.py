"""What a client asked, in a form that can be laid beside what another asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.kinds import mask

from .frame import LogFrame

# What a recorded server answers to. Live sound is never the same twice, and is not compared.
_ASKED = ("setup", "clientContent", "toolResponse", "contextUpdate", "realtimeInput.text")
ASKED = mask(*_ASKED)
_LONGEST = 60


def request(frame: LogFrame) -> tuple[str, dict[str, Any]] | None:
    """The kind of a sent message and what it asks, spelt one way; `None` where it asks nothing."""
    if frame.direction != "sent" or not any(kind in _ASKED for kind in frame.kinds):
        return None
    message = frame.decoded().message
    if not isinstance(message, ClientMessage):
        return None
    kind = next(kind for kind in frame.kinds if kind in _ASKED)
    if kind in ("clientContent", "realtimeInput.text"):
        # Which of the two carries what is typed is a client's choice.
        turns = (message.client_content.turns or ()) if message.client_content is not None else ()
        texts = [part.text for turn in turns for part in turn.parts or () if part.text]
        live = message.realtime_input.text if message.realtime_input is not None else None
        return "typed text", {"text": "\n".join([*texts, live] if live else texts)}
    said: dict[str, Any] = msgspec.to_builtins(message)
    return kind, said


def known_by(kind: str, said: dict[str, Any], counts: Counter[str]) -> tuple[str, int | str]:
    """What tells one request from others of its kind: its number, or the ids of the calls it answers."""
    if kind == "toolResponse":
        answers = said["toolResponse"].get("functionResponses") or []
        ids = [str(answer.get("id") or answer.get("name") or "") for answer in answers]
        if any(ids):
            key = "of " + ", ".join(ids)
            counts[key] += 1
            return kind, key if counts[key] == 1 else f"{key}, {counts[key]}"
    counts[kind] += 1
    return kind, counts[kind] - 1


def differences(then: Any, now: Any) -> list[str]:
    """Each setting or value that differs, in words: `path: then … now …`."""
    before, after = dict(_leaves(then)), dict(_leaves(now))
    return [
        f"{path} was {_shown(before, path)}, is {_shown(after, path)}"
        for path in dict.fromkeys((*before, *after))
        if before.get(path) != after.get(path)
    ]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a message with its dotted path; resumption handles are left out."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            if name != "handle":
                yield from _leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for place, each in enumerate(value):
            yield from _leaves(each, f"{path}[{place}]")
    else:
        yield path, value


def _shown(values: dict[str, Any], path: str) -> str:
    if path not in values:
        return "not there"
    text = json.dumps(values[path], ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
