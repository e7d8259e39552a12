"""The panel's parts that need no page: findings, settings, notices, the record, the joined modules, rebound names."""

from __future__ import annotations

import re
import sys
import types
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from gemini_live_nb.errors import AuthError, MediaError
from gemini_live_nb.log.turn import ToolCall, Turn
from gemini_live_nb.log.words import Words
from gemini_live_nb.notebook.assets import STATIC, module, style
from gemini_live_nb.notebook.channel import Channel
from gemini_live_nb.notebook.findings import Facts, diagnose
from gemini_live_nb.notebook.keepsake import Keepsake
from gemini_live_nb.notebook.lanes import MODEL, YOU, Lanes
from gemini_live_nb.notebook.names import stop_when_rebound
from gemini_live_nb.notebook.notices import Notices
from gemini_live_nb.notebook.record import record, together
from gemini_live_nb.notebook.settings import FIELDS, about, meant, shown
from gemini_live_nb.notebook.waveform import Waveform
from gemini_live_nb.protocol.config import LiveConfig

from .viewing import Run

WELL = {
    "host": "jupyter",
    "secure": True,
    "media": True,
    "microphone": "granted",
    "microphones": 1,
    "carrier": "socket",
}


@pytest.mark.parametrize(
    ("facts", "id", "words"),
    [
        ({"secure": False}, "insecure", "ssh -L 8888"),
        ({"host": "vscode"}, "vscode", "in a browser"),
        ({"media": False}, "media", "JupyterLab"),
        ({"microphone": "denied"}, "denied", "left of the address"),
        ({"microphones": 0}, "no microphone", "Plug one in"),
        ({"mic_problem": "It is in use. Close the other program."}, "microphone", "Close the other program"),
        ({"mic_state": "live", "silent_for": 9.0}, "silent", "another in its menu"),
        ({"mic_state": "live", "mic_muted": True}, "muted", "Press"),
        ({"sound_blocked": True}, "sound blocked", "click"),
        ({"ipykernel": (7, 0, 1)}, "ipykernel 7.0", "restart the kernel"),
        ({"ipykernel": (6, 31, 0), "carrier": "comm"}, "busy", "7.1"),
        ({"carrier": ""}, "channel", "first shown"),
        (
            {"error": ("The server does not accept the API key.", "check GEMINI_API_KEY")},
            "error",
            "GEMINI_API_KEY",
        ),
        ({"phase": "on", "manual": True}, "manual", "space bar"),
        ({"offline": True}, "offline", "GEMINI_API_KEY"),
        ({"phase": "off"}, "off", "Connect"),
    ],
)
def test_each_reason_is_found_and_says_what_to_do(facts, id, words):
    found = {
        finding.id: finding
        for finding in diagnose(
            Facts(**{**WELL, "phase": "on", **({"phase": "off"} if id == "error" else {}), **facts})
        )
    }
    assert found[id].level != "good"
    assert words in found[id].advice


def test_what_the_model_refuses_is_a_finding():
    words = "gemini-3.8-live refuses `proactiveAudio: false`"
    assert words in [finding.title for finding in diagnose(Facts(warnings=[words]))]


def test_all_is_well():
    facts = Facts(**WELL, phase="on", mic_state="live", ipykernel=(7, 4, 0))
    assert {finding.level for finding in diagnose(facts)} == {"good"}


def test_the_worst_comes_first():
    levels = [finding.level for finding in diagnose(Facts(secure=False, offline=True, ipykernel=(7, 4, 0)))]
    assert levels == sorted(levels, key=["bad", "warn", "good"].index)


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_of_the_form_is_one_of_the_config(name):
    field = FIELDS[name]
    given = {"number": "0.5", "integer": "3", "switch": "true", "area": "Be brief"}.get(field.kind)
    value = meant(field, given or (field.choices[0][0] if field.choices else "de-DE"))
    config = LiveConfig(**{name: value})
    assert meant(field, shown(getattr(config, name))) == value
    config.setup()


def test_an_empty_field_leaves_the_choice_to_the_server():
    assert {meant(field, "") for field in FIELDS.values()} == {None}


def test_a_number_that_is_none_is_refused_in_words():
    with pytest.raises(ValueError, match="Silence, ms takes a number, not 'long'"):
        meant(FIELDS["silence_duration_ms"], "long")


def test_a_warning_stands_beside_the_setting_that_is_set():
    words = "this model takes thinking_budget (tokens), not thinking_level"
    assert about(words, {"thinking_level"}) == "thinking_level"
    assert about(words, set()) == "thinking_budget"
    assert about("refuses `proactiveAudio: false`", {"proactive_audio"}) == "proactive_audio"
    assert about("there is no toolConfig on Live", set()) == ""


def test_an_error_of_ours_is_told_with_its_hint_and_without_traceback():
    notices = Notices(lambda: None)
    notices.error(
        AuthError("The key is not accepted.", code=1007, reason="API key not valid", hint="check it")
    )
    (one,) = notices.all
    assert (one.title, one.hint, one.trace) == ("The key is not accepted.", "Check it", "")
    assert one.text == "the server closed with 1007: API key not valid"


def test_an_error_of_anybody_else_comes_with_its_traceback():
    notices = Notices(lambda: None)
    try:
        {}["nothing"]
    except KeyError as error:
        notices.error(error, "tool look_up")
    (one,) = notices.all
    assert one.title == "KeyError in tool look_up"
    assert "test_panel_parts.py" in one.trace


def test_a_key_in_an_error_is_struck_out():
    notices = Notices(lambda: None)
    key = "AIza" + 35 * "x"
    try:
        raise RuntimeError(f"https://host/?key={key}")
    except RuntimeError as error:
        notices.error(error)
    assert key not in repr(notices.all)


def test_notices_are_few_and_can_be_dismissed():
    changes = []
    notices = Notices(lambda: changes.append(1))
    for number in range(9):
        notices.tell("bad", f"problem {number}")
    notices.tell("bad", "problem 8")
    assert [one.title for one in notices.all] == [f"problem {number}" for number in range(4, 9)]
    notices.dismiss(notices.all[0].id)
    assert len(notices.all) == 4
    assert len(changes) == 10


def said(number, user, model, **more):
    words = Words()
    words.add(model)
    return Turn(
        number=number, conn=0, opened_by="text", opened_seq=number, typed=[user], output_words=words, **more
    )


def test_a_record_says_who_said_what():
    call = ToolCall(id="c", name="add", args={"a": 1}, state="done", result={"result": 2})
    html = record([said(0, "Hello", "Good day", tool_calls=[call])], title="Gemini Live · today")
    assert re.sub(r"<[^>]+>", " ", html).split() == [
        "Gemini",
        "Live",
        "·",
        "today",
        "You",
        "Hello",
        "Tool",
        "add(a=1)",
        "→",
        "{&#x27;result&#x27;:",
        "2}",
        "Model",
        "Good",
        "day",
    ]


def test_a_record_runs_nothing():
    html = record(
        [said(0, "<script>alert(1)</script>", "<img src=x onerror=alert(1)>\x1b[31m \u202eevil")], title="<b>"
    )
    assert not re.search(r"<(script|img|b)\b", html)
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_a_record_strikes_out_what_was_not_heard():
    turn = said(0, "Go", "one two three four", interrupted=True, audio_ms=4000.0, played_ms=2000.0)
    turn.output_words.marks = [0.0]
    html = record([turn])
    assert re.search(r"one two<s[^>]*> three four</s>", html)


def test_a_record_is_light():
    lanes = Lanes(600)
    sound = (np.sin(np.arange(24_000 * 60) / 9) * 9000).astype(np.int16)
    lanes.lanes[YOU].extend(sound, 24_000, 0.0)
    lanes.lanes[MODEL].extend(sound, 24_000, 60.0)
    one = record([said(n, f"question {n}", f"answer {n}") for n in range(400)], lanes)
    html = together([one], left_out=600)
    assert 'src="data:image/svg+xml,%3Csvg' in html
    assert "600 earlier turns are in the log." in html
    assert "base64" not in html
    assert len(html) < 300_000


def test_a_picture_is_one():
    """The picture is an image of its own: what JupyterLab leaves of a stranger's notebook has no inline SVG."""
    lanes = Lanes(60)
    lanes.lanes[YOU].extend((np.sin(np.arange(16_000) / 9) * 9000).astype(np.int16), 16_000, 0.0)
    source = re.search(r'src="data:image/svg\+xml,([^"]*)"', record([said(0, "a", "b")], lanes))
    drawn = ET.fromstring(unquote(source[1]))
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert len(drawn.findall(".//*[@d]")) == 4


def test_nothing_said_is_no_record():
    assert record([]) == ""
    assert together(["", ""]) == ""


def test_the_record_holds_every_run_with_its_picture():
    """Also runs that were over before there was a panel, and sound the panel has not drawn yet."""
    runs = [Run() for _ in range(3)]
    for number, run in enumerate(runs):
        run.local("open")
        run.client(realtimeInput={"text": f"question {number}"})
        run.said(f"answer {number}")
        for _ in range(1500):
            run.sound(2)
    live = types.SimpleNamespace(runs=[run.log for run in runs])
    waveform = Waveform(runs[-1].log)
    try:
        html = Keepsake(live, waveform).html()
    finally:
        waveform.close()
    assert re.findall(r"(?:question|answer) \d", html) == [
        f"{who} {number}" for number in range(3) for who in ("question", "answer")
    ]
    assert html.count("data:image/svg+xml") == html.count("Sound of 3 seconds") / 2 == 3
    assert "base64" not in html


def test_ipykernel_7_0_is_refused_before_anything_is_shown(monkeypatch):
    monkeypatch.setattr("gemini_live_nb.notebook.kernel.ipykernel_version", lambda: (7, 0, 1))
    with pytest.raises(MediaError, match=r"ipykernel 7\.0") as refused:
        Channel()
    assert "ipykernel>=7.1" in refused.value.hint
    monkeypatch.setattr("gemini_live_nb.notebook.kernel.ipykernel_version", lambda: (7, 1, 0))
    Channel("comm").close()


MODULES = sorted(path.name for path in STATIC.glob("*.js"))


@pytest.mark.parametrize("name", MODULES)
def test_a_joined_module_has_nothing_twice_and_imports_nothing(name):
    text = module(name)
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert text.count("export default") <= 1
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


@pytest.mark.parametrize("name", MODULES)
def test_no_module_makes_markup_of_text(name):
    text = (STATIC / name).read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_a_style_begins_with_the_tokens():
    assert style("transcript.css").index("--glnb-bg:") < style("transcript.css").index(".glnb-transcript")


class Shell:
    """As much of IPython as a name's life needs."""

    def __init__(self):
        self.user_ns = {}
        self.watching = []
        self.events = types.SimpleNamespace(
            register=lambda _, look: self.watching.append(look),
            unregister=lambda _, look: self.watching.remove(look),
        )

    def run(self, **names):
        self.user_ns.update(names)
        for look in list(self.watching):
            look(None)


@pytest.fixture
def shell(monkeypatch):
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    return shell


def test_an_object_is_stopped_when_its_name_means_another(shell):
    thing, stopped = object(), []
    shell.user_ns.update(live=thing, _=thing)
    assert stop_when_rebound(thing, lambda: stopped.append(1))
    shell.run(other=3)
    assert not stopped
    shell.run(live=object())
    shell.run(live=object())
    assert stopped == [1]


def test_an_object_with_two_names_lives_until_both_are_gone(shell):
    thing, stopped = object(), []
    shell.user_ns.update(live=thing, mine=thing)
    stop_when_rebound(thing, lambda: stopped.append(1))
    shell.run(live=None)
    assert not stopped
    shell.run(mine=None)
    assert stopped == [1]


def test_an_object_without_a_name_is_not_watched(shell):
    shell.user_ns["_"] = thing = object()
    assert not stop_when_rebound(thing, lambda: None)
    assert not shell.watching
