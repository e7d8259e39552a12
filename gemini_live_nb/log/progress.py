"""A progress bar where something takes long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Shorter work is done before a bar is drawn.
_DELAY_S = 1.0


class Counted(Iterable[T_co], Sized, Protocol[T_co]):
    """What can be gone through and tells how many there are."""


def progress(items: Counted[T], what: str) -> Iterator[T]:
    """Go through items; a bar shows up once it has taken a second."""
    from tqdm.auto import tqdm

    yield from tqdm(items, desc=what, delay=_DELAY_S, leave=False)
