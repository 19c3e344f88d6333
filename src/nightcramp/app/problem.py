"""The one shape of errors: problem details (RFC 9457), in words a person can use."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from nightcramp.errors import InputError, KnowledgeError, NightcrampError, UnknownIdError
from nightcramp.language import gettext as _
from nightcramp.store.trouble import StoreError


class Problem(Struct, frozen=True, kw_only=True):
    """What went wrong, where, and what to do about it."""

    status: int
    title: str
    detail: str = ""
    where: str = ""
    hint: str = ""


class RefusedError(NightcrampError):
    """A request that is not answered; `status` is the HTTP status."""

    def __init__(self, status: int, message: str, *, hint: str = "", wait: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.wait = wait


def problem_of(error: NightcrampError) -> Problem:
    """Return the problem that an error for people is."""
    status = _status(error)
    if isinstance(error, KnowledgeError):
        return problem_with(status)
    return Problem(
        status=status,
        title=_title(status),
        detail=sentence(error.message),
        where=error.where,
        hint=error.hint,
    )


def problem_with(status: int) -> Problem:
    """Return the problem of an HTTP status."""
    return Problem(status=status, title=_title(status))


def sentence(text: str) -> str:
    """Return a message as a sentence."""
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "?", ":")) else f"{text}."


def _status(error: NightcrampError) -> int:
    if isinstance(error, RefusedError):
        return error.status
    if isinstance(error, UnknownIdError):
        return 404
    if isinstance(error, InputError):
        return 422
    return 503 if isinstance(error, StoreError) else 500


def _title(status: int) -> str:
    words = {
        401: _("Sign in first"),
        403: _("This is not for you to see"),
        404: _("There is nothing here"),
        405: _("That cannot be done here"),
        408: _("That took too long"),
        413: _("That is too much"),
        421: _("The server is not called this"),
        422: _("That cannot be used as it is"),
        429: _("Too many tries"),
        500: _("Something went wrong here"),
        503: _("The diary cannot be opened"),
    }
    return words.get(status) or HTTPStatus(status).phrase
