"""Opens the store: one person's, in one transaction that is kept whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from nightcramp.errors import UnknownIdError
from nightcramp.language import gettext as _
from nightcramp.store.journal import Journal
from nightcramp.store.place import Place, current_place, guarded, home
from nightcramp.store.reading import people_in
from nightcramp.store.records import PersonRecord, Record
from nightcramp.store.trouble import DamagedError, StoreError
from nightcramp.store.upgrade import is_current
from nightcramp.store.writing import write

__all__ = ["ME", "Store", "StoreError", "home", "opened"]

ME = "me"
VARIABLE = "NIGHTCRAMP_PERSON"


@dataclass(frozen=True)
class Store:
    """An open store and the person in it whose turn it is."""

    connection: Connection
    person: int
    who: PersonRecord
    journal: Journal

    def keep(self, records: Sequence[Record]) -> None:
        """Write records; they are acknowledged when the store was closed without an error."""
        self.journal.begin(self.connection)
        write(self.connection, records)
        self.journal.changes += records


@contextmanager
def opened(person: str | None = None, *, everyone: bool = False) -> Iterator[Store]:
    """Open the store of a person; commits at the end, or leaves everything as it was.

    None is the person NIGHTCRAMP_PERSON names, else "me", else the only one. Other writers of
    this person wait until the end, so close it before computing. `everyone` lets the writers of
    all people wait. Raises StoreError, and UnknownIdError for somebody who is not there.
    """
    place = current_place()
    with guarded(place), place.turn(), _connected(place) as connection:
        with connection.begin():
            place.check(connection)
            number, who = _whose(connection, person, everyone)
            store = Store(connection, number, who, Journal(place, who))
            yield store
            store.journal.write(connection)
        store.journal.settle(connection)


@contextmanager
def _connected(place: Place) -> Iterator[Connection]:
    place.make()
    with place.engine().connect() as connection:
        if not is_current(connection):
            place.upgrade()
        yield connection


def _whose(connection: Connection, name: str | None, everyone: bool) -> tuple[int, PersonRecord]:
    """Return the person meant, kept from other writers until the end."""
    people = people_in(connection, hold=everyone)
    number = _meant(people, name or os.environ.get(VARIABLE, ""), everyone)
    if not everyone:
        people = people_in(connection, hold=True, only=number)
    if number not in people:
        raise UnknownIdError(_("this person was removed meanwhile"))
    return number, people[number]


def _meant(people: dict[int, PersonRecord], name: str, everyone: bool) -> int:
    numbers = {record.name: number for number, record in people.items()}
    if not numbers:
        raise DamagedError(_("nobody is in it"))
    if name in numbers or (not name and ME in numbers):
        return numbers[name or ME]
    if everyone or (not name and len(people) == 1):
        return next(iter(people))
    raise UnknownIdError(
        _("nobody here is called {name!r}").format(name=name or ME),
        hint=_(
            "Here are: {names}. `--person NAME` says who is meant, "
            "`nightcramp people add NAME` adds somebody."
        ).format(names=", ".join(sorted(numbers))),
    )
