"""What stays in the cell: the conversation as static HTML, for when no kernel is there to draw a widget.

Everything in it that a model or a server said is escaped; there is no script, and sound only where it is
asked for.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from .. import audio as sound
from ..log.markup import as_html
from .lanes import MODEL, RATE, YOU, Lanes
from .transcript import note

if TYPE_CHECKING:
    from ..log.turn import ToolCall, Turn

MOST_TURNS = 400
_LONGEST = 4000
_WIDTH, _HEIGHT, _BARS = 640, 64, 240
# Readable on white and on black: nobody tells a saved page which it is on.
_COLOURS = ("#2490a8", "#8d6ad4")
# A notebook that came from somebody else is cleaned by JupyterLab: boxes, colours and pictures stay, style
# sheets and inline SVG do not.
_ROW = "display:flex;gap:12px;padding:1px 0"
_WHO = "flex:none;width:46px;font-weight:600;color:{}"
_SAID = "flex:1;min-width:0;white-space:pre-wrap;overflow-wrap:anywhere;max-width:90ch"
_PICTURE = f"display:block;width:100%;max-width:{_WIDTH}px;height:{_HEIGHT}px;margin:2px 0 6px"
_PALE = "opacity:.75"
_PLAIN = " ='/:.,-"


def record(turns: Sequence[Turn], lanes: Lanes | None = None, *, title: str = "", audio: bool = False) -> str:
    """Write the conversation of one run as HTML that needs nothing.

    Args:
        turns: What was said.
        lanes: Both sides' sound, for a small picture of it.
        title: A line above: when, which model.
        audio: Put the model's answers in as players; tens of kB a second.

    Returns:
        HTML, a `div`; empty where nothing was said.

    Example:
        >>> record([])
        ''
    """
    rows = [_exchange(turn, audio=audio) for turn in turns if turn.user_text or turn.text or turn.tool_calls]
    if not rows:
        return ""
    head = f'<div style="{_PALE};padding-bottom:2px">{as_html(title)}</div>' if title else ""
    return f'<div style="padding:2px 0 10px">{head}{picture(lanes)}{"".join(rows)}</div>'


def together(records: Sequence[str], left_out: int = 0) -> str:
    """The records of several runs as one, a `div` of class `glnb-keepsake`; empty where all are.

    Args:
        records: HTML of `record`, the oldest first.
        left_out: Turns before these, which are only in the log.
    """
    shown = "".join(records)
    if not shown:
        return ""
    more = f'<div style="{_PALE}">{left_out} earlier turns are in the log.</div>' if left_out > 0 else ""
    return f'<div class="glnb-keepsake" style="font-size:13px;line-height:1.5">{more}{shown}</div>'


def picture(lanes: Lanes | None) -> str:
    """Both lanes as a small picture; empty where there was no sound."""
    if lanes is None or not any(lane.end for lane in lanes.lanes):
        return ""
    begin = max(0, min((lane.begin for lane in lanes.lanes if lane.end), default=0))
    end = max(lane.end for lane in lanes.lanes)
    drawn = "".join(_bars(lanes, number, begin, end) for number in (YOU, MODEL))
    seconds = (end - begin) / RATE
    said = f"Sound of {seconds:.0f} seconds: you above, the model below"
    box = f"viewBox='0 0 {_WIDTH} {_HEIGHT}' preserveAspectRatio='none'"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' {box}>{drawn}</svg>"
    source = f"data:image/svg+xml,{quote(svg, safe=_PLAIN)}"
    return f'<img alt="{said}" title="{said}" style="{_PICTURE}" src="{source}">'


def _bars(lanes: Lanes, number: int, begin: int, end: int) -> str:
    lane = lanes.lanes[number]
    loud = np.zeros(end - begin, np.float64)
    first = max(begin, lane.begin)
    if lane.end > first:
        pairs = lane.pairs(first, lane.end).astype(np.float64)
        loud[first - begin : lane.end - begin] = np.maximum(-pairs[:, 0], pairs[:, 1])
    edges = np.linspace(0, len(loud), min(_BARS, len(loud)) + 1).astype(int)[:-1]
    tops = np.sqrt(np.maximum.reduceat(loud, edges) / 127)
    middle = _HEIGHT * (0.25 if number == YOU else 0.75)
    step = _WIDTH / len(edges)
    path = "".join(
        f"M{(i + 0.5) * step:.1f} {middle - top * _HEIGHT * 0.23:.1f}v{top * _HEIGHT * 0.46:.1f}"
        for i, top in enumerate(tops.tolist())
        if top > 0.08
    )
    ink = f"stroke='{_COLOURS[number]}' fill='none'"
    line = f"<path d='M0 {middle}h{_WIDTH}' stroke-width='.6'/>"
    return f"<g {ink}>{line}<path d='{path}' stroke-width='{step * 0.7:.2f}'/></g>"


def _exchange(turn: Turn, *, audio: bool) -> str:
    rows: list[str] = []
    if turn.user_text:
        rows.append(_row("You", YOU, as_html(turn.user_text, _LONGEST)))
    rows += [_row("Tool", MODEL, _call(call)) for call in turn.tool_calls]
    if turn.text:
        rows.append(_row("Model", MODEL, _answer(turn) + (_player(turn) if audio else "")))
    return f'<div style="padding-top:6px">{"".join(rows)}</div>'


def _row(who: str, number: int, said: str) -> str:
    head = f'<span style="{_WHO.format(_COLOURS[number])}">{who}</span>'
    return f'<div style="{_ROW}">{head}<span dir="auto" style="{_SAID}">{said}</span></div>'


def _answer(turn: Turn) -> str:
    whole, heard = turn.text, turn.heard_text
    if not turn.cut or heard == whole or not whole.startswith(heard):
        return as_html(whole, _LONGEST)
    lost = whole[len(heard) :]
    how = f'<span style="{_PALE}">({as_html(note(turn))})</span>'
    return f'{as_html(heard, _LONGEST)}<s style="opacity:.7">{as_html(lost, _LONGEST)}</s> {how}'


def _call(call: ToolCall) -> str:
    given = ", ".join(f"{name}={value!r}" for name, value in call.args.items())
    came = call.error if call.error is not None else "" if call.result is None else str(call.result)
    arrow = f" → {as_html(came, 400)}" if came else f" ({call.state})"
    return f"<code>{as_html(call.name, 80)}({as_html(given, 400)})</code>{arrow}"


def _player(turn: Turn) -> str:
    samples = turn.audio
    if not len(samples):
        return ""
    data = base64.b64encode(sound.wav(samples, 24_000)).decode()
    return f'<br><audio controls preload="none" src="data:audio/wav;base64,{data}"></audio>'
