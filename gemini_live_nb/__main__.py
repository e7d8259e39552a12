"""`python -m gemini_live_nb`: what is here, and what is missing. No key is ever printed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import textwrap
from importlib import metadata
from pathlib import Path

from . import __version__
from .errors.redaction import redact
from .log.folder import runs_folder
from .protocol.keys import find_key

NAME = "gemini-live-nb"
KEY_NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")
_PROJECT = re.compile(r"[A-Za-z0-9][\w.-]*")


def main() -> None:
    """Print what this installation has to work with."""
    machine = f"{platform.system()} {platform.machine()}"
    print(f"{NAME} {__version__} · Python {platform.python_version()} · {machine}\n")
    for label, words in report().items():
        print(textwrap.fill(f"{label:<9} {redact(words)}", 100, subsequent_indent=" " * 10))


def report() -> dict[str, str]:
    """Return what is found, a line of words for each thing; without any secret.

    Example:
        >>> "kernel" in report()
        True
    """
    lines = {"key": key(), "address": address(), "runs": runs()}
    for extra, projects in requirements().items():
        if extra == "dev":
            continue
        found = {project: version(project) for project in projects}
        missing = [project for project, number in found.items() if number is None]
        have = ", ".join(f"{project} {number}" for project, number in found.items() if number is not None)
        lines[extra or "base"] = (
            have if not missing else f"{have or 'none'}; missing: {', '.join(missing)}{cure(extra)}"
        )
    return lines | {"kernel": kernel(), "browser": browser()}


def key() -> str:
    """Say whether a key was found, and where; never the key."""
    for name in KEY_NAMES:
        if os.environ.get(name):
            return f"found in the environment ({name}): Live() talks to the real service"
    if find_key():
        return "found in .env or in Colab's secrets: Live() talks to the real service"
    return f"none: Live() talks to the built-in server. Set {KEY_NAMES[0]}, or pass api_key="


def address() -> str:
    """Say which server a session with a key goes to."""
    url = os.environ.get("GEMINI_LIVE_URL")
    return f"{url} (GEMINI_LIVE_URL)" if url else "Google's; GEMINI_LIVE_URL points elsewhere"


def runs() -> str:
    """Say where conversations are recorded, and how many there are."""
    folder = runs_folder()
    count = sum(1 for _ in folder.glob("*/session.json")) if folder.is_dir() else 0
    shown = str(folder).replace(str(Path.home()), "~", 1)
    return f"{count} in {shown}; a run is a folder, delete it and it is gone"


def requirements() -> dict[str, list[str]]:
    """Return the projects this package asks for, by extra; `""` for what it cannot do without."""
    found: dict[str, list[str]] = {"": []}
    for line in metadata.requires(NAME) or ():
        extra, project = _EXTRA.search(line), _PROJECT.match(line)
        if project:
            found.setdefault(extra[1] if extra else "", []).append(project[0])
    return found


def version(project: str) -> str | None:
    """Return the version that is installed, or None."""
    try:
        return metadata.version(project)
    except metadata.PackageNotFoundError:
        return None


def cure(extra: str) -> str:
    """Say how to install what is missing."""
    return f' (pip install "{NAME}[{extra}]")' if extra else f" (pip install --force-reinstall {NAME})"


def kernel() -> str:
    """Say what the installed kernel means for a conversation beside a busy cell."""
    number = version("ipykernel")
    if number is None:
        return "no ipykernel: scripts only"
    if number.startswith("7.0."):
        return f"ipykernel {number} cannot display from a thread: install another (pip install -U ipykernel)"
    if int(number.split(".", 1)[0]) < 7:
        return f"ipykernel {number}: sound goes on beside a busy cell over the socket only"
    return f"ipykernel {number}: sound goes on beside a busy cell"


def browser() -> str:
    """Say which browser the tests would find; a reader's own may be anywhere."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return (
        f"{Path(found).name} (only the tests need to know)"
        if found
        else "none on PATH (only the tests need one)"
    )


if __name__ == "__main__":
    main()
