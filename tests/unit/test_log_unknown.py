"""What nobody has modelled, as a DataFrame: fields and enum values, at any depth, on disk and in memory."""

from __future__ import annotations

import base64
import json

import pytest

from gemini_live_nb.log.lines import BINARY, RECEIVED, SENT, TEXT
from gemini_live_nb.log.run import SessionLog
from gemini_live_nb.log.runs import Runs
from gemini_live_nb.log.written import write_run

SOUND = base64.b64encode(bytes(3000)).decode()
CHUNK = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": SOUND}}
LABELLED = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": SOUND, "label": "calm"}}
TALK = (
    (
        SENT,
        {"setup": {"model": "models/m", "colour": 1, "generationConfig": {"responseModalities": ["SMELL"]}}},
    ),
    (RECEIVED, {"serverContent": {"modelTurn": {"parts": [CHUNK]}}}),
    (RECEIVED, {"serverContent": {"modelTurn": {"parts": [{"text": "a"}, LABELLED]}}}),
    (RECEIVED, {"serverContent": {"modelTurn": {"parts": [CHUNK]}}}),
    (RECEIVED, {"server_content": {"model_turn": {"parts": [{"text": "a", "we ird": {"x": SOUND}}]}}}),
    (RECEIVED, {"voiceActivity": {"type": "PAUSE"}, "brandNew": {"a": [1]}}),
    (RECEIVED, {"serverContent": {"turnComplete": True, "turnCompleteReason": "BORED"}}),
    (
        SENT,
        {
            "realtimeInput": {"text": "hello"},
            "toolResponse": {"functionResponses": [{"id": "1", "rating": 5}]},
        },
    ),
)
FOUND = [
    (0, "sent", "field", "setup.colour", 1),
    (0, "sent", "value", "setup.generationConfig.responseModalities[0]", "SMELL"),
    (2, "received", "field", "serverContent.modelTurn.parts[1].inlineData.label", "calm"),
    (4, "received", "field", 'serverContent.modelTurn.parts[0].["we ird"]', {"x": SOUND}),
    (5, "received", "field", "brandNew", {"a": [1]}),
    (5, "received", "value", "voiceActivity.type", "PAUSE"),
    (6, "received", "value", "serverContent.turnCompleteReason", "BORED"),
    (7, "sent", "field", "toolResponse.functionResponses[0].rating", 5),
]


def talk(folder=None) -> SessionLog:
    frames = [
        (seq, seq * 10**9, 0, way, TEXT if way == SENT else BINARY, json.dumps(message).encode(), "")
        for seq, (way, message) in enumerate(TALK)
    ]
    return write_run(folder, frames, {"wall": 1.79e9, "schema": 1})


def told(log: SessionLog) -> list[tuple[int, str, str, str, object]]:
    rows = log.unknown()[["seq", "direction", "what", "path", "value"]].itertuples(index=False)
    return [(*row[:4], json.loads(row.value)) for row in rows]


@pytest.mark.parametrize("kept", ["memory", "folder"])
def test_every_unknown_field_and_value_has_its_row(tmp_path, kept):
    log = talk(tmp_path / "run" if kept == "folder" else None)
    assert told(log) == FOUND
    joined = log.unknown().merge(log.messages(), on=["run", "conn", "turn", "seq"], suffixes=("", "_frame"))
    assert len(joined) == len(FOUND)
    assert log.unknown()["turn"].dropna().unique().tolist() == [0, 1]


def test_an_index_is_not_needed(tmp_path):
    talk(tmp_path / "run")
    (tmp_path / "run" / "index.bin").unlink()
    assert told(SessionLog.open(tmp_path / "run")) == FOUND


def test_sound_that_was_cut_off_costs_its_value_only(tmp_path):
    talk(tmp_path / "run")
    (tmp_path / "run" / "media.bin").write_bytes(b"")
    found = told(SessionLog.open(tmp_path / "run"))
    assert [row[:4] for row in found] == [row[:4] for row in FOUND]


def test_over_many_runs_and_where_there_is_nothing(shared, tmp_path):
    several = Runs([talk(tmp_path / "one"), talk(tmp_path / "two")]).unknown()
    assert several.groupby("run", observed=True).size().tolist() == [len(FOUND)] * 2
    for path in sorted((shared / "captures" / "normalized").glob("*.jsonl")):
        assert SessionLog.from_capture(path).unknown().empty
