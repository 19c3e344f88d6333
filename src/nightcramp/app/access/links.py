"""Links for a clinician: they show the pages for readers for some days, and change nothing."""

from __future__ import annotations

import datetime as dt
import secrets

from msgspec import Struct
from sqlalchemy import delete, insert, select, update

from nightcramp.app.access.database import (
    DAY,
    access,
    hash_of,
    link,
    new_token,
    now,
    session,
)
from nightcramp.app.access.sessions import moment, new_session
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.language import gettext as _

MOST = 50
"""How many links one person can have."""
LONGEST = 30
"""Days."""


class Link(Struct, frozen=True, kw_only=True):
    """One link: for whom, until when, and how often it was opened."""

    id: str
    label: str
    made_at: dt.datetime
    ends_at: dt.datetime
    uses: int
    used_at: dt.datetime | None


def make_link(person: str, label: str, days: int) -> str:
    """Make a link to a person's pages for readers; return its token, which is not kept."""
    if not 1 <= days <= LONGEST:
        raise InputError(_("a link lasts up to {count} days").format(count=LONGEST))
    if len(links_of(person)) >= MOST:
        raise InputError(_("there are too many links"), hint=_("End one of them first."))
    token, at = new_token(), now()
    values = {"person": person, "label": label, "made_at": at, "ends_at": at + days * DAY}
    with access(writing=True) as connection:
        connection.execute(
            insert(link).values(
                id=secrets.token_hex(8), hash=hash_of(token), uses=0, used_at=0, **values
            )
        )
    return token


def links_of(person: str) -> list[Link]:
    """Return the links of a person that still work, the newest first."""
    with access(writing=True) as connection:
        connection.execute(delete(link).where(link.c.ends_at <= now()))
        mine = select(link).where(link.c.person == person).order_by(link.c.made_at.desc())
        return [
            Link(
                id=row.id,
                label=row.label,
                made_at=moment(row.made_at),
                ends_at=moment(row.ends_at),
                uses=row.uses,
                used_at=moment(row.used_at) if row.used_at else None,
            )
            for row in connection.execute(mine)
        ]


def open_link(token: str) -> str:
    """Count an opening of the link; return the token of a session for reading.

    Raises UnknownIdError for a link that is over, taken back, or never was.
    """
    at = now()
    with access(writing=True) as connection:
        mine = select(link).where(link.c.hash == hash_of(token), link.c.ends_at > at)
        row = connection.execute(mine).first()
        if row is None:
            raise UnknownIdError(
                _("this link is over, or was taken back"), hint=_("Ask for a new one.")
            )
        opened = update(link).where(link.c.id == row.id)
        connection.execute(opened.values(uses=link.c.uses + 1, used_at=at))
    return new_session(row.person, link=row.id, ends_at=row.ends_at)


def end_link(person: str, identifier: str) -> None:
    """Take a link of this person back, and end what was opened with it."""
    with access(writing=True) as connection:
        mine = delete(link).where(link.c.person == person, link.c.id == identifier)
        if not connection.execute(mine).rowcount:
            raise UnknownIdError(_("there is no such link"))
        connection.execute(delete(session).where(session.c.link == identifier))
