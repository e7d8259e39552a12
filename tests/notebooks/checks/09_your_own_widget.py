assert {"Message", "TurnStarted", "TurnEnded"} <= set(seen)
assert len(sounds) > 3
assert gauge.words.strip() == live.turns[-1].text.strip()
assert "9 and 10" in gauge.words
assert live.troubles == type(live.troubles)(maxlen=100), list(live.troubles)
print("checked")
