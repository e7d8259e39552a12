"""The widgets: microphone, camera, screen, speaker, and the views of a conversation.

Each stands alone in a cell. `Live` makes and wires those it shows; nothing here is imported before something
is shown.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Camera": "camera",
    "Channel": "channel",
    "Diagnosis": "diagnosis",
    "MessageTable": "messages",
    "Microphone": "microphone",
    "Panel": "panel",
    "Screen": "camera",
    "Speaker": "speaker",
    "ToolCalls": "toolcalls",
    "Transcript": "transcript",
    "Waveform": "waveform",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a widget's module when the widget is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
