assert "Ada" in turn.text
assert messages.conn.max() == 1
assert messages.query("kind == 'goAway'").conn.tolist() == [0]
assert lost
assert "answer" in str(lost[0][1])
assert again.conn >= 2
assert "Ada" in again.text
assert {"undecodable", "unknown"} <= set(first.kind)
assert first.odd.any()
assert len(live.log.messages()) == len(live.log)
whole, compressed = (
    prompts(),
    prompts(context_window_compression=True, trigger_tokens=5000, target_tokens=2000),
)
assert whole == sorted(whole)
assert max(whole) > 6_000 > max(compressed)
print("checked")
