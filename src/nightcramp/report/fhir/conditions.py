"""Illnesses and operations as the person or a record names them."""

from __future__ import annotations

from nightcramp.intake.fhir import canonical as ours
from nightcramp.knowledge.schema import Condition
from nightcramp.person.fact import Fact
from nightcramp.report.fhir.elements import (
    Json,
    coding,
    concept,
    meta,
    narrative,
    reference,
    resource,
    told_extension,
)
from nightcramp.report.fhir.scope import Writing

CLINICAL = f"{ours.HL7}/condition-clinical"
VERIFICATION = f"{ours.HL7}/condition-ver-status"


def condition(writing: Writing, fact: Fact, told: Json | None) -> Json:
    """Return an illness as reported: unconfirmed where the person says so, refuted where it is not.

    `told`: the response whose answer it repeats, None where nothing else holds it.
    """
    record, teller = writing.knowledge.conditions[fact.id], writing.teller(fact)
    present = fact.value is True
    said = "refuted" if not present else "unconfirmed" if teller else ""
    return resource(
        "Condition",
        writing.names.of_fact(fact),
        meta=meta("derived" if told else "fact"),
        text=narrative(record.label),
        extension=told_extension(fact.provenance),
        clinicalStatus=concept(coding(CLINICAL, "active")) if present else None,
        verificationStatus=concept(coding(VERIFICATION, said)) if said else None,
        code=concept(*codes_of_condition(record), text=record.label),
        subject=writing.subject,
        recordedDate=writing.exported.as_of.isoformat(),
        asserter=teller,
        evidence=[{"detail": [reference(told)]}] if told else [],
    )


def codes_of_condition(record: Condition) -> list[Json]:
    """Return our code, and SNOMED CT's where the knowledge holds exactly one for it."""
    codes = [coding(ours.CONDITION, record.id, record.label)]
    if len(record.snomed) == 1:
        codes.append(coding(ours.SNOMED, record.snomed[0]))
    return codes
