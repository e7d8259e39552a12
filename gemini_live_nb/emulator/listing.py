"""The REST calls a Live client needs: list models, make ephemeral tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from gemini_live_nb.protocol.models import FAMILIES

if TYPE_CHECKING:
    from .server import Emulator


def models() -> list[dict[str, Any]]:
    """The models of the Developer API that take `bidiGenerateContent`, as ListModels words them."""
    return [
        {
            "name": f"models/{name}",
            "version": "001",
            "displayName": name.replace("-", " ").title(),
            "inputTokenLimit": family.context_window or 128_000,
            "outputTokenLimit": 65_536 if (family.context_window or 0) > 100_000 else 8_192,
            "supportedGenerationMethods": ["countTokens", "bidiGenerateContent"],
        }
        for family in FAMILIES
        if not family.vertex and not family.retired
        for name in family.models
    ]


def add_routes(app: web.Application, emulator: Emulator) -> None:
    """Serve `GET /{version}/models`, `GET /{version}/models/{name}` and `POST /{version}/auth_tokens`."""

    async def listed(request: web.Request) -> web.Response:
        emulator.check_key(request)
        every = models()
        size = int(request.query.get("pageSize") or 50)
        start = int(request.query.get("pageToken") or 0)
        page: dict[str, Any] = {"models": every[start : start + size]}
        if start + size < len(every):
            page["nextPageToken"] = str(start + size)
        return web.json_response(page)

    async def one(request: web.Request) -> web.Response:
        emulator.check_key(request)
        for model in models():
            if model["name"] == f"models/{request.match_info['name']}":
                return web.json_response(model)
        name, version = request.match_info["name"], request.match_info["version"]
        message = f"models/{name} is not found for API version {version}."
        error = {"error": {"code": 404, "message": message, "status": "NOT_FOUND"}}
        return web.json_response(error, status=404)

    async def token(request: web.Request) -> web.Response:
        emulator.check_key(request)
        return web.json_response(emulator.mint(await request.read()))

    version = "/{version:v1|v1beta|v1alpha}"
    app.router.add_get(version + "/models", listed)
    app.router.add_get(version + "/models/{name}", one)
    app.router.add_post(version + "/auth_tokens", token)
