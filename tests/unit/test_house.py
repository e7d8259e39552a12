"""The plan of the house, held to: floors, lazy imports, sizes, and what must never be committed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "gemini_live_nb"

FLOORS = {
    "protocol": 0, "errors": 0, "audio": 0, "picture": 0, "clock": 0,
    "log": 1,
    "session": 2, "emulator": 2,
    "live": 3, "experiments": 3, "offline": 3, "demos": 3,
    "notebook": 4,
    "__init__": 5, "__main__": 5,
}  # fmt: skip
STRANGERS = {frozenset({"session", "emulator"})}
"""Rooms of one floor that must not know each other."""
UPWARD_WHEN_SHOWN = {("live", "notebook"), ("experiments", "notebook")}
"""What floor 3 holds is displayed by a widget, loaded when it is shown and not before."""
# The rooms that build DataFrames are loaded when one is asked for; nothing else may load them before.
FRAME_MAKERS = {"log/frames.py", "log/summaries.py"}
HEAVY = {"aiohttp", "altair", "anywidget", "ipywebrtc", "ipywidgets", "pandas"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = {room_of(path) for path in MODULES}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when a module is imported: not function bodies, not `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from at_import(child)


def imported(path: Path, nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Yield the absolute dotted names that import statements among the nodes ask for."""
    package = ["gemini_live_nb", *path.relative_to(PACKAGE).parent.parts]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module or "").split(".")] if node.module else base
            yield from (".".join([*base, alias.name]) for alias in node.names)


def own_rooms(names: Iterator[str]) -> Iterator[str]:
    """Yield the room each of our own imported names lives in; `__init__` for the public face."""
    for name in names:
        parts = name.split(".")
        if parts[0] == "gemini_live_nb" and parts[1:] not in (["__version__"], []):
            yield parts[1] if parts[1] in ROOMS | set(FLOORS) else "__init__"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=MODULES, ids=name_of)
def module(request):
    return request.param


def test_every_room_stands_on_a_floor():
    assert set(FLOORS) >= ROOMS, "name the new room's floor in FLOORS, and in the README's architecture"


def test_arrows_only_point_down(module):
    room = room_of(module)
    lazily = set(own_rooms(imported(module, ast.walk(tree(module)))))
    at_once = set(own_rooms(imported(module, at_import(tree(module)))))
    upward = {other for other in lazily - {room} if FLOORS[other] > FLOORS[room]}
    upward -= {other for other in upward - at_once if (room, other) in UPWARD_WHEN_SHOWN}
    assert not upward, f"{room} imports {upward}, which stands above it"
    assert not {other for other in lazily if frozenset({room, other}) in STRANGERS}


def test_no_rooms_import_each_other_in_a_circle():
    arrows: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in MODULES:
        room = room_of(path)
        others = set(own_rooms(imported(path, ast.walk(tree(path))))) - {room}
        arrows[room] |= {other for other in others if (room, other) not in UPWARD_WHEN_SHOWN}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' → '.join(error.args[1])}")


def makes_frames(path: Path) -> bool:
    return any(path.as_posix().endswith(name) for name in FRAME_MAKERS)


def test_heavy_libraries_are_not_imported_by_the_lower_floors(module):
    room = room_of(module)
    allowed = {"aiohttp"} if room == "emulator" else set()
    allowed |= {"pandas"} if makes_frames(module) else set()
    top_level = {name.split(".")[0] for name in imported(module, at_import(tree(module)))}
    anywhere = {name.split(".")[0] for name in imported(module, ast.walk(tree(module)))}
    if FLOORS[room] <= 2 or room in {"__init__", "__main__"}:
        assert not (top_level & HEAVY) - allowed
    assert not (anywhere & {"aiohttp"}) - allowed, "aiohttp is the emulator's alone"
    assert "google.genai" not in {
        ".".join(name.split(".")[:2]) for name in imported(module, ast.walk(tree(module)))
    }


@pytest.mark.parametrize("what", ["the package", "floors 0 to 2, the emulator apart"])
def test_importing_stays_light(what):
    names = ["gemini_live_nb"]
    if what != "the package":
        lower = [path for path in MODULES if FLOORS[room_of(path)] <= 2 and room_of(path) != "emulator"]
        light = [path for path in lower if not makes_frames(path)]
        names += [
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in light
        ]
    program = f"import sys, {', '.join(names)}\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_files_and_functions_fit_the_eye(module):
    lines = module.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, "a file is one idea: part it"
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            length = 1 + (body[-1].end_lineno or 0) - body[0].lineno if body else 0
            assert length <= 60, f"{node.name} is {length} lines long"


def committed() -> list[Path]:
    """Every file that is committed, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout: nothing is committed from here")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# Put together from halves, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a package host": re.compile(
        r"https?://[^\s/\"']*(?:"
        + "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + "js", "deb" + r"\.debian"])
        + ")"
    ),
    "a path of one machine": re.compile(r"(?<![\w./:-])/(?:work|root|Users/\w+|home/\w+)/\w"),
    "a Windows user's path": re.compile(r"[A-Z]:\\{1,2}Users\\"),
    "an API key": re.compile("AI" + r"za[0-9A-Za-z_-]{30,}"),
    "an access token": re.compile("ya" + r"29\.[0-9A-Za-z_-]{20,}"),
    "an ephemeral token": re.compile("auth" + r"_tokens/[0-9a-f]{32,}"),
    "a private key": re.compile("BEGIN [A-Z ]*PRIVATE" + " KEY"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_is_committed_that_must_not_be(what):
    found = []
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a sound
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in FORBIDDEN[what].finditer(text)]
    assert not found, f"holds {what}; a made-up one is put together in the test that needs it"


MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|document\.write|\beval\(|new Function\("
)


@pytest.mark.parametrize("script", sorted(PACKAGE.rglob("static/**/*.js")), ids=name_of)
def test_no_script_makes_markup_from_text(script):
    assert not MARKUP.findall(script.read_text(encoding="utf-8"))
