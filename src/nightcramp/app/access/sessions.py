"""Sessions: who signed in with this browser; only the hash of each token is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, delete, func, insert, or_, select, update

from nightcramp.app.access.database import DAY, access, hash_of, new_token, now, session

IDLE = 14 * DAY
LONGEST = 90 * DAY
NOTED_EVERY = 3600
"""How exactly the last use is noted, in seconds: not every page writes."""
MOST = 100
"""How many sessions one person can have; the oldest end first."""


class Session(Struct, frozen=True, kw_only=True):
    """A session that lives: whose, and by which link where a clinician opened it."""

    hash: str
    person: str
    link: str
    made_at: dt.datetime
    used_at: dt.datetime
    ends_at: dt.datetime


def new_session(person: str, *, link: str = "", ends_at: int = 0) -> str:
    """Begin a session, by a link where it is named, and return its token, which is not kept."""
    token, at = new_token(), now()
    with access(writing=True) as connection:
        connection.execute(delete(session).where(_is_over(at)))
        mine = session.c.person == person
        last = select(session.c.hash).where(mine).order_by(session.c.used_at.desc())
        kept = last.limit(MOST - 1).scalar_subquery()
        connection.execute(delete(session).where(mine, session.c.hash.not_in(kept)))
        connection.execute(
            insert(session).values(
                hash=hash_of(token),
                person=person,
                link=link,
                made_at=at,
                used_at=at,
                ends_at=min(ends_at or at + LONGEST, at + LONGEST),
            )
        )
    return token


def session_of(token: str) -> Session | None:
    """Return the session a token belongs to, while it lives."""
    if not token:
        return None
    with access() as connection:
        mine = select(session).where(session.c.hash == hash_of(token), ~_is_over(now()))
        row = connection.execute(mine).first()
    return _session(row) if row else None


def note_use(used: Session) -> None:
    """Note that a session was used, so that it does not end for idleness."""
    at = now()
    if at - used.used_at.timestamp() >= NOTED_EVERY:
        with access(writing=True) as connection:
            mine = update(session).where(session.c.hash == used.hash)
            connection.execute(mine.values(used_at=func.max(session.c.used_at, at)))


def sessions_of(person: str) -> list[Session]:
    """Return the sessions in which a person is signed in, the last used first."""
    with access() as connection:
        mine = select(session).where(session.c.person == person, session.c.link == "")
        rows = connection.execute(mine.where(~_is_over(now())).order_by(session.c.used_at.desc()))
        return [_session(row) for row in rows]


def end_session(hash_: str) -> None:
    """End one session, by the hash of its token."""
    with access(writing=True) as connection:
        connection.execute(delete(session).where(session.c.hash == hash_))


def end_sessions(person: str) -> None:
    """End all sessions in which a person is signed in, everywhere."""
    with access(writing=True) as connection:
        mine = delete(session).where(session.c.person == person, session.c.link == "")
        connection.execute(mine)


def moment(at: int) -> dt.datetime:
    """Return a second of the clock as a moment."""
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _is_over(at: int) -> ColumnElement[bool]:
    return or_(session.c.ends_at <= at, session.c.used_at <= at - IDLE)


def _session(row: Row[Any]) -> Session:
    return Session(
        hash=row.hash,
        person=row.person,
        link=row.link,
        made_at=moment(row.made_at),
        used_at=moment(row.used_at),
        ends_at=moment(row.ends_at),
    )
