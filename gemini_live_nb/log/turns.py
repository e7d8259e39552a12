"""The one fold from frames to turns, used live and over a recorded run.

How it reads the wire (PROTOCOL.md §3.2, §4.1, §4.2):

* Typed text, a speech burst, the server's ACTIVITY_START or activityStart open a turn; the model's first
  word, sound or call answers it. A turn is listed once there is anything in it.
* It is over at a `turnComplete` with none of its calls pending and no `interactionStatus: IN_PROGRESS`. Held
  open by a call, it goes on with what the model says about the result; new input of the user ends it.
* What the user does while the model answers belongs to the next turn, which begins when this one ends.
* An `interrupted`, `turnComplete` pair that finds nothing answered yet belongs to the turn before.
* Vertex closes the generation that asked for a call with a `turnComplete` of its own, after the response and
  before the answer: there a turn waits for the answer.
* 3.8 ends the turn right after the call. Where a function is quicker than that `turnComplete`, the turn waits
  for what the model says about the result all the same.
* A result that was sent while the model spoke, or is one of several of a generator, is spoken about after the
  next `turnComplete`, in the turn of its call.
* A `turnComplete` that never comes must not swallow the next turn: sound that comes after generationComplete
  and after the user's next question answers that one. So it is with words that came out of nowhere.
* Transcripts of the user may be late: they go to the spoken turn that has none yet. Pieces that came while
  the model spoke, shortly before it was interrupted, are what interrupted it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gemini_live_nb.protocol.kinds import BIT, mask
from gemini_live_nb.protocol.models import family

from . import index
from .index import KIND, Row, json_object
from .inputs import Typed
from .life import Told
from .results import Results
from .turn import ToolCall, Turn, Usage

if TYPE_CHECKING:
    from .run import SessionLog

ONLY_MIC = mask("realtimeInput", "realtimeInput.audio")
ONLY_MODEL_AUDIO = mask("serverContent", "modelTurn.audio")

_GENERATION_COMPLETE = BIT["generationComplete"]
_INTERRUPTED = BIT["interrupted"]
_TURN_COMPLETE = BIT["turnComplete"]
_CLIENT_CONTENT = BIT["clientContent"]

# Pieces of the user's transcript this close before an interruption are the speech that caused it.
_BARGE_IN_S = 3.0


class TurnFold(Results):
    """Fold frames, one after another, into turns.

    Args:
        log: Where the turns read their sound from.
        on_started: Called with a turn as soon as there is anything in it.
        on_ended: Called with a turn when it is over.

    Attributes:
        on_lingering: Called with a turn at a `turnComplete` after which the model may still speak about a
            result. It goes on with that, or ends with the user's next words.
        turns: The turns so far, in order.
        calls: Every function call by its id.
        current: The turn in progress, `None` between turns.
        owned: Which frame belongs to which turn, where it does not follow from the order: pairs of `seq` and
            turn.
        unheard: Whether speech was lost, unanswered, with the connection that ended last.
    """

    def __init__(
        self, log: SessionLog | None = None, *, on_started: Told | None = None, on_ended: Told | None = None
    ) -> None:
        super().__init__(log, on_started, on_ended)
        self._words_ahead = False
        self._late: list[tuple[float, str, Turn]] = []
        self._typed = Typed()
        self._verdict: int | None = None
        self._by_kind = self._table()

    def _table(self) -> dict[int, Callable[[Row, float], None]]:
        return {
            KIND[name]: function
            for name, function in {
                "setup": self._setup,
                "setupComplete": self._setup_complete,
                "realtimeInput.text": self._typed_live,
                "realtimeInput.audio": self._chunk,
                "realtimeInput.mediaChunks": self._chunk,
                "realtimeInput.activityStart": self._begins,
                "realtimeInput.activityEnd": self._ends,
                "realtimeInput.audioStreamEnd": self._ends,
                "toolResponse": self._responded,
                "modelTurn.audio": self._sound,
                "modelTurn.text": self._wrote,
                "modelTurn.thought": self._thought,
                "modelTurn.executableCode": self._coded,
                "modelTurn.codeExecutionResult": self._coded,
                "modelTurn.functionCall": self._called,
                "toolCall": self._called,
                "toolCallCancellation": self._cancelled,
                "outputTranscription": self._said,
                "inputTranscription": self._user_said,
                "interimInputTranscription": self._user_interim,
                "usageMetadata": self._used,
                "voiceActivity": self._activity,
                "voiceActivityDetectionSignal": self._activity,
                "turnCompleteReason": self._reason,
                "close": self._closed,
                "playback": self._played,
                "tool": self._ran,
            }.items()
        }

    def feed(self, rows: Sequence[Row], voice: int | None = None) -> None:
        """Take in the rows of one frame.

        Args:
            rows: Part 0 and the further parts of the frame.
            voice: Whether its chunk of the microphone holds speech, where `voiced.judge` has told already.
        """
        head = rows[0]
        t = head.t_ns * 1e-9
        self._verdict = voice
        if head.kinds == ONLY_MIC:
            self._chunk(head, t)
            return
        if head.kinds & _CLIENT_CONTENT:
            self._content(rows, t)
        for row in rows:
            take = self._by_kind.get(row.kind)
            if take is not None:
                take(row, t)
        if head.kinds & _GENERATION_COMPLETE:
            self._generated(head, t)
        if head.kinds & _INTERRUPTED:
            self._cut(head, t)
        if head.kinds & _TURN_COMPLETE:
            self._completed(head, t)

    # What the user does.

    def _chunk(self, row: Row, t: float) -> None:
        if row.media_rate:
            if self._verdict is None:
                self._speech.push(row.seq, row.t_ns, row.level, row.media_ms)
            else:
                self._speech.judged(row.seq, row.t_ns, self._verdict)

    def _setup(self, row: Row, t: float) -> None:
        self._vertex = False
        known = family(row.text or "")
        self._ends_at_call = known is not None and known.turn_ends_after_call == "at once"
        self._words_ahead = known is not None and known.output_transcript == "ahead"
        self._typed.setup(row)
        turn = self.current
        if turn is not None and turn.conn != row.conn:
            self._closed(row, t)

    def _setup_complete(self, row: Row, t: float) -> None:
        # Only Vertex names the session (PROTOCOL.md §3.1).
        self._vertex = bool(row.text)

    def _content(self, rows: Sequence[Row], t: float) -> None:
        texts = self._typed.push(rows)
        if texts is not None:
            self._type(self._user(rows[0], "text", asks=True), texts, rows[0])

    def _typed_live(self, row: Row, t: float) -> None:
        self._type(self._user(row, "text"), [row.text or ""], row)

    def _type(self, turn: Turn, texts: Sequence[str], row: Row) -> None:
        again = row.conn != turn.conn and all(text in turn.typed for text in texts)
        if not again:
            turn.typed.extend(text for text in texts if text)
        turn.times.sent = row.t_ns * 1e-9
        self._list(turn, row)

    def _begins(self, row: Row, t: float) -> None:
        # The server's word that somebody speaks may be a cough: it does not yet end a turn held by a call.
        turn = self._user(row, "speech", sure=bool(row.direction))
        if row.direction:
            self._list(turn, row)
        else:
            self.owned.append((row.seq, turn))

    def _ends(self, row: Row, t: float) -> None:
        turn = self._next or self.current
        if turn is None or turn.answered:
            return
        manual = row.kind == KIND["realtimeInput.activityEnd"]
        if manual or turn.times.speech_end is None:
            turn.times.speech_end = t
            turn.times.speech_end_by = "activityEnd" if manual else "audioStreamEnd"

    def _activity(self, row: Row, t: float) -> None:
        if row.flags & index.BEGINS:
            self._begins(row, t)
        elif row.flags & index.ENDS:
            turn = self._next or self.current
            if turn is not None and not turn.answered:
                turn.times.vad_end = t
                self._speech.settle(turn)

    def _user_said(self, row: Row, t: float) -> None:
        if not row.text and not row.flags & index.FINISHED:
            return
        turn = self._speaker(row, t)
        turn.input_words.add(row.text, finished=bool(row.flags & index.FINISHED))
        turn.interim = ""
        if row.text:
            self._list(turn, row)

    def _user_interim(self, row: Row, t: float) -> None:
        turn = self._speaker(row, t)
        turn.interim = row.text or ""
        self._list(turn, row)

    def _speaker(self, row: Row, t: float) -> Turn:
        """The turn that a piece of the user's transcript belongs to."""
        turn, last = self.current, self.turns[-1] if self.turns else None
        if turn is None and last is not None and self._awaits_words(last) and self._speech.since is None:
            return last
        if turn is not None and turn.answered and not self._held:
            if self._awaits_words(turn) and (self._next is None or self._next.times.vad_end is None):
                return turn
            if self._next is None:
                self._late.append((t, row.text or "", turn))
                return turn
        return self._user(row, "speech")

    @staticmethod
    def _awaits_words(turn: Turn) -> bool:
        return turn.opened_by == "speech" and not turn.input_words and not turn.typed

    # What the model does.

    def speaks(self, seq: int, t_ns: int, verdict: int) -> None:
        """Take in a chunk of the microphone that `voiced.judge` has judged."""
        self._speech.judged(seq, t_ns, verdict)

    def _sound(self, row: Row, t: float) -> None:
        if row.media_bytes:
            self.hear(row, row.seq, t, row.media_ms, 1)

    def _wrote(self, row: Row, t: float) -> None:
        self._answer(row, t).model_words.add(row.text)

    def _thought(self, row: Row, t: float) -> None:
        self._answer(row, t).thought_words.add(row.text)

    def _coded(self, row: Row, t: float) -> None:
        self._answer(row, t).code.append(row.text or "")

    def _said(self, row: Row, t: float) -> None:
        if row.text:
            if self._words_ahead:
                self._supersede(t)
            turn = self._answer(row, t)
            turn.output_words.add(row.text, turn.audio_ms, bool(row.flags & index.FINISHED))
        elif self.current is not None and row.flags & index.FINISHED:
            self.current.output_words.add(None, finished=True)

    def _used(self, row: Row, t: float) -> None:
        turn = self.current
        if turn is None or self._spurious:
            turn = next((listed for listed in reversed(self.turns) if listed is not turn), turn)
        if turn is not None:
            details = json_object(row.extra)
            turn.usage = Usage(
                row.prompt_tokens, row.response_tokens, row.thoughts_tokens, row.total_tokens, details
            )
            self.owned.append((row.seq, turn))

    def _reason(self, row: Row, t: float) -> None:
        if self.current is not None:
            self.current.reason = row.text or ""

    def _generated(self, row: Row, t: float) -> None:
        turn = self.current
        if turn is None and self.turns and self.turns[-1].times.generation_complete is None:
            turn = self.turns[-1]
        if turn is not None and (turn.answered or self._next is None):
            turn.times.generation_complete = t
            self.owned.append((row.seq, turn))
        self._talking = False

    def _cut(self, row: Row, t: float) -> None:
        turn = self.current
        self._talking = False
        if turn is not None and (turn.answered or self._next is not None):
            turn.interrupted = True
            turn.times.interrupted = turn.times.interrupted or t
            self.owned.append((row.seq, turn))
            self._barge_in(turn, row, t)
            return
        self._spurious = True
        last = next((listed for listed in reversed(self.turns) if listed is not turn), None)
        if last is not None:
            self.owned.append((row.seq, last))
            begun = last.times.first_audio
            if begun is not None and not last.interrupted and t < begun + last.audio_ms / 1000:
                last.interrupted, last.times.interrupted = True, t

    def _barge_in(self, turn: Turn, row: Row, t: float) -> None:
        """Move what the user said just before the interruption to the turn it opened."""
        pieces = [text for said, text, of in self._late if of is turn and t - said < _BARGE_IN_S]
        self._late.clear()
        if not pieces or len(pieces) >= len(turn.input_words.pieces) + len(turn.typed):
            return
        del turn.input_words.pieces[-len(pieces) :], turn.input_words.marks[-len(pieces) :]
        if self._next is None:
            self._next = self._make(row, "speech")
        for piece in pieces:
            self._next.input_words.add(piece)
        self._list(self._next, row)

    def _completed(self, row: Row, t: float) -> None:
        turn = self.current
        if turn is None or self._spurious:
            self._spurious = False
            return
        waits = self._waits(turn) or bool(row.flags & index.IN_PROGRESS)
        lingers = any(call in turn.tool_calls for calls in self.calls.due.values() for call in calls)
        self._talking = False
        turn.times.turn_complete = t
        self.owned.append((row.seq, turn))
        superseded = turn.interrupted and self._next is not None
        if superseded or not (waits or lingers):
            turn.complete = True
            self._list(turn, row)
            self._end(turn)
            return
        self._held = True
        if not waits:
            turn.complete = True
            if self.on_lingering is not None:
                self.on_lingering(turn)

    def _closed(self, row: Row, t: float) -> None:
        """The connection ended, and no answer in progress is continued (PROTOCOL.md §4.3)."""
        self._cut_off()

    def _played(self, row: Row, t: float) -> None:
        fields = json_object(row.extra)
        number = fields.get("turn")
        if isinstance(number, int) and 0 <= number < len(self.turns):
            self.turns[number].hear(fields, t)


__all__ = ["ToolCall", "Turn", "TurnFold"]
