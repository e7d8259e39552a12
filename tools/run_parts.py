"""Run parts of the test-suite one after the other, each in a process of its own, the quickest first.

The first part that fails ends the run, unless KEEP_GOING is set. The last line sums up all parts, worded as
pytest's own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
NO_TESTS = 5  # pytest's exit code for a folder without tests
OPTIONS = {
    "unit": ["-n", "2"],
    "wire": ["-n", "2"],
    "notebooks": ["-n", "2"],
    "benchmarks": ["-s", "--timeout", "0"],
    "soak": ["-s", "--timeout", "0"],
}
OUTCOME = re.compile(r"(\d+) (failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?)")


def run(part: str, flags: list[str]) -> tuple[int, str]:
    """Run one part with its output shown as it comes.

    Returns:
        pytest's exit code, and its closing line.
    """
    command = [sys.executable, "-m", "pytest", f"tests/{part}", *OPTIONS.get(part, []), *flags]
    closing = ""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace") as pytest:
        for line in pytest.stdout or ():
            print(line, end="", flush=True)
            closing = line.strip() or closing
    return pytest.returncode, closing.strip("= ")


def main() -> int:
    """Run the parts named on the command line; what starts with a dash goes on to pytest."""
    parts = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    flags = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    started = time.monotonic()
    total: Counter[str] = Counter()
    lines = []
    failed = False
    for part in parts:
        print(f"\n━━ {part}", flush=True)
        code, closing = run(part, flags)
        failed |= code not in {0, NO_TESTS}
        lines.append(f"{part:<12}{closing}")
        for count, outcome in OUTCOME.findall(closing):
            total[outcome.removesuffix("s") if outcome != "passed" else outcome] += int(count)
        if failed and not os.environ.get("KEEP_GOING"):
            break
    not_run = parts[len(lines) :]
    lines += [f"{part:<12}not run" for part in not_run]
    summary = ", ".join(f"{count} {outcome}" for outcome, count in total.items()) or "no tests ran"
    print("\n" + "\n".join(lines))
    print(f"===== {summary} in {time.monotonic() - started:.1f}s =====", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
