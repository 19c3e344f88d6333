"""Stores for tests: a person's empty data folder, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres_server
from nightcramp.diary.entry import Cramp, Entry, Told

FAST = ("fsync=off", "full_page_writes=off", "max_connections=20", "shared_buffers=16MB")
NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.timezone(dt.timedelta(hours=1)))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a throw-away server, one for all tests."""
    if postgres_server.programs() is None:
        pytest.skip("PostgreSQL's server is not installed")
    with postgres_server.running(*FAST) as running:
        yield running.address


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's empty data folder, with the store in a file."""
    for name in ("NIGHTCRAMP_DATABASE", "NIGHTCRAMP_PERSON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def server(home: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database on a server, which holds the store."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(postgresql.replace("postgresql:", "postgresql+psycopg:"))
    asked = sqlalchemy.text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'nightcramp%'")
    with engine.begin() as connection:
        for name in connection.scalars(asked).all():
            connection.execute(sqlalchemy.text(f'DROP SCHEMA "{name}" CASCADE'))
    engine.dispose()
    monkeypatch.setenv("NIGHTCRAMP_DATABASE", postgresql)
    return postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def store_home(request: pytest.FixtureRequest, home: Path) -> Path:
    """A person's empty data folder, with the store in a file and then on a server."""
    if request.param == "postgresql":
        request.getfixturevalue("server")
    return home


def cramp(minute: int = 0, note: str = "", **told: object) -> Entry:
    """Return an entry that tells of one cramp, so many minutes after noon."""
    at = NOON + dt.timedelta(minutes=minute)
    return Entry(
        id=uuid.uuid4().hex,
        made_at=at,
        zone="Europe/Berlin",
        body=Cramp(at=at, note=note, **told),  # type: ignore[arg-type]
    )


def told(evening: dt.date, **what: object) -> Entry:
    """Return an entry that tells of a whole night."""
    body = Told(evening=evening, **what)  # type: ignore[arg-type]
    return Entry(id=uuid.uuid4().hex, made_at=NOON, zone="Europe/Berlin", body=body)
