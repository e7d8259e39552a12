"""The panel in JupyterLab: a conversation held with it, by mouse, by voice, by keyboard alone."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .flow import LIVE, cut_in, hold_a_conversation, place, say, story, transcript
from .scripted import scripted
from .sounds import RATE, write_wav

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with scripted(tmp_path_factory.mktemp("script")) as url:
        yield url


@pytest.fixture
def panel(notebook, server):
    """A notebook with a panel in its first cell."""
    notebook.open(LIVE.format(url=server) + "live", "live")
    notebook.run(0)
    expect(notebook.page.get_by_role("button", name="Connect")).to_be_visible()
    return notebook


def test_a_conversation(panel):
    hold_a_conversation(panel)


def test_a_refused_call_and_a_failed_one(panel):
    say(panel, "How is the weather?")
    page = panel.page
    page.get_by_role("button", name="Deny").click()
    card = page.get_by_role("listitem").filter(has_text="get_weather")
    expect(card.get_by_text("not run: the user did not allow it")).to_be_visible()
    say(panel, "Please divide")
    card = page.get_by_role("listitem").filter(has_text="divide")
    expect(card.get_by_text("ZeroDivisionError")).to_be_visible()
    expect(card.get_by_text("failed")).to_be_visible()


def test_one_panel_shown_twice_is_one_session(panel):
    panel.run(1)
    connects = panel.page.get_by_role("button", name="Connect")
    expect(connects).to_have_count(2)
    connects.first.click()
    expect(panel.page.get_by_text("Listening", exact=True)).to_have_count(2)
    say(panel, "Tell me a story")
    expect(panel.page.get_by_text("Once upon a time")).to_have_count(2)
    panel.page.get_by_role("button", name="Start microphone").first.click()
    expect(panel.page.get_by_role("button", name="Stop microphone")).to_have_count(2)
    assert panel.live_tracks() == 1
    panel.page.get_by_role("button", name="Stop", exact=True).last.click()
    expect(connects).to_have_count(2)
    panel.until("live.mic.state == 'off'")
    assert panel.live_tracks() == 0


def test_two_panels_are_two_sessions(panel, server):
    panel.python(f"other = Live(url={server!r}, api_key='made up', log=False)")
    panel.js("jupyterapp.commands.execute('notebook:replace-selection', {text: 'other'})")
    panel.run(1)
    panel.done(1)
    panel.page.get_by_role("textbox", name="Message").nth(0).fill("Tell me a story")
    panel.page.keyboard.press("Enter")
    expect(panel.page.get_by_text("Once upon a time").first).to_be_visible()
    assert panel.value("live.session is not None and len(live.turns) == 1")


def test_keyboard_alone(panel):
    """Tab reaches everything in order; letters typed on a button are no commands of JupyterLab's."""
    page = panel.page
    connect = page.get_by_role("button", name="Connect")
    connect.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert panel.js("jupyterapp.shell.currentWidget.content.widgets.length") == 2
    order = []
    for _ in range(24):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
            )
        )
    wanted = [
        "Messages",
        "Settings",
        "Why is nothing happening?",
        "Start microphone",
        "Start camera",
        "Turns",
        "Message",
        "Send",
    ]
    assert [name for name in order if name in wanted] == wanted
    page.get_by_role("button", name="Messages").focus()
    page.keyboard.press("Space")
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("group", name="The frame")).to_be_visible()
    page.get_by_role("group", name="The frame").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="The frame")).to_be_hidden()


def test_push_to_talk_by_button_and_by_space(panel):
    panel.python("live.configure(automatic_activity_detection=False)")
    page = panel.page
    page.get_by_role("button", name="Connect").click()
    talk = page.get_by_role("button", name="Hold to talk")
    expect(talk).to_be_visible()
    page.get_by_role("button", name="Start microphone").click()
    expect(page.get_by_text("live: microphone")).to_be_visible()
    sent = "sum(f.kind == 'realtimeInput.audio' for f in live.log)"
    assert panel.value(sent) == 0
    talk.hover()
    page.mouse.down()
    panel.until(f"{sent} >= 20")
    page.mouse.up()
    panel.until("any(f.kind == 'realtimeInput.activityEnd' for f in live.log)")
    expect(transcript(panel).get_by_text("I have stopped.", exact=True)).to_be_visible()
    order = panel.value("[f.kind for f in live.log if f.kind.startswith('realtimeInput')]")
    assert order[0] == "realtimeInput.activityStart"
    assert order[-1] == "realtimeInput.activityEnd"
    talk.focus()
    page.keyboard.down("Space")
    expect(talk).to_have_attribute("aria-pressed", "true")
    panel.until("sum(f.kind == 'realtimeInput.activityStart' for f in live.log) == 2")
    page.keyboard.up("Space")
    panel.until("sum(f.kind == 'realtimeInput.activityEnd' for f in live.log) == 2")


def test_a_key_typed_here_stays_in_the_process(notebook):
    notebook.open("from gemini_live_nb import Live\nlive = Live(log=False)\nlive")
    notebook.run(0)
    page = notebook.page
    expect(page.get_by_text("Offline: the built-in server answers")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    key = "AIza" + 35 * "k"
    field = page.get_by_role("group", name="API key").locator("input")
    assert field.get_attribute("type") == "password"
    field.fill(key)
    page.get_by_role("button", name="Use key").click()
    expect(page.get_by_text("an API key typed here")).to_be_visible()
    expect(field).to_have_value("")
    expect(page.get_by_text("Offline: the built-in server answers")).to_be_hidden()
    notebook.python("from ipywidgets.widgets.widget import _instances")
    assert key not in notebook.value("repr([widget.get_state() for widget in _instances.values()])")
    notebook.js("jupyterapp.commands.execute('docmanager:save')")
    assert key not in (notebook.folder / notebook.name).read_text()
    assert key not in notebook.value("repr(live) + repr(vars(live.media))")
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("no key: the built-in server answers")).to_be_visible()


def test_settings_warn_beside_the_field_and_hold_for_the_next_connection(panel):
    page = panel.page
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Voice").select_option("Kore")
    page.get_by_label("Thinking level").select_option("HIGH")
    panel.until("live.config.voice_name == 'Kore' and live.config.thinking_level == 'HIGH'")
    beside = page.locator(".glnb-setting").filter(has=page.get_by_label("Thinking level"))
    expect(beside.locator(".glnb-warning")).to_contain_text("thinking_level")
    page.get_by_label("Thinking level").select_option("")
    expect(beside.locator(".glnb-warning")).to_have_count(0)
    page.get_by_label("Silence, ms").fill("700")
    page.get_by_label("Silence, ms").press("Tab")
    panel.until("live.config.silence_duration_ms == 700")
    page.get_by_role("button", name="Connect").click()
    panel.until("live.log is not None and len(live.log) > 2")
    setup = panel.value("next(f.json() for f in live.log if f.kind == 'setup')")
    assert "Kore" in json.dumps(setup)
    assert setup["setup"]["realtimeInputConfig"]["automaticActivityDetection"]["silenceDurationMs"] == 700


def test_errors_are_shown_where_they_can_be_read(panel):
    panel.python("live.on('turnComplete', lambda event: 1 / 0)")
    say(panel, "Go on")
    problem = panel.page.get_by_role("log", name="Problems")
    expect(problem.get_by_text("ZeroDivisionError in callback")).to_be_visible()
    problem.get_by_text("Traceback", exact=True).click()
    expect(problem.get_by_label("Traceback")).to_contain_text("ZeroDivisionError: division by zero")
    problem.get_by_role("button", name="Dismiss").click()
    expect(problem.get_by_text("ZeroDivisionError")).to_have_count(0)


def test_a_connection_that_cannot_be_made_says_why(notebook):
    notebook.open(
        "from gemini_live_nb import Live\nlive = Live(url='ws://127.0.0.1:9', api_key='made up', log=False)\nlive"
    )
    notebook.run(0)
    notebook.page.get_by_role("button", name="Connect").click()
    problem = notebook.page.get_by_role("log", name="Problems")
    expect(problem.locator(".glnb-hint")).not_to_be_empty(timeout=60_000)
    expect(notebook.page.get_by_role("button", name="Connect")).to_be_visible()


def test_a_busy_cell_holds_up_neither_words_nor_buttons(panel):
    page = panel.page
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()
    panel.js("jupyterapp.commands.execute('notebook:replace-selection', {text: ''})")
    busy = "import threading, time\nheld = threading.Event()\nwhile not held.wait(0.01): pass"
    panel.js(
        f"void {json.dumps(busy)}; (async () => {{ {KERNEL}.requestExecute({{code: {json.dumps(busy)}}}) }})()"
    )
    say(panel, "How is the weather?")
    page.get_by_role("button", name="Approve").click()
    expect(transcript(panel).get_by_text("It is eighteen degrees in Lisbon.", exact=True)).to_be_visible()
    page.get_by_role("button", name="Messages").click()
    page.get_by_role("grid").get_by_role("row").filter(has_text="toolResponse").first.click()
    expect(page.get_by_role("group", name="The frame")).to_contain_text("frame")
    panel.js(f"{KERNEL}.interrupt()")


KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"


def test_what_stays_in_a_saved_notebook(panel, chromium, lab):
    say(panel, "Tell me a story")
    expect(transcript(panel).get_by_text("Once upon a time")).to_be_visible()
    stop = panel.page.get_by_role("button", name="Stop", exact=True)
    stop.click()
    panel.until("not live.session.open")
    say(panel, "Go on")
    expect(transcript(panel).get_by_text("Very well.")).to_be_visible()
    stop.click()
    panel.until("not live.session.open")
    record = panel.page.locator(".glnb-keepsake")
    expect(record).to_have_count(1)
    expect(record).to_be_hidden()
    panel.js("jupyterapp.commands.execute('docmanager:save')")
    path = panel.folder / panel.name
    for _ in range(100):
        saved = path.read_text()
        if "Very well." in saved:
            break
        panel.js("jupyterapp.commands.execute('docmanager:save')")
        panel.page.wait_for_timeout(100)
    html = json.dumps([output.get("data") for output in json.loads(saved)["cells"][0]["outputs"]])
    assert "Once upon a time" in html
    assert html.count("data:image/svg+xml") == 2
    assert "base64" not in html
    # The kernel is gone and nobody draws the widget: the record is what one sees.
    panel.js(f"{KERNEL}.shutdown()")
    panel.page.goto("about:blank")
    page = chromium.new_page()
    try:
        page.goto(f"{panel.base}/doc/tree/{panel.name}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        expect(page.get_by_text("Once upon a time")).to_be_visible()
        expect(page.get_by_text("Tell me a story")).to_be_visible()
        expect(page.get_by_text("Very well.")).to_be_visible()
        assert page.get_by_role("img", name="Sound of").first.evaluate("img => img.naturalWidth") > 0
        expect(page.get_by_text("model not found")).to_be_hidden()
    finally:
        page.close()


def test_a_session_outlives_a_reload_but_not_its_page(panel):
    panel.python("import gemini_live_nb.notebook.desk as desk\ndesk.GRACE_S = 8")
    panel.page.get_by_role("button", name="Connect").click()
    expect(panel.page.get_by_text("Listening", exact=True)).to_be_visible()
    panel.reload()
    expect(panel.page.get_by_text("Listening", exact=True)).to_be_visible()
    panel.page.wait_for_timeout(9000)
    assert panel.value("live.session.open")
    panel.python(
        "ends = []\nfrom gemini_live_nb.session.events import Closed\nlive.on(Closed, lambda event: ends.append(1))"
    )
    panel.page.goto("about:blank")
    panel.page.wait_for_timeout(10_000)
    panel.visit()
    assert panel.value("[live.session.open, len(ends)]") == [False, 1]


def test_the_tools_stay_in_place_while_the_model_speaks(panel):
    page = panel.page
    page.set_viewport_size({"width": 980, "height": 900})
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()
    tops = (
        "() => [...document.querySelectorAll('.glnb-toolbar button, .glnb-volume')].map(el => el.offsetTop)"
    )
    before = page.evaluate(tops)
    say(panel, "Tell me a story")
    speaking = page.get_by_role("region", name="speaker").get_by_role("status")
    expect(speaking).to_have_text("Speaking")
    assert page.evaluate(tops) == before


def test_a_panel_whose_kernel_is_gone_says_so(panel):
    """Nothing claims to listen, nothing invites to a click that would do nothing."""
    page = panel.page
    say(panel, "Tell me a story")
    page.get_by_role("button", name="Start microphone").click()
    expect(page.get_by_text("live: microphone")).to_be_visible()
    panel.js("jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    session = page.get_by_role("region", name="Live session")
    expect(session.get_by_role("status")).to_have_text(
        "The kernel is gone: run the notebook again, from the top."
    )
    expect(session.get_by_text("live: microphone")).to_be_hidden()
    expect(session.get_by_title("Time since the session began")).to_be_hidden()
    expect(session.get_by_role("button", name="Connect")).to_be_disabled()
    expect(page.get_by_role("textbox", name="Message")).to_be_disabled()
    expect(page.get_by_text("Once upon a time")).to_be_visible()
    panel.run(0)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()


def test_a_cell_run_again_ends_the_session_before(panel):
    panel.page.get_by_role("button", name="Connect").click()
    expect(panel.page.get_by_text("Listening", exact=True)).to_be_visible()
    panel.page.get_by_role("button", name="Start microphone").click()
    expect(panel.page.get_by_text("live: microphone")).to_be_visible()
    panel.python("first = live.session\nold = [live.media.mic]")
    panel.run(1)
    panel.done(1)
    assert panel.value("first.open")
    panel.run(0)
    panel.until("not first.open")
    panel.until("old[0].state == 'off'")
    assert panel.live_tracks() == 0


def test_everything_is_to_be_had_from_code(notebook, server, voice):
    """A file stands in for the microphone, a stream of ours for the camera; cells start, mute and stop them."""
    write_wav(notebook.folder / "question.wav", voice[: 8 * RATE])
    files = (
        "import ipywebrtc\n"
        "mic = ipywebrtc.AudioStream.from_file('question.wav')\n"
        "camera = ipywebrtc.CameraStream(constraints={'audio': False, 'video': True})\n"
    )
    live = LIVE.format(url=server).replace("log=False", "log=False, mic=mic, camera=camera")
    notebook.open(
        files + live + "live",
        "live.connect()\nlive.mic.start()\nlive.camera.start(fps=5)",
        "live.mute()",
        "live.mute(False)",
        "live.mic.stop()\nlive.camera.stop()",
    )
    notebook.run(0)
    expect(notebook.page.get_by_role("button", name="Start microphone")).to_be_visible()
    notebook.run(1)
    expect(notebook.page.get_by_text("live: microphone, camera")).to_be_visible()
    notebook.until("sum(f.kind == 'realtimeInput.audio' for f in live.log) > 20")
    notebook.until("sum(f.kind == 'realtimeInput.video' for f in live.log) > 5")
    notebook.run(2)
    ends = "sum(f.kind == 'realtimeInput.audioStreamEnd' for f in live.log)"
    notebook.until(f"{ends} == 1")
    notebook.python("sent = sum(f.kind == 'realtimeInput.audio' for f in live.log)")
    notebook.page.wait_for_timeout(400)
    assert notebook.value("sum(f.kind == 'realtimeInput.audio' for f in live.log) - sent") <= 1
    assert notebook.value(ends) == 1
    notebook.run(3)
    notebook.until("sum(f.kind == 'realtimeInput.audio' for f in live.log) > sent + 5")
    notebook.run(4)
    expect(notebook.page.get_by_text("live: ")).to_be_hidden()
    assert notebook.live_tracks() == 0


def test_a_voice_that_was_stopped_leaves_its_trace(panel):
    say(panel, "Tell me a story")
    panel.until("live.speaker.state == 'playing' and live.turns[0].audio_ms > 3000")
    panel.page.get_by_role("button", name="Stop voice").click()
    turns = transcript(panel)
    expect(turns.locator("s").first).not_to_be_empty()
    expect(turns.get_by_text("stopped after")).to_be_visible()
    panel.until("live.turns[0].played_ms and live.turns[0].cut and live.speaker.state == 'ready'")
    assert panel.value("0 < live.turns[0].heard_ms < live.turns[0].audio_ms")
    began = panel.value("live.log.fold.turns[0].times.first_audio")
    say(panel, "Go on")
    expect(turns.get_by_text("Very well.", exact=True)).to_be_visible()
    assert panel.value("live.turns[1].times.first_audio") - began < 12, "the story has twelve seconds"
    panel.until("live.turns[1].complete and (live.turns[1].played_ms or 0) > live.turns[1].audio_ms - 1")


@pytest.mark.parametrize(
    ("app", "kernel", "carrier"),
    [("notebook", 7, "socket"), ("jupyterlab", 6, "socket"), ("jupyterlab", 7, "comm")],
)
def test_smoke(launch, server, tmp_path, request, app, kernel, carrier):  # noqa: PLR0917 - pytest's fixtures
    """The panel in Notebook 7, in JupyterLab on ipykernel 6, and over the comm alone."""
    env = {"PYTHONPATH": str(request.getfixturevalue("ipykernel6"))} if kernel == 6 else {}
    with place(launch, tmp_path, app=app, env=env, carrier=carrier) as nb:
        nb.open(LIVE.format(url=server) + "live")
        nb.run(0)
        nb.page.get_by_role("button", name="Connect").click()
        expect(nb.page.get_by_text("Listening", exact=True)).to_be_visible()
        way = {"socket": "direct (socket)", "comm": "through Jupyter (comm)"}[carrier]
        expect(nb.page.get_by_text(way, exact=True)).to_be_visible()
        story(nb)
        cut_in(nb)
        nb.page.get_by_role("button", name="Stop", exact=True).click()
        expect(nb.page.get_by_role("button", name="Connect")).to_be_visible()
        assert nb.live_tracks() == 0
        assert nb.value("__import__('ipykernel').version_info[0]") == kernel
