"""One `redact` that everything printing a URL, a header or an exception goes through.

A key is found by its shape, by the name it stands beside, and by its value: every key this process has used
is remembered here (never written anywhere), so that it is struck out even where it stands alone.
"""

from __future__ import annotations

import re
from urllib.parse import quote

STRUCK = "[redacted]"

# A value ends where a URL, a quoted string or a list would; `…` stands for one in our own hints, and what is
# struck out already is left alone.
_VALUE = r"(?!\[redacted\])[^\s\"'&<>\\,;)\]}…]+"
# (what to find, what to put). The name before a value stays, so that a reader sees what was there.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"AIza[0-9A-Za-z_\-]{10,}"), STRUCK),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\g<1>{STRUCK}@"),
    (re.compile(r"\b(?:AQ|ya29)\.[0-9A-Za-z_\-.]{10,}"), STRUCK),
    (re.compile(rf"auth_tokens(/|%2[Ff]){_VALUE}"), rf"auth_tokens\g<1>{STRUCK}"),
    (re.compile(rf"(?i)\b(access_token|api_?key|key|token)=(?!auth_tokens){_VALUE}"), rf"\g<1>={STRUCK}"),
    (
        re.compile(
            r"(?i)(x-goog-api-key|authorization)([\"']?\s*[:=,]\s*(?:b?[\"'])?)((?:Bearer|Token)\s+)?"
            rf"(?!Bearer|Token|auth_tokens|b[\"']){_VALUE}"
        ),
        rf"\g<1>\g<2>\g<3>{STRUCK}",
    ),
    (re.compile(r"\b(Bearer|Token)\s+(?!auth_tokens)[0-9A-Za-z_\-./+=]{12,}"), rf"\g<1> {STRUCK}"),
)
_HANDLES = re.compile(rf"(?i)(\"?\b(?:new_?handle|handle)\"?\s*[:=]\s*[\"']?)({_VALUE})")

_seen: set[str] = set()
# Shorter values are more likely to be a word than a key, and striking them out would garble text.
_SHORTEST = 6


def remember(secret: str | None) -> None:
    """Have this value struck out wherever `redact` meets it. Kept in memory only."""
    if secret and len(secret) >= _SHORTEST:
        _seen.add(secret)
        _seen.add(quote(secret, safe=""))


def redact(text: object, *, handles: bool = False) -> str:
    """Return the text with every key and token struck out.

    Args:
        text: What is about to be shown; anything is turned into text first.
        handles: Strike out session resumption handles too, which open a whole conversation.

    >>> redact("wss://host/path?key=AIzaSyExampleExampleExample")
    'wss://host/path?key=[redacted]'
    """
    shown = str(text)
    for secret in sorted(_seen, key=len, reverse=True):
        shown = shown.replace(secret, STRUCK)
    for pattern, replacement in _PATTERNS:
        shown = pattern.sub(replacement, shown)
    return _HANDLES.sub(rf"\g<1>{STRUCK}", shown) if handles else shown
