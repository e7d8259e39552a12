"""How each model family behaves: what it sends of its own accord, how it cuts and paces, what it drops.

What a family accepts and which habits it has is read from the one table in `protocol/models.py`; here is the
rest: behaviour and timing only a server has. Sources: recorded sessions (PROTOCOL.md 3.2, 3.3, 4, 8.2); "[I]"
marks what no recording shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from gemini_live_nb.protocol.models import FAMILIES, Family


@dataclass(frozen=True, slots=True)
class Profile:
    """One model family as the emulator plays it. Times in seconds, sizes in bytes.

    Attributes:
        family: its entry in the model table.
        says_unasked: the answer is transcribed even when `outputAudioTranscription` is absent.
        handle: when an unasked resumption handle comes: right after `"setup"`, at the first `"tool_response"`
            of a connection, or `"never"`.
        working_updates: where handles were asked for, a handle-less `sessionResumptionUpdate` says that a
            turn is being worked on, and a new handle follows each turn.
        partial_content_interrupts: `clientContent` interrupts even without `turnComplete: true`.
        typed_waits: a typed turn sent while a blocking call is pending waits for it; else it cancels the
            call.
        stale_call: what a call left unanswered by a lost connection does: `"ignored"`, or `"swallows"` the
            next turn.
        thinking_refusal: the refusal of a thinking level, where thinking is refused.
        affect_closes_later: `enableAffectiveDialog` passes the setup and closes the session at the first
            message.
        answers_history: a first `clientContent` that is complete is answered even where the setup says that
            it is history. PROTOCOL.md §2.3 (pydantic-ai, which asks for it on 3.8 alone) says that it is not;
            pipecat asks for it on every model of the Developer API and counts on 2.5 to answer, and on 3.x
            sends a `realtimeInput.text` after it because those do not. No recording has such a setup.
        itemises: typed text and calls appear in the details of `usageMetadata`; else only in its totals.
        empty_messages: `{}`, a message with nothing in it, comes before each chunk of sound, and before the
            empty `serverContent` that announces the first.
        says_role: `modelTurn` says that it is the model's on the Developer API, too, after its parts.
        activity_in_content: `voiceActivity` comes beside an empty `serverContent`.
        interim: guesses are sent while the user speaks, as `interimInputTranscription`.
        first_chunk, chunk_sizes: sizes of audio frames; the second is gone through in turn.
        silence_high, silence_low: silence that ends speech, for END_SENSITIVITY_HIGH and LOW. Only 3.8 was
            measured.
        setup_latency, resume_latency: setup to setupComplete.
        handle_latency: setupComplete to the first handle.
        first_frame_latency: least time from the end of speech or a typed turn to the first frame of the
            answer.
    """

    family: Family
    says_unasked: bool = False
    handle: Literal["setup", "tool_response", "never"] = "never"
    working_updates: bool = False
    partial_content_interrupts: bool = True
    typed_waits: bool = True
    stale_call: Literal["ignored", "swallows"] = "ignored"
    thinking_refusal: str = "thinking_refused"
    affect_closes_later: bool = False
    answers_history: bool = False
    itemises: bool = True
    empty_messages: bool = False
    says_role: bool = False
    activity_in_content: bool = False
    interim: bool = False
    first_chunk: int = 9_600
    chunk_sizes: tuple[int, ...] = (11_520,)
    silence_high: float = 0.6
    silence_low: float = 1.0
    setup_latency: float = 0.26
    resume_latency: float = 0.53
    handle_latency: float = 0.12
    first_frame_latency: float = 0.2

    def on_vertex(self) -> Profile:
        """The same family with the habits of the Vertex surface."""
        return replace(
            self, family=replace(self.family, vertex=True, audio_mime="audio/pcm", call_ids="uuid")
        )

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family.name

    @property
    def vertex(self) -> bool:
        """Vertex habits: a `sessionId`, `role: "model"`, plain `audio/pcm`, `candidates…` in usage."""
        return self.family.vertex

    @property
    def extended(self) -> bool:
        """Thinks on while its turn is over, and says so with `interactionStatus`."""
        return self.family.turn_ends_after_call == "in progress"

    @property
    def blocking_default(self) -> bool:
        """Whether a declaration without `behavior` blocks."""
        return self.family.behaviors[0] == "BLOCKING"

    def model_turn(self, *parts: dict[str, Any]) -> dict[str, Any]:
        """A `modelTurn` of these parts: Vertex says first whose it is, and 3.8 last."""
        if self.vertex:
            return {"role": "model", "parts": list(parts)}
        return {"parts": list(parts), **({"role": "model"} if self.says_role else {})}

    @property
    def context_window(self) -> int:
        """Tokens the model can read."""
        return self.family.context_window or 128_000


# §3.3: the sizes of the recorded 3.8 answer of 4.74 s, in their order
_CHUNKS_3_8 = (
    15_360, 15_360, 1_920, 19_200, 15_360, 13_440, 26_880, 15_360, 5_760, 17_280, 21_120, 32_640, 21_120,
)  # fmt: skip

_LIVE_3_8: dict[str, Any] = {
    "says_unasked": True,  # §2.2 R (forum 188765)
    "handle": "setup",  # §3.2 V (STOP)
    "partial_content_interrupts": False,  # §2.3 V (3.8 model page)
    "stale_call": "swallows",  # §4.3 R (PYDSRC)
    "affect_closes_later": True,  # §4.4 R (PYDSRC)
    "itemises": False,  # §5.15 R (forum 188765): 522 against 332 + 165; that it is the typed text: [I]
    # V (pydantic-ai, tests/realtime/cassettes of October 2026, [gemini-3.8-live]); extended likewise: [I]
    "empty_messages": True,
    "says_role": True,
    "first_chunk": 4_800,
    "chunk_sizes": _CHUNKS_3_8,
    "silence_high": 1.0,  # §3.3: 1.1 to 1.4 s from the last word to the decision
    "silence_low": 1.4,
}

_OWN: dict[str, dict[str, Any]] = {
    "2.5-native": {
        "working_updates": True,  # §4.3 R (PYDSRC)
        "answers_history": True,  # pipecat, gemini_live/llm.py, _create_initial_response
        "chunk_sizes": (11_520, 11_520, 11_520, 7_680),  # §3.3 (cookbook#952)
    },
    "3.1-live": {
        "typed_waits": False,  # R (pydantic-ai 2.66, seen live in October 2026)
        "handle": "tool_response",  # §3.2 V (PYDCASS)
        "activity_in_content": True,  # V (pydantic-ai, the cassette of a spoken tool round)
        "silence_high": 0.8,  # §4.1 R (examples#37)
        "itemises": False,  # §5.10 V (PYDCASS): 187 against TEXT 154, and about 33 tokens had been typed
    },
    "3.8-live": _LIVE_3_8,
    "3.8-extended": _LIVE_3_8,
    "vertex-2.5": {
        "typed_waits": False,  # §4.2 V (VDOC)
        "thinking_refusal": "thinking_refused_vertex",  # R (pydantic-ai 2.66)
    },
    "vertex-2.5-native": {"typed_waits": False},
    "3.5-transcribe": {"interim": True},  # §3.1 R
}

PROFILES: Final[dict[str, Profile]] = {
    family.name: Profile(family, **_OWN.get(family.name, {})) for family in FAMILIES
}
"""Every profile by name. Most public recordings are of `2.5-half-cascade`, now retired: play it by name."""
