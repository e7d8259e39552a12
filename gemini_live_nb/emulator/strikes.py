"""How a fault strikes a connection: what each entry of the catalogue does on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import Fault
from .refusals import REFUSALS

if TYPE_CHECKING:
    from .connection import Connection

_FRAMES: dict[str, bytes | str] = {
    "malformed": b'{"serverContent": {"modelTurn": \n',
    "truncated": b'{\n  "serverContent": {\n    "outputTranscription": {\n      "text": "Hel',
    "not_utf8": b'{"serverContent": {"outputTranscription": {"text": "\xff\xfe"}}}\n',
    "unknown_message": (
        b'{\n  "brandNew": {\n    "isNew": true\n  },\n  "serverContent": {\n    "novelty": 1\n  }\n}\n'
    ),
    "text_frame": '{"server_content": {"output_transcription": {"text": " "}}}',
    "empty_content": b'{\n  "serverContent": {}\n}\n',
}


async def strike(connection: Connection, fault: Fault) -> None:
    """Let a fault strike this connection now (its delay has passed)."""
    wire = connection.wire
    if fault.name in _FRAMES:
        wire.post(_FRAMES[fault.name])
    elif fault.name == "frame":
        wire.post(fault.data if isinstance(fault.data, (str, bytes, dict)) else str(fault.data))
    elif fault.name == "resume_refused":
        await connection.hang_up(REFUSALS["internal"])
    elif fault.refusal is not None:
        await connection.hang_up(fault.refusal)
    elif fault.name == "drop":
        connection.drop()
    elif fault.name == "stall":
        wire.stall(fault.lasting)
    elif fault.name == "slow_reader":
        connection.read_nothing(fault.lasting)
    elif fault.name == "late_pongs":
        connection.pong_delay = fault.lasting
    elif fault.name == "blackhole":
        wire.stall(fault.lasting + 1)  # what waits then is never sent
        connection.read_nothing(fault.lasting)
        connection.later(fault.lasting, connection.hang_up(REFUSALS["internal"]))
    elif fault.name == "go_away":
        connection.go_away(fault.lasting)
    elif fault.name == "spurious_interrupted":
        wire.post({"serverContent": {"interrupted": True}})
        wire.post({"serverContent": {"turnComplete": True}})
    elif fault.name == "cancel_calls":
        if connection.attached is not None:
            connection.attached.cancel_calls()
    elif fault.name in ("slow_setup", "slow_answer"):
        await connection.clock.sleep(fault.lasting)
