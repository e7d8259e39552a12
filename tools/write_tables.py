"""Write the tables of docs/ from the code they describe.

python tools/write_tables.py            write docs/frames.md, docs/models.md, docs/closing.md
python tools/write_tables.py --check    fail if one of them is not what the code says
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from gemini_live_nb.errors import closing
from gemini_live_nb.log import columns
from gemini_live_nb.protocol import models

DOCS = Path(__file__).parent.parent / "docs"
NOTE = "<!-- written by tools/write_tables.py; change the code and run it again -->\n\n"

FRAMES = """# The columns of every DataFrame

A `SessionLog` (`live.log`, `gl.SessionLog.open(path)`, `gl.open_runs("runs/**")`) reads as these frames.
All share the keys `run`, `conn`, `turn`, `seq`, so they join. Times are seconds since the run's start on a
monotonic clock; `wall` is the same moment by the calendar, in UTC. Costs are estimates from a dated price
table of yours to change (`prices=`), never a bill.

"""

MODELS = """# Models, and what they take

One table serves the client's warnings (`config.check()`), the panel and the built-in server. Every fact
names its source in `protocol/models.py`. An empty field means that nobody has found out, and then nobody is
warned; a model that is not listed gets no warning at all. The default model is `{default}`.

"""

CLOSING = """# How it ends

The wire has no error message: the server closes, with a code and at most 123 bytes of reason. Each of these
becomes one exception (`gl.errors`), with `.code`, `.reason` and a `.hint`. Where two are named, the first
is raised until the session stands, the second after that. `…` stands for what the server fills in.

"""

FACTS: tuple[tuple[str, Callable[[models.Family], object]], ...] = (
    ("models", lambda family: [f"`{name}`" for name in family.models]),
    ("answers in", lambda family: family.modalities),
    ("served on Vertex AI", lambda family: family.vertex),
    ("thinking is set by", lambda family: family.thinking),
    ("thinking levels", lambda family: family.thinking_levels),
    ("affective dialog", lambda family: family.affective_dialog),
    ("proactive audio", lambda family: family.proactive_audio),
    ("functions", lambda family: family.functions),
    ("behavior, the default first", lambda family: family.behaviors if family.functions else None),
    ("talks on while a call runs", lambda family: family.talks_through_calls),
    ("scheduling of results", lambda family: family.scheduling),
    ("a call ends the turn", lambda family: family.turn_ends_after_call),
    ("barge-in cancels calls", lambda family: family.cancels_calls),
    ("call ids begin", lambda family: f"`{family.call_ids}`"),
    ("Google Search", lambda family: family.google_search),
    ("code execution", lambda family: family.code_execution),
    ("files in a result", lambda family: ["none"] if family.result_media == () else family.result_media),
    ("sound in the history", lambda family: family.audio_history),
    ("calls in the history", lambda family: family.function_part_history),
    ("`mediaChunks`", lambda family: family.media_chunks),
    ("what you said comes in", lambda family: family.input_transcript),
    ("what it says comes", lambda family: family.output_transcript),
    ("thoughts unasked", lambda family: family.thoughts_unasked),
    ("resumption handles unasked", lambda family: family.handle_unasked),
    ("`voiceActivity` unasked", lambda family: family.activity_unasked),
    ("sensitivity by default", lambda family: family.sensitivity),
    ("turn coverage by default", lambda family: f"`{family.turn_coverage}`"),
    ("context, tokens", lambda family: family.context_window),
)


def main() -> int:
    """Write the tables, or only compare them."""
    stale = []
    for name, text in (("frames", frames()), ("models", families()), ("closing", causes())):
        path = DOCS / f"{name}.md"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        print(f"not what the code says: {', '.join(stale)}; run tools/write_tables.py")
        return 1
    return 0


def frames() -> str:
    """Return every column of every frame."""
    return FRAMES + NOTE + columns.document().rstrip() + "\n"


def families() -> str:
    """Return the model table turned on its side: a section a family, a row a fact."""
    text = MODELS.format(default=models.DEFAULT_MODEL) + NOTE
    for family in models.FAMILIES:
        text += f"## {family.name}\n\n"
        if family.retired:
            text += f"Retired: {family.retired}\n\n"
        text += table(["", ""], ((name, told(fact(family))) for name, fact in FACTS)) + "\n"
    voices = ", ".join(models.VOICES)
    return f"{text}## Voices\n\nThe same {len(models.VOICES)} for every family that speaks: {voices}.\n"


def causes() -> str:
    """Return the table of close codes and reasons."""
    rows = (
        (
            ", ".join(map(str, cause.codes)) or "any",
            reason(cause.pattern),
            cause.error.replace("|", ", then "),
            filled(cause.says),
            filled(cause.hint),
        )
        for cause in closing.CAUSES
    )
    head = ["code", "reason contains", "exception", "what happened", "what to try"]
    return CLOSING + NOTE + table(head, rows)


def table(head: list[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)


def told(value: object) -> str:
    """Say a fact in words; nothing for what is not known."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def reason(pattern: str) -> str:
    """Say what a pattern looks for as a reader would: without groups and escapes."""
    for mark, plain in (
        (r'Unknown name "([^"]*)"?(?: at \'([^\']*)\'?)?', 'Unknown name "…" at …'),
        (r"'([^']*)'?", "…"), (r"'?([\w-]*)", "…"), (r"(?:models/)?(\S+)", "models/…"), (r"(\S+)", "…"),
        (r"(\d+)", "…"), (r"(\w+)", "…"), ("|", " · "),
    ):  # fmt: skip
        pattern = pattern.replace(mark, plain)
    return pattern


def filled(text: str) -> str:
    """Put an ellipsis where the server's words go."""
    return (
        text.format("…", "")
        if "{1}" in text and "{0}" in text and '"{0}"{1}' in text
        else text.format(*"…" * 9)
    )


if __name__ == "__main__":
    sys.exit(main())
