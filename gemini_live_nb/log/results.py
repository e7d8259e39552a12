"""What function calls and their results do to a turn: hold it open, let it go on, end it."""

from __future__ import annotations

from .index import Row, json_object
from .life import TurnLife
from .turn import Turn


class Results(TurnLife):
    """The part of the fold that follows calls; see `turns.py` for how it reads the wire."""

    _vertex = False
    _ends_at_call = False

    def _called(self, row: Row, t: float) -> None:
        turn = self._answer(row, t)
        # What is said after a call is something new.
        self._talking = False
        call, new = self.calls.request(row, t)
        if new:
            turn.tool_calls.append(call)
            call.turn = turn.number

    def _waits(self, turn: Turn) -> bool:
        """Whether a `turnComplete` now is only that of the call: what the model says about it is to come."""
        if any(call.open for call in turn.tool_calls):
            return True
        if not self.calls.owed:
            return False
        asked = max((call.requested or 0.0 for call in turn.tool_calls), default=-1.0)
        before = turn.times.turn_complete
        return self._vertex or (self._ends_at_call and asked >= 0 and (before is None or before < asked))

    def _responded(self, row: Row, t: float) -> None:
        call = self.calls.respond(row, t, talking=self._talking or self._made)
        turn = self.current
        if turn is None or call is None or call not in turn.tool_calls:
            return
        self.owned.append((row.seq, turn))
        if self._held and not self.calls.owed and not any(other.open for other in turn.tool_calls):
            turn.complete = True
            self._end(turn)

    @property
    def _made(self) -> bool:
        """Whether the model has said all of an answer whose `turnComplete` is to come."""
        turn = self.current
        if turn is None or turn.times.generation_complete is None or turn.audio_span is None:
            return False
        over = turn.times.turn_complete
        return over is None or over < turn.times.generation_complete

    def _cancelled(self, row: Row, t: float) -> None:
        self.calls.cancel(row, t)
        turn = self.current
        if turn is not None and self._held and not any(call.open for call in turn.tool_calls):
            turn.complete = True
            self._end(turn)

    def _ran(self, row: Row, t: float) -> None:
        self.calls.happened(json_object(row.extra), t)
