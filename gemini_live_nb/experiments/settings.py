"""What is varied: settings, each a `LiveConfig` with a note of what makes it different."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from ..errors import ConfigError
from ..protocol.config import LiveConfig


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration of an experiment.

    Attributes:
        config: What is sent as the session's setup.
        varied: What makes this setting different from the others, `{field: value}`; these become columns.
    """

    config: LiveConfig
    varied: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The varied values in words, such as `voice_name=Kore, temperature=0.2`."""
        return label(self.varied)


def label(varied: Mapping[str, Any]) -> str:
    """What is varied, in words."""
    return ", ".join(f"{name}={value}" for name, value in varied.items()) or "as given"


Configs: TypeAlias = LiveConfig | Setting | Sequence[LiveConfig | Setting] | Mapping[str, LiveConfig] | None


def grid(base: LiveConfig | None = None, **varied: Iterable[Any]) -> list[Setting]:
    """Vary a configuration: every combination of the values given.

    Args:
        base: What stays the same; the package's defaults where it says nothing.
        **varied: A `LiveConfig` keyword and the values it is to take.

    Returns:
        One `Setting` a combination, in the order written: the last keyword varies fastest.

    Raises:
        ConfigError: A keyword `LiveConfig` does not have, or a keyword without values.

    Example:
        >>> [setting.label for setting in grid(voice_name=["Kore", "Puck"], silence_duration_ms=[300])]
        ['voice_name=Kore, silence_duration_ms=300', 'voice_name=Puck, silence_duration_ms=300']
    """
    base = base or LiveConfig()
    known = {item.name for item in fields(LiveConfig)}
    values: list[list[Any]] = []
    for name, choices in varied.items():
        if name not in known:
            raise ConfigError(
                f"LiveConfig has no {name!r} to vary.", hint=f"It has: {', '.join(sorted(known))}."
            )
        listed = [choices] if isinstance(choices, str) else list(choices)
        if not listed:
            raise ConfigError(f"{name!r} has no values to take.", hint=f"Give some: grid({name}=[…]).")
        values.append(listed)
    combinations = (dict(zip(varied, chosen, strict=True)) for chosen in itertools.product(*values))
    return [Setting(base.replace(**chosen), chosen) for chosen in combinations]


def settings(configs: Configs) -> list[Setting]:
    """Bring every form of `configs` into one: a list of settings that tell themselves apart.

    Of plain `LiveConfig`s the fields in which they differ are taken as varied; a mapping's names become the
    column `setting`.

    Raises:
        ConfigError: Something else is given.
    """
    if configs is None:
        return [Setting(LiveConfig())]
    if isinstance(configs, LiveConfig):
        return [Setting(configs)]
    if isinstance(configs, Setting):
        return [configs]
    given = list(configs.values()) if isinstance(configs, Mapping) else list(configs)
    if any(not isinstance(each, LiveConfig | Setting) for each in given):
        raise ConfigError(
            "configs are LiveConfigs, a mapping of names to them, or what grid(…) returns",
            hint='gl.grid(voice_name=["Kore", "Puck"], silence_duration_ms=[300])',
        )
    if isinstance(configs, Mapping):
        return [Setting(config, {"setting": name}) for name, config in configs.items()]
    plain = [item for item in configs if isinstance(item, LiveConfig)]
    differing = _differing(plain)
    return [
        item
        if isinstance(item, Setting)
        else Setting(item, {name: getattr(item, name) for name in differing})
        for item in configs
    ]


def _differing(configs: Sequence[LiveConfig]) -> list[str]:
    return [
        item.name
        for item in fields(LiveConfig)
        if any(getattr(config, item.name) != getattr(configs[0], item.name) for config in configs[1:])
    ]
