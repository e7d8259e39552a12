"""What the next conversation of a `Live` is set to, and whom it talks to."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from .. import offline as builtin
from ..errors import ConfigError
from ..errors.redaction import remember
from ..log.run import SessionLog
from ..protocol import given
from ..protocol.config import LiveConfig
from ..protocol.endpoint import DEFAULT_VERSION, Endpoint
from ..protocol.given import ToolSpec
from ..protocol.keys import NAMES
from ..session.tools import Toolbox
from .rehearsal import Rehearsal


class Settings:
    """The settings of a `Live`; see there for the arguments."""

    def __init__(
        self,
        config: LiveConfig,
        *,
        api_key: str | None,
        token: str | None,
        url: str | None,
        version: str | None,
        endpoint: Endpoint | None,
        offline: bool | None,
        tools: Iterable[ToolSpec] | ToolSpec,
        replay: SessionLog | str | Path | None,
    ) -> None:
        self._config = config.replace(tools=(*config.tools, *given.listed(tools)))
        # os.environ.get(NAME, "") is no key either
        self._key = api_key or None
        self._typed_key = False
        self._token = token
        self._url = url
        self._version = version
        self._endpoint = endpoint
        self._offline = offline
        if isinstance(replay, str | Path) and not Path(replay).exists():
            raise ConfigError(f"there is no run at {replay}", hint="give the folder that log.path names")
        self._replay = None if replay is None else Rehearsal(replay)
        self.configure()

    @property
    def _place(self) -> dict[str, Any]:
        """Where to connect, as `LiveSession` takes it."""
        given = {"api_key": self._key, "token": self._token, "url": self._url, "endpoint": self._endpoint}
        return {**given, "version": self._version}

    @property
    def config(self) -> LiveConfig:
        """What the next conversation is set to, defaults filled in."""
        return self._config.filled()

    def configure(self, **settings: Any) -> None:
        """Change settings for the next connection; `None` goes back to the default.

        Raises:
            ConfigError: A setting that does not exist or cannot be sent.
        """
        config = changed(self._config, settings)
        config.setup(Toolbox(config.functions).declarations())
        self._config = config

    def check(self) -> list[str]:
        """Say what this model is known to refuse or ignore in the settings and tools. Stops nothing."""
        config, toolbox = self.config, Toolbox(self.config.functions)
        told = config.check(toolbox.declarations(), version=self._version or DEFAULT_VERSION)
        return [*told, *toolbox.check(config.model)]

    def set_key(self, key: str | None) -> None:
        """Use this API key from the next connection on, kept in memory alone; None forgets it."""
        remember(key)
        self._key = key or None
        self._typed_key = self._key is not None

    @property
    def key_words(self) -> str:
        """Where the credential of the next connection comes from, in words; never the credential."""
        if self.offline:
            return "no key: the built-in server answers" if self._offline is None else "none needed: offline"
        if self._endpoint is not None:
            return "a credential given with endpoint="
        if self._token is not None:
            return "an ephemeral token"
        if self._key is not None:
            return "an API key typed here" if self._typed_key else "an API key given as api_key="
        named = next((name for name in NAMES if os.environ.get(name)), None)
        return named or "an API key from .env or Colab's secrets"

    @property
    def offline(self) -> bool:
        """Whether the built-in server answers, not Gemini."""
        if self._replay is not None:
            return True
        given = (self._key, self._token, self._url, self._endpoint)
        if self._offline is None and any(one is not None for one in given):
            return False
        return builtin.needed(self._offline)


def changed(config: LiveConfig, settings: dict[str, Any]) -> LiveConfig:
    """A copy with settings changed; an unknown one is an error that names the nearest."""
    known = [field.name for field in fields(LiveConfig)]
    for name in settings:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ConfigError(
                f"there is no setting {name!r}",
                hint=f"did you mean {near[0]}?" if near else "see help(LiveConfig)",
            )
    return config.replace(**settings)
