"""What leaves this machine: exports, redacted copies, reports; and what they must not carry."""

from __future__ import annotations

import base64
import io
import json
import re
import wave
import zipfile
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gemini_live_nb.errors import LogError
from gemini_live_nb.log.compare import compare
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.picture import jpeg

from .log_talk import META, Talk, b64, told

HANDLE = "95e91930-b35b-482b-8880-17efc49ec2f2"
EVIL = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>\x1b[31m\u202egnp.exe\u2066'


def conversation() -> Talk:
    talk = (
        Talk()
        .local("open", url="wss://example.test/ws")
        .client({"setup": {"model": "models/gemini-3.8-live", "sessionResumption": {"handle": HANDLE}}})
    )
    talk.server({"setupComplete": {}}).server(
        {"sessionResumptionUpdate": {"newHandle": HANDLE, "resumable": True}}
    )
    talk.speaks(1).silence(0.5).hears("My name is A", "da Lovelace.").calls(
        "greet", "call_1", name="Ada"
    ).answers("call_1", {"output": "Hi Ada"})
    talk.says("Hello ", "Ada, ", "nice to meet you.").sounds(1000, 1000, every=0.1).wait(
        0.3
    ).interrupted().over((10, 20))
    return talk.types("And <b>now</b>?").says("Now, Ada.").sounds(500).generated().over((30, 9))


@pytest.fixture
def log(tmp_path) -> SessionLog:
    return conversation().log(tmp_path / "run")


FORMS = ("x.zip", "x.jsonl", "x.har", "x.parquet", "x.wav", "x.md", "x.vtt", "x.html")


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("where", ["folder", "memory", "live"])
def test_no_export_carries_a_handle(tmp_path, name, where):
    talk = conversation()
    recorder = talk.live(tmp_path / "live") if where == "live" else None
    log = recorder.log if recorder else talk.log(tmp_path / "run" if where == "folder" else None)
    path = log.export(tmp_path / name)
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            data = b"".join(archive.read(inside) for inside in archive.namelist())
    if path.suffix == ".har":
        messages = json.loads(data)["log"]["entries"][0]["_webSocketMessages"]
        data += b"".join(base64.b64decode(message["data"]) for message in messages if message["opcode"] == 2)
    assert len(data) > 100
    assert HANDLE.encode() not in data
    if recorder:
        recorder.close()


def test_an_unknown_form_is_refused(log, tmp_path):
    with pytest.raises(LogError, match="no form is known"):
        log.export(tmp_path / "x.doc")
    for name, takes in (("x.har", "none"), ("x.wav", "track")):
        with pytest.raises(LogError, match="no option frame") as caught:
            log.export(tmp_path / name, frame="turns")
        assert takes in caught.value.hint
    (tmp_path / "file").touch()
    with pytest.raises(LogError, match="cannot write"):
        log.export(tmp_path / "file" / "x.md")


def test_the_folder_of_an_export_is_made(log, tmp_path):
    assert log.export(tmp_path / "new" / "folder" / "x.md").read_text() == log.transcript()


def test_a_zip_and_back(log, tmp_path):
    again = SessionLog.open(log.export(tmp_path / "shared.zip"))
    assert again.name == "shared"
    assert again.notes == []
    assert [told(turn) for turn in again.conversation] == [told(turn) for turn in log.conversation]
    for mine, theirs in zip(log, again, strict=True):
        assert len(theirs.raw) == len(mine.raw)
        assert theirs.raw == mine.raw.replace(HANDLE.encode(), b"x" * len(HANDLE))
    assert np.array_equal(again.turn(0).audio, log.turn(0).audio)
    assert SessionLog.open(tmp_path / "shared.zip").path == again.path, "unpacked once"


def test_lines_with_payloads_inline_and_back(log, tmp_path):
    again = SessionLog.from_capture(log.export(tmp_path / "shared.jsonl"))
    assert [told(turn) for turn in again.conversation] == [told(turn) for turn in log.conversation]
    assert [frame.direction for frame in again] == [frame.direction for frame in log]


def test_har_as_chrome_reads_it(log, tmp_path):
    har = json.loads(log.export(tmp_path / "x.har").read_text())["log"]
    assert har["version"] == "1.2"
    (entry,) = har["entries"]
    assert entry["_resourceType"] == "websocket"
    assert entry["request"]["url"] == "wss://example.test/ws"
    assert entry["response"]["status"] == 101
    wire = [frame for frame in log if frame.direction != "local"]
    messages = entry["_webSocketMessages"]
    assert [message["type"] for message in messages] == [
        "send" if frame.direction == "sent" else "receive" for frame in wire
    ]
    assert {(message["type"], message["opcode"]) for message in messages} == {("send", 1), ("receive", 2)}
    assert messages[1]["time"] == pytest.approx(META["wall"])
    assert json.loads(base64.b64decode(messages[1]["data"])) == {"setupComplete": {}}


def test_parquet_of_each_frame(log, tmp_path):
    messages = pd.read_parquet(log.export(tmp_path / "x.parquet"))
    assert messages["kind"].tolist() == log.messages()["kind"].tolist()
    tools = pd.read_parquet(log.export(tmp_path / "t.parquet", frame="tools"))
    assert json.loads(tools["args"][0]) == {"name": "Ada"}
    with pytest.raises(LogError, match="no frame"):
        log.export(tmp_path / "y.parquet", frame="nonsense")


def test_sound_lies_on_one_clock(log, tmp_path):
    user, model, mix = (log.wav(track) for track in ("user", "model", "mix"))
    assert {user.rate, model.rate, mix.rate} == {24000}
    assert np.abs(user.samples[:24000]).max() > 10000
    first = log.turn(0)
    start = round(first.times.first_audio * 24000)
    assert not model.samples[:start].any()
    heard = round(first.heard_ms * 24)
    assert np.array_equal(model.samples[start : start + heard], first.audio[:heard])
    whole = log.wav("model", heard=False)
    assert np.array_equal(whole.samples[start : start + len(first.audio)], first.audio)
    assert np.array_equal(mix.samples[start : start + heard], model.samples[start : start + heard])
    with pytest.raises(LogError, match="no track"):
        log.wav("both")
    with wave.open(str(log.export(tmp_path / "x.wav", track="mix"))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (24000, 1, len(mix.samples))
    assert first.sound._repr_html_().startswith("<audio")


def test_a_gap_in_the_microphone_stays_a_gap():
    log = Talk().setup().speaks(0.5).wait(2).speaks(0.5).log()
    samples = log.wav("user").samples
    assert len(samples) == pytest.approx(3 * 24000, abs=2400)
    assert not samples[13000:59000].any()


def test_sound_of_another_rate_is_resampled():
    turn = Talk().setup().types("?").sounds(100, 100, rate=16000).over().log().turn(0)
    assert turn.audio_ms == 200
    assert len(turn.audio) == 4800


def test_transcripts(log, tmp_path):
    text = log.transcript(tmp_path / "x.md")
    assert text == (tmp_path / "x.md").read_text()
    assert "**You:** My name is Ada Lovelace." in text
    assert "**Model:** Hello ~~Ada, nice to meet you.~~" in text
    assert "And \\<b\\>now\\</b\\>?" in text
    assert "greet(name='Ada') → {'output': 'Hi Ada'}" in text.replace("\\", "")
    vtt = log.transcript(tmp_path / "x.vtt")
    assert vtt.startswith("WEBVTT\n\n1\n00:00:00.100 --> 00:00:01.000\n<v You>My name is Ada Lovelace.\n")
    assert "<v You>And &lt;b&gt;now&lt;/b&gt;?" in vtt
    times = re.findall(r"(\d\d:\d\d:\d\d\.\d{3}) --> (\d\d:\d\d:\d\d\.\d{3})", vtt)
    assert times == sorted(times)
    assert all(start < end for start, end in times)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def evil_log() -> SessionLog:
    talk = (
        Talk().setup(model=EVIL).types(EVIL).calls(EVIL, EVIL, **{EVIL: EVIL}).answers(EVIL, {"error": EVIL})
    )
    parts = [{"text": EVIL, "thought": True}, {"executableCode": {"code": EVIL}}, {"text": EVIL}]
    talk.server({"serverContent": {"modelTurn": {"parts": parts}}}).says(EVIL).sounds(100)
    log = talk.interrupted().over(turnCompleteReason=EVIL).log()
    log.name = EVIL
    return log


def test_nothing_that_was_said_becomes_markup(tmp_path):
    log = evil_log()
    pages = [
        log._repr_html_(),
        log.turn(0)._repr_html_(),
        log.tool_calls[0]._repr_html_(),
        compare(log, log)._repr_html_(),
    ]
    pages.append(log.export(tmp_path / "x.html").read_text())
    for page in pages:
        tags = Tags(page).tags
        assert {"script", "img"} & {tag for tag, _ in tags} == set()
        assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
        assert "onerror" in page, "it is shown, as text"
        assert not re.search("[\x1b\u202e\u2066]", page), "and turns no direction"
    markdown = log.transcript()
    assert not re.search(r"(?<!\\)<", markdown)
    assert EVIL not in log.transcript(tmp_path / "x.vtt")


def test_the_report_needs_nothing_else(log, tmp_path):
    page = log.export(tmp_path / "x.html").read_text()
    assert "Content-Security-Policy" in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert [tag for tag, _ in Tags(page).tags].count("audio") == 2
    assert "<svg" in page
    silent = log.export(tmp_path / "y.html", sound=False).read_text()
    assert "<audio" not in silent
    assert len(silent) < len(page) / 10


def test_display_is_short_and_light(log):
    assert len(repr(log)) < 200
    assert repr(log.turn(0)).startswith("<Turn 0 interrupted: 'My name is Ada Lovelace.' → 'Hello Ada,")
    assert repr(log.tool_calls[0]) == "<ToolCall greet done>"
    html = log._repr_html_()
    assert "base64" not in html
    assert '<s class="glnb-cut" title="never heard">Ada, nice to meet you.</s>' in log.turn(
        0
    )._repr_html_().replace(
        '<s class="glnb-cut" title="never heard"> ', '<s class="glnb-cut" title="never heard">'
    )


# Redaction.


def test_words_are_blacked_out_wherever_they_stand(log, tmp_path):
    safe = log.redact(text=["ada", re.compile(r"Love\w+")], folder=tmp_path / "safe")
    every = b"".join(frame.raw for frame in SessionLog.open(tmp_path / "safe"))
    assert b"Ada" not in every
    assert b"da Lovelace" not in every
    assert HANDLE.encode() not in every
    turn = safe.turn(0)
    assert turn.user_text == "My name is ███ ████████."
    assert turn.text == "Hello ███, nice to meet you."
    assert turn.tool_calls[0].args == {"name": "███"}
    assert turn.tool_calls[0].result == {"output": "Hi ███"}
    assert safe.model == log.model
    assert len(safe) == len(log)
    assert safe.turns()["ttfa"].equals(log.turns()["ttfa"])
    assert (tmp_path / "run").exists()


def test_all_words(log):
    safe = log.redact(text=True)
    assert safe.path is None
    assert set(safe.turn(0).user_text) <= set("█ ")
    assert set(safe.turn(0).text) <= set("█ ")
    assert safe.messages()["kind"].tolist() == log.messages()["kind"].tolist()


def test_silence_takes_the_voices_out_and_leaves_the_times(log):
    safe = log.redact(audio="silence")
    assert np.abs(safe.wav("mix").samples).max() <= 1, "what the resampler's dither leaves"
    assert not any(any(media.data) for frame in safe for media in frame.media())
    assert safe.turn(0).audio_ms == log.turn(0).audio_ms
    assert safe.turns()["speech_end"].equals(log.turns()["speech_end"])
    assert safe.turn(0).text == log.turn(0).text


def test_grey_pictures_keep_their_size():
    picture = jpeg(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))
    talk = (
        Talk().setup().client({"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": b64(picture)}}})
    )
    (media,) = talk.log().redact(images="grey")[2].media()
    assert media.data != picture
    with Image.open(io.BytesIO(media.data)) as grey:
        assert grey.size == (64, 48)
        assert np.ptp(np.asarray(grey)) < 4


def test_what_cannot_be_read_is_left_out_of_a_redacted_copy():
    talk = (
        Talk()
        .setup()
        .server(b"\xffAda")
        .server(b'{"serverContent": {"outputTranscription": {"text": "Ada"}}')
    )
    assert [frame.raw for frame in talk.log().redact(text=["Ada"])][2:] == [b"{}", b"{}"]


def test_unknown_options_are_refused(log):
    with pytest.raises(LogError, match="not known"):
        log.redact(audio="loud")
    with pytest.raises(LogError, match="not known"):
        log.redact(images="blur")


# Comparison.


def test_runs_side_by_side(log, tmp_path):
    other = (
        Talk()
        .setup(model="models/gemini-2.5-flash", generationConfig={"temperature": 0.5})
        .types("Hi")
        .says("Ho.")
        .over()
        .log()
    )
    comparison = compare(log, other)
    setup = comparison.setup()
    assert setup.loc["model"].tolist() == ["models/gemini-3.8-live", "models/gemini-2.5-flash"]
    assert setup.loc["generationConfig.temperature"].tolist() == [None, 0.5]
    assert not any("handle" in str(path) for path in setup.index)
    assert compare(log, log).setup().empty
    turns = comparison.turns()
    assert turns["text"]["memory"].tolist()[0] == "Ho."
    assert len(turns) == 2
    assert comparison.latency().loc["run", "turns"] == 2
    tools = comparison.tools()
    assert tools["calls"]["run"].to_dict() == log.tools().groupby("tool_name").size().to_dict()
    assert tools["calls"]["memory"].isna().all()
    assert tools["latency"]["run"].tolist() == log.tools().groupby("tool_name")["latency"].median().tolist()
    assert compare(other, other).tools().empty
    assert "<audio" in comparison._repr_html_()
    with pytest.raises(LogError, match="nothing to compare"):
        compare(log)
    assert compare(other, other.export(tmp_path / "other.zip")).setup().empty


def test_a_report_does_not_tell_where_it_was_made(log, tmp_path):
    page = log.export(tmp_path / "x.html").read_text()
    assert str(log.path) not in page
    assert str(log.path) in log._repr_html_()
