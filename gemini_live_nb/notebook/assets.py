"""The widgets' ES modules and styles, ready for anywidget.

anywidget takes one module a widget, given as text, so a module in `static/` cannot import its neighbour in
the browser. `module()` joins a file and the files it imports into one text; the files stay plain ES modules
that node, an editor and a type checker can read as they are. Only `import {a, b} from "./x.js";` and named
exports are allowed in them, which keeps this short.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./([\w.-]+)";[^\S\n]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|let|class)\b)", re.MULTILINE)


@functools.cache
def module(name: str) -> str:
    """The text of `static/<name>` with every file it imports, each once, dependencies first.

    Args:
        name: file name in `static/`, `"transcript.js"` say.

    Returns:
        One ES module whose only export is the default export of `name`.

    Example:
        >>> module("transcript.js").count("export default")
        1
    """
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in _ordered(name).values())


@functools.cache
def style(*names: str) -> str:
    """The theme's tokens followed by the named style sheets of `static/`.

    Example:
        >>> style("transcript.css").startswith("/*")
        True
    """
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in ("theme.css", *names))


def _ordered(name: str, seen: dict[str, str] | None = None) -> dict[str, str]:
    """File name -> text, dependencies before the file that needs them."""
    seen = {} if seen is None else seen
    text = (STATIC / name).read_text(encoding="utf-8")
    for needed in _IMPORT.findall(text):
        if needed not in seen:
            _ordered(needed, seen)
    seen[name] = text
    return seen
