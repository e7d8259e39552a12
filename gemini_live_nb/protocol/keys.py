"""Where an API key comes from. It is looked for when it is needed, and never put into `os.environ`."""

from __future__ import annotations

import os
import sys

from ..errors.redaction import remember

# The order google-genai documents, ours first where both are set (FIELD.md: GOOGLE_API_KEY is often another
# API's).
NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


def find_key() -> str | None:
    """Find an API key: in the environment, in a `.env` file here or above, or in Colab's user data.

    In each place `GEMINI_API_KEY` goes before `GOOGLE_API_KEY`. What is found is remembered by `redact`.

    Returns:
        The key, or None. Call it on the thread of the cell: Colab may ask the user.
    """
    for look in (_environment, _env_file, _colab):
        for name in NAMES:
            key = (look(name) or "").strip()
            if key:
                remember(key)
                return key
    return None


def _environment(name: str) -> str | None:
    return os.environ.get(name)


def _env_file(name: str) -> str | None:
    from dotenv import dotenv_values, find_dotenv

    path = find_dotenv(usecwd=True)
    try:
        return dotenv_values(path, interpolate=False).get(name) if path else None
    except (OSError, UnicodeError):
        # Somebody else's file, in a folder above: it is not for us to read.
        return None


def _colab(name: str) -> str | None:
    if "google.colab" not in sys.modules:
        return None
    from google.colab import userdata

    try:
        return str(userdata.get(name))
    except (userdata.SecretNotFoundError, userdata.NotebookAccessError):
        return None
