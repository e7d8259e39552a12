"""The function calls of a run: asked for, run here, answered."""

from __future__ import annotations

from typing import Any

import msgspec

from . import index
from .index import Row, json_object
from .turn import ToolCall


class Calls(dict[str, ToolCall]):
    """Every call by its id; one that comes without an id gets one of ours.

    Attributes:
        owed: Whether a result was sent that the model has not yet spoken about (and was not told to keep
            silent).
        due: For each frame of such results that the model speaks about in an answer of its own, in order:
            `seq` and their calls.
    """

    def __init__(self) -> None:
        super().__init__()
        self.owed = False
        self.due: dict[int, list[ToolCall]] = {}

    def request(self, row: Row, t: float) -> tuple[ToolCall, bool]:
        """The model asks for a call. Returns it and whether it is new: one id is one call."""
        key = row.tool_id or f"unnamed {row.seq}.{row.part}"
        known = self.get(key)
        if known is not None:
            known.deliveries += row.seq != known.seq
            return known, False
        args = json_object(row.extra).get("args")
        call = ToolCall(
            id=row.tool_id,
            name=row.tool_name,
            args=args if isinstance(args, dict) else {},
            conn=row.conn,
            seq=row.seq,
            requested=t,
        )
        self[key] = call
        return call, True

    def begin_telling(self) -> None:
        """The model begins to speak, knowing every result sent so far; of a generator it tells one by one."""
        if self.due:
            del self.due[next(iter(self.due))]
        self.owed = bool(self.due)

    def respond(self, row: Row, t: float, *, talking: bool) -> ToolCall | None:
        """A result is sent. Returns the call it answers, found by id or, without one, by name.

        Args:
            row: The result.
            t: When.
            talking: Whether the model is speaking meanwhile, and so about something else.
        """
        call = self.get(row.tool_id) or self._by_name(row)
        given = json_object(row.extra)
        result = given.get("response")
        several = bool(row.flags & index.WILL_CONTINUE or (call is not None and call.responses))
        if not row.flags & index.SILENT and (result or not several):
            self.owed = True
            if call is not None and (several or talking):
                self.due.setdefault(row.seq, []).append(call)
        if call is None:
            return None
        # An empty last result ends the call; what came before is what there was to tell.
        if result or not several or call.result is None:
            call.result = result if isinstance(result, dict) else {}
        scheduling = given.get("scheduling")
        call.scheduling = scheduling if isinstance(scheduling, str) else None
        call.responses += 1
        if row.flags & index.WILL_CONTINUE:
            call.state = "running"
            return call
        call.answered = t
        if "error" in call.result:
            call.state, call.error = "error", call.error or str(call.result["error"])
        elif call.state != "cancelled":
            call.state = "done"
        return call

    def _by_name(self, row: Row) -> ToolCall | None:
        if row.tool_id:
            return None
        return next((call for call in self.values() if call.open and call.name == row.tool_name), None)

    def cancel(self, row: Row, t: float) -> None:
        """The server takes calls back."""
        try:
            ids = msgspec.json.decode(row.extra or "[]", type=list[str])
        except msgspec.DecodeError:
            return
        for key in ids:
            call = self.get(key)
            if call is not None and call.open:
                call.state, call.cancelled = "cancelled", t

    def happened(self, event: dict[str, Any], t: float) -> None:
        """A local `tool` event, `{"id", "event", "text"?}`, as `session/calls.py` writes them."""
        call = self.get(str(event.get("id", "")))
        if call is None:
            return
        match event.get("event"):
            case "approval":
                call.state = "asking" if call.open else call.state
            case "started":
                call.started = t
                call.state = "running" if call.open else call.state
            case "printed":
                call.prints.append(str(event.get("text", "")))
            case "finished":
                call.finished = t
            case "failed":
                call.finished, call.error = t, str(event.get("text", ""))
