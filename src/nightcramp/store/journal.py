"""What one opening of the store changes, written down twice before it is acknowledged.

Every transaction also goes, as lines, into the table `journal`. A SQLite store copies them into
files beside it once they are committed; a transaction that a crash kept out of the files goes
there before the next. So the files and the newest backup bring back all that was acknowledged.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sqlalchemy import Connection, delete, func, insert, select

from nightcramp.language import gettext as _
from nightcramp.store import tables
from nightcramp.store.backups import DAYS_KEPT, Backup, Backups
from nightcramp.store.journal_files import (
    ANEW,
    JournalFiles,
    Transaction,
    text_of,
    transactions_in,
)
from nightcramp.store.place import Place, trouble_of
from nightcramp.store.reading import everything, is_empty
from nightcramp.store.records import AnewRecord, PersonRecord, Record
from nightcramp.store.trouble import DATABASE_ERRORS, DamagedError, StoreError
from nightcramp.store.writing import next_number


class Journal:
    """The changes of one transaction. Backups and files are made by who holds the lock."""

    def __init__(self, place: Place, owner: PersonRecord) -> None:
        self.place = place
        self.changes: list[Record] = []
        self._owner = owner
        self._begun = False
        self._anew = False
        self._forgets = False
        self._written = 0
        self._in_files = 0

    def begin(self, connection: Connection) -> None:
        """Before the first change: what is missing in the files, and the backup of the day."""
        if self._begun:
            return
        self._begun = True
        if self.place.files is None:
            return
        last = catch_up(connection, self.place.files)
        self._anew, self._in_files = last is None, last or 0
        self._back_up(connection)

    def forget(self) -> None:
        """Keep nothing of what was before in the journal and the backups: somebody left."""
        self._begun = self._anew = self._forgets = True

    def write(self, connection: Connection) -> None:
        """At the end of the transaction: the changes as lines into the table."""
        if not self.changes and not self._anew:
            return
        number = new_number(connection)
        if self._anew:
            begin_anew(connection, number)
        else:
            text = text_of(number, [self._owner, *self.changes])
            in_files = tables.journal.c.number <= self._in_files
            connection.execute(delete(tables.journal).where(in_files))
            connection.execute(insert(tables.journal), {"number": number, "text": text})
        self._written = number

    def settle(self, connection: Connection) -> None:
        """After the transaction: its lines into the files, and on the disk."""
        if not self._written:
            return
        if self.place.files is not None:
            self._copy(connection, self.place.files)
        if self._forgets:
            Backups(self.place.backups).forget()
            if self.place.files is not None:
                self.place.files.forget_before(self._written)

    def _copy(self, connection: Connection, files: JournalFiles) -> None:
        try:
            with connection.begin():
                last = catch_up(connection, files)
        except (StoreError, *DATABASE_ERRORS) as error:
            trouble = error if isinstance(error, StoreError) else trouble_of(self.place, error)
            raise StoreError(
                _("it is in the database, but not yet in the journal: {why}").format(
                    why=trouble.message
                ),
                where=trouble.where,
                hint=_("It goes there with the next entry; make room first."),
            ) from None
        if last is None:
            raise DamagedError(_("its journal does not follow"))

    def _back_up(self, connection: Connection) -> None:
        """Make the backup of the day; without room for it, telling goes on and that is said."""
        if not Backups(self.place.backups).is_due() or is_empty(connection):
            return
        try:
            back_up(connection, self.place)
        except StoreError as error:
            said = _("today's backup could not be made: {error}").format(error=error)
            sys.stderr.write(f"nightcramp: {said}\n")


def back_up(connection: Connection, place: Place) -> Backup:
    """Back up everything; the files of the journal go on in a new one."""
    backups = Backups(place.backups)
    made = backups.make(everything(connection), last_number(connection))
    if place.files is not None:
        place.files.begin_file(made.number + 1)
        kept = backups.all()
        if len(kept) >= DAYS_KEPT:
            place.files.forget_before(kept[-1].number + 1)
    return made


def begin_anew(connection: Connection, number: int) -> None:
    """Let the table of the journal begin with all that is there; all writers must wait."""
    connection.execute(delete(tables.journal))
    text = text_of(number, [AnewRecord(), *everything(connection)])
    connection.execute(insert(tables.journal), {"number": number, "text": text})


def new_number(connection: Connection) -> int:
    """Return the number of the next transaction; on a server, numbers may be left out."""
    if connection.dialect.name == "postgresql":
        return next_number(connection, "journal", "number")
    return last_number(connection) + 1


def last_number(connection: Connection) -> int:
    """Return the number of the last transaction; 0 before the first."""
    return int(connection.scalar(select(func.max(tables.journal.c.number))) or 0)


def catch_up(connection: Connection, files: JournalFiles) -> int | None:
    """Write what the table has and the files lack; return the last number in the files.

    Returns None where the files cannot follow: something between is in neither.
    """
    last = files.last()
    for number, text in list(rows_after(connection, last or 0)):
        if number - 1 != last and not text.startswith(ANEW):
            return None
        files.append(number, text, last)
        last = number
    return last if last == last_number(connection) else None


def transactions(place: Place, connection: Connection | None) -> Iterator[Transaction]:
    """Yield the journal, oldest first, from the files or else from the table."""
    if place.files is not None:
        yield from place.files.transactions()
    elif connection is not None:
        for number, text in rows_after(connection, 0):
            yield from transactions_of(number, text)


def rows_after(connection: Connection, number: int) -> Iterator[tuple[int, str]]:
    """Yield (number, lines) of the transactions in the table after a number, oldest first."""
    journal = tables.journal.c
    asked = select(journal.number, journal.text).where(journal.number > number)
    for row in connection.execute(asked.order_by(journal.number)):
        if not isinstance(row.text, str):
            changed = _("transaction {number} is not what was written")
            raise DamagedError(changed.format(number=row.number))
        yield row.number, row.text


def transactions_of(number: int, text: str) -> Iterator[Transaction]:
    """Yield the transactions in the lines of a row of the table."""
    where = _("transaction {number}").format(number=number)
    yield from transactions_in(text.encode().splitlines(keepends=True), where)
