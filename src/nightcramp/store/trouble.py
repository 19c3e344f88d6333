"""Errors of the store."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

from nightcramp.errors import NightcrampError

DATABASE_ERRORS = (DBAPIError, sqlite3.Error, UnicodeDecodeError)
"""What a database raises; the last where a damaged SQLite file is quoted in its own error."""


class StoreError(NightcrampError):
    """The store cannot be used."""

    exit_code = 14


class DamagedError(StoreError):
    """What is in the store is not what was written."""
