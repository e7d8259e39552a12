"""What microphone, camera and screen have in common.

Each taps an ipywebrtc stream, by default one of its own. The page captures (`static/tap.js`) and says what
state it is in; here the settings are kept, the state is mirrored, and sound or pictures are handed on from
the I/O thread. Nothing about capture is a synced trait: a page that is reloaded, or a notebook that is opened
again, must not start to record by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, ClassVar

import ipywebrtc
import ipywidgets
import traitlets as t

from ..errors import MediaError
from .assets import style
from .channel import Channel
from .inbox import Inbox
from .kernel import announce, release_on_rerun
from .onpages import OnPages
from .page import Page

PATIENCE = 30.0
"""Seconds a `start()` waits for a page that shows the widget."""


class Tap(OnPages):
    """A widget that captures sound or pictures in the page.

    Args:
        source: any `ipywebrtc.MediaStream`; a file needs no permission. None for one of our own.
        channel: the media channel to use; None for one of its own.
        settings: the traits named in `shared`.

    Attributes:
        state: "off", "asking" (for permission) or "live". Observe it; set it by `start()` and `stop()`.
        problem: why it is off although it was to be on: message and what to do; empty where nothing is wrong.
        why: why it ended by itself; empty where you ended it.
        device_name: what is captured.
        devices: id -> name of what there is to choose from, once permission was given.
        device: the id of the device to use; "" for the browser's choice.
        on_state: called on the I/O thread with the new state, for a microphone also with "muted"; must not
            block. For sessions, not for users.
    """

    what: ClassVar[str]
    shared: ClassVar[tuple[str, ...]] = ("device",)

    _css = style("media.css")
    _what = t.Unicode().tag(sync=True)
    source = t.Instance(ipywebrtc.MediaStream, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    device = t.Unicode("")
    state = t.Unicode("off")
    problem = t.Unicode("")
    why = t.Unicode("")
    device_name = t.Unicode("")
    devices = t.Dict()

    def __init__(self, source: Any = None, *, channel: Channel | None = None, **settings: Any) -> None:
        self._state = "off"
        self._trouble = ""
        self._wanted_until = 0.0
        # Starts asked of a page, and how many of them it had heard of in its last report.
        self._orders = 0
        self._heard = 0
        self._changes: list[asyncio.Future[None]] = []
        self._sinks: list[Callable[[Any], None]] = []
        self.on_state: Callable[[str], None] | None = None
        super().__init__(
            channel,
            source=self._make_source() if source is None else source,
            _what=self.what,
            **settings,
        )
        self.observe(self._setting_changed, list(self.shared))
        release_on_rerun(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.problem or self.state}>"

    def start(self) -> None:
        """Begin to capture in the page that shows this widget.

        Returns at once: the browser may ask for permission first. `state` and `problem` tell the rest.
        """
        self._io.loop.call_soon_threadsafe(self._start)

    def stop(self) -> None:
        """Release the device."""
        self._io.loop.call_soon_threadsafe(self._stop)

    def close(self) -> None:
        """Take it off the page and release the device."""
        if self.comm is not None:
            self.stop()
            self.channel.leave(self._stream)
            if self._own_channel:
                self.channel.close()
        super().close()

    # --- what the channel calls, on the I/O thread ---

    def page_joined(self, page: Page, message: dict[str, Any]) -> None:
        """The widget is in this page; it is what a pending `start()` waits for."""
        if page not in self._pages:
            self._pages.append(page)
        page.say(self._stream, {"kind": "settings", "settings": self._settings()})
        self._reported(page, message)
        if time.monotonic() < self._wanted_until:
            self._start()

    def page_gone(self, page: Page) -> None:
        """Nothing is captured there any more: the browser sees to that."""
        if page in self._pages:
            self._pages.remove(page)
        self._heard = self._orders
        if page is self._page:
            self._page = None
            self._become("off", why="The page was closed or reloaded.")

    def page_said(self, page: Page, message: dict[str, Any], at: float) -> None:
        """Take a new state, or a setting that was changed in the page."""
        if message.get("kind") == "state":
            self._reported(page, message)
        elif message.get("kind") == "set":
            settings = {name: value for name, value in message["settings"].items() if name in self.shared}
            announce(lambda: self._set_quietly(settings))

    def page_media(self, page: Page, payload: bytes, seq: int, at: float) -> None:
        """Hand on what was captured."""
        raise NotImplementedError

    # --- in the subclasses' hands ---

    def _make_source(self) -> Any:
        """Make the stream to tap where the user gives none; None where the page makes it."""
        return None

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.shared}

    async def _items(self, limit: int) -> AsyncGenerator[Any]:
        """What is captured, on the caller's loop, until capture ends.

        Started here if it was off; then also stopped.
        """
        inbox: Inbox[Any] = Inbox(limit)
        feeding = self._io.submit(self._feed(inbox))
        try:
            while True:
                try:
                    yield await inbox.get()
                except StopAsyncIteration:
                    return
                except OverflowError as error:
                    raise MediaError(
                        str(error), hint="do less in the loop, or await what takes long"
                    ) from error
        finally:
            feeding.cancel()

    @contextlib.asynccontextmanager
    async def _capturing(self, sink: Callable[[Any], None]) -> AsyncIterator[None]:
        """Capture and hand each item to a sink; on the I/O thread. Stops again what it started.

        Raises:
            MediaError: capture could not begin.
        """
        began = self._state == "off"
        if began:
            self._trouble = ""
            self._start()
        try:
            while self._state != "live":
                await self._change()
                if self._state == "off" and self._heard == self._orders and not self._wanted_until:
                    raise MediaError(f"the {self.what} did not start", hint=self._trouble or "try again")
            self._sinks.append(sink)
            yield
        finally:
            if sink in self._sinks:
                self._sinks.remove(sink)
            if began:
                self._stop()

    # --- the rest ---

    async def _feed(self, inbox: Inbox[Any]) -> None:
        try:
            async with self._capturing(inbox.put):
                while self._state == "live":
                    await self._change()
        except MediaError as error:
            inbox.end(error)
        else:
            inbox.end(MediaError(self._trouble) if self._trouble else None)

    def _change(self) -> asyncio.Future[None]:
        """Done when the state is next reported; on the I/O thread."""
        change: asyncio.Future[None] = self._io.loop.create_future()
        self._changes.append(change)
        return change

    def _hand_on(self, item: Any) -> None:
        for sink in list(self._sinks):
            sink(item)

    def _start(self) -> None:
        page = self._pages[-1] if self._pages else None
        if page is not None:
            self._wanted_until = 0.0
            self._orders += 1
            page.say(self._stream, {"kind": "start", "order": self._orders})
            return
        if time.monotonic() >= self._wanted_until:
            self._wanted_until = time.monotonic() + PATIENCE
            self._io.loop.call_later(PATIENCE, self._give_up, self._wanted_until)

    def _give_up(self, until: float) -> None:
        if self._wanted_until == until:
            self._wanted_until = 0.0
            self._trouble = f"No page has answered within {PATIENCE:.0f} s. {NO_PAGE}"
            self._become("off")

    def _stop(self, why: str = "") -> None:
        self._wanted_until = 0.0
        for page in self._pages:
            page.say(self._stream, {"kind": "stop", "why": why})

    def _reported(self, page: Page, message: dict[str, Any]) -> None:
        """Follow the page that captures; another that begins takes over, so that there is one tap."""
        state = message.get("state", "off")
        # A report that crossed our start on the way is no answer to it.
        self._heard = max(self._heard, message.get("order", 0))
        if state != "off":
            for other in self._pages:
                if other is not page:
                    other.say(self._stream, {"kind": "stop", "why": "It was started in another window."})
            self._page = page
        elif self._page is not None and page is not self._page:
            return
        problem = message.get("problem") or {}
        self._trouble = f"{problem['message']} {problem['hint']}" if problem else ""
        found = {each["id"]: each["label"] for each in message.get("devices", ())}
        self._become(state, why=message.get("why", ""), device_name=message.get("label", ""), devices=found)

    def _become(self, state: str, **seen: Any) -> None:
        """Take a state, on the I/O thread.

        Sessions hear of it at once, users' observers on the announcing thread.
        """
        before, self._state = self._state, state
        if self.on_state is not None and before != state:
            self.on_state(state)
        traits = {"state": state, "problem": self._trouble, "why": "", **seen}
        announce(lambda: self._set_quietly(traits))
        changes, self._changes = self._changes, []
        for change in changes:
            if not change.done():
                change.set_result(None)


NO_PAGE = (
    "Show the widget in a notebook that is open in a browser, in a cell of its own: "
    "over a comm on ipykernel 6 the page is not heard while a cell runs."
)
