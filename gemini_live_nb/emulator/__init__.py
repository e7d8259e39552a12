"""A local server that speaks the Live API's wire: same frames, same timing, same refusals, no key.

`python -m gemini_live_nb.emulator` runs it on its own; `Emulator` runs it in your loop.
"""

from __future__ import annotations
