"""The people whose diaries are in one store."""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid

from msgspec import Struct
from sqlalchemy import delete, select

from nightcramp.errors import InputError, UnknownIdError
from nightcramp.language import gettext as _
from nightcramp.store import tables
from nightcramp.store.consistency import fault_of_name
from nightcramp.store.database import ME, Store
from nightcramp.store.reading import people_in
from nightcramp.store.records import PersonRecord
from nightcramp.store.writing import write


class Person(Struct, frozen=True, kw_only=True):
    """Somebody in the store, and how much of theirs is there."""

    name: str
    entries: int
    imports: int


def list_people(store: Store) -> list[Person]:
    """Return everybody, oldest first."""
    people = tables.person.c
    asked = select(people.name, people.entries, people.imports).order_by(people.id)
    return [
        Person(name=row.name, entries=row.entries, imports=row.imports)
        for row in store.connection.execute(asked)
    ]


def add_person(store: Store, name: str) -> None:
    """Add somebody; raises InputError for a name that is taken or cannot be one."""
    store.keep([_new_person(_free_name(store, name))])


def rename_person(store: Store, name: str, new: str) -> None:
    """Give somebody another name; all of theirs stays theirs."""
    number = _number_of(store, name)
    record = people_in(store.connection)[number]
    renamed = PersonRecord(key=record.key, name=_free_name(store, new), made_at=record.made_at)
    store.keep([renamed])


def remove_person(store: Store, name: str) -> None:
    """Remove somebody with everything of theirs, from the journal and the backups too.

    All writers wait until the end. Where nobody is left, an empty "me" takes the place.
    """
    people_in(store.connection, hold=True)
    number = _number_of(store, name)
    store.connection.execute(delete(tables.person).where(tables.person.c.id == number))
    if not people_in(store.connection):
        write(store.connection, [_new_person(ME)])
    store.journal.forget()


def _number_of(store: Store, name: str) -> int:
    people = {record.name: number for number, record in people_in(store.connection).items()}
    if name not in people:
        raise UnknownIdError(
            _("nobody here is called {name!r}").format(name=name),
            hint=_("Here are: {names}.").format(names=", ".join(sorted(people))),
        )
    return people[name]


def _free_name(store: Store, name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    taken = {record.name for record in people_in(store.connection).values()}
    if fault := fault_of_name(name):
        refused = _("{name!r} cannot be a name: {fault}")
        raise InputError(refused.format(name=name[:60], fault=fault))
    if name in taken:
        raise InputError(_("somebody here is called {name!r} already").format(name=name))
    return name


def _new_person(name: str) -> PersonRecord:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return PersonRecord(key=uuid.uuid4().hex, name=name, made_at=now)
