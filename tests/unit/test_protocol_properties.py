"""Whatever comes, decoding delivers it; whatever we say, it reads back the same."""

from __future__ import annotations

import base64
import json
import random
import re
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.codec import decode, decode_client, encode, encode_server
from gemini_live_nb.protocol.kinds import main, names
from gemini_live_nb.protocol.server import ServerMessage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
# What a field that is an open object may hold: JSON that survives a round trip unchanged.
OPEN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.UnionType():
            return st.one_of(*(values(item) for item in kind.types))
        case inspect.Metadata():
            numbers = (kind.extra or {}).get("numbers")
            return st.sampled_from(numbers) | TEXT if numbers else values(kind.type)
        case inspect.StructType():
            fields = {field.name: values(field.type) for field in kind.fields}
            return st.fixed_dictionaries({}, optional=fields).map(lambda chosen: kind.cls(**chosen))
        case inspect.ListType():
            return st.lists(values(kind.item_type), max_size=2)
        case inspect.DictType():
            return st.dictionaries(TEXT, values(kind.value_type), max_size=2)
        case inspect.AnyType():
            return OPEN
        case inspect.NoneType():
            return st.none()
        case inspect.StrType():
            return TEXT
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(-(2**31), 2**31)
        case inspect.FloatType():
            return st.floats(-1e6, 1e6, allow_nan=False)
        case inspect.BytesType():
            return st.binary(max_size=20)
    raise TypeError(kind)


ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SERVER = values(inspect.type_info(ServerMessage))
CLIENT = values(inspect.type_info(ClientMessage))
SNAKE = re.compile(r"(?<=[a-z0-9])([A-Z])")


def names_known(kind: type, seen: dict[type, set[str]] | None = None) -> set[str]:
    """Every wire name of every structure within a structure."""
    seen = {} if seen is None else seen
    if kind not in seen:
        seen[kind] = set()
        for field in inspect.type_info(kind).fields:
            seen[kind].add(field.encode_name)
            for member in getattr(field.type, "types", (field.type,)):
                inner = getattr(member, "item_type", member)
                if isinstance(inner, inspect.StructType):
                    names_known(inner.cls, seen)
    return set().union(*seen.values())


def odd_spelling(value: Any, kind: inspect.Type) -> Any:
    """The same JSON as some client would send it: names in snake_case, bytes in base64url without padding."""
    for member in getattr(kind, "types", (kind,)):
        if isinstance(member, inspect.StructType) and isinstance(value, dict):
            fields = {field.encode_name: field for field in member.fields}
            return {
                SNAKE.sub(lambda found: "_" + found[1].lower(), name): odd_spelling(item, fields[name].type)
                for name, item in value.items()
            }
        if isinstance(member, inspect.ListType) and isinstance(value, list):
            return [odd_spelling(item, member.item_type) for item in value]
        if isinstance(member, inspect.BytesType) and isinstance(value, str):
            return value.replace("+", "-").replace("/", "_").rstrip("=")
    return value


@given(st.binary(max_size=200) | st.text(max_size=200))
@ANY_SPEED
def test_any_bytes_or_text_are_delivered(raw):
    for read in (decode, decode_client):
        decoded = read(raw)
        assert decoded.raw is raw
        assert main(decoded.kinds)
        assert decoded.message is not None or decoded.oddities


@given(JSON)
@ANY_SPEED
def test_any_json_is_delivered(value):
    for read in (decode, decode_client):
        decoded = read(json.dumps(value))
        assert (decoded.message is None) == (not isinstance(value, dict))
        assert main(decoded.kinds)


KNOWN = sorted(names_known(ServerMessage) | names_known(ClientMessage))
NESTED = st.recursive(
    JSON,
    lambda inner: st.dictionaries(st.sampled_from(KNOWN), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=20,
)


@given(
    st.dictionaries(
        st.sampled_from([*ServerMessage.__struct_encode_fields__, *ClientMessage.__struct_encode_fields__]),
        NESTED,
    )
)
@settings(ANY_SPEED, max_examples=300)
def test_known_names_with_any_values_are_delivered(frame):
    for read in (decode, decode_client):
        decoded = read(json.dumps(frame))
        assert decoded.message is not None
        names(decoded.kinds)
        msgspec.json.encode(decoded.message)


@given(SERVER)
@settings(ANY_SPEED, max_examples=200)
def test_any_server_message_reads_back_the_same(message):
    decoded = decode(encode_server(message))
    assert decoded.message == message
    assert not decoded.oddities
    assert not decoded.unknown


@given(CLIENT)
@settings(ANY_SPEED, max_examples=200)
def test_any_client_message_reads_back_the_same(message):
    decoded = decode_client(encode(message))
    assert decoded.message == message
    assert not decoded.unknown


@given(SERVER)
@settings(ANY_SPEED, max_examples=200)
def test_a_server_message_in_odd_spelling_is_the_same_message(message):
    odd = odd_spelling(json.loads(encode_server(message)), inspect.type_info(ServerMessage))
    decoded = decode(json.dumps(odd))
    assert decoded.message == message
    assert not decoded.unknown
    assert decoded.kinds == decode(encode_server(message)).kinds


@given(CLIENT)
@settings(ANY_SPEED, max_examples=200)
def test_a_client_message_in_odd_spelling_is_the_same_message(message):
    odd = odd_spelling(json.loads(encode(message)), inspect.type_info(ClientMessage))
    decoded = decode_client(json.dumps(odd))
    assert decoded.message == message
    assert not decoded.unknown


@given(st.binary(max_size=60), st.sampled_from(["+/", "-_"]), st.booleans())
@ANY_SPEED
def test_every_base64_of_some_bytes_reads_the_same(data, letters, padded):
    text = base64.b64encode(data, altchars=letters.encode()).decode()
    text = text if padded else text.rstrip("=")
    decoded = decode_client(json.dumps({"realtimeInput": {"audio": {"data": text}}}))
    assert decoded.message.realtime_input.audio.data == data


@given(SERVER, st.data())
@settings(ANY_SPEED, max_examples=200)
def test_mutated_frames_are_delivered(message, data):
    raw = bytearray(encode_server(message))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    decoded = decode(bytes(raw))
    assert main(decoded.kinds)
    json.dumps(decoded.json())


BUNDLE = {
    "serverContent": {
        "modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "AAEC/+8="}}]},
        "outputTranscription": {"text": "hé 😀"},
    }
}
SEEDS = [
    json.dumps(BUNDLE, indent=2).encode() + b"\n",
    json.dumps(BUNDLE, ensure_ascii=False).encode(),
    b'{"toolCall":{"functionCalls":[{"name":"f","args":{"x":[1,2.5,null,true]},"id":"fc_1"}]}}',
    b'{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokensDetails":[{"modality":"AUDIO"}]}}',
    b'{"sessionResumptionUpdate":{"newHandle":"h","resumable":true,"lastConsumedClientMessageIndex":"7"}}',
    b'{"setup":{"model":"models/m","generationConfig":{"responseModalities":["AUDIO"],"temperature":0.5}}}',
    b'{"realtime_input":{"audio":{"data":"-__7","mime_type":"audio/pcm;rate=16000"}}}',
]


def test_ten_thousand_mutated_frames_are_delivered():
    dice = random.Random(20261122)
    for _ in range(10_000):
        raw = bytearray(dice.choice(SEEDS))
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(len(raw))
            change = dice.randrange(4)
            if change == 0:
                raw[place] = dice.randrange(256)
            elif change == 1:
                del raw[place : place + dice.randint(1, 9)]
            elif change == 2:
                raw[place:place] = dice.randbytes(dice.randint(1, 4))
            else:
                raw[place:place] = raw[: dice.randint(0, 40)]
            if not raw:
                break
        for read in (decode, decode_client):
            decoded = read(bytes(raw))
            assert main(decoded.kinds)
            assert decoded.message is not None or decoded.oddities
