from pathlib import Path

assert len(messages) == len(log)
assert "modelTurn.audio" in set(messages.kind)
assert turns.interrupted.sum() == 1
assert (turns.ttfa > 0).all()
assert tools.tool_name.tolist() == ["get_weather"]
assert cut.text.startswith(cut.heard_text)
assert cut.heard_ms < cut.audio_ms
assert b"toolCall" in frame.raw
assert gl.SessionLog.open("conversation.zip").turns().text.tolist() == turns.text.tolist()
assert "_webSocketMessages" in Path("conversation.har").read_text()
assert Path("conversation.vtt").read_text().startswith("WEBVTT")
left = safe.messages(raw=True)
assert not any(word in str(left.raw.tolist()) for word in ("Ada", "Oslo"))
assert abs(safe.conversation[0].audio).max() == 0
assert live.log.messages().query("kind == 'mark'").text.tolist() == ["before the question", "after it"]
assert second.log.tools().result.tolist() == [{"result": "raining in Oslo"}]
assert [turn.text for turn in second.log.conversation] == turns.text.tolist()[:2]
print("checked")
