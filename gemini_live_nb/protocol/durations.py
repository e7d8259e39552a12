"""Protobuf durations as JSON: `"1.5s"`."""

from __future__ import annotations

import math


def seconds(text: str | None) -> float:
    """Read a duration such as `"50s"` or `"0.160s"` as seconds; 0.0 for none or for what cannot be read.

    >>> seconds("9.5s")
    9.5
    """
    if not isinstance(text, str):
        return 0.0
    try:
        value = float(text.strip().removesuffix("s"))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0


def duration(value: float) -> str:
    """Write seconds as the server does: no fraction, or milliseconds, microseconds or nanoseconds of it.

    >>> duration(0.16), duration(10)
    ('0.160s', '10s')
    """
    nanoseconds = round(value * 1e9)
    sign = "-" if nanoseconds < 0 else ""
    whole, rest = divmod(abs(nanoseconds), 1_000_000_000)
    if rest == 0:
        return f"{sign}{whole}s"
    if rest % 1_000_000 == 0:
        return f"{sign}{whole}.{rest // 1_000_000:03d}s"
    if rest % 1_000 == 0:
        return f"{sign}{whole}.{rest // 1_000:06d}s"
    return f"{sign}{whole}.{rest:09d}s"
