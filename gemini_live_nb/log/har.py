"""A run as HAR, the archive format of browsers' network panels: one WebSocket entry for each connection."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gemini_live_nb
from gemini_live_nb.protocol.endpoint import redact

from .handles import stripped
from .progress import progress

if TYPE_CHECKING:
    from .frame import LogFrame
    from .run import SessionLog

_UNKNOWN = "wss://generativelanguage.googleapis.com/"


def har(log: SessionLog) -> dict[str, Any]:
    """The archive as a JSON object.

    A binary frame's data are base64, as Chrome writes and reads them; a text frame's are text. Local events
    have no place in it.
    """
    connections: dict[int, dict[str, Any]] = {}
    for frame in progress(log, "har"):
        entry = connections.get(frame.conn)
        if entry is None:
            entry = connections[frame.conn] = _entry(log, frame)
        if frame.kind == "open":
            entry["request"]["url"] = redact(str(frame.fields.get("url") or _UNKNOWN))
        if frame.direction != "local" and frame.whole:
            entry["_webSocketMessages"].append(_message(log, frame))
            entry["time"] = (log.started + frame.t - entry["_started"]) * 1000
    for entry in connections.values():
        del entry["_started"]
    creator = {"name": "gemini-live-nb", "version": gemini_live_nb.__version__}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": list(connections.values())}}


def _message(log: SessionLog, frame: LogFrame) -> dict[str, Any]:
    raw = stripped(frame.raw)
    binary = frame.opcode == "binary"
    return {
        "type": "send" if frame.direction == "sent" else "receive",
        "time": log.started + frame.t,
        "opcode": 2 if binary else 1,
        "data": base64.b64encode(raw).decode() if binary else raw.decode("utf-8", "replace"),
    }


def _entry(log: SessionLog, frame: LogFrame) -> dict[str, Any]:
    started = log.started + frame.t
    nothing: dict[str, Any] = {
        "cookies": [],
        "headers": [],
        "headersSize": -1,
        "bodySize": -1,
        "httpVersion": "HTTP/1.1",
    }
    return {
        "_resourceType": "websocket",
        "_started": started,
        "_webSocketMessages": [],
        "startedDateTime": datetime.fromtimestamp(started, UTC).isoformat(),
        "time": 0.0,
        "request": {**nothing, "method": "GET", "url": _UNKNOWN, "queryString": []},
        "response": {
            **nothing,
            "status": 101,
            "statusText": "Switching Protocols",
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }
