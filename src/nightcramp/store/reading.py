"""Reads the tables back as records, and notices whatever is not as it was written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Table, exists, func, select

from nightcramp.diary.entry import Entry
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Fact
from nightcramp.person.night import Night
from nightcramp.store import tables
from nightcramp.store.records import (
    EntryRecord,
    FactRecord,
    FindingsRecord,
    ImportRecord,
    Kept,
    LookRecord,
    NightRecord,
    PersonRecord,
    StoryRecord,
    TrialEventRecord,
    TrialRecord,
    account_of,
    checksum,
    sha256_of,
)
from nightcramp.store.trouble import DamagedError
from nightcramp.store.writing import import_checksum
from nightcramp.trial.events import TrialEvent

T = TypeVar("T")
CHANGED = noted("{what} is not what was written")
RECORDS = (
    noted("entries"),
    noted("imports"),
    noted("facts"),
    noted("nights"),
    noted("findings"),
    noted("trials"),
    noted("trial_events"),
    noted("looks"),
    noted("stories"),
)
"""What is counted, in words."""


def everything(connection: Connection, person: int | None = None) -> Iterator[Kept]:
    """Yield all records of one person, or of all people, each kind after the other.

    Raises DamagedError at the first that is not as it was written.
    """
    people = {
        number: record
        for number, record in people_in(connection).items()
        if person in (None, number)
    }
    yield from people.values()
    for number, entry in _entries(connection, people):
        yield EntryRecord(person=people[number].key, entry=entry)
    imports = imports_in(connection, people)
    yield from imports
    for record in imports:
        yield from facts_of(connection, record)
    for record in imports:
        yield from nights_of_import(connection, record)
    yield from findings_in(connection, people)
    yield from trials_in(connection, people)
    yield from events_in(connection, people)
    yield from looks_in(connection, people)
    yield from stories_in(connection, people)


def is_empty(connection: Connection) -> bool:
    """Return whether nobody told or imported anything yet."""
    kept = (tables.entry, tables.imported, tables.finding, tables.trial, tables.story)
    return not any(connection.scalar(select(exists().select_from(table))) for table in kept)


def people_in(
    connection: Connection, *, hold: bool = False, only: int | None = None
) -> dict[int, PersonRecord]:
    """Return everybody by number, oldest first, or `only` one; `hold` keeps other writers out."""
    asked = select(tables.person).order_by(tables.person.c.id)
    if only is not None:
        asked = asked.where(tables.person.c.id == only)
    rows = connection.execute(asked.with_for_update() if hold else asked)
    return {row.id: person_of(row) for row in rows.all()}


def person_of(row: Row[Any]) -> PersonRecord:
    """Return the person of a row."""
    what = _("person {number}").format(number=row.id)
    _check(row, what, row.key, row.name, row.made_at)
    return PersonRecord(key=row.key, name=row.name, made_at=_moment(row.made_at, what))


def entries_in(connection: Connection, person: int, record: PersonRecord) -> list[Entry]:
    """Return one person's entries in order of arrival."""
    return [entry for _, entry in _entries(connection, {person: record})]


def entry_of(row: Row[Any], key: str) -> Entry:
    """Return the entry of a row that belongs to the person with this key."""
    what = _("entry {number}").format(number=row.seq)
    _check(row, what, key, row.body)
    found = _value(row.body, Entry, what)
    if found.id != row.id:
        raise DamagedError(_(CHANGED).format(what=what))
    return found


def _entries(
    connection: Connection, people: dict[int, PersonRecord]
) -> Iterator[tuple[int, Entry]]:
    """Yield entries as they arrived; all of them are there, and none is there twice."""
    asked = select(tables.entry).order_by(tables.entry.c.seq)
    if len(people) == 1:
        asked = asked.where(tables.entry.c.person_id == next(iter(people)))
    seen: dict[int, set[str]] = {number: set() for number in people}
    for row in connection.execute(asked):
        if row.person_id not in people or row.id in seen[row.person_id]:
            twice = _("entry {number} is there twice or is nobody's")
            raise DamagedError(twice.format(number=row.seq))
        seen[row.person_id].add(row.id)
        yield row.person_id, entry_of(row, people[row.person_id].key)
    _check_counts(connection, "entries", {number: len(ids) for number, ids in seen.items()})


def imports_in(connection: Connection, people: dict[int, PersonRecord]) -> list[ImportRecord]:
    """Return the imports of people, oldest first."""
    columns = tables.imported.c
    asked = select(tables.imported).where(columns.person_id.in_(people)).order_by(columns.id)
    rows = connection.execute(asked).all()
    owners = Counter(row.person_id for row in rows)
    _check_counts(connection, "imports", {number: owners[number] for number in people})
    return [_import(row, people[row.person_id].key) for row in rows]


def _import(row: Row[Any], key: str) -> ImportRecord:
    if import_checksum(key, dict(row._mapping)) != row.checksum:
        raise DamagedError(_(CHANGED).format(what=_("import {number}").format(number=row.id)))
    return ImportRecord(
        number=row.id,
        person=key,
        file=row.file,
        format=row.format,
        sha256=row.sha256,
        as_of=dt.date.fromisoformat(row.as_of),
        imported_at=row.imported_at,
        facts=row.facts,
        nights=row.nights,
        account=account_of(row.account),
    )


def facts_of(connection: Connection, record: ImportRecord) -> list[FactRecord]:
    """Return the facts of an import, in the order of its file."""
    fact = tables.fact.c
    asked = select(tables.fact).where(fact.import_id == record.number).order_by(fact.place)
    found = []
    for row in connection.execute(asked):
        what = _("fact {place} of import {number}")
        what = what.format(place=row.place, number=record.number)
        _check(row, what, record.number, row.place, row.body)
        value = _value(row.body, Fact, what)
        found.append(FactRecord(number=record.number, place=row.place, fact=value))
    _check_count("facts", record, len(found), record.facts)
    return found


def nights_of_import(connection: Connection, record: ImportRecord) -> list[NightRecord]:
    """Return the nights of an import, earliest first."""
    night = tables.night.c
    asked = select(tables.night).where(night.import_id == record.number).order_by(night.evening)
    found = []
    for row in connection.execute(asked):
        what = _("night {evening} of import {number}")
        what = what.format(evening=row.evening, number=record.number)
        _check(row, what, record.number, row.evening, row.body)
        found.append(NightRecord(number=record.number, night=_value(row.body, Night, what)))
    _check_count("nights", record, len(found), record.nights)
    return found


def findings_in(
    connection: Connection, people: dict[int, PersonRecord]
) -> Iterator[FindingsRecord]:
    """Yield the analyses of people, oldest first."""
    finding = tables.finding.c
    asked = select(tables.finding).where(finding.person_id.in_(people)).order_by(finding.seq)
    owners: Counter[int] = Counter()
    for row in connection.execute(asked):
        owners[row.person_id] += 1
        yield _findings(row, people[row.person_id].key)
    _check_counts(connection, "findings", {number: owners[number] for number in people})


def latest_findings(
    connection: Connection, person: int, record: PersonRecord
) -> FindingsRecord | None:
    """Return the latest analysis of a person, or None."""
    finding = tables.finding.c
    theirs = finding.person_id == person
    count = connection.scalar(select(func.count()).select_from(tables.finding).where(theirs))
    _check_counts(connection, "findings", {person: count or 0})
    asked = select(tables.finding).where(theirs).order_by(finding.seq.desc()).limit(1)
    row = connection.execute(asked).first()
    return _findings(row, record.key) if row else None


def _findings(row: Row[Any], key: str) -> FindingsRecord:
    what = _("analysis {number}").format(number=row.seq)
    _check(row, what, key, row.digest, row.made_at, row.body)
    return FindingsRecord(
        person=key,
        digest=row.digest,
        made_at=_moment(row.made_at, what),
        findings=msgspec.Raw(row.body.encode()),
    )


def trials_in(connection: Connection, people: dict[int, PersonRecord]) -> Iterator[TrialRecord]:
    """Yield the locked protocols of people, oldest first; raises DamagedError for a changed one."""
    for row in _owned(connection, tables.trial, people):
        yield _trial(row, people[row.person_id].key)


def events_in(
    connection: Connection, people: dict[int, PersonRecord]
) -> Iterator[TrialEventRecord]:
    """Yield what happened in the trials of people, in the order it was told."""
    for row in _owned(connection, tables.trial_event, people):
        what = _("trial event {number}").format(number=row.seq)
        key = people[row.person_id].key
        _check(row, what, key, row.trial, row.body)
        event = _value(row.body, TrialEvent, what)
        yield TrialEventRecord(person=key, trial=row.trial, event=event)


def looks_in(connection: Connection, people: dict[int, PersonRecord]) -> Iterator[LookRecord]:
    """Yield the looks at verdicts of people, oldest first."""
    for row in _owned(connection, tables.look, people):
        what = _("look {number}").format(number=row.seq)
        key = people[row.person_id].key
        _check(row, what, key, row.trial, row.made_at, row.outcomes, row.body)
        yield LookRecord(
            person=key,
            trial=row.trial,
            made_at=_moment(row.made_at, what),
            outcomes=_value(row.outcomes, tuple[float | None, ...], what),
            verdict=msgspec.Raw(row.body.encode()),
        )


def stories_in(connection: Connection, people: dict[int, PersonRecord]) -> Iterator[StoryRecord]:
    """Yield what people told in interviews, oldest first."""
    for row in _owned(connection, tables.story, people, counted="stories"):
        yield _story(row, people[row.person_id].key)


def latest_story(connection: Connection, person: int, record: PersonRecord) -> StoryRecord | None:
    """Return what a person told last in interviews, or None."""
    rows = list(_owned(connection, tables.story, {person: record}, counted="stories"))
    return _story(rows[-1], record.key) if rows else None


def _story(row: Row[Any], key: str) -> StoryRecord:
    what = _("story {number}").format(number=row.seq)
    _check(row, what, key, row.told_at, row.body)
    told_at = _moment(row.told_at, what)
    return StoryRecord(person=key, told_at=told_at, story=msgspec.Raw(row.body.encode()))


def _trial(row: Row[Any], key: str) -> TrialRecord:
    what = _("the locked protocol of trial {trial}").format(trial=row.id)
    _check(row, what, key, row.id, row.locked_at, row.sha256, row.body)
    if sha256_of(row.body) != row.sha256:
        tampered = _("{what} was tampered with: its SHA-256 is not the one of the lock")
        raise DamagedError(tampered.format(what=what))
    return TrialRecord(
        person=key,
        trial=row.id,
        locked_at=_moment(row.locked_at, what),
        sha256=row.sha256,
        protocol=row.body,
    )


def _owned(
    connection: Connection, table: Table, people: dict[int, PersonRecord], counted: str = ""
) -> Iterator[Row[Any]]:
    """Yield the rows of people in the order they were written; none of them is lost."""
    asked = select(table).where(table.c.person_id.in_(people)).order_by(table.c.seq)
    owners: Counter[int] = Counter()
    for row in connection.execute(asked):
        owners[row.person_id] += 1
        yield row
    name = counted or f"{table.name}s"
    _check_counts(connection, name, {number: owners[number] for number in people})


def _check_counts(connection: Connection, name: str, found: dict[int, int]) -> None:
    """Raise DamagedError unless everybody has as many rows as were written."""
    counted = select(tables.person.c.id, tables.person.c[name])
    for number, count in connection.execute(counted).all():
        if found.get(number, count) != count:
            lost = _("{found} {records} are there of {written}")
            lost = lost.format(found=found[number], records=_(name), written=count)
            raise DamagedError(lost)


def _check(row: Row[Any], what: str, *parts: object) -> None:
    if checksum(*parts) != row.checksum:
        raise DamagedError(_(CHANGED).format(what=what))


def _check_count(what: str, record: ImportRecord, found: int, written: int) -> None:
    if found != written:
        lost = _("{found} {records} of import {number} are there of {written}")
        number = record.number
        lost = lost.format(found=found, records=_(what), number=number, written=written)
        raise DamagedError(lost)


def _value(text: str, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise DamagedError(_("{what} cannot be read: {why}").format(what=what, why=error)) from None


def _moment(text: str, what: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise DamagedError(_("{what} has no time that can be read").format(what=what)) from None
