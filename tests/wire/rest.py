"""HTTP calls to an emulator, from a thread, as another program would make them."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request


def http(method, url, body=None, *, key="k", **headers):
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode()
    )
    for name, value in ({"x-goog-api-key": key} if key is not None else {}).items():
        request.add_header(name, value)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def call(emulator, method, path, body=None, **options):
    url = emulator.url.replace("ws", "http", 1) + path
    status, text = await asyncio.to_thread(http, method, url, body, **options)
    return status, json.loads(text) if text.startswith(b"{") else text.decode()
