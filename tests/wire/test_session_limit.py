"""A session that comes to its own end, as our client tells it."""

from __future__ import annotations

import pytest

from gemini_live_nb.errors import LiveError
from gemini_live_nb.session.events import Closed, Dropped, GoingAway

from .long_life import world
from .raw import LIVE_3_8, NATIVE

pytestmark = pytest.mark.anyio


async def converse(here, answered):
    while here.clock.monotonic() < 3600:
        answered.append(await here.session.ask("And now?", timeout=120))
        await here.after(10)


@pytest.mark.filterwarnings("ignore:context_window_compression=False")
async def test_a_session_without_compression_ends_with_an_error_and_without_a_storm():
    async with world(LIVE_3_8, config={"context_window_compression": False}) as here:
        answered = []
        with pytest.raises(LiveError) as ended:
            await converse(here, answered)
        assert 60 < len(answered) < 100
        assert 880 < here.clock.monotonic() < 1000
        assert "context_window_compression" in ended.value.hint
        assert here.session.conn < 15
        events = here.events()
        assert sum(isinstance(event, GoingAway) for event in events) == 2
        assert isinstance(events[-1], Closed)


async def test_as_it_is_by_default_a_session_has_no_end():
    async with world(LIVE_3_8) as here:
        answered = []
        await here.session.send_video(b"\xff\xd8\xff")
        await converse(here, answered)
        assert all(turn.complete for turn in answered)
        assert here.session.open


async def test_camera_and_microphone_at_the_built_in_server_have_no_end():
    """A quarter of an hour and a minute, without limits as `offline.Server` starts it, and no storm."""
    minutes = 16
    async with world(NATIVE, audio_limit=None, video_limit=None) as here:
        for second in range(60 * minutes):
            here.session.send_video_nowait(b"\xff\xd8\xff" + second.to_bytes(2, "big"))
            here.session.send_audio_nowait(bytes(32_000))
            await here.after(1)
        assert (await here.session.ask("And now?", timeout=120)).complete
        assert here.session.open
        assert here.session.conn == 1, "one hand-over, at the ninth minute"
        assert here.events(Dropped) == []
        pictures = sum(frame.kind == "realtimeInput.video" for frame in here.session.log)
        assert pictures == 60 * minutes
