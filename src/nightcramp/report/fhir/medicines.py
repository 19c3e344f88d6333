"""Medicines as the person says they take them."""

from __future__ import annotations

import datetime as dt

from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.own import TOLD_OF_USE
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.lookup import name_of_medicine
from nightcramp.person.fact import Fact, MedicineUse
from nightcramp.person.facts import use_of
from nightcramp.report.fhir.elements import (
    Json,
    clean,
    coding,
    concept,
    dated,
    extension,
    filled,
    meta,
    narrative,
    resource,
    says,
    told_extension,
)
from nightcramp.report.fhir.scope import Writing


def medicine(writing: Writing, fact: Fact) -> Json:
    """Return one medicine: status, dates and dose as told, codes of the ingredient or class."""
    use, as_of = use_of(fact), writing.exported.as_of
    name = medicine_name(writing.knowledge, fact.id)
    period, in_period = _period(use, as_of)
    beside = _use_extension(use, as_of, stopped=not in_period)
    return resource(
        "MedicationStatement",
        writing.names.of_fact(fact),
        meta=meta("fact"),
        text=narrative(f"{name} {use.dose}".strip()),
        extension=[*told_extension(fact.provenance), *beside],
        status=_status(use),
        medicationCodeableConcept=concept(*_codes(writing.knowledge, fact.id), text=name),
        subject=writing.subject,
        effectivePeriod=period,
        dateAsserted=as_of.isoformat(),
        informationSource=writing.teller(fact),
        dosage=[{"text": clean(use.dose)}] if says(use.dose) else [],
    )


def medicine_name(knowledge: Knowledge, name: str) -> str:
    """Return what an ingredient or a class of medicines is called."""
    group = knowledge.medicine_classes.get(name)
    return group.label if group else name_of_medicine(name)


def _codes(knowledge: Knowledge, name: str) -> list[Json]:
    codes = [coding(ours.MEDICINE, name, medicine_name(knowledge, name))]
    ingredient = knowledge.medicines.get(name)
    if ingredient and ingredient.rxnorm:
        codes.append(coding(ours.RXNORM, ingredient.rxnorm))
    group = knowledge.medicine_classes.get(name)
    atc = ingredient.atc if ingredient else group.atc if group else []
    return codes + [coding(ours.ATC, code) for code in atc]


def _status(use: MedicineUse) -> str:
    if use.taking is None:
        return "unknown"
    if use.taking:
        return "active"
    return "stopped" if use.stopped_days is not None else "not-taken"


def _period(use: MedicineUse, as_of: dt.date) -> tuple[Json, bool]:
    """Return (from when to when, whether it holds when it was stopped).

    An end before the start, or of what is taken again, is no end of this period.
    """
    start, beside_start = dated(as_of, use.since_days)
    end, beside_end = dated(as_of, use.stopped_days)
    in_period = bool(end) and use.taking is False and not (start and start > end)
    parts = {"start": start, "_start": beside_start}
    if in_period:
        parts |= {"end": end, "_end": beside_end}
    return filled(**parts), in_period


def _use_extension(use: MedicineUse, as_of: dt.date, *, stopped: bool) -> list[Json]:
    inside = []
    if stopped and use.stopped_days is not None:
        inside.append(_beside_date("stopped", as_of, use.stopped_days))
    for change in use.changes:
        item = _beside_date("change", as_of, change.days_ago)
        item["extension"].insert(0, extension("direction", valueCode=change.direction))
        inside.append(item)
    for name in TOLD_OF_USE:
        if (value := getattr(use, name)) is not None:
            inside.append(extension(name, valueBoolean=value))
    return [{"url": ours.MEDICINE_USE, "extension": inside}] if inside else []


def _beside_date(url: str, as_of: dt.date, days: float | None) -> Json:
    date, beside = dated(as_of, days)
    inside = [extension("date", valueString=date)] if date else []
    if beside:
        inside.append(extension("part", valueDecimal=beside["extension"][0]["valueDecimal"]))
    return {"url": url, "extension": inside}
