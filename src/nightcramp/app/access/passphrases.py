"""Passphrases: kept as Argon2id, long rather than odd, checked as slowly for whoever is nobody."""

from __future__ import annotations

import functools
import threading
import unicodedata
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from nightcramp.app.access.database import access, now, passkey, passphrase, session
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 1000
_AT_ONCE = threading.BoundedSemaphore(2)
"""A check takes 64 MiB, so that many at once are as many as are let."""


def has_passphrase(person: str) -> bool:
    """Return whether a person, by their key, has set a passphrase."""
    return person in people_with_passphrase()


def people_with_passphrase() -> frozenset[str]:
    """Return the keys of all people who have set a passphrase."""
    with access() as connection:
        return frozenset(connection.scalars(select(passphrase.c.person)))


def set_passphrase(person: str, words: str) -> None:
    """Set or change the passphrase of a person; every session of theirs ends.

    Raises InputError for one that is too short.
    """
    words = plain(words)
    if len(words) < SHORTEST:
        raise InputError(
            _("a passphrase has at least {count} characters").format(count=SHORTEST),
            hint=_("Four or five words that do not belong together are easy to keep in mind."),
        )
    if len(words) > LONGEST:
        raise InputError(_("a passphrase has at most {count} characters").format(count=LONGEST))
    with _AT_ONCE:
        made = hasher().hash(words)
    with access(writing=True) as connection:
        connection.execute(delete(session).where(session.c.person == person, session.c.link == ""))
        _keep(connection, person, made)


def remove_passphrase(person: str) -> None:
    """Remove the passphrase of a person, with their passkeys and sessions."""
    with access(writing=True) as connection:
        for table in (passphrase, passkey, session):
            connection.execute(delete(table).where(table.c.person == person))


def is_passphrase(person: str, words: str) -> bool:
    """Return whether this is the passphrase of a person; "" is nobody, and takes as long.

    What was kept with older parameters is kept anew.
    """
    with access() as connection:
        asked = select(passphrase.c.hash).where(passphrase.c.person == person)
        kept = connection.scalar(asked) if person else None
    words = plain(words)
    if not _fits(kept or _nobodys(), words) or kept is None:
        return False
    if hasher().check_needs_rehash(kept):
        with _AT_ONCE:
            made = hasher().hash(words)
        with access(writing=True) as connection:
            _keep(connection, person, made)
    return True


def plain(words: str) -> str:
    """Return a passphrase as it is compared: the same however a keyboard composes it."""
    return unicodedata.normalize("NFC", words.strip())


@functools.lru_cache(maxsize=1)
def hasher() -> PasswordHasher:
    """Return what makes and checks hashes, with the parameters of its library (RFC 9106)."""
    from argon2 import PasswordHasher

    return PasswordHasher()


def _fits(kept: str, words: str) -> bool:
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        with _AT_ONCE:
            return hasher().verify(kept, words[: LONGEST + 1])
    except (Argon2Error, InvalidHashError):
        return False


@functools.lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return the hash that is checked where a person is not known."""
    import secrets

    return hasher().hash(secrets.token_urlsafe(32))


def _keep(connection: Connection, person: str, made: str) -> None:
    values = {"hash": made, "at": now()}
    statement = insert(passphrase).values(person=person, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))
