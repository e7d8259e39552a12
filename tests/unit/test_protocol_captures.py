"""Every recorded frame of the real server and of other vendors' clients goes through the codec and back."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

from gemini_live_nb.protocol.codec import decode, decode_client, encode, encode_server
from gemini_live_nb.protocol.kinds import names

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no recorded traffic at {CAPTURES}")

SNAKE = re.compile(r"_(\w)")


def normalised(value, path=()):
    """JSON with names in camelCase, base64 as bytes, and what proto3 leaves out left out."""
    if isinstance(value, dict):
        open_ended = path and path[-1] in {"args", "response", "properties"}
        made = {
            name if open_ended else SNAKE.sub(lambda found: found[1].upper(), name): normalised(
                item, (*path, name)
            )
            for name, item in value.items()
        }
        if "modality" in made and made.get("tokenCount") == 0:
            del made["tokenCount"]
        return made
    if isinstance(value, list):
        return [normalised(item, path) for item in value]
    if isinstance(value, str) and path and path[-1] == "data":
        plain = value.translate(str.maketrans("-_", "+/")).rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    return value


def normalized_frames():
    for file in sorted(CAPTURES.glob("normalized/*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record.get("dir") in ("client", "server") and "_cassette_event" not in record["msg"]:
                yield pytest.param(record["dir"], record["msg"], id=f"{file.stem}-{record['n']}")


def raw_frames():
    """Cut the recordings at their `>N ` and `<N ` marks; N counts the bytes before ids were redacted."""
    for file in sorted(CAPTURES.glob("raw/*.websocket.log")):
        text = file.read_text(encoding="utf-8")
        for place, found in enumerate(re.finditer(r"(?ms)^([<>])\d+ (.*?)(?=^[<>]\d+ |\Z)", text)):
            yield pytest.param(
                "client" if found[1] == ">" else "server", found[2], id=f"{file.stem.split('.')[0]}-{place}"
            )


@pytest.mark.parametrize(("direction", "message"), list(normalized_frames()))
def test_a_recorded_frame_decodes_and_encodes_to_the_same(direction, message):
    read, write = (decode_client, encode) if direction == "client" else (decode, encode_server)
    decoded = read(json.dumps(message))
    assert decoded.unknown == ()
    unexpected = [
        words
        for words in decoded.oddities
        if not (direction == "client" and (words.startswith("snake_case name") or "base64url" in words))
    ]
    assert unexpected == []
    assert decoded.kinds
    assert "unknown" not in names(decoded.kinds)
    assert normalised(json.loads(write(decoded.message))) == normalised(message)


@pytest.mark.parametrize(("direction", "text"), list(raw_frames()))
@pytest.mark.parametrize("form", [str, str.encode])
def test_a_raw_frame_decodes_as_it_stood_on_the_wire(direction, text, form):
    raw = form(text)
    decoded = (decode_client if direction == "client" else decode)(raw)
    assert decoded.oddities == ()
    assert decoded.unknown == ()
    assert decoded.raw is raw
    write = encode if direction == "client" else encode_server
    assert normalised(json.loads(write(decoded.message))) == normalised(json.loads(text))


def test_our_server_frames_are_byte_for_byte_the_real_servers():
    compared = 0
    for case in raw_frames():
        direction, text = case.values
        if direction == "server":
            # The recorder put an empty line after each frame.
            wire = text.rstrip("\n").encode() + b"\n"
            assert encode_server(decode(wire).message) == wire, case.id
            compared += 1
    assert compared > 20
