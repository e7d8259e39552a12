"""Camera and screen in JupyterLab."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image
from playwright.sync_api import expect

CAMERA = """
import base64
from gemini_live_nb.notebook import Camera
camera = Camera(fps=5, longest_side=320)
frames = []
camera.on_frame = lambda jpeg, width, height, t: frames.append((jpeg, width, height, t))
camera
"""


def picture(nb, expression):
    return Image.open(io.BytesIO(base64.b64decode(nb.value(f"base64.b64encode({expression}).decode()"))))


def looks_like_the_fake_pattern(image):
    """Chromium's fake camera is green with a moving pie and a timer."""
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    green = (pixels[:, 1] > pixels[:, 0] + 40) & (pixels[:, 1] > pixels[:, 2] + 40)
    return green.mean() > 0.4


def test_frames_come_at_the_rate_asked_for(notebook):
    notebook.open(CAMERA)
    notebook.run(0)
    notebook.page.get_by_role("button", name="Start camera").click()
    notebook.until("len(frames) >= 6")
    size = notebook.value("frames[-1][1:3]")
    image = picture(notebook, "frames[-1][0]")
    assert max(size) == 320
    assert list(image.size) == size
    assert looks_like_the_fake_pattern(image)
    between = np.diff([t for *_, t in notebook.value("[(0, each[3]) for each in frames]")])
    assert 0.1 < np.median(between) < 0.4, "five a second, give or take a loaded machine"
    preview = notebook.page.locator(".glnb-preview")
    expect(preview).to_be_visible()
    assert notebook.js("document.querySelector('.glnb-preview').muted")
    notebook.python("camera.stop()")
    expect(notebook.page.get_by_role("button", name="Start camera")).to_be_visible()
    assert notebook.live_tracks() == 0
    expect(preview).to_be_hidden()


def test_snapshot_in_one_cell_and_fps_from_another(notebook):
    notebook.open(CAMERA, "image = camera.snapshot()\nimage.size", "camera.start(fps=0);", "camera.fps = 10;")
    notebook.run(0)
    notebook.run(1)
    width, height = eval(notebook.done(1))
    assert max(width, height) > 320, "a snapshot is full size"
    notebook.until("camera.state == 'off'")
    assert notebook.live_tracks() == 0
    notebook.run(2)
    notebook.until("camera.state == 'live'")
    before = notebook.value("len(frames)")
    notebook.page.wait_for_timeout(300)
    assert notebook.value("len(frames)") == before
    notebook.run(3)
    notebook.until(f"len(frames) > {before} + 2")


def test_pictures_by_async_for(notebook):
    loop = "async for picture in camera:\n    if picture.width: break\npicture.image().size == (picture.width, picture.height)"
    notebook.open(CAMERA, loop)
    notebook.run(0)
    notebook.run(1)
    assert "True" in notebook.done(1)


def test_camera_and_microphone_share_one_stream(notebook):
    code = (
        "import ipywebrtc\nfrom gemini_live_nb.notebook import Camera, Channel, Microphone\n"
        "both = ipywebrtc.CameraStream.facing_user(audio=True)\nchannel = Channel()\n"
        "mic, camera = Microphone(both, channel=channel), Camera(both, channel=channel)\n"
        "display(mic, camera)\nmic.start(), camera.start();"
    )
    notebook.open(code)
    notebook.run(0)
    notebook.until("mic.state == 'live' and camera.state == 'live'")
    assert notebook.live_tracks() == 2
    notebook.python("mic.stop()")
    notebook.until("mic.state == 'off'")
    assert notebook.live_tracks() == 1
    notebook.python("mic.start()")
    notebook.until("mic.state == 'live'")
    assert notebook.live_tracks() == 2
    notebook.python("mic.stop(); camera.stop()")
    notebook.until("mic.state == 'off' and camera.state == 'off'")
    assert notebook.live_tracks() == 0


def test_a_shared_screen_is_a_camera_too(lab, launch):
    from .conftest import opened

    browser = launch("--use-fake-ui-for-media-stream", "--auto-select-desktop-capture-source=Entire screen")
    base, folder = lab
    with opened(browser, base, folder, "screen.ipynb") as notebook:
        notebook.open(CAMERA.replace("Camera", "Screen").replace("camera", "screen"), "screen.start()")
        notebook.run(0)
        notebook.page.get_by_role("button", name="Share screen").click()
        notebook.until("len(frames) >= 1 or screen.problem")
        assert notebook.value("screen.problem") == ""
        assert max(picture(notebook, "frames[-1][0]").size) == 320
        notebook.page.get_by_role("button", name="Stop sharing").click()
        notebook.until("screen.state == 'off'")
        notebook.run(1)
        notebook.until("screen.state == 'live' or screen.problem")
        assert notebook.value("screen.problem") == ""
        assert notebook.errors == []
