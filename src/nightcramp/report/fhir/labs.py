"""Laboratory results as they were told or read."""

from __future__ import annotations

from nightcramp.intake.fhir import canonical as ours
from nightcramp.knowledge.schema import Lab
from nightcramp.person.fact import Fact, LabResult
from nightcramp.report.fhir.elements import (
    Json,
    coding,
    concept,
    dated,
    extension,
    filled,
    meta,
    narrative,
    quantity,
    resource,
    told_extension,
)
from nightcramp.report.fhir.scope import Writing

LABORATORY = coding(f"{ours.HL7}/observation-category", "laboratory")
INTERPRETATION = f"{ours.HL7}/v3-ObservationInterpretation"
WORDS = {"low": "L", "normal": "N", "high": "H"}


def lab(writing: Writing, fact: Fact) -> Json:
    """Return one result: a number in the knowledge's unit with its printed range, or a word."""
    record = writing.knowledge.labs[fact.id]
    result = fact.value
    assert isinstance(result, LabResult)
    date, beside = dated(writing.exported.as_of, result.days_ago)
    codes = [coding(ours.LAB, record.id, record.label)]
    if record.loinc:
        codes.insert(0, coding(ours.LOINC, record.loinc[0]))
    return resource(
        "Observation",
        writing.names.of_fact(fact),
        meta=meta("fact"),
        text=narrative(record.label),
        extension=told_extension(fact.provenance),
        status="final",
        category=[concept(LABORATORY)],
        code=concept(*codes, text=record.label),
        subject=writing.subject,
        effectiveDateTime=date,
        _effectiveDateTime=beside,
        performer=[teller] if (teller := writing.teller(fact)) else [],
        valueQuantity=_value(record, result),
        interpretation=[concept(coding(INTERPRETATION, WORDS[result.word]))] if result.word else [],
        referenceRange=_range(record, result),
    )


def _value(record: Lab, result: LabResult) -> Json | None:
    if result.value is None:
        return None
    found = quantity(result.value, record.unit, result.bound)
    if result.unit_assumed:
        return {"extension": [extension(ours.UNIT_ASSUMED, valueBoolean=True)], **found}
    return found


def _range(record: Lab, result: LabResult) -> list[Json]:
    limits = {
        name: quantity(limit, record.unit)
        for name, limit in (("low", result.low), ("high", result.high))
        if limit is not None
    }
    return [filled(**limits)] if limits else []
