"""`python -m gemini_live_nb.emulator`: the emulator in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable

from .brain import Brain, EchoBrain
from .faults import CATALOGUE, Fault, as_fault
from .lifetime import AUDIO_LIMIT, VIDEO_LIMIT
from .profiles import PROFILES
from .replay import ReplayBrain
from .script import ScriptBrain
from .server import Emulator


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gemini_live_nb.emulator",
        description="A local server that speaks the Live API's wire. Needs no key, reaches no network.",
        epilog="Open http://127.0.0.1:PORT/emulator for sessions and faults.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="TCP port on 127.0.0.1 (default: any that is free)"
    )
    parser.add_argument(
        "--tls",
        nargs="?",
        type=int,
        const=0,
        metavar="PORT",
        help="listen for wss:// too, on a port of its own",
    )
    parser.add_argument("--stdin-ends", action="store_true", help="stop when standard input ends")
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), help="play this family whatever model is asked for"
    )
    parser.add_argument(
        "--accept-config", action="store_true", help='take {"config": …} as Google\'s guide writes it'
    )
    parser.add_argument(
        "--accept-unknown", action="store_true", help="pass over fields nobody knows rather than refuse them"
    )
    parser.add_argument(
        "--brain",
        nargs="+",
        default=["best"],
        metavar=("NAME", "FILE"),
        help="best (default), speech, echo, script FILE, replay PATH",
    )
    parser.add_argument(
        "--pace", type=float, default=4.0, help="seconds of sound sent per second; 0: all at once"
    )
    parser.add_argument(
        "--latency", type=float, default=1.0, help="how much of the service's own waiting is played"
    )
    parser.add_argument("--speed", type=float, default=1.0, help="of a replay; 0: as fast as possible")
    parser.add_argument(
        "--go-away", type=float, default=540.0, metavar="SECONDS", help="goAway after so long; 0: never"
    )
    parser.add_argument(
        "--time-left", type=float, default=50.0, metavar="SECONDS", help="what goAway says is left"
    )
    parser.add_argument(
        "--audio-limit", type=float, default=AUDIO_LIMIT, metavar="SECONDS",
        help="how long a session without compression lives; 0: without limit",
    )  # fmt: skip
    parser.add_argument(
        "--video-limit", type=float, default=VIDEO_LIMIT, metavar="SECONDS",
        help="the same once it has seen a picture",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of ids and of what a brain draws")
    _add_faults(parser)
    return parser


def _add_faults(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault", action="append", default=[], type=_fault, metavar="NAME[@PHASE]",
        help="""arm a fault (repeatable); or as JSON, '{"name": "stall", "at": "speaking", "seconds": 5}'""",
    )  # fmt: skip
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")


def _fault(text: str) -> Fault:
    try:
        return as_fault(text)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _brain(names: list[str], speed: float) -> Brain:
    name, *rest = names
    if name == "script" and rest:
        return ScriptBrain.read(rest[0])
    if name == "replay" and rest:
        return ReplayBrain(rest[0], speed=speed)
    if name == "echo":
        return EchoBrain()
    if name in ("best", "speech"):
        from .speech import SpeechBrain

        return SpeechBrain()
    raise SystemExit(f"no brain is called {' '.join(names)!r}: speech, echo, script FILE or replay PATH")


async def _loaded(names: list[str], speed: float) -> Brain:
    """The brain asked for, ready; the echo where the voice cannot be had and was not insisted on."""
    try:
        brain = _brain(names, speed)
        await brain.load()
    except Exception as error:  # whatever keeps a brain from loading is told in one line
        if names != ["best"]:
            raise SystemExit(f"the brain {' '.join(names)} cannot be had: {error}") from error
        print(f"no offline voice, echoing instead: {error}", file=sys.stderr)
        brain = EchoBrain()
    return brain


async def _run(options: argparse.Namespace) -> None:
    brain = await _loaded(options.brain, options.speed)
    emulator = Emulator(
        brain,
        profile=options.profile,
        port=options.port,
        tls=False if options.tls is None else options.tls or True,
        accept_config=options.accept_config,
        accept_unknown=options.accept_unknown,
        pace=options.pace,
        latency=options.latency,
        go_away=options.go_away or None,
        time_left=options.time_left,
        audio_limit=options.audio_limit or None,
        video_limit=options.video_limit or None,
        faults=options.fault,
        seed=options.seed,
    )
    async with emulator:
        print(f"listening on {emulator.url}")
        if emulator.certificate is not None:
            print(f"listening on {emulator.tls_url}")
            print(f"GOOGLE_GEMINI_BASE_URL={emulator.tls_url.replace('wss', 'https', 1)}")
            print(f"SSL_CERT_FILE={emulator.certificate.ca_file}")
        print(f"brain: {brain}", flush=True)
        await _until_told(watch_stdin=options.stdin_ends)


async def _until_told(*, watch_stdin: bool) -> None:
    """Wait for a signal, or for the end of standard input."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows; there KeyboardInterrupt ends the loop
            loop.add_signal_handler(number, over.set)
    if watch_stdin:
        # a daemon thread: one of the executor's would keep the process from ending on a signal
        watcher = threading.Thread(
            target=_read_to_end, args=(lambda: loop.call_soon_threadsafe(over.set),), daemon=True
        )
        watcher.start()
    await over.wait()


def _read_to_end(then: Callable[[], object]) -> None:
    while sys.stdin.buffer.read(1):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        then()


def main() -> None:
    """Parse the command line and serve."""
    options = _parser().parse_args()
    if options.list_faults:
        for name, entry in CATALOGUE.items():
            print(f"{name:26} {entry.at:9} {entry.what}")
        return
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(options))


if __name__ == "__main__":
    main()
