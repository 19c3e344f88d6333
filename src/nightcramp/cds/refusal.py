"""Why a call is not answered: one shape of error for programs (RFC 9457), without health data."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from nightcramp.app.problem import Problem, RefusedError, sentence

PROBLEM = "application/problem+json"


def problem_of(error: RefusedError) -> Problem:
    """Return the problem that an error is."""
    title = HTTPStatus(error.status).phrase
    detail = sentence(error.message)
    return Problem(status=error.status, title=title, detail=detail, hint=error.hint)


def refused(status: int, detail: str = "", *, hint: str = "", wait: int = 0) -> Response:
    """Return the answer that refuses a call."""
    return answer_to(RefusedError(status, detail, hint=hint, wait=wait))


def answer_to(error: RefusedError) -> Response:
    """Return an error as an answer."""
    problem = problem_of(error)
    response = Response(msgspec.json.encode(problem), problem.status, media_type=PROBLEM)
    if problem.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if error.wait:
        response.headers["retry-after"] = str(error.wait)
    return response
