def words(frames, who="outputTranscription"):
    return "".join(frame.get("serverContent", {}).get(who, {}).get("text", "") for frame in frames)


assert len(pcm) / 48_000 > 0.5
assert "84" in words(answer) or "eighty" in words(answer).lower()
assert "ada" in words(heard, "inputTranscription").lower()
assert {detail["modality"] for detail in seen[-1]["usageMetadata"]["promptTokensDetails"]} & {
    "IMAGE",
    "VIDEO",
}
assert call["name"] == "get_weather"
assert call["args"]["city"].lower() == "oslo"
assert "sunny" in words(told).lower()
assert token.startswith("auth_tokens/")
assert "Unknown name" in await first_frame({"config": guide})
assert "at 'setup'" in await first_frame({"setup": guide})
assert "setupComplete" in await first_frame({"setup": SETUP})
assert "84" in turn.text or "eighty" in turn.text.lower()
assert (ours.kind == "turnComplete").sum() == 1
print("checked")
