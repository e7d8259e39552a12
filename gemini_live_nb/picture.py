"""Pictures as the wire wants them: a JPEG of a size that costs no more than it shows.

768 × 768 pixels at most, one a second, is what the API recommends (PROTOCOL.md §2.4). Pillow is loaded when
first used.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import MediaError

if TYPE_CHECKING:
    from PIL import Image

LONGEST = 768
QUALITY = 80
# What is sent as it is: JPEG, PNG, WebP by their first bytes.
_READY = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


def jpeg(image: Any, *, longest: int = LONGEST, quality: int = QUALITY) -> bytes:
    r"""Turn any picture into a JPEG to be sent.

    Args:
        image: A Pillow image, an array of shape (height, width) or (height, width, 3 or 4) of uint8, a file's
            path, or the bytes of a picture file.
        longest: Pixels of the longer side; what is larger is made smaller.
        quality: 1…95.

    Raises:
        MediaError: It is no picture.

    Example:
        >>> import numpy as np
        >>> jpeg(np.zeros((48, 64, 3), np.uint8))[:3]
        b'\xff\xd8\xff'
    """
    picture = _opened(image).convert("RGB")
    picture.thumbnail((longest, longest))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def ready(image: Any, kind: str | None = None) -> tuple[bytes, str]:
    """Return a picture as it is to be sent, with its MIME type.

    Args:
        image: What `jpeg` takes. The bytes of a file are sent as they are.
        kind: The MIME type of bytes, where they do not tell it themselves.

    Raises:
        MediaError: It is no picture.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        data = bytes(image)
        return data, kind or mime_type(data) or "image/jpeg"
    return jpeg(image), "image/jpeg"


def mime_type(data: bytes) -> str | None:
    """Return the MIME type of a picture file the API takes, None for anything else."""
    return next((kind for start, kind in _READY.items() if data.startswith(start)), None)


def _opened(image: Any) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        if isinstance(image, Image.Image):
            return image
        if isinstance(image, bytes | bytearray | memoryview):
            return Image.open(io.BytesIO(image))
        if isinstance(image, str | os.PathLike):
            return Image.open(Path(image))
        return Image.fromarray(image)
    except (UnidentifiedImageError, OSError, AttributeError, TypeError, ValueError) as refusal:
        raise MediaError(
            f"This is no picture: {refusal}",
            hint="give a Pillow image, an array (height, width, 3) of uint8, a file's path, or its bytes",
        ) from None
