"""How turns, calls and runs draw themselves in a notebook: static HTML in the page's own colours.

What a server or a user said is text, never markup: all of it goes through `markup.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .markup import as_html, readable
from .prices import estimate

if TYPE_CHECKING:
    from .run import SessionLog
    from .turn import ToolCall, Turn

_MOST_TURNS = 12
_LONGEST = 2000

# Greys over the page's own background, so that one style does for light and dark.
STYLE = """<style>
.glnb-record{font-size:13px;line-height:1.45;max-width:60em}
.glnb-record dl{display:grid;grid-template-columns:4.5em 1fr;gap:.15em .8em;margin:.3em 0}
.glnb-record dt{opacity:.65}.glnb-record dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
.glnb-record .glnb-facts{opacity:.65}.glnb-record s{opacity:.55}
.glnb-record .glnb-cut{border-bottom:2px solid #d9534f}
.glnb-record code{background:rgba(127,127,127,.14);padding:0 .25em;border-radius:3px}
.glnb-record td,.glnb-record tr>th:first-child{text-align:left;vertical-align:top;padding:.25em .6em}
.glnb-record td audio{display:block;max-width:100%;height:32px;margin:.2em 0}
.glnb-record section{border-top:1px solid rgba(127,127,127,.35);padding:.2em 0}
</style>"""


def _page(body: str) -> str:
    return f'{STYLE}<div class="glnb-record">{body}</div>'


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms and their already escaped values; empty ones are left out."""
    return "<dl>" + "".join(f"<dt>{term}</dt><dd>{value}</dd>" for term, value in pairs if value) + "</dl>"


def _words(text: str) -> str:
    return as_html(text, _LONGEST)


def _json(value: object) -> str:
    return f"<code>{_words(readable(value))}</code>"


def _facts(facts: Iterable[str]) -> str:
    return f'<span class="glnb-facts">{" · ".join(fact for fact in facts if fact)}</span>'


def _seconds(value: float | None, what: str) -> str:
    return "" if value is None else f"{what} {value:.2f} s"


def tool_html(call: ToolCall) -> str:
    """One function call."""
    return _page(_tool(call))


def _tool(call: ToolCall) -> str:
    pairs = [
        ("args", _json(call.args)),
        ("result", _json(call.result) if call.result is not None else ""),
        ("error", _words(call.error or "")),
        ("prints", _words("".join(call.prints))),
    ]
    return call_line(call) + _pairs(pairs)


def call_line(call: ToolCall) -> str:
    """A function call in a line: its name and how it went."""
    twice = f"delivered {call.deliveries} times" if call.deliveries > 1 else ""
    facts = _facts((call.state, _seconds(call.latency, "answered after"), twice))
    return f"<b>{as_html(call.name)}</b> {facts}"


def turn_html(turn: Turn) -> str:
    """One turn: its words, what of them was heard, its calls and times."""
    return _page(turn_section(turn))


def turn_section(turn: Turn, player: str = "") -> str:
    """The HTML of one turn, with a player's."""
    pairs = [
        ("you", _words(turn.user_text)),
        ("model", answer_html(turn)),
        ("thoughts", _words(turn.thoughts)),
        ("code", "<br>".join(f"<code>{_words(code)}</code>" for code in turn.code)),
        *(("call", _tool(call)) for call in turn.tool_calls),
    ]
    return f"<section><b>Turn {turn.number}</b> {facts_html(turn)}{player}{_pairs(pairs)}</section>"


def facts_html(turn: Turn) -> str:
    """How a turn went, in a line."""
    state = "lost" if turn.lost else "interrupted" if turn.interrupted else "" if turn.complete else "open"
    facts = (
        state,
        _seconds(turn.ttfa, "first sound after"),
        f"{turn.audio_ms / 1000:.2f} s of sound" if turn.audio_ms else "",
        f"{turn.usage.total} tokens" if turn.usage else "",
    )
    return _facts(facts)


def answer_html(turn: Turn) -> str:
    """What the model answered, the unheard part struck out."""
    heard = turn.heard_text
    if not turn.cut or not turn.text.startswith(heard):
        return _words(turn.text)
    rest = turn.text[len(heard) :]
    return (
        f'{_words(heard)}<s class="glnb-cut" title="never heard">{_words(rest)}</s>'
        if rest
        else _words(heard)
    )


def log_html(log: SessionLog) -> str:
    """A run: what it is, and its turns."""
    turns = log.conversation
    more = len(turns) - _MOST_TURNS
    rest = f"<p>{_facts((f'and {more} more: log.turns()',))}</p>" if more > 0 else ""
    return _page(log_head(log) + "".join(turn_section(turn) for turn in turns[:_MOST_TURNS]) + rest)


def log_head(log: SessionLog, *, place: bool = True) -> str:
    """What a run is, in a line, and what was found damaged; with `place`, where on this machine it is."""
    seconds = float(log.table().rows["t_ns"][-1]) * 1e-9 if len(log) else 0.0
    facts = (
        as_html(log.model),
        f"{len(log)} frames",
        f"{len(log.conversation)} turns",
        f"{seconds:.1f} s",
        as_html(estimate(log.usages(), log.model)),
        as_html(log.kept) if place else "",
    )
    notes = "".join(f"<p>{_words(note)}</p>" for note in log.notes)
    return f"<b>{as_html(log.name)}</b> {_facts(facts)}{notes}"
