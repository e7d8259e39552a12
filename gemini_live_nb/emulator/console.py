"""The console: a page that lists sessions and faults, and the call that makes a fault strike."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .faults import CATALOGUE, PHASES

if TYPE_CHECKING:
    from .server import Emulator

_PAGE = """<!doctype html><meta charset="utf-8"><title>Live API emulator</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
td,th{{text-align:left;padding:.15rem .6rem;vertical-align:top}}code{{white-space:nowrap}}</style>
<h1>Live API emulator</h1>
<p>{brain}. {sessions}</p>
<h2>Faults</h2>
<p>Let one strike: <code>curl -X POST {url}/emulator/faults -H 'Content-Type: application/json'
-d '{{"name": "go_away"}}'</code>. Phases: {phases}.</p>
<p>Armed: {armed}</p>
<table><tr><th>name<th>strikes<th>what</tr>{rows}</table>
"""


def add_routes(app: web.Application, emulator: Emulator) -> None:
    """Serve `GET /emulator`; `GET`, `POST`, `DELETE /emulator/faults`; `POST /emulator/accept-unknown`."""

    async def page(_request: web.Request) -> web.Response:
        rows = "".join(
            f"<tr><td><code>{html.escape(name)}</code><td>{html.escape(entry.at)}<td>{html.escape(entry.what)}</tr>"
            for name, entry in CATALOGUE.items()
        )
        text = _PAGE.format(
            brain=html.escape(emulator.brain.label),
            sessions=html.escape(_sessions(emulator)),
            url=html.escape(emulator.url.replace("ws", "http", 1)),
            phases=html.escape(", ".join(PHASES)),
            armed=html.escape(", ".join(f"{f.name}@{f.phase}" for f in emulator.faults.armed) or "none"),
            rows=rows,
        )
        return web.Response(text=text, content_type="text/html")

    async def listed(_request: web.Request) -> web.Response:
        armed = [
            {"name": fault.name, "at": fault.phase, "times": fault.times} for fault in emulator.faults.armed
        ]
        return web.json_response(
            {"armed": armed, "catalogue": {name: e.what for name, e in CATALOGUE.items()}}
        )

    async def add(request: web.Request) -> web.Response:
        try:
            asked: Any = json.loads(await request.read())
            fault = await emulator.inject(asked)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(
            {"struck" if fault.phase == "now" else "armed": fault.name, "at": fault.phase}
        )

    async def clear(_request: web.Request) -> web.Response:
        emulator.faults.clear()
        return web.json_response({"armed": []})

    async def accept_unknown(request: web.Request) -> web.Response:
        emulator.accept_unknown = (await request.read()).strip() != b"false"
        return web.json_response({"accept_unknown": emulator.accept_unknown})

    app.router.add_get("/emulator", page)
    app.router.add_post("/emulator/accept-unknown", accept_unknown)
    app.router.add_get("/emulator/faults", listed)
    app.router.add_post("/emulator/faults", add)
    app.router.add_delete("/emulator/faults", clear)


def _sessions(emulator: Emulator) -> str:
    live = emulator.sessions
    names = ", ".join(
        f"{conversation.profile.name} ({conversation.audio_offset:.0f} s heard)" for conversation in live
    )
    return f"{len(live)} session{'' if len(live) == 1 else 's'} open{': ' + names if names else ''}."
