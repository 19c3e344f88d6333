"""A small OMOP database written row by row, so that a test shows what it puts in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

NUMBERS = {"value_as_number", "range_low", "range_high"}
WORDS = {
    "unit_source_value",
    "value_as_string",
    "value_source_value",
    "cdm_version",
    "cdm_source_name",
    "concept_name",
    "vocabulary_id",
    "concept_class_id",
    "concept_code",
    "vocabulary_version",
}
COLUMNS = {
    "person": "person_id gender_concept_id year_of_birth month_of_birth day_of_birth",
    "observation_period": (
        "observation_period_id person_id observation_period_start_date observation_period_end_date"
    ),
    "death": "person_id death_date",
    "condition_occurrence": (
        "condition_occurrence_id person_id condition_concept_id condition_source_concept_id "
        "condition_start_date condition_end_date"
    ),
    "drug_exposure": (
        "drug_exposure_id person_id drug_concept_id drug_source_concept_id "
        "drug_exposure_start_date drug_exposure_end_date verbatim_end_date days_supply"
    ),
    "procedure_occurrence": (
        "procedure_occurrence_id person_id procedure_concept_id procedure_source_concept_id "
        "procedure_date"
    ),
    "observation": (
        "observation_id person_id observation_concept_id observation_source_concept_id "
        "observation_date value_as_concept_id value_as_string value_source_value"
    ),
    "measurement": (
        "measurement_id person_id measurement_concept_id measurement_source_concept_id "
        "measurement_date value_as_number unit_concept_id unit_source_value range_low range_high"
    ),
    "concept": "concept_id concept_name vocabulary_id concept_class_id concept_code",
    "concept_ancestor": "ancestor_concept_id descendant_concept_id min_levels_of_separation",
    "concept_relationship": "concept_id_1 concept_id_2 relationship_id",
    "cdm_source": "cdm_source_name cdm_version vocabulary_version",
}
HYDROCHLOROTHIAZIDE, SIMVASTATIN, QUININE = 974166, 1539403, 1760616
CRAMP = 9001
CONCEPTS = [
    (HYDROCHLOROTHIAZIDE, "hydrochlorothiazide", "RxNorm", "Ingredient", "5487"),
    (SIMVASTATIN, "simvastatin", "RxNorm", "Ingredient", "36567"),
    (QUININE, "quinine", "RxNorm", "Ingredient", "9071"),
    (CRAMP, "Sleep related leg cramps", "ICD10CM", "5-char billing code", "G47.62"),
    (3023103, "Potassium [Moles/volume] in Serum or Plasma", "LOINC", "Lab Test", "2823-3"),
    (8753, "millimole per liter", "UCUM", "Unit", "mmol/L"),
    (201826, "Type 2 diabetes mellitus", "SNOMED", "Clinical Finding", "44054006"),
    (43054909, "Tobacco smoking status", "LOINC", "Clinical Observation", "72166-2"),
]


class Omop:
    """Rows of an OMOP database; each method adds one and fills in the rest."""

    def __init__(self, version: str = "5.4") -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
        self.add("cdm_source", cdm_source_name="made up", cdm_version=version)
        for concept in CONCEPTS:
            self.add("concept", **dict(zip(COLUMNS["concept"].split(), concept, strict=True)))

    def add(self, table: str, **values: Any) -> None:
        """Add a row; columns not given are empty, but for the row's own number."""
        row = dict.fromkeys(COLUMNS[table].split())
        number = COLUMNS[table].split()[0]
        if number.endswith("_id") and number not in {"person_id", "concept_id"}:
            row[number] = len(self.rows[table]) + 1
        self.rows[table].append(row | values)

    def person(self, number: int, born: int = 1950, *, sex: int = 8532, seen: bool = True) -> None:
        """Add somebody, observed from 2015 to 2024."""
        self.add("person", person_id=number, gender_concept_id=sex, year_of_birth=born)
        if seen:
            self.add(
                "observation_period",
                person_id=number,
                observation_period_start_date=dt.date(2015, 1, 1),
                observation_period_end_date=dt.date(2024, 12, 31),
            )

    def condition(self, person: int, concept: int, start: str, **more: Any) -> None:
        """Add a diagnosis."""
        self.add(
            "condition_occurrence",
            person_id=person,
            condition_concept_id=concept,
            condition_start_date=dt.date.fromisoformat(start),
            **more,
        )

    def medicine(self, person: int, concept: int, start: str, days: int = 30, **more: Any) -> None:
        """Add a supply."""
        first = dt.date.fromisoformat(start)
        self.add(
            "drug_exposure",
            person_id=person,
            drug_concept_id=concept,
            drug_exposure_start_date=first,
            **{"drug_exposure_end_date": first + dt.timedelta(days=days - 1), **more},
        )

    def potassium(self, person: int, value: float, day: str, **more: Any) -> None:
        """Add a result."""
        self.add(
            "measurement",
            person_id=person,
            measurement_concept_id=3023103,
            measurement_date=dt.date.fromisoformat(day),
            value_as_number=value,
            **{"unit_concept_id": 8753, **more},
        )

    def write(self, folder: Path, leave_out: tuple[str, ...] = ()) -> Path:
        """Write a Parquet file a table; `leave_out`: tables, or `table.column`."""
        import pyarrow.parquet as pq

        folder.mkdir(exist_ok=True)
        for name in COLUMNS:
            if name not in leave_out:
                table = self.table(name)
                columns = [c for c in table.column_names if f"{name}.{c}" not in leave_out]
                pq.write_table(table.select(columns), folder / f"{name}.parquet")
        return folder

    def table(self, name: str) -> Any:
        """Return a table as Arrow."""
        import pyarrow as pa

        rows = self.rows[name]
        return pa.table(
            {
                column: pa.array([row[column] for row in rows], _kind(column))
                for column in COLUMNS[name].split()
            }
        )


def _kind(column: str) -> Any:
    import pyarrow as pa

    if column.endswith("_date"):
        return pa.date32()
    if column in NUMBERS:
        return pa.float64()
    words = column in WORDS or column == "relationship_id"
    return pa.string() if words else pa.int64()
