"""The models behind the voice: where they lie, how they are opened; a process opens each only once."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from .recognise import Recogniser
    from .synthesise import Synthesiser

DATA = Path(__file__).parent / "data"
INSTALL = 'pip install "gemini-live-nb[offline]"'

_loading = threading.Lock()
P = ParamSpec("P")
T = TypeVar("T")
Part = TypeVar("Part", "Recogniser", "Synthesiser")


class PartMissing(Exception):  # noqa: N818  # named for what happened, as in errors.py
    """A part of the voice cannot be had here; the message says which, why, and what to install."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"{part} is not available ({why}). To get it: {INSTALL}")


@functools.cache
def pool() -> ThreadPoolExecutor:
    """The threads on which all sessions' recognition and synthesis run; a model itself uses one."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="offline-voice")


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run heavy work on `pool()`; cancelling the wait takes work that has not started off the queue."""
    return await asyncio.get_running_loop().run_in_executor(pool(), functools.partial(work, *args, **kwargs))


def onnx(path: Path, part: str) -> InferenceSession:
    """Open a model on one thread that sleeps, rather than spins, while it has nothing to do.

    Raises:
        PartMissing: onnxruntime is not installed, cannot be loaded here, or refuses the file.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise PartMissing(part, f"onnxruntime cannot be imported: {error}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own that share no base but Exception
        raise PartMissing(part, f"{path.name} does not load: {error}") from error


@dataclass(frozen=True, slots=True)
class Parts:
    """What of the voice is there.

    Attributes:
        recogniser: speech to text, or `None`.
        synthesiser: text to speech, or `None`.
        missing: one sentence for each part that is not there, and what to do about it.
        seconds: how long loading took.
    """

    recogniser: Recogniser | None
    synthesiser: Synthesiser | None
    missing: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        if self.recogniser and self.synthesiser:
            return f"ready in {self.seconds:.1f} s"
        have = f"typed requests answered {'with a voice' if self.synthesiser else 'in writing'}"
        if self.recogniser:
            have = "spoken requests understood, answered in writing"
        return f"in part: {have}. {' '.join(self.missing)}"


def parts() -> Parts:
    """Load what can be loaded, once per process, and warm it up. Blocking: call it through `off_loop`."""
    with _loading:
        return _parts()


@functools.cache
def _parts() -> Parts:
    from .recognise import Recogniser
    from .synthesise import Synthesiser

    started = time.perf_counter()
    missing: list[str] = []

    def tried(part: Callable[[], Part]) -> Part | None:
        try:
            return part()
        except PartMissing as error:
            missing.append(str(error))
            return None

    recogniser, synthesiser = tried(Recogniser), tried(Synthesiser)
    return Parts(recogniser, synthesiser, tuple(missing), time.perf_counter() - started)
