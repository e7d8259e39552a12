"""Ephemeral tokens, asked of a real HTTP server."""

from __future__ import annotations

import http.server
import json
import threading
import traceback

import pytest

from gemini_live_nb.errors import AuthError, ConfigError, ConnectError, QuotaExceeded, ServerFault
from gemini_live_nb.protocol.config import LiveConfig
from gemini_live_nb.protocol.endpoint import endpoint
from gemini_live_nb.protocol.tokens import create_token, create_token_async

KEY = "AIza" + "SyMadeUpForThisTest0123456789abcdefgh"
TOKEN = "auth_tokens/" + "0123456789abcdef"


@pytest.fixture
def token_server():
    """A real HTTP server that answers as it is told and keeps what it was sent."""
    seen = []
    answer = {"status": 200, "body": json.dumps({"name": TOKEN, "expireTime": "2030-01-01T00:00:00Z"})}

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(answer["body"].encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen, answer
        server.shutdown()
        thread.join(5)


def test_a_token_is_made(token_server):
    url, seen, _ = token_server
    token = create_token(LiveConfig(model="m"), uses=0, api_key=KEY, url=url)
    assert token.name == TOKEN
    assert token.expire_time == "2030-01-01T00:00:00Z"
    assert TOKEN not in repr(token)
    ((path, headers, body),) = seen
    assert path == "/v1alpha/auth_tokens"
    assert headers["x-goog-api-key".title()] == KEY
    assert body == {"uses": 0, "bidiGenerateContentSetup": {"model": "models/m"}}
    assert endpoint(token=token.name).url.endswith(TOKEN)


@pytest.mark.anyio
async def test_a_token_is_made_without_stopping_the_loop(token_server):
    url, seen, _ = token_server
    assert (await create_token_async(api_key=KEY, url=url.replace("http", "ws"))).name == TOKEN
    assert seen[0][2] == {}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":{"message":"API key not valid. Please pass a valid API key."}}', AuthError),
        (403, '{"error":{"message":"denied"}}', AuthError),
        (404, "<html>", ConnectError),
        (429, '{"error":{"message":"Quota"}}', QuotaExceeded),
        (503, "", ServerFault),
        (200, "<html>", ConnectError),
        (200, "{}", ConnectError),
    ],
)
def test_a_token_refused_is_one_error_of_the_tree(token_server, status, body, kind):
    url, _, answer = token_server
    answer.update(status=status, body=body)
    with pytest.raises(kind) as caught:
        create_token(api_key=KEY, url=url)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_token_server_that_is_not_there():
    with pytest.raises(ConnectError, match="could not be reached"):
        create_token(api_key=KEY, url="http://127.0.0.1:1", timeout=5)
    with pytest.raises(ConfigError):
        create_token(api_key=KEY, url="ftp://x")
    with pytest.raises(AuthError):
        create_token()
