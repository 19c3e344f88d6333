"""Brings a store back: from an archive, or from the newest good backup and the journal.

What was there before is never overwritten: it is moved aside, and where to is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import IntegrityError

from nightcramp.errors import InputError
from nightcramp.language import gettext
from nightcramp.store import tables
from nightcramp.store.database import opened
from nightcramp.store.journal import begin_anew, transactions
from nightcramp.store.place import Place, current_place, guarded, trouble_of
from nightcramp.store.reading import everything, is_empty
from nightcramp.store.sources import Source, source_of
from nightcramp.store.trouble import DATABASE_ERRORS, DamagedError, StoreError
from nightcramp.store.upgrade import is_current
from nightcramp.store.writing import count_on, write


class Restored(Struct, frozen=True, kw_only=True):
    """What was brought back, from what, and where the store of before is now."""

    source: str
    people: int
    entries: int
    imports: int
    aside: str
    notes: tuple[str, ...] = ()
    """What could not be brought back, a sentence each."""


def restore(archive: Path | None = None, *, replace: bool = False) -> Restored:
    """Build the store anew and put it in its place; all of it, or everything stays as it is.

    Without an archive: the newest good backup and what the journal has after it. Raises
    InputError for an archive at fault, and for a store that is in use unless `replace`.
    """
    place = current_place()
    with guarded(place), place.held(), _old(place) as old:
        if not replace and _is_in_use(place, old):
            raise InputError(
                gettext("there is a store already, and nothing is wrong with it"),
                where=place.shown,
                hint=gettext("`--replace` moves it aside first."),
            )
        source = source_of(place, old, archive)
        restored = _put_in_place(place, source)
    with opened(everyone=True) as store:
        store.keep([])
    return restored


def _put_in_place(place: Place, source: Source) -> Restored:
    other = place.beside()
    try:
        counts, misfits = _build(other, source)
        aside = place.replaced_by(other, f"{dt.datetime.now():%Y%m%dT%H%M%S%f}")
    except BaseException:
        other.discard()
        raise
    people, entries, imports = counts
    return Restored(
        source=source.words,
        people=people,
        entries=entries,
        imports=imports,
        aside=aside,
        notes=(*source.missing, *misfits),
    )


@contextmanager
def _old(place: Place) -> Iterator[Connection | None]:
    """Connect to the store of before, as far as that is possible."""
    connection = None
    if place.exists():
        try:
            connection = place.engine(locks=False).connect()
        except DATABASE_ERRORS:
            connection = None
    try:
        yield connection
    finally:
        if connection is not None:
            connection.close()


def _is_in_use(place: Place, old: Connection | None) -> bool:
    """Return whether there is a store with something in it, and it is not damaged."""
    if old is None:
        return False
    try:
        if not is_current(old):
            return place.revision(old) is not None
        place.check(old)
        for _ in everything(old):
            pass
        in_table = [] if place.files is not None else transactions(place, old)
        return not is_empty(old) and not any(one.fault for one in in_table)
    except DamagedError:
        return False
    except StoreError:
        return True
    except DATABASE_ERRORS as error:
        return not isinstance(trouble_of(place, error), DamagedError)
    finally:
        old.rollback()


def _build(other: Place, source: Source) -> tuple[tuple[int, int, int], list[str]]:
    """Build the store; return how many people, entries and imports, and what did not fit."""
    other.make()
    other.upgrade()
    misfits = []
    with other.engine().connect() as connection, connection.begin():
        connection.execute(delete(tables.person))
        for words, records in source.groups:
            try:
                with connection.begin_nested():
                    write(connection, records)
            except (IntegrityError, DamagedError):
                misfit = gettext("{words} does not fit what came before, and is left out.")
                misfits.append(misfit.format(words=words))
        begin_anew(connection, source.last + 1)
        count_on(connection, "journal", "number")
        count_on(connection, "import", "id")
        counted = (tables.person, tables.entry, tables.imported)
        counts = [
            connection.scalar(select(func.count()).select_from(table)) or 0 for table in counted
        ]
    return (counts[0], counts[1], counts[2]), misfits
