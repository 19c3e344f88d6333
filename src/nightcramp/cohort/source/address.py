"""Where a database of many people is, and how it is opened: a file, a folder, a server, Spark."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Engine = Literal["duckdb", "parquet", "postgresql", "spark", "bulk"]

SPARK = "spark:"
"""What the address of a folder begins with that Spark is to read."""
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
STATEMENT = re.compile(r"\n\s*(?:LINE \d+:|== SQL|JVM stacktrace|;\s*'?\w+|\tat )|; line \d+ pos ")
"""Where an engine's words end and its statement or stack begins."""


@dataclass(frozen=True)
class Limits:
    """What the engine may use: memory such as `4GB` (empty: its own choice), and threads."""

    memory: str = ""
    threads: int = 0
    scratch: Path | None = None


UNLIMITED = Limits()


class Tables(Mapping[str, "ir.Table"]):
    """Tables by name in small letters; one is opened when it is first asked for."""

    def __init__(self, names: Iterable[str], open_one: Callable[[str], ir.Table]) -> None:
        self._names = {name.lower(): name for name in names}
        self._open_one = open_one
        self._opened: dict[str, ir.Table] = {}

    def __getitem__(self, name: str) -> ir.Table:
        """Return a table with its columns in small letters."""
        if name not in self._opened:
            table = self._open_one(self._names[name])
            self._opened[name] = table.rename({one.lower(): one for one in table.columns})
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)


@dataclass(frozen=True)
class Database:
    """An open database: its tables by name in small letters, columns in small letters.

    `locked`: the tables that are there and that the role may not read.
    """

    engine: Engine
    shown: str
    backend: Any
    tables: Mapping[str, ir.Table]
    locked: frozenset[str] = frozenset()


@contextmanager
def opened(address: str, limits: Limits = UNLIMITED) -> Iterator[Database]:
    """Open the database at an address; raises InputError for what cannot be opened.

    A DuckDB file; a folder of Parquet files (a file or a folder a table), or of NDJSON files
    of a FHIR bulk export; `postgresql://…` with `?schema=` for a schema of its own;
    `spark:FOLDER` for the same folder of Parquet files read by Spark.
    What an engine complains of while the database is open becomes an InputError too.
    """
    _need_ibis()
    if address.startswith(SPARK):
        from nightcramp.cohort.source.spark import opened_by_spark

        with opened_by_spark(Path(address.removeprefix(SPARK)), address, limits) as found:
            yield found
    elif SCHEME.match(address):
        from nightcramp.cohort.source.server import opened_server

        with opened_server(address) as found:
            yield found
    else:
        with _file(Path(address), address, limits) as found:
            yield found


def fetched(database: Database, table: ir.Table) -> pa.Table:
    """Return the rows of a table, all at once."""
    if database.engine == "spark":
        return database.backend.raw_sql(database.backend.compile(table)).toArrow()
    return table.to_pyarrow()


def handed(database: Database, rows: pa.Table) -> ir.Table:
    """Return a few rows of our own (whole numbers, words, yes or no) as a table to join with.

    PostgreSQL gets them written into the query: a temporary table would need a right to make
    one, and a standby server makes none.
    """
    import ibis

    if database.engine == "postgresql":
        from nightcramp.cohort.source.server import written_out

        return written_out(rows)
    if database.engine == "spark":
        from nightcramp.cohort.source.spark import view_of

        return view_of(database, rows)
    return ibis.memtable(rows)


def _need_ibis() -> None:
    try:
        import ibis  # noqa: F401
    except ImportError:
        raise not_installed() from None


def not_installed() -> InputError:
    """Return what is said where the extra `cohort` is missing."""
    return InputError(
        _("the reader of databases is not installed"),
        hint=_("`pip install 'nightcramp[cohort]'` adds it."),
    )


@contextmanager
def _file(path: Path, shown: str, limits: Limits) -> Iterator[Database]:
    import duckdb
    import ibis

    from nightcramp.cohort.source.bulk_files import is_export

    if not path.exists():
        raise InputError(_("there is no such file or folder"), where=shown)
    if path.is_dir() and is_export(path):
        with _export(path, shown, limits) as found:
            yield found
        return
    try:
        where = ":memory:" if path.is_dir() else str(path)
        backend = ibis.duckdb.connect(where, read_only=path.is_file(), **_bounds(limits))
    except Exception as error:
        raise InputError(
            _("cannot be opened as a DuckDB database: {reason}").format(reason=reason_of(error)),
            where=shown,
            hint=_("Give a DuckDB file, a folder of Parquet files, or postgresql://…"),
        ) from None
    try:
        if path.is_dir():
            yield Database("parquet", shown, backend, _parquet(backend, path, shown))
        else:
            schema = _schema_of(backend)
            names = backend.list_tables(database=schema)
            one = functools.partial(backend.table, database=schema)
            yield Database("duckdb", shown, backend, Tables(names, one))
    except duckdb.Error as error:
        raise unreadable(error, shown) from None
    finally:
        backend.disconnect()


def _schema_of(backend: Any) -> str | None:
    """Return the one schema that holds people where the usual one does not, else None."""

    def holds_people(schema: str | None) -> bool:
        return "person" in {name.lower() for name in backend.list_tables(database=schema)}

    if holds_people(None):
        return None
    others = [schema for schema in backend.list_databases() if holds_people(schema)]
    return others[0] if len(others) == 1 else None


@contextmanager
def _export(path: Path, shown: str, limits: Limits) -> Iterator[Database]:
    import duckdb

    from nightcramp.cohort.source.bulk import opened_export

    try:
        with opened_export(path, shown, limits) as found:
            yield found
    except duckdb.Error as error:
        raise unreadable(error, shown) from None


def unreadable(error: Exception, shown: str) -> InputError:
    """Return what a person is told where an engine fails on a database that did open."""
    return InputError(
        _("could not be read to the end: {reason}").format(reason=reason_of(error)), where=shown
    )


def reason_of(error: Exception) -> str:
    """Return what an engine says, without the statement and the stack that it adds."""
    said = STATEMENT.split(str(error).strip(), maxsplit=1)[0]
    return " ".join(said.split())[:300] or type(error).__name__


def _bounds(limits: Limits) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    if limits.memory:
        bounds["memory_limit"] = limits.memory
    if limits.threads:
        bounds["threads"] = limits.threads
    if limits.scratch:
        bounds["temp_directory"] = str(limits.scratch)
    return bounds


def parquet_parts(folder: Path, shown: str) -> dict[str, Path]:
    """Return the Parquet file, or the folder of them, of each table."""
    found = {file.stem.lower(): file for file in sorted(folder.glob("*.parquet"))}
    inner = (one for one in sorted(folder.iterdir()) if one.is_dir())
    found |= {one.name.lower(): one for one in inner if any(one.glob("*.parquet"))}
    if not found:
        raise InputError(
            _("holds no Parquet files"),
            where=shown,
            hint=_("A table is a file such as person.parquet, or a folder of such files."),
        )
    return found


def _parquet(backend: Any, folder: Path, shown: str) -> Tables:
    parts = parquet_parts(folder, shown)

    def one(name: str) -> ir.Table:
        pattern = parts[name] / "*.parquet" if parts[name].is_dir() else parts[name]
        try:
            return backend.read_parquet(str(pattern), table_name=name)
        except Exception as error:
            raise no_parquet(error, parts[name]) from None

    return Tables(parts, one)


def no_parquet(error: Exception, path: Path) -> InputError:
    """Return what a person is told of a file that an engine cannot open."""
    return InputError(
        _("cannot be read as a Parquet file: {reason}").format(reason=reason_of(error)),
        where=str(path),
    )
