"""Backups: archives of the whole store, one a day, read back before they count."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from nightcramp.errors import InputError
from nightcramp.language import gettext as _
from nightcramp.store.archive import digest_of_archive, write_archive
from nightcramp.store.files import PART, private_folder, written_whole
from nightcramp.store.records import Kept
from nightcramp.store.trouble import StoreError

DAYS_KEPT = 14
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)-(\d{8,})\.zip")


def today() -> dt.date:
    """Return what day it is here."""
    return dt.date.today()


class Backup(Struct, frozen=True, kw_only=True):
    """A backup: its day, and the number of the last transaction of the journal in it."""

    path: Path
    day: str
    number: int

    def is_good(self) -> bool:
        """Return whether all of it can be read."""
        try:
            digest_of_archive(self.path)
        except InputError:
            return False
        return True


class Backups:
    """The backups in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Backup]:
        """Return the backups, newest first by what is in them, whatever the clock said."""
        matches = [(path, _NAME.fullmatch(path.name)) for path in self.folder.glob("*.zip")]
        found = [
            Backup(path=path, day=match[1], number=int(match[2]))
            for path, match in matches
            if match
        ]
        return sorted(found, key=lambda backup: (backup.number, backup.day), reverse=True)

    def newest_in_words(self) -> str:
        """Return the newest backup with its day, "" for none."""
        newest = next(iter(self.all()), None)
        if newest is None:
            return ""
        return _("the backup of {day} ({path})").format(day=newest.day, path=newest.path)

    def is_due(self) -> bool:
        """Return whether this day has no backup yet."""
        return today().isoformat() not in {backup.day for backup in self.all()}

    def make(self, records: Iterable[Kept], number: int) -> Backup:
        """Write a backup, read it back, and let the oldest go; raises StoreError."""
        private_folder(self.folder)
        for left_over in self.folder.glob(f".*{PART}"):
            left_over.unlink(missing_ok=True)
        day = today().isoformat()
        path = self.folder / f"{day}-{number:08d}.zip"
        with written_whole(path) as handle:
            digest = write_archive(handle, records)
        _verify(path, digest)
        self._let_go()
        return Backup(path=path, day=day, number=number)

    def forget(self) -> None:
        """Remove all backups."""
        for backup in self.all():
            backup.path.unlink()

    def _let_go(self) -> None:
        found = self.all()
        days = list(dict.fromkeys(backup.day for backup in found))[:DAYS_KEPT]
        for backup in found:
            if backup.day not in days:
                backup.path.unlink()


def _verify(path: Path, digest: str) -> None:
    try:
        found = digest_of_archive(path)
    except InputError as error:
        found = str(error)
    if found != digest:
        path.unlink(missing_ok=True)
        raise StoreError(_("the backup is not what was written"), where=str(path))
