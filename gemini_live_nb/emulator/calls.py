"""The function calls of a conversation: their ids, which are open, and which a lost connection made stale."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .brain import Call, Result
from .profiles import Profile

_REMEMBERED = 1024


@dataclass(slots=True)
class OpenCall:
    """A call the client has not finished answering."""

    id: str
    name: str
    args: Mapping[str, Any]
    blocking: bool
    stale: bool = False
    results: list[Result] = field(default_factory=list)

    def frame(self) -> dict[str, Any]:
        """The call as one entry of `toolCall.functionCalls`."""
        return {"name": self.name, "args": dict(self.args), "id": self.id}


def call_id(profile: Profile, rng: Random) -> str:
    """A new id in the family's form, as recorded: `function-call-…`, `fc_…`, `call_…` or a UUID."""
    if profile.family.call_ids == "uuid":
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))
    digits = {"function-call-": 19, "fc_": 19, "call_": 7}[profile.family.call_ids]
    return f"{profile.family.call_ids}{rng.randrange(10 ** (digits - 1), 10**digits)}"


class Calls:
    """Open and past calls of one conversation."""

    def __init__(self) -> None:
        self.open: dict[str, OpenCall] = {}
        self._past: dict[str, None] = {}

    def issue(
        self, calls: Iterable[Call], *, blocking: Mapping[str, bool], profile: Profile, rng: Random
    ) -> list[OpenCall]:
        """Give each call an id and remember it; if one of a group blocks, all do."""
        group = tuple(calls)
        blocks = any(blocking.get(call.name, True) for call in group)
        issued = [OpenCall(call_id(profile, rng), call.name, call.args, blocks) for call in group]
        self.open.update((call.id, call) for call in issued)
        return issued

    def known(self, call_id: str) -> bool:
        """Whether this id was ever given out (and is not long forgotten)."""
        return call_id in self.open or call_id in self._past

    def asked_of(self, name: str | None) -> OpenCall | None:
        """The oldest open call of a function."""
        return next((call for call in self.open.values() if call.name == name), None)

    def close(self, ids: Iterable[str]) -> None:
        """These calls are answered or cancelled: later answers to them are ignored."""
        for one in ids:
            if self.open.pop(one, None) is not None:
                self._past[one] = None
        while len(self._past) > _REMEMBERED:
            del self._past[next(iter(self._past))]

    def lose_connection(self) -> None:
        """The connection is gone: what is open now is stale on the next one, though its ids stay valid."""
        for call in self.open.values():
            call.stale = True

    @property
    def stale(self) -> list[str]:
        """Ids of calls an earlier connection left unanswered."""
        return [call.id for call in self.open.values() if call.stale]
