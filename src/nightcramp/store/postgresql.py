"""The store on a PostgreSQL server, in a schema of its own.

One person's writers wait for each other on that person's row; people do not wait for each other.
The server keeps its own log on disk; beside it the table `journal` holds everything once more, so
that a damaged table can be brought back from the other.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from nightcramp.errors import one_line
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.store import tables
from nightcramp.store.backups import Backups
from nightcramp.store.journal import begin_anew, last_number, new_number
from nightcramp.store.place import VARIABLE, damaged
from nightcramp.store.trouble import StoreError
from nightcramp.store.upgrade import revision_of, upgrade

SCHEMA = "nightcramp"
BUSY_SECONDS = 10
CONNECT_SECONDS = "10"
SLOWEST_SECONDS = 30
"""A damaged index can send the server round for ever."""
DAMAGED = ("XX", "58030", "58P01", "23")
"""Corrupted inside, a file that cannot be read or is gone, rows that do not fit together."""
SCHEMES = ("postgresql", "postgres")


@dataclass(frozen=True)
class PostgresPlace:
    """A schema in a database of a server, and the folder of its backups on this machine."""

    url: URL = field(repr=False)
    folder: Path
    schema: str = SCHEMA

    @classmethod
    def at(cls, address: str, folder: Path) -> Self:
        """Return the place of an address; raises StoreError, never showing a password."""
        _need_driver()
        try:
            url = make_url(address)
        except (ArgumentError, ValueError):
            raise _bad_address(_("it is not an address")) from None
        if url.drivername not in SCHEMES:
            unknown = _("{name} is not a database known here")
            raise _bad_address(unknown.format(name=url.drivername))
        waiting = {"connect_timeout": CONNECT_SECONDS, **url.query}
        return cls(url.set(drivername="postgresql+psycopg", query=waiting), folder)

    @property
    def shown(self) -> str:
        """The address without password and options."""
        user = f"{self.url.username}@" if self.url.username else ""
        port = f":{self.url.port}" if self.url.port else ""
        return f"postgresql://{user}{self.url.host or ''}{port}/{self.url.database or ''}"

    @property
    def backups(self) -> Path:
        """The folder of the backups of this database on this machine."""
        where = [self.shown, *(str(self.url.query.get(key, "")) for key in ("host", "port"))]
        name = hashlib.sha256("\n".join(where).encode()).hexdigest()[:8]
        return self.folder / "backups" / f"postgresql-{name}"

    @property
    def files(self) -> None:
        """None: the journal is a table."""
        return

    def engine(self, *, locks: bool = True) -> Engine:
        """Return what connects; rows are locked by who reads them to write.

        Without locks it reads for a restore, and trusts no index.
        """
        return _engine(self.url, self.schema, indexes=locks)

    def turn(self) -> AbstractContextManager[None]:
        """Return nothing to wait for: the server lets writers of one person wait in a row."""
        return nullcontext()

    def exists(self) -> bool:
        """Return True: a server is asked."""
        return True

    def make(self) -> None:
        """Leave the making to the upgrade: a server is there."""

    def upgrade(self) -> None:
        """Make the schema, or bring it to the newest migration."""
        with self.engine().connect() as connection, connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('nightcramp'))"))
            revision = revision_of(connection)
            if revision == tables.HEAD:
                return
            if revision is None:
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {self.schema}"))
            upgrade(connection, revision, self.shown)
            if last_number(connection) == 0:
                begin_anew(connection, new_number(connection))

    def check(self, connection: Connection) -> None:
        """Leave the check of pages to the server; rows are checked as they are read."""

    def revision(self, connection: Connection) -> str | None:
        """Return the migration the schema is at."""
        return revision_of(connection)

    def trouble(self, error: BaseException) -> StoreError:
        """Return an error of the server for people, without the password."""
        state = getattr(error, "sqlstate", None) or ""
        said = self._without_password(one_line(error, 200))
        if state.startswith(DAMAGED) or isinstance(error, UnicodeDecodeError):
            return damaged(self, said)
        for beginning, message, hint in _TROUBLES:
            if state.startswith(beginning):
                advice = _(hint).format(variable=VARIABLE)
                return StoreError(_(message).format(why=said), where=self.shown, hint=advice)
        if not state:
            look = _("See whether the server runs and {variable} is right.")
            return StoreError(
                _("the database cannot be reached: {why}").format(why=said),
                where=self.shown,
                hint=f"{look.format(variable=VARIABLE)} {_(_IN_DOUBT)}",
            )
        why = _("the database cannot be used: {why}").format(why=said)
        return StoreError(why, where=self.shown, hint=_(_IN_DOUBT))

    def _without_password(self, said: str) -> str:
        secrets = (str(self.url.password or ""), str(self.url.query.get("password", "")))
        for secret in filter(None, secrets):
            said = said.replace(secret, "***")
        return said

    def way_back(self) -> str:
        """Return what can be restored and how, in words."""
        newest = Backups(self.backups).newest_in_words()
        found = _("The table of the journal holds everything once more.")
        if newest:
            found = _("There is {backup}, and the table of the journal holds everything once more.")
        back = _(
            "`nightcramp restore` brings back what was told and keeps this schema under another "
            "name. Where that fails, restore the server's own backup."
        )
        return f"{found.format(backup=newest)} {back}"

    def beside(self) -> Self:
        """Return the empty schema in which a store is built before it takes this place."""
        other = replace(self, schema=f"{self.schema}_restoring")
        other.discard()
        return other

    def discard(self) -> None:
        """Remove the schema."""
        with self.engine().connect() as connection, connection.begin():
            connection.execute(text(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE"))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep writers out until the end."""
        with self.engine().connect() as connection, connection.begin():
            if connection.dialect.has_table(connection, "person"):
                connection.execute(text("LOCK TABLE person IN EXCLUSIVE MODE"))
            yield

    def replaced_by(self, other: Self, stamp: str) -> str:
        """Put another schema in this place; the one before is renamed, its name returned."""
        aside = f"{self.schema}_before_{stamp.lower()}"
        with self.engine().connect() as connection, connection.begin():
            there = text("SELECT to_regnamespace(:name) IS NOT NULL")
            before = connection.scalar(there, {"name": self.schema})
            if before:
                connection.execute(text(f"ALTER SCHEMA {self.schema} RENAME TO {aside}"))
            connection.execute(text(f"ALTER SCHEMA {other.schema} RENAME TO {self.schema}"))
        return _("the schema {name}").format(name=aside) if before else ""

    def moved_aside(self) -> list[str]:
        """Return the stores that were moved aside, and what else still holds old content."""
        asked = text("SELECT nspname FROM pg_namespace WHERE nspname LIKE :name")
        with self.engine().connect() as connection:
            found = connection.scalars(asked, {"name": f"{self.schema}_before_%"}).all()
        return [_("the schema {name}").format(name=name) for name in found]


_IN_DOUBT = noted(
    "If it stops there each time, its database is damaged: `nightcramp restore --replace` builds "
    "it anew."
)
_TROUBLES = (
    (
        "53100",
        noted("there is no room left on the server; nothing was changed"),
        noted("Make room there."),
    ),
    ("55P03", noted("another nightcramp is writing"), noted("Try again in a moment.")),
    ("40", noted("another nightcramp is writing"), noted("Try again in a moment.")),
    ("28", noted("the server refused the name or password"), noted("See {variable}.")),
    ("3D000", noted("there is no such database: {why}"), noted("Make it with `createdb`.")),
    (
        "42501",
        noted("the server does not allow it: {why}"),
        noted("The user needs CREATE on the database."),
    ),
)


@functools.lru_cache(maxsize=8)
def _engine(url: URL, schema: str, *, indexes: bool) -> Engine:
    engine = create_engine(url, poolclass=NullPool)
    settings = {
        "search_path": schema,
        "lock_timeout": f"'{BUSY_SECONDS}s'",
        "statement_timeout": f"'{SLOWEST_SECONDS}s'",
    }
    if not indexes:
        scans = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
        settings |= dict.fromkeys(scans, "off")
    setting = "; ".join(f"SET {name} TO {value}" for name, value in settings.items())

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: Any) -> None:
        connection.autocommit = True
        connection.execute(
            f"{setting}; SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.autocommit = False

    return engine


def _need_driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise StoreError(
            _("PostgreSQL needs a part that is not installed"),
            where=VARIABLE,
            hint=_("Install it with: pip install 'nightcramp[postgres]'"),
        ) from None


def _bad_address(why: str) -> StoreError:
    return StoreError(
        _("the database cannot be used: {why}").format(why=why),
        where=VARIABLE,
        hint=_("Write postgresql://user@host/database, or unset it for a file on this machine."),
    )
