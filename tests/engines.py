"""The same OMOP database on every engine: a folder of Parquet files, PostgreSQL, Spark."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nightcramp.cohort.source.cdm import CLINICAL, Clinical
from nightcramp.cohort.weigh.results import TABLES
from nightcramp.knowledge.loader import knowledge

READ = (
    "cdm_source",
    "person",
    "observation_period",
    "death",
    "condition_occurrence",
    "drug_exposure",
    "procedure_occurrence",
    "observation",
    "measurement",
    "concept",
    "concept_ancestor",
    "concept_relationship",
)
ROW_IDS = re.compile(r"(condition|procedure)_occurrence_id|(measurement|observation|person)_id")
KINDS = (
    (ROW_IDS, "bigint"),
    (re.compile(r"drug_exposure_id|observation_period_id"), "bigint"),
    (re.compile(r".*_concept_id(_[12])?|(year|month|day)_of_birth|days_supply"), "integer"),
    (re.compile(r".*_date"), "date"),
    (re.compile(r".*_datetime"), "timestamp"),
    (re.compile(r"value_as_number|range_(low|high)|quantity"), "numeric"),
    (re.compile(r"(min|max)_levels_of_separation|refills"), "integer"),
)
KEYS = {"people": ["person_id"], "factors": ["factor"], "medicines": ["medicine"]}


def kind_of(column: str) -> str:
    """Return the type that the model gives a column on PostgreSQL."""
    return next((kind for pattern, kind in KINDS if pattern.fullmatch(column)), "varchar")


def opened_by_duckdb(source: Path) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file, or a folder of Parquet files as views."""
    if source.is_file():
        return duckdb.connect(str(source), read_only=True)
    connection = duckdb.connect()
    for path in sorted(source.glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM '{path}'")
    return connection


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the names of a table's columns in small letters, none where there is no table."""
    asked = """SELECT lower(column_name) FROM information_schema.columns
               WHERE lower(table_name) = ? ORDER BY ordinal_position"""
    return [str(name) for (name,) in connection.execute(asked, [table]).fetchall()]


def into_postgresql(source: Path, address: str, schema: str) -> None:
    """Copy what is read of a database into a schema of a server, with the model's types."""
    import psycopg

    with opened_by_duckdb(source) as local, psycopg.connect(address) as server:
        server.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        server.execute(f'CREATE SCHEMA "{schema}"')
        for table in READ:
            if columns := columns_of(local, table):
                _copied(local, server, f'"{schema}".{table}', table, columns)


def _copied(local: Any, server: Any, target: str, table: str, columns: list[str]) -> None:
    described = ", ".join(f"{name} {kind_of(name)}" for name in columns)
    server.execute(f"CREATE TABLE {target} ({described})")
    plain = ", ".join(
        f"CAST({name} AS BIGINT)" if kind_of(name) in {"bigint", "integer"} else name
        for name in columns
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        local.execute(f"COPY (SELECT {plain} FROM {table}) TO '{path}' (HEADER false)")
        with server.cursor().copy(f"COPY {target} FROM STDIN (FORMAT csv)") as copy:
            copy.write(path.read_bytes())


def into_parquet(source: Path, folder: Path) -> Path:
    """Copy what is read of a database into a folder of Parquet files."""
    folder.mkdir()
    with opened_by_duckdb(source) as local:
        for table in READ:
            if columns_of(local, table):
                local.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
    return folder


def into_duckdb(source: Path, path: Path) -> Path:
    """Copy a folder of Parquet files into a DuckDB file."""
    with duckdb.connect(str(path)) as connection:
        for one in sorted(source.glob("*.parquet")):
            connection.execute(f"CREATE TABLE {one.stem} AS SELECT * FROM '{one}'")
    return path


def result(folder: Path) -> dict[str, pa.Table]:
    """Return the tables of a result folder, in the order of their keys."""
    found = {}
    for name in TABLES:
        table = pq.read_table(folder / f"{name}.parquet")
        keys = dict.fromkeys(["person_id", *KEYS[name]])
        found[name] = table.sort_by([(key, "ascending") for key in keys])
    return found


def differences(ours: Path, theirs: Path) -> Iterator[str]:
    """Yield where two result folders differ: rows, columns or any value, floats exactly."""
    mine, other = result(ours), result(theirs)
    for name in TABLES:
        if mine[name].schema != other[name].schema:
            yield f"{name}: {mine[name].schema} and {other[name].schema}"
        elif mine[name].num_rows != other[name].num_rows:
            yield f"{name}: {mine[name].num_rows} and {other[name].num_rows} rows"
        else:
            for column in mine[name].column_names:
                if mine[name][column] != other[name][column]:
                    yield f"{name}.{column}"


# A database of made-up people with every fault that rows can have


CONCEPTS = [
    (1_000_001, "Nocturnal leg cramps", "SNOMED", "90392009"),
    (1_000_002, "Cramp", "SNOMED", "55300003"),
    (1_000_003, "Tobacco smoking status", "LOINC", "72166-2"),
    (1_000_004, "Pregnancy status", "LOINC", "82810-3"),
    (1_000_005, "Current every day smoker", "LOINC", "LA18976-3"),
    (1_000_006, "Former smoker", "LOINC", "LA15920-4"),
    (1_000_007, "Pregnant", "LOINC", "LA15173-0"),
    (1_000_008, "millimole per liter", "UCUM", "mmol/L"),
    (1_000_009, "milligram per deciliter", "UCUM", "mg/dL"),
    (1_000_010, "Body mass index", "LOINC", "39156-5"),
    (1_000_011, "kilogram per square meter", "UCUM", "kg/m2"),
    (1_000_012, "furosemide 40 MG Oral Tablet", "RxNorm", "313988"),
    (1_000_013, "diclofenac topical gel", "RxNorm", "0"),
    (1_000_014, "Something nobody knows", "Local", "x'y\\z"),
]
UNIT_WORDS = [None, "", "mmol/L", "mEq/L", "mg/dL", " g/L ", "µmol/L", "%", 'o\'dd \\ "unit" {1}']
ANSWER_WORDS = [None, "", "LA18976-3", "LA15920-4", "former smoker", "don't ask\\"]
FIRST_DAY = -719_162
"""The first of January of the year 1."""


def random_database(folder: Path, people: int, seed: int) -> Path:
    """Write a folder of Parquet files about made-up people, with all that rows get wrong."""
    import numpy as np

    folder.mkdir()
    draw = _Drawer(np.random.default_rng(seed), people)
    numbers, words = pa.int32(), pa.string()
    tables: dict[str, dict[str, tuple[list[Any], Any]]] = {
        "person": draw.people(),
        "observation_period": draw.periods(),
        "death": {
            "person_id": (deaths := draw.who(people // 10), pa.int64()),
            "death_date": (draw.days(len(deaths)), pa.date32()),
        },
        "concept": {
            "concept_id": ([row[0] for row in CONCEPTS], numbers),
            "concept_name": ([row[1] for row in CONCEPTS], words),
            "vocabulary_id": ([row[2] for row in CONCEPTS], words),
            "concept_class_id": (["" for _ in CONCEPTS], words),
            "concept_code": ([row[3] for row in CONCEPTS], words),
        },
    }
    tables |= {one.table: draw.events(one) for one in CLINICAL}
    for name, columns in tables.items():
        arrays = {column: pa.array(*given) for column, given in columns.items()}
        pq.write_table(pa.table(arrays), folder / f"{name}.parquet")
    return folder


class _Drawer:
    """Draws the columns of tables; rows stand twice now and then, and any cell may be empty."""

    def __init__(self, random: Any, people: int) -> None:
        known = knowledge()
        self.random, self.count = random, people
        conditions = [int(one) for c in known.conditions.values() for one in c.omop]
        medicines = [int(m.omop) for m in known.medicines.values() if m.omop]
        labs = [int(one) for lab in known.labs.values() for one in lab.omop]
        self.concepts = {
            "condition_occurrence": [0, 999, 1_000_001, 1_000_002, 1_000_014, *conditions],
            "drug_exposure": [0, 1_000_012, 1_000_013, *medicines],
            "procedure_occurrence": [0, 999, *conditions],
            "observation": [0, *[1_000_003, 1_000_004] * 20, *conditions],
            "measurement": [0, *[1_000_010, 3023103] * 5, *labs],
        }

    def pick(self, values: list[Any], size: int, empty: float = 0.1) -> list[Any]:
        """Return some of the values, some of them missing."""
        places = self.random.integers(0, len(values), size)
        gone = self.random.random(size) < empty
        return [
            None if no else values[i] for i, no in zip(places.tolist(), gone.tolist(), strict=True)
        ]

    def who(self, size: int) -> list[Any]:
        """Return ids of people, some of them of nobody."""
        return self.pick(list(range(1, self.count + 5)), size, 0.005)

    def days(self, size: int, empty: float = 0.02) -> list[Any]:
        """Return days of the last decades, and now and then one of long ago."""
        common = self.random.integers(11_000, 19_000, size * 3).tolist()
        return self.pick([*common, FIRST_DAY, -172_000, -1, 2_932_896], size, empty)

    def people(self) -> dict[str, tuple[list[Any], Any]]:
        ids = [*range(1, self.count + 1), 3, 4, 4]
        size, small = len(ids), pa.int32()
        return {
            "person_id": (ids, pa.int64()),
            "gender_concept_id": (self.pick([8507, 8532, 0], size), small),
            "year_of_birth": (self.pick(list(range(1900, 2012)), size, 0.03), small),
            "month_of_birth": (self.pick(list(range(14)), size, 0.3), small),
            "day_of_birth": (self.pick(list(range(33)), size, 0.3), small),
        }

    def periods(self) -> dict[str, tuple[list[Any], Any]]:
        size = self.count * 3 // 2
        starts = self.random.integers(11_000, 16_000, size)
        lengths = self.random.integers(-50, 5_000, size)
        return {
            "person_id": (self.who(size), pa.int64()),
            "observation_period_start_date": (starts.tolist(), pa.date32()),
            "observation_period_end_date": ((starts + lengths).tolist(), pa.date32()),
        }

    def events(self, one: Clinical) -> dict[str, tuple[list[Any], Any]]:
        """Return the columns of a table of events; a tenth of its row ids stand twice or more."""
        size = self.count * 12
        concepts = self.concepts[one.table]
        start = self.days(size)
        later = self.random.integers(-20, 400, size).tolist()
        ends = [
            None if d is None else min(d + n, 2_932_896) for d, n in zip(start, later, strict=True)
        ]
        columns: dict[str, tuple[list[Any], Any]] = {
            one.row: (self.pick(list(range(size * 5)), size, 0), pa.int64()),
            "person_id": (self.who(size), pa.int64()),
            one.concept: (self.pick(concepts, size, 0.05), pa.int32()),
            one.source: (self.pick(concepts, size, 0.7), pa.int32()),
            one.start: (start, pa.date32()),
        }
        for name in filter(None, (one.end, one.else_end)):
            columns[name] = (self._some(ends), pa.date32())
        if one.days:
            columns[one.days] = (self.pick([28, 90, 0, -3, 2**31 - 1], size, 0.3), pa.int32())
        columns |= self._values(one.table, size)
        again = [*range(size), *self.random.integers(0, size, size // 20).tolist()]
        return {name: ([row[i] for i in again], kind) for name, (row, kind) in columns.items()}

    def _some(self, values: list[Any]) -> list[Any]:
        gone = self.random.random(len(values)) < 0.3
        return [None if no else one for one, no in zip(values, gone.tolist(), strict=True)]

    def _values(self, table: str, size: int) -> dict[str, tuple[list[Any], Any]]:
        whole, floats, words = pa.int32(), pa.float64(), pa.string()
        if table == "observation":
            answers = [0, 1_000_005, 1_000_006, 1_000_007, 999]
            return {
                "value_as_concept_id": (self.pick(answers, size, 0.3), whole),
                "value_as_string": (self.pick(ANSWER_WORDS, size, 0.5), words),
            }
        if table != "measurement":
            return {}
        odd = [float("nan"), float("inf"), -1.0, 0.0, 1e300, 0.1 + 0.2, 1 / 3]
        results = [*(self.random.gamma(2.0, 3.0, size)).tolist(), *odd]
        return {
            "value_as_number": (self.pick(results, size), floats),
            "unit_concept_id": (self.pick([0, 1_000_008, 1_000_009, 1_000_011], size, 0.4), whole),
            "unit_source_value": (self.pick(UNIT_WORDS, size, 0), words),
            "range_low": (self.pick([3.5, 0.1, float("nan")], size, 0.5), floats),
            "range_high": (self.pick([5.1, 30.0], size, 0.5), floats),
        }
