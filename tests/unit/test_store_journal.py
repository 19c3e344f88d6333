"""The journal beside a SQLite store: what is cut off, damaged or missing in it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from nightcramp.store.backups import Backups
from nightcramp.store.database import StoreError, opened
from nightcramp.store.entries import add_entries, all_entries
from nightcramp.store.journal_files import JournalFiles
from nightcramp.store.restore import restore
from nightcramp.store.sqlite import FILE
from stores import cramp


def tell(note: str) -> None:
    """Tell of a cramp."""
    with opened() as store:
        add_entries(store, [cramp(note=note)])


def notes() -> list[str]:
    """Return what was told, in order."""
    with opened() as store:
        return [entry.body.note for entry in all_entries(store) if entry.body]


def without_backups(home: Path) -> JournalFiles:
    """Tell of two cramps that stand in the journal only; return it."""
    tell("a")
    tell("b")
    for backup in Backups(home / "backups").all():
        backup.path.unlink()
    return JournalFiles(home / "journal")


def newest(files: JournalFiles) -> Path:
    """Return the file that is written to."""
    return files.files()[-1][1]


def test_a_lost_database_comes_back_from_the_journal_alone(home: Path) -> None:
    """No new one is begun in its place."""
    without_backups(home)
    (home / FILE).unlink()
    with pytest.raises(StoreError, match="gone"):
        notes()
    assert not (home / FILE).exists()
    restore()
    assert notes() == ["a", "b"]


def test_a_database_older_than_its_journal_is_not_written_to(home: Path) -> None:
    """As when a synchronised folder brings back yesterday's file."""
    tell("a")
    shutil.copy(home / FILE, home / "yesterday")
    tell("b")
    shutil.copy(home / "yesterday", home / FILE)
    with pytest.raises(StoreError, match="older than its journal"):
        tell("c")
    restore()
    assert notes() == ["a", "b"]


def test_what_was_begun_and_not_ended_is_cut_off(home: Path) -> None:
    """A crash in the middle of a line does not spoil the next."""
    files = without_backups(home)
    with newest(files).open("ab") as handle:
        handle.write(b'{"is":"entry","person":"5')
    tell("c")
    (home / FILE).unlink()
    for backup in Backups(home / "backups").all():
        backup.path.unlink()
    assert restore().notes == ()
    assert notes() == ["a", "b", "c"]


def test_what_a_crash_kept_out_of_the_journal_goes_there_before_the_next(home: Path) -> None:
    """The last transaction is still in the database, and is written once more."""
    files = without_backups(home)
    path = newest(files)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]))
    tell("c")
    assert [one.number for one in files.transactions()] == [1, 2, 3]


def test_a_damaged_place_in_the_journal_is_said(home: Path) -> None:
    """All else comes back."""
    files = without_backups(home)
    tell("c")
    for backup in Backups(home / "backups").all():
        backup.path.unlink()
    path = newest(JournalFiles(files.folder))
    damaged = [one for _, one in files.files() if b'"note":"b"' in one.read_bytes()]
    damaged[0].write_bytes(damaged[0].read_bytes().replace(b'"note":"b"', b'"note":"B"'))
    (home / FILE).unlink()
    (note,) = restore().notes
    assert damaged[0].name in note
    assert notes() == ["a", "c"]
    assert path.exists()


def test_without_its_journal_a_store_begins_a_new_one_with_all_there_is(home: Path) -> None:
    """As when only the database was copied to another machine."""
    tell("a")
    shutil.rmtree(home / "journal")
    shutil.rmtree(home / "backups", ignore_errors=True)
    tell("b")
    shutil.rmtree(home / "backups")
    (home / FILE).unlink()
    restore()
    assert notes() == ["a", "b"]


def test_nothing_is_acknowledged_before_the_journal_is_on_the_disk(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not answer is an error; what was told is in both afterwards."""
    tell("a")
    tell("a2")

    def fails(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(StoreError, match="Input/output error"):
            tell("b")
    tell("c")
    assert notes() == ["a", "a2", "b", "c"]
    (home / FILE).unlink()
    restore()
    assert notes() == ["a", "a2", "b", "c"]
