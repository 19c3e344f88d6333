"""The secret in the address of a person's calendar feed; only its hash is kept."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from nightcramp.app.access.database import access, feed, hash_of, new_token, now
from nightcramp.app.access.passphrases import has_passphrase
from nightcramp.app.access.sessions import moment


def make_feed(person: str) -> str:
    """Make the secret of a person's feed, in place of the one before; it is shown only now."""
    token = new_token()
    values = {"hash": hash_of(token), "made_at": now()}
    with access(writing=True) as connection:
        statement = insert(feed).values(person=person, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))
    return token


def feed_made_at(person: str) -> dt.datetime | None:
    """Return when the secret of a person's feed was made; None where there is none."""
    with access() as connection:
        at = connection.scalar(select(feed.c.made_at).where(feed.c.person == person))
    return moment(at) if at else None


def person_of_feed(token: str, *, local: bool = True) -> str | None:
    """Return the key of the person whose feed a secret opens.

    Where not only this machine can ask, that is only somebody with a passphrase.
    """
    asked = select(feed.c.person).where(feed.c.hash == hash_of(token))
    with access() as connection:
        person = connection.scalar(asked)
    return person if person and (local or has_passphrase(person)) else None


def end_feed(person: str) -> None:
    """End a person's feed: its address opens nothing any more."""
    with access(writing=True) as connection:
        connection.execute(delete(feed).where(feed.c.person == person))
