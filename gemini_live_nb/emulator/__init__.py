"""A local server that speaks the Live API's wire: same frames, same timing, same refusals, no key.

`python -m gemini_live_nb.emulator` runs it on its own; `Emulator` runs it in your loop. Who answers is a
`Brain`.
"""

from __future__ import annotations

from .brain import Ask, Brain, Call, EchoBrain, Extra, Heard, Result, Say, Talk, Thought
from .faults import CATALOGUE, PHASES, Fault
from .profiles import PROFILES, Profile
from .replay import ReplayBrain
from .script import Fail, Pause, ScriptBrain, Step
from .server import Emulator

__all__ = [
    "CATALOGUE",
    "PHASES",
    "PROFILES",
    "Ask",
    "Brain",
    "Call",
    "EchoBrain",
    "Emulator",
    "Extra",
    "Fail",
    "Fault",
    "Heard",
    "Pause",
    "Profile",
    "ReplayBrain",
    "Result",
    "Say",
    "ScriptBrain",
    "Step",
    "Talk",
    "Thought",
]
