"""The record as DataFrames: the columns that are promised, nothing lost, nothing raised."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_live_nb.errors import LogError
from gemini_live_nb.log import columns
from gemini_live_nb.log.prices import Price, cost, estimate, price_of
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.log.runs import Runs, open_runs
from gemini_live_nb.protocol.models import DEFAULT_MODEL

from .log_talk import META, Talk, b64, told, tone

KEYS = ["run", "conn", "turn", "seq"]


USAGE = {
    "promptTokenCount": 522,
    "responseTokenCount": 42,
    "totalTokenCount": 564,
    "thoughtsTokenCount": 136,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 332},
        {"modality": "AUDIO", "tokenCount": 165},
    ],
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 42}],
}
"""As 3.8 sent it (discuss.ai.google.dev/t/188765): the details do not add up to the totals."""


def conversation() -> Talk:
    talk = Talk().setup(model="models/gemini-3.8-live").speaks(1).silence(0.5).hears("Weather?")
    talk.calls("get_weather", "call_1", city="Oslo").answers("call_1", {"output": "sunny"}).says(
        "Sunny."
    ).sounds(100, 200)
    talk.generated().server({"serverContent": {"turnComplete": True}, "usageMetadata": USAGE})
    return (
        talk.local("mark", label="noise")
        .types("And now?")
        .says("Now it rains.")
        .sounds(500)
        .interrupted()
        .over((600, 10))
    )


@pytest.fixture(scope="module")
def log() -> SessionLog:
    return conversation().log()


def frames(log: SessionLog) -> dict[str, pd.DataFrame]:
    return {name: getattr(log, name)() for name in columns.FRAMES if name != "runs"}


def assert_as_promised(name: str, frame: pd.DataFrame) -> None:
    promised = columns.FRAMES[name]
    assert list(frame.columns) == [column.name for column in promised]
    assert [str(dtype) for dtype in frame.dtypes] == [column.dtype for column in promised]


@pytest.mark.parametrize("name", [name for name in columns.FRAMES if name != "runs"])
def test_columns_are_as_documented(log, name):
    assert_as_promised(name, getattr(log, name)())


def test_columns_are_as_documented_for_runs(log):
    assert_as_promised("runs", Runs([log, conversation().log()]).runs())


@pytest.mark.parametrize("name", [name for name in columns.FRAMES if name != "runs"])
def test_an_empty_run_has_the_same_columns(name):
    assert_as_promised(name, getattr(SessionLog.empty(), name)())
    assert len(getattr(SessionLog.empty(), name)()) == 0


def test_every_column_is_in_the_documentation(request):
    text = columns.document()
    for name, promised in columns.FRAMES.items():
        assert f"`{name}()`" in text
        for column in promised:
            assert column.meaning
            assert f"| `{column.name}` | {column.dtype} |" in text


def test_messages_have_a_row_for_every_frame(log):
    messages = log.messages(raw=True)
    assert len(messages) == len(log)
    assert messages["raw"].tolist() == [frame.raw for frame in log]
    assert messages["bytes"].tolist() == [len(frame.raw) for frame in log]
    assert messages["kind"].tolist() == [frame.kind for frame in log]
    assert messages["kinds"].tolist() == [" ".join(frame.kinds) for frame in log]
    last = messages.iloc[-1]
    assert (last["kind"], last["total_tokens"]) == ("turnComplete", 610)
    assert messages.query("kind == 'mark'")["text"].tolist() == ["noise"]
    assert messages.query("kind == 'toolCall'")["tool_name"].tolist() == ["get_weather"]
    assert messages["t"].is_monotonic_increasing
    assert (messages["wall"][0].timestamp() - META["wall"]) == pytest.approx(log[0].t)


def test_bundled_content_is_one_message_and_several_parts():
    blob = {"mimeType": "audio/pcm;rate=24000", "data": b64(tone(100, 24000))}
    content = {"modelTurn": {"parts": [{"inlineData": blob}]}, "outputTranscription": {"text": "It is"}}
    log = Talk().setup().types("?").server({"serverContent": content}).log()
    message = log.messages().iloc[-1]
    assert (message["kind"], message["text"], message["media_ms"]) == ("modelTurn.audio", "It is", 100.0)
    assert message["kinds"] == "serverContent modelTurn.audio outputTranscription"
    parts = log.parts().tail(2)
    assert parts["kind"].tolist() == ["modelTurn.audio", "outputTranscription"]
    assert parts["part"].tolist() == [0, 1]
    assert parts["media_bytes"].tolist() == [4800, pd.NA]


def test_frames_join_by_their_keys(log):
    messages, turns, tools, usage = log.messages(), log.turns(), log.tools(), log.usage()
    joined = messages.merge(turns, on=["run", "turn"], suffixes=("", "_turn"))
    assert joined.query("kind == 'toolCall'")["user_text"].tolist() == ["Weather?"]
    assert tools.merge(turns, on=["run", "turn"])["text"].tolist() == ["Sunny."]
    assert usage.merge(messages, on=KEYS)["kind"].unique().tolist() == ["turnComplete"]
    assert joined.query("turn == 1")["kind"].tolist()[:2] == ["clientContent", "outputTranscription"]


def test_turns_say_who_was_slow(log):
    first, second = (row for _, row in log.turns().iterrows())
    assert (first["user_text"], first["text"]) == ("Weather?", "Sunny.")
    assert first["ttfa"] == pytest.approx(first["first_audio"] - first["speech_end"])
    assert (second["interrupted"], second["complete"]) == (True, True)
    assert second["heard_ms"] == pytest.approx((second["interrupted_at"] - second["first_audio"]) * 1000)


def test_tools_tell_arguments_and_results(log):
    (call,) = log.tools().to_dict("records")
    assert (call["args"], call["result"], call["state"]) == ({"city": "Oslo"}, {"output": "sunny"}, "done")


def test_usage_leaves_nothing_out(log):
    usage = log.usage()
    first = usage[usage["turn"] == 0]
    assert first[["side", "modality", "tokens"]].values.tolist() == [
        ["prompt", "TEXT", 332],
        ["prompt", "AUDIO", 165],
        ["prompt", "unstated", 25],
        ["response", "AUDIO", 42],
        ["thoughts", "TEXT", 136],
    ]
    expected = (332 * 0.75 + 165 * 3 + 25 * 0.75 + 42 * 12 + 136 * 4.5) / 1e6
    assert first["cost_estimate"].sum() == pytest.approx(expected)
    assert log.turns()["cost_estimate"][0] == pytest.approx(expected)
    assert Runs([log]).runs()["cost_estimate"][0] == pytest.approx(usage["cost_estimate"].sum())


def test_vertex_names_and_missing_prices():
    usage = {
        "candidatesTokenCount": 5,
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 5}, {"modality": "AUDIO"}],
    }
    log = (
        Talk()
        .setup(vertex=True, model="projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash")
        .types("?")
        .server({"serverContent": {"turnComplete": True}, "usageMetadata": usage})
        .log()
    )
    assert log.usage()[["side", "modality", "tokens"]].values.tolist() == [["response", "TEXT", 5]]
    assert log.turns()["cost_estimate"].isna().all()
    mine = [Price("gemini-live-2.5", "2026-11-01", "me", {("response", "TEXT"): 2.0})]
    assert log.turns(prices=mine)["cost_estimate"].tolist() == [pytest.approx(5 * 2.0 / 1e6)]


def test_prices_are_found_by_the_longest_name():
    flat = Price("gemini", "2026-01-01", "x", {})
    live = price_of("models/gemini-3.8-live-extended-thinking")
    assert live is not None
    assert live.model == "gemini-3.8-live"
    assert price_of("projects/p/locations/l/publishers/google/models/gemini-3.8-live", [flat, live]) == live
    assert price_of("models/gemini-2.5-flash") is None
    assert cost({"promptTokenCount": 5, "cachedContentTokenCount": 3}, live) == pytest.approx(5 * 0.75 / 1e6)


def test_the_default_model_has_a_price_and_one_without_says_so():
    spent = {
        "promptTokenCount": 110,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 10},
            {"modality": "AUDIO", "tokenCount": 100},
        ],
        "responseTokenCount": 50,
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 50}],
        "thoughtsTokenCount": 20,
    }
    dollars = (10 * 0.5 + 100 * 3.0 + 50 * 12.0 + 20 * 2.0) / 1e6
    assert cost(spent, price_of(DEFAULT_MODEL)) == pytest.approx(dollars)
    assert estimate([spent, spent], DEFAULT_MODEL) == f"about ${2 * dollars:.4f}, by the prices of 2026-10-09"
    assert (
        estimate([spent], "models/gemini-9") == "cost unknown: prices.PRICES has no price for models/gemini-9"
    )
    assert estimate([], "models/gemini-9") == ""
    talk = Talk().setup(model="models/gemini-9").types("?").server({"usageMetadata": spent}).says("!")
    assert "no price for models/gemini-9" in talk.log()._repr_html_()


def test_gaps_and_underruns():
    talk = Talk().setup().types("?").says("…").sounds(100, 100, every=0.02).wait(0.5).sounds(100)
    chunks = talk.log().audio_chunks().query("track == 'model'")
    assert chunks["ms"].tolist() == [100.0] * 3
    assert chunks["gap_ms"].round().tolist()[1:] == [-80, 420]
    assert chunks["ahead_ms"].round().tolist() == [0, 80, -340 + 340]
    assert chunks["underrun"].tolist() == [False, False, True]
    assert chunks["peak_db"].round().tolist() == [-6, -6, -6]
    loud = Talk().setup().speaks(0.2, loudness=0.1).silence(0.1).log().audio_chunks()
    assert loud["peak_db"].round().tolist() == [-20, -20, -90]
    assert loud["track"].tolist() == ["user"] * 3


# Many runs at once.


def test_many_runs_are_the_frames_of_each(tmp_path):
    talks = [conversation(), Talk().setup().types("Hi").says("Hello.").over(), Talk()]
    logs = [talk.log(tmp_path / f"run{number}") for number, talk in enumerate(talks)]
    runs = open_runs(tmp_path)
    assert [log.name for log in runs] == ["run0", "run1", "run2"]
    for name in columns.FRAMES:
        if name == "runs":
            continue
        together = getattr(runs, name)()
        assert_as_promised(name, together)
        for log in logs:
            own = getattr(log, name)()
            part = together[together["run"] == log.name].reset_index(drop=True)
            assert len(part) == len(own)
            for column in own.columns:
                left, right = (
                    frame[column].astype(object).where(frame[column].notna(), None).tolist()
                    for frame in (part, own)
                )
                assert left == right, (name, column)
    assert runs.runs()[["frames", "turns"]].values.tolist() == [
        [len(log), len(log.conversation)] for log in logs
    ]
    assert runs["run1"].turn(0).text == "Hello."
    assert len(runs[:2]) == 2


def test_runs_are_found_by_pattern_folder_and_zip(tmp_path):
    Talk().setup().log(tmp_path / "a" / "x")
    Talk().setup().log(tmp_path / "b" / "x")
    Talk().setup().log(tmp_path / "c").export(tmp_path / "c.zip")
    assert {log.name for log in open_runs(tmp_path / "**")} == {"a/x", "b/x", "c"}
    assert {log.name for log in open_runs(tmp_path)} == {"a/x", "b/x", "c"}
    assert len(open_runs(tmp_path / "c.zip")) == 1
    with pytest.raises(LogError, match="no runs"):
        open_runs(tmp_path / "nowhere")


# Arbitrary conversations.

STEPS = st.one_of(
    # What mostly happens, so that the rest happens in the midst of it.
    st.floats(0.2, 3).map(lambda seconds: lambda talk: talk.speaks(round(seconds, 1)).says("So. ")),
    st.floats(0.2, 3).map(
        lambda seconds: lambda talk: talk.speaks(round(seconds, 1)).hears("And?").sounds(200, 200)
    ),
    st.just(
        lambda talk: (
            talk.types("Count.").says("One, ").sounds(400, 400).speaks(0.3).interrupted().over((1, 1))
        )
    ),
    st.just(lambda talk: talk.calls("f", "c1").over((1, 1))),
    st.just(lambda talk: talk.setup()),
    st.just(lambda talk: talk.setup(vertex=True)),
    st.floats(0, 1.5).map(lambda seconds: lambda talk: talk.speaks(round(seconds, 1))),
    st.floats(0, 4).map(lambda seconds: lambda talk: talk.silence(round(seconds, 1))),
    st.sampled_from(["Hi", "", "What?"]).map(lambda text: lambda talk: talk.types(text)),
    st.sampled_from([" a", "B.", ""]).map(lambda text: lambda talk: talk.hears(text)),
    st.sampled_from([" a", "B.", ""]).map(lambda text: lambda talk: talk.says(text)),
    st.lists(st.sampled_from([40, 200]), max_size=3).map(lambda lengths: lambda talk: talk.sounds(*lengths)),
    st.sampled_from(["START", "END"]).map(lambda kind: lambda talk: talk.activity(kind)),
    st.sampled_from(["activityStart", "activityEnd"]).map(
        lambda kind: lambda talk: talk.client({"realtimeInput": {kind: {}}})
    ),
    st.just(lambda talk: talk.client({"realtimeInput": {"audioStreamEnd": True}})),
    st.sampled_from(["c1", "c2", ""]).map(lambda key: lambda talk: talk.calls("f", key)),
    st.sampled_from(["c1", "c2", "c3", ""]).map(lambda key: lambda talk: talk.answers(key, {"output": 1})),
    st.just(lambda talk: talk.answers("c1", {}, scheduling="SILENT")),
    st.just(lambda talk: talk.server({"toolCallCancellation": {"ids": ["c1", "c9"]}})),
    st.just(lambda talk: talk.generated()),
    st.just(lambda talk: talk.interrupted()),
    st.just(lambda talk: talk.over((3, 4))),
    st.just(lambda talk: talk.over(interactionStatus="IN_PROGRESS")),
    st.just(lambda talk: talk.server({"serverContent": {}})),
    st.just(lambda talk: talk.server(b"\xff not json")),
    st.just(lambda talk: talk.server({"brandNew": 1, "serverContent": {"fooNew": 2, "turnComplete": True}})),
    st.just(lambda talk: talk.local("close", code=1006)),
    st.integers(-1, 3).map(lambda turn: lambda talk: talk.local("playback", turn=turn, played_ms=100)),
    st.floats(0, 5).map(lambda seconds: lambda talk: talk.wait(round(seconds, 2))),
)


@given(st.lists(STEPS, max_size=40), st.integers(0, 40))
@settings(max_examples=120, deadline=None)
def test_arbitrary_conversations(steps, drop_at):
    """No frame raises, none is lost, every turn ends up in order, and the record reads as the live session did."""
    talk = Talk()
    for number, step in enumerate(steps):
        talk.conn = int(number >= drop_at)
        step(talk)
    log = talk.log()
    made = frames(log)
    assert len(made["messages"]) == len(talk.frames)
    assert made["parts"]["seq"].nunique() == len(talk.frames)
    assert made["turns"]["turn"].tolist() == list(range(len(log.conversation)))
    assert set(made["messages"]["turn"].dropna()) <= set(made["turns"]["turn"])
    assert len(made["audio_chunks"]) == made["parts"]["media_rate"].notna().sum()
    assert (
        sum(turn.audio_chunks for turn in log.conversation)
        == (made["audio_chunks"]["track"] == "model").sum()
    )
    live = talk.live()
    assert [told(turn) for turn in live.fold.turns] == [told(turn) for turn in log.conversation]
    assert live.log.messages()["turn"].fillna(-1).tolist() == made["messages"]["turn"].fillna(-1).tolist()
    for turn in log.conversation:
        assert repr(turn)
        assert turn._repr_html_()
        assert 0 <= turn.heard_ms <= turn.audio_ms
