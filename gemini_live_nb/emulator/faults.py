"""What can go wrong, on demand: refusals, broken connections, odd frames, turns that end badly.

A fault is armed for a phase and strikes the first connection that reaches it, or strikes at once. Every
refusal of the table in `refusals.py` is a fault of the same name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from .refusals import REFUSALS, Refusal

Phase = Literal["now", "connect", "setup", "resume", "open", "thinking", "speaking", "tool", "turn_end"]
PHASES: Final[dict[str, str]] = {
    "now": "at once, on every open connection",
    "connect": "at the HTTP handshake",
    "setup": "when the setup has come, before setupComplete",
    "resume": "the same, when the setup resumes a session",
    "open": "right after setupComplete, while the server listens",
    "thinking": "when an answer begins, before its first frame",
    "speaking": "after the first sound of an answer",
    "tool": "right after a toolCall",
    "turn_end": "after generationComplete, before turnComplete",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong.

    Attributes:
        name: an entry of `CATALOGUE`.
        at: the phase it strikes at; by default the entry's own.
        seconds: how long, for faults that last (stall, slow_reader, late_pongs, …) or how much time goAway
            leaves.
        delay: seconds between reaching the phase and striking.
        skip: how many times the phase passes unharmed first.
        times: how often it strikes.
        code, reason: for `close`: the close frame.
        status: for `http_error`: the HTTP status.
        data: for `frame`: the text or JSON of a frame to send as it is.
    """

    name: str
    at: Phase | None = None
    seconds: float | None = None
    delay: float = 0.0
    skip: int = 0
    times: int = 1
    code: int = 1011
    reason: str = ""
    status: int = 503
    data: Any = None

    def __post_init__(self) -> None:
        if self.name not in CATALOGUE:
            raise ValueError(f"no fault is called {self.name!r}; see gemini_live_nb.emulator.CATALOGUE")
        if self.at is not None and self.at not in PHASES:
            raise ValueError(f"no phase is called {self.at!r}: {', '.join(PHASES)}")
        if self.name == "frame" and self.data is None:
            raise ValueError("a frame needs data=: what to send, as text or JSON")

    @property
    def phase(self) -> str:
        """When it strikes."""
        return self.at or CATALOGUE[self.name].at

    @property
    def lasting(self) -> float:
        """`seconds`, or the entry's own."""
        return CATALOGUE[self.name].seconds if self.seconds is None else self.seconds

    @property
    def refusal(self) -> Refusal | None:
        """The close frame of a fault that is a refusal."""
        if self.name == "close":
            return Refusal(self.code, self.reason)
        return REFUSALS[self.name].fill(**_EXAMPLES) if self.name in REFUSALS else None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a fault does, when by default, and for how long; `flag` ones the turn engine looks up itself."""

    what: str
    at: Phase = "now"
    seconds: float = 0.0
    flag: bool = False


_EXAMPLES = {
    "model": "models/gemini-2.0-flash-exp",
    "version": "v1beta",
    "name": "brandNew",
    "path": "setup.generation_config",
    "type": "TYPE_FLOAT",
    "value": '"warm"',
    "detail": "Unexpected token.\nhello\n^",
    "before": 24000,
    "now": 16000,
    "language": "cs-CZ",
    "level": "MINIMAL",
    "modality": "TEXT",
}

CATALOGUE: Final[dict[str, Entry]] = {
    **{
        name: Entry(f"close {r.code}: {r.reason.splitlines()[0] if r.reason else 'no reason'}")
        for name, r in REFUSALS.items()
    },
    "close": Entry("close with a code and reason of your own"),
    "http_error": Entry("refuse the handshake with an HTTP status", "connect"),
    "resume_refused": Entry("refuse to resume, as after a dirty drop", "resume"),
    "drop": Entry("cut the TCP connection, no close frame"),
    "blackhole": Entry(
        "the network is gone in silence: nothing is read or sent, then close 1011", seconds=480.0
    ),
    "stall": Entry("send nothing for a while; pings are still answered", seconds=5.0),
    "slow_reader": Entry("read nothing for a while", seconds=5.0),
    "late_pongs": Entry("answer pings this late from now on", seconds=20.0),
    "malformed": Entry("send a frame that is not JSON"),
    "truncated": Entry("send half a frame's JSON"),
    "not_utf8": Entry("send a frame that is not UTF-8"),
    "unknown_message": Entry("send a message with names nobody knows"),
    "text_frame": Entry("send a message in a text frame, in snake_case"),
    "empty_content": Entry('send an empty {"serverContent": {}}'),
    "frame": Entry("send `data` as a frame"),
    "go_away": Entry("goAway now, and the deadline after `seconds`", seconds=50.0),
    "spurious_interrupted": Entry("interrupted and turnComplete out of nowhere"),
    "cancel_calls": Entry("toolCallCancellation of all open calls"),
    "slow_setup": Entry("setupComplete comes late", "setup", 10.0),
    "slow_answer": Entry("the answer begins late", "thinking", 10.0),
    "empty_turn": Entry("turnComplete with nothing before it", "thinking", flag=True),
    "silent_turn": Entry("no answer at all, no turnComplete", "thinking", flag=True),
    "transcript_without_audio": Entry("words without their sound", "thinking", flag=True),
    "odd_audio": Entry("an audio frame with an odd tail byte", "thinking", flag=True),
    "early_turn_complete": Entry("turnComplete in mid-answer, none at its end", "thinking", flag=True),
    "no_turn_complete": Entry("the answer never gets its turnComplete", "turn_end", flag=True),
    "no_usage": Entry("turnComplete without usageMetadata", "turn_end", flag=True),
    "duplicate_tool_call": Entry("the same toolCall twice", "tool", flag=True),
    "duplicate_call_part": Entry("the call also as a functionCall part of modelTurn", "tool", flag=True),
    "reissue_tool_call": Entry(
        "after barge-in on a blocking call, the same call under a new id", "tool", flag=True
    ),
    "malformed_function_call": Entry(
        "turnComplete with turnCompleteReason MALFORMED_FUNCTION_CALL", "thinking", flag=True
    ),
}
"""Every fault by name."""


class Faults:
    """The faults armed on an emulator."""

    def __init__(self, armed: Iterable[Fault | str] = ()) -> None:
        self.armed: list[Fault] = [as_fault(fault) for fault in armed]

    def arm(self, fault: Fault) -> None:
        """Add one."""
        self.armed.append(fault)

    def clear(self) -> None:
        """Disarm all."""
        self.armed.clear()

    def take(self, name: str) -> bool:
        """Whether the turn engine is to do this fault now; uses it up."""
        return bool(self._due(lambda fault: fault.name == name, first=True))

    def due(self, phase: str) -> list[Fault]:
        """The faults that strike at a phase now; uses them up."""
        return self._due(lambda fault: fault.phase == phase and not CATALOGUE[fault.name].flag)

    def _due(self, wanted: Callable[[Fault], bool], *, first: bool = False) -> list[Fault]:
        struck: list[Fault] = []
        for i, fault in reversed(list(enumerate(self.armed))):
            if not wanted(fault):
                continue
            if fault.skip > 0:
                self.armed[i] = replace(fault, skip=fault.skip - 1)
                continue
            struck.append(fault)
            self.armed[i : i + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
            if first:
                break
        return struck[::-1]


def as_fault(fault: Fault | str | dict[str, Any]) -> Fault:
    """A fault from its name, from `name@phase`, from a mapping or its JSON, or as it is.

    Example:
        >>> as_fault("quota@tool").phase
        'tool'
    """
    if isinstance(fault, Fault):
        return fault
    if isinstance(fault, str) and fault.startswith("{"):
        return Fault(**json.loads(fault))
    if isinstance(fault, dict):
        return Fault(**fault)
    name, _, phase = fault.partition("@")
    return Fault(name, at=phase or None)  # type: ignore[arg-type]  # checked by Fault itself
