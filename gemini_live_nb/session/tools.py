"""Python functions as tools of the model."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

from gemini_live_nb.errors import ConfigError
from gemini_live_nb.protocol.content import FunctionDeclaration
from gemini_live_nb.protocol.given import ToolSpec
from gemini_live_nb.protocol.models import bare_name, family
from gemini_live_nb.protocol.wire import Wire

if TYPE_CHECKING:
    from .declare import Signature

Behavior = Literal["BLOCKING", "NON_BLOCKING"]
Scheduling = Literal["INTERRUPT", "WHEN_IDLE", "SILENT"]

DEFAULT_TIMEOUT = 60.0
"""Seconds a function may take where it does not say."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


class Tool:
    """A function the model may call; calling the `Tool` calls the function.

    Made by `tool`, or from any callable in `tools=[…]`. Its function is looked up anew for every call: a
    function redefined in its notebook cell is the one called next.

    Attributes:
        function: The function as it was given.
        name: The name the model sees.
        behavior: `BLOCKING`, `NON_BLOCKING`, or None to leave it to the model family.
        scheduling: When the model is to speak about a `NON_BLOCKING` result, None for the API's own default.
        timeout: Seconds it may take.
        approve: Whether a person must say yes to each call.

    Raises:
        ConfigError: A value that cannot be meant, or a name the API does not take.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        behavior: Behavior | None = None,
        scheduling: Scheduling | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        approve: bool = False,
    ) -> None:
        if not callable(function):
            raise ConfigError(
                f"a tool must be a function, not {function!r}",
                hint='a Python function; or by name a tool of the server, such as "google_search"; or a '
                "declaration, as a dict",
            )
        self.function = function
        self.name = str(name or getattr(function, "__name__", type(function).__name__))
        self.description = description
        self.streams = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        # Several answers to one call exist for NON_BLOCKING functions only (PROTOCOL.md §2.5).
        self.behavior: Behavior | None = behavior or ("NON_BLOCKING" if self.streams else None)
        self.scheduling = scheduling
        self.timeout = timeout
        self.approve = approve
        self._check()
        functools.update_wrapper(self, function, updated=())
        # The Tool itself when its function was decorated, the bare function when it was only listed.
        self._home = _home_of(function)

    def _check(self) -> None:
        """Fail where the function is defined, not when the model first calls it."""
        if not _NAME.fullmatch(self.name):
            raise self._wrong(
                "the API takes no such name",
                'letters without accents, digits and _ only: @tool(name="…")',
            )
        self._one_of("behavior", Behavior)
        self._one_of("scheduling", Scheduling)
        if not isinstance(self.approve, bool):
            raise self._wrong(f"approve is True or False, not {self.approve!r}", "approve=True asks a person")
        seconds: Any = self.timeout
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not 0 < seconds < math.inf:
            raise self._wrong(f"timeout is seconds, more than 0, not {seconds!r}", "timeout=10")
        if self.behavior == "BLOCKING" and self.streams:
            raise self._wrong(
                "a generator answers several times, which BLOCKING functions may not",
                'leave behavior out, or say "NON_BLOCKING"',
            )
        if self.behavior == "BLOCKING" and self.scheduling is not None:
            raise self._wrong(
                f"scheduling={self.scheduling!r} is for NON_BLOCKING functions",
                'say behavior="NON_BLOCKING", or leave scheduling out',
            )

    def _one_of(self, what: str, values: Any) -> None:
        value, known = getattr(self, what), get_args(values)
        if value is not None and value not in known:
            near = difflib.get_close_matches(str(value).upper().replace(" ", "_"), known, 1)
            listed = ", ".join(f'"{one}"' for one in known)
            hint = f'did you mean "{near[0]}"?' if near else f"one of {listed}"
            raise self._wrong(f"there is no {what} {value!r}", hint)

    def _wrong(self, what: str, hint: str) -> ConfigError:
        return ConfigError(f"tool {self.name!r}: {what}", hint=hint)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function yourself."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"

    @functools.cached_property
    def signature(self) -> Signature:
        """What the model is told, and how arguments are read."""
        from .declare import signature

        return signature(self.function, name=self.name, description=self.description, behavior=self.behavior)

    @property
    def declaration(self) -> FunctionDeclaration:
        """The function as the API declares it.

        Example:
            >>> def add(a: int, b: int) -> int:
            ...     "Add two numbers."
            >>> Tool(add).declaration.parameters["required"]
            ['a', 'b']
        """
        return self.signature.declaration

    def current(self) -> Tool:
        """The tool as its cell or module defines it now: itself, unless its name has a newer function."""
        if self._home is None:
            return self
        module, name = self._home
        now = getattr(sys.modules.get(module), name, None)
        if isinstance(now, Tool):
            return now
        if now is self.function or not inspect.isfunction(now):
            return self
        return Tool(
            now,
            name=self.name if self.name != name else None,
            description=self.description,
            behavior=self.behavior,
            scheduling=self.scheduling,
            timeout=self.timeout,
            approve=self.approve,
        )


def _home_of(function: Callable[..., Any]) -> tuple[str, str] | None:
    """The module and name a function can be looked up by again; None for lambdas, methods, nested ones."""
    qualified = getattr(function, "__qualname__", "")
    if not inspect.isfunction(function) or not qualified.isidentifier():
        return None
    return function.__module__, qualified


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    behavior: Behavior | None = None,
    scheduling: Scheduling | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    approve: bool = False,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    behavior: Behavior | None = None,
    scheduling: Scheduling | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    approve: bool = False,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a function a tool, and say how it is to be called.

    A plain function in `tools=[…]` does too; the decorator is for what differs from the defaults. Functions
    run on worker threads, coroutines on the users' loop, generators answer once for each value they yield.
    What they print is shown with their call. What they return is sent as JSON, what they raise as `{"error":
    …}`.

    Args:
        function: The function, when used as a bare `@tool`.
        name: The name the model sees; default the function's own.
        description: What the model is told it does; default its docstring.
        behavior: `BLOCKING`: the model waits for the result. `NON_BLOCKING`: the talk goes on meanwhile.
            None: what the model family does by itself (2.5 and 3.1 wait, 3.8 does not).
        scheduling: For `NON_BLOCKING`: `INTERRUPT` cuts in with the result, `WHEN_IDLE` waits for a pause,
            `SILENT` only remembers it.
        timeout: Seconds it may take before the model is told that it timed out.
        approve: Ask a person before each call.

    Example:
        >>> @tool(behavior="NON_BLOCKING", scheduling="WHEN_IDLE", timeout=10)
        ... def look_up(word: str) -> str:
        ...     "Look a word up in the dictionary."
        ...     return "a unit of language"
        >>> look_up("word")
        'a unit of language'

    Source: PROTOCOL.md §2.5, §4.2.
    """

    def make(function: Callable[..., Any]) -> Tool:
        return Tool(
            function,
            name=name,
            description=description,
            behavior=behavior,
            scheduling=scheduling,
            timeout=timeout,
            approve=approve,
        )

    return make if function is None else make(function)


class Toolbox(Mapping[str, Tool]):
    """The tools of one session by name.

    Args:
        given: Functions and `Tool`s.

    Raises:
        ConfigError: Two tools of one name.
    """

    def __init__(self, given: Iterable[Callable[..., Any] | Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for each in given:
            one = each if isinstance(each, Tool) else Tool(each)
            if one.name in self._tools:
                raise ConfigError(
                    f"two tools are named {one.name!r}", hint='give one another name: @tool(name="…")'
                )
            self._tools[one.name] = one

    def __getitem__(self, name: str) -> Tool:
        return self._tools[name]

    def __iter__(self) -> Any:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def declarations(self) -> list[FunctionDeclaration]:
        """What the model is told at setup. Made of each function as it is defined now."""
        self._tools = {name: one.current() for name, one in self._tools.items()}
        return [one.declaration for one in self._tools.values()]

    def check(self, model: str | None) -> list[str]:
        """Say what a model is known to refuse in how results of these tools are sent."""
        known = family(model)
        if known is None or known.scheduling is not False:
            return []
        return [
            f"{bare_name(model or '')} refuses scheduling in a function response (1007): "
            f"{one.scheduling} of {one.name} is left out."
            for one in self._tools.values()
            if one.scheduling is not None
        ]

    def find(self, name: str) -> tuple[Tool | None, bool]:
        """Find the function to call now.

        Returns:
            The tool, None where there is none of this name; and whether its declaration has changed since the
            model was told, in which case the model still goes by the old one.
        """
        told = self._tools.get(name)
        if told is None:
            return None, False
        now = told.current()
        return now, now is not told and now.declaration.parameters != told.declaration.parameters


def added(specs: Iterable[ToolSpec], new: ToolSpec) -> tuple[ToolSpec, ...]:
    """Add a tool to others; one of the same name gives way.

    >>> added(("google_search", {"name": "book"}), {"name": "book", "description": "Book a room."})
    ('google_search', {'name': 'book', 'description': 'Book a room.'})
    """
    name = _name_of(new)
    return (*(spec for spec in specs if name is None or _name_of(spec) != name), new)


def _name_of(spec: ToolSpec) -> str | None:
    """What a tool is called; None for several in one."""
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Mapping):
        return str(spec["name"]) if "name" in spec else None
    if isinstance(spec, FunctionDeclaration):
        return spec.name
    if isinstance(spec, Wire):
        return None
    return (spec if isinstance(spec, Tool) else Tool(spec)).name
