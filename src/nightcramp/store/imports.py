"""Imports: each file once a person, all of it or nothing, and each can be undone."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from msgspec import Struct
from sqlalchemy import select

from nightcramp.intake.reading import Reading
from nightcramp.store import tables
from nightcramp.store.database import Store
from nightcramp.store.reading import facts_of, imports_in, nights_of_import
from nightcramp.store.records import FactRecord, ImportRecord, NightRecord, Record, UndoneRecord
from nightcramp.store.writing import next_number

CHUNK = 1 << 20


class Import(Struct, frozen=True, kw_only=True):
    """One import that stands in the store."""

    id: int
    file: str
    format: str
    as_of: dt.date
    imported_at: str
    facts: int
    nights: int


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files with their names."""
    digest = hashlib.sha256()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(f"{file.relative_to(path)}\0".encode())
        with file.open("rb") as handle:
            while chunk := handle.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def find_import(store: Store, digest: str) -> int | None:
    """Return the id of the person's import of a file with this digest, or None."""
    columns = tables.imported.c
    asked = select(columns.id).where(columns.person_id == store.person, columns.sha256 == digest)
    return store.connection.scalar(asked)


def add_import(store: Store, reading: Reading, digest: str, now: dt.datetime) -> int:
    """Keep one reading and return its id; the caller's transaction makes it all or nothing."""
    number = next_number(store.connection, "import", "id")
    record = ImportRecord(
        number=number,
        person=store.who.key,
        file=reading.file,
        format=reading.format,
        sha256=digest,
        as_of=reading.as_of,
        imported_at=now.isoformat(timespec="seconds"),
        facts=len(reading.facts),
        nights=len(reading.nights),
        account=reading.account,
    )
    records: list[Record] = [record]
    records += [
        FactRecord(number=number, place=place, fact=fact)
        for place, fact in enumerate(reading.facts)
    ]
    records += [NightRecord(number=number, night=night) for night in reading.nights]
    store.keep(records)
    return number


def undo_import(store: Store, number: int) -> bool:
    """Remove one import of the person with all it brought; returns whether it was there."""
    if number not in {record.id for record in list_imports(store)}:
        return False
    store.keep([UndoneRecord(number=number)])
    return True


def list_imports(store: Store) -> list[Import]:
    """Return the person's imports that stand, oldest first."""
    return [
        Import(
            id=record.number,
            file=record.file,
            format=record.format,
            as_of=record.as_of,
            imported_at=record.imported_at,
            facts=record.facts,
            nights=record.nights,
        )
        for record in imports_in(store.connection, {store.person: store.who})
    ]


def stored_readings(store: Store) -> list[Reading]:
    """Return all of the person's imports as readings, oldest first."""
    return [
        Reading(
            file=record.file,
            format=record.format,
            as_of=record.as_of,
            facts=[one.fact for one in facts_of(store.connection, record)],
            nights=[one.night for one in nights_of_import(store.connection, record)],
            account=record.account,
        )
        for record in imports_in(store.connection, {store.person: store.who})
    ]
