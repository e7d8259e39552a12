"""A recorded conversation: every frame, its turns, and the views of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .fold import Folded, fold_table
from .folder import FolderStore
from .index import KIND, json_object, unpack
from .reading import RunFrames
from .stores import Store

if TYPE_CHECKING:
    import pandas as pd

    from .plot import Plots
    from .prices import Price
    from .replay import Replay
    from .sound import Sound, Track
    from .turn import ToolCall, Turn


class SessionLog(RunFrames):
    """One run. Open a recorded one with `SessionLog.open`, or take `live.log` of a session under way.

    >>> log = SessionLog.open(path)                          # doctest: +SKIP
    >>> log[3].raw, len(log), log.turn(0).text               # doctest: +SKIP
    >>> log.messages().query("kind == 'toolCall'")           # doctest: +SKIP
    """

    def __init__(self, store: Store, *, name: str) -> None:
        super().__init__(store, name=name)
        self._folded: tuple[int, Folded] | None = None

    @classmethod
    def open(cls, path: Path | str) -> SessionLog:
        """Open a run's folder, or an exported `.zip` of one.

        A torn last line, a truncated `media.bin`, a missing or foreign index are no obstacle; `log.notes`
        says what was found.

        Raises:
            LogError: there is no run there.
        """
        folder = Path(path)
        if folder.suffix == ".zip" and folder.is_file():
            from .export import unpacked

            folder = unpacked(folder)
        return cls(FolderStore(folder), name=folder.resolve().name)

    @classmethod
    def empty(cls) -> SessionLog:
        """A run without frames."""
        from .live import LiveStore

        return cls(LiveStore(None, 0), name="empty")

    @classmethod
    def from_capture(cls, path: os.PathLike[str] | str, folder: Path | str | None = None) -> SessionLog:
        """Make a run of frames captured elsewhere, by any recorder; a new `folder` keeps it on disk.

        Understood by what is in it, not by its name: JSON (a list, or one value after another, a line each or
        not), HAR, YAML cassettes, js-genai's `.websocket.log`, logs with arrows and times, an SDK's dumps;
        frames as objects, text or base64, in any envelope. What was left out is told in `log.notes`.

        Raises:
            LogError: the file cannot be read, or there is no frame in it; the first line is named.
        """
        from .capture import from_capture

        return from_capture(path, folder)

    # What the run is.

    @property
    def meta(self) -> dict[str, Any]:
        """What `session.json` says: schema, versions, model, redacted setup, when the run started."""
        return self.store.meta

    @property
    def model(self) -> str:
        """The model asked for, as in the setup; empty where there was none."""
        rows = self.table().rows
        at = np.flatnonzero(rows["kind"] == KIND["setup"])[:1]
        setup = unpack(rows[at], self.table().heap)
        return (setup[0].text if setup else None) or str(self.meta.get("model", ""))

    @property
    def notes(self) -> list[str]:
        """What was found damaged on opening, or left out of a capture, in words; empty for a whole run."""
        self.table()
        told = self.meta.get("notes")
        return [*(told if isinstance(told, list) else ()), *self.store.notes]

    @property
    def kept(self) -> str:
        """Where the run is kept, in words."""
        if self.path is not None:
            return str(self.path)
        forgotten = self.store.forgotten
        return "kept in memory only" + (f", {forgotten} older frames forgotten" if forgotten else "")

    @property
    def started(self) -> float:
        """The run's start in seconds since 1970; every `t` counts from here."""
        return float(self.meta.get("wall", 0.0))

    # Turns.

    def folded(self) -> Folded:
        """The turns of the run so far, and which frame belongs to which."""
        table = self.table()
        if self._recorder is not None:
            return Folded.of(self._recorder.fold)
        if self._folded is None or self._folded[0] != len(table.rows):
            self._folded = (len(table.rows), fold_table(table, self))
        return self._folded[1]

    @property
    def conversation(self) -> list[Turn]:
        """The turns, in order."""
        return list(self.folded().turns)

    def turn(self, number: int) -> Turn:
        """One turn: its words, sound, calls and times. Negative numbers count from the end."""
        return self.folded().turns[number]

    @property
    def tool_calls(self) -> list[ToolCall]:
        """Every function call of the run, in order of the requests."""
        return list(self.folded().calls)

    def usages(self) -> list[dict[str, Any]]:
        """Every `usageMetadata` of the run, in order: one a response."""
        table = self.table()
        rows = table.rows[table.rows["kind"] == KIND["usageMetadata"]]
        return [json_object(row.extra) for row in unpack(rows, table.heap)]

    def wav(self, which: Track = "model", *, heard: bool = True) -> Sound:
        """One voice of the run or both, as a player and an array, on the run's clock with its silences.

        Args:
            which: `model`, `user` or `mix`; the user's voice only if you ask for it.
            heard: Leave out what of an interrupted answer was never heard.
        """
        from .sound import track

        return track(self, which, heard=heard)

    # Frames for pandas; every column is told in `columns.py`.

    def messages(self, *, raw: bool = False) -> pd.DataFrame:
        """One row a frame: times, direction, kinds, sizes, words, media, tool, tokens, turn.

        Args:
            raw: Add the column `raw`, the frame byte for byte.
        """
        from . import frames

        return frames.messages(self, raw=raw)

    def parts(self) -> pd.DataFrame:
        """One row for each thing a frame holds, bundles taken apart."""
        from . import frames

        return frames.parts(self)

    def turns(self, *, prices: Sequence[Price] | None = None) -> pd.DataFrame:
        """One row a turn: who said what, what of it was heard, when, tokens, cost.

        Args:
            prices: A price table of yours instead of `prices.PRICES`.
        """
        from . import summaries

        return summaries.turns(self, prices)

    def tools(self) -> pd.DataFrame:
        """One row a function call: arguments, result, error, times, latency."""
        from . import summaries

        return summaries.tools(self)

    def usage(self, *, prices: Sequence[Price] | None = None) -> pd.DataFrame:
        """One row for each side and modality of each response's tokens, with an estimate of its cost.

        Args:
            prices: A price table of yours instead of `prices.PRICES`.
        """
        from . import summaries

        return summaries.usage(self, prices)

    def audio_chunks(self) -> pd.DataFrame:
        """One row a chunk of sound, both tracks: timing, level, gaps, underruns."""
        from . import frames

        return frames.audio_chunks(self)

    def unknown(self) -> pd.DataFrame:
        """One row for each field, and each value of an enum, that nobody has modelled yet, at any depth.

        Looked for in the raw frames when you ask: some seconds for an hour.
        """
        from . import frames

        return frames.unknown(self)

    @property
    def plot(self) -> Plots:
        """Charts: `log.plot.timeline()`, `.latency()`, `.usage()`, `.waveform()`."""
        from .plot import Plots

        return Plots(self)

    def replay(self, speed: float = 1.0) -> Replay:
        """The run told again in its own time, to any view: transcript, waveform, table, speaker.

        Args:
            speed: 1 as it was, 2 in half the time.
        """
        from .replay import Replay

        return Replay(self, speed)

    # Out of here.

    def export(self, path: Path | str, **options: Any) -> Path:
        """Write the run in the form that the name's ending asks for; resumption handles are taken out.

        | ending | what |
        |---|---|
        | `.zip` | the run's folder in one file; `SessionLog.open` opens it again |
        | `.jsonl` | one frame a line, payloads inline; `SessionLog.from_capture` reads it |
        | `.har` | for the network panel of a browser |
        | `.parquet` | a frame, `frame="messages"` or another; needs pyarrow |
        | `.wav` | sound, `track="model"`, `"user"` or `"mix"` |
        | `.md`, `.vtt` | the transcript; `thoughts=True` adds thoughts to `.md` |
        | `.html` | one page that needs nothing else; `sound=False` leaves players out |

        Raises:
            LogError: the ending is none of these, or the file cannot be written.
        """
        from .export import export

        return export(self, path, **options)

    def transcript(self, path: Path | str | None = None) -> str:
        """Who said what, as Markdown; written to `path` as well, as WebVTT where that ends in `.vtt`."""
        from .transcript import markdown, webvtt

        text = webvtt(self) if path is not None and Path(path).suffix == ".vtt" else markdown(self)
        if path is not None:
            self.export(path)
        return text

    def redact(
        self,
        *,
        text: bool | Iterable[re.Pattern[str] | str] | None = None,
        audio: str | None = None,
        images: str | None = None,
        folder: Path | str | None = None,
    ) -> SessionLog:
        """Write a copy fit for sharing. Resumption handles are always taken out.

        Args:
            text: Words or patterns to black out wherever they stand, in transcripts also across pieces;
                `True` for all words.
            audio: `"silence"` puts silence of the same length in the place of every sound.
            images: `"grey"` puts a grey picture of the same size in the place of each.
            folder: Where to, a new folder; without one the copy is kept in memory.

        Raises:
            LogError: an option is unknown, or the folder cannot be written.
        """
        from .redact import redact

        return redact(self, text=text, audio=audio, images=images, folder=folder)

    def __repr__(self) -> str:
        return f"<SessionLog {self.name}: {len(self)} frames, {len(self.conversation)} turns, {self.kept}>"

    def _repr_html_(self) -> str:
        from .display import log_html

        return log_html(self)
