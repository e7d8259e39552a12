"""The media channel between a page and the process's I/O thread.

Sound and pictures cannot take a widget's own comm: ipykernel routes that to the main shell, which a running
cell blocks. So a page and the I/O thread talk over a channel of their own, with two implementations behind
one seam:

* the *socket*, a WebSocket to this process on loopback (or through jupyter-server-proxy): 1–2 ms, and served
  whatever a cell does;
* the *comm*, which the page opens: works wherever widgets do; busy cells need ipykernel 7.1.

The page tries the socket and takes the comm if none is open within half a second (`static/channel.js`).
Frames are numbered (`framing.py`), and a gap is counted on both sides. A channel has as
many streams as there are widgets on it, and as many pages as show the notebook.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
import weakref
from typing import TYPE_CHECKING, Any, Literal, Protocol

import anywidget
import comm
import traitlets as t
from websockets.asyncio.server import ServerConnection

from ..session.loops import io
from .assets import module, style
from .carriers import Carrier, CommCarrier, SocketCarrier
from .door import door
from .framing import CHANNEL, CONTROL, Frame, unpack
from .kernel import announce, report, require_threads
from .page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = "gemini_live_nb.channel"
"""The comm target that pages open (`static/channel.js`)."""
GRACE = 2.0
"""Seconds a page may be without a carrier before its widgets are told that it is gone."""

_channels: weakref.WeakValueDictionary[str, Channel] = weakref.WeakValueDictionary()


class Line(Protocol):
    """A widget's end of a stream. Every call comes on the I/O thread and must not block."""

    def page_joined(self, page: Page, message: dict[str, Any]) -> None:
        """The widget is there in this page: for the first time, or again after a break."""
        ...

    def page_gone(self, page: Page) -> None:
        """The page was closed, reloaded, or has not answered for a while."""
        ...

    def page_said(self, page: Page, message: dict[str, Any], at: float) -> None:
        """The widget in the page says something."""
        ...

    def page_media(self, page: Page, payload: bytes, seq: int, at: float) -> None:
        """Sound or a picture came."""
        ...


class Channel(anywidget.AnyWidget):
    """A media channel; `Live` has one, and a widget that stands alone makes its own.

    Shown in a cell it is a badge that says which way it goes.

    Args:
        prefer: "auto" tries the socket and then the comm; the others take that one or none.

    Attributes:
        carrier: "socket", "comm", or "" while no page is there; observe it.

    Example:
        >>> channel = Channel()
        >>> mic, speaker = Microphone(channel=channel), Speaker(channel=channel)
    """

    _esm = module("channel_widget.js")
    _css = style("media.css")
    _key = t.Unicode().tag(sync=True)
    _prefer = t.Unicode("auto").tag(sync=True)
    carrier = t.Unicode("", read_only=True)

    def __init__(self, prefer: Literal["auto", "socket", "comm"] = "auto") -> None:
        require_threads()
        self._lines: dict[int, Line] = {}
        self._streams = itertools.count(CHANNEL + 1)
        self._pages: dict[str, Page] = {}
        self._origins: set[str] = set()
        self._reported: set[tuple[int, type[Exception]]] = set()
        self._io = io()
        self._open = True
        super().__init__(_key=secrets.token_hex(8), _prefer=prefer)
        _channels[self._key] = self
        comm.get_comm_manager().register_target(TARGET, _page_opened)
        if prefer != "comm":
            self._io.submit(self._offer())

    def __repr__(self) -> str:
        return f"<Channel {self.carrier or 'without a page'}>"

    def join(self, line: Line) -> int:
        """Give a widget a stream of its own; from any thread."""
        stream = next(self._streams)
        if stream > 255:
            msg = "a channel holds 255 streams"
            raise ValueError(msg)
        self._lines[stream] = line
        return stream

    def leave(self, stream: int) -> None:
        """Take a stream back; from any thread."""
        self._lines.pop(stream, None)

    def counts(self) -> dict[str, int]:
        """Frames sent, received and lost, over all pages that are there."""
        tallies = [page.tally for page in list(self._pages.values())]
        return {name: sum(getattr(tally, name) for tally in tallies) for name in ("sent", "received", "lost")}

    def close(self) -> None:
        """Close it in every page; microphones, cameras and speakers on it end."""
        if getattr(self, "_open", False):
            self._open = False
            self._io.submit(self._shut())
        super().close()

    def knows(self, origin: str) -> bool:
        """Whether a page of this origin said hello over the kernel's own connection."""
        return origin in self._origins

    async def enter(self, connection: ServerConnection) -> None:
        """Serve a page's socket to its end."""
        async with asyncio.timeout(5):
            first = unpack(_binary(await connection.recv()))
        page = self._page(first.message())
        page.tally.in_order(first)
        carrier = SocketCarrier(connection)
        self._attach(page, carrier)
        try:
            async for data in connection:
                self._arrived(page, _binary(data))
        finally:
            if page.carrier is carrier:
                self._attach(page, None)

    def hello(self, message: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Take what a page says over its comm; on the I/O thread."""
        kind, known = message.get("kind"), self._pages.get(str(message.get("page")))
        if kind == "hello":
            page = self._page(message)
            self._origins.add(page.origin)
            self._io.submit(self._offer(page))
        elif known is None:
            self.send({"kind": "again", "page": message.get("page")})
        elif kind in ("use", "frames"):
            known.arriving.put(int(message["n"]), (kind, buffers))
        elif kind == "bye":
            self._drop(known)
        elif kind == "alive":
            known.heard = time.monotonic()

    async def _offer(self, page: Page | None = None) -> None:
        """Tell the page, or the first that comes, where the door is; by comm message, never by trait."""
        offer: dict[str, Any] = {"kind": "welcome" if page else "offer"}
        if page is not None:
            offer["page"] = page.id
        if self._prefer != "comm" and self._open:
            try:
                offer["port"], offer["token"] = await door().offer(self)
            except OSError as error:
                report(error)  # no listener here: the page takes the comm
        self.send(offer)

    def _publish(self, page: Page, frames: list[bytes]) -> None:
        self.send({"kind": "frames", "page": page.id}, buffers=frames)

    def _page(self, hello: dict[str, Any]) -> Page:
        """Find the page that says hello; a reloaded one takes the place of what its tab showed before."""
        page = self._pages.get(str(hello.get("page")))
        if page is None:
            page = Page(hello, self._in_turn)
            for other in [other for other in self._pages.values() if other.tab and other.tab == page.tab]:
                self._drop(other)
            self._pages[page.id] = page
            asyncio.get_running_loop().call_later(GRACE, self._check, page)
        return page

    def _attach(self, page: Page, carrier: Carrier | None) -> None:
        former, page.carrier = page.carrier, carrier
        if former is not None and carrier is not None:
            former.close("another way was found")
        page.heard = time.monotonic()
        if carrier is None:
            asyncio.get_running_loop().call_later(GRACE, self._check, page)
        else:
            if not page.tally.sent:
                page.say(CHANNEL, {"kind": "fresh"})  # our numbers begin at 0, whatever it had before
            page.ask_time()
        self._tell_carrier()

    def _check(self, page: Page) -> None:
        """Drop a page that found no way back, or that has been silent."""
        if self._pages.get(page.id) is not page:
            return
        if page.carrier is None or page.silent():
            self._drop(page)
        elif page.carrier_name == "comm":
            asyncio.get_running_loop().call_later(GRACE, self._check, page)

    def _drop(self, page: Page) -> None:
        if self._pages.pop(page.id, None) is None:
            return
        if page.carrier is not None:
            page.carrier.close("The notebook was opened anew.")
            page.carrier = None
        for line in list(self._lines.values()):
            line.page_gone(page)
        self._tell_carrier()

    def _in_turn(self, page: Page, kind: str, frames: Sequence[bytes]) -> None:
        """Take a comm message whose turn it is."""
        if kind == "use":
            self._attach(page, CommCarrier(lambda frames: self._publish(page, frames)))
        for data in frames:
            self._arrived(page, bytes(data))

    def _arrived(self, page: Page, data: bytes) -> None:
        frame = unpack(data)
        page.heard = time.monotonic()
        if not page.tally.in_order(frame):
            return
        line = self._lines.get(frame.stream)
        if frame.stream == CHANNEL:
            self._own(page, frame)
        elif line is not None:
            try:
                self._pass_on(page, line, frame)
            except Exception as error:  # noqa: BLE001 - a fault of one listener must not end the channel for all
                if (frame.stream, type(error)) not in self._reported:
                    self._reported.add((frame.stream, type(error)))
                    report(error)

    def _own(self, page: Page, frame: Frame) -> None:
        message = frame.message()
        if message.get("kind") == "pong":
            page.told_time(message, frame)

    def _pass_on(self, page: Page, line: Line, frame: Frame) -> None:
        if frame.kind != CONTROL:
            line.page_media(page, frame.payload, frame.seq, page.time_of(frame))
            return
        message = frame.message()
        if message.get("kind") == "join":
            line.page_joined(page, message)
        else:
            line.page_said(page, message, page.time_of(frame))

    def _tell_carrier(self) -> None:
        names = [page.carrier_name for page in self._pages.values() if page.carrier_name]
        carrier = names[-1] if names else ""
        announce(lambda: self.set_trait("carrier", carrier))

    async def _shut(self) -> None:
        for page in list(self._pages.values()):
            self._drop(page)
        _channels.pop(self._key, None)
        await door().leave(self)


def _binary(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _page_opened(comm: Any, opening: dict[str, Any]) -> None:
    """Take a page's comm, on whichever thread it is opened.

    Nothing is ever published on it: ipykernel would answer with routing it to where that was done.
    """
    channel = _channels.get(opening["content"]["data"].get("channel", ""))
    if channel is None:
        return
    here = weakref.ref(channel)

    def take(message: dict[str, Any]) -> None:
        channel = here()
        if channel is not None:
            loop = io().loop
            loop.call_soon_threadsafe(channel.hello, message["content"]["data"], message.get("buffers", ()))

    comm.on_msg(take)
    take(opening)
