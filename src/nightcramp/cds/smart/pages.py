"""The addresses a record system opens: launch, the way back, the page itself, and its end."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import Awaitable, Callable

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from nightcramp.app.gate import language_for
from nightcramp.app.problem import RefusedError, sentence
from nightcramp.app.templating import Frame, render
from nightcramp.assess.assessment import assess
from nightcramp.cds.limits import Limit
from nightcramp.cds.smart.fetching import fetched
from nightcramp.cds.smart.launches import BACK, Launches
from nightcramp.cds.smart.visits import SECONDS, VisitPage, Visits, visit_page
from nightcramp.knowledge.loader import knowledge
from nightcramp.language import gettext as _
from nightcramp.language import speaking
from nightcramp.report.visit import doctor_of

LAUNCH, VISIT = "nightcramp-launch", "nightcramp-open"
LONGEST = 4000
PER_MINUTE = 240
Endpoint = Callable[[Request], Awaitable[Response]]
log = logging.getLogger("nightcramp.cds")


class Message(Struct, frozen=True, kw_only=True):
    """A page that only says something."""

    title: str
    detail: str
    hint: str = ""


class Pages:
    """Shows the page for the visit to whoever opened it in a record system that is known."""

    def __init__(self, launches: Launches, today: Callable[[], dt.date]) -> None:
        self.launches = launches
        self.today = today
        self.visits = Visits()
        self.limit = Limit(PER_MINUTE)
        self.secure = launches.settings.url.startswith("https:")
        self.framed = bool(launches.settings.frames) and self.secure

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/", self._guarded(self.about), methods=["GET"]),
            Route("/launch", self._guarded(self.launch), methods=["GET"]),
            Route(BACK, self._guarded(self.back), methods=["GET"]),
            Route("/launch/visit", self._guarded(self.visit), methods=["GET"]),
            Route("/launch/end", self._guarded(self.end), methods=["POST"]),
        ]

    async def about(self, request: Request) -> Response:
        """Say what this is: cards name this address as their source."""
        return _said(
            _("nightcramp: decision support for night leg cramps"),
            _(
                "It names what may be behind a person's night leg cramps, from published studies, "
                "each with its grade and source. It answers calls of record systems, and keeps no "
                "health data."
            ),
        )

    async def launch(self, request: Request) -> Response:
        """Begin a launch: from the record system, or without one of its own (standalone)."""
        iss, launch = _one(request, "iss"), _one(request, "launch")
        if not iss:
            raise RefusedError(400, _("the record system did not say which one it is (`iss`)"))
        browser = self._cookie(request, LAUNCH) or secrets.token_urlsafe(32)
        address = await run_in_threadpool(self.launches.begin, iss, launch, browser)
        response = RedirectResponse(address, 302)
        self._set_cookie(response, LAUNCH, browser, 3600)
        return response

    async def back(self, request: Request) -> Response:
        """Come back with a code, read the record once, and go on to the page."""
        browser, state = self._cookie(request, LAUNCH), _one(request, "state")
        code = "" if "error" in request.query_params else _one(request, "code")
        page = await run_in_threadpool(self._opened, browser, state, code)
        self.visits.close(self._cookie(request, VISIT))
        secret = self.visits.open(page)
        asyncio.get_running_loop().call_later(SECONDS + 1, self.visits.forget)
        response = RedirectResponse("/launch/visit", 303)
        self._set_cookie(response, VISIT, secret, int(SECONDS))
        return response

    async def visit(self, request: Request) -> Response:
        """Show the page."""
        page = self.visits.page(self._cookie(request, VISIT))
        if page is None:
            raise RefusedError(
                403,
                _("this page is over, or was never opened here"),
                hint=_("Open it again from the record system."),
            )
        text = await run_in_threadpool(render, "smart_visit.html", page, Frame(reader=True))
        return Response(text, media_type="text/html")

    async def end(self, request: Request) -> Response:
        """Forget the page."""
        self.visits.close(self._cookie(request, VISIT))
        response = _said(
            _("Closed"), _("Nothing of it is kept here. Open it again from the record system.")
        )
        self._set_cookie(response, VISIT, "", 0)
        return response

    def _opened(self, browser: str, state: str, code: str) -> VisitPage:
        """Return the page of the patient that was granted; raises RefusedError."""
        granted = self.launches.finish(browser, state, code)
        known, today = knowledge(), self.today()
        found = fetched(granted, self.launches.outgoing, known, today)
        facts = found.person.facts
        page = doctor_of(assess(facts, questions=0), facts, [], known, today)
        return visit_page(
            page,
            name=found.name,
            born=found.born,
            lacked=found.person.lacked,
            has_cramps=found.person.has_cramps,
        )

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that speaks the browser's language, whose errors are pages."""

        async def guarded(request: Request) -> Response:
            with speaking(language_for(request)):
                try:
                    self.limit.take(request.client.host if request.client else "")
                    return await endpoint(request)
                except RefusedError as error:
                    said = sentence(error.message)
                    response = _said(_("This cannot be opened"), said, error.hint, error.status)
                    if error.wait:
                        response.headers["retry-after"] = str(error.wait)
                    return response
                except (asyncio.CancelledError, GeneratorExit):
                    raise
                except Exception as error:
                    log.error("a %s in a launch", type(error).__name__)
                    return _said(_("Something went wrong here"), "", status=500)

        return guarded

    def _cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(self._called(name), "")[:200]

    def _set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Set a cookie that only this site reads; inside frames of other sites where allowed."""
        parts = [f"{self._called(name)}={value}", "Path=/", f"Max-Age={seconds}", "HttpOnly"]
        parts += ["Secure"] if self.secure else []
        parts += ["SameSite=None", "Partitioned"] if self.framed else ["SameSite=Lax"]
        response.headers.append("set-cookie", "; ".join(parts))

    def _called(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def _one(request: Request, name: str) -> str:
    """Return a value of the address that stands there once; raises RefusedError."""
    found = request.query_params.getlist(name)
    if len(found) > 1 or len("".join(found)) > LONGEST:
        raise RefusedError(400, _("the address is not one of a launch"))
    return found[0] if found else ""


def _said(title: str, detail: str, hint: str = "", status: int = 200) -> Response:
    page = Message(title=title, detail=detail, hint=hint)
    text = render("smart_message.html", page, Frame(nobody=True))
    return Response(text, status, media_type="text/html")
