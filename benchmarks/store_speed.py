"""How long telling of one cramp takes, open to acknowledged: `store_speed.py [--database NAME]`.

Beside it, turn by turn in the same run, a bare sqlite3 insert of the same bytes into a file of
its own: open, insert, commit, close, with SQLite's own settings. Medians of all turns.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.intake.reading import Reading
from nightcramp.person.night import Night
from nightcramp.store.backups import Backups
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.imports import add_import
from nightcramp.store.place import current_place
from nightcramp.store.records import json_of

FIRST = dt.datetime(2016, 1, 1, 3, 10, tzinfo=dt.UTC)
YEARS = (0, 1, 10)
TURNS = 40
COLUMNS = ("years", "entries", "one entry", "bare sqlite3", "ratio", "all entries", "day's first")


def cramp(at: dt.datetime) -> Entry:
    """Return an entry about a cramp with its details."""
    body = Cramp(at=at, leg="left", muscles=("calf",), pain=6, minutes=3.0, woke=True)
    return Entry(id=uuid.uuid4().hex, made_at=at, zone="Europe/Berlin", body=body)


def told(at: dt.datetime) -> Entry:
    """Return an entry about a whole day."""
    values = {"steps": 6120.0, "standing_hours": 3.5, "caffeine": 160.0, "stretching": 1.0}
    body = Told(evening=at.date(), cramps=1, values=values)
    return Entry(id=uuid.uuid4().hex, made_at=at, zone="Europe/Berlin", body=body)


def fill(years: int) -> None:
    """Tell two entries a day for years, and import as many nights of sleep and steps."""
    days = [FIRST + dt.timedelta(days=day) for day in range(365 * years)]
    values = {"steps": 6120.0, "sleep_hours": 6.5, "heart_rate": 58.0}
    nights = [Night(evening=day.date(), values=values) for day in days]
    with opened() as store:
        add_entries(store, [entry for day in days for entry in (cramp(day), told(day))])
        if nights:
            reading = Reading(file="x", format="CSV", as_of=FIRST.date(), nights=nights)
            add_import(store, reading, "0" * 64, FIRST)


def tell() -> None:
    """Tell of one cramp."""
    with opened() as store:
        add_entries(store, [cramp(FIRST)])


def read() -> None:
    """Read all entries."""
    with opened() as store:
        all_entries(store)


def first_of_the_day() -> None:
    """Tell of one cramp on a day that has no backup yet."""
    for backup in Backups(current_place().backups).all():
        backup.path.unlink()
    tell()


def bare(path: Path) -> Callable[[], None]:
    """Return an insert of the same bytes as sqlite3 does it by itself."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")

    def insert() -> None:
        body = json_of(cramp(FIRST))
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO entry (body) VALUES (?)", (body,))

    return insert


def seconds(work: Callable[[], None]) -> float:
    """Return how long some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def row(years: int, folder: Path) -> str:
    """Return the figures for a diary of some years."""
    home = folder / f"{years}"
    os.environ["NIGHTCRAMP_HOME"] = str(home)
    fill(years)
    tell()
    insert = bare(folder / f"bare{years}.db")
    pairs = [(seconds(tell), seconds(insert)) for _ in range(TURNS)]
    mine, others = (statistics.median(times) for times in zip(*pairs, strict=True))
    reading = statistics.median(seconds(read) for _ in range(5))
    first = statistics.median(seconds(first_of_the_day) for _ in range(3))
    shutil.rmtree(home, ignore_errors=True)
    figures = [f"{mine * 1e3:.1f} ms", f"{others * 1e3:.1f} ms", f"{mine / others:.1f}"]
    figures += [f"{reading * 1e3:.0f} ms", f"{first * 1e3:.0f} ms"]
    return "  ".join(f"{word:>12}" for word in [str(years), str(730 * years), *figures])


@contextlib.contextmanager
def database(name: str) -> Iterator[None]:
    """Use a database."""
    if name == "sqlite":
        yield
        return
    with postgres_server.running() as server:
        os.environ["NIGHTCRAMP_DATABASE"] = server.address
        yield
        del os.environ["NIGHTCRAMP_DATABASE"]


def main() -> int:
    """Print a row for each size of a diary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    for name in parser.parse_args().database or ["sqlite", "postgresql"]:
        print(name)
        print("  ".join(f"{word:>12}" for word in COLUMNS))
        for years in YEARS:
            with tempfile.TemporaryDirectory() as folder, database(name):
                print(row(years, Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
