"""Reads operations and treatments that were done."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.intake.fhir.codes import name_of
from nightcramp.intake.fhir.conditions import Statement, conditions_named
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.resources import Concept, Period, Procedure
from nightcramp.language import noted

DONE = {"completed", "in-progress", "unknown", ""}


def said_in_procedures(record: Record) -> Iterator[Statement]:
    """Yield the operations that were done and the treatments that go on."""
    for entry in record.of("Procedure"):
        yield from _statements(record, entry)


def _statements(record: Record, entry: Entry) -> Iterator[Statement]:
    procedure: Procedure = entry.resource
    concept = procedure.code or Concept()
    if procedure.status.lower() not in DONE or changed_meaning(procedure):
        record.leave_out(entry, noted("it was not done, or not yet"))
        return
    content = record.codes.content
    named = [name for name, present in conditions_named(record.codes, concept).items() if present]
    lasting = [name for name in named if name in content.operations]
    recent = [name for name in named if name in content.treatments]
    day = record.day(*_dates(procedure))
    days = record.days_ago(day)
    if days is not None and days < 0:
        record.leave_out(entry, noted("it is dated after the date of the reading"))
        return
    if days is None or days > record.knowledge.model.stopped_days:
        if recent and not lasting:
            record.leave_out(entry, noted("a treatment that is long over or has no date"))
            return
        recent = []
    if not lasting + recent:
        record.leave_out(entry, noted("a procedure that tells nothing about cramps"))
        return
    record.use(entry)
    for name in lasting + recent:
        yield Statement(name, True, entry, name_of(concept), day)


def _dates(procedure: Procedure) -> list[str]:
    periods = (procedure.performed_period, procedure.occurrence_period)
    return [
        *(end for period in periods if period for end in _ends(period)),
        procedure.performed_date_time,
        procedure.occurrence_date_time,
    ]


def _ends(period: Period) -> tuple[str, str]:
    return period.end, period.start
