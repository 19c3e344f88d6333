"""Signing in and out, choosing a diary, the example: what becomes of the cookies of a browser."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nightcramp.app.access.cookies import EXAMPLE, PASSKEY, PERSON, READER, SESSION
from nightcramp.app.access.database import DAY
from nightcramp.app.access.door import Door
from nightcramp.app.access.passphrases import is_passphrase, people_with_passphrase, plain
from nightcramp.app.access.people import people_here
from nightcramp.app.access.sessions import LONGEST, end_session, new_session
from nightcramp.app.problem import RefusedError
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    from nightcramp.app.asked import Asked

CHOSEN_SECONDS = 400 * DAY


def sign_in(door: Door, name: str, words: str) -> str:
    """Sign in whoever is called this, by passphrase; return their key.

    Raises InputError for a name or passphrase that is wrong, and does not say which of the two;
    RefusedError where it was tried too often.
    """
    person = _called(name)
    wrong = _("the name and the passphrase do not go together")
    check_passphrase(door, person, words, named=plain(name), wrong=wrong)
    enter(door, person)
    return person


def check_passphrase(
    door: Door, person: str, words: str, *, named: str = "", wrong: str = ""
) -> None:
    """Raise unless this is the passphrase of a person; tries are limited by person and address."""
    counted = limited(door, person or named.casefold())
    if not is_passphrase(person, words):
        raise InputError(
            wrong or _("this is not your passphrase"),
            hint=_("Capital letters and spaces between words count."),
        )
    door.limits.succeed(counted)


def limited(door: Door, whom: str = "") -> list[str]:
    """Count a try to get in; raises RefusedError where there were too many. Returns its names."""
    counted = [f"address {door.network}"]
    counted += [f"person {hashlib.sha256(whom.encode('utf-8', 'replace')).hexdigest()}"] * bool(
        whom
    )
    if wait := door.limits.begin(counted):
        raise RefusedError(
            429,
            _("that was tried too often; wait {count} seconds").format(count=wait),
            wait=wait,
        )
    return counted


def enter(door: Door, person: str) -> None:
    """Begin a new session for a person in this browser, in place of whatever was there."""
    if door.session is not None:
        end_session(door.session.hash)
    if door.reader is not None:
        end_session(door.reader.hash)
    door.set(SESSION, new_session(person), LONGEST)
    door.set(PERSON, person, CHOSEN_SECONDS)
    door.clear(READER, EXAMPLE, PASSKEY)


def leave(door: Door) -> None:
    """End the sessions of this browser."""
    for one in (door.session, door.reader):
        if one is not None:
            end_session(one.hash)
    door.clear(SESSION, READER, PERSON, EXAMPLE, PASSKEY)


def choose(asked: Asked, person: str) -> None:
    """Let this browser show the diary of another person, by their key, from the next page on.

    Only where this machine alone can ask, and only of who has no passphrase or is signed in here.
    """
    door = asked.door
    is_open = door.local and person not in people_with_passphrase()
    signed_in = door.session is not None and door.session.person == person
    if person not in people_here() or not (is_open or signed_in):
        raise RefusedError(
            403, _("this diary is not open here"), hint=_("Sign in with its passphrase.")
        )
    door.set(PERSON, person, CHOSEN_SECONDS)
    door.clear(EXAMPLE)


def show_example(asked: Asked, wanted: bool) -> None:
    """Let this browser show the example from the next page on, or no more."""
    if wanted:
        asked.door.set(EXAMPLE, "1", DAY)
    else:
        asked.door.clear(EXAMPLE)


def _called(name: str) -> str:
    """Return the key of whoever is called this, however it is capitalised; "" for nobody."""
    name = plain(name)
    people = people_here()
    exact = [key for key, one in people.items() if one == name]
    alike = [key for key, one in people.items() if one.casefold() == name.casefold()]
    found = exact or alike
    return found[0] if len(found) == 1 else ""
