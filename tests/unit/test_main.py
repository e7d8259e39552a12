"""`python -m gemini_live_nb`: what is here, told without a secret."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata

import pytest

KEY = "AIza" + 35 * "x"


@pytest.fixture
def told(tmp_path):
    def run(**environment):
        done = subprocess.run(
            [sys.executable, "-m", "gemini_live_nb"],
            cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    return run


def line(told, label):
    """The words beside a label, wherever they were wrapped."""
    return " ".join(re.search(rf"^{label}\s+(.*(?:\n {{10}}.*)*)", told, re.MULTILINE)[1].split())


def test_it_tells_versions_and_parts(told):
    out = told()
    assert out.startswith("gemini-live-nb " + metadata.version("gemini-live-nb"))
    assert f"websockets {metadata.version('websockets')}" in line(out, "base")
    assert f"hibari-tts {metadata.version('hibari-tts')}" in line(out, "offline")
    assert f"ipykernel {metadata.version('ipykernel')}" in line(out, "kernel")
    assert {"lab", "offline", "dask", "export"} <= set(re.findall(r"^(\w+)", out, re.MULTILINE))


def test_without_a_key_it_says_who_answers(told):
    assert "built-in server" in line(told(), "key")


@pytest.mark.parametrize("name", ["GEMINI_API_KEY", "GOOGLE_API_KEY"])
def test_a_key_is_found_and_not_told(told, name):
    out = told(**{name: KEY})
    assert name in line(out, "key")
    assert "real service" in line(out, "key")
    assert "xxxx" not in out


def test_a_key_in_a_file_is_found_and_not_told(told, tmp_path):
    (tmp_path / ".env").write_text(f"GEMINI_API_KEY={KEY}\n")
    out = told()
    assert ".env" in line(out, "key")
    assert "xxxx" not in out


def test_a_key_in_an_address_is_struck_out(told):
    out = told(GEMINI_LIVE_URL=f"wss://example.org/ws?key={KEY}")
    assert "example.org" in line(out, "address")
    assert "xxxx" not in out


def test_runs_are_counted(told, tmp_path):
    run = tmp_path / "runs" / "2026-11-22T18-45-03Z_ab12"
    run.mkdir(parents=True)
    (run / "session.json").write_text("{}")
    assert line(told(GEMINI_LIVE_RUNS=str(tmp_path / "runs")), "runs").startswith("1 in ")
