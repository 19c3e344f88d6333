"""Reads who the record is about: age and sex."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from nightcramp.intake.fhir.record import Entry, Record
from nightcramp.intake.fhir.resources import Patient
from nightcramp.language import noted
from nightcramp.person.fact import Fact


def read_people(record: Record) -> Iterator[Fact]:
    """Yield age and sex from the person's newest Patient resource that has them."""
    entries = record.of("Patient")
    for entry in entries:
        record.use(entry)
    for entry in entries[-1:]:
        patient: Patient = entry.resource
        yield from _age(record, entry, patient)
        yield from _sex(record, entry, patient)
        if patient.deceased_boolean or patient.deceased_date_time:
            record.account.leave_out(
                noted("deaths"), noted("the record says that the person has died")
            )


def _age(record: Record, entry: Entry, patient: Patient) -> Iterator[Fact]:
    born = record.day(patient.birth_date)
    if born is None:
        return
    age = float(years_between(born, record.as_of))
    question = record.knowledge.questions["age"]
    if question.minimum <= age <= question.maximum:
        yield Fact(kind="answer", id="age", value=age, provenance=record.origin(entry))
    else:
        record.account.leave_out(
            noted("dates"), noted("a date of birth that gives an impossible age")
        )


def years_between(born: dt.date, day: dt.date) -> int:
    """Return the full years from a birth to a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _sex(record: Record, entry: Entry, patient: Patient) -> Iterator[Fact]:
    known = {option.id for option in record.knowledge.questions["sex"].options}
    if patient.gender.lower() in known:
        origin = record.origin(entry)
        yield Fact(kind="answer", id="sex", value=patient.gender.lower(), provenance=origin)
