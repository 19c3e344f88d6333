"""The diary's entries: each cramp as an observation, what was told of a night as a response."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from nightcramp import __version__
from nightcramp.diary.corrections import instant
from nightcramp.diary.entry import Cramp, Entry, Told
from nightcramp.diary.wording import LEG_WORDS, MUSCLE_WORDS, RELIEF_WORDS
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir import own_diary as form
from nightcramp.intake.fhir.ucum import fhir_codes
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.report.fhir.answers import form_address
from nightcramp.report.fhir.elements import (
    Json,
    clean,
    coding,
    concept,
    extension,
    filled,
    meta,
    narrative,
    note,
    quantity,
    resource,
    says,
)
from nightcramp.report.fhir.scope import Writing

WORDS = {ours.LEG: LEG_WORDS, ours.MUSCLE: MUSCLE_WORDS, ours.RELIEF: RELIEF_WORDS}
PARTS = {
    "leg": noted("which leg"),
    "muscle": noted("which muscle"),
    "pain": noted("how bad the pain was, 0 to 10"),
    "minutes": noted("how long it lasted"),
    "woke": noted("whether it woke you"),
    "relief": noted("what helped"),
    "sore_next_day": noted("whether it was sore the next day"),
}
QUESTIONS = {
    form.EVENING: noted("The evening the night begins with"),
    form.CRAMPS: noted("How many cramps in the night"),
    form.MEDICINE: noted("A medicine taken or missed that day"),
    form.NAME: noted("Which medicine"),
    form.TAKEN: noted("Was it taken?"),
    form.DOSE: noted("How much of it"),
    form.NAMED: noted("Something else of the day"),
    form.NAMED_NAME: noted("What it is"),
    form.NAMED_VALUE: noted("How much of it; 1 for yes, 0 for no"),
    form.NOTE: noted("Note"),
}


def entry_resource(writing: Writing, entry: Entry) -> Json:
    """Return an entry of the diary, under its own id."""
    if isinstance(entry.body, Cramp):
        return _cramp(writing, entry, entry.body)
    assert isinstance(entry.body, Told)
    return _told(writing, entry, entry.body)


def moment(at: dt.datetime) -> str:
    """Return a moment as FHIR writes it; one without an offset is taken as UTC."""
    return instant(at).isoformat()


def zone_beside(zone: str) -> Json | None:
    """Return the name of a time zone to stand beside a date; an offset is in the date itself."""
    if not zone or zone[0] in "+-" or zone.upper().startswith(("UTC+", "UTC-", "GMT+", "GMT-")):
        return None
    return {"extension": [extension(ours.ZONE_CODE, valueCode=zone)]}


def _shared(writing: Writing, entry: Entry) -> Json:
    return {
        "meta": meta("entry", coding(ours.ORIGIN, entry.origin)),
        "extension": [
            extension(ours.ZONE, valueString=clean(entry.zone)),
            *([extension(ours.REPLACES, valueString=entry.replaces)] if entry.replaces else []),
        ],
        "subject": writing.subject,
    }


def _id(entry: Entry) -> str:
    return str(uuid.UUID(entry.id))


def _cramp(writing: Writing, entry: Entry, cramp: Cramp) -> Json:
    return resource(
        "Observation",
        _id(entry),
        **_shared(writing, entry),
        text=narrative(_("A cramp at {time}").format(time=f"{cramp.at:%H:%M}")),
        status="corrected" if entry.replaces else "final",
        code=concept(coding(ours.DIARY_CODE, ours.CRAMP, _("a cramp"))),
        effectiveDateTime=moment(cramp.at),
        _effectiveDateTime=zone_beside(entry.zone),
        issued=moment(entry.made_at),
        performer=[writing.subject],
        component=_components(cramp),
        note=note(cramp.note),
    )


def _components(cramp: Cramp) -> list[Json]:
    parts: list[Json] = []
    if cramp.leg:
        parts.append(_coded("leg", ours.LEG, cramp.leg))
    parts += [_coded("muscle", ours.MUSCLE, muscle) for muscle in cramp.muscles]
    if cramp.pain is not None:
        pain = fhir_codes().loinc["pain"]
        loinc = coding(ours.LOINC, pain.code, pain.display)
        parts.append({"code": _part("pain", loinc), "valueInteger": cramp.pain})
    if cramp.minutes is not None:
        parts.append({"code": _part("minutes"), "valueQuantity": quantity(cramp.minutes, "min")})
    if cramp.woke is not None:
        parts.append({"code": _part("woke"), "valueBoolean": cramp.woke})
    parts += [_coded("relief", ours.RELIEF, relief) for relief in cramp.relief]
    if cramp.sore_next_day is not None:
        parts.append({"code": _part("sore_next_day"), "valueBoolean": cramp.sore_next_day})
    return parts


def _part(name: str, *codings: Json) -> Json:
    return concept(*codings, coding(ours.DIARY_CODE, name, _(PARTS[name])))


def _coded(name: str, system: str, code: str) -> Json:
    value = concept(coding(system, code, _(WORDS[system][code])))
    return {"code": _part(name), "valueCodeableConcept": value}


# What was told of a night


def _told(writing: Writing, entry: Entry, told: Told) -> Json:
    return resource(
        "QuestionnaireResponse",
        _id(entry),
        **_shared(writing, entry),
        text=narrative(_("What was told of the night of {day}").format(day=told.evening)),
        questionnaire=f"{form_address(ours.DIARY)}|{__version__}",
        status="amended" if entry.replaces else "completed",
        authored=moment(entry.made_at),
        author=writing.subject,
        source=writing.subject,
        item=_items(writing, told),
    )


def _items(writing: Writing, told: Told) -> list[Json]:
    measures = writing.knowledge.measures
    items = [_item(form.EVENING, valueDate=told.evening.isoformat())]
    if told.cramps is not None:
        items.append(_item(form.CRAMPS, valueInteger=told.cramps))
    for key, value in told.values.items():
        if key in measures:
            items.append(measure_item(key, measures[key].label, measures[key].kind, value))
        else:
            name = _item(form.NAMED_NAME, valueString=clean(key))
            items.append(_group(form.NAMED, name, _item(form.NAMED_VALUE, valueDecimal=value)))
    for medicine in told.medicines:
        parts = [_item(form.NAME, valueString=clean(medicine.name))] if says(medicine.name) else []
        parts.append(_item(form.TAKEN, valueBoolean=medicine.taken))
        if says(medicine.dose):
            parts.append(_item(form.DOSE, valueString=clean(medicine.dose)))
        items.append(_group(form.MEDICINE, *parts))
    return [*items, *([_item(form.NOTE, valueString=clean(told.note))] if says(told.note) else [])]


def measure_item(key: str, label: str, kind: str, value: float) -> Json:
    """Return one thing told of a day, yes or no where it is one of these."""
    answer: Json = {"valueDecimal": value}
    if kind == "yes_no" and value in (0, 1):
        answer = {"valueBoolean": bool(value)}
    return filled(linkId=key, text=clean(label), answer=[answer])


def _item(name: str, **answer: Any) -> Json:
    return {"linkId": name, "text": clean(_(QUESTIONS[name])), "answer": [answer]}


def _group(name: str, *items: Json) -> Json:
    return {"linkId": name, "text": clean(_(QUESTIONS[name])), "item": list(items)}
