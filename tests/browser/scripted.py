"""An emulator that answers by a script, as a process of its own, for tests in the browser."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys

STORY = (
    "Once upon a time there was a lighthouse keeper who counted waves and wrote each number in a blue book"
)
CONVERSATION = {
    "repeat": True,
    "steps": [
        {
            "contains": "story",
            "emit": [{"thought": "A story of the sea, then."}, {"say": STORY, "seconds": 12}],
        },
        {"contains": "weather", "emit": [{"call": {"name": "get_weather", "args": {"city": "Lisbon"}}}]},
        {"expect": "tool_result", "emit": ["It is eighteen degrees in Lisbon."]},
        {"contains": "divide", "emit": [{"call": {"name": "divide", "args": {"a": 1, "b": 0}}}]},
        {"expect": "speech", "emit": [{"heard": "Wait, stop."}, "I have stopped."]},
        {"contains": "go on", "emit": ["Very well."]},
    ],
}


@contextlib.contextmanager
def scripted(folder, script=CONVERSATION, *options):
    """Run it; its address."""
    path = folder / "script.json"
    path.write_text(json.dumps(script))
    command = [
        sys.executable,
        "-m",
        "gemini_live_nb.emulator",
        "--stdin-ends",
        "--brain",
        "script",
        str(path),
    ]
    server = subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        first = server.stdout.readline()
        assert first.startswith("listening on "), first
        yield first.removeprefix("listening on ").strip()
    finally:
        server.stdin.close()
        try:
            server.wait(10)
        finally:
            server.kill()
            server.stdout.close()
