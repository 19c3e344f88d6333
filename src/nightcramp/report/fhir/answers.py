"""What was told as answers: a response to the form, and observations of what it does not ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nightcramp import __version__
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.form import ILLNESSES, ILLNESSES_TITLE, PARTS, Asked, form_of
from nightcramp.intake.fhir.ucum import fhir_codes
from nightcramp.knowledge.schema import Condition, Question
from nightcramp.language import ENGLISH, language
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact
from nightcramp.report.fhir.elements import (
    Json,
    clean,
    coding,
    concept,
    extension,
    filled,
    meta,
    narrative,
    quantity,
    reference,
    resource,
    says,
    told_extension,
)
from nightcramp.report.fhir.scope import Writing

SURVEY = coding(f"{ours.HL7}/observation-category", "survey")


def form_address(form: str) -> str:
    """Return the address of a form in the language of whoever asked."""
    return form if language() == ENGLISH else f"{form}-{language()}"


def titles() -> dict[str, str]:
    """Return the title of each part of the form."""
    return {name: _(title) for name, title in {**PARTS, ILLNESSES: ILLNESSES_TITLE}.items()}


def place_answers(writing: Writing) -> tuple[dict[str, Fact], list[Fact]]:
    """Return (the facts that the response holds, by question; the others that are answers).

    Others are those the form does not ask: examinations, questions not asked after the other
    answers, and what was told a second time.
    """
    form = form_of(writing.knowledge)
    first: dict[str, Fact] = {}
    for fact in writing.exported.facts:
        if fact.kind in {"answer", "condition"} and fact.id in form.by_id and fact.value != []:
            first.setdefault(fact.id, fact)
    asked = form.asked_of({n: f.value for n, f in first.items()}, writing.knowledge)
    held = {name: fact for name, fact in first.items() if name in asked}
    ids = {id(fact) for fact in held.values()}
    others = [f for f in writing.exported.facts if f.kind in {"answer", "condition"}]
    return held, [fact for fact in others if id(fact) not in ids]


def response(writing: Writing, held: dict[str, Fact]) -> Json | None:
    """Return the response to the form with these answers, None where there is none."""
    if not held:
        return None
    form, shown = form_of(writing.knowledge), titles()
    groups = []
    for part, listed in form.parts.items():
        items = [_item(asked, held[asked.id]) for asked in listed if asked.id in held]
        if items:
            groups.append({"linkId": part, "text": clean(shown[part]), "item": items})
    return resource(
        "QuestionnaireResponse",
        writing.names.of("response"),
        meta=meta("fact"),
        text=narrative(_("Answers about night-time leg cramps")),
        questionnaire=f"{form_address(ours.INTERVIEW)}|{__version__}",
        status="completed",
        subject=writing.subject,
        authored=writing.exported.as_of.isoformat(),
        author=writing.subject,
        source=writing.subject,
        item=groups,
    )


def _item(asked: Asked, fact: Fact) -> Json:
    answers = [_answer(asked, value) for value in _values(fact)]
    unknown = extension(ours.ABSENT, valueCode=ours.ASKED_UNKNOWN)
    beside = told_extension(fact.provenance) + ([] if answers else [unknown])
    text = asked.record.ask or asked.record.id
    return filled(extension=beside, linkId=asked.id, text=clean(text), answer=answers)


def _values(fact: Fact) -> list[Any]:
    if fact.value is None:
        return []
    return fact.value if isinstance(fact.value, list) else [fact.value]


def _answer(asked: Asked, value: Any) -> Json:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if asked.kind == "duration":
        return {"valueQuantity": days(value)}
    if isinstance(value, str):
        return {"valueCoding": option(asked.record, value)}
    return {"valueDecimal": value}


def days(value: float) -> Json:
    """Return a length of time in days."""
    return {"value": value, "unit": "d", "system": ours.UCUM, "code": "d"}


def option(record: Question | Condition, value: str) -> Json:
    """Return one answer of a question as a code."""
    options = record.options if isinstance(record, Question) else []
    label = next((o.label for o in options if o.id == value), "")
    return coding(ours.answers_of(record.id), value, label)


# What the form does not ask


def observation_of_answer(writing: Writing, fact: Fact) -> Json:
    """Return an answer that the form has no place for, as an observation."""
    question = writing.knowledge.questions.get(fact.id)
    condition = writing.knowledge.conditions.get(fact.id)
    system = ours.CONDITION if fact.kind == "condition" else ours.QUESTION
    label = question.ask if question else condition.label if condition else fact.id
    return resource(
        "Observation",
        writing.names.of_fact(fact),
        meta=meta("fact"),
        text=narrative(label),
        extension=told_extension(fact.provenance),
        status="final",
        category=[concept(SURVEY)],
        code=concept(coding(system, fact.id, label)),
        subject=writing.subject,
        effectiveDateTime=writing.exported.as_of.isoformat(),
        performer=[writing.subject],
    ) | _value_of(question or condition, fact)


def _value_of(record: Question | Condition | None, fact: Fact) -> Json:
    value = fact.value
    if value is None:
        unknown = coding(f"{ours.HL7}/data-absent-reason", ours.ASKED_UNKNOWN)
        return {"dataAbsentReason": concept(unknown)}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, float):
        is_question = isinstance(record, Question)
        duration = is_question and record.kind == "duration"  # type: ignore[union-attr]
        unit = record.unit if is_question else ""  # type: ignore[union-attr]
        return {"valueQuantity": days(value) if duration else quantity(value, unit)}
    if record is None:
        return {}
    if isinstance(value, str):
        return {"valueCodeableConcept": concept(option(record, value))}
    assert isinstance(value, list)
    code = concept(coding(ours.QUESTION, fact.id))
    parts = [{"code": code, "valueCodeableConcept": concept(option(record, one))} for one in value]
    return filled(component=parts)


def age(writing: Writing, held: dict[str, Fact], told: Json | None) -> Iterator[Json]:
    """Yield the age as an observation too, for whoever looks for its LOINC code."""
    fact = held.get("age")
    if fact is None or told is None or not isinstance(fact.value, float):
        return
    code = fhir_codes().loinc["age"]
    years = writing.knowledge.questions["age"].unit
    yield resource(
        "Observation",
        writing.names.of("age"),
        meta=meta("derived"),
        text=narrative(_("Age as told")),
        status="final",
        category=[concept(SURVEY)],
        code=concept(coding(ours.LOINC, code.code, code.display)),
        subject=writing.subject,
        effectiveDateTime=writing.exported.as_of.isoformat(),
        performer=[writing.subject],
        valueQuantity=quantity(fact.value, years),
        derivedFrom=[reference(told)],
    )


def not_understood(writing: Writing, fact: Fact) -> Json:
    """Return what was written and not understood, as it was written."""
    text = str(fact.value)
    shared = {
        "meta": meta("fact"),
        "text": narrative(text),
        "extension": [
            extension(ours.NOT_UNDERSTOOD, valueBoolean=True),
            *told_extension(fact.provenance),
        ],
        "subject": writing.subject,
    }
    name = writing.names.of_fact(fact)
    said = clean(text) if says(text) else "-"
    if fact.id == "medicine":
        more = {"status": "unknown", "medicationCodeableConcept": {"text": said}}
        return resource("MedicationStatement", name, **shared, **more)
    if fact.id == "condition":
        return resource("Condition", name, **shared, code={"text": said})
    code = concept(text=_("a laboratory result as it was written"))
    return resource("Observation", name, **shared, status="final", code=code, valueString=said)
