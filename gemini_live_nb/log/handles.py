"""Resumption handles taken out of what leaves this machine.

A handle opens the whole conversation to whoever holds it for two hours (PROTOCOL.md §4.3). It is replaced by
as many letters, so that every offset into the record stays true.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

# As in a frame, or with its quotes escaped as in a line of messages.jsonl; either spelling of the name.
_HANDLE = re.compile(
    rb'(\\?"(?:newHandle|new_handle|handle)\\?"(?:\s|\\[nrt])*:(?:\s|\\[nrt])*\\?")([^"\\]*)(?=\\?")',
    re.IGNORECASE,
)
_ENCODED = re.compile(rb'("frame64":")([^"]*)(")')


def stripped(data: bytes) -> bytes:
    """A frame, or a line of `messages.jsonl`, with every resumption handle replaced by x's.

    >>> stripped(b'{"sessionResumptionUpdate": {"newHandle": "c0ffee", "resumable": true}}')
    b'{"sessionResumptionUpdate": {"newHandle": "xxxxxx", "resumable": true}}'
    """
    if b"frame64" in data:
        data = _ENCODED.sub(_inside, data)
    if b"andle" not in data and b"ANDLE" not in data:
        return data
    return _HANDLE.sub(lambda found: found[1] + b"x" * len(found[2]), data)


def _inside(found: re.Match[bytes]) -> bytes:
    frame = b64decode(found[2])
    return found[1] + b64encode(_HANDLE.sub(lambda each: each[1] + b"x" * len(each[2]), frame)) + found[3]
