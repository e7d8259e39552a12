"""`Live`: a conversation as a notebook holds it."""

from __future__ import annotations

import atexit
import contextlib
import inspect
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .. import offline as builtin
from ..errors import LiveError, SessionClosed
from ..log.run import SessionLog
from ..log.turn import Turn
from ..protocol.config import LiveConfig
from ..protocol.endpoint import Endpoint
from ..protocol.given import ToolSpec
from ..session.events import Closed, Event, Trouble
from ..session.listeners import Listener
from ..session.loops import io
from ..session.session import LiveSession
from .relay import Callback, Kind, Relay, Stop
from .settings import changed
from .tools import Tools

if TYPE_CHECKING:
    from ..notebook.camera import Camera, Screen
    from ..notebook.microphone import Microphone
    from ..notebook.speaker import Speaker
    from ..notebook.wiring import Wiring

_LOG = logging.getLogger("gemini_live_nb")
_EXIT_SECONDS = 3.0
_MOST_RUNS = 20


class Live(Tools):
    """A conversation with a Live API model, for cells and scripts: blocking calls, a panel when displayed.

    The session runs on a thread of its own, so that a busy cell stalls neither socket nor sound. Every verb
    may be called from any thread, in a cell while the kernel's loop runs, or in a plain script; the first one
    connects. Ctrl-C and a kernel's interrupt end a wait.

    With no key, or with `offline=True`, it talks to a server of its own on this machine, and says so.

    Args:
        config: What the session is set to.
        api_key: An API key; default `GEMINI_API_KEY`, then `GOOGLE_API_KEY`, `.env`, Colab's user data.
        token: An ephemeral token instead of a key.
        url: Another server that speaks this wire; default `GEMINI_LIVE_URL`, then Google's.
        version: API version: `v1beta`, `v1alpha` or `v1`.
        endpoint: Where to connect, instead of the four above.
        offline: True: the built-in server, whatever keys are set. None: only where there is no key.
        tools: What the model may call, beside `config.tools`: Python functions; tools of the server by name
            (`"google_search"`); declarations. See `add_tool` for later.
        log: Folder to record to; None for one of its own; False for memory only.
        replay: A recorded run (`SessionLog`, its folder, a capture): the built-in server answers as the
            recorded one did; what is sent now and was not sent then is told as a `Trouble`.
        mic: An ipywebrtc stream to take instead of the microphone.
        camera: An ipywebrtc stream to take instead of the camera.
        on_error: Called with each exception in a callback, a tool or the log, beside Python's own log.
        settings: Any setting of `LiveConfig` by its name: `voice_name="Kore"`, `temperature=0.5` …

    Attributes:
        runs: The runs of this `Live`, one a connection that was asked for, the newest last; the last 20.
        troubles: The last exceptions of callbacks, tools and the log.
        error: What ended the last session or attempt to connect; None where we closed it ourselves.

    Raises:
        ConfigError: A setting or tool that cannot be sent.

    Example:
        >>> with Live(offline=True) as live:  # doctest: +SKIP
        ...     print(live.ask("What is 2 plus 3?").text)
        2 plus 3 is 5.
    """

    def __init__(
        self,
        config: LiveConfig | None = None,
        *,
        api_key: str | None = None,
        token: str | None = None,
        url: str | None = None,
        version: str | None = None,
        endpoint: Endpoint | None = None,
        offline: bool | None = None,
        tools: Iterable[ToolSpec] | ToolSpec = (),
        log: str | Path | bool | None = None,
        replay: SessionLog | str | Path | None = None,
        mic: Any = None,
        camera: Any = None,
        on_error: Callable[[BaseException], Any] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(
            changed(config or LiveConfig(), settings),
            api_key=api_key,
            token=token,
            url=url,
            version=version,
            endpoint=endpoint,
            offline=offline,
            tools=tools,
            replay=replay,
        )
        self.troubles: deque[Trouble] = deque(maxlen=100)
        self.error: BaseException | None = None
        self._log_to = log
        self._streams = {"mic": mic, "camera": camera}
        self._on_error = on_error
        self._lock = threading.RLock()
        self._session: LiveSession | None = None
        self._server: builtin.Server | None = None
        self._media: Wiring | None = None
        self._runs = 0
        self.runs: deque[SessionLog] = deque(maxlen=_MOST_RUNS)
        self._run_told: tuple[Callable[[], None], ...] = ()
        self._relay = Relay(self._trouble)
        self._relay.subscribe(self._note)
        _open.add(self)

    # Connecting.

    def connect(self) -> Self:
        """Begin a conversation, unless one is open, and wait until the server has taken the setup.

        Raises:
            LiveError: What stood in the way, with a hint what to try.
        """
        with self._lock:
            if self._session is None or not self._session.open:
                self.error = None
                try:
                    self._session = self._new_session()
                    self._session.relay(self._relay)
                    io().call(self._session.connect())
                except BaseException as error:
                    self.error = error
                    raise
        return self

    def _new_session(self) -> LiveSession:
        place = self._place
        if self.offline:
            place = {"url": self._offline_url(), "version": self._version}
            _say_offline()
        log = self._log_to
        self._runs += 1
        if self._runs > 1 and isinstance(log, str | Path):
            log = f"{log}_{self._runs}"
        return LiveSession(self._config, log=log, **place)

    def _offline_url(self) -> str:
        if self._replay is None:
            return builtin.url()
        if self._server is None or not self._server.running:
            self._server = builtin.Server(["--brain", "replay", str(self._replay.path)])
        return self._server.url

    def close(self) -> None:
        """End the conversation: microphone and camera off, the socket closed, the log completed."""
        with self._lock:
            session = self._session
            if self._media is not None:
                self._media.release()
            if session is not None:
                io().call(session.close())
            if self._server is not None:
                self._server.stop()
                self._server = None

    @property
    def _open_session(self) -> LiveSession | None:
        session = self._session
        return session if session is not None and session.open else None

    def _ready(self) -> LiveSession:
        session = self._session
        if session is None:
            self.connect()
            session = self._session
        if session is None or not session.open:
            why = self.error if isinstance(self.error, LiveError) else None
            raise why or SessionClosed("the conversation is over", hint="live.connect() begins a new one")
        return session

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Listening.

    def events(self, limit: int = 1000) -> Listener:
        """Every event from now on, for `for` in any thread and for `async for` in any loop.

        It ends when the conversation does, and raises what ended it where that was an error.

        Args:
            limit: Events that may wait; who is further behind is told what was missed by one `Lagged`.
        """
        return self._relay.listen(limit)

    def on(self, kind: Kind, callback: Callback | None = None) -> Any:
        """Call a function for events of a kind, on a worker thread, one after the other.

        Args:
            kind: A name of `protocol.kinds.KINDS` such as `"turnComplete"` or `"toolCall"`; an event class of
                `session.events`, or its name, such as `"TurnEnded"`; or `"*"`.
            callback: Given the event; a coroutine runs on the users' loop. Left out, `on` is a decorator.

        Returns:
            What ends it, when called; the function itself, as a decorator.

        Example:
            >>> @live.on("TurnEnded")  # doctest: +SKIP
            ... def show(event):
            ...     print(event.turn.text)
        """
        if callback is not None:
            return self._relay.on(kind, callback)

        def register(function: Callback) -> Callback:
            self._relay.on(kind, function)
            return function

        return register

    def subscribe(self, tell: Callable[[Event], None]) -> Stop:
        """Have every event told on the I/O thread, which `tell` must not hold up. For views.

        Returns:
            What ends it.
        """
        return self._relay.subscribe(tell)

    def subscribe_run(self, tell: Callable[[], None]) -> Stop:
        """Have it told when `log` has become another run. For views.

        Returns:
            What ends it.
        """
        self._run_told = (*self._run_told, tell)

        def stop() -> None:
            self._run_told = tuple(other for other in self._run_told if other is not tell)

        return stop

    def _note(self, event: Event) -> None:
        """See what concerns ourselves. On the I/O thread."""
        log = self.log
        if log is not None and (not self.runs or log is not self.runs[-1]):
            self.runs.append(log)
            if self._replay is not None:
                self._replay.watch(log, self._trouble)
            for tell in self._run_told:
                tell()
        if isinstance(event, Closed):
            self.error = event.error
        elif isinstance(event, Trouble):
            self.troubles.append(event)
            if self._on_error is not None:
                work = (self._on_error, event.error)
                threading.Thread(target=_tell_error, args=work, name="gemini-live-error", daemon=True).start()

    def _trouble(self, error: BaseException, where: str) -> None:
        """Tell of an exception in a callback. On any thread."""
        session = self._session
        if session is None:
            _LOG.error("%s: %s", where, error, exc_info=error)
        else:
            io().loop.call_soon_threadsafe(session.trouble, error, where)

    # Looking.

    @property
    def session(self) -> LiveSession | None:
        """The `LiveSession` of this conversation, open or over; None before the first."""
        return self._session

    @property
    def status(self) -> str:
        """What is going on, in words."""
        return self._session.status if self._session is not None else "not connected"

    @property
    def turns(self) -> list[Turn]:
        """The turns so far, the one in progress included."""
        return self._session.turns if self._session is not None else []

    @property
    def log(self) -> SessionLog | None:
        """The run: every frame that crossed the wire; None before the first connection."""
        return self._session.log if self._session is not None else None

    def __repr__(self) -> str:
        return f"<Live {self.config.model} {self.status}>"

    # Media, made when first asked for.

    @property
    def media(self) -> Wiring:
        """Microphone, camera, screen and speaker, joined to whichever session there is."""
        if self._media is None:
            from ..notebook.wiring import Wiring

            self._media = Wiring(self, **self._streams)
        return self._media

    @property
    def mic(self) -> Microphone:
        """The microphone: shown by the panel, or anywhere by itself."""
        return self.media.mic

    @property
    def camera(self) -> Camera:
        """The camera: one picture a second to the model while it is on."""
        return self.media.camera

    @property
    def screen(self) -> Screen:
        """The screen, or a window of it, as the camera's pictures."""
        return self.media.screen

    @property
    def speaker(self) -> Speaker:
        """The speaker: what the model says, silenced at once when it is interrupted."""
        return self.media.speaker

    def mute(self, muted: bool = True) -> None:
        """Send nothing of the microphone; what was said so far is answered. `mute(False)` goes on."""
        self.mic.mute(muted)

    def _ipython_display_(self) -> None:
        from ..notebook.panel import Panel

        Panel.of(self)._ipython_display_()


def _tell_error(on_error: Callable[[BaseException], Any], error: BaseException) -> None:
    try:
        on_error(error)
    except Exception:  # noqa: BLE001  # the last resort for errors cannot raise one
        _LOG.exception("on_error failed")


_offline_said = threading.Event()


def _say_offline() -> None:
    """Say it once in a process, in plain words, where the user sees it."""
    if not _offline_said.is_set():
        _offline_said.set()
        print(  # noqa: T201  # a notice to the user, like a banner
            "Offline: a built-in server on this machine answers, not Gemini. "
            "For the real one set GEMINI_API_KEY, or pass api_key=."
        )


_open: weakref.WeakSet[Live] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Say goodbye to the servers when the interpreter or kernel ends."""
    for live in list(_open):
        session = live.session
        if session is not None and session.open:
            with contextlib.suppress(LiveError, TimeoutError):
                io().call(session.close(), timeout=_EXIT_SECONDS)


def _with_settings() -> inspect.Signature:
    """`Live`'s signature with every setting of `LiveConfig` spelled out, for Shift+Tab in a notebook."""
    own = inspect.signature(Live.__init__)
    keep = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    names = {parameter.name for parameter in keep}
    more = [
        parameter.replace(kind=parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(LiveConfig).parameters.values()
        if parameter.name not in names
    ]
    return own.replace(parameters=[*keep[1:], *more], return_annotation=inspect.Signature.empty)


Live.__signature__ = _with_settings()  # type: ignore[attr-defined]  # read by inspect and by IPython
