"""The model table: what each family of live models accepts, refuses and does by default.

The one place where models differ (DESIGN 10): `LiveConfig.check` warns from it, the panel shows it, the
emulator's profiles read it. Each fact names its source: sections are those of PROTOCOL.md, letters its
evidence marks (V verified, R reported, I inferred). "PYDANTIC" is the profile of each model in pydantic-ai
2.66 (`profiles/google.py`), whose comments date what was tried against the service in September and
October 2026. `None` means nobody has found out, and then nobody is
warned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

DEFAULT_MODEL = "gemini-2.5-flash-native-audio-preview-12-2025"

# §4.6 V (DOC): the prebuilt voices, the same for every family that speaks.
VOICES = (
    "Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe",
    "Enceladus", "Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia",
    "Achernar", "Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix",
    "Sadachbia", "Sadaltager", "Sulafat",
)  # fmt: skip

# §4.3 V (DOC): what ends a session, in minutes, where the context is not compressed; and a connection.
MINUTES_OF_AUDIO = 15
MINUTES_OF_VIDEO = 2
MINUTES_OF_CONNECTION = 10

# §2.2 R: the legal range of contextWindowCompression.triggerTokens on models with a window of 128k.
TRIGGER_TOKENS = (5_000, 128_000)

# §2.2 V (REF): generationConfig fields that exist elsewhere and are not supported on Live.
REFUSED_GENERATION = (
    "responseLogprobs", "responseMimeType", "logprobs", "responseSchema", "stopSequences", "routingConfig",
    "audioTimestamp",
)  # fmt: skip

# §1.1 V (DOC), R (PYDSRC): settings that v1beta and v1 do not know.
V1ALPHA_ONLY = ("proactive_audio", "proactive_video", "enable_affective_dialog")
# §2.2 V (SDK), R (RESUME): settings that only Vertex AI knows.
VERTEX_ONLY = ("transparent", "explicit_vad_signal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What one family of models accepts and does. `None` where it is not known.

    Attributes:
        name: What we call the family; the emulator's profile of it has the same name.
        models: Their names, without `models/`.
        vertex: Served on Vertex AI, with its habits: `sessionId`, `role: "model"`, `audio/pcm`,
            `candidates…`.
        retired: Why it cannot be used any more; empty while it can.
        modalities: The response modalities it takes, the default first.
        thinking: How thinking is set: by `budget` or by `level`; a level may be `required`; all may be
            `refused`.
        thinking_levels: The levels it takes.
        affective_dialog: Whether enableAffectiveDialog is taken (on v1alpha only).
        proactive_audio: `settable` (on v1alpha only), `always` on (an explicit false is an error), or `none`.
        functions: Whether functions may be declared.
        behaviors: What `behavior` of a declaration may say, the default first.
        talks_through_calls: Whether it talks on while a NON_BLOCKING call runs. One that does not takes the
            word, and stays silent until the result.
        scheduling: Whether a function response may carry `scheduling`.
        result_media: MIME types it reads in `FunctionResponse.parts`; empty where it does not look at them.
        cancels_calls: Whether barge-in sends toolCallCancellation.
        call_ids: How ids of calls begin, or `uuid`.
        turn_ends_after_call: When a toolCall ends the turn: `no`, `at once`, `in progress`, `a moment later`,
            whether it has been answered by then or not.
        google_search: Whether the googleSearch tool is taken.
        code_execution: The codeExecution tool is `run`, taken and `ignored`, or `refused`.
        media_chunks: Whether the deprecated realtimeInput.mediaChunks is taken.
        content_anytime: Whether clientContent is taken in mid-session, and ends a running reply.
        function_part_history: Whether history may hold calls and responses.
        audio_history: Whether history may hold sound (at 16 kHz).
        audio_mime: MIME type of the audio it says.
        input_transcript: What the user said comes in `pieces`, as a `sentence`, or in `pieces and finished`.
        output_transcript: What it says comes `ahead` of its audio, `bundled` with it, bundled in `phrases`,
            or `first`.
        transcribes_unasked: Whether the user is transcribed even where that was not asked for.
        thoughts_unasked: Whether thought parts come even where includeThoughts was not set.
        empty_content: Whether empty `serverContent` frames occur.
        handle_unasked: Whether resumption handles come unasked.
        activity_unasked: Whether voiceActivity comes unasked.
        sensitivity: Default of start and end sensitivity.
        turn_coverage: Default of turnCoverage.
        context_window: Tokens.
        compresses: Whether contextWindowCompression is taken.
        context_update: Whether contextUpdate is heeded in mid-session.
    """

    name: str
    models: tuple[str, ...]
    vertex: bool = False
    retired: str = ""
    modalities: tuple[str, ...] = ("AUDIO",)
    thinking: Literal["budget", "level", "required", "refused"] | None = None
    thinking_levels: tuple[str, ...] = ()
    affective_dialog: bool | None = None
    proactive_audio: Literal["settable", "always", "none"] | None = None
    functions: bool | None = True
    behaviors: tuple[str, ...] = ("BLOCKING", "NON_BLOCKING")
    talks_through_calls: bool | None = None
    scheduling: bool | None = True
    result_media: tuple[str, ...] | None = None
    cancels_calls: bool | None = None
    call_ids: Literal["function-call-", "fc_", "call_", "uuid"] = "function-call-"
    turn_ends_after_call: Literal["no", "at once", "in progress", "a moment later"] = "no"
    google_search: bool | None = True
    code_execution: Literal["run", "ignored", "refused"] | None = None
    media_chunks: bool | None = None
    content_anytime: bool | None = None
    function_part_history: bool | None = None
    audio_history: bool | None = None
    audio_mime: str = "audio/pcm;rate=24000"
    input_transcript: Literal["pieces", "sentence", "pieces and finished"] = "sentence"
    output_transcript: Literal["ahead", "bundled", "phrases", "first"] = "ahead"
    transcribes_unasked: bool = False
    thoughts_unasked: bool = False
    empty_content: bool = False
    handle_unasked: bool = False
    activity_unasked: bool = False
    sensitivity: Literal["HIGH", "LOW"] = (
        "HIGH"  # §2.2 V (VDOC, SDK): HIGH on the Developer API, LOW on Vertex
    )
    turn_coverage: str = "TURN_INCLUDES_ONLY_ACTIVITY"  # §2.2 V (REF): the default up to 2.5
    context_window: int | None = None
    compresses: bool | None = True  # §4.3 V (DOC): how any conversation outlives its fifteen minutes
    context_update: bool | None = None


_ALL_VIDEO = "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO"

# R (PYDANTIC, 2026-09-28): shown a picture or a secret word by a function, the 3.x models tell what it is.
_RESULT_MEDIA_3 = ("image/png", "image/jpeg", "image/webp", "text/plain")

FAMILIES: tuple[Family, ...] = (
    Family(
        name="2.5-native",
        models=(  # §4.6 V (DOC)
            "gemini-2.5-flash-native-audio-preview-12-2025",
            "gemini-2.5-flash-native-audio-preview-09-2025",
            "gemini-2.5-flash-native-audio-latest",
        ),
        modalities=(
            "AUDIO",
        ),  # §1.4 R: TEXT closes with 1007 "The requested combination of response modalities (TEXT) …"
        thinking="budget",  # §4.4 V (DOC)
        affective_dialog=True,  # §4.4 V (DOC): 2.5 only
        proactive_audio="settable",  # §4.4 V (DOC)
        talks_through_calls=True,  # R (PYDANTIC): with a slow function it speaks throughout
        result_media=(),  # R (PYDANTIC, 2026-09-28): it guesses
        cancels_calls=True,  # §3.1 R (STOP)
        call_ids="function-call-",  # §3.1 V (PYDCASS)
        code_execution="refused",  # §4.2 V (CB): half-cascade only; R (PYDANTIC): 1007
        media_chunks=True,  # §2.4 V (JSREC)
        content_anytime=True,  # §2.3 V
        function_part_history=False,  # §2.3 R (PYDSRC)
        audio_history=False,  # R (PYDANTIC, 2026-09-28): 1007 "Precondition check failed"
        input_transcript="pieces",  # §3.2 V (PYDCASS)
        output_transcript="ahead",  # §3.2 V (PYDCASS)
        thoughts_unasked=True,  # §4.4 V (PYDCASS)
        context_window=128_000,  # §4.3 V (DOC)
    ),
    Family(
        name="3.1-live",
        models=("gemini-3.1-flash-live-preview",),  # §4.6
        thinking="level",  # §4.4 V (DOC): MINIMAL is the default
        thinking_levels=("MINIMAL", "LOW", "MEDIUM", "HIGH"),  # §4.4 V (DOC)
        affective_dialog=False,  # §4.4 R: 1007, or setupComplete never comes
        proactive_audio="none",  # §4.4 V (DOC)
        talks_through_calls=False,  # R (PYDANTIC): takes NON_BLOCKING, and is silent until the result
        result_media=_RESULT_MEDIA_3,
        cancels_calls=True,  # §3.1 R (STOP)
        call_ids="fc_",  # §3.1 V (PYDCASS)
        code_execution="ignored",  # R (PYDANTIC): taken, and no code part ever comes
        media_chunks=False,  # §1.4 R: 1007 "realtime_input.media_chunks is deprecated."
        content_anytime=None,  # §2.3: recorded working, reported refused; documented for a history alone
        # R (PYDANTIC, 2026-09-28): taken with historyConfig; a resumed session has lost them
        function_part_history=True,
        audio_history=True,  # R (PYDANTIC, 2026-09-28): recalled every time
        output_transcript="bundled",  # §3.2 V (PYDCASS)
        transcribes_unasked=True,  # §2.2 R (PYDSRC)
        empty_content=True,  # §5.10 V (PYDCASS)
        handle_unasked=True,  # §3.2 V (PYDCASS)
        activity_unasked=True,  # §8.2
        turn_coverage=_ALL_VIDEO,  # §2.2 V (REF)
        context_window=128_000,  # §4.3 V (DOC)
    ),
    Family(
        name="3.8-live",
        models=("gemini-3.8-live",),  # §4.6 V: GA 2026-09-15
        thinking="refused",  # R (PYDANTIC, 2026-09-16): 1007 "Thinking level is not supported …"
        affective_dialog=False,  # §4.4 R (PYDSRC): opens, then closes on the first send
        proactive_audio="always",  # §2.2 V: always on, an explicit false is an error
        behaviors=("NON_BLOCKING", "BLOCKING"),  # §4.2 V: NON_BLOCKING is the default, BLOCKING allowed
        talks_through_calls=True,  # R (PYDANTIC, 2026-09-16)
        result_media=_RESULT_MEDIA_3,
        cancels_calls=False,  # §3.1 R (STOP): never in 41 sessions
        call_ids="call_",  # §3.1 V (STOP)
        context_update=True,  # R: Vertex's documentation names this model (§2.6)
        turn_ends_after_call="at once",  # §3.2 V (STOP)
        code_execution="refused",  # §4.2 V (DOC): not on Live; how it says so: [I]
        media_chunks=False,  # §8.2 I
        content_anytime=True,  # §2.3 V
        function_part_history=True,  # §2.3 R (PYDSRC): with historyConfig
        audio_history=True,  # R (PYDANTIC, 2026-09-28): recalled every time
        # §3.2 V (STOP); bundled: V (pydantic-ai, tests/realtime/cassettes, [gemini-3.8-live], October 2026)
        output_transcript="phrases",
        empty_content=True,  # V (the same): before the first sound
        transcribes_unasked=True,  # §2.2 R (PYDSRC, forum 188765)
        handle_unasked=True,  # §3.2 V (STOP)
        activity_unasked=True,  # §3.2 V (STOP)
        turn_coverage=_ALL_VIDEO,  # §2.2 V (REF)
        context_window=131_072,  # §4.3 V (model page)
    ),
    Family(
        name="3.8-extended",
        models=("gemini-3.8-live-extended-thinking",),  # §4.6
        thinking="required",  # §1.4 R (PYDSRC): 1007 "Thinking level must be specified for this model"
        # §4.4 V (DOC); R (PYDANTIC): 1007 "Thinking level MINIMAL is not supported for this model"
        thinking_levels=("LOW", "MEDIUM", "HIGH"),
        affective_dialog=False,  # §4.4 R (PYDSRC)
        proactive_audio="always",  # §2.2 V
        # §4.2 V; R (PYDANTIC, 2026-09-16): 1007 "BLOCKING function calls are not supported for this model"
        behaviors=("NON_BLOCKING",),
        result_media=_RESULT_MEDIA_3,
        scheduling=False,  # §1.4 R (PYDSRC): 1007 "… scheduling is not supported for this model"
        cancels_calls=False,  # §8.2
        call_ids="call_",  # §3.1
        turn_ends_after_call="in progress",  # §3.2 R
        code_execution="refused",  # §4.2 V (DOC): not on Live; how it says so: [I]
        media_chunks=False,  # §8.2 I
        content_anytime=True,  # §2.3 V
        function_part_history=True,  # §2.3 R (PYDSRC)
        audio_history=True,  # R (PYDANTIC, 2026-09-28): taken, recalled one time in four
        output_transcript="phrases",  # §8.2
        empty_content=True,  # as 3.8-live: [I]
        transcribes_unasked=True,  # §2.2 R (PYDSRC)
        handle_unasked=True,  # §8.2
        activity_unasked=True,  # §8.2
        turn_coverage=_ALL_VIDEO,  # §2.2 V (REF)
        context_window=131_072,  # §4.3 V (model page)
    ),
    Family(
        name="vertex-2.5",
        models=("gemini-live-2.5-flash",),  # §4.6: half-cascade, private GA
        vertex=True,
        modalities=("AUDIO", "TEXT"),  # §3.2
        # R (PYDANTIC): 1007 "thinking_level is not supported by this model", and a budget is refused as well
        thinking="refused",
        # §4.4 V (DOC): native audio only; R (PYDANTIC, 2026-09-25): taken all the same
        affective_dialog=None,
        proactive_audio="none",  # §4.4 V (DOC): native audio only
        cancels_calls=True,  # §8.2
        call_ids="uuid",  # §3.1 V (PYDCASS)
        turn_ends_after_call="a moment later",  # §3.2 V (PYDCASS), R (adk-python#4902)
        media_chunks=True,  # §8.2
        content_anytime=True,  # §2.3 V
        audio_mime="audio/pcm",  # §3.1 V (JSREC, PYDCASS)
        input_transcript="pieces and finished",  # §8.2 V (PYDCASS)
        output_transcript="first",  # §3.2 V (PYDCASS)
        sensitivity="LOW",
        context_window=32_000,  # §4.3 V (DOC)
    ),
    Family(
        name="vertex-2.5-native",
        models=("gemini-live-2.5-flash-native-audio",),  # §4.6: Vertex GA
        vertex=True,
        thinking="budget",  # §4.4
        affective_dialog=True,  # §4.4 V (DOC)
        proactive_audio="settable",  # §4.4 V (DOC)
        call_ids="uuid",  # §3.1
        turn_ends_after_call="a moment later",  # R (adk-python#4902): 10 ms after the call
        code_execution="refused",  # §4.2; as 2.5-native: [I]
        content_anytime=True,  # §2.3 V
        audio_mime="audio/pcm",  # §3.1
        input_transcript="pieces and finished",  # §8.2 I
        sensitivity="LOW",
        context_window=128_000,  # §4.3 V (DOC)
    ),
    Family(
        name="3.5-transcribe",
        models=("gemini-3.5-transcribe-live", "gemini-3.5-transcribe-live-preview"),  # §4.6: GA 2026-08-26
        modalities=("TEXT",),  # §4.6 V
        functions=None,
        google_search=None,
        compresses=None,
    ),
    Family(
        name="3.5-translate",
        models=("gemini-3.5-live-translate-preview",),  # §4.6
        functions=None,
        google_search=None,
        compresses=None,
    ),
    Family(
        name="robotics-er-2",
        models=("gemini-robotics-er-2-streaming-preview",),  # §4.6
        modalities=("TEXT",),  # §4.6: text out
        compresses=None,
    ),
    Family(
        name="2.5-half-cascade",
        models=(  # §4.6
            "gemini-live-2.5-flash-preview",
            "gemini-2.0-flash-live-001",
            "gemini-2.0-flash-live-preview-04-09",
            "gemini-2.0-flash-exp",
        ),
        retired="retired by 2025-12-09",  # §4.6
        modalities=("AUDIO", "TEXT"),  # §3.2 V (JSREC)
        talks_through_calls=True,  # §4.2 V (CB): "I am fetching …" while the call runs
        cancels_calls=True,  # §8.2
        code_execution="run",  # §4.2 V (CB)
        media_chunks=True,  # §2.4 V (JSREC)
        content_anytime=True,  # §2.3 V
        input_transcript="pieces",  # §3.2
        output_transcript="first",  # §3.2 V (JSREC)
        context_window=32_000,  # §4.3 V (DOC)
    ),
    Family(
        name="2.5-native-dialog",
        models=(  # §4.6
            "gemini-2.5-flash-preview-native-audio-dialog",
            "gemini-2.5-flash-exp-native-audio-thinking-dialog",
        ),
        retired="retired; its successor is gemini-2.5-flash-native-audio-latest",  # §4.6
        content_anytime=True,  # §2.3 V
        input_transcript="pieces",
        thoughts_unasked=True,
    ),
)

# How later versions of a model are named; anything else after a known name is another model.
_VERSION = re.compile(r"(?:-(?:preview|latest|exp|\d[\d-]*))*\Z")


def bare_name(model: str) -> str:
    """Return a model's name without what stands before it (`models/`, `projects/…/models/`).

    >>> bare_name("projects/p/locations/l/publishers/google/models/gemini-live-2.5-flash")
    'gemini-live-2.5-flash'
    """
    return model.rsplit("/", 1)[-1]


def family(model: str | None) -> Family | None:
    """Return the family of a model, or None for a model nobody has described yet.

    A later version of a known name (`-preview-03-2027`, `-latest`, `-001`) belongs to that name's family.

    >>> family("models/gemini-3.8-live").name
    '3.8-live'
    """
    if not model:
        return None
    name = bare_name(model)
    for known in FAMILIES:
        if name in known.models:
            return known
    for known in (served for served in FAMILIES if not served.retired):
        for stem in {_VERSION.sub("", listed) for listed in known.models}:
            if name.startswith(stem) and _VERSION.fullmatch(name[len(stem) :]):
                return known
    return None
