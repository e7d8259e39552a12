"""Keep every frame: taken in microseconds on the caller's side, written by a thread of its own.

The caller's side (`receive`, `sent`, `local`) never waits for the disk and never raises. What
cannot be kept, because the disk is full or too slow, is counted and told through `on_trouble`, and the
conversation goes on.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import weakref
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gemini_live_nb.clock import Clock, RealClock
from gemini_live_nb.errors import LogError
from gemini_live_nb.protocol.client import ClientMessage
from gemini_live_nb.protocol.codec import Decoded, decode, decode_client
from gemini_live_nb.protocol.kinds import client_kinds
from gemini_live_nb.protocol.server import ServerMessage

from .describe import describe, describe_local, mic_chunk
from .files import RunFiles
from .folder import runs_folder, session_meta
from .index import Chunk, Described, Row, rows_of
from .lines import BINARY, LOCAL, RECEIVED, SENT, TEXT, Frame, json_fields
from .live import LiveStore
from .run import SessionLog
from .turns import TurnFold
from .writer import EARLY_BYTES, Writer

_LOG = logging.getLogger(__name__)

Listener = Callable[[int, list[Row]], None]


class Recorder:
    """Record one run, to a folder or, without one, to bounded memory.

    Args:
        folder: Where to; `None` keeps the last `memory` bytes in memory only.
        clock: Tells the time (DESIGN 14).
        meta: Added to `session.json`: `model`, `setup` (redacted) and the like.
        on_trouble: Called on the writer's thread with a `LogError` when frames cannot be kept.
        backlog: Most bytes that may wait for the disk; what comes beyond is lost, counted and told.
        memory: Most bytes of frames kept without a folder; the oldest go first.

    Raises:
        LogError: the folder cannot be made.

    Attributes:
        log: The run, readable while it is recorded.
        fold: Its turns; set `fold.on_started` and `fold.on_ended` to hear of them.
        lost: Frames that could not be kept.

    >>> recorder = Recorder(None, clock=RealClock())
    >>> recorder.sent('{"realtimeInput": {"text": "Hi"}}', conn=0)
    0
    >>> len(recorder.log)
    1
    """

    def __init__(
        self,
        folder: Path | str | None,
        *,
        clock: Clock | None = None,
        meta: Mapping[str, Any] | None = None,
        on_trouble: Callable[[LogError], None] | None = None,
        backlog: int = 64 << 20,
        memory: int = 64 << 20,
    ) -> None:
        clock = clock or RealClock()
        self.on_trouble = on_trouble
        self.lost = 0
        self._monotonic = clock.monotonic
        self._start = clock.monotonic()
        self._next = 0
        self._conn = 0
        self._listeners: list[Listener] = []
        self._closed = False
        self._telling = 0
        meta = session_meta(clock.time(), self._start, meta or {})
        self._store = LiveStore(_open(folder, meta), backlog if folder is not None else memory, meta)
        self._lock = self._store.lock
        self.log = SessionLog(self._store, name=Path(folder).name if folder is not None else "memory")
        self.fold = TurnFold(self.log)
        self.log.attach(self)
        self._writer = Writer(self._store, self) if folder is not None else None
        # A cell that never closes its session still leaves a whole run behind.
        _OPEN.add(self)

    # The caller's side.

    def receive(self, data: bytes | str, conn: int = 0) -> tuple[int, float, Decoded[ServerMessage]]:
        """Keep a frame from the server, and only then read it and index it.

        Returns:
            Its `seq`, when it came (seconds since the run's start), and what it says.
        """
        with self._lock:
            frame, kept = self._take(data, conn, RECEIVED, TEXT if isinstance(data, str) else BINARY)
            decoded = decode(data)
            if kept:
                self._index(frame, describe(decoded, frame))
            return frame[0], frame[1] * 1e-9, decoded

    def sent(
        self,
        data: bytes | str,
        conn: int = 0,
        message: ClientMessage | Decoded[ClientMessage] | None = None,
        *,
        binary: bool = False,
    ) -> int:
        """Keep a frame of ours. Returns its `seq`.

        Args:
            data: The frame as it went out, as text or as its UTF-8.
            conn: The connection it went out on.
            message: What it was encoded from; without it the frame is decoded here.
            binary: Whether it went out as a binary frame (ours are text).
        """
        with self._lock:
            frame, kept = self._take(data, conn, SENT, BINARY if binary else TEXT)
            if kept:
                if isinstance(message, ClientMessage):
                    message = Decoded(message, data, client_kinds(message))
                decoded = message or decode_client(data)
                self._index(frame, describe(decoded, frame))
            return frame[0]

    def sent_sound(self, data: bytes, pcm: bytes, conn: int = 0) -> int:
        """Keep a chunk of the microphone as `codec.encode_audio` writes it of `pcm`, at 16 kHz.

        The fast equal of `sent` for the frame that is sent fifty times a second. Returns its `seq`.
        """
        with self._lock:
            frame, kept = self._take(data, conn, SENT, TEXT)
            if kept:
                self._index(frame, mic_chunk(pcm, frame))
            return frame[0]

    def local(self, kind: str, conn: int | None = None, **fields: Any) -> int:
        """Keep something that happened here: `open`, `close`, `mark`, `playback`, … Returns its `seq`.

        Fields the frames and turns understand: `mark(label)`; `playback(turn, played_ms)`, how much of a
        turn's sound has left the speaker; `tool(id, event="started"|"printed"|"finished"|"failed", text)`;
        `close(code, reason)`; `drop(what, count)`.
        """
        extra = json_fields(fields)
        kind = kind.encode("utf-8", "replace").decode()
        with self._lock:
            frame, kept = self._take(extra, self._conn if conn is None else conn, LOCAL, 0, kind)
            if kept:
                self._index(frame, describe_local(frame, fields, extra))
            return frame[0]

    def _take(
        self, data: bytes | str, conn: int, direction: int, opcode: int, kind: str = ""
    ) -> tuple[Frame, bool]:
        """Take a frame in. Returns it, and whether there was room for it."""
        if type(data) is not bytes and not isinstance(data, str):
            data = bytes(data)
        seq = self._next
        self._next = seq + 1
        if conn != self._conn:
            self._conn = conn = min(max(conn, 0), 65535)
        t_ns = int((self._monotonic() - self._start) * 1e9)
        frame = (seq, t_ns, conn, direction, opcode, data, kind)
        if self._closed or not self._store.take(frame):
            self.lost += 1
            return frame, False
        if self._writer is not None and self._store.waiting > EARLY_BYTES:
            self._writer.hurry()
        return frame, True

    def _index(self, frame: Frame, described: Described) -> None:
        self._store.index(frame[0], described)
        self._telling = threading.get_ident()
        try:
            if isinstance(described, Chunk):
                self.fold.feed_chunk(described)
            else:
                self.fold.feed(described)
            if self._listeners:
                rows = rows_of(described)
                for listener in self._listeners:
                    listener(frame[0], rows)
        except Exception as error:  # noqa: BLE001  # whatever a listener raises
            # A listener's fault must not stop the receiving loop, nor pass in silence.
            self.tell(
                LogError(f"a listener of the log failed: {error!r}", hint="The frame is kept all the same.")
            )
        finally:
            self._telling = 0

    def tell(self, trouble: LogError) -> None:
        """Tell of trouble through `on_trouble`, or else through the program's log."""
        try:
            if self.on_trouble is not None:
                self.on_trouble(trouble)
                return
        except Exception:  # noqa: BLE001  # whatever the user's callback raises
            _LOG.exception("on_trouble failed")
        _LOG.error("%s", trouble)

    # Listening, flushing, ending.

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(seq, rows)` for each frame once indexed, on the recording thread."""
        self._listeners = [*self._listeners, listener]

        def stop() -> None:
            self._listeners = [other for other in self._listeners if other is not listener]

        return stop

    @property
    def closed(self) -> bool:
        """Whether recording has ended."""
        return self._closed

    @property
    def seq(self) -> int:
        """The `seq` the next frame will get."""
        return self._next

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until what was recorded so far is on disk. Returns whether it is.

        A listener does not wait: it holds up the recording, and with it what it would wait for.
        """
        waits = not self._closed and self._telling != threading.get_ident()
        return self._writer is None or self._writer.flush(self._next, timeout if waits else 0.0)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is left and close the files. Frames that come later are counted as lost."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        _OPEN.discard(self)
        if self._writer is not None:
            self._writer.stop(timeout)

    def __repr__(self) -> str:
        return f"<Recorder of {self.log!r}>"


def _open(folder: Path | str | None, meta: Mapping[str, Any]) -> RunFiles | None:
    if folder is None:
        return None
    try:
        return RunFiles(Path(folder), meta)
    except OSError as error:
        raise LogError(
            f"cannot record to {folder}: {error.strerror or error}",
            hint="Choose another folder with log=…, or record to memory with log=False.",
        ) from error


_OPEN: weakref.WeakSet[Recorder] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for recorder in list(_OPEN):
        recorder.close()


def record(log: Path | str | bool | None, **options: Any) -> Recorder:
    """Open the recorder that `log=` asks for: a path, `None` for the default folder, `False` for memory."""
    if log is False:
        return Recorder(None, **options)
    if log is None or log is True:
        name = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}_{secrets.token_hex(2)}"
        log = runs_folder() / name
    return Recorder(log, **options)


__all__ = ["Recorder", "record", "runs_folder"]
