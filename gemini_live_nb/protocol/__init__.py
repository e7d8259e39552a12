"""The wire of the Gemini Live API as pure data: no sockets, no threads, no clock."""
