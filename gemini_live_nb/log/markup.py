"""What a stranger said, fit for a page: as text, never as markup, and in no direction but its own."""

from __future__ import annotations

import re
from html import escape

import msgspec

# Escape sequences of terminals: CSI and OSC first, then any other of two characters.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?")
# Control characters but tab and newline; direction overrides, isolates and marks; line separators; byte order
# mark. The page's own `dom.js` takes away the same.
_TRICKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LINE = 44


def as_html(text: object, longest: int | None = None) -> str:
    r"""Text as HTML: no terminal codes, no control characters, nothing that turns the writing direction.

    Args:
        text: Anything; shown as `str` has it.
        longest: Characters beyond which it is cut off, with a `…`.

    >>> as_html("<b>\x1b[31mred\x1b[0m")
    '&lt;b&gt;red'
    """
    clean = _TRICKS.sub("", _ESCAPES.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n")))
    return escape(clean if longest is None or len(clean) <= longest else clean[: longest - 1] + "…")


def readable(value: object) -> str:
    """JSON to be read: in one line where it is short, else a line a member.

    >>> readable({"city": "Lisbon", "days": 3})
    '{"city": "Lisbon", "days": 3}'
    """
    encoded = msgspec.json.encode(value, enc_hook=str)
    several = isinstance(value, dict | list) and len(encoded) > _LINE
    return msgspec.json.format(encoded, indent=2 if several else 0).decode()
