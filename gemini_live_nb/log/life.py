"""Which turn is under way: opened, listed, held open, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .calls import Calls
from .index import KIND, Chunk, Row, rows_of
from .inputs import Speech
from .turn import Turn

if TYPE_CHECKING:
    from .run import SessionLog

Told = Callable[[Turn], None]

_STARVED_S = 0.2
_MIC = KIND["realtimeInput.audio"]


class TurnLife:
    """The turns so far, the one in progress, and the one the user began meanwhile.

    `current` is answered by the model until it ends; `_next` is what the user does while the model still
    answers. A turn is `_held` when the server has ended it but a call of it is open.
    """

    def __init__(self, log: SessionLog | None, on_started: Told | None, on_ended: Told | None) -> None:
        self.turns: list[Turn] = []
        self.calls = Calls()
        self.current: Turn | None = None
        self.owned: list[tuple[int, Turn]] = []
        self.on_started = on_started
        self.on_ended = on_ended
        self.on_lingering: Told | None = None
        self._log = log
        self._next: Turn | None = None
        self._held = False
        # The model has begun to speak, and not finished: what it is told now it does not speak about yet.
        self._talking = False
        self._spurious = False
        self._speech = Speech()
        self.unheard = False

    @property
    def user_unanswered(self) -> bool:
        """Whether the microphone told of speech that no answer has been heard to yet."""
        return self._speech.since is not None

    @property
    def lingering(self) -> Turn | None:
        """The turn that is over but for what the model may still say about a result."""
        turn = self.current
        return turn if turn is not None and self._held and turn.complete else None

    def _make(self, row: Row, by: str) -> Turn:
        turn = Turn(number=-1, conn=row.conn, opened_by=by, opened_seq=row.seq, log=self._log)
        turn.times.sent = None if by in ("server", "tool") else row.t_ns * 1e-9
        if by == "speech" and self._speech.since is not None:
            turn.opened_seq, turn.times.sent = self._speech.since
        return turn

    def _list(self, turn: Turn, row: Row) -> None:
        self.owned.append((row.seq, turn))
        if turn.number < 0:
            turn.number = len(self.turns)
            self.turns.append(turn)
            if self.on_started is not None:
                self.on_started(turn)

    def _end(self, turn: Turn) -> None:
        if not turn.answered:
            self._speech.answered(turn)
        turn.over = True
        self.current, self._next = self._next, None
        self._held = self._talking = False
        if turn.number >= 0 and self.on_ended is not None:
            self.on_ended(turn)

    def _cut_off(self) -> None:
        """The connection is gone: what was said or answered on it is not gone on with; typed text may be."""
        self.unheard = self.user_unanswered
        while (turn := self.current) is not None and not self._held:
            spoken = turn.opened_by == "speech" and not turn.typed and not turn.answered
            if not spoken and not turn.answered:
                break
            self.unheard |= spoken
            turn.lost = True
            self._end(turn)
        self._speech.forget()

    def _supersede(self, t: float) -> None:
        """End a turn whose turnComplete never came, once the next one is answered."""
        turn = self.current
        if turn is None or self._next is None or turn.tool_calls:
            return
        if turn.times.generation_complete is not None or (self._next.typed and _stray(turn, t)):
            self._end(turn)

    def _user(self, row: Row, by: str, *, asks: bool = False, sure: bool = True) -> Turn:
        """The turn that input of the user belongs to.

        Args:
            row: The input.
            by: What it is, `text` or `speech`.
            asks: Whether it asks for an answer at once.
            sure: Whether the user has really said something, which ends a turn that a call holds open.
        """
        turn = self.current
        if turn is not None and self._held and sure:
            turn.complete = True
            self._end(turn)
            turn = self.current
        if turn is None:
            turn = self.current = self._make(row, by)
        elif turn.answered or (asks and turn.typed and turn.conn == row.conn):
            if self._next is None:
                self._next = self._make(row, by)
            turn = self._next
        return turn

    def _answer(self, row: Row, t: float) -> Turn:
        """The turn that a piece of the model's answer belongs to."""
        turn = self.current
        if turn is not None and self._next is not None and (not turn.answered or _stray(turn, t)):
            self._end(turn)
            turn = self.current
        if turn is None:
            by = "tool" if self.calls.owed else "speech" if self._speech.since is not None else "server"
            turn = self.current = self._make(row, by)
        if turn.times.first_frame is None:
            turn.times.first_frame = t
            turn.conn = row.conn
            self._speech.answered(turn)
        if not self._talking:
            self.calls.begin_telling()
            self._talking = True
        if self._held and turn.interrupted and turn.tool_calls:
            # Cut by its own result, it goes on with that.
            turn.interrupted, turn.times.interrupted = False, None
        self._spurious = self._held = False
        self._list(turn, row)
        return turn

    def feed_chunk(self, chunk: Chunk) -> None:
        """Take in a frame that is nothing but a chunk of sound, of the microphone or of the model."""
        if chunk.kind == _MIC:
            self._speech.push(chunk.seq, chunk.t_ns, chunk.level, chunk.media_ms)
        elif chunk.media_bytes:
            self.hear(chunk, chunk.seq, chunk.t_ns * 1e-9, chunk.media_ms, 1)

    def hear(
        self, first: Row | Chunk, last_seq: int, last_t: float, milliseconds: float, chunks: int
    ) -> None:
        """Take in a stretch of the model's sound: frames that nothing but the microphone came between."""
        if self._next is not None:
            self._supersede(first.t_ns * 1e-9)
        turn = self.current
        if turn is None or turn.audio_span is None or self._held or self._spurious or not self._talking:
            turn = self._answer_aloud(first if isinstance(first, Row) else rows_of(first)[0])
        turn.audio_span = (turn.audio_span[0] if turn.audio_span is not None else last_seq, last_seq)
        turn.audio_ms += milliseconds
        turn.audio_chunks += chunks
        turn.times.last_audio = last_t

    def _answer_aloud(self, row: Row) -> Turn:
        """The turn that sound answers which does not go on from the chunk before."""
        t = row.t_ns * 1e-9
        turn = self._answer(row, t)
        if turn.audio_span is None:
            turn.audio_span = (row.seq, row.seq)
            turn.times.first_audio = t
        return turn


def _stray(turn: Turn, t: float) -> bool:
    """Whether a turn is but a piece that nobody asked for and that goes no further.

    Sound comes faster than it plays: once all of it has long been played, no more of it is to come.
    """
    if turn.opened_by != "server" or turn.tool_calls:
        return False
    begun = turn.times.first_audio
    return begun is None or t > begun + turn.audio_ms / 1000 + _STARVED_S
