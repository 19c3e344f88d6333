"""What holds for every answer: known host names, allowed sites, safe headers, no health data.

Nothing of what went wrong inside reaches an answer or a log.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nightcramp.app.guard import OF_PROXIES, impatient
from nightcramp.app.problem import RefusedError
from nightcramp.cds.refusal import answer_to, refused
from nightcramp.cds.settings import LOOPBACK, Settings
from nightcramp.language import gettext as _

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
log = logging.getLogger("nightcramp.cds")


class Guard:
    """Wraps the service. Where no clients are set, it answers to this machine alone."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.local = not settings.client
        self.names = {settings.name, *LOOPBACK} if self.local else {settings.name}
        self.own = settings.url
        self.origins = {settings.url, *settings.origins}
        self.secure = settings.url.startswith("https:")
        self.policy = _policy(settings.frames)
        self.framed = bool(settings.frames)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message))
            await send(message)

        answer = self._refused(scope) or self.app
        try:
            await answer(scope, impatient(receive), send_safely)
        except RefusedError as error:
            if not status:
                await answer_to(error)(scope, receive, send_safely)
        except Exception as error:
            log.error("a %s on the way out", type(error).__name__)
            if not status:
                await refused(500)(scope, receive, send_safely)
        finally:
            spent = (time.perf_counter() - began) * 1000
            log.info("%s %s %s %.0f ms", scope["method"], _route_of(scope), status, spent)

    def _add_headers(self, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("content-security-policy", self.policy)
        headers.setdefault("cache-control", "no-store")
        if not self.framed:
            headers.setdefault("x-frame-options", "DENY")
        if self.secure:
            headers.setdefault("strict-transport-security", "max-age=31536000")

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _name_of(hosts[0]) not in self.names:
            return refused(421, _("the service is not called this"))
        if self.local and any(name in headers for name in OF_PROXIES):
            return refused(421, _("without clients set, only this machine is answered"))
        origin = headers.get("origin")
        own = {f"http://{hosts[0]}"} if self.local else set()
        foreign = origin is not None and origin not in self.origins | own
        if scope["method"] not in SAFE_METHODS and foreign:
            return refused(403, _("pages of this site may not call"))
        return None


def _policy(frames: list[str]) -> str:
    ancestors = " ".join(frames) or "'none'"
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {ancestors}"
    )


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _route_of(scope: Scope) -> str:
    """Return the address as it is written in the code: nothing of what the caller filled in."""
    return getattr(scope.get("route"), "path", "-")
