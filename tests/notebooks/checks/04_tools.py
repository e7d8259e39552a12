declaration = gl.tool(get_weather).declaration
assert declaration.name == "get_weather"
assert turn.tool_calls[0].args["city"] == "Oslo"
assert "sunny" in turn.text.lower()
assert "snow" in live.turns[1].text.lower(), "the redefined function was called"
pair = messages[messages.kind.isin(["toolCall", "toolResponse"])]
assert pair.direction.tolist() == ["received", "sent"]
assert pair.tool_id.nunique() == 1
assert failed.state.tolist() == ["error", "error"]
assert "timed out" in failed.error.iloc[0]
assert "ZeroDivisionError" in failed.error.iloc[1]
assert len(deleted) == 1, "denied once, allowed once"
order = {how: [answered for _, answered in turns] for how, turns in said.items()}
for how in ("BLOCKING", "INTERRUPT", "WHEN_IDLE"):
    assert "12 lamps" in " ".join(order[how]), how
first = {
    how: " ".join(answers).find("12 lamps") < " ".join(answers).find("1, 2") for how, answers in order.items()
}
assert first["BLOCKING"]
assert not first["WHEN_IDLE"]
assert "✂" in " ".join(order["INTERRUPT"])
assert "✂" not in " ".join(order["WHEN_IDLE"])
assert "12 lamps" not in " ".join(order["SILENT"])
assert "9 and 10" in " ".join(order["SILENT"])
print("checked")
