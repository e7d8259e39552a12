"""Talk with the Gemini Live API from a notebook, and keep every frame of the conversation."""

__version__ = "0.1.0"
