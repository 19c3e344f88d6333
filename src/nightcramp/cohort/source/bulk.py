"""A FHIR bulk export (NDJSON, R4) as a source of a cohort: read by DuckDB, mapped like OMOP.

The lines are read once into a database of their own among the scratch files, which is gone when
the export is closed. Differences to a database in the OMOP model:

- An export has no observation periods: a person counts as observed from the first to the last
  full date of their records (visits included).
- A diagnosis begins with its onset, else when it was recorded; a sign of cramps counts on the day
  it was recorded, else its onset. One that ended counts until the day before; one that is over
  and does not say since when counts on its first day only, because nothing tells how long it
  went on.
- A prescription or a statement that is active and names no end goes on until the newest date of
  the export. One that is stopped or completed lasts to its end, else as long as its supply.
- What denies (a refuted diagnosis, a medicine not taken, nothing to list), or is not certain, says
  nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightcramp.cohort.source.address import Database, Limits, Tables
from nightcramp.cohort.source.arrays import EPOCH
from nightcramp.cohort.source.bulk_files import Export, export_in, first_fault
from nightcramp.cohort.source.bulk_rows import (
    MEDICATION,
    PATIENT,
    READ,
    components,
    fault,
    lines,
    macros,
    table_of,
)
from nightcramp.cohort.source.cdm import CdmSource
from nightcramp.errors import InputError, one_line
from nightcramp.language import gettext as _

NAME = "FHIR R4 bulk export"
UPDATED = "epoch_us(TRY_CAST(meta.lastUpdated AS TIMESTAMPTZ)) AS updated"


@contextlib.contextmanager
def opened_export(folder: Path, shown: str, limits: Limits) -> Iterator[Database]:
    """Open a folder of NDJSON files; raises InputError with file and line for a broken one.

    The tables of the database are `people` (`person`, `patient`: the number of a person here
    and the id in the export) and one of each kind of record.
    """
    import ibis

    export = export_in(folder, shown)
    scratch = Path(tempfile.mkdtemp(prefix="nightcramp-", dir=limits.scratch))
    try:
        nothing = scratch / "nothing.ndjson"
        nothing.touch()
        backend = ibis.duckdb.connect(str(scratch / "export.duckdb"), **_bounds(limits))
        try:
            # DuckDB cannot tell how many rows files of lines hold, and would join them as if few.
            backend.con.execute("SET disabled_optimizers = 'build_side_probe_side'")
            _load(backend.con, export, nothing)
            backend.con.execute("RESET disabled_optimizers")
            yield Database("bulk", shown, backend, Tables(backend.list_tables(), backend.table))
        finally:
            backend.disconnect()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _bounds(limits: Limits) -> dict[str, Any]:
    bounds: dict[str, Any] = {"threads": limits.threads} if limits.threads else {}
    return bounds | ({"memory_limit": limits.memory} if limits.memory else {})


def source_of(database: Database) -> CdmSource:
    """Return what an export says of itself: its version, and its newest date."""
    (newest,) = database.backend.con.execute("SELECT max(last) FROM spans").fetchone()
    day = EPOCH + dt.timedelta(days=newest or 0)
    return CdmSource(
        kind=database.engine,
        shown=database.shown,
        name=NAME,
        release="" if newest is None else day.isoformat(),
    )


# Reading the lines


def _load(con: Any, export: Export, nothing: Path) -> None:
    """Read all files into tables; raises InputError naming the line that cannot be read.

    `nothing`: an empty file, read for kinds that the export does not hold.
    """

    def files_of(kind: str) -> list[Path]:
        return export.files.get(kind) or [nothing]

    for definition in macros(dt.date.today()):
        con.execute(f"CREATE MACRO {definition}")
    con.execute("CREATE TABLE left_out (name VARCHAR, number BIGINT)")
    con.execute("INSERT INTO left_out VALUES ('other_kinds', ?)", [export.others])
    _read(con, "Patient", files_of("Patient"), _people)
    _read(con, "Medication", files_of("Medication"), _products)
    for kind in READ:
        _read(con, kind, files_of(kind), lambda names, kind=kind: [table_of(kind, names)])
        _keep_newest(con, kind)
    con.execute(components())
    con.execute(_spans())


def _read(con: Any, kind: str, files: list[Path], statements: Any) -> None:
    import duckdb

    try:
        for statement in statements([str(path) for path in files]):
            con.execute(statement)
        found = con.execute(f"SELECT DISTINCT file FROM {kind} WHERE fault").fetchall()
    except duckdb.Error as error:
        raise _broken(files, kind, error) from None
    faulty = {name for (name,) in found}
    for path in files:
        if str(path) in faulty:
            raise first_fault(path, kind) or _unread(str(path), "")


def _broken(files: list[Path], kind: str, error: Exception) -> InputError:
    """Return which line of which file DuckDB could not read."""
    named = [path for path in files if str(path) in str(error)]
    faults = (first_fault(path, kind) for path in named or files)
    where = str(named[0]) if named else ""
    return next((one for one in faults if one), None) or _unread(where, one_line(error, 200))


def _unread(where: str, reason: str) -> InputError:
    return InputError(_("cannot be read: {fault}").format(fault=reason), where=where)


def _people(files: list[str]) -> Iterator[str]:
    born = "dated(birthDate)"
    yield (
        f"CREATE TABLE Patient AS SELECT {fault('Patient')} AS fault, file, id AS patient, "
        f"{UPDATED}, TRY_CAST(left({born}, 4) AS INTEGER) AS year, "
        f"coalesce(TRY_CAST(substr({born}, 6, 2) AS INTEGER), 0) * 100 + "
        f"coalesce(TRY_CAST(substr({born}, 9, 2) AS INTEGER), 0) AS rest, "
        "CASE lower(gender) WHEN 'female' THEN 1.0 WHEN 'male' THEN 0.0 END AS sex, "
        f"day_of(deceasedDateTime) AS died FROM {lines(files, PATIENT)}"
    )
    yield (
        "DELETE FROM Patient USING (SELECT patient, max(updated) AS newest FROM Patient "
        "GROUP BY patient HAVING count(*) > 1) AS again "
        "WHERE Patient.patient = again.patient AND coalesce(updated, 0) < newest"
    )
    yield (
        "CREATE TABLE people AS SELECT row_number() OVER (ORDER BY patient) AS person, patient "
        "FROM (SELECT DISTINCT patient FROM Patient WHERE NOT fault)"
    )


def _products(files: list[str]) -> Iterator[str]:
    product = "json_object('code', code, 'ingredient', ingredient, 'contained', contained)::VARCHAR"
    yield (
        f"CREATE TABLE Medication AS SELECT {fault('Medication')} AS fault, file, id, {UPDATED}, "
        f"{product} AS product FROM {lines(files, MEDICATION)}"
    )
    yield (
        "CREATE TABLE products AS SELECT id, arg_max(product, coalesce(updated, 0)) AS product "
        "FROM Medication WHERE id <> '' GROUP BY id"
    )


def _keep_newest(con: Any, kind: str) -> None:
    """Drop the versions of records that a later one takes the place of."""
    (some,) = con.execute(f"SELECT max(updated) IS NOT NULL FROM {kind}").fetchone()
    if some:
        (gone,) = con.execute(
            f"DELETE FROM {kind} USING (SELECT mark, max(updated) AS newest FROM {kind} "
            "WHERE mark IS NOT NULL GROUP BY mark HAVING count(*) > 1) AS again "
            f"WHERE {kind}.mark = again.mark AND coalesce(updated, 0) < newest"
        ).fetchone()
        con.execute("INSERT INTO left_out VALUES ('older_version', ?)", [gone])


def _spans() -> str:
    """Return the statement that makes the first and last day on which people were seen."""
    seen = " UNION ALL ".join(f"SELECT person, first_seen, last_seen FROM {k}" for k in READ)
    return (
        'CREATE TABLE spans AS SELECT person, min(first_seen) AS "first", max(last_seen) AS "last" '
        f"FROM ({seen}) WHERE person IS NOT NULL GROUP BY person"
    )
