"""Floor 3: a session as a notebook holds it."""

from .live import Live

__all__ = ["Live"]
