"""A FHIR bulk export as a source of a cohort: its events, and which person is which patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nightcramp.cohort.content import CohortContent, cohort_content
from nightcramp.cohort.source.address import Database
from nightcramp.cohort.source.bulk import source_of
from nightcramp.cohort.source.bulk_events import events_of_export
from nightcramp.cohort.source.bulk_mapping import BulkMapping, read_export
from nightcramp.cohort.source.database import Source
from nightcramp.knowledge.loader import Knowledge

if TYPE_CHECKING:
    import ibis.expr.types as ir

PATIENTS = "patients.parquet"


@dataclass(frozen=True)
class BulkSource(Source):
    """An export whose codings have been read."""

    mapping: BulkMapping
    content: CohortContent

    def _of(self, numbers: frozenset[int]) -> ir.Table:
        """Return the events of some tokens, by their numbers."""
        return events_of_export(self.database, self.mapping, numbers, self.content)

    def people(self) -> ir.Table:
        """Return the numbers of patients, in a column `person`."""
        return self.database.tables["people"].select("person")


def read_bulk(database: Database, knowledge: Knowledge) -> BulkSource:
    """Read what the codings of an open export stand for."""
    content = cohort_content(knowledge)
    mapping = read_export(database, knowledge, content)
    return BulkSource(database, source_of(database), mapping, content)


def write_patients(database: Database, folder: Path) -> None:
    """Write which person of the result is which patient: `person_id`, `patient`."""
    people = database.tables["people"]
    named = people.select(person_id=people.person, patient=people.patient)
    named.order_by("person_id").to_parquet(folder / PATIENTS)
