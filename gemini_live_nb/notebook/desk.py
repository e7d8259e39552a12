"""What the panel's buttons do, and how things stand; no widget in here.

Buttons arrive on the views' pace thread. What may block or wait, and connecting does both, gets a thread of
its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import LiveError
from ..session.events import Closed, Event, Trouble
from ..session.loops import io
from .controls import Act, Standing
from .findings import WAYS, Facts, diagnose
from .notices import Notices
from .view import Fields

if TYPE_CHECKING:
    from ..live import Live
    from .source import Source
    from .wiring import Wiring

GRACE_S = 60.0
"""How long a session that was begun in the page lives on when no page shows its panel any more."""
OFFLINE = (
    "Offline: the built-in server answers, not Gemini. Enter an API key in the settings for the real one."
)
_RECENT = 8
_ASK_AGAIN_S = 5.0


class Desk:
    """Acts for the panel on a `Live`, and tells how it stands.

    Args:
        live: The session's owner.
        source: The same, as the views see it.
        wiring: Its microphone, camera, screen and speaker.
        changed: Called, on any thread, when there is something new to show.

    Attributes:
        notices: What went wrong.
    """

    def __init__(self, live: Live, source: Source, wiring: Wiring, changed: Callable[[], None]) -> None:
        self._live = live
        self._source = source
        self._wiring = wiring
        self._changed = changed
        self._opening = threading.Lock()
        self._begun_here = False
        self._seen = time.monotonic()
        self._asked: tuple[float, bool, list[str]] = (-_ASK_AGAIN_S, False, [])
        self.notices = Notices(changed)
        live.subscribe(self._happened)
        wiring.on_talk(lambda: self.do(self._open))

    @property
    def acts(self) -> dict[str, Act]:
        """What each message of the page means."""
        return {
            "connect": lambda _: self.do(self._open),
            "stop": lambda _: self.do(self._live.close),
            "dismiss": lambda message: self.notices.dismiss(int(message.get("id", -1))),
            "here": lambda _: self._here(),
            "bye": lambda _: self._bye(),
            "text": self._text,
            "talk": lambda _: io().loop.call_soon_threadsafe(self._wiring.talk),
            "hush": lambda _: io().loop.call_soon_threadsafe(self._wiring.hush),
            "interrupt": lambda _: self.do(self._live.interrupt),
        }

    def do(self, act: Callable[[], Any]) -> None:
        """Do something that may take long; what goes wrong is shown."""
        threading.Thread(target=self._try, args=(act,), name="gemini-live-panel", daemon=True).start()

    def reconnect(self) -> None:
        """End the session and begin another, with the settings as they are now."""

        def anew() -> None:
            self._live.close()
            self._open()

        self.do(anew)

    def _try(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever fails is shown where the button is
            self.notices.error(error)
        self._changed()

    def _open(self) -> None:
        if self._source.running or not self._opening.acquire(blocking=False):
            return
        try:
            self.notices.clear()
            self._begun_here = True
            self._live.connect()
        finally:
            self._opening.release()

    def _text(self, message: Fields) -> None:
        words = str(message.get("text", ""))

        def say() -> None:
            self._open()
            self._live.send_text(words)

        self.do(say)

    # Pages come and go.

    def _here(self) -> None:
        self._seen = time.monotonic()

    def _bye(self) -> None:
        """A page is gone: reloaded, and then it says `here` again, or closed."""
        left = time.monotonic()

        def look() -> None:
            if self._seen <= left and self._begun_here and self._source.running:
                self.do(self._live.close)

        io().loop.call_soon_threadsafe(lambda: io().loop.call_later(GRACE_S, look))

    def _happened(self, event: Event) -> None:
        if isinstance(event, Trouble):
            self.notices.error(event.error, event.where)
        elif isinstance(event, Closed):
            self._begun_here = False
            if event.error is not None:
                self.notices.error(event.error)
        elif not event.kinds or not hasattr(event, "decoded"):
            self._changed()

    # How things stand.

    @property
    def phase(self) -> str:
        """`off`, `opening`, `on` or `mending`."""
        if self._opening.locked():
            return "opening"
        if self._source.running:
            return "on"
        session = self._live.session
        if session is None or not session.open:
            return "off"
        return "mending" if session.conn > 0 else "opening"

    @property
    def manual(self) -> bool:
        """Whether turns are marked by hand."""
        session = self._live.session
        if session is not None:
            return session.manual
        automatic: bool | None = self._live.config.automatic_activity_detection
        return automatic is False

    def speaking(self) -> tuple[bool, bool]:
        """Whether turns are marked by hand, and whether the model is being heard."""
        speaker = self._wiring.speaker
        return self.manual, speaker.state == "playing"

    def standing(self, facts: Facts) -> Standing:
        """How things stand, as the head of the panel says it."""
        phase = self.phase
        return Standing(
            phase=phase,
            words=self._words(phase),
            banner=OFFLINE if self._settings()[0] else "",
            capturing=self._wiring.capturing,
            elapsed=self._source.now() if self._source.running else None,
            facts=self._figures(),
            notices=self.notices.all,
            findings=sum(finding.level == "bad" for finding in diagnose(facts)),
        )

    def settings_changed(self) -> None:
        """A setting or the key is another."""
        self._asked = (-_ASK_AGAIN_S, False, [])
        self._changed()

    def _settings(self) -> tuple[bool, list[str]]:
        """Whether the built-in server answers, and what the model refuses. 10 ms, so asked now and then."""
        asked, offline, warnings = self._asked
        if time.monotonic() - asked > _ASK_AGAIN_S:
            offline, warnings = self._live.offline, self._live.check()
            self._asked = (time.monotonic(), offline, warnings)
        return offline, warnings

    def _words(self, phase: str) -> str:
        session = self._live.session
        asking = session.waiting_for_approval if session is not None else []
        words = f"waiting for your approval of {asking[0].name}" if asking else str(self._live.status)
        if phase == "opening" and not self._source.running:
            words = "connecting…"
        return words[:1].upper() + words[1:]

    def _figures(self) -> list[tuple[str, str, str]]:
        figures: list[tuple[str, str, str]] = []
        recent = list(reversed(self._source.turns[-_RECENT:]))
        used = next((turn.usage for turn in recent if turn.usage is not None), None)
        if used is not None:
            figures.append(("tokens", f"{used.total:,} tokens", "Of the last turn, all before it included"))
        quick = next((turn.ttfa for turn in recent if turn.ttfa is not None), None)
        if quick is not None:
            what = "From your last word to the first sound of the answer"
            figures.append(("latency", f"answered in {quick:.2f} s", what))
        carrier = self._wiring.channel.carrier
        if carrier:
            way, meaning = WAYS[carrier]
            figures.append(("channel", way, f"How sound and pictures reach the kernel. {meaning}"))
        return figures

    def look(self, facts: Facts) -> None:
        """Fill in what is known beside what the page tells."""
        wiring, live = self._wiring, self._live
        facts.carrier = wiring.channel.carrier
        facts.mic_state, facts.mic_problem = wiring.mic.state, wiring.mic.problem
        facts.mic_muted = wiring.mic.muted
        facts.camera_problem = wiring.camera.problem or wiring.screen.problem
        facts.sound_blocked = wiring.speaker.state == "blocked"
        facts.speaker_problem = wiring.speaker.problem
        facts.silent_for = time.monotonic() - wiring.heard_at
        facts.phase = self.phase
        facts.manual = self.manual
        facts.offline, facts.warnings = self._settings()
        if isinstance(live.error, LiveError):
            facts.error = live.error.message, live.error.hint
