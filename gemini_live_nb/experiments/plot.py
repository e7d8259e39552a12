"""Charts over an experiment's settings (altair)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..log.charts import draw_offline

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from .experiment import Experiment


class ExperimentPlot:
    """Charts of one experiment; each is an altair chart, to be shown or changed further.

    Example:
        >>> experiment.plot.ttfa()  # doctest: +SKIP
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def ttfa(self) -> alt.LayerChart:
        """Time to first audio: every turn a dot, the median a bar, by setting."""
        return self._strip("ttfa", "time to first audio (s)")

    def duration(self) -> alt.LayerChart:
        """From the end of what was said to turnComplete, by setting."""
        return self._strip("duration", "duration of the turn (s)")

    def tokens(self) -> alt.LayerChart:
        """Tokens a turn, by setting."""
        return self._strip("tokens", "tokens a turn")

    def cost(self) -> alt.LayerChart:
        """Estimated cost a turn, by setting."""
        return self._strip("cost", "estimated cost a turn (US$)")

    def turns(self) -> alt.LayerChart:
        """Turns a conversation fell into, by setting: more than you spoke means that you were cut off."""
        frame = self._frame()
        counts = (
            frame.groupby(["setting", "input", "cell"], observed=True)["turn"]
            .count()
            .reset_index(name="turns")
        )
        return self._layers(counts, "turns", "turns a conversation")

    def _strip(self, column: str, title: str) -> alt.LayerChart:
        frame = self._frame()[["setting", "input", "cell", column]].dropna(subset=[column])
        return self._layers(frame, column, title)

    def _frame(self) -> pd.DataFrame:
        frame = self._experiment.frame(wait=False)
        labels = {cell.id: cell.label for cell in self._experiment.cells}
        return frame.assign(setting=frame["cell"].map(labels))

    def _layers(self, frame: pd.DataFrame, column: str, title: str) -> alt.LayerChart:
        import altair as alt

        draw_offline()
        base = alt.Chart(frame).encode(y=alt.Y("setting:N", title=None))
        dots = base.mark_circle(size=60, opacity=0.6).encode(
            x=alt.X(f"{column}:Q", title=title),
            color=alt.Color("input:N", legend=alt.Legend(orient="bottom", labelLimit=300)),
            tooltip=["setting", "input", column],
        )
        middle = base.mark_tick(thickness=3, size=24).encode(x=f"median({column}):Q")
        chart = alt.layer(dots, middle).properties(width=420, height=alt.Step(36))
        return cast("alt.LayerChart", chart)
