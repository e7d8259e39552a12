"""Every column of every frame: name, dtype, unit and meaning, in one table.

The frames are built from it, the documentation is printed from it, and a test holds the two together.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """One column of a frame. `dtype` is pandas' name of it, `unit` is empty for what has none."""

    name: str
    dtype: str
    unit: str
    meaning: str


_RUN = Column("run", "category", "", "Name of the run; with `conn`, `turn` and `seq` it joins all frames.")
_CONN = Column("conn", "int64", "", "Connection within the run: 0, then one more for each resumed one.")
_TURN = Column("turn", "Int64", "", "Number of the turn it belongs to; missing before the first.")
_SEQ = Column("seq", "int64", "", "Number of the frame within the run.")
_T = Column("t", "float64", "s", "Since the run's start, on the monotonic clock.")
_WALL = Column("wall", "datetime64[ns, UTC]", "", "The same moment by the calendar.")
_KEYS = (_RUN, _CONN, _TURN, _SEQ, _T, _WALL)

_DIRECTION = Column("direction", "category", "", "`sent`, `received`, or `local` for what happened here.")
_KIND = Column("kind", "category", "", "The most telling kind (`protocol.kinds.KINDS`).")
_TEXT = Column("text", "string", "", "Words in it: text, transcript, code, a mark's label.")
_ROLE = Column("role", "category", "", "`user`, `model` or `tool`.")
_MEDIA = (
    Column("mime", "category", "", "Media type, as sent."),
    Column("media_bytes", "Int64", "B", "Size of the media, decoded."),
    Column("media_ms", "Float64", "ms", "Length of the sound."),
    Column("media_rate", "Int64", "Hz", "Sample rate of the sound."),
)
_TOOL = (
    Column("tool_id", "string", "", "Id of the function call."),
    Column("tool_name", "string", "", "Name of the function."),
)
_TOKENS = (
    Column(
        "prompt_tokens", "Int64", "tokens", "Prompt of the response: the whole context, billed each time."
    ),
    Column("response_tokens", "Int64", "tokens", "The response."),
    Column("thoughts_tokens", "Int64", "tokens", "Thinking; not within the total on 3.8."),
    Column("total_tokens", "Int64", "tokens", "Total as the server told it."),
)

MESSAGES = (
    *_KEYS,
    _DIRECTION,
    Column("opcode", "category", "", "WebSocket opcode, `text` or `binary`; missing for local events."),
    _KIND,
    Column("kinds", "category", "", "All kinds present in the frame, separated by spaces."),
    Column("bytes", "int64", "B", "Size on the wire (of a local event: of its fields)."),
    _TEXT,
    _ROLE,
    *_MEDIA,
    *_TOOL,
    *_TOKENS,
    Column("odd", "bool", "", "The frame was not as the API writes it, or could not be read."),
)

RAW = Column("raw", "object", "", "With `raw=True`: the frame, byte for byte.")

PARTS = (
    *_KEYS,
    Column("part", "int64", "", "0, 1, … within the frame."),
    _DIRECTION,
    Column("kind", "category", "", "What this part is."),
    _TEXT,
    _ROLE,
    *_MEDIA,
    *_TOOL,
    Column("data", "string", "", "Arguments, responses, metadata, fields of local events: as JSON."),
)

TURNS = (
    _RUN,
    _CONN,
    Column("turn", "int64", "", "Number of the turn within the run."),
    Column("seq", "int64", "", "Frame that opened it."),
    Column("t", "float64", "s", "When it was opened, since the run's start."),
    _WALL,
    Column("opened_by", "category", "", "`text`, `speech`, `tool` (a late result) or `server`."),
    Column("user_text", "string", "", "What the user typed or, transcribed, said."),
    Column("text", "string", "", "What the model answered."),
    Column("heard_text", "string", "", "What of it was heard."),
    Column("thoughts", "string", "", "What the model thought aloud."),
    Column("sent", "float64", "s", "The user's input began."),
    Column("speech_end", "float64", "s", "The user stopped speaking."),
    Column("speech_end_by", "category", "", "How that is known (`TurnTimes`)."),
    Column("vad_end", "float64", "s", "The server said so (voiceActivity ACTIVITY_END)."),
    Column("first_frame", "float64", "s", "First frame of the answer."),
    Column("first_audio", "float64", "s", "First sound of the answer."),
    Column("generation_complete", "float64", "s", "The server was done generating."),
    Column("interrupted_at", "float64", "s", "The server cut the answer."),
    Column("turn_complete", "float64", "s", "The server ended the turn."),
    Column("ttfa", "float64", "s", "Time to first audio, from `speech_end` (or `sent`)."),
    Column("vad_wait", "float64", "s", "Part of `ttfa`: `speech_end` to `vad_end`, the server making sure."),
    Column("duration", "float64", "s", "First input to the turn's end."),
    Column("audio_ms", "float64", "ms", "Sound received."),
    Column("heard_ms", "float64", "ms", "Sound heard."),
    Column("heard_estimated", "bool", "", "`heard_ms` is reckoned by the clock, no player told."),
    Column("interrupted", "bool", "", "The server cut the answer."),
    Column("silenced", "bool", "", "Its sound was stopped here, by `interrupt()`."),
    Column("complete", "bool", "", "The server ended the turn."),
    Column("lost", "bool", "", "The connection ended in the middle of the answer."),
    Column("tool_calls", "int64", "", "Function calls asked for."),
    *_TOKENS,
    Column(
        "cost_estimate",
        "float64",
        "USD",
        "By the price table, an estimate; NaN where the model has no price there.",
    ),
    Column("reason", "string", "", "`turnCompleteReason`, where given."),
)

TOOLS = (
    _RUN,
    _CONN,
    _TURN,
    Column("seq", "int64", "", "Frame of the request."),
    *_TOOL,
    Column(
        "state",
        "category",
        "",
        "`pending`, `asking` (approval), `running`, `done`, `error` or `cancelled`.",
    ),
    Column("args", "object", "", "Arguments, as a dict."),
    Column("result", "object", "", "Last response sent, as a dict."),
    Column("error", "string", "", "What went wrong."),
    Column("scheduling", "category", "", "As sent with the response."),
    Column("requested", "float64", "s", "The server asked."),
    Column("started", "float64", "s", "The function began."),
    Column("finished", "float64", "s", "The function ended."),
    Column("answered", "float64", "s", "The (last) response was sent."),
    Column("cancelled", "float64", "s", "The server took it back."),
    Column("latency", "float64", "s", "Request to response."),
    Column("deliveries", "int64", "", "How many times the server sent the call."),
    Column("responses", "int64", "", "How many responses were sent."),
)

USAGE = (
    *_KEYS,
    Column("side", "category", "", "`prompt`, `response`, `thoughts`, `cached` or `tool_use`."),
    Column("modality", "category", "", "`TEXT`, `AUDIO`, …; `unstated` for what the details leave open."),
    Column("tokens", "int64", "tokens", "Count of this one response."),
    Column(
        "usd_per_million", "float64", "USD", "Price applied; NaN where the model has no price in the table."
    ),
    Column("cost_estimate", "float64", "USD", "Tokens times price: an estimate, not a bill."),
)

AUDIO_CHUNKS = (
    *_KEYS,
    Column("track", "category", "", "`user` or `model`."),
    Column("mime", "category", "", "Media type, as sent."),
    Column("rate", "int64", "Hz", "Sample rate."),
    Column("ms", "float64", "ms", "Length."),
    Column("bytes", "int64", "B", "Size, decoded."),
    Column("peak_db", "float64", "dB", "Peak below full scale, from some 24 samples."),
    Column(
        "gap_ms", "float64", "ms", "Since the chunk before it on the same track: arrival less its length."
    ),
    Column("ahead_ms", "float64", "ms", "Sound in hand when it came, were it played without a pause."),
    Column("underrun", "bool", "", "The sound of the turn had run out before it came."),
)

UNKNOWN = (
    *_KEYS,
    _DIRECTION,
    Column("what", "category", "", "`field`, or `value`: a field we know says what we do not."),
    Column("path", "string", "", "Where in the frame, such as `serverContent.modelTurn.parts[0].mood`."),
    Column("value", "string", "", "What stands there, as JSON."),
)

RUNS = (
    _RUN,
    Column("path", "string", "", "Folder of the run."),
    Column("started", "datetime64[ns, UTC]", "", "When it began."),
    Column("seconds", "float64", "s", "Its length."),
    Column("model", "string", "", "Model asked for."),
    Column("connections", "int64", "", "How many."),
    Column("frames", "int64", "", "How many."),
    Column("turns", "int64", "", "How many."),
    Column("interrupted", "int64", "", "Turns that were cut."),
    Column("tool_calls", "int64", "", "How many."),
    Column("total_tokens", "int64", "tokens", "Sum over responses of the server's totals."),
    Column(
        "cost_estimate",
        "float64",
        "USD",
        "By the price table, an estimate; NaN where the model has no price there.",
    ),
    Column("bytes", "int64", "B", "On the wire, both ways."),
    Column("lost", "int64", "", "Frames that could not be kept."),
)

FRAMES: dict[str, tuple[Column, ...]] = {
    "messages": MESSAGES,
    "parts": PARTS,
    "turns": TURNS,
    "tools": TOOLS,
    "usage": USAGE,
    "audio_chunks": AUDIO_CHUNKS,
    "unknown": UNKNOWN,
    "runs": RUNS,
}


def document() -> str:
    """The tables as Markdown, for the documentation."""
    lines: list[str] = []
    for frame, columns in FRAMES.items():
        lines += [f"## `{frame}()`", "", "| column | dtype | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {dtype} | {unit} | {meaning} |" for name, dtype, unit, meaning in columns]
        lines.append("")
    return "\n".join(lines)
