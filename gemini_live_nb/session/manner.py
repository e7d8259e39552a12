"""How a model takes the answers to its calls."""

from __future__ import annotations

from typing import Any, NamedTuple

from gemini_live_nb.protocol.content import FunctionCall, FunctionResponse
from gemini_live_nb.protocol.models import family

from .tools import Tool


class Manner(NamedTuple):
    """What a model family and its server make of function responses.

    Attributes:
        waits: Whether the model waits for a function that does not say (`BLOCKING`).
        schedules: Whether a response may carry `scheduling`.
        continues: Whether there may be several responses to one call: not on Vertex AI.

    Source: PROTOCOL.md §2.5, §4.2.
    """

    waits: bool = True
    schedules: bool = True
    continues: bool = True

    @classmethod
    def of(cls, model: str | None, *, vertex: bool) -> Manner:
        """What is known of a model; one that nobody has described is taken for the most usual."""
        known = family(model)
        return cls(
            waits=known is None or known.behaviors[0] == "BLOCKING",
            schedules=known is None or known.scheduling is not False,
            continues=not vertex,
        )

    def together(self, tool: Tool | None) -> bool:
        """Whether the model waits for this function, so that calls of one frame are answered in one."""
        return tool is None or tool.behavior == "BLOCKING" or (tool.behavior is None and self.waits)

    def part(self, call: FunctionCall, tool: Tool, response: dict[str, Any]) -> FunctionResponse:
        """One of several responses; more follow."""
        return self._response(call, response, tool.scheduling, will_continue=True)

    def last(self, call: FunctionCall, tool: Tool | None, response: dict[str, Any]) -> FunctionResponse:
        """The only response, or the last one.

        A generator that ends without a result has said it all: `SILENT`, or the model may speak once more.
        """
        scheduling = tool.scheduling if tool is not None else None
        if tool is None or not tool.streams:
            return self._response(call, response, scheduling, will_continue=None)
        quiet = not response and self.continues
        return self._response(call, response, "SILENT" if quiet else scheduling, will_continue=False)

    def _response(
        self,
        call: FunctionCall,
        response: dict[str, Any],
        scheduling: str | None,
        *,
        will_continue: bool | None,
    ) -> FunctionResponse:
        return FunctionResponse(
            id=call.id,
            name=call.name,
            response=response,
            scheduling=scheduling if self.schedules else None,
            will_continue=will_continue if self.continues else None,
        )
