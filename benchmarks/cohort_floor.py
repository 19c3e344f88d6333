"""The least work a screening of OMOP data can do: `cohort_floor.py FOLDER [--memory 6GB]`.

DuckDB reads the columns that a screening reads, groups them by person and concept, and counts what
comes out: nothing is resolved, assessed or written. Each run is a process of its own, so that its
peak memory is its own. Prints the size of each table, then seconds, people a second and memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

THREADS = 2
MEMORY = "6GB"

# Of each table the columns of what, from which source, first day, last day, and any values.
GROUPED = {
    "drug_exposure": (
        "drug_concept_id",
        "drug_source_concept_id",
        "drug_exposure_start_date",
        "drug_exposure_end_date",
    ),
    "condition_occurrence": (
        "condition_concept_id",
        "condition_source_concept_id",
        "condition_start_date",
        "condition_end_date",
    ),
    "measurement": (
        "measurement_concept_id",
        "measurement_source_concept_id",
        "measurement_date",
        "measurement_date",
        "value_as_number",
        "unit_concept_id",
        "unit_source_value",
        "range_low",
        "range_high",
    ),
    "procedure_occurrence": (
        "procedure_concept_id",
        "procedure_source_concept_id",
        "procedure_date",
        "procedure_date",
    ),
    "observation": (
        "observation_concept_id",
        "observation_source_concept_id",
        "observation_date",
        "observation_date",
        "value_as_number",
        "value_as_concept_id",
        "value_as_string",
    ),
}
PEOPLE = {
    "person": "gender_concept_id, year_of_birth, month_of_birth, day_of_birth",
    "observation_period": "observation_period_start_date, observation_period_end_date",
}


@dataclass(frozen=True)
class Floor:
    """Seconds by table, people, groups counted, and the peak memory of the process in MB."""

    seconds: dict[str, float]
    people: int
    groups: int
    megabytes: float

    @property
    def total(self) -> float:
        """Return the seconds of all tables."""
        return sum(self.seconds.values())


def grouped(table: str, folder: Path) -> str:
    """Return the query that groups a table by person and concept, using up every column."""
    concept, original, start, end, *values = GROUPED[table]
    kept = [f"max({original})", f"min({start})", f"max({end})", "count(*)"]
    kept += [f"max({value})" for value in values]
    named = ", ".join(f"{each} AS c{index}" for index, each in enumerate(kept))
    source = f"read_parquet('{folder / table}.parquet')"
    used = ", ".join(f"max(c{index})" for index in range(len(kept)))
    return f"""
        SELECT count(*), {used}
        FROM (SELECT {named} FROM {source} GROUP BY person_id, {concept})"""


def listed(table: str, folder: Path) -> str:
    """Return the query that reads a table of people; a maximum would be read off the file's end."""
    source = f"read_parquet('{folder / table}.parquet')"
    return f"SELECT count(*), bit_xor(hash(person_id, {PEOPLE[table]})) FROM {source}"


def measured_here(folder: Path, memory: str, spill: Path) -> Floor:
    """Return the floor of a folder, measured in this process."""
    import duckdb

    seconds, counts = {}, {}
    with duckdb.connect(
        config={"threads": THREADS, "memory_limit": memory, "temp_directory": str(spill)}
    ) as connection:
        for table in (*PEOPLE, *GROUPED):
            query = (listed if table in PEOPLE else grouped)(table, folder)
            began = time.perf_counter()
            counts[table] = connection.execute(query).fetchall()[0][0]
            seconds[table] = time.perf_counter() - began
    groups = sum(counts[table] for table in GROUPED)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Floor(seconds, counts["person"], groups, peak)


def measured(folder: Path, memory: str = MEMORY) -> Floor:
    """Return the floor of a folder of Parquet files, measured in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as spill:
        command = [sys.executable, __file__, str(folder), "--memory", memory, "--spill", spill]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Floor(**json.loads(done.stdout))


def floor(folder: Path, memory: str = MEMORY) -> float:
    """Return the seconds of the least work a screening of a folder can do."""
    return measured(folder, memory).total


def sizes(folder: Path) -> dict[str, tuple[int, float]]:
    """Return rows and megabytes of every table in a folder."""
    import duckdb

    with duckdb.connect() as connection:
        return {
            file.stem: (
                connection.execute(f"SELECT count(*) FROM read_parquet('{file}')").fetchall()[0][0],
                file.stat().st_size / 1e6,
            )
            for file in sorted(folder.glob("*.parquet"))
        }


def show(folder: Path, found: Floor) -> None:
    """Print the size of each table and what reading it took."""
    for table, (rows, size) in sizes(folder).items():
        took = f"{found.seconds[table]:>8.2f} s" if table in found.seconds else ""
        print(f"{table:<22}{rows:>14,} rows {size:>9.1f} MB{took}")
    print(f"{found.people:,} people, {found.groups:,} groups: {found.total:.2f} s,", end=" ")
    print(f"{found.people / found.total:,.0f} people a second, peak {found.megabytes:,.0f} MB")


def main() -> None:
    """Measure the folder of the command line; with `--spill` as the process that is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--memory", default=MEMORY)
    parser.add_argument("--spill", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.spill:
        print(json.dumps(vars(measured_here(asked.folder, asked.memory, asked.spill))))
    else:
        show(asked.folder, measured(asked.folder, asked.memory))


if __name__ == "__main__":
    main()
