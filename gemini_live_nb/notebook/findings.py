"""The rules behind "why is nothing happening?": facts in, findings out; no widget and no session in here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Level = Literal["bad", "warn", "good"]


class Finding(NamedTuple):
    """One thing worth saying.

    Attributes:
        id: Names the rule.
        level: `bad` stands in the way, `warn` may, `good` is well.
        title: What is so.
        advice: What to do about it; may be empty where all is well.
    """

    id: str
    level: Level
    title: str
    advice: str = ""


@dataclass(kw_only=True)
class Facts:
    """What is known; None and empty where it is not.

    Attributes:
        host: Where the page runs: `jupyter`, `vscode`, `colab`, empty while no page has told.
        secure, media: Whether the origin is secure, and whether the page may ask for devices at all.
        microphone, camera: The browser's permission: `granted`, `denied`, `prompt`, `unknown`.
        microphones, cameras: How many the browser sees.
        carrier: The media channel: `socket`, `comm`, or empty.
        ipykernel: Its version, empty outside a kernel.
        mic_state, mic_problem, mic_muted: Of the microphone widget.
        camera_problem, speaker_problem: Of theirs.
        sound_blocked: Whether the browser waits for a click before it plays.
        silent_for: Seconds of silence from a microphone that is on.
        phase: `off`, `opening`, `on` or `mending`.
        manual: Whether turns are marked by hand.
        error: What went wrong last, with its hint.
        warnings: What the model is known to refuse in the present settings.
        offline: Whether the built-in server answers.
    """

    host: str = ""
    secure: bool | None = None
    media: bool | None = None
    microphone: str = "unknown"
    camera: str = "unknown"
    microphones: int | None = None
    cameras: int | None = None
    carrier: str = ""
    ipykernel: tuple[int, ...] = ()
    mic_state: str = "off"
    mic_problem: str = ""
    mic_muted: bool = False
    camera_problem: str = ""
    speaker_problem: str = ""
    sound_blocked: bool = False
    silent_for: float = 0.0
    phase: str = "off"
    manual: bool = False
    error: tuple[str, str] = ("", "")
    warnings: list[str] = field(default_factory=list)
    offline: bool = False


_SILENT_S = 5.0

WAYS = {
    "socket": (
        "direct (socket)",
        "It goes straight to the session's own thread: no running cell holds it up.",
    ),
    "comm": (
        "through Jupyter (comm)",
        "It shares the notebook's own connection: a little later, and a busy server may be heard.",
    ),
}
"""The media channel's carriers: the name in words, and what it means for who talks over it."""


def diagnose(facts: Facts) -> list[Finding]:
    """What stands in the way, worst first, and what is well.

    >>> [finding.id for finding in diagnose(Facts(host="jupyter", secure=False))][0]
    'insecure'
    """
    found = [
        *_error(facts),
        *_page(facts),
        *_microphone(facts),
        *_others(facts),
        *_kernel(facts),
        *_session(facts),
    ]
    order = {"bad": 0, "warn": 1, "good": 2}
    return sorted(found, key=lambda finding: order[finding.level])


def _error(facts: Facts) -> Iterator[Finding]:
    message, hint = facts.error
    if message and facts.phase != "on":
        yield Finding("error", "bad", message, hint[:1].upper() + hint[1:])
    for number, words in enumerate(facts.warnings):
        yield Finding(f"setting {number}", "warn", words)


def _page(facts: Facts) -> Iterator[Finding]:
    if facts.host == "vscode":
        yield Finding(
            "vscode",
            "bad",
            "VS Code gives notebooks neither microphone nor camera",
            "Open the notebook in a browser (make lab). Typing, files, sound and transcript work here too: "
            'live.stream_audio("question.wav").',
        )
    elif facts.secure is False:
        yield Finding(
            "insecure",
            "bad",
            "This page is not secure, so the browser hides microphone and camera from it",
            "Open it as http://localhost:8888, by a tunnel where the server is elsewhere "
            "(ssh -L 8888:localhost:8888 HOST), or serve it over https.",
        )
    elif facts.media is False:
        yield Finding(
            "media",
            "bad",
            "This page may not use microphone or camera",
            "Open the notebook in JupyterLab in a browser.",
        )
    elif facts.secure:
        yield Finding("secure", "good", "The page may ask for microphone and camera")


def _microphone(facts: Facts) -> Iterator[Finding]:
    if facts.mic_problem:
        yield Finding("microphone", "bad", "The microphone could not be started", facts.mic_problem)
    elif facts.microphone == "denied":
        yield Finding(
            "denied",
            "bad",
            "The browser refuses the microphone to this page",
            "Click the sign left of the address, allow the microphone, and press its button again.",
        )
    elif facts.microphones == 0:
        yield Finding(
            "no microphone",
            "bad",
            "The browser sees no microphone",
            "Plug one in, or allow the browser to use it in the system's privacy settings; or type.",
        )
    elif facts.mic_state == "live" and facts.mic_muted:
        yield Finding("muted", "warn", "The microphone is muted", "Press its button to go on.")
    elif facts.mic_state == "live" and facts.silent_for >= _SILENT_S:
        yield Finding(
            "silent",
            "warn",
            f"The microphone is on and has heard nothing for {facts.silent_for:.0f} s",
            "It may be the wrong one (choose another in its menu), or muted by a switch or the system.",
        )
    elif facts.mic_state == "live":
        yield Finding("microphone on", "good", "The microphone is on")
    elif facts.phase == "on":
        yield Finding("microphone off", "warn", "The microphone is off", "Press its button to talk, or type.")


def _others(facts: Facts) -> Iterator[Finding]:
    if facts.camera_problem:
        yield Finding("camera", "warn", "The camera could not be started", facts.camera_problem)
    if facts.sound_blocked:
        yield Finding(
            "sound blocked",
            "bad",
            "The browser plays no sound until this page was clicked",
            "Press “Enable sound” at the speaker, or click anywhere in the notebook.",
        )
    elif facts.speaker_problem:
        yield Finding("speaker", "bad", "The speaker could not be started", facts.speaker_problem)


def _kernel(facts: Facts) -> Iterator[Finding]:
    version = ".".join(map(str, facts.ipykernel))
    if facts.ipykernel[:2] == (7, 0):
        yield Finding(
            "ipykernel 7.0",
            "bad",
            f"ipykernel {version} cannot send to the page from a thread",
            'Install another one, pip install "ipykernel>=7.1", and restart the kernel.',
        )
    elif facts.carrier == "comm" and facts.ipykernel and facts.ipykernel < (7, 1):
        yield Finding(
            "busy",
            "warn",
            "Microphone and buttons wait while a cell runs",
            f"ipykernel {version} serves them between cells only. Install ipykernel 7.1 or newer, or open "
            "JupyterLab on the machine the kernel runs on.",
        )
    elif facts.carrier:
        way, meaning = WAYS[facts.carrier]
        yield Finding("channel", "good", f"The way of sound and pictures to the kernel: {way}", meaning)
    elif facts.host and facts.host != "vscode":
        yield Finding(
            "channel",
            "warn",
            "No media channel is open yet",
            "It opens when microphone or speaker is first shown.",
        )


def _session(facts: Facts) -> Iterator[Finding]:
    if facts.offline:
        yield Finding(
            "offline",
            "warn",
            "The built-in server answers, not Gemini",
            "Enter an API key in the settings, or set GEMINI_API_KEY before the kernel starts.",
        )
    if facts.phase == "off":
        yield Finding("off", "warn", "No session runs", "Press Connect.")
    elif facts.phase == "on":
        yield Finding("on", "good", "The session is connected")
    if facts.manual and facts.phase == "on":
        yield Finding(
            "manual",
            "warn",
            "Push-to-talk is on",
            "Hold the button, or the space bar, while you speak; the model answers after.",
        )
