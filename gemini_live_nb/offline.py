"""The built-in server: an emulator in a process of its own, which ends when ours does.

A process of its own, because speech synthesis and a busy cell must not share an interpreter lock (DESIGN 6).
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from .errors import ConfigError, ConnectError
from .protocol.keys import find_key

START_SECONDS = 60.0
"""How long the server may take to start; its voice is loaded meanwhile."""
PACE = "GEMINI_LIVE_NB_PACE"
"""Environment variable: how many times faster than real time the server speaks, 0 for all at once."""

# The server asks no more of a key than that there is one.
_KEY = "?key=offline"
_SECRET = re.compile(r"key|token|secret|password|credential|auth", re.IGNORECASE)
_LISTENING = re.compile(r"listening on (ws://127\.0\.0\.1:\d+)")


def needed(offline: bool | None = None) -> bool:
    """Say whether a conversation is to go to the built-in server.

    Args:
        offline: True or False decides, whatever keys are set; None: only where there is neither a key nor a
            `GEMINI_LIVE_URL`.
    """
    if offline is not None:
        return offline
    return not os.environ.get("GEMINI_LIVE_URL") and find_key() is None


class Server:
    """One emulator process. It ends with this one, however this one ends.

    Args:
        arguments: Further arguments of `python -m gemini_live_nb.emulator`.

    Raises:
        ConnectError: It did not start.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        pace = os.environ.get(PACE)
        # The service ends a talk with a camera after two minutes: the one thing about it nobody wants to try.
        limits = ["--audio-limit", "0", "--video-limit", "0"]
        command = [sys.executable, "-m", "gemini_live_nb.emulator", "--port", "0", "--stdin-ends", *limits]
        command += arguments
        self._said: deque[str] = deque(maxlen=20)
        self._listening = threading.Event()
        self._url = ""
        self._process = subprocess.Popen(
            command + (["--pace", pace] if pace else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(),
            # A kernel's interrupt goes to its whole group, and is not meant for the server.
            start_new_session=True,
        )
        threading.Thread(target=self._read, name="gemini-live-offline", daemon=True).start()
        if not self._listening.wait(START_SECONDS) or not self._url:
            self.stop()
            said = [line for line in self._said if line and not line.startswith("Try: ")]
            why = f": {said[-1]}" if said else f" within {START_SECONDS:g} s"
            raise ConnectError(
                f"the built-in server did not start{why}",
                reason="\n".join(self._said),
                hint="the whole of what it says: " + shlex.join(["python", *command[1:]]),
            )

    def _read(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as said:
                for line in said:
                    self._said.append(line.strip())
                    found = _LISTENING.match(line)
                    if found and not self._url:
                        self._url = found[1] + _KEY
                        self._listening.set()
        self._listening.set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._url

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it: its standard input ends, and if that is not enough it is killed."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(3)


def _environment() -> dict[str, str]:
    """Ours, without anything that may be a key."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    kept.pop("GEMINI_LIVE_URL", None)
    return kept | {"PYTHONUNBUFFERED": "1"}


_lock = threading.Lock()
_shared: Server | None = None


def url() -> str:
    """The address of the built-in server of this process, started when first asked for.

    Raises:
        ConnectError: It did not start.
    """
    global _shared  # noqa: PLW0603  # one server for all conversations of a process
    with _lock:
        if _shared is None or not _shared.running:
            _shared = Server()
            atexit.register(_shared.stop)
        return _shared.url


def inject(fault: str, *, into: Any = None, **how: Any) -> str:
    """Let something go wrong at the built-in server, now or at its next chance: to see what happens then.

    Args:
        fault: A name of `gemini_live_nb.emulator.faults.CATALOGUE`: `"go_away"`, `"drop"`, `"quota"`, …
        into: Whose server, where it is not the one all conversations of this process share: a `Live` (one
            that replays a run has a server of its own), a `LiveSession`, or an emulator's URL.
        how: When and how long, as `emulator.faults.Fault` says: `at="speaking"`, `seconds=5` …

    Returns:
        What was done, in words.

    Raises:
        ConfigError: There is no such fault or phase, nothing is open that it could strike now, or it is no
            server of ours.
        ConnectError: The server does not answer.

    Example:
        >>> inject("drop", at="speaking")  # doctest: +SKIP
        'armed: drop, at speaking'
        >>> inject("frame", data={"serverContent": {"mood": "SUNNY"}})  # doctest: +SKIP
        'struck: frame'
    """
    done = _tell(into, "faults", {"name": fault, **how})
    if "struck" in done and not done.get("connections", 1):
        raise ConfigError(
            f"no conversation is open that {fault} could strike now",
            hint=f'connect first, or have it strike later: inject("{fault}", at="setup")',
        )
    return f"struck: {done['struck']}" if "struck" in done else f"armed: {done['armed']}, at {done['at']}"


def accept_unknown(accept: bool = True, *, into: Any = None) -> None:
    """Have the built-in server pass over fields and messages that nobody knows, from the next connection on.

    It refuses them otherwise, as the service refuses what it does not know (1007). With this you can try out
    `extra={…}` and `send_raw` for a part of the API that is newer than this package; what was sent is in the
    log either way.

    Args:
        accept: False: refuse them again.
        into: Whose server; see `inject`.

    Example:
        >>> accept_unknown()  # doctest: +SKIP
        >>> live = Live(extra={"brandNew": {"level": 3}})  # doctest: +SKIP
    """
    _tell(into, "accept-unknown", accept)


def _tell(into: Any, what: str, body: Any) -> dict[str, Any]:
    """Ask something of an emulator beside the conversation."""
    address = f"{_http(into)}/emulator/{what}"
    try:
        # Our own server, on loopback.
        request = Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            done: dict[str, Any] = json.load(answer)
    except HTTPError as refusal:
        raise ConfigError(
            _error(refusal), hint="python -m gemini_live_nb.emulator --list-faults names all faults"
        ) from None
    except OSError as error:
        raise ConnectError(f"the built-in server does not answer: {error}", hint="try again") from None
    return done


def _error(refusal: HTTPError) -> str:
    try:
        return str(json.loads(refusal.read())["error"])
    except (ValueError, KeyError, TypeError):
        return f"the server there is no emulator of ours: {refusal}"


def _http(into: Any) -> str:
    """The HTTP address of an emulator: the shared one, or that of a `Live`, a session or a URL."""
    if into is None:
        return url().partition("?")[0].replace("ws", "http", 1)
    session = getattr(into, "session", into)
    if session is None:
        raise ConfigError("this Live is not connected", hint="live.connect() first")
    address = str(getattr(getattr(session, "endpoint", None), "url", session))
    place = urlsplit(address)
    if place.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigError("only a server of ours on this machine can be told this", hint="Live(offline=True)")
    return f"http://{place.netloc}"


def _after_fork() -> None:
    """The server belongs to the parent: a forked child starts its own."""
    global _lock, _shared  # see above
    _lock, _shared = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
