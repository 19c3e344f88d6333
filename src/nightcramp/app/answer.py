"""Answers requests: finds out who asks, lets a route do its work, and shows what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nightcramp.app.asked import Asked
from nightcramp.app.forms import Typed, body_of, decoded, filled, form_of
from nightcramp.app.gate import Gate
from nightcramp.app.problem import Problem, RefusedError, problem_of, problem_with
from nightcramp.app.routes import Act, Done, Download, File, Passage, View
from nightcramp.app.templating import render
from nightcramp.errors import NightcrampError
from nightcramp.language import gettext as _
from nightcramp.language import speaking

Endpoint = Callable[[Request], Awaitable[Response]]
JSON = "application/json"
PROBLEM = "application/problem+json"
log = logging.getLogger("nightcramp.app")


class Answers:
    """Makes the endpoints of routes, as pages and as JSON. Whoever is nobody sees nothing."""

    def __init__(self, gate: Gate, views: dict[str, View]) -> None:
        self.gate = gate
        self.views = views

    def page(self, view: View) -> Endpoint:
        """Return the endpoint that shows a view as a page."""

        async def endpoint(request: Request) -> Response:
            asked = await self._asked(request, public=view.public, readers=view.readers)
            return await run_in_threadpool(self._shown, request, asked, view)

        return self._guarded(endpoint, as_page=True)

    def json(self, view: View) -> Endpoint:
        """Return the endpoint that gives a view's contract as JSON."""

        async def endpoint(request: Request) -> Response:
            asked = await self._asked(request, public=view.public, readers=view.readers)
            response = json_response(await run_in_threadpool(_made, asked, view.make))
            self.gate.set_cookies(request, response)
            return response

        return self._guarded(endpoint, as_page=False)

    def done(self, act: Act) -> Endpoint:
        """Return the endpoint that does an act for a page: a fault shows the page again."""

        async def endpoint(request: Request) -> Response:
            asked = await self._asked(request, public=act.public)
            async with AsyncExitStack() as stack:
                typed, files = await form_of(request, act.files, stack)
                asked = replace(asked, files=files)
                try:
                    done = await run_in_threadpool(_filled_and_done, asked, act, typed)
                except NightcrampError as error:
                    return await self._again(request, asked, act, typed, error)
            return self._went(request, done)

        return self._guarded(endpoint, as_page=True)

    def done_json(self, act: Act) -> Endpoint:
        """Return the endpoint that does an act for a program."""

        async def endpoint(request: Request) -> Response:
            asked = await self._asked(request, public=act.public)
            async with AsyncExitStack() as stack:
                if act.files:
                    typed, files = await form_of(request, act.files, stack)
                    asked = replace(asked, files=files)
                    done = await run_in_threadpool(_filled_and_done, asked, act, typed)
                else:
                    form = decoded(act.form, await body_of(request))
                    done = await run_in_threadpool(_made, asked, lambda one: act.do(one, form))
            return self._told(request, done)

        return self._guarded(endpoint, as_page=False)

    def download(self, route: Download, *, as_page: bool) -> Endpoint:
        """Return the endpoint that gives a file away."""

        async def endpoint(request: Request) -> Response:
            asked = await self._asked(request, public=route.public, readers=route.readers)
            file: File = await run_in_threadpool(_made, asked, route.make)
            name = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
            return Response(file.content, 200, {"content-disposition": name}, file.kind)

        return self._guarded(endpoint, as_page=as_page)

    def passage(self, route: Passage, *, as_page: bool) -> Endpoint:
        """Return the endpoint that leads elsewhere; only asked in earnest, never by HEAD."""

        async def endpoint(request: Request) -> Response:
            if request.method == "HEAD":
                raise RefusedError(405, _("this address is to be opened"))
            asked = await self._asked(request, public=route.public)
            done: Done = await run_in_threadpool(_made, asked, route.do)
            if as_page:
                return self._went(request, done)
            return self._told(request, done)

        return self._guarded(endpoint, as_page=as_page)

    async def _asked(
        self, request: Request, *, public: bool = False, readers: bool = False
    ) -> Asked:
        asked = await run_in_threadpool(self.gate.asked, request, public=public)
        if asked.viewer.role == "reader" and not (readers or public):
            raise RefusedError(403, _("this link shows one page only, and changes nothing"))
        return asked

    def _shown(
        self,
        request: Request,
        asked: Asked,
        view: View,
        problem: Problem | None = None,
        typed: Typed | None = None,
    ) -> Response:
        with asked.answering():
            frame = self.gate.frame(request, asked, problem)
            text = render(view.template, view.make(asked), frame, typed)
        response = Response(text, problem.status if problem else 200, media_type="text/html")
        self.gate.settle(request, response)
        return response

    async def _again(
        self, request: Request, asked: Asked, act: Act, typed: Typed, error: NightcrampError
    ) -> Response:
        """Show the page of an act once more, with what was wrong and what was typed."""
        view = self.views.get(act.again)
        if view is None or isinstance(error, RefusedError):
            raise error
        again = replace(asked, files={})
        return await run_in_threadpool(self._shown, request, again, view, problem_of(error), typed)

    def _went(self, request: Request, done: Done) -> Response:
        response = RedirectResponse(done.goto, 303)
        self.gate.settle(request, response, done)
        return response

    def _told(self, request: Request, done: Done) -> Response:
        response = json_response(done)
        self.gate.settle(request, response, done)
        return response

    def _guarded(self, endpoint: Endpoint, *, as_page: bool) -> Endpoint:
        """Return an endpoint whose errors are shown to people, and never as a traceback."""

        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(request)
            except NightcrampError as error:
                found = problem_of(error)
                wait = getattr(error, "wait", 0)
            except (asyncio.CancelledError, GeneratorExit):
                raise
            except Exception as error:
                log.error("a %s in %s", type(error).__name__, _route_of(request), exc_info=DEBUG)
                found, wait = problem_with(500), 0
            return await self.refused(request, found, as_page=as_page, wait=wait)

        return guarded

    async def refused(
        self, request: Request, problem: Problem, *, as_page: bool, wait: int = 0
    ) -> Response:
        """Return a problem as a page or as JSON; who is nobody yet is sent to sign in."""
        if as_page and problem.status == 401:
            response: Response = RedirectResponse("/sign-in", 303)
        elif as_page:
            response = await run_in_threadpool(self._problem_page, request, problem)
        else:
            response = Response(msgspec.json.encode(problem), problem.status, media_type=PROBLEM)
        if wait:
            response.headers["retry-after"] = str(wait)
        return response

    def _problem_page(self, request: Request, problem: Problem) -> Response:
        with speaking(self.gate.language_of(request)):
            text = render("problem.html", problem, self.gate.frame_of_problem(request))
        return Response(text, problem.status, media_type="text/html")


DEBUG = False
"""Whether unforeseen errors are logged with what they held, which may be health facts."""


def json_response(value: Any) -> Response:
    """Return a value as JSON."""
    return Response(msgspec.json.encode(value), media_type=JSON)


def _made(asked: Asked, make: Callable[[Asked], Any]) -> Any:
    with asked.answering():
        return make(asked)


def _filled_and_done(asked: Asked, act: Act, typed: Typed) -> Done:
    with asked.answering():
        return act.do(asked, filled(act.form, typed))


def _route_of(request: Request) -> str:
    route = request.scope.get("route")
    return getattr(route, "path", "no route")
