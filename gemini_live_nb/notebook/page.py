"""One page at the other end of a channel: a browser tab, or one output's frame in Colab."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from .carriers import Carrier
from .framing import CHANNEL, CONTROL, MEDIA, Frame, Tally, pack
from .ordering import Ordering

SILENT = 15.0
"""Seconds without a sign of life after which a page on the comm is taken for gone; it sends one every
three."""


class Page:
    """A page and what goes to it. Lives on the I/O thread.

    Args:
        hello: what the page says of itself: page, tab, origin, local, and its next comm message's number.
        in_turn: called with the page, kind and frames of each comm message whose turn it is.

    Attributes:
        id: made anew with every load of the page.
        tab: the same through a reload.
        local: whether the browser runs on the kernel's machine, so that both have one clock.
        tally: frames sent, received, lost.
        arriving: puts its comm messages in order.
    """

    def __init__(self, hello: dict[str, Any], in_turn: Callable[[Page, str, Sequence[bytes]], None]) -> None:
        self.id = str(hello.get("page", ""))
        self.tab = str(hello.get("tab", ""))
        self.origin = str(hello.get("origin", ""))
        self.local = bool(hello.get("local"))
        self.tally = Tally(later=bool(hello.get("later")))
        self.carrier: Carrier | None = None
        self.arriving: Ordering[tuple[str, Sequence[bytes]]] = Ordering(
            lambda message: in_turn(self, *message), first=int(hello.get("n", 0))
        )
        self.heard = time.monotonic()
        self._ahead = 0.0
        self._quickest = float("inf")

    @property
    def carrier_name(self) -> str:
        """Its name: "socket", "comm", or empty while there is none."""
        return self.carrier.name if self.carrier is not None else ""

    def say(self, stream: int, message: dict[str, Any]) -> None:
        """Send a message to a stream's widget; nobody hears it while there is no carrier."""
        self._send(stream, CONTROL, json.dumps(message).encode(), urgent=True)

    def media(self, stream: int, payload: bytes) -> None:
        """Send sound."""
        self._send(stream, MEDIA, payload, urgent=False)

    def time_of(self, frame: Frame) -> float:
        """When the page made a frame, in seconds since 1970 on our clock."""
        return frame.time - self._ahead

    def ask_time(self) -> None:
        """Find out how far the page's clock is ahead of ours, where it is not the same one."""
        if not self.local:
            self.say(CHANNEL, {"kind": "ping", "at": time.time()})

    def told_time(self, message: dict[str, Any], frame: Frame) -> None:
        """Take the answer to `ask_time`; the quickest one is the truest."""
        now = time.time()
        asked = float(message.get("at", now))
        if now - asked < self._quickest:
            self._quickest = now - asked
            self._ahead = frame.time - (asked + now) / 2

    def silent(self) -> bool:
        """Whether it has been on the comm and quiet for so long that it must be gone."""
        return self.carrier_name != "socket" and time.monotonic() - self.heard > SILENT

    def _send(self, stream: int, kind: int, payload: bytes, *, urgent: bool) -> None:
        if self.carrier is not None:
            seq = self.tally.number(stream, kind)
            self.carrier.send(pack(stream, kind, seq, payload), urgent=urgent)
