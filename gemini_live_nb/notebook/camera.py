"""Camera and screen: JPEG frames from the page that shows them."""

from __future__ import annotations

import asyncio
import contextlib
import io as buffers
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywebrtc
import traitlets as t

from ..errors import MediaError
from .assets import module
from .channel import Channel
from .media import Tap
from .page import Page

if TYPE_CHECKING:
    from PIL import Image

BEHIND = 60
"""Frames that wait for an `async for` before it is told that it is too slow."""
_PICTURE = struct.Struct("<HHI")


class Picture(NamedTuple):
    """One frame.

    Attributes:
        jpeg: the picture as it goes to the model.
        width: pixels.
        height: pixels.
        t: when it was taken, seconds since 1970.
    """

    jpeg: bytes
    width: int
    height: int
    t: float

    def image(self) -> Image.Image:
        """The picture as a PIL image."""
        from PIL import Image

        return Image.open(buffers.BytesIO(self.jpeg))

    def _repr_jpeg_(self) -> bytes:
        return self.jpeg


class Camera(Tap):
    """A camera in the notebook, with a muted preview: pictures for sessions and for you.

    Args:
        source: any `ipywebrtc.MediaStream` with a picture: a `CameraStream`,
            `VideoStream.from_file("clip.webm")`… None makes a `CameraStream` of its own.
        fps: frames per second; the Live API reads one a second.
        longest_side: pixels; larger pictures are made smaller.
        quality: of the JPEG, 0 to 1.
        channel: the media channel to use; None for one of its own.

    Attributes:
        skipped: frames left out because the one before was still being taken.
        on_frame: called on the I/O thread with (jpeg, width, height, t) for each frame; must not block; for
            sessions.

    Example:
        >>> camera = Camera()
        >>> camera                        # in a cell: shows it
        >>> camera.snapshot()             # in another: a PIL image, full size
        >>> async for picture in camera:  # until you stop it
        ...     print(picture.width, picture.height)
    """

    what = "camera"
    shared = ("device", "fps", "longest_side", "quality")
    _esm = module("camera.js")

    fps = t.Float(1.0, min=0.0)
    longest_side = t.Int(768, min=16)
    quality = t.Float(0.7, min=0.0, max=1.0)

    def __init__(
        self,
        source: Any = None,
        *,
        fps: float = 1.0,
        longest_side: int = 768,
        quality: float = 0.7,
        channel: Channel | None = None,
    ) -> None:
        self.on_frame: Callable[[bytes, int, int, float], None] | None = None
        self.skipped = 0
        self._number = 0
        super().__init__(source, channel=channel, fps=fps, longest_side=longest_side, quality=quality)

    def start(self, fps: float | None = None) -> None:
        """Begin to take pictures in the page that shows this widget.

        Args:
            fps: frames per second from now on; None leaves them as they are.
        """
        if fps is not None:
            self.fps = fps
        super().start()

    def snapshot(self, *, timeout: float = 60.0) -> Image.Image:
        """Take one picture in full size, from any cell. Starts the camera if it is off, and stops it then.

        Args:
            timeout: seconds to wait, for a page and for permission.

        Raises:
            MediaError: no page, no permission, no device.
        """
        try:
            picture = self._io.call(self._snapshot(), timeout)
        except MediaError as error:
            raise error.with_traceback(None) from None  # the way it came says nothing to a reader
        except TimeoutError as error:
            raise MediaError(
                f"no picture came within {timeout:g} s",
                hint=self.problem or f"look at the {self.what} in its cell",
            ) from error
        return picture.image()

    def __aiter__(self) -> AsyncIterator[Picture]:
        """Frames at `fps`, until the camera stops; started if it was off.

        Raises:
            MediaError: it could not start, or the loop fell 60 frames behind.
        """
        return self._frames()

    def page_media(self, page: Page, payload: bytes, seq: int, at: float) -> None:
        """Hand on a frame, or the snapshot that was asked for."""
        if page is not self._page:
            return
        width, height, number = _PICTURE.unpack_from(payload)
        picture = Picture(payload[_PICTURE.size :], width, height, at)
        self._hand_on((number, picture))
        if not number and self.on_frame is not None:
            self.on_frame(*picture)

    def page_said(self, page: Page, message: dict[str, Any], at: float) -> None:
        """Take a new state or setting, or the number of frames skipped."""
        if message.get("kind") == "skipped":
            self.skipped = int(message["count"])
        super().page_said(page, message, at)

    def _make_source(self) -> Any:
        size = {"width": {"ideal": 1280}, "height": {"ideal": 720}}
        return ipywebrtc.CameraStream(constraints={"audio": False, "video": size})

    async def _frames(self) -> AsyncGenerator[Picture]:
        async with contextlib.aclosing(self._items(BEHIND)) as items:
            async for number, picture in items:
                if not number:
                    yield picture

    async def _snapshot(self) -> Picture:
        self._number += 1
        number = self._number
        taken: asyncio.Future[Picture] = self._io.loop.create_future()

        def take(item: tuple[int, Picture]) -> None:
            if item[0] == number and not taken.done():
                taken.set_result(item[1])

        async with self._capturing(take):
            if self._page is not None:
                self._page.say(self._stream, {"kind": "snapshot", "id": number})
            while not taken.done():
                waits: set[asyncio.Future[Any]] = {taken, self._change()}
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                if self._state != "live":
                    raise MediaError(
                        f"the {self.what} ended before the picture", hint=self.problem or self.why
                    )
        return taken.result()


class Screen(Camera):
    """A shared screen, window or tab, by the browser's own chooser; otherwise like `Camera`.

    Browsers show the chooser only soon after a click or a key: press the button, or run a cell that says
    `screen.start()`.

    Example:
        >>> screen = Screen()
        >>> screen            # in a cell, then press "Share screen"
    """

    what = "screen"

    def _make_source(self) -> Any:
        return None
