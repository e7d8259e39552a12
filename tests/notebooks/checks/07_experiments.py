whole = frame.groupby(["silence_duration_ms", "input"], observed=True).whole.max()
assert len(whole) == 9
assert whole[1600].all(), "the window was longer than every pause"
assert not whole[250, "1.2 s"], "the window was shorter than the pause"
assert whole[900, "0.3 s"]
assert frame.groupby("silence_duration_ms").ttfa.median().is_monotonic_increasing
assert (frame.status == "done").all()
assert spread_frame.status.tolist() == ["done"] * 4
assert spread_frame.voice_name.tolist() == ["Kore", "Puck"] * 2
assert "O, N, E" in spread_frame.answer.iloc[0]
print("checked")
