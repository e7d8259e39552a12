def whole(text):
    return "Monday" in text and "red book" in text


assert "Ada" in turn.user_text
assert {voice: "N, O, T, E" in said.text for voice, said in spoken.items()} == {"Kore": True, "Fenrir": True}
assert len(spoken["Kore"].audio) != len(spoken["Fenrir"].audio)
assert not any(whole(said) for said in heard[300].user_text), "the pause was longer than the window"
assert any(whole(said) for said in heard[1500].user_text)
assert whole(heard[1500].text.iloc[-1])
assert whole(pressed.user_text)
assert pressed.ttfa < heard[1500].ttfa.iloc[-1]
assert cut.interrupted
assert "1, 2, 3" in cut.text
assert cut.text.startswith(cut.heard_text.rstrip(" …"))
assert len(cut.heard_text) < len(cut.text)
print("checked")
