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
    """

    owed = False

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

    def respond(self, row: Row, t: float) -> ToolCall | None:
        """A result is sent. Returns the call it answers, found by id or, without one, by name."""
        self.owed = not row.flags & index.SILENT
        call = self.get(row.tool_id) or self._by_name(row)
        if call is None:
            return None
        given = json_object(row.extra)
        result = given.get("response")
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
        """A local `tool` event: `{"id", "event": "started" | "printed" | "finished" | "failed", "text"?}`."""
        call = self.get(str(event.get("id", "")))
        if call is None:
            return
        match event.get("event"):
            case "started":
                call.started = t
                call.state = "running" if call.open else call.state
            case "printed":
                call.prints.append(str(event.get("text", "")))
            case "finished":
                call.finished = t
            case "failed":
                call.finished, call.error = t, str(event.get("text", ""))
