"""Backups: one a day, read back, the last days kept, whatever the clock says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from nightcramp.store import backups
from nightcramp.store.backups import DAYS_KEPT, Backups
from nightcramp.store.database import StoreError, opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.journal_files import JournalFiles
from nightcramp.store.restore import restore
from nightcramp.store.sqlite import FILE
from stores import cramp

FIRST = dt.date(2026, 3, 1)


def tell_on(day: dt.date, monkeypatch: pytest.MonkeyPatch, note: str = "") -> None:
    """Tell of a cramp on a day."""
    monkeypatch.setattr(backups, "today", lambda: day)
    with opened() as store:
        add_entries(store, [cramp(note=note)])


def test_a_day_has_one_backup_of_what_was_there_before_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first day has nothing to back up; two weeks are kept."""
    for day in range(DAYS_KEPT + 3):
        for _ in range(2):
            tell_on(FIRST + dt.timedelta(days=day), monkeypatch)
    found = Backups(home / "backups").all()
    assert len(found) == DAYS_KEPT
    assert found[0].day == str(FIRST + dt.timedelta(days=DAYS_KEPT + 2))
    assert all(backup.is_good() for backup in found)
    firsts = [number for number, _ in JournalFiles(home / "journal").files()]
    assert firsts == [backup.number + 1 for backup in reversed(found)]


def test_the_newest_backup_is_the_one_with_most_in_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after the clock was put back by years."""
    tell_on(FIRST, monkeypatch)
    tell_on(FIRST + dt.timedelta(days=900), monkeypatch)
    tell_on(FIRST + dt.timedelta(days=1), monkeypatch)
    assert [one.day for one in Backups(home / "backups").all()] == ["2026-03-02", "2028-08-17"]


def test_a_damaged_backup_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one before and the journal bring everything back."""
    for day in range(4):
        tell_on(FIRST + dt.timedelta(days=day), monkeypatch, f"{day}")
    newest = Backups(home / "backups").all()[0]
    data = newest.path.read_bytes()
    newest.path.write_bytes(data[:-40])
    assert not newest.is_good()
    (home / FILE).unlink()
    assert restore().notes == ()
    with opened() as store:
        found = [entry.body.note for entry in all_entries(store) if entry.body]
    assert found == ["0", "1", "2", "3"]


def test_a_backup_that_is_not_what_was_written_does_not_count(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Telling goes on, and that there is no backup is said."""
    tell_on(FIRST, monkeypatch)
    monkeypatch.setattr(backups, "digest_of_archive", lambda path: "another")
    tell_on(FIRST + dt.timedelta(days=1), monkeypatch)
    assert "backup could not be made" in capsys.readouterr().err
    assert Backups(home / "backups").all() == []
    with opened() as store:
        assert len(all_entries(store)) == 2


def test_a_backup_is_readable_by_its_owner_only(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is everything else in the folder."""
    tell_on(FIRST, monkeypatch)
    tell_on(FIRST + dt.timedelta(days=1), monkeypatch)
    found = [path for path in home.rglob("*") if path.is_file()]
    assert len(found) >= 3
    assert [path for path in found if path.stat().st_mode & 0o077] == []


def test_a_store_that_cannot_be_brought_back_says_so(home: Path) -> None:
    """With nothing to restore from, nothing is made."""
    with pytest.raises(StoreError, match="no backup and no journal"):
        restore()
    assert not (home / FILE).exists()
