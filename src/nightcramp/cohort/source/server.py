"""A PostgreSQL server as a database of many people: read only, streamed, nothing made on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from nightcramp.cohort.source.address import Database, Tables, reason_of, unreadable
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

SERVER = re.compile(
    r"postgres(?:ql)?://(?:(?P<who>[^@/?#]*)@)?(?P<host>[^@/?#]*)"
    r"(?P<database>/[^@/?#]*)?(?:\?(?P<options>[^@#]*))?"
)
"""What stands between // and @ is never shown; an @ elsewhere could be within a password."""
SHOWN_OPTIONS = ("host", "port", "dbname", "schema")
CONNECT_WITHIN = "30"
"""Seconds in which a server has to answer, unless the address says otherwise."""


@contextmanager
def opened_server(address: str) -> Iterator[Database]:
    """Open `postgresql://…`, of which user and password are never shown; raises InputError."""
    import ibis

    try:
        import psycopg
    except ImportError:
        raise InputError(
            _("the driver of PostgreSQL is not installed"),
            hint=_("`pip install 'nightcramp[cohort]'` adds it."),
        ) from None
    asked, schema, shown = _asked(address)
    try:
        connection = psycopg.connect(**asked)
    except psycopg.Error as error:
        raise InputError(
            _("the server does not open: {reason}").format(reason=reason_of(error)),
            where=shown,
            hint=_(
                "See that it runs, and that user, password and database are right; "
                "a password may also stand in PGPASSWORD or ~/.pgpass."
            ),
        ) from None
    try:
        _read_only(connection)
        backend = ibis.postgres.from_connection(connection)
        found, locked = _on_server(backend, schema, shown)
        yield Database("postgresql", shown, backend, found, locked)
    except psycopg.Error as error:
        raise unreadable(error, shown) from None
    finally:
        connection.close()


def _asked(address: str) -> tuple[dict[str, Any], str, str]:
    """Return how to connect, the schema, and the address without user and password."""
    from psycopg.conninfo import conninfo_to_dict

    parts = SERVER.fullmatch(address)
    if not parts:
        raise _no_server(address) from None
    options = dict(parse_qsl(parts["options"] or ""))
    shown = {name: value for name, value in options.items() if name in SHOWN_OPTIONS}
    schema = options.pop("schema", "public")
    plain = address.partition("?")[0] + ("?" + urlencode(options) if options else "")
    try:
        asked: dict[str, Any] = dict(conninfo_to_dict(plain))
    except Exception:
        raise _no_server(address) from None
    asked = {"connect_timeout": CONNECT_WITHIN, **asked}
    asked |= {"autocommit": True, "client_encoding": "utf8"}
    said = "?" + urlencode(shown, safe="/") if shown else ""
    return asked, schema, f"postgresql://{parts['host']}{parts['database'] or ''}{said}"


def _no_server(address: str) -> InputError:
    return InputError(
        _("is not an address that can be read"),
        where=f"{address.partition('://')[0]}://…",
        hint=_(
            "It is postgresql://USER@HOST/DATABASE?schema=SCHEMA; within a password "
            "write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25."
        ),
    )


def _read_only(connection: Any) -> None:
    """Let nothing be written, and texts and sorted streams be read as they are meant."""
    for setting in (
        "default_transaction_read_only = on",
        "standard_conforming_strings = on",
        "cursor_tuple_fraction = 1",
    ):
        connection.execute(f"SET {setting}")


RELATIONS = """
    SELECT c.relname, has_schema_privilege(n.oid, 'USAGE')
        AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
"""Tables, partitioned ones, views of both kinds and foreign tables, and whether to be read."""
SCHEMAS = """
    SELECT DISTINCT n.nspname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE lower(c.relname) = 'person' ORDER BY 1
"""


def _on_server(backend: Any, schema: str, shown: str) -> tuple[Tables, frozenset[str]]:
    """Return the tables of a schema, and the names of those that may not be read."""
    relations = backend.con.execute(RELATIONS, (schema,)).fetchall()
    if not relations:
        others = [str(name) for (name,) in backend.con.execute(SCHEMAS).fetchall()]
        raise InputError(
            _("the schema {schema} holds no tables").format(schema=schema),
            where=shown,
            hint=_("`?schema=` names the schema; a table of people is in: {names}").format(
                names=", ".join(others) or _("none")
            ),
        )
    tables = Tables(
        (name for name, readable in relations if readable),
        lambda name: backend.table(name, database=schema),
    )
    return tables, frozenset(name.lower() for name, readable in relations if not readable)


def written_out(rows: pa.Table) -> ir.Table:
    """Return a few rows as a table that is part of the query."""
    import ibis

    once = ibis.literal(1).name("once").as_table()
    return once.select(**{name: _list(rows[name]).unnest() for name in rows.column_names})


def _list(column: pa.ChunkedArray) -> Any:
    """Return a column as one array; numbers as one text, for they can be many thousands."""
    import ibis
    import pyarrow as pa

    values = column.to_pylist()
    if not pa.types.is_integer(column.type):
        kind = "boolean" if pa.types.is_boolean(column.type) else "string"
        return ibis.literal(values, type=f"array<{kind}>")
    kind = "int32" if column.type == pa.int32() else "int64"
    return ibis.literal(",".join(map(str, values))).split(",").cast(f"array<{kind}>")
