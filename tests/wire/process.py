"""The emulator and other people's clients as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

LIMIT = 60.0


@contextlib.asynccontextmanager
async def emulator_process(*options):
    """`python -m gemini_live_nb.emulator` and the lines it printed; it ends with its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gemini_live_nb.emulator", "--stdin-ends", *options,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    lines = []
    try:
        async with asyncio.timeout(LIMIT):
            while not lines or not lines[-1].startswith("brain:"):
                line = (await process.stdout.readline()).decode()
                assert line, lines
                lines.append(line.strip())
        yield lines
    finally:
        process.stdin.close()
        try:
            assert await asyncio.wait_for(process.wait(), 10) == 0
        finally:
            if process.returncode is None:
                process.kill()


async def run_client(*command, env=None, limit=LIMIT):
    """Run a client for at most so many seconds; what it printed last, as JSON."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=env
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), limit)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, err.decode()
    return json.loads(out.decode().strip().splitlines()[-1])
