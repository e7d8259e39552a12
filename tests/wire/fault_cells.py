"""One cell of the fault table: a fault strikes a session in a phase; what came of it, and whether it was told right."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gemini_live_nb.errors import AnswerLost, AskTimeout, LiveError
from gemini_live_nb.session.events import Closed, Lost, Resumed

from .fault_table import PHASES, TABLE
from .long_life import SEEN, WORDS, world
from .raw import silence

LONGEST = 60.0
"""Seconds of real time a cell may take; a hang is a failure."""
SETTLE = 20.0
"""Seconds of simulated time in which what a fault left over has come."""
PATIENCE = 300.0
"""Seconds of simulated time a question waits for its answer."""


async def strike(row, phase, model):
    """Let a row's faults strike in a phase. Returns the outcome in a word, having checked what must always hold."""
    async with asyncio.timeout(LONGEST):
        if phase == "before setup":
            return await _before_setup(TABLE[row][0], model)
        async with world(model) as here:
            outcome = await _struck(here, TABLE[row][0], PHASES[phase])
            await here.after(SETTLE)
            second = await _ask(here, "still there?")
            await here.after(1)
            if not here.session.open:
                outcome = _ended(here, outcome, second)
            else:
                assert second == "recovered", f"{outcome}, and then {second}"
            _check(here, outcome)
            return outcome


def _ended(here, first, second):
    """The session is over: whoever asked was told why, at once or once resuming was given up."""
    (closed,) = here.events(Closed)
    name = type(closed.error).__name__
    assert second == name
    assert first == name or (first in ("lost", "recovered") and here.events(Lost))
    assert closed.error.hint
    assert here.session.status.startswith("ended: ")
    return name


async def _before_setup(faults, model):
    async with world(model, faults=[_at(faults[0], "setup")], connect=False) as here:
        try:
            await here.session.connect()
        except LiveError as error:
            here.check_log()
            return _named(error)
        outcome = await _ask(here, "question")
        here.check_log()
        return outcome


async def _struck(here, faults, at):
    """Ask, or listen, while the first fault strikes and the others lie in wait."""
    for fault in faults[1:]:
        await here.emulator.inject(_at(fault, at) if fault.delay else fault)
    await here.emulator.inject(_at(faults[0], at))
    if at == "now":
        for _ in range(50):
            if here.session.open:
                here.session.send_audio_nowait(silence(0.04))
            await here.after(0.04)
    return await _ask(here, "look" if at == "tool" else "question")


def _at(fault, phase):
    return replace(fault, at=phase)


async def _ask(here, text):
    try:
        turn = await here.session.ask(text, timeout=PATIENCE)
    except LiveError as error:
        return _named(error)
    # Some faults send a few letters of their own.
    said = " ".join(turn.text.replace("\ufffd", "").split())
    return "recovered" if said == (SEEN if text == "look" else WORDS) else "odd"


def _named(error):
    """What the table calls an error, which must say what to try."""
    assert error.hint
    kind = type(error)
    return {AnswerLost: "lost", AskTimeout: "unanswered"}.get(kind, kind.__name__)


def _check(here, outcome):
    """What must hold whatever happens: the log is whole, and what was lost or sent twice was told."""
    here.check_log()
    session, resumed = here.session, here.events(Resumed)
    told = [
        frame for frame in session.log if frame.kind == "status" and frame.fields.get("text") == "resumed"
    ]
    assert [(event.conn, event.lost, event.resent) for event in resumed] == [
        (frame.conn, tuple(frame.fields["lost"]), tuple(frame.fields["resent"])) for frame in told
    ]
    resent = [words for event in resumed for words in event.resent]
    lost = [words for event in resumed for words in event.lost]
    assert sum(ask.text == "question" for ask in here.brain.asked) <= 1 + resent.count("question") <= 2
    responses = sum(call.responses for call in session.records.values())
    assert responses <= len(session.records) + resent.count("the result of look")
    if session.open:
        assert session.status == "listening"
        assert outcome != "lost" or lost
