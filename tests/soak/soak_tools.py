"""A hundred thousand mutated frames through decode and session; cells of thirty seconds while sound streams."""

from __future__ import annotations

import pytest

from tests.wire import test_fuzz
from tests.wire.test_kernels import SETUP, kernel

COUNT = 100_000
SECONDS = 30


async def test_a_hundred_thousand_mutated_frames(monkeypatch):
    monkeypatch.setattr(test_fuzz, "COUNT", COUNT)
    await test_fuzz.test_mutated_frames_are_survived_and_kept()


def test_a_hundred_thousand_decoded(monkeypatch):
    monkeypatch.setattr(test_fuzz, "COUNT", COUNT)
    test_fuzz.test_decode_never_raises()


BUSY = {
    "asleep": f"time.sleep({SECONDS})",
    "busy": f"end = time.monotonic() + {SECONDS}\nwhile time.monotonic() < end: sum(range(1000))",
}


@pytest.mark.parametrize("what", BUSY)
@pytest.mark.parametrize("version", [7, 6])
def test_a_cell_of_half_a_minute_stalls_no_sound(what, version, request):
    path = request.getfixturevalue("ipykernel6") if version == 6 else None
    with kernel(path) as cells:
        cells(SETUP)
        cells(
            f"sound = bytes(32000 * {SECONDS})\n"
            "streaming = threading.Thread(target=live.stream_audio, args=(sound,), daemon=True)\n"
            "streaming.start()"
        )
        cells(BUSY[what], timeout=SECONDS + 60)
        said = cells(
            "streaming.join(20)\n"
            "sent = [frame.t for frame in live.log if frame.kind == 'realtimeInput.audio']\n"
            "gaps = [after - before for before, after in zip(sent, sent[1:])]\n"
            "dropped = [frame for frame in live.log if frame.kind == 'drop']\n"
            "print(len(sent), live.session.conn, len(dropped), live.status, round(max(gaps), 3), round(sent[-1] - sent[0], 2))",
            timeout=60,
        )
        print(
            f"\nipykernel {version}, {what}: chunks, connection, drops, status, longest gap, seconds: {said.strip()}"
        )
        chunks, connection, drops = said.split()[:3]
        assert (chunks, connection, drops) == (str(SECONDS * 25), "0", "0")
        assert "5" in cells("print(live.ask('What is 2 plus 3?', timeout=60).text)")
