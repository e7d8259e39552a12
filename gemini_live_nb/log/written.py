"""Write a run whose frames are all at hand: from a capture, a redacted copy, an unpacked export."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gemini_live_nb.errors import LogError

from .describe import describe_frame
from .files import RunFiles
from .index import Described
from .lines import Frame
from .live import LiveStore
from .run import SessionLog

_BATCH = 2000


def write_run(
    folder: Path | str | None,
    frames: Iterable[Frame],
    meta: Mapping[str, Any],
    *,
    name: str = "memory",
    describe: Callable[[Frame], Described] = describe_frame,
) -> SessionLog:
    """Write frames as a run and open it.

    Args:
        folder: Where to; `None` keeps it in memory.
        frames: In order of `seq`.
        meta: `session.json`.
        name: The run's name where it has no folder.
        describe: What makes a frame's index rows.

    Raises:
        LogError: the folder cannot be written.
    """
    if folder is None:
        store = LiveStore(None, sys.maxsize, meta)
        for frame in frames:
            store.take(frame)
            store.index(frame[0], describe(frame))
        return SessionLog(store, name=name)
    try:
        files = RunFiles(Path(folder), meta)
        try:
            rest = iter(frames)
            while batch := list(itertools.islice(rest, _BATCH)):
                files.write(batch, [describe(frame) for frame in batch])
        finally:
            files.close()
    except OSError as error:
        raise LogError(
            f"cannot write a run to {folder}: {error.strerror or error}", hint="Choose an empty folder."
        ) from error
    return SessionLog.open(folder)
