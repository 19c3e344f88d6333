"""Brings a store to the newest migration; loads Alembic only when it is not there yet."""

from __future__ import annotations

import threading

from sqlalchemy import Connection, select, table, text
from sqlalchemy import column as column_

from nightcramp.language import gettext as _
from nightcramp.store.tables import HEAD
from nightcramp.store.trouble import DATABASE_ERRORS, DamagedError, StoreError

VERSION = "alembic_version"
_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it works on in globals: two threads would take each other's."""


def is_current(connection: Connection) -> bool:
    """Return whether the store is at the newest migration, by one question to it."""
    try:
        return bool(
            connection.scalar(select(column_("version_num")).select_from(table(VERSION))) == HEAD
        )
    except DATABASE_ERRORS:
        return False
    finally:
        connection.rollback()


def revision_of(connection: Connection) -> str | None:
    """Return the migration a store is at; None for one that never had a migration."""
    if not connection.dialect.has_table(connection, VERSION):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION}"))
    if not isinstance(found, str):
        raise DamagedError(_("it does not say which version wrote it"))
    return found


def upgrade(connection: Connection, revision: str | None, where: str) -> None:
    """Run the migrations after a revision, in the caller's transaction.

    Raises StoreError for a revision that this version does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "nightcramp.store:migrations")
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            raise too_new(where)
        if revision is not None and not connection.dialect.has_table(connection, VERSION):
            command.stamp(config, revision)
        command.upgrade(config, HEAD)


def too_new(where: str) -> StoreError:
    """Return the error for a store that another version wrote."""
    return StoreError(
        _("the database was written by a newer nightcramp, and is left as it is"),
        where=where,
        hint=_(
            "Install that version or a newer one. If there never was one, the database is "
            "damaged: `nightcramp restore --replace` brings back what was kept."
        ),
    )
