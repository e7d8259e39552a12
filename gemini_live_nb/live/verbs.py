"""The verbs of a session as blocking calls."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy.typing as npt

from .. import picture
from ..audio import MIC_RATE
from ..log.turn import Turn
from ..protocol.content import Content, FunctionResponse
from ..protocol.given import ToolSpec
from ..session.conversing import ASK_SECONDS
from ..session.loops import io
from ..session.sending import Sound
from ..session.session import LiveSession

T = TypeVar("T")


class Verbs(ABC):
    """Each verb of `LiveSession` by its name and with its arguments: it waits, and returns the result."""

    @abstractmethod
    def _ready(self) -> LiveSession:
        """The open session; connects where there never was one."""

    @property
    @abstractmethod
    def _open_session(self) -> LiveSession | None:
        """The session, where it is open."""

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a verb. Each has a limit of its own."""
        return io().call(work)

    def _do(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a plain method of the session on its loop, from any thread, the I/O thread included."""
        return function(*arguments) if io().here() else io().call(_now(function, *arguments))

    def ask(
        self,
        what: str | os.PathLike[str] | npt.NDArray[Any] | list[Any] | tuple[Any, ...],
        *,
        timeout: float | None = ASK_SECONDS,
    ) -> Turn:
        """Ask something and wait for the reply: the whole turn, function calls included.

        Args:
            what: Text; or speech, as the path of a sound file (a `pathlib.Path`) or an array at 16 kHz,
                spoken in real time; or a list of texts and pictures, as one turn:
                `ask([image, "What is it?"])`.
            timeout: Seconds to wait for the reply to be over once the question is out; None for no limit.

        Raises:
            AskTimeout: The reply was not over in time; `.turn` has what came.
            AnswerLost: The connection broke in mid-answer.
            LiveError: The session ended.
        """
        return self._call(self._ready().ask(what, timeout=timeout))

    def send_text(self, text: str) -> int:
        """Say something in text; returns its row in the log. See `LiveSession.send_text`."""
        return self._call(self._ready().send_text(text))

    def send_audio(self, pcm: Sound, rate: int = MIC_RATE) -> None:
        """Send a piece of speech. See `LiveSession.send_audio`."""
        self._do(self._ready().send_audio_nowait, pcm, rate)

    def send_video(self, image: Any, mime_type: str | None = None) -> None:
        """Send one picture: file bytes, a path, a Pillow image or an array. See `LiveSession.send_video`."""
        self._do(self._ready().send_video_nowait, *picture.ready(image, mime_type))

    def stream_audio(
        self,
        source: str | os.PathLike[str] | npt.NDArray[Any] | bytes,
        rate: int = MIC_RATE,
        *,
        pace: float = 1.0,
        end: bool = True,
    ) -> float:
        """Speak a recording in real time; returns its seconds. See `LiveSession.stream_audio`."""
        return self._call(self._ready().stream_audio(source, rate, pace=pace, end=end))

    def end_audio(self) -> int:
        """Say that the microphone is off. See `LiveSession.end_audio`."""
        return self._call(self._ready().end_audio())

    def activity_start(self) -> int:
        """Say that the user begins to speak. See `LiveSession.activity_start`."""
        return self._call(self._ready().activity_start())

    def activity_end(self) -> int:
        """Say that the user has spoken. See `LiveSession.activity_end`."""
        return self._call(self._ready().activity_end())

    def send_content(
        self,
        turns: str | Content | Mapping[str, Any] | Sequence[Content | Mapping[str, Any] | str],
        *,
        turn_complete: bool = True,
    ) -> int:
        """Append turns to the conversation. See `LiveSession.send_content`."""
        return self._call(self._ready().send_content(turns, turn_complete=turn_complete))

    def send_tool_response(self, responses: FunctionResponse | Sequence[FunctionResponse]) -> int:
        """Answer function calls yourself. See `LiveSession.send_tool_response`."""
        return self._call(self._ready().send_tool_response(responses))

    def send_context_update(
        self,
        *,
        system_instruction: str | Content | None = None,
        tools: Iterable[ToolSpec] | ToolSpec | None = None,
    ) -> int:
        """Change instructions or tools in mid-session. See `LiveSession.send_context_update`.

        To change tools whatever the model, and for later conversations too: `tools = […]`, `add_tool`.
        """
        session = self._ready()
        return self._call(session.send_context_update(system_instruction=system_instruction, tools=tools))

    def send_raw(self, frame: Mapping[str, Any] | str | bytes) -> int:
        """Send any frame as it is. See `LiveSession.send_raw`."""
        return self._call(self._ready().send_raw(frame))

    def interrupt(self) -> str:
        """Stop the model's voice; returns what was done. See `LiveSession.interrupt`."""
        return self._call(self._ready().interrupt())

    def mark(self, label: str) -> int:
        """Note something in the log; returns its row."""
        return self._do(self._ready().mark, label)

    def approve(self, call_id: str) -> None:
        """Let a function run that waits for approval."""
        self._do(self._ready().approve, call_id)

    def deny(self, call_id: str, reason: str = "the user did not allow it") -> None:
        """Refuse a function that waits for approval; the model is told the reason."""
        self._do(self._ready().deny, call_id, reason)


async def _now(function: Callable[..., T], *arguments: Any) -> T:
    return function(*arguments)
