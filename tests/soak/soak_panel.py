"""The whole conversation with the panel in every front end, on every kernel, over every channel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import launch, playwright, voice  # noqa: F401 - fixtures
from tests.browser.flow import LIVE, hold_a_conversation, place
from tests.browser.scripted import scripted


@pytest.mark.parametrize("carrier", ["socket", "comm"])
@pytest.mark.parametrize("kernel", [7, 6])
@pytest.mark.parametrize("app", ["jupyterlab", "notebook"])
def test_everywhere(launch, tmp_path, request, app, kernel, carrier):  # noqa: F811, PLR0917 - pytest's fixtures
    expect.set_options(timeout=20_000)
    env = {"PYTHONPATH": str(request.getfixturevalue("ipykernel6"))} if kernel == 6 else {}
    with (
        scripted(tmp_path) as url,
        place(launch, tmp_path, app=app, env=env, carrier=carrier) as nb,
    ):
        nb.open(LIVE.format(url=url) + "live")
        nb.run(0)
        hold_a_conversation(nb)
        assert nb.value("__import__('ipykernel').version_info[0]") == kernel
