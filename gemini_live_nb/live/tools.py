"""The tools of a `Live`, also while a conversation goes on."""

from __future__ import annotations

from collections.abc import Iterable

from ..protocol import given
from ..protocol.given import ToolSpec
from ..session.tools import added
from .settings import Settings
from .verbs import Verbs


class Tools(Settings, Verbs):
    """What the model may call, as a `Live` holds it."""

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What the model may call. Assign other tools at any time: it says how the model is told.

        A function that is redefined in its cell is the one called next, without that. Its arguments are
        another matter: the model goes by the old ones, and you are warned, until it is told.

        Example:
            >>> live.tools = [get_weather, "google_search"]  # doctest: +SKIP
            the model was told, over a new connection
        """
        return tuple(self._config.tools)

    @tools.setter
    def tools(self, tools: Iterable[ToolSpec] | ToolSpec) -> None:
        words = self._use(given.listed(tools))
        if words:
            print(words)  # noqa: T201  # an assignment has no result to show

    def add_tool(self, tool: ToolSpec) -> str:
        """Give the model one more tool, or another of the same name, now and in all later conversations.

        Args:
            tool: A Python function, decorated with `gl.tool` or not; a tool of the server by its name; or a
                declaration, as a dict.

        Returns:
            How the model is told, in words: by `contextUpdate` where it is known to heed that (3.8), else
            over a new connection that goes on with the conversation, at once or when the turn under way is
            over; or with the next setup, where no conversation is open.

        Raises:
            ConfigError: It cannot be sent.

        Example:
            >>> live.add_tool(get_weather)  # doctest: +SKIP
            'the model was told, over a new connection'
        """
        return self._use(added(self._config.tools, tool)) or "the model is told when you connect"

    def _use(self, tools: tuple[ToolSpec, ...]) -> str:
        """Take tools; returns how the session is told, empty where none is open."""
        self.configure(tools=tools)
        session = self._open_session
        return self._call(session.use_tools(tools)) if session is not None else ""
