assert "navy" in seeing.text or "blue" in seeing.text
assert "yellow" not in blind.text, "a typed question sees no realtime picture"
assert "gold" not in blind.text
prompts = costs.set_index(["media_resolution", "frames"]).prompt_tokens
for frames in (1, 5):
    low, medium = (prompts[f"MEDIA_RESOLUTION_{name}", frames] for name in ("LOW", "MEDIUM"))
    assert medium - low == frames * (256 - 64)
assert "moved" in turn.text
assert len(seen) == 4
assert seen.mime.unique().tolist() == ["image/jpeg"]
assert live.log[int(seen.seq.iloc[0])].media()[0].data.startswith(b"\xff\xd8\xff")
print("checked")
