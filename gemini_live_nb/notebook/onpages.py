"""What microphone, camera, screen and speaker share: a channel, the pages at it, settings on both sides."""

from __future__ import annotations

import threading
from typing import Any

import anywidget
import ipywidgets
import traitlets as t

from ..session.loops import io
from .channel import Channel
from .page import Page


class OnPages(anywidget.AnyWidget):
    """A widget that talks with its pages over a channel.

    Args:
        channel: The channel to share; one of its own where none is given.
        **traits: Further traits.
    """

    _stream = t.Int().tag(sync=True)
    channel = t.Instance(Channel).tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(self, channel: Channel | None = None, **traits: Any) -> None:
        self._io = io()
        self._own_channel = channel is None
        self._pages: list[Page] = []
        self._page: Page | None = None
        self._echo = threading.local()
        channel = Channel() if channel is None else channel
        super().__init__(channel=channel, _stream=channel.join(self), **traits)

    def _settings(self) -> dict[str, Any]:
        """What pages are to know; each widget's own."""
        raise NotImplementedError

    def _set_quietly(self, traits: dict[str, Any]) -> None:
        """Set traits that come from the page, without sending them back there."""
        self._echo.on = True
        try:
            for name, value in traits.items():
                setattr(self, name, value)
        finally:
            self._echo.on = False

    def _setting_changed(self, change: Any) -> None:
        if not getattr(self._echo, "on", False):
            self._io.loop.call_soon_threadsafe(self._send_settings)

    def _send_settings(self) -> None:
        for page in self._pages:
            page.say(self._stream, {"kind": "settings", "settings": self._settings()})
