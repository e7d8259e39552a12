"""A key is in no error, traceback, repr, log or debug output, however a connection ends."""

from __future__ import annotations

import logging
import traceback

import pytest

from gemini_live_nb.errors import AuthError, ConnectError
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.session.session import LiveSession

from .conversations import served

SECRET = "a-secret-nobody-may-see"


@pytest.mark.parametrize("key_in", ["header", "query"])
async def test_a_refused_key_is_shown_nowhere(key_in, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    async with served(keys=["another"]) as server:
        place = endpoint(api_key=SECRET, url=server.url, key_in=key_in)
        talk = LiveSession(endpoint=place, log=tmp_path / "run", clock=server.clock)
        with pytest.raises(AuthError) as caught:
            await talk.connect()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(talk) + repr(place)
    shown += "".join(
        str(record.getMessage()) for record in caplog.records if record.name.startswith("gemini_live_nb")
    )
    assert SECRET not in shown
    assert all(SECRET.encode() not in path.read_bytes() for path in (tmp_path / "run").iterdir())
    assert not [record for record in caplog.records if record.name.startswith("websockets")]


@pytest.mark.parametrize("key_in", ["header", "query"])
async def test_nor_where_nobody_answers(key_in):
    place = endpoint(api_key=SECRET, url="ws://127.0.0.1:9", key_in=key_in)
    with pytest.raises(ConnectError) as caught:
        await LiveSession(endpoint=place, log=False).connect()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in repr(caught.value) + str(caught.value)
