"""A brain for other people's clients to talk to, the same for all of them."""

from __future__ import annotations

from gemini_live_nb.emulator import Brain, Call, Heard, Say


class Answers(Brain):
    """Hears how long you spoke, calls the weather, tells long stories, remembers names."""

    async def reply(self, ask, talk):
        if ask.kind == "speech":
            yield Heard(f"{len(ask.audio) / 16000:.1f} seconds")
            yield Say("I heard you.")
        elif ask.kind == "tool_result":
            yield Say("It is " + ask.results[0].response["output"] + ".")
        elif "weather" in ask.text:
            yield Call("get_weather", {"city": "London"})
        elif "story" in ask.text:
            yield Say("Once upon a time there was a socket, and it never closed. " * 4)
        elif "name?" in ask.text:
            known = [part.text for content in talk.history for part in content.parts]
            yield Say("Ada." if "my name is Ada" in known else "I do not know.")
        else:
            yield Say("Hello there.")
