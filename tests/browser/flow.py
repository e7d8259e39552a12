"""A conversation held with the panel, to be held in any front end, on any kernel, over any channel."""

from __future__ import annotations

import contextlib

from playwright.sync_api import expect

from .conftest import free_port, opened, serve_lab
from .scripted import STORY
from .test_camera import looks_like_the_fake_pattern, picture

LIVE = """
from gemini_live_nb import Live, tool
@tool(approve=True)
def get_weather(city: str) -> str:
    "Tell the weather of a city."
    print("asking the service for", city)
    return "18 degrees and clear"
def divide(a: float, b: float) -> float:
    "Divide."
    return a / b
live = Live(url={url!r}, api_key="made up", tools=[get_weather, divide], log=False)
"""


@contextlib.contextmanager
def place(launch, folder, *, app="jupyterlab", carrier="socket", env=None):
    """A notebook in a front end of its own; over the comm, in a page from another host with no way around it.

    Such a page dials no loopback address, and jupyter-server-proxy is switched off. Chromium is told to trust
    it, as it would a page by https.
    """
    flags, port = ["--use-fake-ui-for-media-stream"], free_port()
    options = []
    if carrier == "comm":
        flags += [
            "--host-resolver-rules=MAP notebooks.example 127.0.0.1",
            f"--unsafely-treat-insecure-origin-as-secure=http://notebooks.example:{port}",
        ]
        options = [
            "--ServerApp.allow_remote_access=True",
            "--ServerApp.jpserver_extensions={'jupyter_server_proxy': False}",
        ]
    with serve_lab(folder, app=app, env=env, flags=options, port=port) as (base, notebooks):
        host = "notebooks.example" if carrier == "comm" else "127.0.0.1"
        address = base.replace("127.0.0.1", host)
        with opened(launch(*flags), address, notebooks, "flow.ipynb") as nb:
            nb.path = "notebooks" if app == "notebook" else "doc/tree"
            yield nb
            assert nb.value("live.media.channel.carrier") == carrier
            assert nb.value("live.media.channel.counts()['lost']") == 0
            assert nb.errors == []


def say(nb, words):
    """Type a message and send it."""
    box = nb.page.get_by_role("textbox", name="Message").first
    box.fill(words)
    box.press("Enter")


def transcript(nb):
    """Where the words are."""
    return nb.page.get_by_role("region", name="Transcript").first


def hold_a_conversation(panel):
    """Talk, be answered, cut in, call a tool, show something, reload the page, go on, stop."""
    page = panel.page
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()
    story(panel)
    cut_in(panel)
    ask_a_tool(panel)
    show_something(panel)
    panel.reload()
    turns = transcript(panel)
    expect(turns.get_by_text("It is eighteen degrees in Lisbon.", exact=True)).to_be_visible()
    expect(turns.locator("s").first).not_to_be_empty()
    expect(page.get_by_text("live: ")).to_be_hidden()
    assert panel.live_tracks() == 0
    say(panel, "Go on")
    expect(turns.get_by_text("Very well.", exact=True)).to_be_visible()
    assert panel.value("len(live.session.log.fold.turns)") >= 4
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Connect")).to_be_visible()


def story(panel):
    """Ask for something long, and hear it begin."""
    say(panel, "Tell me a story")
    turns = transcript(panel)
    expect(turns.get_by_text("Once upon a time")).to_be_visible()
    expect(turns.get_by_text("Thoughts")).to_be_visible()
    expect(turns.get_by_text("A story of the sea")).to_be_hidden()
    panel.until("live.speaker.state == 'playing'")


def cut_in(panel):
    """The fake microphone speaks as soon as it is on: that interrupts."""
    page, turns = panel.page, transcript(panel)
    page.get_by_role("button", name="Start microphone").click()
    expect(page.get_by_text("live: microphone")).to_be_visible()
    lost = turns.locator("s").first
    expect(lost).not_to_be_empty(timeout=20_000)
    panel.until("live.speaker.state != 'playing' or live.turns[-1].number > 0")
    heard = panel.value("live.turns[0].heard_text")
    assert heard
    expect(turns.get_by_text(heard, exact=True)).to_be_visible()
    whole = f"{heard} {lost.inner_text()}"
    assert whole == panel.value("live.turns[0].text")
    assert STORY.startswith(whole)
    expect(turns.get_by_text("cut off after")).to_be_visible()
    page.get_by_role("button", name="Stop microphone").click()
    expect(turns.get_by_text("I have stopped.", exact=True)).to_be_visible(timeout=30_000)
    expect(turns.get_by_text("Wait, stop.", exact=True)).to_be_visible()


def ask_a_tool(panel):
    """Have a function called, and let it."""
    page = panel.page
    say(panel, "How is the weather?")
    card = page.get_by_role("listitem").filter(has_text="get_weather")
    expect(card.get_by_text("waits for your approval")).to_be_visible()
    expect(page.get_by_text("Waiting for your approval of get_weather")).to_be_visible()
    card.get_by_role("button", name="Approve").click()
    expect(card.get_by_text("18 degrees and clear")).to_be_visible()
    expect(card.get_by_text("asking the service for Lisbon")).to_be_visible()
    expect(transcript(panel).get_by_text("It is eighteen degrees in Lisbon.", exact=True)).to_be_visible()


def show_something(panel):
    """The camera's pictures go to the model, one a second."""
    page = panel.page
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_text("live: camera")).to_be_visible()
    panel.until("sum(f.kind == 'realtimeInput.video' for f in live.log) >= 2")
    panel.python(
        "import base64\nseen = [f for f in live.log if f.kind == 'realtimeInput.video']\n"
        "(_, jpeg), = seen[-1].media()"
    )
    assert looks_like_the_fake_pattern(picture(panel, "jpeg"))
    assert panel.value("0.5 < seen[-1].t - seen[-2].t < 2"), "one a second"
