"""What can be said of a picture without a vision model: size, light, colours, codes, whether it moved."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .scene import Intent, Scene, intent, listed

if TYPE_CHECKING:
    from PIL.Image import Image

    from ...protocol.content import Blob

_GRAYS = ((0.16, "black"), (0.38, "dark gray"), (0.65, "gray"), (0.86, "light gray"), (1.01, "white"))
_HUES = (
    (15, "red"),
    (40, "orange"),
    (68, "yellow"),
    (165, "green"),
    (195, "turquoise"),
    (255, "blue"),
    (290, "purple"),
    (340, "pink"),
    (361, "red"),
)
MOVED = 0.02
"""Mean change of brightness (0 to 1) from which two pictures differ; sensor noise stays below."""

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Look:
    """What was measured of a picture.

    Attributes:
        size: width and height in pixels.
        brightness: mean luminance, 0 (black) to 1 (white).
        colors: names of the colours that fill at least a tenth of it, most first.
        codes: contents of the QR codes and barcodes in it; `None` if the reader is not installed.
        moved: whether it differs from the picture before; `None` for the first one.
        thumbnail: gray, for the next comparison.
    """

    size: tuple[int, int]
    brightness: float
    colors: tuple[str, ...]
    codes: tuple[str, ...] | None
    moved: bool | None
    thumbnail: Pixels

    def light(self) -> str:
        """The brightness in a word."""
        return ("very dark", "dark", "of medium brightness", "bright", "very bright")[
            min(4, int(self.brightness * 5))
        ]

    def __str__(self) -> str:
        width, height = self.size
        text = f"I see a picture of {width} by {height} pixels."
        text += f" It is {self.light()}, mostly {listed(list(self.colors))}."
        if self.codes:
            text += f" It has a code that says {listed(list(self.codes))}."
        if self.moved is not None:
            text += (
                " Something has moved since the last one."
                if self.moved
                else " Nothing has moved since the last one."
            )
        return f"{text} What it shows I cannot tell: I have no vision model."


def look(images: Sequence[Blob], before: Look | None) -> Look | None:
    """Measure the last of `images` that can be opened, compared with the one before it.

    Blocking: opening, measuring and looking for codes take some tens of milliseconds.
    """
    opened = [picture for blob in images[-2:] if (picture := _open(blob))]
    if not opened:
        return None
    thumbnails = [_thumbnail(picture) for picture in opened]
    earlier = thumbnails[-2] if len(thumbnails) > 1 else before.thumbnail if before else None
    small = opened[-1].convert("RGB").resize((96, 96))
    return Look(
        size=opened[-1].size,
        brightness=float(thumbnails[-1].mean()),
        colors=_colors(np.asarray(small).astype(np.float32) / np.float32(255)),
        codes=_codes(opened[-1]),
        moved=None if earlier is None else bool(np.abs(thumbnails[-1] - earlier).mean() > MOVED),
        thumbnail=thumbnails[-1],
    )


def _open(blob: Blob) -> Image | None:
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(blob.data or b""))
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return picture


def _thumbnail(picture: Image) -> Pixels:
    return np.asarray(picture.convert("L").resize((64, 48))).astype(np.float32) / np.float32(255)


def _colors(rgb: Pixels) -> tuple[str, ...]:
    pixels = rgb.reshape(-1, 3)
    high, low = pixels.max(axis=1), pixels.min(axis=1)
    spread = high - low
    red, green, blue = pixels.T
    safe = np.where(spread > 0, spread, 1)
    hue = (
        np.where(
            high == red,
            (green - blue) / safe % 6,
            np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
        )
        * 60
    )
    gray = spread < 0.12 + 0.1 * (1 - high)
    bright = (high + low) / 2
    limits, names = zip(*_GRAYS, *_HUES, strict=True)
    grays = len(_GRAYS)
    number = np.where(
        gray,
        np.searchsorted(limits[:grays], bright, side="right"),
        grays + np.searchsorted(limits[grays:], hue, side="right"),
    )
    named = np.array(names)[number]
    named[(named == "orange") & (bright < 0.4)] = "brown"
    found, counts = np.unique(named, return_counts=True)
    common = found[np.argsort(-counts, kind="stable")]
    large = common[: int((counts >= len(pixels) / 10).sum()) or 1]
    return tuple(str(name) for name in large[:3])


def _codes(picture: Image) -> tuple[str, ...] | None:
    try:
        import zxingcpp
    except ImportError:
        return None
    return tuple(found.text for found in zxingcpp.read_barcodes(picture.convert("L")))


def _nothing(scene: Scene) -> str:
    if scene.memory.frames:
        return (
            "The camera's pictures come with spoken questions only, as on the real service."
            " Ask me aloud, or send a picture with your words."
        )
    return "I have no picture. Switch the camera on and ask me aloud, or send me an image."


def _say(scene: Scene) -> str:
    return str(scene.memory.look or _nothing(scene))


def _say_color(scene: Scene) -> str:
    found = scene.memory.look
    return f"The picture is mostly {listed(list(found.colors))}." if found else _nothing(scene)


def _say_light(scene: Scene) -> str:
    found = scene.memory.look
    return f"The picture is {found.light()}." if found else _nothing(scene)


def _say_moved(scene: Scene) -> str:
    found = scene.memory.look
    if not found:
        return _nothing(scene)
    if found.moved is None:
        return "I have not seen two pictures to compare yet."
    return (
        "Yes, something has moved since the last picture."
        if found.moved
        else "No, the last two pictures look the same."
    )


def _say_code(scene: Scene) -> str:
    found = scene.memory.look
    if not found:
        return _nothing(scene)
    if found.codes is None:
        return "I cannot read codes here: the zxing-cpp package is missing."
    return f"The code says {listed(list(found.codes))}." if found.codes else "I find no code in the picture."


def _say_size(scene: Scene) -> str:
    found = scene.memory.look
    return f"The picture is {found.size[0]} by {found.size[1]} pixels." if found else _nothing(scene)


_PICTURE = r"(?:picture|image|photo|frame|camera|video|screen|scene)"
INTENTS: tuple[Intent, ...] = (
    intent("this", lambda scene: str(scene.memory.look or ""), r"^what (?:is|are) (?:this|that|these)$"),
    intent("code", _say_code, r"\b(?:qr|bar) ?-?codes?\b", r"\b(?:read|scan)\b.*\bcode\b"),
    intent(
        "moved",
        _say_moved,
        r"^(?:did|has|have|is|was) (?:any|some)?(?:thing|one|body|it|the \w+|i|there)\b"
        r".*\b(?:moved?|moving|motion|movement|changed?)\b|^do you see\b.*\b(?:moving|motion|movement)\b",
        r"^what (?:has |is |was )?(?:moved|moving|changed)\b",
    ),
    intent(
        "color",
        _say_color,
        rf"\bwhat colou?rs?\b.*\b(?:see|this|that|it|{_PICTURE})\b",
        r"\b(?:dominant|main) colou?r",
    ),
    intent(
        "light",
        _say_light,
        rf"\b(?:is it|is (?:the|this|my) {_PICTURE}) (?:too |very )?(?:dark|bright|light)\b",
        rf"\bhow (?:dark|bright|light) is (?:it|this|that|(?:the|this|my) {_PICTURE})\b",
    ),
    intent(
        "size",
        _say_size,
        rf"\b(?:size|how (?:big|large)|resolution|pixels)\b.*\b{_PICTURE}\b",
        rf"\b{_PICTURE}\b.*\b(?:size|resolution|pixels)\b",
    ),
    intent(
        "see",
        _say,
        r"\bwhat (?:do|can|did) you see\b|\b(?:can|do) you see\b|^(?:look|see)(?: at| this| that| me|$)",
        rf"\b(?:describe|look at|what is (?:in|on|this|that)|tell me"
        rf" about)\b.*\b(?:{_PICTURE}|this|that|holding)\b",
        r"\bam i holding\b|\bhow do i look\b",
    ),
)
