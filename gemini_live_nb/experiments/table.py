"""Settings × inputs as a table to look at: what was said in each cell, and a player where it is wanted."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ..audio import VOICE_RATE, wav
from ..log.markup import as_html
from ..log.run import SessionLog

if TYPE_CHECKING:
    from ..log.turn import Turn
    from .cells import Cell
    from .experiment import Experiment

_STYLE = """
.glnb-table { border-collapse: collapse; font-size: 13px }
.glnb-table th, .glnb-table td { border: 1px solid var(--jp-border-color2, #ccc); padding: 6px 8px;
  text-align: left; vertical-align: top; max-width: 24em }
.glnb-table p { margin: 0 0 4px } .glnb-table audio { width: 220px; height: 32px }
.glnb-table .error { color: var(--jp-error-color1, #b00020) } .glnb-table .quiet { opacity: .7 }
"""


class Table:
    """Draws itself in a notebook; `repr` tells its size. Everything in it is escaped text."""

    def __init__(self, experiment: Experiment, *, audio: bool = False) -> None:
        self._experiment = experiment
        self._audio = audio

    def __repr__(self) -> str:
        return f"<Table of {self._experiment!r}>"

    def _repr_html_(self) -> str:
        cells = self._experiment.cells
        inputs = list(dict.fromkeys(cell.input for cell in cells))
        rows: dict[str, dict[str, list[Cell]]] = {}
        for cell in cells:
            rows.setdefault(cell.label, {}).setdefault(cell.input, []).append(cell)
        head = "".join(f"<th scope='col'>{as_html(name)}</th>" for name in inputs)
        body = "".join(
            f"<tr><th scope='row'>{as_html(label)}</th>"
            + "".join(f"<td>{''.join(map(self._cell, found.get(name, ())))}</td>" for name in inputs)
            + "</tr>"
            for label, found in rows.items()
        )
        return (
            f"<style>{_STYLE}</style><table class='glnb-table'><thead><tr><th></th>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )

    def _cell(self, cell: Cell) -> str:
        ended = cell.outcome()
        if ended is None:
            return "<p class='quiet'>not asked yet</p>"
        run = self._experiment.run_of(cell)
        said = [] if run is None else [self._turn(turn) for turn in SessionLog.open(run).conversation]
        if ended.error:
            what = f"{as_html(ended.error_type)}: {as_html(ended.error)} {as_html(ended.hint)}"
            said.append(f"<p class='error'>{what}</p>")
        return "".join(said)

    def _turn(self, turn: Turn) -> str:
        notes = [f"{turn.ttfa:.2f} s"] if turn.ttfa is not None else []
        notes += ["interrupted"] if turn.interrupted else []
        player = ""
        if self._audio and len(turn.audio):
            data = base64.b64encode(wav(turn.audio, VOICE_RATE)).decode()
            player = f"<audio controls preload='none' src='data:audio/wav;base64,{data}'></audio>"
        said = f"<bdi>{as_html(turn.text or '(silent)')}</bdi>"
        return f"<p>{said} <span class='quiet'>{' · '.join(notes)}</span></p>{player}"
