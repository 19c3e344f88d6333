"""Every released store comes to the newest shape, which is the same however it came there."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from locked_trials import keep_trial
from nightcramp.store import tables
from nightcramp.store.database import opened
from nightcramp.store.entries import all_entries
from nightcramp.store.findings import kept_findings
from nightcramp.store.imports import list_imports, stored_readings
from nightcramp.store.sqlite import FILE
from nightcramp.store.stories import keep_story, kept_story
from nightcramp.store.trials import kept_trials
from stores import NOON

RELEASED = sorted((Path(__file__).parents[1] / "fixtures" / "store").glob("released_*.db"))


@pytest.fixture(params=RELEASED, ids=[path.stem for path in RELEASED])
def released(request: pytest.FixtureRequest, home: Path) -> Path:
    """The database of a released version in a person's data folder."""
    home.mkdir(mode=0o700)
    shutil.copy(request.param, home / FILE)
    return home / FILE


def shape(connection: Connection) -> dict[str, Any]:
    """Return everything the database says of its tables."""
    inspector = inspect(connection)
    found: dict[str, Any] = {}
    for name in sorted(inspector.get_table_names()):
        columns = inspector.get_columns(name)
        found[name] = {
            "columns": [{**column, "type": str(column["type"])} for column in columns],
            "key": inspector.get_pk_constraint(name),
            "foreign": inspector.get_foreign_keys(name),
            "unique": sorted(inspector.get_unique_constraints(name), key=str),
            "indexes": sorted(inspector.get_indexes(name), key=str),
        }
    return found


def rows(path: Path, statement: str) -> list[Any]:
    """Return what a statement finds in a SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def scripts() -> ScriptDirectory:
    """Return the migrations."""
    config = Config()
    config.set_main_option("script_location", "nightcramp.store:migrations")
    return ScriptDirectory.from_config(config)


def test_migrations_are_one_line_forward() -> None:
    """One head, which the program asks for, and no way down."""
    assert scripts().get_heads() == [tables.HEAD]
    found = list(scripts().walk_revisions())
    assert len(found) >= 2
    assert [script for script in found if hasattr(script.module, "downgrade")] == []


@pytest.mark.usefixtures("store_home")
def test_a_fresh_store_has_the_tables_that_the_program_uses() -> None:
    """The migrations lead to the tables as they are written down in `tables.py`."""
    with opened() as store:
        context = MigrationContext.configure(store.connection)
        assert compare_metadata(context, tables.metadata) == []


def test_a_released_store_comes_to_the_shape_of_a_fresh_one(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last column, key and index."""
    with opened() as store:
        upgraded = shape(store.connection)
    monkeypatch.setenv("NIGHTCRAMP_HOME", str(tmp_path / "fresh"))
    with opened() as store:
        assert shape(store.connection) == upgraded
    assert released.exists()


@pytest.fixture
def first(home: Path) -> Path:
    """The database of the first version."""
    home.mkdir(mode=0o700)
    shutil.copy(RELEASED[0], home / FILE)
    return home / FILE


def test_the_imports_of_the_first_version_are_all_there(first: Path) -> None:
    """With their numbers, facts and nights, as those of "me"; a copy was made before."""
    imports = rows(first, "SELECT id, file, format, as_of, imported_at FROM import ORDER BY id")
    bodies = rows(first, "SELECT body FROM fact UNION ALL SELECT body FROM night")
    assert (len(imports), len(bodies)) == (3, 41)
    with opened() as store:
        found = list_imports(store)
        readings = stored_readings(store)
    assert [(i.id, i.file, i.format, str(i.as_of), i.imported_at) for i in found] == imports
    assert [(i.facts, i.nights) for i in found] == [
        (len(reading.facts), len(reading.nights)) for reading in readings
    ]
    after = rows(first, "SELECT body FROM fact UNION ALL SELECT body FROM night")
    assert sorted(after) == sorted(bodies)
    (copy,) = (first.parent / "backups").glob("before-*.db")
    assert rows(copy, "SELECT count(*) FROM import") == [(3,)]


def test_a_diary_of_the_second_version_is_all_there(home: Path) -> None:
    """Entries, imports and analyses of two people; then a trial can be locked."""
    home.mkdir(mode=0o700)
    shutil.copy(RELEASED[1], home / FILE)
    for person in ("me", "Anna"):
        with opened(person) as store:
            assert len(all_entries(store)) == 6
            assert [(one.facts, one.nights) for one in list_imports(store)] == [(1, 5)]
            assert kept_findings(store) is not None
            keep_trial(store)
            assert list(kept_trials(store)) == ["stretching-1"]


def test_a_diary_of_the_third_version_is_all_there(home: Path) -> None:
    """Entries and the locked trials of two people; then an interview can be kept."""
    home.mkdir(mode=0o700)
    shutil.copy(RELEASED[2], home / FILE)
    for person in ("me", "Anna"):
        with opened(person) as store:
            assert len(all_entries(store)) == 3
            assert list(kept_trials(store)) == ["stretching-1"]
            keep_story(store, NOON, b'{"parts":[]}')
            assert kept_story(store) == b'{"parts":[]}'


def test_the_first_version_refuses_a_store_that_went_on(first: Path) -> None:
    """It looked at `user_version`, which must be beyond what it knew."""
    with opened():
        pass
    assert rows(first, "PRAGMA user_version")[0][0] > 1
