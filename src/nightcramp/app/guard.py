"""What holds for every answer: known host names only, no act from another site, safe headers.

Nothing of what went wrong inside reaches an answer or a log; who sends too slowly is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightcramp.app.problem import Problem, RefusedError, problem_with
from nightcramp.language import gettext as _

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "x-frame-options": "DENY",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OF_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
PATIENCE = 30.0
"""So many seconds a body may take, and longer by its size."""
SLOWEST = 16_384
"""Bytes a second."""
log = logging.getLogger("nightcramp.app")


class Guard:
    """Wraps the app; `names` are the host names it answers to.

    `local`: it is meant for this machine alone, so that what a proxy passes on is refused.
    """

    def __init__(
        self, app: ASGIApp, names: Collection[str], *, secure: bool = False, local: bool = True
    ) -> None:
        self.app = app
        self.names = frozenset(name.casefold() for name in names)
        self.secure = secure
        self.local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def send_safely(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                self._add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        try:
            answer = self._refused(scope) or self.app
            await answer(scope, impatient(receive), send_safely)
        except Exception as error:
            log.error("a %s on the way out", type(error).__name__)
            if not has_begun:
                await _problem(500)(scope, receive, send_safely)

    def _add_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if not scope["path"].startswith("/static/"):
            headers.setdefault("cache-control", "no-store")
        if self.secure:
            headers.setdefault("strict-transport-security", "max-age=31536000")

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or _name_of(host) not in self.names:
            return _problem(421, _("`nightcramp serve --name NAME` lets it answer to a name."))
        if self.local and any(name in headers for name in OF_PROXIES):
            return _problem(421, _("Behind a proxy, start it with `nightcramp serve --name NAME`."))
        if scope["method"] not in SAFE_METHODS and not _same_site(headers, self._origins(scope)):
            return _problem(403)
        return None

    def _origins(self, scope: Scope) -> tuple[str, ...]:
        """Return what a page of this app may say it comes from: over HTTPS, HTTPS alone."""
        headers = Headers(scope=scope)
        forwarded = "" if self.local else headers.get("x-forwarded-proto", "")
        is_secure = "https" in (scope["scheme"], forwarded)
        return tuple(f"{one}://{headers['host']}" for one in ("https", "http")[: 2 - is_secure])


def impatient(receive: Receive) -> Receive:
    """Return a `receive` that raises RefusedError where a body comes too slowly."""
    began, size, is_over = time.monotonic(), 0, False

    async def received() -> Message:
        nonlocal size, is_over
        if is_over:
            return await receive()
        left = began + PATIENCE + size / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(receive(), max(left, 0.01))
        except TimeoutError:
            is_over = True
            raise RefusedError(408, _("the rest of it did not come")) from None
        size += len(message.get("body", b""))
        is_over = not message.get("more_body", False)
        return message

    return received


def _same_site(headers: Headers, origins: Collection[str]) -> bool:
    """Return whether a request to change something comes from a page of this app, or no page."""
    fetched_from = headers.get("sec-fetch-site")
    if fetched_from is not None and fetched_from not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin in origins


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _problem(status: int, hint: str = "") -> Response:
    found: Problem = msgspec.structs.replace(problem_with(status), hint=hint)
    return Response(msgspec.json.encode(found), status, media_type="application/problem+json")
