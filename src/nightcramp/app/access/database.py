"""The file that says who may see what: `app.db` in the person's data folder, its owner's only.

It lies beside the store and never holds a health fact. Where it is damaged nobody is let in.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    text,
)

from nightcramp.store.place import damaged, guarded, home
from nightcramp.store.sqlite import SqlitePlace
from nightcramp.store.trouble import StoreError

SHAPE = 1
"""The user_version of the tables below."""
DAY = 86_400
metadata = MetaData()


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


passphrase = Table("passphrase", metadata, _text("person", key=True), _text("hash"), _number("at"))
passkey = Table(
    "passkey",
    metadata,
    _text("id", key=True),
    _text("person"),
    _text("label"),
    Column("public_key", LargeBinary, nullable=False),
    _number("sign_count"),
    _number("made_at"),
    _number("used_at"),
    Index("passkey_person", "person"),
)
session = Table(
    "session",
    metadata,
    _text("hash", key=True),
    _text("person"),
    _text("link"),
    _number("made_at"),
    _number("used_at"),
    _number("ends_at"),
    Index("session_person", "person"),
)
link = Table(
    "link",
    metadata,
    _text("id", key=True),
    _text("hash"),
    _text("person"),
    _text("label"),
    _number("made_at"),
    _number("ends_at"),
    _number("uses"),
    _number("used_at"),
    Index("link_person", "person"),
    Index("link_hash", "hash", unique=True),
)
feed = Table(
    "feed",
    metadata,
    _text("person", key=True),
    _text("hash"),
    _number("made_at"),
    Index("feed_hash", "hash", unique=True),
)
preference = Table(
    "preference", metadata, _text("person", key=True), _text("language"), _text("zone"),
    _text("units"),
)  # fmt: skip


_around: ContextVar[Connection | None] = ContextVar("around", default=None)

reminder = Table(
    "reminder",
    metadata,
    _text("person", key=True),
    _text("evening"),
    _text("morning"),
    _text("addresses"),
    _text("evening_sent"),
    _text("morning_sent"),
    _text("fault"),
)


@dataclass(frozen=True)
class AccessPlace(SqlitePlace):
    """Where `app.db` lies."""

    name: str = "app.db"

    def way_back(self) -> str:
        """Return what can be done about a damaged file, in words."""
        return (
            "The diary itself is untouched. Move this file away to start anew: passphrases, "
            "passkeys, links and preferences are then set again."
        )


@contextmanager
def access(*, writing: bool = False) -> Iterator[Connection]:
    """Open `app.db`, in one transaction that is kept whole or not at all; raises StoreError.

    What is read inside another opening belongs to the same transaction.
    """
    around = _around.get()
    if around is not None:
        assert not writing, "write outside of what only reads"
        yield around
        return
    place = AccessPlace(home())
    with guarded(place):
        place.make()
        _keep_private(place)
        with _opened(place, writing=writing) as connection:
            token = _around.set(connection)
            try:
                yield connection
            finally:
                _around.reset(token)


@contextmanager
def _opened(place: AccessPlace, *, writing: bool) -> Iterator[Connection]:
    if not place.file.stat().st_size:
        _make_tables(place)
    with place.engine(locks=writing).connect() as connection, connection.begin():
        _check(connection, place)
        yield connection


def forget(person: str) -> None:
    """Remove everything about one person, by their key."""
    with access(writing=True) as connection:
        for table in metadata.tables.values():
            connection.execute(delete(table).where(table.c.person == person))


def new_token() -> str:
    """Return a secret of 256 bits that can stand in an address."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return what is kept of a secret: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def now() -> int:
    """Return the second it is."""
    return int(time.time())


def _check(connection: Connection, place: AccessPlace) -> None:
    shape = connection.scalar(text("PRAGMA user_version"))
    if shape > SHAPE:
        raise StoreError(
            "it was written by a newer nightcramp, and is left as it is",
            where=place.shown,
            hint="Install that version or a newer one.",
        )
    found = connection.scalar(text("PRAGMA quick_check(1)"))
    if shape != SHAPE or found != "ok":
        raise damaged(place, "it holds something else" if found == "ok" else str(found)[:200])


def _make_tables(place: AccessPlace) -> None:
    with place.engine().connect() as connection, connection.begin():
        if not connection.scalar(text("SELECT count(*) FROM sqlite_master")):
            metadata.create_all(connection)
            connection.execute(text(f"PRAGMA user_version = {SHAPE}"))


def _keep_private(place: AccessPlace) -> None:
    with contextlib.suppress(OSError):
        if os.name == "posix" and place.file.stat().st_mode & 0o077:
            place.file.chmod(0o600)
