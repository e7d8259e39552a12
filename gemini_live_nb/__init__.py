"""Talk with the Gemini Live API from a notebook, and keep every frame of the conversation.

The public names, and nothing else. Each is loaded when it is first used, so that importing the package costs
next to nothing, and pandas, widgets and the emulator come only where they are wanted.

    import gemini_live_nb as gl

    live = gl.Live()                  # a session as a notebook holds it; with no key it talks to the emulator
    turn = live.ask("Say hello.")
    live.log.messages()               # every frame, as a DataFrame
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# `as` says that these are passed on. A name is listed, here and below, once what it names exists.
if TYPE_CHECKING:
    from .demos import demo as demo
    from .demos import sentence as sentence
    from .emulator import Emulator as Emulator
    from .errors import AnswerLost as AnswerLost
    from .errors import AskTimeout as AskTimeout
    from .errors import AuthError as AuthError
    from .errors import ConfigError as ConfigError
    from .errors import ConnectError as ConnectError
    from .errors import DeadlineExceeded as DeadlineExceeded
    from .errors import GoneAway as GoneAway
    from .errors import LiveError as LiveError
    from .errors import LogError as LogError
    from .errors import MediaError as MediaError
    from .errors import ModelNotFound as ModelNotFound
    from .errors import NetworkLost as NetworkLost
    from .errors import ProtocolError as ProtocolError
    from .errors import QuotaExceeded as QuotaExceeded
    from .errors import ServerFault as ServerFault
    from .errors import SessionClosed as SessionClosed
    from .errors import SetupRejected as SetupRejected
    from .errors import ToolError as ToolError
    from .experiments.settings import grid as grid
    from .experiments.sweep import sweep as sweep
    from .live import Live as Live
    from .log.compare import compare as compare
    from .log.run import SessionLog as SessionLog
    from .log.runs import open_runs as open_runs
    from .log.turn import ToolCall as ToolCall
    from .log.turn import Turn as Turn
    from .notebook.camera import Camera as Camera
    from .notebook.camera import Screen as Screen
    from .notebook.diagnosis import Diagnosis as Diagnosis
    from .notebook.messages import MessageTable as MessageTable
    from .notebook.microphone import Microphone as Microphone
    from .notebook.player import Player as Player
    from .notebook.speaker import Speaker as Speaker
    from .notebook.toolcalls import ToolCalls as ToolCalls
    from .notebook.transcript import Transcript as Transcript
    from .notebook.waveform import Waveform as Waveform
    from .protocol.config import LiveConfig as LiveConfig
    from .protocol.tokens import create_token as create_token
    from .session.loops import run as run
    from .session.session import LiveSession as LiveSession
    from .session.tools import tool as tool

_HOMES: dict[str, tuple[str, ...]] = {
    "demos": ("demo", "sentence"),
    "emulator": ("Emulator",),
    "errors": (
        "AnswerLost",
        "AskTimeout",
        "AuthError",
        "ConfigError",
        "ConnectError",
        "DeadlineExceeded",
        "GoneAway",
        "LiveError",
        "LogError",
        "MediaError",
        "ModelNotFound",
        "NetworkLost",
        "ProtocolError",
        "QuotaExceeded",
        "ServerFault",
        "SessionClosed",
        "SetupRejected",
        "ToolError",
    ),
    "experiments.settings": ("grid",),
    "experiments.sweep": ("sweep",),
    "live": ("Live",),
    "log.compare": ("compare",),
    "log.run": ("SessionLog",),
    "log.runs": ("open_runs",),
    "log.turn": ("ToolCall", "Turn"),
    "notebook.camera": (
        "Camera",
        "Screen",
    ),
    "notebook.diagnosis": ("Diagnosis",),
    "notebook.messages": ("MessageTable",),
    "notebook.microphone": ("Microphone",),
    "notebook.player": ("Player",),
    "notebook.speaker": ("Speaker",),
    "notebook.toolcalls": ("ToolCalls",),
    "notebook.transcript": ("Transcript",),
    "notebook.waveform": ("Waveform",),
    "protocol.config": ("LiveConfig",),
    "protocol.tokens": ("create_token",),
    "session.loops": ("run",),
    "session.session": ("LiveSession",),
    "session.tools": ("tool",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
# Rooms that may be named without an import of their own: `gl.errors.ToolTimeout`.
_ROOMS = ("audio", "errors", "experiments", "offline")

__all__ = sorted((*_HOME, *_ROOMS))  # noqa: PLE0605  (it is a list)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
