"""Python functions as declarations and back, and the same functions as google-genai declares them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import sys
import types
from typing import Annotated, Any, Literal, NotRequired, Optional, TypedDict, Union

import msgspec
import pydantic
import pytest
from google.genai import types as google

from gemini_live_nb import Live, LiveConfig, LiveSession
from gemini_live_nb.errors import ConfigError, ToolError
from gemini_live_nb.protocol.content import FunctionDeclaration
from gemini_live_nb.session.declare import openapi
from gemini_live_nb.session.tools import Tool, Toolbox, tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: float = 1.0
    title: str = ""


class Order(TypedDict):
    item: str
    extras: NotRequired[list[str]]


class Model(pydantic.BaseModel):
    size: int
    label: str | None = None


class Odd: ...


@dataclasses.dataclass
class Tree:
    value: int
    children: list[Tree] = dataclasses.field(default_factory=list)


def plain(city: str, days: int, warm: float, sunny: bool): ...
def nothing(): ...
def defaults(city: str = "Rome", days: int = 3, sunny: bool = True, warm: float = 0.5): ...
def literal(unit: Literal["C", "F"]): ...
def literal_default(unit: Literal["C", "F"] = "C"): ...
def optional(a: Optional[int], b: str | None = None, c: Optional[list[str]] = None): ...  # noqa: UP045
def lists(a: list[str], b: list[int], c: list[list[float]]): ...
def mapping(a: dict, b: dict[str, int]): ...
def unions(a: int | str, b: Union[float, bool, None]): ...  # noqa: UP007
def model(m: Model): ...
def many_words(q: str):
    """Search for it.

    Args:
        q: what to look for
    """


@pytest.mark.parametrize(
    "function",
    [plain, nothing, defaults, literal, literal_default, optional, lists, mapping, unions, model, many_words],
    ids=lambda function: function.__name__,
)
def test_declared_as_google_genai_declares_it(function):
    ours = msgspec.to_builtins(Tool(function).declaration)
    theirs = google.FunctionDeclaration.from_callable_with_api_option(callable=function)
    assert ours["name"] == theirs.name
    assert shape(ours.get("parameters")) == shape(
        theirs.model_dump(mode="json", by_alias=True).get("parameters")
    )


def shape(schema):
    """Names, types, required, enums and null of a schema, at every depth."""
    if not schema:
        return None
    kept = {key: schema.get(key) for key in ("type", "enum")}
    kept["required"] = sorted(schema.get("required") or [])
    kept["nullable"] = bool(schema.get("nullable"))
    kept["items"] = shape(schema.get("items"))
    kept["anyOf"] = [shape(one) for one in schema.get("anyOf") or []]
    kept["properties"] = {name: shape(one) for name, one in (schema.get("properties") or {}).items()}
    return kept


def parameters(function):
    return Tool(function).declaration.parameters


def properties(function):
    return parameters(function)["properties"]


def test_dataclasses_typed_dicts_enums_and_dates_are_told():
    def book(where: Point, order: Order, colour: Colour, when: dt.date, at: dt.datetime): ...

    told = properties(book)
    assert told["where"] == {
        "type": "OBJECT",
        "properties": {"x": {"type": "INTEGER"}, "y": {"type": "NUMBER"}, "title": {"type": "STRING"}},
        "required": ["x"],
    }
    assert told["order"]["required"] == ["item"]
    assert told["order"]["properties"]["extras"] == {"type": "ARRAY", "items": {"type": "STRING"}}
    assert told["colour"] == {"type": "STRING", "enum": ["red", "blue"]}
    assert told["when"] == {"type": "STRING", "description": "Format: date."}
    assert told["at"] == {"type": "STRING", "format": "date-time"}


def test_arguments_arrive_as_the_hints_say():
    def book(where: Point, order: Order, colour: Colour, when: dt.date, pair: tuple[int, str], /): ...

    bound = Tool(book).signature.bind(
        {
            "where": {"x": 1},
            "order": {"item": "tea"},
            "colour": "blue",
            "when": "2026-11-22",
            "pair": [1, "a"],
        }
    )
    assert bound.args == (Point(1), {"item": "tea"}, Colour.BLUE, dt.date(2026, 11, 22), (1, "a"))
    assert bound.kwargs == {}


def test_a_missing_optional_is_none_and_a_missing_argument_is_told():
    def look(q: str, limit: Optional[int]): ...  # noqa: UP045

    signature = Tool(look).signature
    assert signature.bind({"q": "x"}).arguments == {"q": "x", "limit": None}
    with pytest.raises(ToolError, match="argument 'q' is missing"):
        signature.bind({"limit": 3})
    with pytest.raises(ToolError, match="no argument 'speed'; there are q, limit"):
        signature.bind({"q": "x", "speed": 3})
    with pytest.raises(ToolError, match="limit: Input should be a valid integer"):
        signature.bind({"q": "x", "limit": "many"})


@pytest.mark.parametrize(
    "docstring",
    [
        "Weather.\n\nArgs:\n    city: Which city.\n    days (int): How many.\n\nReturns:\n    Degrees.",
        "Weather.\n\nParameters\n----------\ncity : str\n    Which city.\ndays : int\n    How many.\n\nReturns\n-------\nfloat\n    Degrees.",
        "Weather.\n\n:param city: Which city.\n:param days: How many.\n:returns: Degrees.",
    ],
    ids=["google", "numpy", "rest"],
)
def test_the_docstring_describes_function_and_arguments(docstring):
    def weather(city: str, days: int): ...

    weather.__doc__ = docstring
    declared = Tool(weather).declaration
    assert declared.description == "Weather.\n\nReturns: Degrees."
    assert declared.parameters["properties"]["city"]["description"] == "Which city."
    assert declared.parameters["properties"]["days"]["description"] == "How many."


def test_annotated_descriptions_and_limits():
    def paint(
        times: Annotated[int, pydantic.Field(description="How often.", ge=1, lt=10)],
        share: Annotated[float, pydantic.Field(gt=0)],
        word: Annotated[str, pydantic.Field(max_length=5, pattern="^a")],
    ): ...

    told = properties(paint)
    assert told["times"] == {"type": "INTEGER", "description": "How often.", "minimum": 1, "maximum": 9}
    assert told["share"] == {"type": "NUMBER", "minimum": 0}
    assert told["word"] == {"type": "STRING", "maxLength": 5, "pattern": "^a"}


def test_numbers_to_choose_from_are_told_in_words():
    def roll(sides: Literal[4, 6, 20]): ...

    assert properties(roll)["sides"] == {"type": "INTEGER", "description": "One of: 4, 6, 20."}
    assert Tool(roll).signature.bind({"sides": 6}).arguments == {"sides": 6}


def test_an_argument_without_a_hint_takes_its_defaults_type():
    def guess(a, b=3, c=None): ...

    assert [one["type"] for one in properties(guess).values()] == ["STRING", "INTEGER", "STRING"]


KEYWORDS = {
    "type", "format", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
    "minLength", "maxLength", "pattern", "anyOf", "items", "minimum", "maximum",
}  # fmt: skip


def test_nothing_the_api_would_refuse_is_said():
    """Unknown keywords inside `parameters` close the session with 1007 (PROTOCOL.md §2.2)."""

    def everything(
        *,
        a: Tree, b: set[int], c: tuple[int, str], d: Any, e: bytes, f: dict[str, Model], g: Literal[1, "a"],
        h: frozenset[str] = frozenset(), i: Annotated[int, pydantic.Field(multiple_of=3, examples=[3])] = 3,
        j: object = None,
    ): ...  # fmt: skip

    def check(schema):
        assert set(schema) <= KEYWORDS
        assert schema["type"] in {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"}
        for one in (schema.get("properties") or {}).values():
            check(one)
        for one in schema.get("anyOf") or []:
            check(one)
        if "items" in schema:
            check(schema["items"])
        assert (schema["type"] == "ARRAY") == ("items" in schema)

    check(parameters(everything))
    assert properties(everything)["a"]["properties"]["children"]["items"] == {"type": "OBJECT"}


def test_schemas_of_every_shape_become_openapi():
    assert openapi({"const": "a"}) == {"type": "STRING", "enum": ["a"]}
    assert openapi({"const": 3}) == {"type": "NUMBER", "description": "One of: 3."}
    assert openapi({"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "integer"}}}) == {
        "type": "INTEGER"
    }
    assert openapi({"oneOf": [{"type": "string"}, {"type": "null"}]}) == {"type": "STRING", "nullable": True}


def test_methods_partials_and_callable_objects_can_be_tools():
    class Shop:
        def price(self, item: str) -> float:
            """The price of an item."""

        def __call__(self, n: int): ...

    assert properties(Shop().price) == {"item": {"type": "STRING"}}
    assert Tool(Shop()).name == "Shop"
    assert properties(Shop()) == {"n": {"type": "INTEGER"}}
    half = Tool(functools.partial(plain, warm=0.5, sunny=True), name="half")
    assert half.declaration.parameters["required"] == ["city", "days"]


def test_what_cannot_be_a_tool_says_why():
    def f(x: Odd): ...
    def g(x: Nowhere): ...  # noqa: F821  # it does not exist

    with pytest.raises(ConfigError, match="argument 'x' has a type the model cannot be told about"):
        _ = Tool(f).declaration
    with pytest.raises(ConfigError, match="a type hint cannot be read"):
        _ = Tool(g).declaration
    with pytest.raises(ConfigError, match="must be a function"):
        Tool("weather")
    with pytest.raises(ConfigError, match="two tools are named 'plain'"):
        Toolbox([plain, Tool(plain)])


def test_the_decorator_keeps_the_function_callable():
    @tool(name="sum_up", behavior="NON_BLOCKING", scheduling="SILENT", timeout=3, approve=True)
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    assert add(1, 2) == 3
    assert add.__doc__ == "Add."
    assert (add.name, add.declaration.behavior, add.scheduling, add.timeout, add.approve) == (
        "sum_up", "NON_BLOCKING", "SILENT", 3, True,
    )  # fmt: skip
    assert tool(plain).declaration == Tool(plain).declaration


def test_a_generator_does_not_block():
    def count():
        yield 1

    assert Tool(count).declaration.behavior == "NON_BLOCKING"
    assert Tool(plain).declaration.behavior is None


@pytest.fixture
def cell():
    """A module that stands for a notebook: `run(source)` is a cell."""
    module = types.ModuleType("a_notebook")
    sys.modules[module.__name__] = module
    yield lambda source: exec(source, module.__dict__) or module
    del sys.modules[module.__name__]


def test_a_function_redefined_in_its_cell_is_the_one_called_next(cell):
    notebook = cell("def weather(city: str):\n    return 1")
    box = Toolbox([notebook.weather])
    box.declarations()
    cell("def weather(city: str):\n    return 2")
    found, changed = box.find("weather")
    assert (found.function("Rome"), changed) == (2, False)
    cell("def weather(town: str):\n    return 3")
    found, changed = box.find("weather")
    assert (found.function("Rome"), changed) == (3, True)


def test_a_decorated_function_redefined_brings_its_new_settings(cell):
    notebook = cell(
        "from gemini_live_nb.session.tools import tool\n@tool(timeout=1)\ndef weather(city: str): ..."
    )
    box = Toolbox([notebook.weather])
    cell("@tool(timeout=2)\ndef weather(city: str): ...")
    assert box.find("weather")[0].timeout == 2


def test_nested_functions_and_lambdas_stay_what_they_are():
    def weather(city: str): ...

    box = Toolbox([weather, Tool(lambda: 1, name="one")])
    assert box.find("weather")[0].function is weather
    assert box.find("one")[0]() == 1
    assert box.find("two") == (None, False)


# What is wrong is told where the function is defined.


def add(a: int) -> int:
    return a


def count(to: int):
    yield from range(to)


@pytest.mark.parametrize(
    ("function", "how", "words"),
    [
        (add, {"behavior": "FOO"}, "there is no behavior 'FOO'"),
        (add, {"behavior": "non-blocking"}, 'did you mean "NON_BLOCKING"'),
        (add, {"scheduling": "when idle"}, 'did you mean "WHEN_IDLE"'),
        (add, {"scheduling": "SILENT", "behavior": "BLOCKING"}, "is for NON_BLOCKING functions"),
        (add, {"timeout": -1}, "timeout is seconds, more than 0, not -1"),
        (add, {"timeout": 0}, "more than 0"),
        (add, {"timeout": "10"}, "more than 0"),
        (add, {"timeout": float("inf")}, "more than 0"),
        (add, {"approve": "yes"}, "approve is True or False"),
        (add, {"name": "add them!"}, "the API takes no such name"),
        (lambda: 1, {}, "the API takes no such name"),
        (count, {"behavior": "BLOCKING"}, "a generator answers several times"),
        ("add", {}, "a tool must be a function"),
    ],
)
def test_a_value_that_cannot_be_meant_fails_at_the_definition(function, how, words):
    with pytest.raises(ConfigError) as failed:
        tool(**how)(function)
    assert words in str(failed.value)


@pytest.mark.parametrize(
    ("tools", "names"),
    [
        (add, ["add"]),
        ([add, "google_search"], ["add"]),
        ("google_search", []),
        (None, []),
        ({"name": "book"}, ["book"]),
        (FunctionDeclaration(name="book"), ["book"]),
    ],
)
def test_one_tool_or_several_of_any_make(tools, names):
    """`Live`, `LiveSession` and `LiveConfig` take the same."""
    for made in (Live(tools=tools), Live(LiveConfig(tools=tools)), LiveSession(api_key="k", tools=tools)):
        functions = Toolbox(made.config.functions).declarations()
        told = made.config.setup(functions).tools or []
        assert [one.name for each in told for one in each.function_declarations or ()] == names
        assert any(each.google_search == {} for each in told) == ("google_search" in str(tools))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tools": 3}, "tools is a list of functions, not 3"),
        ({"tools": [3]}, "a tool must be a function, not 3"),
        ({"tools": ["google_serch"]}, "google_serch"),
        ({"extra": "x"}, "extra is a dict that is merged into the setup, not 'x'"),
        ({"extra": [1]}, "extra is a dict"),
        ({"extra": {"a": object()}}, "cannot be written as JSON"),
    ],
)
def test_wrong_tools_and_extras_are_told_in_words(settings, words):
    with pytest.raises(ConfigError) as failed:
        Live(**settings)
    assert words in str(failed.value)
