"""What each fault does to a session in each phase, stated first; `python -m tests.wire.fault_table` runs and prints it.

recovered    the question in flight is answered, late perhaps, and the conversation goes on
lost         the answer in flight is lost and told so (`AnswerLost`); the conversation goes on
unanswered   nobody answers the question in flight (`AskTimeout`); the conversation goes on
odd          its turn ends without the whole answer, as the server would have it; the conversation goes on
SomeError    the session ends with this error, which has a hint
–            there is no such thing
"""

from __future__ import annotations

import asyncio
import sys
import time

from gemini_live_nb.emulator import Fault

from .raw import LIVE_3_1, LIVE_3_8, NATIVE

PHASES = {
    "before setup": "setup",
    "listening": "now",
    "asked": "thinking",
    "speaking": "speaking",
    "all said": "turn_end",
    "in a tool call": "tool",
}
"""Phase of the session, and the emulator's name for it."""

PASSES = ("recovered", "recovered", "lost", "recovered", "lost")
"""A connection that ends and is resumed: a question is asked again, a half-said answer and a call are lost."""
FINE = ("recovered",) * 6
DROP = Fault("drop")
DROP_SOON = Fault("drop", delay=0.1)


def ends(error, before_setup=None):
    return (before_setup or error, *(error,) * 5)


def only(**outcomes):
    return tuple(outcomes.get(phase.replace(" ", "_"), "–") for phase in PHASES)


# Each row: what goes wrong (one fault at the phase, others armed once connected), and what is to come of it.
TABLE = {
    # The service closes, and may be resumed.
    "1011 internal error": ([Fault("internal")], ("ServerFault", *PASSES)),
    "1011 unavailable": ([Fault("unavailable")], ("ServerFault", *PASSES)),
    "1011 deadline expired": ([Fault("deadline")], ("DeadlineExceeded", *PASSES)),
    "1008 aborted": ([Fault("aborted")], ("ServerFault", *PASSES)),
    "1000 limit reached": ([Fault("limit")], ("GoneAway", *PASSES)),
    "1001 going away": ([Fault("going_away")], ("GoneAway", *PASSES)),
    "1011 deadline, older wording": ([Fault("deadline_older")], ("DeadlineExceeded", *PASSES)),
    # The service closes, and trying again would not help.
    "1011 quota": ([Fault("quota")], ends("QuotaExceeded")),
    "1007 key not valid": ([Fault("invalid_key")], ends("AuthError")),
    "1007 key expired": ([Fault("expired_key")], ends("AuthError")),
    "1007 sample rate changed": ([Fault("sample_rate_changed")], ends("ProtocolError")),
    "1008 not supported": ([Fault("not_supported")], ends("ProtocolError")),
    "1007 invalid argument": ([Fault("invalid_argument")], ends("ProtocolError", "SetupRejected")),
    "1008 not implemented": ([Fault("not_implemented")], ends("ProtocolError")),
    "1008 model not found": ([Fault("unknown_model")], ends("ModelNotFound")),
    "4321 nobody knows": ([Fault("close", code=4321, reason="private")], ends("SessionClosed", "ConnectError")),
    # The network.
    "TCP dropped": ([DROP], ("ConnectError", *PASSES)),
    "dropped, then HTTP 503": ([DROP, Fault("http_error")], ("–", *PASSES)),
    "dropped, then HTTP 429": ([DROP, Fault("http_error", status=429)], ("–", *ends("QuotaExceeded")[1:])),
    "dropped, resume refused 3 times": ([DROP, Fault("resume_refused", times=3)], ("–", *PASSES)),
    "dropped, resume refused for good": ([DROP, Fault("resume_refused", times=99)], ("–", *ends("ConnectError")[1:])),
    "dropped, handle no longer valid": ([DROP, Fault("not_found", at="resume")], ("–", *ends("ProtocolError")[1:])),
    "said not to be resumable, dropped": (
        [Fault("frame", data={"sessionResumptionUpdate": {}}), DROP_SOON], ("–", *PASSES),
    ),
    "dropped, then dropped in the setup": ([DROP, Fault("drop", at="setup")], ("–", *PASSES)),
    "dropped, then dropped once resumed": (
        # The question was asked twice by then; more often it is not.
        [DROP, Fault("drop", at="open")], ("–", "recovered", "lost", "lost", "recovered", "lost"),
    ),
    "dropped, no setupComplete for 40 s": ([DROP, Fault("slow_setup", seconds=40)], ("–", *PASSES)),
    "dead wire, server lets go at 100 s": ([Fault("blackhole", seconds=100)], ("ConnectError", *PASSES)),
    "dead wire, server holds on (480 s)": ([Fault("blackhole")], ends("ConnectError")),
    "stall of 5 s": ([Fault("stall", seconds=5)], FINE),
    "stall of 120 s, pings answered": ([Fault("stall", seconds=120)], ("ConnectError", *FINE[1:])),
    "server reads nothing for 5 s": ([Fault("slow_reader", seconds=5)], FINE),
    "pongs 25 s late, silent for 60 s": ([Fault("late_pongs", seconds=25), Fault("stall", at="thinking", seconds=60)], FINE),
    # goAway.
    "goAway, 50 s left": ([Fault("go_away", seconds=50)], FINE),
    "goAway, 2 s left": ([Fault("go_away", seconds=2)], ("recovered", *PASSES)),
    "goAway, no time left": ([Fault("go_away", seconds=0)], ("DeadlineExceeded", *PASSES)),
    "goAway, then dropped": ([Fault("go_away", seconds=50), DROP_SOON], ("–", *PASSES)),
    "goAway, resume refused twice": ([Fault("go_away", seconds=50), Fault("resume_refused", times=2)], ("–", *FINE[1:])),
    # Frames.
    "a frame that is not JSON": ([Fault("malformed")], FINE),
    "half a frame": ([Fault("truncated")], FINE),
    "a frame that is not UTF-8": ([Fault("not_utf8")], FINE),
    "a message nobody knows": ([Fault("unknown_message")], FINE),
    "text frame in snake_case": ([Fault("text_frame")], FINE),
    "empty serverContent": ([Fault("empty_content")], FINE),
    "unknown calls cancelled": ([Fault("frame", data={"toolCallCancellation": {"ids": ["call_0"]}})], FINE),
    "usage alone": ([Fault("frame", data={"usageMetadata": {"totalTokenCount": 7}})], FINE),
    "interrupted out of nowhere": (
        [Fault("spurious_interrupted")], ("recovered", "recovered", "recovered", "odd", "recovered", "recovered"),
    ),
    # Turns.
    "setupComplete 10 s late": ([Fault("slow_setup", seconds=10)], only(before_setup="recovered")),
    "setupComplete 100 s late": ([Fault("slow_setup", seconds=100)], only(before_setup="ConnectError")),
    "answer 10 s late": ([Fault("slow_answer", seconds=10)], only(asked="recovered")),
    "empty turn": ([Fault("empty_turn")], only(asked="odd")),
    "no turn at all": ([Fault("silent_turn")], only(asked="unanswered")),
    "words without sound": ([Fault("transcript_without_audio")], only(asked="recovered")),
    "sound with an odd byte": ([Fault("odd_audio")], only(asked="recovered")),
    "malformed function call": ([Fault("malformed_function_call")], only(asked="odd")),
    "turnComplete too early": ([Fault("early_turn_complete")], only(speaking="odd")),
    "turnComplete never": ([Fault("no_turn_complete")], only(all_said="unanswered")),
    "turnComplete without usage": ([Fault("no_usage")], only(all_said="recovered")),
    "toolCall twice": ([Fault("duplicate_tool_call")], only(in_a_tool_call="recovered")),
    "toolCall also as a part": ([Fault("duplicate_call_part")], only(in_a_tool_call="recovered")),
    "calls cancelled": ([Fault("cancel_calls")], only(in_a_tool_call="odd")),
}  # fmt: skip

CELLS = [
    (row, phase, expected)
    for row, (_, outcomes) in TABLE.items()
    for phase, expected in zip(PHASES, outcomes, strict=True)
    if expected != "–"
]


async def main(model):
    from .fault_cells import strike

    async def attempt(row, phase):
        try:
            return await strike(row, phase, model)
        except (AssertionError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"

    width = max(map(len, TABLE)) + 1
    print(f"{model}\n\n{'':{width}}" + "".join(f"{phase:17}" for phase in PHASES))
    right, began = 0, time.monotonic()
    for row, (_, expected) in TABLE.items():
        cells = [
            await attempt(row, phase) if want != "–" else "–"
            for phase, want in zip(PHASES, expected, strict=True)
        ]
        right += sum(cell == want != "–" for cell, want in zip(cells, expected, strict=True))
        marked = (cell if cell == want else f"{cell}!" for cell, want in zip(cells, expected, strict=True))
        print(f"{row:{width}}" + "".join(f"{cell:17}" for cell in marked), flush=True)
    print(
        f"\n{right} of {len(CELLS)} cells as stated (a ! marks the others), {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    names = {"2.5": NATIVE, "3.1": LIVE_3_1, "3.8": LIVE_3_8}
    asyncio.run(main(names[sys.argv[1] if len(sys.argv) > 1 else "3.8"]))
