"""What a person gives for a setting, made into the wire's structures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from ..errors import ConfigError
from . import tolerant
from .client import Setup, Tool
from .content import Content, FunctionDeclaration, Part
from .wire import Wire

W = TypeVar("W", bound=Wire)
ToolSpec = str | Mapping[str, Any] | Tool | FunctionDeclaration | Callable[..., Any]


def unless_empty(made: W) -> W | None:
    """Leave out what nothing is set in."""
    return None if made == type(made)() else made


def struct(value: W | Mapping[str, Any] | None, kind: type[W]) -> W | None:
    """Take a structure as it is, or make it of a dict in either spelling."""
    if value is None or isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise ConfigError(f"A {kind.__name__} is given as one or as a dict, not as {value!r}.")
    try:
        return tolerant.build(value, kind)
    except ValueError as refusal:
        raise ConfigError(str(refusal), hint="fields newer than this package go into extra={…}") from None


def structs(values: Sequence[W | Mapping[str, Any]] | None, kind: type[W]) -> list[W] | None:
    """Do the same to each of a list."""
    if values is None:
        return None
    return [made for value in values if (made := struct(value, kind)) is not None]


def switch(value: bool | W | Mapping[str, Any] | None, kind: type[W]) -> W | None:
    """Take True for an empty structure, whose presence turns something on."""
    if value is None or isinstance(value, bool):
        return kind() if value else None
    return struct(value, kind)


def model_path(model: str | None) -> str | None:
    """Put `models/` before a bare name; a path stays as it is."""
    return model if model is None or "/" in model else f"models/{model}"


def instruction(given: str | Content | Mapping[str, Any] | None) -> Content | None:
    """Make a Content of plain text, in the role google-genai gives it."""
    if isinstance(given, str):
        return Content(role="user", parts=[Part(text=given)])
    return struct(given, Content)


def listed(specs: Iterable[ToolSpec] | ToolSpec | None) -> tuple[ToolSpec, ...]:
    """Take one tool, or several.

    Raises:
        ConfigError: It is neither a tool nor a list of them.
    """
    if specs is None:
        return ()
    if isinstance(specs, str | Mapping | Wire) or callable(specs):
        return (specs,)
    if not isinstance(specs, Iterable):
        raise ConfigError(f"tools is a list of functions, not {specs!r}", hint="tools=[my_function]")
    return tuple(specs)


def check_extra(value: Mapping[str, Any] | None) -> None:
    """Hold what is to be merged into the setup against what JSON can say.

    Raises:
        ConfigError: It is no dict, or cannot be written as JSON.
    """
    if value is None:
        return
    example = 'extra={"generationConfig": {"newField": 1}}'
    if not isinstance(value, Mapping):
        raise ConfigError(f"extra is a dict that is merged into the setup, not {value!r}", hint=example)
    try:
        msgspec.json.encode(value)
    except (TypeError, ValueError) as refusal:
        raise ConfigError(f"extra cannot be written as JSON: {refusal}", hint=example) from None


def tools(specs: Sequence[ToolSpec], declarations: Sequence[FunctionDeclaration]) -> list[Tool]:
    """Make the tools of the setup: the server's own one by one, all functions in one tool at the end."""
    made: list[Tool] = []
    functions: list[FunctionDeclaration] = []
    for spec in specs:
        if isinstance(spec, FunctionDeclaration):
            functions.append(spec)
        elif isinstance(spec, str | Mapping | Tool):
            tool = _tool(spec)
            functions += tool.function_declarations or ()
            rest = msgspec.structs.replace(tool, function_declarations=None)
            if rest != Tool():
                made.append(rest)
    functions += declarations
    return [*made, Tool(function_declarations=functions)] if functions else made


def _tool(spec: str | Mapping[str, Any] | Tool) -> Tool:
    if isinstance(spec, Tool):
        return spec
    if isinstance(spec, str):
        spec = {spec: {}}
    elif "name" in spec:
        spec = {"function_declarations": [spec]}
    made = struct(spec, Tool)
    return Tool() if made is None else made


def check_types(setup: Setup) -> None:
    """Hold the values against the types they are declared with."""
    try:
        msgspec.convert(msgspec.to_builtins(setup, builtin_types=(bytes,)), Setup)
    except (msgspec.ValidationError, TypeError) as refusal:
        where = str(refusal).replace("$.", "setup.")
        raise ConfigError(f"A setting is of a wrong type: {where}", hint="see help(LiveConfig)") from None


def as_guide(setup: Setup) -> dict[str, Any]:
    """Spell a setup as Google's guide does: generation settings beside the model, no role in instructions."""
    spelled: dict[str, Any] = msgspec.to_builtins(setup)
    generation = spelled.pop("generationConfig", {})
    instruction = spelled.get("systemInstruction")
    if isinstance(instruction, dict):
        instruction.pop("role", None)
    model = {"model": spelled.pop("model")} if "model" in spelled else {}
    return {**model, **generation, **spelled}
