"""What crossed the wire comes back byte for byte, whatever it was."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_live_nb.log.files import INDEX, MEDIA, MESSAGES
from gemini_live_nb.log.handles import stripped
from gemini_live_nb.log.index import unpack
from gemini_live_nb.log.lines import RECEIVED, join, runs, split
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.log.run import SessionLog

from .log_talk import Talk, b64, tone

LONG = st.binary(min_size=200, max_size=3000).map(b64)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | LONG,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "text", "mimeType", "a b", "parts"]) | st.text(), inner, max_size=4
        )
    ),
    max_leaves=12,
)
PRETTY = st.builds(
    lambda value, indent: json.dumps(value, indent=indent, ensure_ascii=False),
    VALUES,
    st.sampled_from([None, 0, 2]),
)
FRAMES = st.one_of(
    st.binary(max_size=4000),
    PRETTY.map(lambda text: text.encode("utf-8", "surrogatepass")),
    PRETTY,
    st.text(st.characters(), max_size=500),
    st.builds(
        lambda a, b, c: a + b'"data": "' + b + b'"' + c,
        st.binary(max_size=300),
        LONG.map(str.encode),
        st.binary(max_size=600),
    ),
)


def exact(data: bytes | str) -> bytes:
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data


@given(FRAMES.map(exact), st.integers(0, 2**40))
@settings(max_examples=300, deadline=None)
def test_a_frame_taken_apart_is_put_together_again(frame, media_end):
    rest, media, cuts = split(frame, media_end)
    together = b"".join(media)
    assert (
        join(rest, cuts, lambda offset, length: together[offset - media_end : offset - media_end + length])
        == frame
    )
    assert sum(length for _, _, length in cuts) == len(together)


@given(st.lists(st.tuples(st.sampled_from(["received", "sent"]), FRAMES), max_size=20))
@settings(max_examples=80, deadline=None)
def test_arbitrary_frames_are_recorded_exactly(frames):
    with tempfile.TemporaryDirectory() as scratch:
        recorder = Recorder(Path(scratch) / "run")
        for direction, data in frames:
            if direction == "received":
                recorder.receive(data)
            else:
                recorder.sent(data)
        recorder.close()
        log = SessionLog.open(Path(scratch) / "run")
        assert [(frame.direction, frame.raw) for frame in log] == [
            (direction, exact(data)) for direction, data in frames
        ]
        opcodes = [
            "text" if direction == "sent" or isinstance(data, str) else "binary" for direction, data in frames
        ]
        assert [frame.opcode for frame in log] == opcodes
        assert log.notes == []

        rows = unpack(log.table().rows, log.table().heap)
        (Path(scratch) / "run" / INDEX).unlink()
        again = SessionLog.open(Path(scratch) / "run").table()
        assert repr(unpack(again.rows, again.heap)) == repr(rows), "an index made anew is the same index"


def test_media_lie_beside_the_lines(tmp_path):
    recorder = Recorder(tmp_path / "run")
    sound = b64(tone(40, 24000))
    frame = b'{\n  "serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "%b"}}]}}\n}\n'
    recorder.receive(frame % sound.encode())
    recorder.close()
    line = (tmp_path / "run" / MESSAGES).read_text()
    assert sound not in line
    assert json.loads(line)["cut"] == [[json.loads(line)["frame"].index('""') + 1, 0, len(sound)]]
    assert (tmp_path / "run" / MEDIA).read_text() == sound
    (media,) = SessionLog.open(tmp_path / "run")[0].media()
    assert media == ("audio/pcm;rate=24000", tone(40, 24000))


def test_several_media_in_one_frame_each_find_their_own(tmp_path):
    pieces = [tone(40, 24000, loudness) for loudness in (0.1, 0.5, 0.9)]
    short = tone(1, 24000)
    parts = [
        {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": b64(piece)}}
        for piece in (*pieces[:1], short, *pieces[1:])
    ]
    frame = json.dumps({"serverContent": {"modelTurn": {"parts": parts}}}).encode()
    recorder = Recorder(tmp_path / "run")
    recorder.receive(frame)
    recorder.close()
    log = SessionLog.open(tmp_path / "run")
    table = log.table()
    assert [log.media(table, at) for at in range(4)] == [pieces[0], short, *pieces[1:]]
    assert log.turn(0).audio.tobytes() == pieces[0] + short + pieces[1] + pieces[2]


def test_url_safe_and_unpadded_base64_are_read(tmp_path):
    sound = bytes(range(251, 256)) * 100 + b"x"
    for encode in (base64.urlsafe_b64encode, base64.b64encode):
        text = '{"realtime_input": {"audio": {"data": "%s", "mime_type": "audio/pcm;rate=16000"}}}'
        recorder = Recorder(tmp_path / encode.__name__)
        recorder.sent(text % encode(sound).decode().rstrip("="))
        recorder.close()
        log = SessionLog.open(tmp_path / encode.__name__)
        assert log.media(log.table(), 0) == sound


def test_long_base64_under_another_name_is_cut_out_too():
    picture = base64.b64encode(bytes(6000))
    frame = b'{"setup": {"avatarConfig": {"customizedAvatar": {"imageData": "%b"}}}}' % picture
    assert [frame[a:b] for a, b in runs(frame)] == [picture]


def test_words_are_never_mistaken_for_media():
    words = "Once upon a time. " * 400
    assert runs(json.dumps({"toolResponse": {"data": words}}).encode()) == []


@given(
    st.text("abcdef0123456789-_=", min_size=1, max_size=60),
    st.sampled_from(["newHandle", "new_handle", "handle"]),
)
def test_handles_are_stripped_without_moving_anything(handle, name):
    frame = json.dumps(
        {"sessionResumptionUpdate": {name: handle}, "x": "handle with care"}, indent=2
    ).encode()
    line = json.dumps({"frame": frame.decode(), "cut": []}).encode()
    for data in (frame, line):
        assert len(stripped(data)) == len(data)
        assert json.loads(stripped(data)).keys() == json.loads(data).keys()
    assert json.loads(stripped(frame))["sessionResumptionUpdate"][name] == "x" * len(handle)
    assert json.loads(json.loads(stripped(line))["frame"])["sessionResumptionUpdate"][name] == "x" * len(
        handle
    )
    assert json.loads(stripped(frame))["x"] == "handle with care"


VALUES_THAT_BREAK = [
    None,
    True,
    0,
    -1,
    2**70,
    1e308,
    "",
    "\ud800",
    [],
    {},
    [None],
    [{}],
    "audio/pcm;rate=0",
    "x/y;z",
    "TURN",
]


def mutated(value, random):
    """The value with something in it gone, doubled, renamed, or of another kind."""
    if random.random() < 0.1:
        return random.choice(VALUES_THAT_BREAK)
    if isinstance(value, dict):
        names = ["data", "text", "parts", "id", "args", "mimeType", "turnComplete", "tokenCount"]
        return {
            (random.choice(names) if random.random() < 0.05 else name): mutated(each, random)
            for name, each in value.items()
            if random.random() > 0.05
        }
    if isinstance(value, list):
        return [mutated(each, random) for each in value for _ in range(random.choice((1, 1, 1, 2, 0)))]
    return value


@pytest.mark.parametrize("seed", range(4))
def test_mutated_frames_are_kept_indexed_and_read(seed, tmp_path):
    """Whatever the wire says, it is kept, indexed and read."""
    random = Random(seed)
    talk = (
        Talk()
        .setup()
        .speaks(0.2)
        .hears("Hi")
        .calls("f", "call_1", x=1)
        .answers("call_1", {"output": 1})
        .says("Ho.")
    )
    usage = {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}], "totalTokenCount": 3}
    talk.sounds(40).activity("START").server(
        {"serverContent": {"interrupted": True}, "usageMetadata": usage}
    ).over((1, 2))
    talk.server(
        {
            "serverContent": {
                "modelTurn": {"parts": [{"executableCode": {"code": "1"}}, {"text": "x", "thought": True}]}
            }
        }
    )
    troubles = []
    recorder = Recorder(tmp_path / "run", on_trouble=troubles.append)
    raws = []
    for _ in range(500):
        _, _, _, direction, _, data, _ = random.choice(talk.frames)
        raw = bytearray(json.dumps(mutated(json.loads(data), random)).encode())
        if random.random() < 0.2 and raw:
            raw[random.randrange(len(raw))] = random.randrange(256)
        raws.append(bytes(raw))
        if direction == RECEIVED:
            recorder.receive(raws[-1])
        else:
            recorder.sent(raws[-1])
    recorder.close()
    assert troubles == []
    log = SessionLog.open(tmp_path / "run")
    assert [frame.raw for frame in log] == raws
    for frame in (log.messages, log.parts, log.turns, log.tools, log.usage, log.audio_chunks):
        assert len(frame()) >= 0
    log.transcript()
    assert log._repr_html_()


def test_media_of_an_unheard_of_type(tmp_path):
    blob = {"mimeType": "model/gltf+json;v=ü", "data": b64(bytes(300))}
    log = Talk().setup().speaks(0.1).client({"realtimeInput": {"video": blob}}).log(tmp_path / "run")
    assert log.messages()["mime"].tolist()[2:] == ["audio/pcm;rate=16000", "model/gltf+json;v=ü"]
    assert log[-1].media()[0].data == bytes(300)
