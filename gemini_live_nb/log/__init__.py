"""The record of a conversation: every frame, exactly, and what can be read from it."""
