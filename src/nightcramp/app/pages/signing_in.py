"""Signing in and out: by passphrase, by passkey, or by choosing an open diary on this machine."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from nightcramp.app.access import passkeys
from nightcramp.app.access.entering import choose, enter, leave, limited, sign_in
from nightcramp.app.access.passphrases import people_with_passphrase
from nightcramp.app.access.people import people_here
from nightcramp.app.asked import Asked
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.language import gettext as _


class OpenDiary(Struct, frozen=True, kw_only=True):
    """A diary that opens without a passphrase on this machine."""

    person: str
    name: str


class SignInPage(Struct, frozen=True, kw_only=True):
    """Who can sign in here; whose diaries there are is told on this machine alone."""

    signed_in_as: str
    local: bool
    names: list[str]
    """The people with a passphrase, on this machine alone."""
    open_diaries: list[OpenDiary]
    passkeys: bool


class PasskeyPage(Struct, frozen=True, kw_only=True):
    """What a browser needs to sign in with a passkey, as JSON; "" where that is not possible."""

    options: str


class SignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and a passphrase."""

    name: Annotated[str, Meta(max_length=200)] = ""
    passphrase: Annotated[str, Meta(max_length=1100)] = ""


class Signed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a passkey signed, as the browser gives it, in JSON."""

    credential: Annotated[str, Meta(max_length=20_000)]


class Chosen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose diary is to be shown, by the key of the person."""

    person: Annotated[str, Meta(max_length=100)]


def sign_in_page(asked: Asked) -> SignInPage:
    """Return the page for signing in."""
    door, people, guarded = asked.door, {}, frozenset[str]()
    if door.local:
        people, guarded = people_here(), people_with_passphrase()
    viewer = asked.viewer
    is_signed_in = viewer.role == "owner" and not viewer.example and door.session is not None
    return SignInPage(
        signed_in_as=viewer.name if is_signed_in else "",
        local=door.local,
        names=[name for key, name in people.items() if key in guarded],
        open_diaries=[
            OpenDiary(person=key, name=name) for key, name in people.items() if key not in guarded
        ],
        passkeys=passkeys.are_installed() and passkeys.are_possible(door),
    )


def passkey_page(asked: Asked) -> PasskeyPage:
    """Return the page on which a passkey signs in."""
    offered = passkeys.are_installed() and passkeys.are_possible(asked.door)
    return PasskeyPage(options=passkeys.asked_to_sign_in(asked.door) if offered else "")


def sign_in_with_passphrase(asked: Asked, form: SignIn) -> Done:
    """Sign in by name and passphrase."""
    sign_in(asked.door, form.name, form.passphrase)
    return Done(goto="/")


def sign_in_with_passkey(asked: Asked, form: Signed) -> Done:
    """Sign in with what a passkey signed."""
    counted = limited(asked.door)
    person = passkeys.person_signing_in(asked.door, form.credential)
    if person not in people_here():
        raise RefusedError(403, _("this person was removed meanwhile"))
    asked.door.limits.succeed(counted)
    enter(asked.door, person)
    return Done(goto="/")


def choose_diary(asked: Asked, form: Chosen) -> Done:
    """Show an open diary of this machine from now on."""
    choose(asked, form.person)
    return Done(goto="/")


def sign_out(asked: Asked, form: Nothing) -> Done:
    """End the session of this browser."""
    leave(asked.door)
    return Done(goto="/sign-in", said=_("You are signed out."))


ROUTES: tuple[Route, ...] = (
    View("/sign-in", sign_in_page, "sign_in.html", "Who can sign in here.", public=True),
    View(
        "/sign-in/passkey",
        passkey_page,
        "sign_in_passkey.html",
        "What a browser needs to sign in with a passkey.",
        public=True,
    ),
    Act(
        "/sign-in",
        sign_in_with_passphrase,
        SignIn,
        "Sign in by name and passphrase; the session is a cookie.",
        again="/sign-in",
        public=True,
    ),
    Act(
        "/sign-in/passkey",
        sign_in_with_passkey,
        Signed,
        "Sign in with a passkey; the session is a cookie.",
        again="/sign-in/passkey",
        public=True,
    ),
    Act(
        "/sign-in/choose",
        choose_diary,
        Chosen,
        "Show an open diary of this machine from now on.",
        again="/sign-in",
        public=True,
    ),
    Act("/sign-out", sign_out, Nothing, "End the session of this browser.", public=True),
)
