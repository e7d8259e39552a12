"""The words of a run, for people: Markdown to read, WebVTT to play beside its sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .run import SessionLog
    from .turn import Turn


def markdown(log: SessionLog, *, thoughts: bool = False) -> str:
    """The transcript as Markdown.

    What was said but never heard, because it was cut, is struck out.
    """
    lines = [f"# {_plain(log.name)}", ""]
    if log.model:
        lines += [f"Model: {_plain(log.model)}", ""]
    for turn in log.conversation:
        lines += _markdown_turn(turn, thoughts=thoughts)
    return "\n".join(lines).rstrip() + "\n"


def _markdown_turn(turn: Turn, *, thoughts: bool) -> Iterator[str]:
    if turn.user_text:
        yield from (f"**You:** {_plain(turn.user_text)}", "")
    if thoughts and turn.thoughts:
        yield from (f"> {line}" for line in _plain(turn.thoughts).splitlines())
        yield ""
    for call in turn.tool_calls:
        args = ", ".join(f"{name}={value!r}" for name, value in call.args.items())
        answer = call.error or (call.result if call.result is not None else call.state)
        yield from (f"*{_plain(f'{call.name}({args}) → {answer}')}*", "")
    if turn.text:
        heard = turn.heard_text
        cut = turn.text[len(heard) :].strip() if turn.text.startswith(heard) else ""
        said = f"{_plain(heard)} ~~{_plain(cut)}~~".strip() if cut else _plain(turn.text)
        yield from (f"**Model:** {said}", "")


def _plain(text: str) -> str:
    """Text that Markdown takes for text."""
    return "".join("\\" + letter if letter in "\\`*_[]<>#~|" else letter for letter in text)


class Cue(NamedTuple):
    """Some words and when they were to be heard, in seconds."""

    start: float
    end: float
    voice: str
    text: str


# Words without a sound of their own are shown this long.
_SHOWN_S = 2.0

# Words that come one by one are shown together, this long or to the end of a sentence.
_PHRASE_MS = 1500.0


def cues(log: SessionLog) -> list[Cue]:
    """Who said what, when: by turns for the user, by phrases for the model, on the clock of `log.wav`."""
    found: list[Cue] = []
    for turn in log.conversation:
        times = turn.times
        if turn.user_text and times.sent is not None:
            end = times.speech_end if times.speech_end is not None else times.sent + _SHOWN_S
            found.append(Cue(times.sent, max(end, times.sent + 0.1), "You", turn.user_text))
        found += _model_cues(turn)
    return sorted(found)


def _model_cues(turn: Turn) -> Iterator[Cue]:
    begun, total = turn.times.first_audio, turn.audio_ms
    if begun is None:
        begun, total = turn.times.first_frame or 0.0, _SHOWN_S * 1000
    words = turn.output_words or turn.model_words
    pieces = [piece for piece in zip(words.marks, words.pieces, strict=True) if piece[1].strip()]
    heard = turn.heard_ms if turn.cut and turn.audio_ms else total
    ends = [mark for mark, _ in pieces[1:]] + [total]
    together: list[str] = []
    start: float | None = None
    for (mark, text), end in zip(pieces, ends, strict=True):
        start = mark if start is None else start
        together.append(text)
        phrase = end - start >= _PHRASE_MS or text.rstrip().endswith((".", "?", "!", ",")) or end == total
        if phrase and end > start and start < heard:
            yield Cue(
                begun + start / 1000, begun + min(end, heard) / 1000, "Model", "".join(together).strip()
            )
            together, start = [], None


def webvtt(log: SessionLog) -> str:
    """The transcript as WebVTT, on the clock of `log.wav("mix")`."""
    lines = ["WEBVTT", ""]
    for number, cue in enumerate(cues(log), 1):
        lines += [
            str(number),
            f"{_clock(cue.start)} --> {_clock(cue.end)}",
            f"<v {cue.voice}>{_vtt(cue.text)}",
            "",
        ]
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(max(0.0, seconds) * 1000), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _vtt(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(escaped.split())
