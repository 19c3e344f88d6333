"""The commands that keep the store: export, backup, restore, people."""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightcramp.cli.main import cli
from nightcramp.diary.entry import Entry
from nightcramp.errors import InputError, UnknownIdError
from nightcramp.store.database import opened
from nightcramp.store.entries import add_entries, all_entries
from stores import NOON, cramp, told

EXAMPLE = Path(__file__).parents[2] / "examples" / "margaret.yaml"


def run(*words: str, typed: str = "") -> Result:
    """Run the command and return what it printed."""
    return CliRunner().invoke(cli, list(words), input=typed)


def tell(*entries: Entry, person: str | None = None) -> None:
    """Add entries."""
    with opened(person) as store:
        add_entries(store, entries)


def count(person: str | None = None) -> int:
    """Return how many entries a person has."""
    with opened(person) as store:
        return len(all_entries(store))


@pytest.mark.usefixtures("store_home")
def test_what_is_exported_is_restored(tmp_path: Path) -> None:
    """On another machine, or after everything was lost, by one command."""
    tell(cramp())
    run("import", str(EXAMPLE))
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    assert str(first) in run("export", str(first), "--all").output
    tell(cramp())
    said = run("restore", "--replace", str(first)).output
    assert "1 people, 1 entries and 1 imports" in said
    assert "before" in said
    run("export", str(second), "--all")
    assert first.read_bytes() == second.read_bytes()
    tell(cramp())
    assert count() == 2


@pytest.mark.usefixtures("store_home")
def test_an_export_overwrites_nothing(tmp_path: Path) -> None:
    """The file that is there stays."""
    path = tmp_path / "mine.zip"
    path.write_text("precious")
    assert isinstance(run("export", str(path)).exception, InputError)
    assert path.read_text() == "precious"
    assert sorted(tmp_path.glob(".*")) == []


@pytest.mark.usefixtures("store_home")
def test_an_export_is_of_one_person_unless_of_all(tmp_path: Path) -> None:
    """Of the person whose turn it is."""
    run("people", "add", "Anna")
    tell(cramp(0, "mine"))
    tell(cramp(0, "Anna's"), person="Anna")
    run("--person", "Anna", "export", str(tmp_path / "anna.zip"))
    with zipfile.ZipFile(tmp_path / "anna.zip") as archive:
        lines = archive.read("entries.jsonl").decode()
        people = archive.read("people.jsonl").decode().splitlines()
    assert "Anna's" in lines
    assert "mine" not in lines
    assert len(people) == 1


@pytest.mark.usefixtures("store_home")
def test_tables_have_a_row_a_night_and_a_row_a_cramp(tmp_path: Path) -> None:
    """Corrected cramps once, as they were corrected; what looks like a formula stays text."""
    first = cramp(900, "=1+1", pain=3, muscles=("calf", "foot"))
    corrected = Entry(
        id="c" * 32, made_at=NOON, zone="UTC", replaces=first.id, body=cramp(910, "-2").body
    )
    tell(first, corrected, told(dt.date(2026, 3, 15), cramps=0, values={"own:wine": 1.0}))
    run("export", "--csv", str(tmp_path / "tables"))
    found = {}
    for name in ("nights.csv", "cramps.csv"):
        written = (tmp_path / "tables" / name).read_text(encoding="utf-8-sig")
        found[name] = list(csv.DictReader(written.splitlines()))
    (one,) = found["cramps.csv"]
    assert (one["evening"], one["at"]) == ("2026-03-14", "2026-03-15T03:10:00+01:00")
    assert one["note"] == "'-2"
    nights = {row["evening"]: row for row in found["nights.csv"]}
    assert nights["2026-03-14"]["cramps"] == "1"
    assert nights["2026-03-15"]["cramps"] == "0"
    assert nights["2026-03-15"]["own:wine"] == "1"
    assert nights["2026-03-14"]["own:wine"] == ""


@pytest.mark.usefixtures("store_home")
def test_a_backup_is_what_restore_takes() -> None:
    """By itself the newest; the database before it is kept aside."""
    tell(cramp())
    said = run("backup").output
    assert Path(said.split()[-1]).exists()
    tell(cramp())
    assert "2 entries" in run("restore", "--replace").output
    assert count() == 2


@pytest.mark.usefixtures("store_home")
def test_a_good_store_is_not_replaced_unasked(tmp_path: Path) -> None:
    """By an archive neither."""
    tell(cramp())
    run("export", str(tmp_path / "x.zip"))
    assert isinstance(run("restore", str(tmp_path / "x.zip")).exception, InputError)
    assert isinstance(
        run("restore", str(tmp_path / "nothing.zip"), "--replace").exception, InputError
    )
    assert count() == 1


@pytest.mark.usefixtures("store_home")
def test_people_are_listed_with_what_is_theirs() -> None:
    """And are called by their new name at once."""
    tell(cramp(), cramp())
    run("people", "add", "Anna")
    run("people", "rename", "me", "Ben")
    assert run("people").output.splitlines() == [
        "Ben: 2 entries, 0 imports",
        "Anna: 0 entries, 0 imports",
    ]
    assert isinstance(run("imports").exception, UnknownIdError)
    assert run("--person", "Ben", "imports").exception is None


@pytest.mark.usefixtures("store_home")
def test_somebody_is_removed_only_by_the_name_typed_again() -> None:
    """Another name removes nobody; how much will be gone is said first."""
    run("people", "add", "Anna")
    tell(cramp(), person="Anna")
    wrong = run("people", "remove", "Anna", typed="Ana\n")
    assert "1 entries" in wrong.output
    assert isinstance(wrong.exception, InputError)
    assert count("Anna") == 1
    run("people", "remove", "Anna", typed="Anna\n")
    assert run("people").output == "me: 0 entries, 0 imports\n"
    assert isinstance(run("people", "remove", "Anna", "--yes").exception, UnknownIdError)
