"""Fault × phase, for three model families: each cell's outcome is stated in `fault_table.py` first, then run here."""

from __future__ import annotations

import pytest

from gemini_live_nb import errors
from gemini_live_nb.emulator import CATALOGUE
from gemini_live_nb.emulator.refusals import REFUSALS

from .fault_cells import strike
from .fault_table import CELLS, PHASES, TABLE
from .raw import LIVE_3_1, LIVE_3_8, NATIVE

WORDS = {"recovered", "lost", "unanswered", "odd"}


@pytest.mark.anyio
@pytest.mark.parametrize("row", TABLE)
@pytest.mark.parametrize("model", [NATIVE, LIVE_3_1, LIVE_3_8])
async def test_every_cell_comes_out_as_stated(model, row):
    stated = {phase: outcome for cell, phase, outcome in CELLS if cell == row}
    assert {phase: await strike(row, phase, model) for phase in stated} == stated


def test_the_table_is_whole():
    faults = {fault.name for row, _ in TABLE.values() for fault in row}
    # Barge-in on a blocking call is test_tool_calls'.
    left_out = {"reissue_tool_call"}
    assert {name for name in CATALOGUE if name not in REFUSALS} - faults == left_out
    assert len(TABLE) >= 20
    assert set(PHASES) >= {"before setup", "listening", "speaking", "in a tool call"}
    for _, _, outcome in CELLS:
        assert outcome in WORDS or issubclass(getattr(errors, outcome), errors.LiveError)
