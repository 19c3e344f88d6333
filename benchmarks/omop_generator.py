"""Made-up OMOP CDM 5.4 data of any size: `omop_generator.py PEOPLE FOLDER`.

One Parquet file a table, sorted by person and day as most loads leave them, or `--shuffled`.
`--duckdb FILE` writes the same tables into a DuckDB database too. Who these people are lies in
omop_population.toml; columns and concept rows come from the sample databases. Every draw is a hash
of seed, person and purpose, so the same version of DuckDB makes the same people again, and the
first of many are the same as the first of few. People are made in blocks, which bounds memory.

What the data hold on purpose: cramp markers, more often in the year after starting a diuretic,
statin or long-acting beta-agonist; prevalent users, refills with gaps, two observation periods;
values in two units; and dirt: diagnoses before birth, ends before starts or missing, duplicate
rows, concept 0, impossible values, observation periods of people who do not exist.
"""

from __future__ import annotations

import argparse
import shutil
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from nightcramp.knowledge.loader import knowledge
from nightcramp.knowledge.schema import Conversion
from omop_rows import BORN, CDM_SOURCE, DRAFTS, MACROS, MARKERS, PEOPLE, RUNS, SICK, Draft
from omop_vocabulary import EUNOMIA, SYNTHEA, Vocabulary, finish, rows, vocabulary

POPULATION = Path(__file__).with_name("omop_population.toml")
BLOCK = 250_000
ROW_GROUP = 122_880
CONCEPTS = ("concept", "concept_ancestor", "concept_relationship", "vocabulary")


@dataclass
class Maker:
    """A connection that makes people block by block, and the rows it has written so far."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    people: int
    texts: dict[str, object]
    written: dict[str, int] = field(default_factory=lambda: {draft.table: 0 for draft in DRAFTS})

    @property
    def parts(self) -> Path:
        """Return the folder of unfinished pieces."""
        return self.folder / "parts"

    def block(self, first: int, last: int) -> None:
        """Write the pieces of people `first` to `last` (excluded)."""
        is_last = last > self.people
        self.texts |= {"first": first, "last": last}
        self.texts["nobody"] = max(1, self.people // 5000) if is_last else 0
        for statement in (BORN, PEOPLE, SICK, RUNS, MARKERS):
            self.connection.execute(statement.format(**self.texts))
        for draft in DRAFTS:
            self.piece(draft, first)

    def piece(self, draft: Draft, first: int) -> None:
        """Write the rows of a table for the people of this block, in order."""
        source = draft.rows.format(**self.texts)
        twice = "range(1 + (v(person, 90, (day - DATE '1970-01-01')) < 0.0005)::INT)"
        again = (
            f"SELECT * EXCLUDE (twice) FROM (SELECT *, unnest({twice}) AS twice FROM ({source}))"
        )
        query = f"""
            SELECT {shaped(draft.table, draft.columns)} FROM (
                SELECT *, row_number() OVER () + {self.written[draft.table]} AS id FROM (
                    {again if draft.doubled else source} ORDER BY {draft.order}))"""
        self.written[draft.table] += self.copy(query, self.parts / f"{draft.table}-{first:09}")

    def copy(self, query: str, path: Path) -> int:
        """Write a query to a Parquet file; return its rows."""
        target = f"'{path}.parquet' (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
        return int(rows(self.connection, f"COPY ({query}) TO {target}")[0][0])

    def join(self, table: str, shuffled: bool) -> None:
        """Make one file of the pieces of a table."""
        pieces = sorted(self.parts.glob(f"{table}-*.parquet"))
        listed = ", ".join(f"'{piece}'" for piece in pieces)
        key = next(iter(columns_of(table)))
        order = f"ORDER BY hash({key} + {self.texts['seed']})" if shuffled else ""
        self.copy(f"SELECT * FROM read_parquet([{listed}]) {order}", self.folder / table)
        for piece in pieces:
            piece.unlink()

    def vocabulary(self) -> None:
        """Write the concept tables and cdm_source."""
        for table in CONCEPTS:
            columns = shaped(table, {name: name for name in columns_of(table)})
            self.copy(f"SELECT {columns} FROM {table} ORDER BY ALL", self.folder / table)
        source = shaped("cdm_source", CDM_SOURCE).format(**self.texts)
        self.copy(f"SELECT {source}", self.folder / "cdm_source")


@cache
def columns_of(table: str) -> dict[str, str]:
    """Return names and types of a table's columns, as the sample database of CDM 5.4 has them."""
    query = f"DESCRIBE SELECT * FROM read_parquet('{SYNTHEA}/{table}.parquet')"
    return {row[0]: row[1] for row in rows(duckdb.connect(), query)}


def shaped(table: str, given: dict[str, str]) -> str:
    """Return a select list with every column of a table: what is given, no concept, or null."""
    types = columns_of(table)
    missing = {name: "0" if name.endswith("_concept_id") else "NULL" for name in types}
    return ", ".join(
        f"({(missing | given)[name]})::{types[name]} AS {name}"
        for name in (*types, *given.keys() - types)
    )


def literal(values: list[Any]) -> str:
    """Return a list as SQL."""
    kind = "DOUBLE" if isinstance(values[0], float) else "INTEGER"
    return f"({list(values)}::{kind}[])"


def decade(shares: list[float]) -> str:
    """Return SQL that draws an age in tens of years."""
    edges = [sum(shares[: index + 1]) for index in range(len(shares) - 1)]
    cases = " ".join(f"WHEN u(i, 1) < {edge} THEN {index}" for index, edge in enumerate(edges))
    return f"(CASE {cases} ELSE {len(edges)} END)"


def disease_flag(index: int, disease: dict[str, Any], places: dict[str, int]) -> str:
    """Return SQL that draws whether a person has a disease; its parent was drawn before."""
    share = f"{literal(disease['share'])}[g]"
    if "parent" in disease:
        given = f"{literal(disease['given'])}[g]"
        share = f"CASE WHEN d{places[disease['parent']]} THEN {given} ELSE {share} END"
    by_sex = f"CASE WHEN female THEN {disease.get('women', 1)} ELSE {disease.get('men', 1)} END"
    return f"u(person, {100 + index}) < ({share}) * ({by_sex}) AS d{index}"


def shifts(labs: list[dict[str, Any]], places: dict[str, int]) -> str:
    """Return SQL for what a person's diseases multiply the value of a test by."""
    cases = [
        " * ".join(
            f"(CASE WHEN d{places[key]} THEN {by} ELSE 1 END)" for key, by in lab["shift"].items()
        )
        for lab in labs
        if "shift" in lab
    ]
    places_of = [index for index, lab in enumerate(labs) if "shift" in lab]
    pairs = zip(places_of, cases, strict=True)
    return f"(CASE l {' '.join(f'WHEN {at} THEN {case}' for at, case in pairs)} ELSE 1 END)"


def add_diseases(made: Vocabulary, diseases: list[dict[str, Any]]) -> None:
    """Create the table of chronic diseases."""
    made.connection.execute(
        "CREATE TABLE disease (d INT, concept INT, source INT, code VARCHAR, lasts INT)"
    )
    for index, disease in enumerate(diseases):
        key = disease.get("concept", "")
        named = made.diagnosis(key) if key else None
        row = (named.standard, named.source, named.code) if named else (0, 0, "")
        made.connection.execute(
            "INSERT INTO disease VALUES (?, ?, ?, ?, ?)", [index, *row, disease.get("lasts", 0)]
        )


def add_care(made: Vocabulary, cares: list[dict[str, Any]], places: dict[str, int]) -> None:
    """Create the table of medicines for diseases."""
    made.connection.execute(
        "CREATE TABLE care (c INT, d INT, products INT[], share DOUBLE, keep INT, lag INT, "
        "planted VARCHAR)"
    )
    for index, care in enumerate(cares):
        products = [made.medicine(key) for key in care["products"]]
        row = [index, places[care["disease"]], products, care["share"], care["keep"], care["lag"]]
        made.connection.execute(
            "INSERT INTO care VALUES (?, ?, ?, ?, ?, ?, ?)", [*row, care.get("planted", "")]
        )


def add_labs(made: Vocabulary, labs: list[dict[str, Any]]) -> None:
    """Create the table of laboratory tests, with limits two standard deviations off the middle."""
    made.connection.execute(
        "CREATE TABLE lab (l INT, concept INT, code VARCHAR, spelled VARCHAR, unit INT, "
        "other VARCHAR, other_unit INT, times DOUBLE, plus DOUBLE, mean DOUBLE, sd DOUBLE, "
        "log BOOL, panel DOUBLE, low DOUBLE, high DOUBLE)"
    )
    for index, drawn in enumerate(labs):
        lab, unit, other = knowledge().labs[drawn["id"]], drawn["unit"], drawn.get("other", "")
        units = {each.unit: each for each in lab.units}
        times, plus = between(units[unit], units[other or unit])
        ids = made.unit(drawn.get("ucum", unit)), made.unit(other) if other else 0
        row = [index, *made.lab(lab), unit, ids[0], other, ids[1], times, plus, *shape_of(drawn)]
        made.connection.execute(f"INSERT INTO lab VALUES ({', '.join('?' * len(row))})", row)


def between(unit: Conversion, other: Conversion) -> tuple[float, float]:
    """Return factor and addend from one unit of a test to another."""
    return unit.factor / other.factor, (unit.offset - other.offset) / other.factor


def shape_of(drawn: dict[str, Any]) -> tuple[float, float, bool, float, float, float]:
    """Return mean, spread, whether on the log scale, part in panels, and limits of a test."""
    mean, sd, log = drawn["mean"], drawn["sd"], drawn.get("log", False)
    width = 2.7182818 ** (2 * sd)
    low, high = (mean / width, mean * width) if log else (mean - 2 * sd, mean + 2 * sd)
    return mean, sd, log, drawn["panel"], low, high


def add_others(connection: duckdb.DuckDBPyConnection) -> None:
    """Create tables of the samples' other conditions, procedures, observations: frequent first."""
    for table, domain, prefix, kind in (
        ("illness", "Condition", "condition", "condition_occurrence"),
        ("procedure", "Procedure", "procedure", "procedure_occurrence"),
        ("remark", "Observation", "observation", "observation"),
    ):
        column = f"{prefix}_concept_id"
        connection.execute(f"""
            CREATE TABLE {table} AS
            SELECT row_number() OVER (ORDER BY seen DESC NULLS LAST, concept_id) AS n,
                concept_id AS concept, concept_code AS code
            FROM concept LEFT JOIN (
                SELECT {column} AS concept_id, count(*) AS seen FROM (
                    SELECT {column} FROM eunomia.{kind} UNION ALL
                    SELECT {column} FROM read_parquet('{SYNTHEA}/{kind}.parquet')) GROUP BY 1)
            USING (concept_id)
            WHERE domain_id = '{domain}' AND standard_concept = 'S'
                AND concept_id NOT IN (SELECT concept FROM disease UNION SELECT concept FROM marked)
                AND concept_code <> '72166-2'""")


def add_markers(made: Vocabulary, marker: dict[str, Any]) -> None:
    """Create the table of how a cramp is coded: mostly by ICD-10-CM, sometimes unmapped."""
    night, cramp = (made.diagnosis(key) for key in marker["standard"])
    snomed = made.rows[cramp.standard][1]
    made.connection.execute(
        "CREATE TABLE marked (least DOUBLE, most DOUBLE, concept INT, source INT, code VARCHAR)"
    )
    for row in (
        (0.0, 0.35, cramp.standard, cramp.source, cramp.code),
        (0.35, 0.55, night.standard, night.source, night.code),
        (0.55, 0.58, cramp.standard, cramp.standard, snomed),
        (0.58, 0.6, 0, cramp.source, cramp.code),
    ):
        made.connection.execute("INSERT INTO marked VALUES (?, ?, ?, ?, ?)", list(row))


def prepared(connection: duckdb.DuckDBPyConnection, seed: int) -> dict[str, object]:
    """Fill a connection with the small tables; return what the statements are completed with."""
    drawn = tomllib.loads(POPULATION.read_text())
    places = {disease["id"]: index for index, disease in enumerate(drawn["disease"])}
    mixed = (seed * 0x9E3779B97F4A7C15) % (1 << 62)
    for statement in MACROS.format(seed=mixed).split(";\n"):
        connection.execute(statement)
    made = vocabulary(connection)
    add_diseases(made, drawn["disease"])
    add_care(made, drawn["care"], places)
    add_labs(made, drawn["lab"])
    add_markers(made, drawn["marker"])
    add_others(connection)
    often = often_prescribed(connection, drawn["often"])
    marker = marker_texts(made, drawn["marker"])
    finish(connection)
    return {
        "seed": seed,
        "last_day": drawn["last_day"],
        "decade": decade(drawn["decades"]),
        "diseases": ",\n".join(
            disease_flag(index, disease, places) for index, disease in enumerate(drawn["disease"])
        ),
        "flags": ", ".join(f"CASE WHEN d{index} THEN {index} END" for index in places.values()),
        "shift": shifts(drawn["lab"], places),
        "often": literal(often),
        "often_many": len(often),
        "smoking": made.codes["LOINC", "72166-2"],
        **{name: literal(values) for name, values in drawn["occasions"].items()},
        **{f"{name}_many": count(connection, name) for name in ("illness", "procedure", "remark")},
        **marker,
    }


def marker_texts(made: Vocabulary, marker: dict[str, Any]) -> dict[str, object]:
    """Return what completes the statements about cramp markers."""
    planted, most = marker["planted"], 1.0
    for ratio in planted.values():
        most *= ratio
    cases = " ".join(f"WHEN '{name}' THEN {ratio}" for name, ratio in planted.items())
    return {
        "rates": literal(marker["rate"]),
        "days": marker["days"],
        "most": most,
        "ratio": f"CASE planted {cases} ELSE 1.0 END",
        "tonic": literal([made.ingredient(key) for key in marker["tonic"]]),
        "relaxants": literal([made.ingredient(key) for key in marker["relaxants"]]),
    }


def often_prescribed(connection: duckdb.DuckDBPyConnection, first: list[int]) -> list[int]:
    """Return the products of short prescriptions, those given first."""
    query = f"""
        SELECT concept_id FROM concept WHERE domain_id = 'Drug' AND standard_concept = 'S'
        AND concept_class_id <> 'Ingredient' AND concept_id NOT IN {tuple(first)}
        AND concept_id NOT IN (SELECT unnest(products) FROM care) ORDER BY concept_id"""
    return [*first, *(row[0] for row in rows(connection, query))]


def count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return the rows of a table."""
    return int(rows(connection, f"SELECT count(*) FROM {table}")[0][0])


def generate(people: int, folder: Path, seed: int = 1, shuffled: bool = False) -> dict[str, int]:
    """Write an OMOP CDM 5.4 database of made-up people as a folder of Parquet files.

    Returns the rows of each table of events. The folder may exist; tables of the same name in it
    are replaced.
    """
    shutil.rmtree(folder / "parts", ignore_errors=True)
    (folder / "parts").mkdir(parents=True)
    with connected(folder / "parts") as connection:
        maker = Maker(connection, folder, people, prepared(connection, seed))
        for first, last in blocks(people):
            maker.block(first, last)
        for table in maker.written:
            maker.join(table, shuffled)
        maker.vocabulary()
    shutil.rmtree(folder / "parts")
    return maker.written


def blocks(people: int) -> Iterator[tuple[int, int]]:
    """Yield first and last (excluded) person id of every block."""
    for first in range(1, people + 1, BLOCK):
        yield first, min(first + BLOCK, people + 1)


def connected(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection of two threads and bounded memory that spills into a folder."""
    spilled = str(folder / "spilled")
    return duckdb.connect(config={"threads": 2, "memory_limit": "6GB", "temp_directory": spilled})


def into_duckdb(folder: Path, path: Path) -> None:
    """Write the tables of a folder into a new DuckDB database."""
    path.unlink(missing_ok=True)
    with duckdb.connect(path, config={"threads": 2, "memory_limit": "6GB"}) as connection:
        for file in sorted(folder.glob("*.parquet")):
            connection.execute(f"CREATE TABLE {file.stem} AS FROM read_parquet('{file}')")


def main(words: list[str] | None = None) -> None:
    """Make the people that the command line asks for, and print the size of each table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--sorted", dest="shuffled", action="store_false", help="the default")
    order.add_argument("--shuffled", action="store_true")
    parser.set_defaults(shuffled=False)
    parser.add_argument("--duckdb", type=Path)
    asked = parser.parse_args(words)
    if asked.people < 1:
        parser.error("there have to be people: one at least")
    if not EUNOMIA.exists():
        parser.error(
            f"{EUNOMIA.parent} is absent: concept rows come from the sample databases there"
        )
    began = time.perf_counter()
    written = generate(asked.people, asked.folder, asked.seed, asked.shuffled)
    seconds = time.perf_counter() - began
    for table, many in written.items():
        size = (asked.folder / f"{table}.parquet").stat().st_size / 1e6
        print(f"{table:<22}{many:>13,} rows {many / asked.people:>7.2f} a person {size:>9.1f} MB")
    print(f"{asked.people:,} people in {seconds:.1f} s")
    if asked.duckdb:
        into_duckdb(asked.folder, asked.duckdb)


if __name__ == "__main__":
    main()
