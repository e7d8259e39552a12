"""The script of docs/offline.md is one that the server reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

from gemini_live_nb.emulator import Call, Extra, Fail, Pause, Say, ScriptBrain, Thought

PAGE = Path(__file__).parent.parent.parent / "docs" / "offline.md"


def test_the_pages_script_is_read_as_it_says(tmp_path):
    (told,) = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "answers.json"
    file.write_text(told)
    assert len(json.loads(told)) == 5
    hello, weather, result, last, fails = ScriptBrain.read(file)._steps
    assert hello.emit == (Say("Hello. What would you like to know?"),)
    assert (weather.contains, weather.emit) == ("weather", (Call("get_weather", {"city": "Oslo"}),))
    assert (result.expect, result.emit[1]) == ("tool_result", Pause(0.5))
    assert [type(piece) for piece in last.emit] == [Thought, Say, Extra]
    assert isinstance(fails.emit[0], Fail)
