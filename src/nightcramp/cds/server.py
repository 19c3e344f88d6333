"""The service as an ASGI application at the addresses of CDS Hooks, and the server that runs it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from nightcramp.app.access.limits import network_of
from nightcramp.app.access.outside import silence_libraries
from nightcramp.app.answer import json_response
from nightcramp.app.gate import language_for
from nightcramp.app.problem import RefusedError
from nightcramp.app.server import MOST_AT_ONCE, Listening, listening_socket
from nightcramp.app.static_files import static_files
from nightcramp.cds.codes import code_system
from nightcramp.cds.desk import Desk
from nightcramp.cds.guard import Guard
from nightcramp.cds.limits import Limit
from nightcramp.cds.messages import Answer
from nightcramp.cds.outgoing import Outgoing
from nightcramp.cds.refusal import answer_to, refused
from nightcramp.cds.services import SERVICES, Kind, discovery
from nightcramp.cds.settings import Settings
from nightcramp.cds.smart.launches import Launches
from nightcramp.cds.smart.pages import Pages
from nightcramp.cds.trust import Caller, Trust
from nightcramp.errors import InputError
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language import speaking
from nightcramp.readiness import make_ready

Endpoint = Callable[[Request], Awaitable[Response]]
QUICK = 200_000
"""Bytes that are read at once, since that takes less time than to hand them to a thread."""
log = logging.getLogger("nightcramp.cds")


def create_cds(
    settings: Settings,
    *,
    fetches: bool = False,
    today: Callable[[], dt.date] = dt.date.today,
    clock: Callable[[], float] | None = None,
) -> ASGIApp:
    """Return the whole service. `fetches`: what calls leave out may be fetched from set servers.

    Raises InputError for keys or counts that cannot be read.
    """
    make_ready()
    desk = Desk(settings, fetches, today)
    trust = Trust(settings, clock) if clock else Trust(settings)
    front = Front(desk, trust)
    pages = Pages(Launches(settings, Outgoing()), today)
    app = Starlette(routes=[*front.routes(), *pages.routes(), *_fixed(settings)])
    for status in (404, 405):
        app.add_exception_handler(status, _not_there)
    shared = CORSMiddleware(
        app,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type"],
        max_age=600,
    )
    return Guard(shared, settings)


async def _not_there(request: Request, error: Exception) -> Response:
    response = refused(getattr(error, "status_code", 404))
    for name, value in (getattr(error, "headers", None) or {}).items():
        response.headers[name] = value
    return response


def _fixed(settings: Settings) -> list[BaseRoute]:
    async def codes(request: Request) -> Response:
        found = code_system(request.path_params["name"], settings.url)
        return json_response(found) if found else refused(404)

    return [
        Route("/codes/{name}", codes, methods=["GET"]),
        static_files(),
    ]


class Front:
    """The addresses of CDS Hooks: discovery, services, feedback."""

    def __init__(self, desk: Desk, trust: Trust) -> None:
        self.desk = desk
        self.trust = trust
        self.settings = desk.settings
        self.limit = Limit(self.settings.calls_per_minute)

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        base = "/cds-services"
        return [
            Route(base, self._guarded(self.discover), methods=["GET"]),
            Route(f"{base}/{{id}}", self._guarded(self.call), methods=["POST"]),
            Route(f"{base}/{{id}}/feedback", self._guarded(self.feedback), methods=["POST"]),
        ]

    async def discover(self, request: Request) -> Response:
        """Answer which services there are."""
        await self._caller(request, "/cds-services")
        return json_response(discovery(knowledge(), self.desk.today()))

    async def call(self, request: Request) -> Response:
        """Answer a call of a service with its cards."""
        kind = _kind(request)
        caller = await self._caller(request, f"/cds-services/{kind.id}")
        body = await self._body(request)
        if len(body) <= QUICK and not self.desk.fetches:
            asked = self.desk.read(kind, body)
        else:
            asked = await run_in_threadpool(self.desk.read, kind, body)
        if asked.is_quiet:
            return json_response(Answer(cards=[]))
        return json_response(await run_in_threadpool(self.desk.answer, kind, caller, asked))

    async def feedback(self, request: Request) -> Response:
        """Take in what became of cards; the token may be for the service or for this address."""
        kind = _kind(request)
        service = f"/cds-services/{kind.id}"
        caller = await self._caller(request, f"{service}/feedback", service)
        body = await self._body(request)
        await run_in_threadpool(self.desk.listen, kind, caller, body)
        return Response(status_code=200)

    async def _caller(self, request: Request, *paths: str) -> Caller:
        """Return who calls; raises RefusedError."""
        peer = network_of(request.client.host if request.client else "")
        self.limit.take(f"from {peer}")
        said = request.headers.get("authorization")
        addresses = [self.settings.url + path for path in paths]
        if any(client.jku for client in self.settings.client):
            caller = await run_in_threadpool(self.trust.caller, said, addresses)
        else:
            caller = self.trust.caller(said, addresses)
        if caller.iss:
            self.limit.take(f"by {caller.iss}")
        return caller

    async def _body(self, request: Request) -> bytes:
        """Return what was sent; raises RefusedError for too much (413) or no JSON (415)."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("application/json", "application/fhir+json"):
            raise RefusedError(415, _("what is sent must be JSON"))
        most = self.settings.most_mb * 1_000_000
        said = request.headers.get("content-length", "0")
        if not said.isdigit() or int(said) > most:
            raise _too_much(self.settings.most_mb)
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise _too_much(self.settings.most_mb)
            parts.append(part)
        return b"".join(parts)

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint in the language of the caller, whose errors have one shape."""

        async def guarded(request: Request) -> Response:
            with speaking(language_for(request)):
                try:
                    return await endpoint(request)
                except RefusedError as error:
                    return answer_to(error)
                except (asyncio.CancelledError, GeneratorExit):
                    raise
                except Exception as error:
                    log.error("a %s in a service", type(error).__name__)
                    return refused(500)

        return guarded


def _kind(request: Request) -> Kind:
    kind = SERVICES.get(request.path_params["id"])
    if kind is None:
        raise RefusedError(404, _("there is no such service"))
    return kind


def _too_much(megabytes: int) -> RefusedError:
    said = _("more was sent than the {count} MB this takes")
    return RefusedError(413, said.format(count=megabytes))


def run(
    settings: Settings, listening: Listening, started: Callable[[str], None], *, fetches: bool
) -> None:
    """Serve until stopped; `started` is told the address.

    Raises InputError where others could call and no clients are set.
    """
    import uvicorn

    if not settings.client and not listening.is_local:
        raise InputError(
            _("without clients in the settings, only this machine may call"),
            hint=_("Set `[[client]]` entries; see docs/cds.md."),
        )
    silence_libraries()
    _log_to(sys.stderr)
    with listening_socket(listening) as listener:
        port = listener.getsockname()[1]
        if settings.url == Settings().url:
            settings = msgspec.structs.replace(settings, url=f"http://127.0.0.1:{port}")
        knowledge()
        app = create_cds(settings, fetches=fetches)
        config = uvicorn.Config(app, **_options(listening))
        started(f"{settings.url}/cds-services")
        uvicorn.Server(config).run(sockets=[listener])


def _options(listening: Listening) -> dict[str, Any]:
    return {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "ssl_certfile": listening.tls_cert or None,
        "ssl_keyfile": listening.tls_key or None,
        "timeout_keep_alive": 20,
        "timeout_graceful_shutdown": 5,
        "limit_concurrency": MOST_AT_ONCE,
        "h11_max_incomplete_event_size": 32 << 10,
    }


def _log_to(stream: Any) -> None:
    """Log one line a call, and faults by their kind; never what was sent or answered."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
