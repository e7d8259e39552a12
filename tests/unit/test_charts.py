"""Charts are drawn by the notebook itself: no network, and no choice of the user's overruled."""

from __future__ import annotations

import subprocess
import sys

import altair as alt
import pytest

from gemini_live_nb.log.charts import MIME, draw_offline


@pytest.fixture(autouse=True)
def renderer():
    with alt.renderers.enable("default"):
        yield


def chart():
    return alt.Chart({"values": [{"x": 1}]}).mark_point().encode(x="x:Q")


def test_the_notebook_gets_the_chart_as_data():
    draw_offline()
    bundle = chart()._repr_mimebundle_()
    assert MIME in bundle
    assert "text/html" not in bundle, "a page that loads its scripts from elsewhere"
    assert bundle[MIME]["$schema"].endswith("v5.json")
    assert bundle[MIME]["mark"] == {"type": "point"}


def test_a_renderer_of_the_users_stays():
    with alt.renderers.enable("svg"):
        draw_offline()
        assert alt.renderers.active == "svg"


def test_colab_draws_by_itself(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    draw_offline()
    assert alt.renderers.active == "default"


def test_a_runs_charts_are_drawn_so():
    program = (
        "import gemini_live_nb as gl\n"
        "bundle = gl.demo().plot.timeline()._repr_mimebundle_()\n"
        "print(*bundle)\nassert 'cdn' not in str(bundle)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    assert MIME in done.stdout
