"""The whole export: one bundle in which every resource points only to others of it."""

from __future__ import annotations

from collections.abc import Iterator

from nightcramp.intake.fhir import canonical as ours
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.report.fhir.answers import (
    age,
    not_understood,
    observation_of_answer,
    place_answers,
    response,
)
from nightcramp.report.fhir.assessment import risk_assessment
from nightcramp.report.fhir.conditions import condition
from nightcramp.report.fhir.diary import entry_resource, moment
from nightcramp.report.fhir.elements import (
    Json,
    Names,
    clean,
    coding,
    concept,
    meta,
    narrative,
    reference,
    resource,
)
from nightcramp.report.fhir.labs import lab
from nightcramp.report.fhir.medicines import medicine
from nightcramp.report.fhir.nights import night_resources
from nightcramp.report.fhir.people import patient, software
from nightcramp.report.fhir.results import finding_resources, verdict_resource
from nightcramp.report.fhir.scope import Exported, Writing

PARTICIPANT = f"{ours.HL7}/provenance-participant-type"


def bundle_of(exported: Exported) -> Json:
    """Return a person's record and assessment as a bundle of the type `collection`."""
    names = Names(exported.whose)
    person = patient(names, exported.facts, exported.name)
    writing = Writing(exported, person, names)
    device = software(names)
    resources = [person, device, *_resources(writing)]
    resources.append(_provenance(writing, device, resources))
    return {
        "resourceType": "Bundle",
        "id": names.of("bundle", exported.as_of),
        "type": "collection",
        "timestamp": moment(exported.now),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }


def _resources(writing: Writing) -> Iterator[Json]:
    exported = writing.exported
    told = list(_told(writing))
    diary = {entry.id: entry_resource(writing, entry) for entry in exported.entries}
    results = [verdict_resource(writing, verdict) for verdict in exported.verdicts]
    if exported.findings:
        results += finding_resources(writing, exported.findings)
    yield from told
    yield from diary.values()
    yield from night_resources(writing, diary)
    yield from results
    if exported.assessment:
        yield risk_assessment(writing, exported.assessment, [*told, *results])


def _told(writing: Writing) -> Iterator[Json]:
    """Yield what was told or read as facts, and what repeats it under codes others look for."""
    held, others = place_answers(writing)
    form = response(writing, held)
    if form:
        yield form
    yield from age(writing, held, form)
    for fact in held.values():
        if fact.kind == "condition" and fact.value is not None:
            yield condition(writing, fact, form)
    for fact in others:
        is_condition = fact.kind == "condition" and fact.id in writing.knowledge.conditions
        if is_condition and fact.value is not None:
            yield condition(writing, fact, None)
        else:
            yield observation_of_answer(writing, fact)
    yield from (one for fact in writing.exported.facts if (one := _listed(writing, fact)))


def _listed(writing: Writing, fact: Fact) -> Json | None:
    if fact.kind == "medicine":
        return medicine(writing, fact)
    if fact.kind == "lab" and fact.id in writing.knowledge.labs:
        return lab(writing, fact)
    return not_understood(writing, fact) if fact.kind == "unrecognised" else None


def _provenance(writing: Writing, device: Json, resources: list[Json]) -> Json:
    """Return who told what is in the export, which software wrote it, and from which files."""
    exported = writing.exported
    author = concept(coding(PARTICIPANT, "author"))
    assembler = concept(coding(PARTICIPANT, "assembler"))
    files = [clean(name) for name in exported.sources if clean(name).strip()]
    return resource(
        "Provenance",
        writing.names.of("provenance"),
        meta=meta("result"),
        text=narrative(_("Told by the person; written by software")),
        target=[reference(one) for one in resources],
        recorded=moment(exported.now),
        agent=[
            {"type": author, "who": writing.subject},
            {"type": assembler, "who": reference(device)},
        ],
        entity=[{"role": "source", "what": {"display": name}} for name in files],
    )
