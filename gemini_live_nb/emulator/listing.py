"""The REST calls a Live client needs: list models, make ephemeral tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from gemini_live_nb.protocol.models import FAMILIES

from .doors import error_response
from .refusals import REFUSALS, Refused, refuse

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
    """Serve `GET /{version}/models`, `GET /{version}/models/{name}` and `POST /{version}/auth_tokens`.

    What SDKs ask for beside them has its answer too: no tuned models, no `generateContent` of a live model.
    """

    async def listed(request: web.Request) -> web.Response:
        emulator.check_key(request)
        every = models()
        size = _number(request, "pageSize", "page_size") or 50
        start = _number(request, "pageToken", "page_token")
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
        return error_response(404, "NOT_FOUND", f"models/{name} is not found for API version {version}.")

    async def no_tuned_models(request: web.Request) -> web.Response:
        emulator.check_key(request)
        return web.json_response({})

    async def other_method(request: web.Request) -> web.Response:
        emulator.check_key(request)
        missing = REFUSALS["unknown_model"].fill(
            model=f"models/{request.match_info['name']}", version=request.match_info["version"]
        )
        asked = missing.reason.replace("bidiGenerateContent", request.match_info["method"])
        return error_response(404, "NOT_FOUND", asked)

    async def token(request: web.Request) -> web.Response:
        emulator.check_key(request)
        return web.json_response(emulator.mint(await request.read()))

    version = "/{version:v1|v1beta|v1alpha}"
    app.router.add_get(version + "/models", listed)
    app.router.add_get(version + "/models/{name}", one)
    app.router.add_post(version + "/models/{name}:{method}", other_method)
    app.router.add_get(version + "/tunedModels", no_tuned_models)
    app.router.add_post(version + "/auth_tokens", token)


def _number(request: web.Request, name: str, path: str) -> int:
    """A whole number of the query, 0 where it is absent."""
    given = request.query.get(name) or "0"
    try:
        number = int(given)
    except ValueError:
        refusal = REFUSALS["wrong_value"].fill(path=path, type="TYPE_INT32", value=f'"{given}"')
        raise Refused(refusal) from None
    if number < 0:
        raise refuse("invalid_argument")
    return number
