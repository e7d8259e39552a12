"""A Python signature as a function declaration, and a call's arguments as Python values.

Pydantic turns type hints into JSON Schema; the Live API reads a subset of OpenAPI with upper-case types,
closes the session (1007) on a keyword it does not know, and ignores `parametersJsonSchema` (PROTOCOL.md
§2.2). `openapi` makes the one of the other.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import docstring_parser
import pydantic
import typing_extensions

from gemini_live_nb.errors import ConfigError, ToolError
from gemini_live_nb.protocol.content import FunctionDeclaration

# What the API's Schema knows beside `type`, and what we hand on as it is.
_KEPT = ("description", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern")
# The only formats of text the API takes; others are told to the model in words.
_TEXT_FORMATS = ("date-time",)

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signature:
    """What the model is told about a function, and how its arguments are read.

    Attributes:
        declaration: The function as the API declares it.
        function: The function itself.
        adapters: For each argument, what reads and checks its value.
        optional: Arguments that may be None and then need not be sent.
    """

    declaration: FunctionDeclaration
    function: Callable[..., Any]
    adapters: dict[str, pydantic.TypeAdapter[Any]] = field(repr=False)
    optional: frozenset[str] = frozenset()

    def bind(self, args: Mapping[str, Any]) -> inspect.BoundArguments:
        """Read a call's arguments as the function's hints say: dataclasses, enums, dates and all.

        Raises:
            ToolError: An argument is missing, unknown or of the wrong kind, in words the model can act on.
        """
        unknown = [name for name in args if name not in self.adapters]
        if unknown:
            raise ToolError(
                f"{self._name}: no argument {unknown[0]!r}; there are {', '.join(self.adapters) or 'none'}"
            )
        values: dict[str, Any] = {}
        signature = inspect.signature(self.function)
        for name, adapter in self.adapters.items():
            if name in args:
                values[name] = self._read(name, adapter, args[name])
            elif signature.parameters[name].default is inspect.Parameter.empty:
                if name not in self.optional:
                    raise ToolError(f"{self._name}: argument {name!r} is missing")
                values[name] = None
        positional = [
            values.pop(name)
            for name, parameter in signature.parameters.items()
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY and name in values
        ]
        return signature.bind(*positional, **values)

    @property
    def _name(self) -> str:
        return self.declaration.name or "function"

    def _read(self, name: str, adapter: pydantic.TypeAdapter[Any], value: Any) -> Any:
        try:
            return adapter.validate_python(value)
        except pydantic.ValidationError as error:
            what = "; ".join(
                ".".join(str(place) for place in (name, *found["loc"])) + f": {found['msg']}"
                for found in error.errors(include_url=False, include_input=False)
            )
            raise ToolError(f"{self._name}: {what}") from None


def signature(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    behavior: str | None = None,
) -> Signature:
    """Read a function's name, type hints and docstring (Google, NumPy or reST style) as a declaration.

    Args:
        function: Any callable with a signature. Hints may be `Literal`, `Enum`, `Optional`, lists,
            dataclasses, TypedDicts, pydantic models, `Annotated[…, Field(description=…)]`. An argument
            without a hint takes its default's type, else text.
        name: The name the model sees, where it is not the function's own.
        description: What the model is told it does, where it is not the docstring.
        behavior: `BLOCKING`, `NON_BLOCKING`, or None to leave it to the model family.

    Raises:
        ConfigError: A hint that cannot be told to the model.
    """
    name = name or getattr(function, "__name__", None) or type(function).__name__
    said = docstring_parser.parse(inspect.getdoc(function) or "")
    told = {parameter.arg_name: parameter.description for parameter in said.params}
    adapters: dict[str, pydantic.TypeAdapter[Any]] = {}
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for parameter, hint in _arguments(function, name):
        adapter, schema = _read_hint(name, parameter, hint)
        if told.get(parameter.name) and "description" not in schema:
            schema["description"] = told[parameter.name]
        adapters[parameter.name] = adapter
        properties[parameter.name] = schema
        if parameter.default is parameter.empty and not schema.get("nullable"):
            required.append(parameter.name)
    parameters: Schema = {"type": "OBJECT", "properties": properties}
    if required:
        parameters["required"] = required
    declaration = FunctionDeclaration(
        name=name,
        description=description or _description(said) or None,
        parameters=parameters if properties else None,
        behavior=behavior,
    )
    optional = frozenset(argument for argument, schema in properties.items() if schema.get("nullable"))
    return Signature(declaration, function, adapters, optional)


def _arguments(function: Callable[..., Any], name: str) -> list[tuple[inspect.Parameter, Any]]:
    """Each argument with its type hint."""
    try:
        hints = get_type_hints(_hinted(function), include_extras=True)
    except (NameError, TypeError) as error:
        raise ConfigError(
            f"tool {name!r}: a type hint cannot be read ({error})",
            hint="hints must name types that exist where the function is defined",
        ) from error
    arguments = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        guess = str if parameter.default in (parameter.empty, None) else type(parameter.default)
        arguments.append((parameter, hints.get(parameter.name, guess)))
    return arguments


def _hinted(function: Callable[..., Any]) -> Any:
    """Where the hints are: of a partial its function, of an object with `__call__` that method."""
    while hasattr(function, "func"):
        function = function.func
    return function if inspect.isroutine(function) or inspect.isclass(function) else type(function).__call__


def _read_hint(
    name: str, parameter: inspect.Parameter, hint: Any
) -> tuple[pydantic.TypeAdapter[Any], Schema]:
    try:
        adapter = pydantic.TypeAdapter(_readable(hint) if sys.version_info < (3, 12) else hint)
        return adapter, openapi(adapter.json_schema())
    except (pydantic.errors.PydanticUserError, TypeError) as error:
        raise ConfigError(
            f"tool {name!r}: argument {parameter.name!r} has a type the model cannot be told about: {hint!r}",
            hint="use str, int, float, bool, list, dict, Literal, Enum, a dataclass or a TypedDict",
        ) from error


def _readable(hint: Any) -> Any:
    """Pydantic reads `typing.TypedDict` from Python 3.12 on; before, the same one of typing_extensions."""
    if typing_extensions.is_typeddict(hint):
        fields = get_type_hints(hint, include_extras=True)
        return typing_extensions.TypedDict(  # type: ignore[operator]  # mypy takes it for a special form
            hint.__name__, {name: _readable(value) for name, value in fields.items()}, total=hint.__total__
        )
    inner = get_args(hint)
    origin = get_origin(hint)
    if not inner or origin is Literal:
        return hint
    if origin is Annotated:
        return Annotated[(_readable(inner[0]), *hint.__metadata__)]
    readable = tuple(_readable(argument) for argument in inner)
    if readable == inner:
        return hint
    return Union[readable] if origin in (Union, types.UnionType) else origin[readable]  # noqa: UP007  # made at run time


def _description(said: docstring_parser.Docstring) -> str:
    lines = [said.short_description, said.long_description]
    if said.returns is not None and said.returns.description:
        lines.append(f"Returns: {said.returns.description}")
    return "\n\n".join(line for line in lines if line)


def openapi(schema: Mapping[str, Any]) -> Schema:
    """Rewrite JSON Schema as the API's subset of OpenAPI.

    `$defs` are put in place, `const` becomes an `enum`, null becomes `nullable`, types are upper-case, and
    what the API does not know is left out. A type that contains itself is cut where it does.

    >>> openapi({"anyOf": [{"type": "integer"}, {"type": "null"}], "title": "Age"})
    {'type': 'INTEGER', 'nullable': True}
    """
    return _schema(schema, schema.get("$defs", {}), ())


def _schema(given: Mapping[str, Any], defs: Mapping[str, Any], inside: tuple[str, ...]) -> Schema:
    for part in given.get("allOf", ()):
        given = {**part, **given}
    if "$ref" in given:
        ref = str(given["$ref"]).rsplit("/", 1)[-1]
        if ref in inside:
            return {"type": "OBJECT"}
        given = {**defs[ref], **{key: value for key, value in given.items() if key != "$ref"}}
        inside = (*inside, ref)
    choices = given.get("anyOf") or given.get("oneOf")
    if choices:
        return _choice(given, [_schema(choice, defs, inside) for choice in choices])
    kind = _type(given)
    schema: Schema = {"type": kind}
    schema |= {key: given[key] for key in _KEPT if key in given}
    _limits(given, schema)
    _values(given, schema)
    if kind == "ARRAY":
        items = given.get("items") or _tuple_items(given)
        schema["items"] = _schema(items if isinstance(items, Mapping) else {}, defs, inside)
    if "properties" in given:
        schema["properties"] = {
            name: _schema(value, defs, inside) for name, value in given["properties"].items()
        }
        if given.get("required"):
            schema["required"] = list(given["required"])
    return schema


def _type(given: Mapping[str, Any]) -> str:
    if "type" in given:
        return str(given["type"]).upper()
    values = given.get("enum") or ([given["const"]] if "const" in given else [])
    if values and all(isinstance(value, (int, float)) for value in values):
        return "NUMBER"
    # The API wants a type for everything; for `Any`, text says it all.
    return "OBJECT" if "properties" in given else "STRING"


def _choice(given: Mapping[str, Any], choices: list[Schema]) -> Schema:
    some = [choice for choice in choices if choice["type"] != "NULL"]
    distinct = [choice for number, choice in enumerate(some) if choice not in some[:number]]
    # With `anyOf` google-genai says OBJECT, whatever the choices are.
    schema: Schema = distinct[0] if len(distinct) == 1 else {"type": "OBJECT", "anyOf": distinct}
    if len(some) < len(choices):
        schema["nullable"] = True
    if "description" in given:
        schema["description"] = given["description"]
    return schema


def _limits(given: Mapping[str, Any], schema: Schema) -> None:
    """The API has no exclusive limits: among integers the next one will do, else the limit itself."""
    step = 1 if schema["type"] == "INTEGER" else 0
    if "exclusiveMinimum" in given:
        schema["minimum"] = given["exclusiveMinimum"] + step
    if "exclusiveMaximum" in given:
        schema["maximum"] = given["exclusiveMaximum"] - step


def _values(given: Mapping[str, Any], schema: Schema) -> None:
    """Enumerated values, which the API takes as text only, and formats."""
    values = [given["const"]] if "const" in given else given.get("enum")
    if values is not None and all(isinstance(value, str) for value in values):
        schema["enum"] = list(values)
    elif values is not None:
        _say(schema, "One of: " + ", ".join(str(value) for value in values) + ".")
    form = given.get("format")
    if form in _TEXT_FORMATS:
        schema["format"] = form
    elif form and schema["type"] == "STRING":
        _say(schema, f"Format: {form}.")


def _say(schema: Schema, words: str) -> None:
    schema["description"] = f"{schema['description']} {words}" if "description" in schema else words


def _tuple_items(given: Mapping[str, Any]) -> Schema:
    kinds = given.get("prefixItems") or []
    distinct = [kind for number, kind in enumerate(kinds) if kind not in kinds[:number]]
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct} if distinct else {}
