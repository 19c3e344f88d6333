"""Imports: each file once, all of it or nothing, and each can be undone."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct

from nightcramp.intake.reading import Account, Reading
from nightcramp.person.fact import Fact
from nightcramp.person.night import Night

CHUNK = 1 << 20


class Import(Struct, frozen=True, kw_only=True):
    """One import that stands in the database."""

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


def find_import(connection: sqlite3.Connection, digest: str) -> int | None:
    """Return the id of the import of a file with this digest, or None."""
    row = connection.execute("SELECT id FROM import WHERE sha256 = ?", (digest,)).fetchone()
    return row[0] if row else None


def add_import(
    connection: sqlite3.Connection, reading: Reading, digest: str, now: dt.datetime
) -> int:
    """Store one reading and return its id; the caller's transaction makes it all or nothing."""
    cursor = connection.execute(
        "INSERT INTO import (file, format, sha256, as_of, imported_at, account) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            reading.file,
            reading.format,
            digest,
            reading.as_of.isoformat(),
            now.isoformat(timespec="seconds"),
            _json(reading.account),
        ),
    )
    number = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT INTO fact (import_id, place, kind, name, body) VALUES (?, ?, ?, ?, ?)",
        ((number, i, fact.kind, fact.id, _json(fact)) for i, fact in enumerate(reading.facts)),
    )
    connection.executemany(
        "INSERT INTO night (import_id, evening, body) VALUES (?, ?, ?)",
        ((number, night.evening.isoformat(), _json(night)) for night in reading.nights),
    )
    return number


def undo_import(connection: sqlite3.Connection, number: int) -> bool:
    """Remove one import with all it brought; returns whether it was there."""
    return connection.execute("DELETE FROM import WHERE id = ?", (number,)).rowcount > 0


def list_imports(connection: sqlite3.Connection) -> list[Import]:
    """Return the imports that stand, oldest first."""
    rows = connection.execute(
        "SELECT id, file, format, as_of, imported_at, "
        "(SELECT count(*) FROM fact WHERE import_id = import.id), "
        "(SELECT count(*) FROM night WHERE import_id = import.id) FROM import ORDER BY id"
    )
    return [
        Import(
            id=number,
            file=file,
            format=kind,
            as_of=dt.date.fromisoformat(as_of),
            imported_at=at,
            facts=facts,
            nights=nights,
        )
        for number, file, kind, as_of, at, facts, nights in rows
    ]


def stored_readings(connection: sqlite3.Connection) -> list[Reading]:
    """Return all stored imports as readings, oldest first."""
    readings = []
    rows = connection.execute("SELECT id, file, format, as_of, account FROM import ORDER BY id")
    for number, file, kind, as_of, account in rows.fetchall():
        facts = connection.execute(
            "SELECT body FROM fact WHERE import_id = ? ORDER BY place", (number,)
        )
        nights = connection.execute(
            "SELECT body FROM night WHERE import_id = ? ORDER BY evening", (number,)
        )
        readings.append(
            Reading(
                file=file,
                format=kind,
                as_of=dt.date.fromisoformat(as_of),
                facts=[msgspec.json.decode(body, type=Fact) for (body,) in facts],
                nights=[msgspec.json.decode(body, type=Night) for (body,) in nights],
                account=_account(account),
            )
        )
    return readings


def _account(text: str) -> Account:
    return msgspec.json.decode(text, type=Account, dec_hook=lambda _, counts: Counter(counts))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
