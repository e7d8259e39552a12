"""Views over a run that a test records, line by line, and what they tell the page."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from gemini_live_nb.log.recorder import Recorder


class Run:
    """A run recorded in memory, on a clock that the test sets."""

    def __init__(self):
        self.now = 0.0
        self.recorder = Recorder(None, clock=self)
        self.log = self.recorder.log

    def monotonic(self):
        return self.now

    def time(self):
        return 1_760_000_000.0 + self.now

    def server(self, at=None, **message):
        self.now = self.now if at is None else at
        data = json.dumps(message)
        self.recorder.receive(data)

    def client(self, at=None, **message):
        self.now = self.now if at is None else at
        self.recorder.sent(json.dumps(message))

    def local(self, kind, at=None, **fields):
        self.now = self.now if at is None else at
        self.recorder.local(kind, **fields)

    def said(self, text, at=None):
        self.server(at, serverContent={"outputTranscription": {"text": text}})

    def sound(self, ms, at=None, amplitude=8000):
        pcm = (np.sin(np.arange(24 * ms) / 8) * amplitude).astype("<i2").tobytes()
        data = {"mimeType": "audio/pcm;rate=24000", "data": base64.b64encode(pcm).decode()}
        self.server(at, serverContent={"modelTurn": {"parts": [{"inlineData": data}]}})

    def mic(self, ms, at=None, amplitude=8000):
        pcm = (np.sin(np.arange(16 * ms) / 8) * amplitude).astype("<i2").tobytes()
        data = {"mimeType": "audio/pcm;rate=16000", "data": base64.b64encode(pcm).decode()}
        self.client(at, realtimeInput={"audio": data})


@pytest.fixture
def run():
    run = Run()
    run.local("open")
    return run


class Still:
    """A pace that does nothing by itself: the tests flush."""

    def soon(self, view):
        pass

    def forget(self, view):
        pass

    def do(self, job):
        job()


@pytest.fixture
def shown(monkeypatch):
    """Make views whose messages are kept, in the order they would reach the page; the pace is the test's."""
    monkeypatch.setattr("gemini_live_nb.notebook.view.PACE", Still())
    views = []

    def make(kind, of, **options):
        view = kind(of, **options)
        view.told = []
        view.send = lambda content, buffers=None: view.told.append((content, buffers or []))
        views.append(view)
        return view

    yield make
    for view in views:
        view.close()


def flushed(view):
    """What one flush tells the page, None where it tells nothing."""
    before = len(view.told)
    view.flush()
    return view.told[-1][0] if len(view.told) > before else None


def converse(run, turns):
    for number in range(turns):
        run.client(realtimeInput={"text": f"question {number}"})
        run.said(f"answer {number}")
        run.server(serverContent={"turnComplete": True})


def call(run, name="add", id="c1", at=None, **args):
    run.server(at, toolCall={"functionCalls": [{"id": id, "name": name, "args": args}]})
