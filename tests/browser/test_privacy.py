"""Nothing is captured unless somebody wants it now, and everything that ends ends capture."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import opened

MIC = "from gemini_live_nb.notebook import Microphone\nmic = Microphone()\nmic.start()\nmic"
KERNEL = "jupyterapp.shell.currentWidget.sessionContext"


def begin(nb, *more):
    nb.open(MIC, *more)
    nb.run(0)
    nb.until("mic.state == 'live'")
    assert nb.live_tracks() == 1
    return nb


def until_released(nb):
    for _ in range(100):
        if nb.live_tracks() == 0:
            return
        nb.page.wait_for_timeout(50)
    pytest.fail("the microphone is still open")


ENDS = {
    "the kernel restarts": f"{KERNEL}.restartKernel()",
    "the kernel is shut down": f"{KERNEL}.shutdown()",
    "the outputs are cleared": "jupyterapp.commands.execute('notebook:clear-all-cell-outputs')",
}


@pytest.mark.parametrize("what", ENDS)
def test_the_microphone_is_released_when(what, notebook):
    begin(notebook)
    notebook.js(f"void {ENDS[what]}")
    until_released(notebook)


def test_it_is_released_when_the_kernel_is_killed(notebook):
    begin(notebook)
    notebook.js(f"void {KERNEL}.session.kernel.requestExecute({{ code: 'import os; os._exit(1)' }})")
    until_released(notebook)
    # JupyterLab itself complains of the requests that died with the kernel.
    notebook.errors[:] = [error for error in notebook.errors if "Canceled future" not in error]


def test_it_is_released_when_the_widget_closes(notebook):
    begin(notebook).python("mic.close()")
    until_released(notebook)


def test_it_is_released_when_the_cell_runs_again(notebook):
    begin(notebook, "import time")
    first = notebook.value("id(mic)")
    notebook.run(0)
    notebook.until(f"id(mic) != {first} and mic.state == 'live'")
    notebook.page.wait_for_function(
        "window.tracks.filter((track) => track.readyState === 'live').length === 1"
    )


def test_it_is_released_when_the_notebook_is_closed_in_lab(notebook):
    notebook.open(MIC)
    notebook.page.goto(f"{notebook.base}/lab/tree/{notebook.name}")
    notebook.ready()
    notebook.run(0)
    notebook.until("mic.state == 'live'")
    assert notebook.live_tracks() == 1
    notebook.js("void jupyterapp.shell.currentWidget.dispose()")
    until_released(notebook)


def test_after_a_reload_nothing_records_until_a_click(notebook):
    begin(notebook)
    notebook.reload()
    button = notebook.page.get_by_role("button", name="Start microphone")
    expect(button).to_be_visible()
    notebook.until("mic.state == 'off'")
    notebook.page.wait_for_timeout(1000)
    assert notebook.live_tracks() == 0
    button.click()
    notebook.until("mic.state == 'live'")


def test_capture_without_a_view_is_marked_on_the_page(notebook):
    notebook.open(MIC.removesuffix("mic"))
    notebook.run(0)
    mark = notebook.page.get_by_text("The microphone is live")
    expect(mark).to_be_visible()
    notebook.page.get_by_role("button", name="Stop", exact=True).click()
    expect(mark).to_be_hidden()
    notebook.until("mic.state == 'off'")
    assert notebook.live_tracks() == 0


def test_an_unplugged_microphone_is_noticed(notebook):
    begin(notebook)
    # What the browser does when a device goes; a script's own stop() fires no event.
    notebook.js("window.tracks[0].stop(); window.tracks[0].dispatchEvent(new Event('ended'))")
    notebook.page.get_by_text("was unplugged").wait_for()
    assert "unplugged" in notebook.until("mic.why")


def test_a_refusal_can_be_taken_back(lab, launch):
    browser = launch()
    base, folder = lab
    with opened(browser, base, folder, "refusal.ipynb") as nb:
        nb.open(MIC.replace("mic.start()", ""), "mic.record(1)")
        permit(nb, base, "denied")
        nb.run(0)
        button = nb.page.get_by_role("button", name="Start microphone")
        button.click()
        note = nb.page.locator(".glnb-note")
        expect(note).to_contain_text("The browser may not use the microphone.")
        assert "Allow it" in nb.until("mic.problem")
        nb.run(1)
        assert "the microphone did not start" in nb.done(1)
        permit(nb, base, "granted")
        expect(note).to_be_hidden()
        button.click()
        nb.until("mic.state == 'live'")
        assert nb.live_tracks() == 1
        assert nb.errors == []


def permit(nb, origin, setting):
    nb.tools.send(
        "Browser.setPermission", {"permission": {"name": "microphone"}, "setting": setting, "origin": origin}
    )
