"""What is read of the OMOP Common Data Model, and whether a database has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from nightcramp.cohort.source.address import Database, fetched
from nightcramp.errors import InputError
from nightcramp.language import gettext as _

if TYPE_CHECKING:
    import ibis.expr.types as ir

VERSIONS = ("5.3", "5.4")


class Clinical(Struct, frozen=True, kw_only=True):
    """The columns of a table of events; "" for what the table does not hold."""

    table: str
    row: str
    concept: str
    source: str
    start: str
    end: str = ""
    else_end: str = ""
    days: str = ""


CLINICAL = (
    Clinical(
        table="condition_occurrence",
        row="condition_occurrence_id",
        concept="condition_concept_id",
        source="condition_source_concept_id",
        start="condition_start_date",
        end="condition_end_date",
    ),
    Clinical(
        table="drug_exposure",
        row="drug_exposure_id",
        concept="drug_concept_id",
        source="drug_source_concept_id",
        start="drug_exposure_start_date",
        end="drug_exposure_end_date",
        else_end="verbatim_end_date",
        days="days_supply",
    ),
    Clinical(
        table="procedure_occurrence",
        row="procedure_occurrence_id",
        concept="procedure_concept_id",
        source="procedure_source_concept_id",
        start="procedure_date",
    ),
    Clinical(
        table="observation",
        row="observation_id",
        concept="observation_concept_id",
        source="observation_source_concept_id",
        start="observation_date",
    ),
    Clinical(
        table="measurement",
        row="measurement_id",
        concept="measurement_concept_id",
        source="measurement_source_concept_id",
        start="measurement_date",
    ),
)
"""Every table of events that is read, in the order in which ties are decided."""

VALUES = {
    "observation": ("value_as_concept_id", "value_as_string"),
    "measurement": (
        "value_as_number",
        "unit_concept_id",
        "unit_source_value",
        "range_low",
        "range_high",
    ),
}
PEOPLE = {
    "person": (
        "person_id",
        "gender_concept_id",
        "year_of_birth",
        "month_of_birth",
        "day_of_birth",
    ),
    "observation_period": (
        "person_id",
        "observation_period_start_date",
        "observation_period_end_date",
    ),
}
DEATH = ("person_id", "death_date")
WHERE_THERE_ARE = ("cdm_source", "concept", "concept_ancestor", "concept_relationship", "death")
"""Tables that are read too if they are there."""
CONCEPT = ("concept_id", "concept_name", "vocabulary_id", "concept_class_id", "concept_code")


class CdmSource(Struct, frozen=True, kw_only=True):
    """What a database says of itself."""

    kind: str
    shown: str
    cdm_version: str = ""
    name: str = ""
    release: str = ""
    vocabulary: str = ""


def check(database: Database) -> CdmSource:
    """Return what the database says of itself; raises InputError where it cannot be read.

    Every table and column that is missing is named, all at once.
    """
    _may_read(database)
    source = _told(database)
    if source.cdm_version and not source.cdm_version.lstrip("vV").startswith(VERSIONS):
        raise InputError(
            _("holds OMOP CDM {version}; versions {known} can be read").format(
                version=source.cdm_version, known=", ".join(VERSIONS)
            ),
            where=database.shown,
        )
    absent = list(_absent(database))
    if absent:
        raise InputError(
            _("is not a whole OMOP CDM; missing: {names}").format(names="; ".join(absent)),
            where=database.shown,
            hint=_("Tables with no rows may stay empty, but they must be there."),
        )
    return source


def _may_read(database: Database) -> None:
    names = {*PEOPLE, *(one.table for one in CLINICAL), *WHERE_THERE_ARE}
    if locked := sorted(database.locked & names):
        raise InputError(
            _("this role may not read: {names}").format(names=", ".join(locked)),
            where=database.shown,
            hint=_("It needs USAGE on the schema and SELECT on these tables, nothing more."),
        )


def _absent(database: Database) -> Any:
    wanted = {name: list(columns) for name, columns in PEOPLE.items()}
    for one in CLINICAL:
        columns = [one.row, "person_id", one.concept, one.source, one.start, one.end]
        columns += [one.else_end, one.days, *VALUES.get(one.table, ())]
        wanted[one.table] = [name for name in columns if name]
    for name, columns in wanted.items():
        table = database.tables.get(name)
        if table is None:
            yield _("table {name}").format(name=name)
            continue
        missing = [column for column in columns if column not in table.columns]
        if missing:
            yield _("{columns} in table {name}").format(columns=", ".join(missing), name=name)


def _told(database: Database) -> CdmSource:
    table = database.tables.get("cdm_source")
    rows = fetched(database, table.limit(1)).to_pylist() if table is not None else []
    row = rows[0] if rows else {}

    def said(*names: str) -> str:
        return next((str(row[name]) for name in names if row.get(name) is not None), "")

    return CdmSource(
        kind=database.engine,
        shown=database.shown,
        cdm_version=said("cdm_version"),
        name=said("cdm_source_name"),
        release=said("cdm_release_date", "source_release_date"),
        vocabulary=said("vocabulary_version"),
    )


def table(database: Database, name: str, columns: tuple[str, ...]) -> ir.Table | None:
    """Return a table that may be missing, or None where it or a column of it is."""
    found = database.tables.get(name)
    if found is None or not set(columns) <= set(found.columns):
        return None
    return found.select(*columns)
