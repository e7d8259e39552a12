"""A view of a plain `LiveSession`, made before it connects."""

from __future__ import annotations

import pytest

from gemini_live_nb import LiveSession
from gemini_live_nb.emulator import Emulator, ScriptBrain
from gemini_live_nb.notebook.transcript import Transcript

pytestmark = pytest.mark.anyio


async def test_a_view_made_early_follows_the_session():
    async with Emulator(ScriptBrain([["Good day."]]), pace=0) as emulator:
        session = LiveSession(url=emulator.url, api_key="made up", log=False)
        view = Transcript(session)
        async with session:
            await session.ask("Hello", timeout=20)
            assert view.text == "**You:** Hello\n\n**Model:** Good day."
            assert view.source.running
        assert not view.source.running
        view.close()
