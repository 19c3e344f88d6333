"""One SQLite file on the person's machine, readable by its owner only.

Changes of its shape are numbered scripts in `migrations/`, applied in order, each in one
transaction together with its number.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from nightcramp.errors import NightcrampError

FILE = "person.db"
BUSY_SECONDS = 10.0


class StoreError(NightcrampError):
    """The person's database cannot be used."""

    exit_code = 14


def home() -> Path:
    """Return the folder of the person's data: NIGHTCRAMP_HOME, else the user's data folder."""
    given = os.environ.get("NIGHTCRAMP_HOME")
    if given:
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "nightcramp"


@contextmanager
def opened(folder: Path | None = None) -> Iterator[sqlite3.Connection]:
    """Open the database, up to date; commits at the end, or leaves everything as it was."""
    path = (folder or home()) / FILE
    connection = _connect(path)
    try:
        _migrate(connection, path)
        with _transaction(connection):
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"the database cannot be used: {error}", where=str(path), hint=_hint(error)
        ) from None
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the database cannot be opened: {error}", where=str(path)) from None
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _hint(error: sqlite3.DatabaseError) -> str:
    if "locked" in str(error):
        return "Another nightcramp is writing; try again."
    return "Restore a copy of the file, or move it away to start anew."


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    scripts = sorted(
        item.name
        for item in (resources.files(__package__) / "migrations").iterdir()
        if item.name.endswith(".sql")
    )
    done = connection.execute("PRAGMA user_version").fetchone()[0]
    if done > len(scripts):
        raise StoreError(
            "the database was written by a newer nightcramp",
            where=str(path),
            hint="Install that version or a newer one.",
        )
    for number, name in enumerate(scripts[done:], done + 1):
        text = (resources.files(__package__) / "migrations" / name).read_text(encoding="utf-8")
        with _transaction(connection):
            for statement in filter(str.strip, text.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number:d}")
