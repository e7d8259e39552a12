"""Pictures of a run as Altair charts: zoom in a running notebook, a still picture in a saved one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .charts import draw_offline
from .sound import Sound, track
from .turn import Turn

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from .prices import Price
    from .run import SessionLog

_USER, _MODEL, _CUT, _GREY = "#3a7bd5", "#2ca089", "#d9534f", "#888888"
_WIDTH = 760

# Altair refuses more than 5000 rows in a chart; a screen shows fewer.
_MOST_BINS = 2000
_FINEST_S = 0.02

T = TypeVar("T")

_LANES = ("server hears you", "waiting", "generating", "playing", "tools")


class Plots:
    """The charts of one run: `log.plot.timeline()` and so on.

    Each is an `altair.Chart`, to be changed further, saved (`chart.save("x.svg")`) or shown.
    """

    def __init__(self, log: SessionLog) -> None:
        self._log = log

    def __repr__(self) -> str:
        return "<Plots: timeline(), latency(), usage(), waveform()>"

    def timeline(self) -> alt.VConcatChart:
        """The whole conversation on one axis; zoom and move it in the upper panel.

        Both voices; what the server heard of yours; the wait for the first sound of each answer (TTFA); when
        an answer was generated and when it played; function calls; the words; a red line at each
        interruption.
        """
        import altair as alt

        zoom = alt.selection_interval(bind="scales", encodings=["x"])
        cuts = self._cuts()
        voices = (
            alt.layer(self._voices(labels=False), cuts).properties(height=110, width=_WIDTH).add_params(zoom)
        )
        lanes = alt.layer(self._lanes(), self._waits(), cuts).properties(
            height=22 * len(_LANES), width=_WIDTH
        )
        words = self._words().properties(height=44, width=_WIDTH)
        chart = alt.vconcat(voices, lanes, words, spacing=6, bounds="flush")
        whole: alt.VConcatChart = chart.resolve_scale(x="shared", color="independent", y="independent")
        return _plain(whole)

    def waveform(self) -> alt.LayerChart | alt.FacetChart:
        """Both voices on one clock, you above and the model below, with a red line at each interruption."""
        import altair as alt

        zoom = alt.selection_interval(bind="scales", encodings=["x"])
        layers = alt.layer(self._voices(), self._cuts())
        return _plain(layers.properties(width=_WIDTH, height=160).add_params(zoom))

    def latency(self) -> alt.Chart:
        """Time to first audio by turn, split into the server making sure you have finished and the rest."""
        import altair as alt

        turns = self._log.turns().dropna(subset=["ttfa"])
        waiting = turns["vad_wait"].fillna(0.0).clip(lower=0.0)
        parts = turns.assign(
            **{"sure that you finished": waiting, "answer on its way": turns["ttfa"] - waiting}
        )
        long = parts.melt(
            ["turn", "ttfa", "user_text"],
            ["sure that you finished", "answer on its way"],
            var_name="part",
            value_name="seconds",
        )
        colours = alt.Scale(domain=["sure that you finished", "answer on its way"], range=[_GREY, _MODEL])
        chart: alt.Chart = (
            _chart(_records(long))
            .mark_bar()
            .encode(
                x=alt.X("turn:O", axis=alt.Axis(labelAngle=0)),
                y=alt.Y("seconds:Q", title="seconds to first audio"),
                color=alt.Color("part:N", title=None, scale=colours),
                order=alt.Order("part:N", sort="descending"),
                tooltip=["turn:O", "part:N", _number("seconds"), _number("ttfa"), "user_text:N"],
            )
            .properties(width=_WIDTH, height=220)
        )
        return _plain(chart)

    def usage(self, *, prices: Sequence[Price] | None = None) -> alt.Chart:
        """Tokens by turn, side and modality, with an estimate of their cost."""
        import altair as alt

        usage = self._log.usage(prices=prices)
        usage = usage.assign(what=usage["side"].astype(str) + " " + usage["modality"].astype(str).str.lower())
        sums = usage.groupby(["turn", "what"], observed=True)[["tokens", "cost_estimate"]].sum(min_count=1)
        chart: alt.Chart = (
            _chart(_records(sums.reset_index()))
            .mark_bar()
            .encode(
                x=alt.X("turn:O", axis=alt.Axis(labelAngle=0)),
                y=alt.Y("tokens:Q"),
                color=alt.Color("what:N", title=None, scale=alt.Scale(scheme="tableau10")),
                tooltip=["turn:O", "what:N", "tokens:Q", _number("cost_estimate", "$.5f")],
            )
            .properties(width=_WIDTH, height=220)
        )
        return _plain(chart)

    # The layers.

    def _voices(self, *, labels: bool = True) -> alt.Chart:
        import altair as alt

        sounds = {"you": track(self._log, "user"), "model": track(self._log, "model")}
        seconds = max((sound.seconds for sound in sounds.values()), default=0.0)
        rows = [
            row
            for (who, sound), side in zip(sounds.items(), (1, -1), strict=True)
            for row in _bins(who, sound, side, seconds)
        ]
        loudest = max((abs(row["energy"]) for row in rows), default=1.0) or 1.0
        colours = alt.Scale(domain=["you", "model"], range=[_USER, _MODEL])
        chart: alt.Chart = (
            _chart(rows)
            .mark_area(interpolate="step-after", line=False)
            .encode(
                x=_time("t", labels=labels, title="seconds" if labels else None),
                y=alt.Y("energy:Q", axis=None, scale=alt.Scale(domain=[-loudest, loudest])),
                color=alt.Color("who:N", title=None, scale=colours),
            )
        )
        return chart

    def _cuts(self) -> alt.Chart:

        rows = [
            {"t": turn.times.interrupted, "what": f"turn {turn.number} interrupted"}
            for turn in self._log.conversation
            if turn.times.interrupted is not None
        ]
        chart: alt.Chart = (
            _chart(rows).mark_rule(color=_CUT, strokeWidth=1.5).encode(x="t:Q", tooltip="what:N")
        )
        return chart

    def _lanes(self) -> alt.Chart:
        import altair as alt

        rows = [row for turn in self._log.conversation for row in _spans(turn)]
        colours = alt.Scale(domain=list(_LANES), range=[_USER, "#e0a030", "#8e6bbf", _MODEL, _GREY])
        chart: alt.Chart = (
            _chart(rows)
            .mark_bar(height=12, cornerRadius=2, strokeWidth=2)
            .encode(
                x=_time("t", labels=False),
                x2="end:Q",
                y=alt.Y("lane:N", title=None, scale=alt.Scale(domain=list(_LANES))),
                color=alt.Color("lane:N", legend=None, scale=colours),
                # A call that took no time is still to be seen.
                stroke=alt.Stroke("lane:N", legend=None, scale=colours),
                tooltip=["what:N", _number("t"), _number("seconds")],
            )
        )
        return chart

    def _waits(self) -> alt.Chart:
        """How long each wait for the first sound was, in figures behind its bar."""
        rows = [
            {"t": turn.times.first_audio, "lane": "waiting", "wait": f"{turn.ttfa:.2f} s"}
            for turn in self._log.conversation
            if turn.ttfa is not None and turn.times.first_audio is not None and turn.ttfa >= 0
        ]
        chart: alt.Chart = (
            _chart(rows)
            .mark_text(align="left", dx=4, fontSize=10, color=_GREY, clip=True)
            .encode(x="t:Q", y="lane:N", text="wait:N")
        )
        return chart

    def _words(self) -> alt.Chart:
        import altair as alt

        rows = list(_with_room([row for turn in self._log.conversation for row in _words_of(turn)]))
        voices = ["You", "Model"]
        # As much of each as there is room for up to the next, more as one zooms in.
        room = alt.expr("max(12, scale('x', datum.until) - scale('x', datum.t) - 8)")
        chart: alt.Chart = (
            _chart(rows)
            .mark_text(align="left", fontSize=11, limit=room, clip=True)
            .encode(
                x=_time("t", title="seconds"),
                y=alt.Y("who:N", title=None, scale=alt.Scale(domain=voices)),
                text="text:N",
                color=alt.Color("who:N", legend=None, scale=alt.Scale(domain=voices, range=[_USER, _MODEL])),
                tooltip=["text:N", _number("t")],
            )
        )
        return chart


def _words_of(turn: Turn) -> Iterator[dict[str, Any]]:
    times = turn.times
    if turn.user_text and times.sent is not None:
        end = times.speech_end if times.speech_end is not None else times.sent
        yield {"t": times.sent, "end": end, "who": "You", "text": turn.user_text}
    begun = times.first_frame if times.first_audio is None else times.first_audio
    if turn.text and begun is not None:
        yield {"t": begun, "end": begun + turn.heard_ms / 1000, "who": "Model", "text": turn.text}


def _with_room(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Words with the time until which their line is free: the next words of the same voice."""
    ends = max((row["end"] for row in rows), default=0.0)
    for at, row in enumerate(rows):
        following = next((each["t"] for each in rows[at + 1 :] if each["who"] == row["who"]), None)
        yield {**row, "until": max(row["end"], ends) if following is None else following}


def _spans(turn: Turn) -> Iterator[dict[str, Any]]:
    times = turn.times
    asked = times.sent if times.speech_end is None else times.speech_end
    played = None if times.first_audio is None else times.first_audio + turn.heard_ms / 1000
    done = times.generation_complete or times.interrupted or times.last_audio
    spans = (
        (
            "server hears you",
            times.sent if turn.opened_by == "speech" else None,
            times.vad_end or times.speech_end,
            "speech",
        ),
        ("waiting", asked, times.first_audio, "time to first audio"),
        ("generating", times.first_frame, done, "answer"),
        ("playing", times.first_audio, played, "heard"),
        *(
            ("tools", call.requested, call.answered or call.cancelled, f"{call.name} {call.state}")
            for call in turn.tool_calls
        ),
    )
    for lane, start, end, what in spans:
        if start is not None and end is not None and end >= start:
            yield {
                "lane": lane,
                "t": start,
                "end": end,
                "seconds": end - start,
                "what": f"turn {turn.number}: {what}",
            }


def _bins(who: str, sound: Sound, side: int, seconds: float) -> Iterator[dict[str, Any]]:
    """The loudest sample of each short stretch, as a share of full scale."""
    if not len(sound.samples):
        return
    each = max(1, round(max(_FINEST_S, seconds / _MOST_BINS) * sound.rate))
    whole = len(sound.samples) // each * each
    loud = np.abs(sound.samples[:whole].astype(np.int32)).reshape(-1, each).max(axis=1) / 32768
    for number, energy in enumerate(loud.tolist()):
        yield {"t": round(number * each / sound.rate, 4), "energy": round(side * energy, 3), "who": who}


def _time(field: str, title: str | None = None, *, labels: bool = True) -> alt.X:
    import altair as alt

    axis = alt.Axis(grid=False, labels=labels, ticks=labels, domain=labels)
    return alt.X(f"{field}:Q", title=title, axis=axis, scale=alt.Scale(nice=False))


def _number(field: str, form: str = ".3f") -> alt.Tooltip:
    import altair as alt

    return alt.Tooltip(f"{field}:Q", format=form)


def _chart(rows: Sequence[Mapping[Any, Any]]) -> alt.Chart:
    import altair as alt

    return alt.Chart({"values": list(rows)})


def _records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """A frame as plain records: a missing number is null, not NaN, which is no JSON."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _plain(chart: T) -> T:
    """No background of its own and greys that read on light and dark pages alike."""
    draw_offline()
    styled: Any = chart
    styled = styled.configure(background="transparent").configure_view(stroke=None)
    axis = dict.fromkeys(("labelColor", "titleColor", "domainColor", "tickColor"), _GREY)
    made: T = styled.configure_axis(**axis, gridOpacity=0.2).configure_legend(
        labelColor=_GREY, titleColor=_GREY, orient="top"
    )
    return made
