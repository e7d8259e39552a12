"""What comes with the package to be heard: one recorded conversation, and a few spoken sentences.

All of it was made offline, with the emulator and its demo voice (`tools/make_demo.py`); it is not Gemini.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..audio import MIC_RATE, read
from ..errors import MediaError
from ..log.run import SessionLog
from .packed import unpack

HERE = Path(__file__).parent
CONVERSATION = HERE / "conversation.zip"

SENTENCES: dict[str, str] = {
    "hello": "Hello, my name is Ada.",
    "sum": "What is twelve times seven?",
    "weather": "What is the weather in Oslo?",
    "count": "Please count from one to fifteen.",
    "stop": "Stop. What is my name?",
    "see": "What do you see?",
    "meet": "Say we will meet on Monday",
    "and_bring": "and bring the red book.",
}
"""What `sentence` can say, by name."""


def demo() -> SessionLog:
    """Return the recorded conversation that comes with the package.

    A greeting, a function call, an answer that is interrupted: half a minute, frame by frame as it was. It
    is unpacked to a temporary folder, which is gone when Python ends.

    Example:
        >>> demo().turn(0).user_text
        'Hello, my name is Ada.'
    """
    return SessionLog.open(_unpacked())


@cache
def _unpacked() -> Path:
    scratch = Path(tempfile.mkdtemp(prefix="gemini-live-nb-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return unpack(CONVERSATION, scratch / "demo")


def sentence(name: str) -> npt.NDArray[np.int16]:
    """Return one of the spoken `SENTENCES`, to be asked in the place of a microphone.

    Args:
        name: Which one.

    Returns:
        int16 mono samples at 16 kHz, shape (n,).

    Raises:
        MediaError: There is none of this name.

    Example:
        >>> len(sentence("hello")) > 16_000
        True
    """
    if name not in SENTENCES:
        raise MediaError(f"There is no sentence {name!r}.", hint=f"There are: {', '.join(SENTENCES)}.")
    return read(HERE / "sentences" / f"{name}.flac", MIC_RATE)
