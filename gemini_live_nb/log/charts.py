"""How charts get onto the page: drawn by the notebook itself, with no network.

Altair's default is a page that loads its scripts from a CDN, and stays blank without one. JupyterLab,
Notebook 7 and VS Code carry Vega-Lite 5 (JupyterLab 4.6 no later one), and JupyterLab keeps a still
picture beside what it has drawn, which is what a saved notebook shows elsewhere.
"""

from __future__ import annotations

import sys
from typing import Any

MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
NAME = "gemini-live-nb"


def draw_offline() -> None:
    """Have Altair's charts drawn by the notebook from now on, unless another renderer was chosen.

    Colab draws them its own way.
    """
    import altair as alt

    if alt.renderers.active != "default" or "google.colab" in sys.modules:
        return
    if NAME not in alt.renderers.names():
        alt.renderers.register(NAME, bundle)
    alt.renderers.enable(NAME)


def bundle(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return a chart as JupyterLab takes it."""
    return {MIME: {**spec, "$schema": SCHEMA}, "text/plain": "a chart; a notebook draws it"}
