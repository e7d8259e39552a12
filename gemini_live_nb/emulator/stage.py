"""What the turn engine works with on one connection, and the jobs it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gemini_live_nb.clock import Clock

from .brain import Ask, Brain, Call
from .conversation import Conversation
from .faults import Faults
from .wire import Wire


@dataclass(frozen=True, slots=True)
class Stage:
    """What every generation of a connection works with.

    `trouble` takes the exception a brain died of; `latency` scales the service's own measured waiting;
    `turn_over` is called after each `turnComplete`, `turn_begun` before a generation's first frame.
    """

    wire: Wire
    conversation: Conversation
    brain: Brain
    clock: Clock
    faults: Faults
    pace: float
    latency: float
    trouble: Callable[[BaseException | None], None]
    turn_begun: Callable[[], None]
    turn_over: Callable[[], None]
    reached: Callable[[str], Awaitable[None]]
    """Awaited at each phase (`thinking`, `speaking`, `tool`, `turn_end`), where faults may strike."""


@dataclass(slots=True)
class Job:
    """An ask in the queue; `calls` replaces the brain by calls to be made again."""

    ask: Ask
    activity_end: float | None = None
    calls: tuple[Call, ...] = ()
