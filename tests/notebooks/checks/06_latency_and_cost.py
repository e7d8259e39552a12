assert len(turns) == 12
assert turns.ttfa.notna().all()
assert turns.prompt_tokens.is_monotonic_increasing
assert turns.prompt_tokens.iloc[-1] > 5 * turns.prompt_tokens.iloc[0]
assert turns.cost_estimate.is_monotonic_increasing
assert table.loc["by hand", "ttfa"] < table.loc["300 ms", "ttfa"] < table.loc["1200 ms", "ttfa"]
assert table.loc["1200 ms", "vad_wait"] > 1.0
assert 0 < len(frame) < 20
assert frame.tokens.sum() >= 1_500
assert not chunks.underrun.any()
print("checked")
