import pandas as pd

assert len(log.conversation) == 4
assert len(log.messages()) == len(log) > 500
assert log.turns().interrupted.tolist() == [False, False, True, False]
assert "time and the date" in turn.text
assert turn.ttfa > 0
assert len(turn.audio) > 24_000
assert live.turns[0].text == turn.text
assert "84" in said.text
assert len(said.audio) > 24_000
assert isinstance(live.log.messages(), pd.DataFrame)
print("checked")
