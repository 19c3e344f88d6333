"""Style, script and drawings: packed, and kept by browsers as long as their content stays."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from nightcramp.app.templating import STATIC

FOR_EVER = "public, max-age=31536000, immutable"
LEAST_BYTES = 500


def static_files() -> Mount:
    """Return the address of the static files.

    They are the same for everybody, so that packing them tells nobody anything; pages, which
    hold what was typed, are not packed.
    """
    return Mount("/static", GZipMiddleware(_Kept(directory=STATIC), minimum_size=LEAST_BYTES))


class _Kept(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; one that was asked for by its fingerprint never changes."""
        response = await super().get_response(path, scope)
        if scope["query_string"].startswith(b"v=") and response.status_code == 200:
            response.headers["cache-control"] = FOR_EVER
        return response
