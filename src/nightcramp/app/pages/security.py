"""Passphrase, passkeys and sessions of one person."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from nightcramp.app.access import passkeys
from nightcramp.app.access.entering import check_passphrase, enter, leave
from nightcramp.app.access.passphrases import (
    SHORTEST,
    has_passphrase,
    plain,
    remove_passphrase,
    set_passphrase,
)
from nightcramp.app.access.sessions import end_sessions, sessions_of
from nightcramp.app.asked import Asked
from nightcramp.app.problem import RefusedError
from nightcramp.app.routes import Act, Done, Nothing, Route, View
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

Words = Annotated[str, Meta(max_length=1100)]
Offered = Literal["ready", "passphrase first", "not installed", "other address"]
PAGE = "/settings/security"


class PasskeyLine(Struct, frozen=True, kw_only=True):
    """One passkey, by the name its owner gave it."""

    id: str
    label: str
    made_on: dt.date
    used_on: dt.date | None


class SessionLine(Struct, frozen=True, kw_only=True):
    """One browser that is signed in."""

    began_on: dt.date
    used_on: dt.date
    is_this: bool


class SecurityPage(Struct, frozen=True, kw_only=True):
    """How a diary is kept from others, and what can be changed about it."""

    name: str
    has_passphrase: bool
    may_remove: bool
    """Whether the passphrase may be taken away: only where this machine alone can ask."""
    shortest: int
    passkeys: list[PasskeyLine]
    passkeys_here: Offered
    passkey_options: str
    """What a browser needs to make a passkey, as JSON; "" where it cannot."""
    sessions: list[SessionLine]


class NewPassphrase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The passphrase there is, if any, and the one to come, twice."""

    current: Words = ""
    new: Words = ""
    again: Words = ""


class CurrentPassphrase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The passphrase there is."""

    current: Words = ""


class NewPasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a browser made, in JSON, and what to call it."""

    label: Annotated[str, Meta(max_length=60)] = ""
    credential: Annotated[str, Meta(max_length=20_000)]


class OnePasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which passkey is meant."""

    id: Annotated[str, Meta(max_length=2000)]


def security_page(asked: Asked) -> SecurityPage:
    """Return how the diary is kept from others."""
    refuse_example(asked)
    door, person = asked.door, asked.viewer.key
    offered = _offered(asked)
    ready = offered == "ready"
    zone = asked.clock.zone
    return SecurityPage(
        name=asked.viewer.name,
        has_passphrase=has_passphrase(person),
        may_remove=door.local,
        shortest=SHORTEST,
        passkeys=[
            PasskeyLine(
                id=one.id,
                label=one.label,
                made_on=one.made_at.astimezone(zone).date(),
                used_on=one.used_at.astimezone(zone).date() if one.used_at else None,
            )
            for one in passkeys.passkeys_of(person)
        ],
        passkeys_here=offered,
        passkey_options=passkeys.asked_to_register(door, person, asked.viewer.name)
        if ready
        else "",
        sessions=[
            SessionLine(
                began_on=one.made_at.astimezone(zone).date(),
                used_on=one.used_at.astimezone(zone).date(),
                is_this=door.session is not None and one.hash == door.session.hash,
            )
            for one in sessions_of(person)
        ],
    )


def change_passphrase(asked: Asked, form: NewPassphrase) -> Done:
    """Set or change the passphrase; every other browser is signed out."""
    refuse_example(asked)
    person = asked.viewer.key
    if has_passphrase(person):
        check_passphrase(asked.door, person, form.current)
    if plain(form.new) != plain(form.again):
        raise InputError(_("the two new passphrases differ"), hint=_("Type them once more."))
    set_passphrase(person, form.new)
    enter(asked.door, person)
    return Done(goto=PAGE, said=_("The passphrase is set. Every other browser is signed out."))


def take_passphrase_away(asked: Asked, form: CurrentPassphrase) -> Done:
    """Remove the passphrase with all passkeys and sessions; only on this machine."""
    refuse_example(asked)
    if not asked.door.local:
        raise RefusedError(403, _("where others can ask, a passphrase is needed"))
    check_passphrase(asked.door, asked.viewer.key, form.current)
    remove_passphrase(asked.viewer.key)
    leave(asked.door)
    return Done(goto="/", said=_("The passphrase is gone. This diary is open on this machine."))


def add_passkey(asked: Asked, form: NewPasskey) -> Done:
    """Keep the passkey a browser made."""
    refuse_example(asked)
    if not has_passphrase(asked.viewer.key):
        raise InputError(_("set a passphrase first"))
    label = form.label.strip() or _("Passkey")
    passkeys.register(asked.door, asked.viewer.key, label, form.credential)
    return Done(goto=PAGE, said=_("The passkey is kept. You can sign in with it."))


def take_passkey_away(asked: Asked, form: OnePasskey) -> Done:
    """Remove a passkey."""
    refuse_example(asked)
    passkeys.remove_passkey(asked.viewer.key, form.id)
    return Done(goto=PAGE, said=_("The passkey is removed."))


def sign_out_everywhere(asked: Asked, form: Nothing) -> Done:
    """End every session of the person, this one too."""
    refuse_example(asked)
    end_sessions(asked.viewer.key)
    leave(asked.door)
    return Done(goto="/sign-in", said=_("You are signed out everywhere."))


def refuse_example(asked: Asked) -> None:
    """Raise RefusedError in the example, which has nothing to keep from anybody."""
    if asked.viewer.example:
        raise RefusedError(
            403, _("the example has no passphrase and no links"), hint=_("Leave the example first.")
        )


def _offered(asked: Asked) -> Offered:
    if not passkeys.are_installed():
        return "not installed"
    if not passkeys.are_possible(asked.door):
        return "other address"
    return "ready" if has_passphrase(asked.viewer.key) else "passphrase first"


ROUTES: tuple[Route, ...] = (
    View(PAGE, security_page, "security.html", "How this diary is kept from others."),
    Act(
        f"{PAGE}/passphrase",
        change_passphrase,
        NewPassphrase,
        "Set or change the passphrase.",
        again=PAGE,
    ),
    Act(
        f"{PAGE}/passphrase/remove",
        take_passphrase_away,
        CurrentPassphrase,
        "Remove the passphrase, passkeys and sessions; only on this machine.",
        again=PAGE,
    ),
    Act(f"{PAGE}/passkeys", add_passkey, NewPasskey, "Keep a new passkey.", again=PAGE),
    Act(f"{PAGE}/passkeys/remove", take_passkey_away, OnePasskey, "Remove a passkey.", again=PAGE),
    Act(f"{PAGE}/sign-out", sign_out_everywhere, Nothing, "End every session of yours."),
)
