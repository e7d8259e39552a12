"""Each view alone in a cell: over a recorded run, over a long one, narrow, dark, and with text that means harm."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .conftest import opened
from .flow import LIVE, say
from .scripted import scripted

expect.set_options(timeout=20_000)

RUN = """
import base64, json
import numpy as np
from gemini_live_nb.log.recorder import Recorder
from gemini_live_nb.notebook import Diagnosis, MessageTable, ToolCalls, Transcript, Waveform
from gemini_live_nb.protocol.codec import decode
recorder = Recorder(None, memory=1 << 30)
log = recorder.log
def server(**message):
    data = json.dumps(message)
    recorder.receive(data)
def client(**message):
    recorder.sent(json.dumps(message))
def pcm(rate, ms):
    return base64.b64encode((np.sin(np.arange(rate * ms // 1000) / 8) * 8000).astype("<i2").tobytes()).decode()
def sound(ms=40):
    data = {"mimeType": "audio/pcm;rate=24000", "data": pcm(24000, ms)}
    server(serverContent={"modelTurn": {"parts": [{"inlineData": data}]}})
def turn(number):
    client(realtimeInput={"text": f"question {number}"})
    server(serverContent={"outputTranscription": {"text": f"answer {number}"}})
    sound()
    server(serverContent={"turnComplete": True}, usageMetadata={"totalTokenCount": 100 + number})
def call(id, name, args, result):
    server(toolCall={"functionCalls": [{"id": id, "name": name, "args": args}]})
    client(toolResponse={"functionResponses": [{"id": id, "name": name, "response": result}]})
recorder.local("open")
"""
DRAWERS = {
    "Messages": "Messages on the wire",
    "Settings": "Settings",
    "Why is nothing happening?": "Why is nothing happening?",
}


@pytest.fixture
def views(notebook):
    """Run cells over a recorded run, the last of which shows something."""
    notebook.page.set_viewport_size({"width": 1100, "height": 1500})

    def show(*cells):
        notebook.open(*cells)
        notebook.python(RUN)
        for number in range(len(cells)):
            notebook.run(number)
            notebook.done(number)
        return notebook

    return show


def test_each_view_stands_alone_and_more_than_once(views):
    nb = views(
        "for n in range(3): turn(n)\ncall('c1', 'add', {'a': 1}, {'result': 2})",
        "import ipywidgets\nipywidgets.HBox([Transcript(log), Transcript(log, height='120px')])",
        "ipywidgets.VBox([Waveform(log), ToolCalls(log), MessageTable(log), Diagnosis(log)])",
    )
    page = nb.page
    transcripts = page.get_by_role("region", name="Transcript")
    expect(transcripts.get_by_text("answer 2", exact=True)).to_have_count(2)
    expect(transcripts.last).to_have_css("height", "120px")
    expect(page.get_by_role("img", name="Sound over time")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="add")).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("row").first).to_contain_text("toolResponse")
    expect(page.get_by_text("The page may ask for microphone and camera")).to_be_visible()


def test_views_follow_what_goes_on(views):
    nb = views("a = Transcript(log)\nb = MessageTable(log)\nimport ipywidgets\nipywidgets.VBox([a, b])")
    page = nb.page
    expect(page.get_by_text("Nothing said yet")).to_be_visible()
    nb.python("turn(0)")
    expect(page.get_by_text("answer 0", exact=True).first).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("row").first).to_contain_text("turnComplete")
    nb.reload()
    expect(page.get_by_text("answer 0", exact=True).first).to_be_visible()
    nb.python("turn(1)")
    expect(page.get_by_text("answer 1", exact=True).first).to_be_visible()


def test_a_long_transcript_yields_to_its_reader(views):
    nb = views("for n in range(3000): turn(n)", "Transcript(log)")
    page = nb.page
    scroll = page.get_by_role("group", name="Turns")
    latest = page.get_by_role("button", name="latest")
    expect(page.get_by_text("answer 2999", exact=True)).to_be_in_viewport()
    expect(latest).to_be_hidden()
    assert page.get_by_role("article").count() == 40
    scroll.hover()
    page.mouse.wheel(0, -300)
    expect(latest).to_be_visible()
    place = scroll.evaluate("el => el.scrollTop")
    nb.python("turn(3000)")
    nb.until("len(log.fold.turns) == 3001")
    expect(page.get_by_text("answer 3000", exact=True)).to_have_count(1)
    assert abs(scroll.evaluate("el => el.scrollTop") - place) < 2
    latest.click()
    expect(page.get_by_text("answer 3000", exact=True)).to_be_in_viewport()
    expect(latest).to_be_hidden()
    for _ in range(3):
        scroll.evaluate("el => { el.scrollTop = 0 }")
        page.wait_for_timeout(300)
    expect(page.get_by_text("answer 2900", exact=True)).to_have_count(1)


def test_a_hundred_thousand_frames_scroll(views):
    nb = views(
        "for n in range(50_000):\n    server(serverContent={'outputTranscription': {'text': f'word {n}'}})\n    sound(1)",
        "table = MessageTable(log)\ntable",
    )
    page = nb.page
    expect(page.get_by_text("100,001 frames")).to_be_visible(timeout=30_000)
    grid = page.get_by_role("grid")
    assert grid.get_by_role("row").count() < 60
    for part in (0.25, 0.5, 0.75):
        grid.evaluate("(el, part) => { el.scrollTop = part * el.scrollHeight }", part)
        line = f"word {round(50_000 * (1 - part)) - 3}"
        expect(grid.get_by_text(line, exact=True)).to_have_count(1)
    page.get_by_label("Find text in frames").fill("word 4242")
    expect(page.get_by_text("11 of 100,001")).to_be_visible(timeout=30_000)
    page.get_by_label("Kind").select_option("modelTurn.audio")
    expect(page.get_by_text("No frame fits this filter.")).to_be_visible()


def test_frames_open_play_and_are_copied(views):
    nb = views("turn(0)\ncall('c1', 'add', {'a': 1}, {'result': 2})", "MessageTable(log)")
    page = nb.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    grid = page.get_by_role("grid")
    grid.get_by_role("row").filter(has_text="modelTurn.audio").click()
    frame = page.get_by_role("group", name="The frame")
    expect(frame.get_by_role("button", name="Play 40 ms 24 kHz")).to_be_visible()
    frame.get_by_role("button", name="Play 40 ms 24 kHz").click()
    grid.get_by_role("row").filter(has_text="toolResponse").click()
    page.get_by_role("button", name="Python", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("await session.send_raw({'toolResponse'")
    page.get_by_role("button", name="Pause").click()
    nb.python("turn(1)")
    expect(page.get_by_text("· 4 new")).to_be_visible()
    expect(grid.get_by_text("answer 1", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(grid.get_by_text("answer 1", exact=True)).to_have_count(1)


def test_a_run_of_sound_is_one_line_that_opens(views):
    nb = views(
        "def mic(): client(realtimeInput={'audio': {'mimeType': 'audio/pcm;rate=16000', 'data': pcm(16000, 40)}})",
        "turn(0)\nfor n in range(124): mic()\nturn(1)\nMessageTable(log)",
    )
    page = nb.page
    grid = page.get_by_role("grid")
    run = grid.get_by_role("row").filter(has_text="124 × 40 ms sound")
    opens = run.locator("[aria-expanded]")
    expect(opens).to_have_attribute("aria-expanded", "false")
    expect(grid.get_by_role("row")).to_have_count(10)
    top = run.bounding_box()["y"]
    run.click()
    expect(opens).to_have_attribute("aria-expanded", "true")
    assert run.bounding_box()["y"] == top
    one = grid.get_by_role("row").filter(has_text="🔊 40 ms 16 kHz").first
    one.click()
    expect(page.get_by_role("button", name="Play 40 ms 16 kHz")).to_be_visible()
    nb.python("turn(2)")
    expect(grid.get_by_text("answer 2", exact=True)).to_be_visible()
    run.click()
    expect(opens).to_have_attribute("aria-expanded", "false")
    grid.focus()
    grid.press("Home")
    for _ in range(8):
        grid.press("ArrowDown")
    expect(grid.locator("[aria-selected=true]")).to_contain_text("124 × 40 ms")
    grid.press("ArrowRight")
    expect(opens).to_have_attribute("aria-expanded", "true")
    grid.press("ArrowDown")
    expect(grid.locator("[aria-selected=true]")).to_contain_text("🔊 40 ms 16 kHz")


HARM = {
    "markup": "<img src=x onerror='window.harmed=1'><script>window.harmed=2</script><b>bold</b>",
    "terminal": "\x1b[31mred\x1b[0m\x1b]8;;http://evil\x07link\x1b]8;;\x07",
    "direction": "safe\u202egnp.exe\u2066\u2067 \u200fabc",
    "closing": "</script></style><style>*{display:none}</style>",
    "handlers": "\"><svg onload=window.harmed=3>' onmouseover='window.harmed=4",
}
EVERYTHING = " ".join(HARM.values())


def test_text_that_means_harm_changes_nothing(notebook, tmp_path):
    """Through transcript, thoughts, tool names, arguments, results, errors, status, the wire console, the record."""
    call = {"name": EVERYTHING, "args": {EVERYTHING: EVERYTHING}}
    known = {"name": "echo", "args": {"words": EVERYTHING}}
    script = {
        "steps": [
            {"contains": "one", "emit": [{"thought": EVERYTHING}, {"heard": EVERYTHING}, EVERYTHING]},
            {"contains": "two", "emit": [{"calls": [call, known]}]},
            {"expect": "tool_result", "emit": [EVERYTHING]},
            {"contains": "three", "emit": [{"fail": EVERYTHING}]},
        ]
    }
    with scripted(tmp_path, script) as url:
        notebook.open(
            f"from gemini_live_nb import Live\ndef echo(words: str) -> str:\n    'Say it again.'\n    print(words)\n    raise ValueError(words)\n"
            f"live = Live(url={url!r}, api_key='made up', tools=[echo], log=False)\nlive"
        )
        notebook.run(0)
        page = notebook.page
        body = page.locator(".glnb-panel")
        expect(page.get_by_role("button", name="Connect")).to_be_visible()
        for number, words in enumerate((f"one {EVERYTHING}", "two", "three"), 1):
            say(notebook, words)
            notebook.until(f"len(live.turns) >= {number} and live.turns[-1].answered")
        notebook.python(f"live.mark({EVERYTHING!r}) if live.session.open else None")
        for drawer in ("Settings", "Why is nothing happening?", "Messages"):
            page.get_by_role("button", name=drawer).click()
        rows = page.get_by_role("grid").get_by_role("row")
        for number in range(min(12, rows.count())):
            rows.nth(number).click()
        expect(body.get_by_text("<b>bold</b>").first).to_be_visible()
        notebook.python("live.close()")
        notebook.until(
            "len(__import__('gemini_live_nb.notebook.panel', fromlist=['Panel']).Panel.of(live)._keepsake.html()) > 500"
        )
        html = notebook.value(
            "__import__('gemini_live_nb.notebook.panel', fromlist=['Panel']).Panel.of(live)._keepsake.html()"
        )
        assert page.evaluate("window.harmed") is None
        assert body.locator("img[src=x], script, b, svg[onload], [onmouseover], [onerror]").count() == 0
        shown = body.evaluate("el => el.textContent")
        assert "<script>" in shown
        for character in "\x1b\u202e\u2066\u2067\u200f":
            assert character not in shown
            assert character not in html
        for tag in ("<img src=x", "<script", "<b>", "<svg onload", "</style><style>*"):
            assert tag not in html
        isolated = body.locator(".glnb-transcript .glnb-said").first
        expect(isolated).to_have_css("unicode-bidi", "isolate")
    # A traceback in Jupyter's own output is no matter of ours; nothing of ours may be an error in the console.
    assert notebook.errors == []


def test_contrast_and_labels(notebook, tmp_path):
    """Axe has nothing to say of the panel, in light and dark, with everything on show."""
    page = notebook.page
    with scripted(tmp_path) as url:
        notebook.open(LIVE.format(url=url) + "live")
        notebook.run(0)
        say(notebook, "Tell me a story")
        notebook.until("live.speaker.state == 'playing'")
        page.get_by_role("button", name="Start microphone").click()
        expect(page.locator("s").first).not_to_be_empty()
        page.get_by_role("button", name="Stop microphone").click()
        expect(page.get_by_text("I have stopped.", exact=True)).to_be_visible()
        say(notebook, "Please divide")
        expect(page.get_by_role("listitem").get_by_text("failed")).to_be_visible()
        notebook.python("live.on('mark', lambda event: 1 / 0)\nlive.mark('here')")
        notebook.python("live.configure(thinking_level='HIGH')")
        say(notebook, "How is the weather?")
        expect(page.get_by_role("button", name="Approve")).to_be_visible()
        problems = page.get_by_role("log", name="Problems")
        expect(problems.get_by_text("ZeroDivisionError").first).to_be_visible()
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            notebook.js(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
            page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
            for drawer in DRAWERS:
                page.get_by_role("button", name=drawer).click()
                if drawer == "Messages":
                    page.get_by_role("grid").get_by_role("row").first.click()
                    expect(page.get_by_role("group", name="The frame")).to_be_visible()
                found = Axe().run(page, context=".glnb-panel").response["violations"]
                told = [
                    (one["id"], one["nodes"][0]["html"][:160], one["nodes"][0]["failureSummary"])
                    for one in found
                ]
                assert told == [], (theme, drawer)


OUTSIDE = """panel => {
    const edge = panel.getBoundingClientRect();
    return [...panel.querySelectorAll('button, input, select, textarea, section, canvas, video, p, span')]
      .filter((el) => el.checkVisibility() && !el.closest('.glnb-unseen'))
      .filter((el) => {
        const box = el.getBoundingClientRect();
        return box.width && (box.right > edge.right + 1 || box.left < edge.left - 1);
      })
      .map((el) => el.outerHTML.slice(0, 120));
}"""


def test_nothing_overflows(notebook, tmp_path):
    page = notebook.page
    with scripted(tmp_path) as url:
        notebook.open(LIVE.format(url=url) + "live")
        notebook.run(0)
        say(notebook, "Tell me a story")
        expect(page.get_by_text("Once upon a time")).to_be_visible()
        for name in ("Start microphone", "Start camera"):
            page.get_by_role("button", name=name).click()
        expect(page.get_by_text("live: microphone, camera")).to_be_visible()
        panel = page.locator(".glnb-panel")
        for width in (400, 700, 1100):
            # The notebook's margins and sidebars take some 180 pixels.
            page.set_viewport_size({"width": width + 180, "height": 900})
            panel.evaluate("(el, width) => { el.style.width = width + 'px' }", width)
            for drawer, label in DRAWERS.items():
                page.get_by_role("button", name=drawer).click()
                expect(page.get_by_role("region", name=label)).to_be_visible()
                assert panel.evaluate(OUTSIDE) == [], (width, drawer)


def test_nothing_jumps_while_words_stream(views):
    """Chromium's own measure: what moved on the page without anybody touching it. The transcript follows its end."""
    nb = views(
        "for n in range(8): turn(n)",
        "import ipywidgets\nipywidgets.VBox([Waveform(log), Transcript(log), ToolCalls(log, height='120px'), MessageTable(log)])",
    )
    page = nb.page
    expect(page.get_by_text("answer 7", exact=True).first).to_be_visible()
    page.wait_for_timeout(500)
    page.evaluate("""() => {
        window.jumps = [];
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) {
                const ours = entry.sources.filter(({ node }) => node?.parentElement?.closest(".glnb"));
                window.jumps.push(...ours.map(({ node, previousRect, currentRect }) => [
                    entry.value, node.className, previousRect.y, currentRect.y, node.closest(".glnb-turn") !== null,
                ]));
            }
        }).observe({ type: "layout-shift", buffered: false });
    }""")
    nb.python(
        "import time\nclient(realtimeInput={'text': 'and now?'})\n"
        "for n in range(60):\n    server(serverContent={'outputTranscription': {'text': f'word{n} '}})\n    sound(40)\n    time.sleep(0.03)\n"
        "call('c1', 'add', {'a': 1}, {'result': 2})\nserver(serverContent={'turnComplete': True})"
    )
    expect(page.get_by_text("word59", exact=False).first).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="add")).to_be_visible()
    assert page.evaluate("window.jumps") == []


def test_reduced_motion_is_kept_to(launch, lab, tmp_path):
    base, folder = lab
    calm = launch("--use-fake-ui-for-media-stream", reduced_motion="reduce")
    with scripted(tmp_path) as url, opened(calm, base, folder, "calm.ipynb") as nb:
        nb.open(
            f"from gemini_live_nb import Live\nlive = Live(url={url!r}, api_key='made up', log=False)\nlive.connect()\nlive"
        )
        nb.run(0)
        canvas = nb.page.get_by_role("img", name="Sound over time")
        expect(canvas).to_be_visible()
        moving = nb.page.evaluate("""() => new Promise((resolve) => {
            let count = 0;
            const draw = CanvasRenderingContext2D.prototype.clearRect;
            CanvasRenderingContext2D.prototype.clearRect = function (...box) { count++; return draw.apply(this, box); };
            setTimeout(() => resolve(count), 3000);
        })""")
        assert moving <= 8
        assert nb.errors == []
