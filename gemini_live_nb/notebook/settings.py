"""The settings of the next session, with what the model is known to refuse beside each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Protocol

from ..errors import ConfigError
from ..protocol.config import LiveConfig
from ..protocol.kinds import mask
from ..protocol.models import DEFAULT_MODEL, FAMILIES, VOICES
from .assets import module, style
from .view import Buffers, Fields, View


@dataclass(frozen=True)
class Field:
    """One setting as the form shows it.

    Attributes:
        name: Of `LiveConfig`.
        label: What it is called.
        kind: `select`, `list` (a text with suggestions), `area`, `number`, `integer`, or `switch` (on, off,
            or the server's choice).
        choices: Values and what they are called.
        hint: What it does, shown when pointed at.
    """

    name: str
    label: str
    kind: Literal["select", "list", "area", "number", "integer", "switch"]
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""


def _named(*names: str) -> tuple[tuple[str, str], ...]:
    """API values by what is particular in their names: `END_SENSITIVITY_LOW` is "low"."""
    words = [name.split("_") for name in names]
    common = 0
    while len({tuple(word[: common + 1]) for word in words}) == 1:
        common += 1
    return tuple((name, " ".join(word[common:]).lower()) for name, word in zip(names, words, strict=True))


_MODELS = tuple(model for family in FAMILIES if not family.retired for model in family.models)

GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    (
        "Model",
        (
            Field(
                "model",
                "Model",
                "list",
                tuple((model, "") for model in _MODELS),
                f"{DEFAULT_MODEL} where none is chosen",
            ),
            Field("voice_name", "Voice", "select", tuple((voice, voice) for voice in VOICES)),
            Field(
                "language_code",
                "Language",
                "list",
                tuple((code, "") for code in ("en-US", "de-DE", "fr-FR", "es-ES", "ja-JP")),
            ),
            Field("system_instruction", "Instructions", "area", (), "What the model is told about itself"),
        ),
    ),
    (
        "Turns",
        (
            Field(
                "automatic_activity_detection",
                "Turn taking",
                "select",
                (("true", "the server listens"), ("false", "push to talk")),
                "Push to talk: hold the button or the space bar while you speak",
            ),
            Field(
                "start_of_speech_sensitivity",
                "Start of speech",
                "select",
                _named("START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"),
                "How readily sound counts as speech",
            ),
            Field(
                "end_of_speech_sensitivity",
                "End of speech",
                "select",
                _named("END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"),
                "How readily a pause counts as the end",
            ),
            Field(
                "silence_duration_ms",
                "Silence, ms",
                "integer",
                (),
                "Milliseconds of silence that end your turn",
            ),
            Field(
                "prefix_padding_ms",
                "Padding, ms",
                "integer",
                (),
                "Milliseconds of speech before it counts as begun",
            ),
            Field(
                "activity_handling",
                "If you cut in",
                "select",
                (
                    ("START_OF_ACTIVITY_INTERRUPTS", "the model is cut off"),
                    ("NO_INTERRUPTION", "the model speaks on"),
                ),
            ),
        ),
    ),
    (
        "Answers",
        (
            Field("temperature", "Temperature", "number", (), "0 to 2"),
            Field("max_output_tokens", "Output tokens", "integer"),
            Field("thinking_budget", "Thinking tokens", "integer", (), "Tokens; 0 turns it off"),
            Field(
                "thinking_level",
                "Thinking level",
                "select",
                _named("MINIMAL", "LOW", "MEDIUM", "HIGH"),
                "3.1 and 3.8 extended models",
            ),
            Field("include_thoughts", "Show thoughts", "switch"),
            Field(
                "proactive_audio",
                "Proactive audio",
                "switch",
                (),
                "The model need not answer everything",
            ),
            Field(
                "enable_affective_dialog",
                "Affective dialog",
                "switch",
                (),
                "Answers in your own tone",
            ),
            Field(
                "media_resolution",
                "Media resolution",
                "select",
                _named("MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"),
                "Tokens for each camera frame",
            ),
        ),
    ),
    (
        "Session",
        (
            Field("input_audio_transcription", "Transcribe you", "switch"),
            Field("output_audio_transcription", "Transcribe it", "switch"),
            Field("session_resumption", "Session resumption", "switch", (), "Goes on after a break"),
            Field(
                "context_window_compression",
                "Context compression",
                "switch",
                (),
                "Drops what is oldest",
            ),
        ),
    ),
)

FIELDS = {field.name: field for _, fields in GROUPS for field in fields}


class Owner(Protocol):
    """What the settings need of a `Live`."""

    config: LiveConfig

    def check(self) -> list[str]: ...


class Settings(View):
    """Model, voice, instructions, turn taking and the rest; a masked field for an API key.

    The key goes to Python in a message of its own, is kept in the process's memory, and is in no trait, log
    or file.

    Args:
        of: A `Live`.
        changed: Called when a setting or the key is another.
        reconnect: Called when the user wants the settings to take effect at once.
        layout: What ipywidgets takes.
    """

    _esm = module("settings.js")
    _css = style("settings.css")

    every: ClassVar[float] = 0.1
    kinds: ClassVar[int] = mask("open", "close")

    def __init__(
        self,
        of: Any,
        *,
        changed: Callable[[], None] | None = None,
        reconnect: Callable[[], None] | None = None,
        **layout: Any,
    ) -> None:
        self._changed = changed
        self._reconnect = reconnect
        self._refused: dict[str, str] = {}
        super().__init__(of, **layout)

    def whole(self) -> tuple[Fields, Buffers]:
        """Everything the page needs."""
        live = self.source.of
        values = {name: shown(getattr(live.config, name)) for name in FIELDS}
        chosen = {name for name, value in values.items() if value}
        warnings = [{"name": about(words, chosen), "words": words} for words in live.check()]
        refused = [{"name": name, "words": words} for name, words in self._refused.items()]
        return {
            "groups": [[title, [asdict(field) for field in fields]] for title, fields in GROUPS],
            "values": values,
            "warnings": refused + warnings,
            "running": self.source.running,
            "key": live.key_words,
        }, []

    def asked(self, message: Fields, buffers: Buffers) -> None:
        """Answer the page."""
        match message.get("kind"):
            case "set":
                self._set(str(message.get("name")), message.get("value"))
            case "key":
                self.source.of.set_key(str(message.get("value") or "").strip() or None)
            case "reconnect" if self._reconnect is not None:
                self._reconnect()
        self.restart()
        if self._changed is not None:
            self._changed()

    def _set(self, name: str, value: Any) -> None:
        field = FIELDS.get(name)
        if field is None:
            return
        try:
            self.source.of.configure(**{name: meant(field, value)})
        except (ConfigError, ValueError) as error:
            self._refused[name] = str(error)
        else:
            self._refused.pop(name, None)


def shown(value: Any) -> str:
    """A setting as the form has it; empty for one that is left to the server."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else "…"


def meant(field: Field, value: Any) -> Any:
    """What the form says, as `LiveConfig` takes it.

    Raises:
        ValueError: a number that is none.
    """
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    if field.kind == "switch" or field.name == "automatic_activity_detection":
        return text == "true"
    if field.kind in ("number", "integer"):
        try:
            return int(text) if field.kind == "integer" else float(text)
        except ValueError:
            raise ValueError(f"{field.label} takes a number, not {text!r}.") from None
    return text


def about(words: str, chosen: set[str]) -> str:
    """The setting a warning is about: of those it names, in either spelling, rather one that is set."""
    # "model" and "temperature" are also plain English: there, only "model=" names the setting.
    ends = {name: r"\b" if "_" in name else "=" for name in FIELDS}
    places = {name: re.search(rf"\b({name}|{_camel(name)}){end}", words) for name, end in ends.items()}
    named = {name: (name not in chosen, match.start()) for name, match in places.items() if match}
    return min(named, key=named.__getitem__, default="")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


__all__: Sequence[str] = ["Settings"]
