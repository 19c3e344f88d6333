"""Writes records into the tables; the caller's transaction makes them all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from nightcramp.language import gettext as _
from nightcramp.store import tables
from nightcramp.store.records import (
    EntryRecord,
    FactRecord,
    FindingsRecord,
    ImportRecord,
    LookRecord,
    NightRecord,
    OfTrial,
    PersonRecord,
    Record,
    StoryRecord,
    TrialEventRecord,
    TrialRecord,
    UndoneRecord,
    checksum,
    json_of,
)
from nightcramp.store.trouble import DamagedError

BATCH = 500


def write(connection: Connection, records: Iterable[Record]) -> None:
    """Write records in their order; what an entry, fact or night belongs to comes before it."""
    for kind, group in groupby(records, key=type):
        for batch in _batches(group):
            _WRITERS[kind](connection, batch)


def next_number(connection: Connection, table: str, column: str) -> int:
    """Return a number that this table never had, also where the highest was removed."""
    if connection.dialect.name == "postgresql":
        counter = func.pg_get_serial_sequence(table, column)
        return int(connection.scalar(select(func.nextval(counter))) or 0)
    used = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    highest = connection.scalar(used, {"name": table}) or 0
    if not isinstance(highest, int):
        changed = _("the numbers of {table} are not what was written")
        raise DamagedError(changed.format(table=table))
    return highest + 1


def count_on(connection: Connection, table: str, column: str) -> None:
    """Let the numbers of a table go on after its highest, where numbers were written as given."""
    if connection.dialect.name == "postgresql":
        column_of = tables.metadata.tables[table].c[column]
        counter = func.pg_get_serial_sequence(table, column)
        highest = select(func.max(column_of)).scalar_subquery()
        connection.execute(select(func.setval(counter, highest)).where(highest.is_not(None)))


def _batches(group: Iterable[Any]) -> Iterator[list[Any]]:
    items = iter(group)
    while batch := list(islice(items, BATCH)):
        yield batch


class _People(dict[str, int]):
    """The number of everybody by key; raises DamagedError for a key that nobody has."""

    def __missing__(self, key: str) -> int:
        raise DamagedError(_("somebody is not where they were written"))


def _people(connection: Connection) -> _People:
    rows = connection.execute(select(tables.person.c.key, tables.person.c.id))
    return _People({row.key: row.id for row in rows})


def _write_people(connection: Connection, records: Sequence[PersonRecord]) -> None:
    known = _people(connection)
    for record in records:
        made_at = record.made_at.isoformat()
        row = {"key": record.key, "name": record.name, "made_at": made_at}
        row["checksum"] = checksum(*row.values())
        if record.key in known:
            connection.execute(
                update(tables.person).where(tables.person.c.key == record.key).values(**row)
            )
        else:
            nothing = dict.fromkeys(("entries", "imports", "findings", *tables.LATER), 0)
            connection.execute(insert(tables.person), {**row, **nothing})


def _write_entries(connection: Connection, records: Sequence[EntryRecord]) -> None:
    people = _people(connection)
    rows = []
    for record in records:
        body = json_of(record.entry)
        rows.append(
            {
                "person_id": people[record.person],
                "id": record.entry.id,
                "body": body,
                "checksum": checksum(record.person, body),
            }
        )
    connection.execute(insert(tables.entry), rows)
    _count(connection, "entries", [people[record.person] for record in records])


def _write_imports(connection: Connection, records: Sequence[ImportRecord]) -> None:
    people = _people(connection)
    rows = [
        {
            "id": record.number,
            "person_id": people[record.person],
            "file": record.file,
            "format": record.format,
            "sha256": record.sha256,
            "as_of": record.as_of.isoformat(),
            "imported_at": record.imported_at,
            "facts": record.facts,
            "nights": record.nights,
            "account": json_of(record.account),
        }
        for record in records
    ]
    for row, record in zip(rows, records, strict=True):
        row["checksum"] = import_checksum(record.person, row)
    connection.execute(insert(tables.imported), rows)
    _count(connection, "imports", [people[record.person] for record in records])


def import_checksum(person: str, row: dict[str, Any]) -> str:
    """Return the checksum of an import's row, which covers whose it is and what it counts."""
    columns = ("id", "file", "format", "sha256", "as_of", "imported_at", "facts", "nights")
    return checksum(person, *(row[column] for column in columns), row["account"])


def _write_facts(connection: Connection, records: Sequence[FactRecord]) -> None:
    rows = []
    for record in records:
        body = json_of(record.fact)
        sum_ = checksum(record.number, record.place, body)
        rows.append(
            {"import_id": record.number, "place": record.place, "body": body, "checksum": sum_}
        )
    connection.execute(insert(tables.fact), rows)


def _write_nights(connection: Connection, records: Sequence[NightRecord]) -> None:
    rows = []
    for record in records:
        body, evening = json_of(record.night), record.night.evening.isoformat()
        sum_ = checksum(record.number, evening, body)
        rows.append(
            {"import_id": record.number, "evening": evening, "body": body, "checksum": sum_}
        )
    connection.execute(insert(tables.night), rows)


def _write_findings(connection: Connection, records: Sequence[FindingsRecord]) -> None:
    people = _people(connection)
    rows = []
    for record in records:
        body, made_at = bytes(record.findings).decode(), record.made_at.isoformat()
        rows.append(
            {
                "person_id": people[record.person],
                "digest": record.digest,
                "made_at": made_at,
                "body": body,
                "checksum": checksum(record.person, record.digest, made_at, body),
            }
        )
    connection.execute(insert(tables.finding), rows)
    _count(connection, "findings", [people[record.person] for record in records])


def _write_trials(connection: Connection, records: Sequence[TrialRecord]) -> None:
    rows = []
    for one in records:
        row = {
            "id": one.trial,
            "locked_at": one.locked_at.isoformat(),
            "sha256": one.sha256,
            "body": one.protocol,
        }
        rows.append({**row, "checksum": checksum(one.person, *row.values())})
    _insert_owned(connection, "trial", rows, records)


def _write_events(connection: Connection, records: Sequence[TrialEventRecord]) -> None:
    rows = []
    for one in records:
        row = {"trial": one.trial, "body": json_of(one.event)}
        rows.append({**row, "checksum": checksum(one.person, *row.values())})
    _insert_owned(connection, "trial_event", rows, records)


def _write_looks(connection: Connection, records: Sequence[LookRecord]) -> None:
    rows = []
    for one in records:
        row = {
            "trial": one.trial,
            "made_at": one.made_at.isoformat(),
            "outcomes": json_of(one.outcomes),
            "body": bytes(one.verdict).decode(),
        }
        rows.append({**row, "checksum": checksum(one.person, *row.values())})
    _insert_owned(connection, "look", rows, records)


def _write_stories(connection: Connection, records: Sequence[StoryRecord]) -> None:
    rows = []
    for one in records:
        row = {"told_at": one.told_at.isoformat(), "body": bytes(one.story).decode()}
        rows.append({**row, "checksum": checksum(one.person, *row.values())})
    _insert_owned(connection, "story", rows, records, counted="stories")


def _insert_owned(
    connection: Connection,
    table: str,
    rows: list[dict[str, str]],
    records: Sequence[OfTrial | StoryRecord],
    counted: str = "",
) -> None:
    """Insert rows that belong to the people of their records, and count them."""
    people = _people(connection)
    owners = [people[record.person] for record in records]
    owned = [{**row, "person_id": owner} for row, owner in zip(rows, owners, strict=True)]
    connection.execute(insert(tables.metadata.tables[table]), owned)
    _count(connection, counted or f"{table}s", owners)


def _undo(connection: Connection, records: Sequence[UndoneRecord]) -> None:
    undone = tables.imported.c.id.in_([record.number for record in records])
    owners = connection.scalars(select(tables.imported.c.person_id).where(undone)).all()
    connection.execute(delete(tables.imported).where(undone))
    _count(connection, "imports", owners, by=-1)


def _count(connection: Connection, name: str, owners: Sequence[int], by: int = 1) -> None:
    """Count what was written, so that a row that is lost is missed."""
    column = tables.person.c[name]
    for owner, count in Counter(owners).items():
        counted = update(tables.person).where(tables.person.c.id == owner)
        connection.execute(counted.values({name: column + by * count}))


_WRITERS: dict[type, Callable[[Connection, Any], None]] = {
    PersonRecord: _write_people,
    EntryRecord: _write_entries,
    ImportRecord: _write_imports,
    FactRecord: _write_facts,
    NightRecord: _write_nights,
    FindingsRecord: _write_findings,
    TrialRecord: _write_trials,
    TrialEventRecord: _write_events,
    LookRecord: _write_looks,
    StoryRecord: _write_stories,
    UndoneRecord: _undo,
}
