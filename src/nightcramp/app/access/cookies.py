"""The cookies of the app: for the server's eyes only, sent to nobody else, bound to HTTPS there."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from starlette.responses import Response

SESSION = "nightcramp-session"
READER = "nightcramp-reader"
PERSON = "nightcramp-person"
EXAMPLE = "nightcramp-example"
PASSKEY = "nightcramp-passkey"
SAID = "nightcramp-said"


class Cookie(Struct, frozen=True, kw_only=True):
    """A cookie to set for so many seconds; an empty value takes it away."""

    name: str
    value: str = ""
    seconds: int = 0


def cookie_in(cookies: Mapping[str, str], name: str, *, secure: bool) -> str:
    """Return the value of a cookie that was sent, "" for none."""
    return cookies.get(_called(name, secure), "")


def set_cookie(response: Response, cookie: Cookie, *, secure: bool) -> None:
    """Let an answer set a cookie, or take it away."""
    response.set_cookie(
        _called(cookie.name, secure),
        cookie.value,
        max_age=cookie.seconds if cookie.value else 0,
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def _called(name: str, secure: bool) -> str:
    """Return the name with the prefix that only this very host can set, over HTTPS."""
    return f"__Host-{name}" if secure else name
