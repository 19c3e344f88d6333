"""The store in one SQLite file on the person's machine, readable by its owner only.

The journal mode is DELETE, not WAL: after every command the one file holds everything, so that
copying or synchronising it misses nothing, and it works on network folders. `synchronous` is
EXTRA: the end of a transaction is on the disk, the folder's too, before it is acknowledged.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, select, text
from sqlalchemy import func as sql
from sqlalchemy.pool import NullPool

from nightcramp.errors import one_line
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.store import tables
from nightcramp.store.backups import Backups
from nightcramp.store.files import not_written, private_folder, sync_folder
from nightcramp.store.journal_files import JournalFiles
from nightcramp.store.place import damaged
from nightcramp.store.trouble import DamagedError, StoreError
from nightcramp.store.turns import Turns
from nightcramp.store.upgrade import revision_of, too_new, upgrade

FILE = "person.db"
BUSY_SECONDS = 10.0
CHECKED_EACH_TIME = 16 << 20
"""Up to this size the whole file is checked at every opening, beyond it once a day."""
FIRST_SHAPE = 1
"""The user_version of the shape before Alembic."""
LATER_SHAPES = 2
"""The user_version since."""
ASIDE = "{stem}-before-{stamp}.db"
COPY = "before-{revision}-{stamp}.db"


@dataclass(frozen=True)
class SqlitePlace:
    """A SQLite file in a folder, with its journal and backups beside it."""

    folder: Path
    name: str = FILE

    @property
    def file(self) -> Path:
        """The database itself."""
        return self.folder / self.name

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.file)

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return self.folder / "backups"

    @property
    def files(self) -> JournalFiles:
        """The files of the journal."""
        return JournalFiles(self.folder / "journal")

    def engine(self, *, locks: bool = True, foreign_keys: bool = True) -> Engine:
        """Return what connects; each transaction is BEGIN IMMEDIATE, or plain without locks."""
        return _engine(str(self.file), "BEGIN IMMEDIATE" if locks else "BEGIN", foreign_keys)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let threads of this process write in the order they came; raises StoreError."""
        with ExitStack() as stack:
            try:
                stack.enter_context(_turns(str(self.file)).mine(BUSY_SECONDS))
            except TimeoutError:
                busy = sqlite3.OperationalError()
                busy.sqlite_errorname = "SQLITE_BUSY"
                raise self.trouble(busy) from None
            yield

    def exists(self) -> bool:
        """Return whether the file is there."""
        return self.file.exists()

    def make(self) -> None:
        """Make the empty file if there is none, but not where a store was lost."""
        if self.file.exists():
            return
        private_folder(self.folder)
        if self.name == FILE and (self.files.files() or Backups(self.backups).all()):
            raise damaged(self, _("the file is gone"))
        try:
            self.file.touch(mode=0o600)
            sync_folder(self.folder)
        except OSError as error:
            raise not_written(self.file, error) from None

    def upgrade(self) -> None:
        """Bring the file to the newest migration, after a copy of what it held."""
        with self.engine(foreign_keys=False).connect() as connection, connection.begin():
            _check_pages(connection)
            revision = self.revision(connection)
            if revision == tables.HEAD:
                return
            if revision is not None:
                self._copy()
            upgrade(connection, revision, self.shown)
            if connection.execute(text("PRAGMA foreign_key_check")).first():
                raise DamagedError(_("parts of it belong to nothing"))

    def revision(self, connection: Connection) -> str | None:
        """Return the migration the file is at, the shape before Alembic included."""
        revision = revision_of(connection)
        shape = connection.scalar(text("PRAGMA user_version"))
        if revision is not None or shape == FIRST_SHAPE:
            return revision or "0001"
        if shape > LATER_SHAPES:
            raise too_new(self.shown)
        if connection.scalar(text("SELECT count(*) FROM sqlite_master")):
            raise DamagedError(_("it holds something else"))
        return None

    def _copy(self) -> None:
        """Copy the file as it is before a migration."""
        private_folder(self.backups)
        stamp = f"{dt.datetime.now():%Y%m%dT%H%M%S%f}"
        copy = self.backups / COPY.format(revision=tables.HEAD, stamp=stamp)
        copy.touch(mode=0o600)
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(copy)) as to:
            source.backup(to)
        sync_folder(self.backups)

    def check(self, connection: Connection) -> None:
        """Check the pages of the file, that it is still the same file, and not an older one."""
        if connection.info["inode"] != _inode(self.file):
            raise StoreError(
                _("the database was replaced meanwhile; nothing was changed"),
                where=self.shown,
                hint=_("Do it again."),
            )
        self._check_pages(connection)
        last = self.files.last() if self.name == FILE else None
        written = connection.scalar(select(sql.max(tables.journal.c.number))) or 0
        if last is not None and last > written:
            raise DamagedError(
                _("it is older than its journal, which goes on to {last} ({written} here)").format(
                    last=last, written=written
                )
            )

    def _check_pages(self, connection: Connection) -> None:
        """Check all pages; of a large file once a day."""
        mark, today = self.folder / "checked", dt.date.today().isoformat()
        is_large = self.file.stat().st_size > CHECKED_EACH_TIME
        with contextlib.suppress(OSError):
            if is_large and mark.read_text() == today:
                return
        _check_pages(connection)
        with contextlib.suppress(OSError):
            if is_large:
                mark.write_text(today)

    def trouble(self, error: BaseException) -> StoreError:
        """Return an error of SQLite for people."""
        name = getattr(error, "sqlite_errorname", "")
        for beginning, message, hint in _TROUBLES:
            if name.startswith(beginning):
                said = _(message).format(why=one_line(error, 200))
                return StoreError(said, where=self.shown, hint=_(hint))
        return damaged(self, one_line(error, 200))

    def way_back(self) -> str:
        """Return what can be restored and how, in words."""
        newest = Backups(self.backups).newest_in_words()
        found = [newest] if newest else []
        found += [_("the journal of what came after")] if newest and self.files.files() else []
        found += [_("the journal")] if self.files.files() and not newest else []
        if not found:
            return _("There is no backup. Move the file away to start anew; keep it.")
        return _(
            "There is {found}. `nightcramp restore` brings back what was told and "
            "keeps this file beside it."
        ).format(found=_(" and ").join(found))

    def beside(self) -> Self:
        """Return the place in which a store is built before it takes this place."""
        other = replace(self, name=f"{self.name}.restoring")
        other.discard()
        return other

    def discard(self) -> None:
        """Remove the file."""
        self.file.unlink(missing_ok=True)
        _journal_of(self.file).unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep writers out, as far as a damaged file can be locked."""
        if not self.file.exists():
            yield
            return
        with closing(sqlite3.connect(self.file, BUSY_SECONDS, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except (sqlite3.Error, UnicodeDecodeError) as error:
                if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                    raise self.trouble(error) from None
            yield

    def replaced_by(self, other: Self, stamp: str) -> str:
        """Put another file in this place; the one before is moved aside, its name returned."""
        aside = self.folder / ASIDE.format(stem=self.file.stem, stamp=stamp)
        try:
            if self.file.exists():
                os.rename(self.file, aside)
            if _journal_of(self.file).exists():
                os.rename(_journal_of(self.file), _journal_of(aside))
            os.rename(other.file, self.file)
        except OSError as error:
            raise not_written(self.file, error) from None
        sync_folder(self.folder)
        return str(aside) if aside.exists() else ""

    def moved_aside(self) -> list[str]:
        """Return the files that were moved aside or copied, which still hold old content."""
        aside = self.folder.glob(ASIDE.format(stem=self.file.stem, stamp="*"))
        copies = self.backups.glob(COPY.format(revision="*", stamp="*"))
        return [str(path) for path in sorted([*aside, *copies])]


_TROUBLES: tuple[tuple[str | tuple[str, ...], str, str], ...] = (
    (
        "SQLITE_FULL",
        noted("there is no room left on the disk; nothing was changed"),
        noted("Make room and do it again. What was kept before is all there."),
    ),
    (
        (
            "SQLITE_IOERR_WRITE",
            "SQLITE_IOERR_FSYNC",
            "SQLITE_IOERR_DIR_FSYNC",
            "SQLITE_IOERR_TRUNCATE",
            "SQLITE_IOERR_DELETE",
        ),
        noted("the disk takes no more; nothing was changed ({why})"),
        noted("Make room and do it again. What was kept before is all there."),
    ),
    ("SQLITE_BUSY", noted("another nightcramp is writing"), noted("Try again in a moment.")),
    ("SQLITE_LOCKED", noted("another nightcramp is writing"), noted("Try again in a moment.")),
    (
        "SQLITE_READONLY",
        noted("the database cannot be written: {why}"),
        noted("See who may write the file."),
    ),
    (
        "SQLITE_CANTOPEN",
        noted("the database cannot be opened: {why}"),
        noted("See who may read the file."),
    ),
    (
        "SQLITE_PERM",
        noted("the database cannot be opened: {why}"),
        noted("See who may read the file."),
    ),
)


@functools.cache
def _turns(path: str) -> Turns:
    return Turns()


@functools.lru_cache(maxsize=8)
def _engine(path: str, begin: str, foreign_keys: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, record: Any) -> None:
        record.info["inode"] = _inode(Path(path))
        for pragma in (
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "journal_mode = DELETE",
            "synchronous = EXTRA",
            "secure_delete = ON",
            "cell_size_check = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _check_pages(connection: Connection) -> None:
    found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    if found != "ok":
        raise DamagedError(one_line(ValueError(found), 200))


def _inode(path: Path) -> int:
    return path.stat().st_ino if path.exists() else 0


def _journal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-journal")
