"""A run as one HTML page that needs nothing else: words, players, calls, a picture of both voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gemini_live_nb.audio import peaks

from .display import STYLE, log_head, turn_section
from .markup import as_html
from .progress import progress
from .sound import Sound, track

if TYPE_CHECKING:
    from .run import SessionLog

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; media-src
data:"> <title>{title}</title>
<style>
:root{{color-scheme:light dark}}
body{{font-family:system-ui,sans-serif;margin:2em auto;max-width:62em;padding:0 1em}}
svg{{width:100%;height:90px;display:block}}
.user{{fill:#3a7bd5}}.model{{fill:#2ca089}}.mark{{stroke:#d9534f;stroke-width:1;vector-effect:non-scaling-stroke}}
audio{{width:100%;height:32px}}
</style>{style}</head><body class="glnb-record">
{head}
{picture}
{turns}
</body></html>
"""

# Columns of the picture; more could not be told apart.
_COLUMNS = 1200


def report(log: SessionLog, *, sound: bool = True) -> str:
    """The page. With `sound`, each answer has a player: some 64 kB a second of speech."""
    turns: list[str] = []
    for turn in progress(log.conversation, "report"):
        player = turn.sound._repr_html_() if sound and turn.audio_ms else ""
        turns.append(turn_section(turn, player))
    return _PAGE.format(
        title=as_html(log.name),
        style=STYLE,
        head=log_head(log, place=False),
        picture=_picture(log),
        turns="\n".join(turns),
    )


def _picture(log: SessionLog) -> str:
    """Both voices over time, you above and the model below, with a line at each interruption."""
    user, model = track(log, "user"), track(log, "model")
    seconds = max(user.seconds, model.seconds)
    if not seconds:
        return ""
    cuts = [turn.times.interrupted for turn in log.conversation if turn.times.interrupted is not None]
    lines = (f'<line class="mark" x1="{t:.3f}" x2="{t:.3f}" y1="-1" y2="1"/>' for t in cuts)
    voices = f'<path class="user" d="{_outline(user, -1)}"/><path class="model" d="{_outline(model, 1)}"/>'
    label = "Both voices over time: you above, the model below"
    box = f'viewBox="0 -1 {seconds:.3f} 2" preserveAspectRatio="none" role="img" aria-label="{label}"'
    return f"<svg {box}>{voices}{''.join(lines)}</svg>"


def _outline(sound: Sound, side: int) -> str:
    """The envelope of a voice as a path along the middle line, to one side of it."""
    if not len(sound.samples):
        return ""
    envelope: npt.NDArray[np.int8] = peaks(sound.samples, sound.rate, per_second=50)
    height = np.abs(envelope.astype(np.int16)).max(axis=1)
    each = max(1, len(height) // _COLUMNS)
    columns = height[: len(height) // each * each].reshape(-1, each).max(axis=1) / 128
    at = np.arange(len(columns)) * each / 50
    points = " ".join(f"L{x:.2f} {side * y:.2f}" for x, y in zip(at, columns, strict=True))
    return f"M0 0 {points} L{sound.seconds:.2f} 0Z"
