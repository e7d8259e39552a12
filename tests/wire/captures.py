"""The names of the recorded sessions, for parametrizing; none where the folder is absent."""

from __future__ import annotations

from tests.conftest import ROOT

FOLDER = ROOT.parent / "shared" / "captures" / "normalized"
CAPTURES = sorted(path.name for path in FOLDER.glob("*.jsonl")) or ["absent"]
