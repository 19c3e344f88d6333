"""The app as an ASGI application, and the server that runs it on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.routing import Route as Address
from starlette.types import ASGIApp, Scope

from nightcramp.app.access.outside import refuse_unguarded, silence_libraries
from nightcramp.app.answer import Answers, json_response
from nightcramp.app.gate import Gate
from nightcramp.app.guard import Guard
from nightcramp.app.openapi import openapi
from nightcramp.app.pages import ROUTES
from nightcramp.app.problem import problem_with
from nightcramp.app.reminders import Reminding
from nightcramp.app.routes import Act, Download, Passage, Route, View
from nightcramp.app.shells import PATHS, shell, worker
from nightcramp.app.static_files import static_files
from nightcramp.errors import InputError
from nightcramp.language import NAMES
from nightcramp.readiness import make_ready

LOOPBACK = ("localhost", "127.0.0.1", "::1")
API = "/api"
BACKLOG = 512
MOST_AT_ONCE = 1000
"""Connections and requests at one time; more are told to come later."""


def create_app(
    gate: Gate | None = None, names: Collection[str] = LOOPBACK, *, secure: bool = False
) -> ASGIApp:
    """Return the whole app. `names`: the host names it answers to; `secure`: it is on HTTPS."""
    make_ready()
    gate = gate or Gate()
    answers = Answers(gate, {route.path: route for route in ROUTES if isinstance(route, View)})
    addresses = sorted(_addresses(ROUTES, answers), key=lambda one: one.path.count("{"))
    app = Starlette(routes=[*addresses, *_fixed(gate)])

    async def not_found(request: Request, error: Exception) -> Response:
        as_page = not request.url.path.startswith(API)
        status = getattr(error, "status_code", 404)
        response = await answers.refused(request, problem_with(status), as_page=as_page)
        if status == 405:
            response.headers["allow"] = ", ".join(_methods(addresses, request.scope))
        return response

    for status in (404, 405):
        app.add_exception_handler(status, not_found)
    return Guard(app, names, secure=secure, local=gate.local)


def _methods(addresses: Iterable[Address], scope: Scope) -> list[str]:
    """Return what can be done at the address that was asked for."""
    there = (one.path for one in addresses if one.matches(scope)[0] is not Match.NONE)
    path = next(there, "")
    return sorted({name for one in addresses if one.path == path for name in one.methods or ()})


def _addresses(routes: Iterable[Route], answers: Answers) -> Iterable[Address]:
    for route in routes:
        path = route.path
        match route:
            case View():
                yield Address(path, answers.page(route), methods=["GET"])
                yield Address(API + path, answers.json(route), methods=["GET"])
            case Act():
                yield Address(path, answers.done(route), methods=["POST"])
                yield Address(API + path, answers.done_json(route), methods=["POST"])
            case Download():
                yield Address(path, answers.download(route, as_page=True), methods=["GET"])
                yield Address(API + path, answers.download(route, as_page=False), methods=["GET"])
            case Passage():
                yield Address(path, answers.passage(route, as_page=True), methods=["GET"])
                yield Address(API + path, answers.passage(route, as_page=False), methods=["GET"])


def _fixed(gate: Gate) -> Iterable[BaseRoute]:
    description = openapi(ROUTES)

    async def api(request: Request) -> Response:
        return json_response(description)

    async def kept(request: Request) -> Response:
        name, code = request.path_params["name"], request.path_params["code"]
        if name not in PATHS or code not in NAMES:
            raise HTTPException(404)
        return HTMLResponse(await run_in_threadpool(shell, name, code))

    async def script(request: Request) -> Response:
        code = request.query_params.get("lang", "")
        made = await run_in_threadpool(worker, code if code in NAMES else "en")
        return Response(made, media_type="text/javascript", headers={"service-worker-allowed": "/"})

    yield Address(f"{API}/openapi.json", api, methods=["GET"])
    yield Address("/shell/{code}/{name}", kept, methods=["GET"])
    yield Address("/sw.js", script, methods=["GET"])
    yield static_files()


@dataclass(frozen=True)
class Listening:
    """Where the server listens, and the names it answers to beside those of this machine."""

    host: str = "127.0.0.1"
    port: int = 8321
    names: tuple[str, ...] = ()
    tls_cert: str = ""
    tls_key: str = ""

    @property
    def secure(self) -> bool:
        """Whether it speaks HTTPS itself."""
        return bool(self.tls_cert)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK and not self.names

    @property
    def is_behind_proxy(self) -> bool:
        """Whether it listens on this machine for a proxy, which others reach by a name."""
        return self.host in LOOPBACK and bool(self.names)


def run(listening: Listening, started: Callable[[str], None]) -> None:
    """Serve until stopped; `started` is told the address. Raises InputError for a taken port."""
    import uvicorn

    if not listening.is_local:
        refuse_unguarded()
    silence_libraries()
    gate = Gate(local=listening.is_local)
    names = [*LOOPBACK, listening.host, *listening.names]
    config = uvicorn.Config(
        create_app(gate, names, secure=listening.secure),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=listening.tls_cert or None,
        ssl_keyfile=listening.tls_key or None,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
        limit_concurrency=MOST_AT_ONCE,
        h11_max_incomplete_event_size=32 << 10,
    )
    with listening_socket(listening) as listener, Reminding():
        scheme = "https" if listening.secure else "http"
        shown = listening.names[0] if listening.names else listening.host
        started(f"{scheme}://{shown}:{listener.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listener])


def listening_socket(listening: Listening) -> socket.socket:
    """Return the socket to serve on; raises InputError for an address that cannot be had.

    It names TCP as its protocol: only then does asyncio send answers without waiting for more.
    """
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((listening.host, listening.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise InputError(
            f"cannot listen on {listening.host} port {listening.port}: {error.strerror}",
            hint="Another program may be there; `--port` takes another one.",
        ) from None
    return listener
