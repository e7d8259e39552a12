"""What a session is set to, and how that is changed while it goes on."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from gemini_live_nb.errors import SessionClosed
from gemini_live_nb.protocol import client, given
from gemini_live_nb.protocol.client import ClientMessage, ContextUpdate, ContextUpdateTools
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.content import Content
from gemini_live_nb.protocol.endpoint import Endpoint
from gemini_live_nb.protocol.given import ToolSpec
from gemini_live_nb.protocol.models import bare_name, family

from .conversing import Conversing
from .resume import Resumption
from .tools import Toolbox, added


class Changing(Conversing):
    """The part of a `LiveSession` that holds its settings and tools."""

    endpoint: Endpoint
    config: LiveConfig
    _resumption: Resumption
    _toolbox: Toolbox
    # Functions declared without one of ours: their calls are the user's to answer.
    _others: frozenset[str]
    _said: frozenset[str] = frozenset()

    def _configure(self, config: LiveConfig) -> list[str]:
        """Take settings; returns what their model is known to refuse or ignore in them, said once."""
        toolbox = Toolbox(config.functions)
        declarations = toolbox.declarations()
        self._others = _names(config.setup(declarations).tools or ()) - frozenset(toolbox)
        self.config, self._toolbox = config, toolbox
        if self._calls is not None:
            self._calls.toolbox, self._calls.others = toolbox, self._others
        told = [*config.check(declarations, version=self.endpoint.version), *toolbox.check(config.model)]
        new = [words for words in told if words not in self._said]
        self._said |= frozenset(new)
        return new

    def _setup(self, handle: str | None) -> str:
        """The first frame of a connection; a handle goes on with its conversation."""
        config = self.config if handle is None else self._resumption.setup(self.config, handle)
        return config.frame(self._toolbox.declarations())

    async def send_context_update(
        self,
        *,
        system_instruction: str | Content | None = None,
        tools: Iterable[ToolSpec] | ToolSpec | None = None,
    ) -> int:
        """Change instructions or tools in mid-session: `contextUpdate`. What is not given stays.

        Connections that resume this session keep the change.

        Args:
            system_instruction: The new instructions.
            tools: The new tools, in place of all before: Python functions, which are run when the model calls
                them, and whatever else `LiveConfig.tools` takes; an empty list takes all away.

        Returns:
            The frame's row in the log.

        Raises:
            ConfigError: A tool that cannot be sent.

        Source: PROTOCOL.md §2.6. It is known of 3.8 that it heeds this; `use_tools` finds the way that the
        model takes.
        """
        if not self.open:
            raise SessionClosed("the session is not open", hint="connect first; or set the tools before")
        if not self._heeds_updates:
            name = bare_name(self.config.model or "")
            warnings.warn(
                f"{name} is not known to heed contextUpdate; add_tool(…), use_tools(…) find a way it takes",
                stacklevel=2,
            )
        changes = {"system_instruction": system_instruction, "tools": tools}
        self._change(**{name: value for name, value in changes.items() if value is not None})
        declared = None if tools is None else given.tools(self.config.tools, self._toolbox.declarations())
        update = ContextUpdate(
            system_instruction=given.instruction(system_instruction),
            tools=None if declared is None else ContextUpdateTools(tools=declared),
        )
        return await self._say(ClientMessage(context_update=update))

    async def use_tools(self, tools: Iterable[ToolSpec] | ToolSpec) -> str:
        """Give the model these tools from now on, in place of all before, in the way this model takes it.

        That is `contextUpdate` where the model is known to heed it (3.8). Elsewhere the conversation is
        resumed over a new connection, whose setup has them (PROTOCOL.md §4.3): at once, or when the turn
        under way is over. A session that cannot be resumed, or is not open, has them in its next setup.

        Args:
            tools: What `LiveConfig.tools` takes.

        Returns:
            What was done, in words.

        Raises:
            ConfigError: A tool that cannot be sent.
        """
        tools = given.listed(tools)
        if self.open and self._heeds_updates:
            await self.send_context_update(tools=tools)
            return "the model was told (contextUpdate)"
        self._change(tools=tools)
        if not self.open:
            return "the model is told when the session connects"
        later = self.busy
        if not await self._resumption.renew():
            return "this session cannot be resumed: the model is told in the next one"
        if later:
            return "the model is told when this turn is over, over a new connection"
        return "the model was told, over a new connection"

    async def add_tool(self, tool: ToolSpec) -> str:
        """Give the model one more tool, or another of the same name; see `use_tools`."""
        return await self.use_tools(added(self.config.tools, tool))

    @property
    @abstractmethod
    def open(self) -> bool:
        """Whether the conversation goes on."""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether somebody speaks or a function runs."""

    @property
    def _heeds_updates(self) -> bool:
        known = family(self.config.model)
        return known is not None and known.context_update is True

    def _change(self, **settings: Any) -> None:
        for words in self._configure(self.config.replace(**settings)):
            warnings.warn(words, stacklevel=3)


def _names(tools: Iterable[client.Tool]) -> frozenset[str]:
    return frozenset(one.name or "" for tool in tools for one in tool.function_declarations or ())
