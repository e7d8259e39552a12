"""Floor 2: one conversation over one WebSocket at a time."""
