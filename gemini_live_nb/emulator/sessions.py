"""Handles, and the conversations behind them: who may go on with what, and when not (PROTOCOL.md §4.3)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from gemini_live_nb.clock import Clock

from .conversation import Conversation
from .refusals import refuse

LIFE = 2 * 3600.0
"""Seconds a handle stays good after its session ends, on the Developer API."""
VERTEX_LIFE = 24 * 3600.0
"""The same on Vertex."""
LOCKOUT = 0.95
"""Seconds after a dirty drop during which a resume is refused: 12 of 12 were at once, none after 1 s."""


_HANDLES = 1000  # of one conversation; the oldest die first


@dataclass(slots=True)
class Held:
    """A conversation between or during connections."""

    conversation: Conversation
    owner: object | None
    handles: list[str]
    ended: float = 0.0
    dirty: bool = False


class Sessions:
    """The conversations an emulator remembers.

    Args:
        clock: tells when handles die.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Held] = {}
        self._by_handle: dict[str, Held] = {}

    @property
    def live(self) -> list[Conversation]:
        """Conversations that have a connection now."""
        return [held.conversation for held in self._by_id.values() if held.owner is not None]

    def add(self, conversation: Conversation, owner: object) -> None:
        """Remember a new conversation."""
        self._forget()
        self._by_id[conversation.id] = Held(conversation, owner, [])

    def resume(self, handle: str, model: str | None, owner: object) -> Conversation:
        """The conversation behind a handle, now this connection's.

        Raises:
            Refused: the handle is unknown or dead; the old connection still stands, or fell less than a
                second ago; the model is another one.
        """
        self._forget()
        held = self._by_handle.get(handle)
        if held is None:
            raise refuse("not_found")
        locked_out = held.dirty and self._clock.monotonic() - held.ended < LOCKOUT
        if held.owner is not None or locked_out:
            raise refuse("internal")
        if model != held.conversation.setup.model:  # everything else may change
            raise refuse("invalid_argument")
        held.owner = owner
        return held.conversation

    def release(self, conversation: Conversation, owner: object, *, dirty: bool) -> None:
        """The connection is over; its handles stay good for a while."""
        held = self._by_id.get(conversation.id)
        if held is None or held.owner is not owner:
            return
        held.owner, held.ended, held.dirty = None, self._clock.monotonic(), dirty
        if not held.handles:
            del self._by_id[conversation.id]

    def new_handle(self, conversation: Conversation) -> str:
        """A handle for a conversation; it restores the latest state, whenever it was given out."""
        handle = str(uuid.uuid4())
        held = self._by_id[conversation.id]
        held.handles.append(handle)
        if len(held.handles) > _HANDLES:
            del self._by_handle[held.handles.pop(0)]
        self._by_handle[handle] = held
        return handle

    def _forget(self) -> None:
        now = self._clock.monotonic()
        for key, held in list(self._by_id.items()):
            life = VERTEX_LIFE if held.conversation.profile.vertex else LIFE
            if held.owner is None and now - held.ended > life:
                for handle in held.handles:
                    del self._by_handle[handle]
                del self._by_id[key]
