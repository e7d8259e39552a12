"""The console: a page of sessions and faults to press, and the call that makes a fault strike."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

from .faults import CATALOGUE, PHASES

if TYPE_CHECKING:
    from .server import Emulator

_PAGE = """<!doctype html><meta charset="utf-8"><title>Live API emulator</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
td,th{{text-align:left;padding:.15rem .6rem;vertical-align:top}}code{{white-space:nowrap}}
:root{{color-scheme:light dark}}button,select,input{{font:inherit}}input{{width:6rem}}</style>
<h1>Live API emulator</h1>
<p>{brain}. {sessions}</p>
<h2>Faults</h2>
<form method="post" action="/emulator/faults">
<p>Let one strike
<select name="at" aria-label="when"><option value="">when it says below</option>{phases}</select>,
for <input name="seconds" type="number" min="0" step="any" aria-label="seconds" placeholder="its own">
seconds: press its name. Or <code>curl -X POST {url}/emulator/faults -d '{{"name": "go_away"}}'</code>.</p>
<p>Armed: {armed}. <button name="clear" value="1">Disarm all</button></p>
<table><tr><th>name<th>strikes<th>what</tr>{rows}</table>
</form>
"""


def add_routes(app: web.Application, emulator: Emulator) -> None:
    """Serve `GET /emulator`; `GET`, `POST`, `DELETE /emulator/faults`; `POST /emulator/accept-unknown`."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=_page(emulator), content_type="text/html")

    async def listed(_request: web.Request) -> web.Response:
        armed = [
            {"name": fault.name, "at": fault.phase, "times": fault.times} for fault in emulator.faults.armed
        ]
        return web.json_response(
            {"armed": armed, "catalogue": {name: e.what for name, e in CATALOGUE.items()}}
        )

    async def add(request: web.Request) -> web.Response:
        body = await request.text()
        # curl calls whatever it sends a form, unless it is told otherwise
        pressed = request.content_type == "application/x-www-form-urlencoded" and not body.startswith("{")
        try:
            asked: Any = _pressed(body) if pressed else json.loads(body)
            if asked is None:
                emulator.faults.clear()
                raise web.HTTPSeeOther("/emulator")
            open_now = len(emulator.connections)
            fault = await emulator.inject(asked)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        if pressed:
            raise web.HTTPSeeOther("/emulator")
        if fault.phase != "now":
            return web.json_response({"armed": fault.name, "at": fault.phase})
        return web.json_response({"struck": fault.name, "at": fault.phase, "connections": open_now})

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


def _page(emulator: Emulator) -> str:
    rows = "".join(
        f'<tr><td><button name="name" value="{html.escape(name)}">{html.escape(name)}</button>'
        f"<td>{html.escape(entry.at)}<td>{html.escape(entry.what)}</tr>"
        for name, entry in CATALOGUE.items()
    )
    return _PAGE.format(
        brain=html.escape(emulator.brain.label),
        sessions=html.escape(_sessions(emulator)),
        url=html.escape(emulator.url.replace("ws", "http", 1)),
        phases="".join(
            f'<option value="{html.escape(name)}">{html.escape(what)}</option>'
            for name, what in PHASES.items()
        ),
        armed=html.escape(", ".join(f"{f.name}@{f.phase}" for f in emulator.faults.armed) or "none"),
        rows=rows,
    )


def _pressed(body: str) -> dict[str, Any] | None:
    """The fault whose button was pressed; None to disarm all."""
    fields = dict(parse_qsl(body))
    if "clear" in fields:
        return None
    asked: dict[str, Any] = {"name": fields.get("name", ""), "at": fields.get("at")}
    return {**asked, "seconds": float(fields["seconds"])} if "seconds" in fields else asked


def _sessions(emulator: Emulator) -> str:
    live = emulator.sessions
    names = ", ".join(
        f"{conversation.profile.name} ({conversation.audio_offset:.0f} s heard)" for conversation in live
    )
    return f"{len(live)} session{'' if len(live) == 1 else 's'} open{': ' + names if names else ''}."
