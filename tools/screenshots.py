"""Takes the pictures of the panel in docs/screenshots: JupyterLab, a scripted server, a fake microphone.

    .venv/bin/python tools/screenshots.py [NAME …]

Look at each afterwards: they are there to be looked at.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ["GEMINI_LIVE_RUNS"] = tempfile.mkdtemp(prefix="gemini-live-screenshots-")

import numpy as np  # noqa: E402 - runs from the checkout
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from tests.browser.conftest import CHROMIUM_FLAGS, Notebook, serve_lab  # noqa: E402
from tests.browser.scripted import scripted  # noqa: E402
from tests.browser.sounds import RATE, speech, write_wav  # noqa: E402

SHOTS = ROOT / "docs" / "screenshots"
STORY = (
    "Once upon a time there was a lighthouse keeper who counted waves. Every evening she wrote the number "
    "in a blue book, and every morning the sea had washed it away again."
)
SCRIPT = {
    "steps": [
        {
            "expect": "speech",
            "emit": [
                {"heard": "Hello! Can you hear me?"},
                {"say": "Loud and clear. Ask me anything, and cut in whenever you like.", "seconds": 3.5},
            ],
        },
        {
            "expect": "speech",
            "emit": [
                {"heard": "Tell me a long story about the sea."},
                {"thought": "They want a story. The sea is a good place to begin one."},
                {"say": STORY, "seconds": 12},
            ],
        },
        {
            "expect": "speech",
            "emit": [
                {"heard": "Wait, stop. What is seven times eight?"},
                {"say": "Seven times eight is fifty-six.", "seconds": 2},
            ],
        },
        {
            "contains": "jacket",
            "emit": [{"call": {"name": "get_weather", "args": {"city": "Lisbon", "unit": "celsius"}}}],
        },
        {"expect": "tool_result", "emit": ["It is 18 degrees and clear in Lisbon. A light jacket will do."]},
        {
            "contains": "mail",
            "emit": [
                {
                    "call": {
                        "name": "send_email",
                        "args": {"to": "ada@example.org", "subject": "Packing for Lisbon"},
                    }
                }
            ],
        },
        {"expect": "tool_result", "emit": ["All right, I will not send it."]},
        {"contains": "split", "emit": [{"call": {"name": "split_bill", "args": {"total": 84, "people": 0}}}]},
        {"expect": "tool_result", "emit": ["I cannot divide by nobody."]},
    ]
}
CELL = """from gemini_live_nb import Live, tool

def get_weather(city: str, unit: str) -> dict:
    "Tell the weather of a city."
    print(f"asking the weather service for {{city}}")
    return {{"temperature": 18, "sky": "clear"}}

@tool(approve=True)
def send_email(to: str, subject: str) -> str:
    "Send an email."
    return "sent"

def split_bill(total: float, people: int) -> float:
    "Split a bill."
    return total / people

live = Live({place}tools=[get_weather, send_email, split_bill], log=False)
live"""


def spoken() -> np.ndarray:
    """What the fake microphone hears: three remarks, the last of which interrupts."""
    hello, story, stop = (
        speech("Hello! Can you hear me?"),
        speech("Tell me a long story about the sea."),
        speech("Wait, stop! What is seven times eight?"),
    )
    timeline = np.zeros(40 * RATE, np.int16)
    for begin, words in ((1.0, hello), (9.0, story), (17.5, stop)):
        at = round(begin * RATE)
        timeline[at : at + len(words)] = words
    return timeline


class Studio:
    """One notebook with a panel, and the pictures taken of it."""

    def __init__(self, page: Page, base: str, folder: Path, name: str) -> None:
        self.nb = Notebook(page, base, folder, f"{name}.ipynb")
        self.page = page

    def show(self, place: str) -> None:
        """Open the notebook and run the cell that shows the panel."""
        self.nb.open(CELL.format(place=place))
        self.nb.run(0)
        self.page.get_by_role("button", name="Connect").wait_for()
        self.page.wait_for_timeout(1500)

    def take(self, name: str) -> None:
        """Write a picture of the panel."""
        self.page.mouse.move(0, 0)
        self.page.locator(".glnb-panel").screenshot(path=SHOTS / f"{name}.png")
        print(f"docs/screenshots/{name}.png")

    def say(self, words: str) -> None:
        """Type a message and send it."""
        box = self.page.get_by_role("textbox", name="Message")
        box.fill(words)
        box.press("Enter")
        box.blur()

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme."""
        self.nb.js(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})")
        self.page.wait_for_timeout(1500)


def talk(studio: Studio, url: str) -> None:
    """The conversation, with pictures along the way."""
    page = studio.page
    studio.show(f"url={url!r}, api_key='none', ")
    page.get_by_role("button", name="Start microphone").click()
    page.get_by_text("Once upon a time").wait_for(timeout=60_000)
    page.wait_for_timeout(3500)
    studio.take("talking")
    page.get_by_text("cut off after").first.wait_for(timeout=30_000)
    page.get_by_text("fifty-six", exact=False).first.wait_for(timeout=30_000)
    page.wait_for_timeout(1500)
    studio.take("interrupted")
    page.get_by_role("button", name="Stop microphone").click()
    studio.say("I am off to Lisbon. Do I need a jacket?")
    page.get_by_text("A light jacket will do.", exact=False).first.wait_for(timeout=30_000)
    page.wait_for_timeout(4000)
    studio.say("Mail that to Ada, please.")
    page.get_by_role("button", name="Approve").wait_for()
    page.wait_for_timeout(700)
    studio.take("approval")
    studio.theme("JupyterLab Dark")
    page.get_by_role("button", name="Messages").click()
    page.get_by_role("grid").get_by_role("row").nth(3).click()
    page.wait_for_timeout(1000)
    studio.take("dark")
    studio.theme("JupyterLab Light")
    page.get_by_role("button", name="Messages").click()
    page.locator(".glnb-panel").evaluate("(panel) => { panel.style.width = '400px' }")
    page.wait_for_timeout(1000)
    studio.take("narrow")
    page.locator(".glnb-panel").evaluate("(panel) => { panel.style.width = '' }")
    page.get_by_role("button", name="Deny").click()
    page.wait_for_timeout(5000)
    studio.nb.python("live.on('mark', lambda event: {}['the answer'])\nlive.mark('question 4')")
    studio.say("Then split the bill of 84 among us.")
    page.get_by_text("I cannot divide by nobody.", exact=False).first.wait_for(timeout=30_000)
    page.wait_for_timeout(3500)
    studio.take("error")


def main() -> None:
    """Take them all."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp())
    wav = write_wav(home / "voice.wav", spoken())
    chromium = shutil.which("chromium") or sys.exit("install chromium first")
    fake = [f"--use-file-for-fake-audio-capture={wav}%noloop", "--use-fake-ui-for-media-stream"]
    flags = [*CHROMIUM_FLAGS, *fake]
    with serve_lab(home) as (base, folder), sync_playwright() as running, scripted(home, SCRIPT) as url:
        browser = running.chromium.launch_persistent_context(
            str(home / "profile"), executable_path=chromium, headless=False, args=flags,
            viewport={"width": 1180, "height": 1500}, device_scale_factor=1,
        )  # fmt: skip
        idle = Studio(browser.new_page(), base, folder, "idle")
        idle.show("")
        idle.take("idle")
        idle.page.close()
        talk(Studio(browser.new_page(), base, folder, "talk"), url)
        browser.close()
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
