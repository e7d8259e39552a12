"""Functions that a person must approve."""

from __future__ import annotations

import asyncio

import pytest

from gemini_live_nb.emulator import Call
from gemini_live_nb.errors import AskTimeout, ToolError
from gemini_live_nb.session.events import ApprovalNeeded
from gemini_live_nb.session.tools import tool

from .conversations import conversation
from .tool_talk import answers, ask, asks


async def test_a_person_approves_or_refuses():
    @tool(approve=True)
    def pay(amount: int) -> str:
        return f"paid {amount}"

    async with conversation(asks(Call("pay", {"amount": 5})), tools=[pay]) as (talk, _):
        events = talk.subscribe(accepts=lambda event: isinstance(event, ApprovalNeeded))
        first = asyncio.create_task(ask(talk))
        needed = await anext(events)
        assert needed.call.args == {"amount": 5}
        assert talk.waiting_for_approval == [needed.call]
        assert (needed.call.state, talk.status) == ("asking", "waiting for your approval: pay")
        talk.approve(needed.call.id)
        await first
        second = asyncio.create_task(ask(talk))
        needed = await anext(events)
        talk.deny(needed.call.id, "too much")
        await second
        with pytest.raises(ToolError, match="waits for approval"):
            talk.approve(needed.call.id)
        assert talk.waiting_for_approval == []
        assert [frame[0]["response"] for frame in answers(talk)] == [
            {"result": "paid 5"},
            {"error": "not run: too much"},
        ]


async def test_who_waits_in_vain_is_told_of_the_call_that_waits_for_approval():
    @tool(approve=True)
    def pay() -> str:
        return "paid"

    async with conversation(asks(Call("pay", {})), tools=[pay]) as (talk, _):
        for _again in range(2):
            with pytest.raises(AskTimeout) as caught:
                await talk.ask("go", timeout=5)
            assert f"pay ({talk.waiting_for_approval[0].id})" in caught.value.hint
            assert "ApprovalNeeded" in caught.value.hint


async def test_nobody_approves():
    @tool(approve=True)
    def pay() -> str:
        return "paid"

    async with conversation(asks(Call("pay", {})), tools=[pay]) as (talk, _):
        assert (await ask(talk, timeout=300)).text == "Done."
        assert answers(talk)[0][0]["response"] == {"error": "not run: nobody approved it within 120 s"}
