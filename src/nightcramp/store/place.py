"""Where the store lies: a SQLite file in the user's data folder, or a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from sqlalchemy import Connection, Engine

from nightcramp.language import gettext as _
from nightcramp.store.trouble import DATABASE_ERRORS, DamagedError, StoreError

if TYPE_CHECKING:
    from nightcramp.store.journal_files import JournalFiles

VARIABLE = "NIGHTCRAMP_DATABASE"


class Place(Protocol):
    """A database that holds a store, and the folder of its backups."""

    @property
    def shown(self) -> str:
        """Its name for people, without a password."""

    @property
    def backups(self) -> Path:
        """The folder of its backups."""

    @property
    def files(self) -> JournalFiles | None:
        """The files of its journal; None where the database keeps a journal of its own."""

    def engine(self, *, locks: bool = True) -> Engine:
        """Return what connects; where it can, a transaction begins with the lock of a writer."""

    def exists(self) -> bool:
        """Return whether there is something to connect to."""

    def make(self) -> None:
        """Make what a connection needs, if there never was a store; raises StoreError."""

    def upgrade(self) -> None:
        """Bring the store to the newest migration; raises StoreError."""

    def turn(self) -> AbstractContextManager[None]:
        """Let threads of this process write one after the other, where writers wait badly."""

    def check(self, connection: Connection) -> None:
        """Raise DamagedError if the database is not what was written, as far as is seen at once."""

    def revision(self, connection: Connection) -> str | None:
        """Return the migration the store is at, None for no store; raises StoreError."""

    def trouble(self, error: BaseException) -> StoreError:
        """Return an error of the database for people."""

    def way_back(self) -> str:
        """Return what can be restored and how, in words."""

    def beside(self) -> Self:
        """Return an empty place in which a store can be built before it takes this place."""

    def discard(self) -> None:
        """Remove what was built beside."""

    def held(self) -> AbstractContextManager[None]:
        """Keep all writers out for a while."""

    def replaced_by(self, other: Self, stamp: str) -> str:
        """Put another store in this place; return where the one before is now, "" for none."""

    def moved_aside(self) -> list[str]:
        """Return what still holds the stores of before, in words."""


def home() -> Path:
    """Return the folder of the person's data: NIGHTCRAMP_HOME, else the user's data folder."""
    given = os.environ.get("NIGHTCRAMP_HOME")
    if given:
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("nightcramp", appauthor=False)


_placed: ContextVar[Place | None] = ContextVar("placed", default=None)


@contextmanager
def placed_at(place: Place) -> Iterator[None]:
    """Let every store opened in between be the one at this place."""
    token = _placed.set(place)
    try:
        yield
    finally:
        _placed.reset(token)


def current_place() -> Place:
    """Return the place of `placed_at`, else what NIGHTCRAMP_DATABASE names, else `home()`'s."""
    if placed := _placed.get():
        return placed
    address = os.environ.get(VARIABLE, "").strip()
    if address:
        from nightcramp.store.postgresql import PostgresPlace

        return PostgresPlace.at(address, home())
    from nightcramp.store.sqlite import SqlitePlace

    return SqlitePlace(home())


@contextmanager
def guarded(place: Place) -> Iterator[None]:
    """Turn errors of the database into errors for people that say what can be done."""
    try:
        yield
    except DamagedError as error:
        raise error if error.where else damaged(place, error.message) from None
    except DATABASE_ERRORS as error:
        raise trouble_of(place, error) from None


def trouble_of(place: Place, error: BaseException) -> StoreError:
    """Return an error that the database raised for people."""
    return place.trouble(getattr(error, "orig", None) or error)


def damaged(place: Place, what: str) -> DamagedError:
    """Return the error for a damaged store, with the way back."""
    return DamagedError(
        _("the database is damaged: {what}").format(what=what),
        where=place.shown,
        hint=place.way_back(),
    )
