"""Imports are all or nothing, happen once, and can be undone."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.errors import InputError, NightcrampError
from nightcramp.intake.importing import import_files
from nightcramp.store.database import StoreError, opened
from nightcramp.store.imports import list_imports, stored_readings
from nightcramp.store.sqlite import FILE

EXAMPLE = Path(__file__).parents[2] / "examples" / "margaret.yaml"
STORY = "as_of: 2026-11-01\nmedicines: [indapamide for 3 months]\nanswers: {onset: 10 weeks}\n"


def run(*words: str) -> Result:
    """Run the command and return what it printed."""
    return CliRunner().invoke(cli, list(words))


def test_a_dry_run_tells_and_keeps_nothing(home: Path) -> None:
    """What would be read is shown by kind; no database appears."""
    result = run("import", "--dry-run", str(EXAMPLE))
    assert "nothing kept" in result.output
    assert "medicine" in result.output
    assert not (home / FILE).exists()


@pytest.mark.usefixtures("store_home")
def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    """Not even under another name."""
    copy = tmp_path / "copy.yaml"
    copy.write_bytes(EXAMPLE.read_bytes())
    run("import", str(EXAMPLE))
    again = run("import", str(copy))
    assert "already there as import 1" in again.output
    with opened() as store:
        assert len(list_imports(store)) == 1


@pytest.mark.usefixtures("store_home")
def test_all_or_nothing(tmp_path: Path) -> None:
    """One unusable file among good ones keeps all of them out."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("answers: {age: old}")
    with pytest.raises(InputError, match=r"bad\.yaml"):
        import_files([EXAMPLE, bad], keep=True)
    with opened() as store:
        assert list_imports(store) == []


@pytest.mark.usefixtures("store_home")
def test_undo_takes_back_what_an_import_brought(tmp_path: Path) -> None:
    """Only that import goes; an unknown number is refused."""
    other = tmp_path / "other.yaml"
    other.write_text(STORY)
    run("import", str(EXAMPLE))
    run("import", str(other))
    assert "taken back" in run("undo", "1").output
    with opened() as store:
        (left,) = stored_readings(store)
    assert left.file == str(other)
    assert isinstance(run("undo", "1").exception, NightcrampError)


@pytest.mark.usefixtures("store_home")
def test_what_was_imported_is_assessed_without_files() -> None:
    """The stored facts give the same assessment as the file."""
    run("import", str(EXAMPLE))
    stored = json.loads(run("assess", "--json", "--as-of", "2026-11-20").output)
    direct = json.loads(run("assess", "--json", str(EXAMPLE)).output)
    assert stored == direct


@pytest.mark.usefixtures("store_home")
def test_time_goes_on_after_an_import(tmp_path: Path) -> None:
    """Four weeks later the medicine has been taken, and the cramps been there, four weeks more."""
    story = tmp_path / "story.yaml"
    story.write_text(STORY)
    run("import", str(story))
    facts = json.loads(run("assess", "--json", "--as-of", "2026-11-29").output)["facts"]
    values = {fact["id"]: fact["value"] for fact in facts}
    assert values["onset"] == 70 + 28
    assert values["indapamide"]["since_days"] == pytest.approx(91.3 + 28, abs=0.1)


@pytest.mark.usefixtures("store_home")
def test_nothing_to_assess_is_said() -> None:
    """Without files and imports there is a sentence, not an empty page."""
    error = run("assess").exception
    assert isinstance(error, InputError)
    assert "import" in error.hint


def test_the_database_is_readable_by_its_owner_only(home: Path) -> None:
    """Health data is nobody else's."""
    run("import", str(EXAMPLE))
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_database_of_a_newer_version_is_left_alone(home: Path) -> None:
    """An older program does not touch what it does not understand."""
    run("import", str(EXAMPLE))
    with sqlite3.connect(home / FILE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    error = run("imports").exception
    assert isinstance(error, StoreError)
    assert "newer" in error.message


def test_a_damaged_database_is_said_so(home: Path) -> None:
    """A file that is no database is not overwritten."""
    home.mkdir(mode=0o700)
    (home / FILE).write_bytes(b"not a database" * 100)
    error = run("imports").exception
    assert isinstance(error, StoreError)
    assert (home / FILE).read_bytes().startswith(b"not a database")


@pytest.mark.usefixtures("store_home")
def test_columns_are_shown_corrected_and_used(tmp_path: Path) -> None:
    """A wrong guess is mended in the written mapping, and the import follows it."""
    diary, mapping = tmp_path / "diary.csv", tmp_path / "columns.toml"
    diary.write_text("date,attacks\n2026-03-13,2\n2026-03-14,0\n")
    shown = run("columns", str(diary), "--save", str(mapping))
    assert "attacks" in shown.output
    text = mapping.read_text(encoding="utf-8").replace('"unused"', '"cramps"')
    mapping.write_text(text, encoding="utf-8")
    run("import", "--mapping", str(mapping), str(diary))
    with opened() as store:
        (reading,) = stored_readings(store)
    assert [night.cramps for night in reading.nights] == [2, 0]


@pytest.mark.usefixtures("store_home")
def test_unclear_dates_are_asked_and_nothing_is_kept(tmp_path: Path) -> None:
    """The question names both readings; with the order given the nights are kept."""
    diary = tmp_path / "diary.csv"
    diary.write_text("date,cramps\n03/04/2026,2\n04/04/2026,0\n")
    error = run("import", str(diary)).exception
    assert isinstance(error, InputError)
    assert "dmy" in error.hint
    assert "mdy" in error.hint
    run("import", "--date-order", "mdy", str(diary))
    with opened() as store:
        (reading,) = stored_readings(store)
    assert [night.evening.month for night in reading.nights] == [3, 4]
