"""Reads the diary in resources of ours: entries as they were told, and nights of imports."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec

from nightcramp.diary.entry import Cramp, Medicine, Told
from nightcramp.diary.entry import Entry as DiaryEntry
from nightcramp.errors import InputError
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.beside import code_of, moment_in, one, words_of
from nightcramp.intake.fhir.dates import day_of
from nightcramp.intake.fhir.record import Entry, Record
from nightcramp.intake.fhir.resources import (
    Answer,
    Item,
    Measured,
    Observation,
    QuestionnaireResponse,
)
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.fact import Provenance
from nightcramp.person.night import Night

EVENING, CRAMPS, NOTE = "evening", "cramps", "note"
MEDICINE, NAME, TAKEN, DOSE = "medicine", "medicine.name", "medicine.taken", "medicine.dose"
NAMED, NAMED_NAME, NAMED_VALUE = "named", "named.name", "named.value"
"""The questions of the diary's form; those of the day go by the ids of measures."""
UNUSABLE = noted("it cannot stand in a diary")
NOBODY = uuid.UUID(int=0).hex
OVER = {"entered-in-error", "cancelled", "stopped"}


def read_entries(record: Record, entry: Entry) -> Iterator[DiaryEntry]:
    """Yield the entry that a resource holds; raises InputError where it cannot stand."""
    resource = entry.resource
    if resource.status in OVER:
        return
    cramp = entry.kind == "Observation"
    told = _cramp(resource) if cramp else _told(resource, record)
    made_at = moment_in(resource.issued if cramp else resource.authored)
    if made_at is None and isinstance(told, Cramp):
        made_at = told.at
    if made_at is None:
        raise InputError(_("it does not say when it was made"))
    read = DiaryEntry(
        id=_id_of(resource.id),
        made_at=made_at,
        zone=words_of(resource.extension, ours.ZONE) or f"{made_at:%z}",
        origin=_origin(resource),  # type: ignore[arg-type]
        replaces=words_of(resource.extension, ours.REPLACES),
        body=told,
    )
    yield _sound(record, read)


def _id_of(name: str) -> str:
    """Return an entry's id from a resource's: the same digits, else always the same others."""
    try:
        return uuid.UUID(name).hex
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{ours.BASE}/entry/{name}").hex


def _origin(resource: Any) -> str:
    tags = resource.meta.tag if resource.meta else []
    found = next((tag.code for tag in tags if tag.system == ours.ORIGIN), "")
    return found if found in {"terminal", "app", "paper", "program"} else "program"


def _sound(record: Record, read: DiaryEntry) -> DiaryEntry:
    """Return an entry that may stand in a diary; raises InputError for another."""
    from nightcramp.intake.diary_arrival import fault_of

    if fault := fault_of(read, record.knowledge.measures):
        raise InputError(fault)
    return read


def _fitted(kind: type[Any], values: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(error)) from None


# A cramp


def _cramp(resource: Observation) -> Cramp:
    at = moment_in(resource.effective_date_time)
    if at is None or code_of(resource.code, ours.DIARY_CODE) != ours.CRAMP:
        raise InputError(_("it does not say when the cramp was"))
    told: dict[str, Any] = {"muscles": [], "relief": []}
    for part in resource.component:
        name, value = code_of(part.code, ours.DIARY_CODE), _component(part)
        if name in {"muscle", "relief"}:
            told["muscles" if name == "muscle" else name].append(value)
        elif name in {"leg", "pain", "minutes", "woke", "sore_next_day"}:
            told[name] = value
    body = {"is": "cramp", "at": resource.effective_date_time, **told, "note": _note(resource)}
    found: Cramp = _fitted(Cramp, body)
    return msgspec.structs.replace(found, at=at)


def _component(part: Measured) -> Any:
    if part.value_codeable_concept is not None:
        return next((coding.code for coding in part.value_codeable_concept.coding), "")
    if part.value_quantity is not None:
        return part.value_quantity.value
    return part.value_boolean if part.value_boolean is not None else part.value_integer


def _note(resource: Observation) -> str:
    return resource.note[0].words if resource.note else ""


# What was told of a night


def _told(response: QuestionnaireResponse, record: Record) -> Told:
    told: dict[str, Any] = {"is": "night", "values": {}, "medicines": []}
    for item in response.item:
        answer = item.answer[0] if item.answer else None
        if item.link_id == MEDICINE:
            told["medicines"].append(_medicine(item))
        elif item.link_id == NAMED:
            told["values"].update(_named(item))
        elif item.link_id in record.knowledge.measures and answer:
            told["values"][item.link_id] = _number(answer)
        elif answer and item.link_id == EVENING:
            told["evening"] = answer.value_date
        elif answer and item.link_id == CRAMPS:
            told["cramps"] = answer.value_integer
        elif answer and item.link_id == NOTE:
            told["note"] = answer.value_string
    found: Told = _fitted(Told, told)
    return found


def _inside(item: Item) -> dict[str, Answer]:
    return {part.link_id: part.answer[0] for part in item.item if part.answer}


def _medicine(item: Item) -> Medicine:
    inside = _inside(item)
    name, taken, dose = (inside.get(key, Answer()) for key in (NAME, TAKEN, DOSE))
    if taken.value_boolean is None:
        raise InputError(_("it names a medicine in a way that cannot be kept"))
    return Medicine(name=name.value_string, taken=taken.value_boolean, dose=dose.value_string)


def _named(item: Item) -> dict[str, float]:
    inside = _inside(item)
    name, value = inside.get(NAMED_NAME, Answer()), inside.get(NAMED_VALUE, Answer())
    return {name.value_string: _number(value)}


def _number(answer: Answer) -> float:
    """Return an answer as a number, yes as 1 and no as 0; raises InputError."""
    if answer.value_boolean is not None:
        return float(answer.value_boolean)
    quantity = answer.value_quantity.value if answer.value_quantity else None
    numbers = (answer.value_decimal, answer.value_integer, quantity)
    found = next((number for number in numbers if number is not None), None)
    if found is None:
        raise InputError(_("it holds a value that cannot be"))
    return float(found)


# Nights of imports


def read_nights(record: Record, entries: list[Entry]) -> list[Night]:
    """Return what imports brought, one night for each evening and file it came from."""
    nights: dict[tuple[dt.date, str], Night] = {}
    for entry in entries:
        told = one(entry.resource.extension, ours.TOLD)
        file = words_of(told.extension, "file") if told else ""
        part = _part_of_night(record, entry) if entry.kind == "Observation" else None
        if part is None:
            record.leave_out(entry, UNUSABLE)
            continue
        record.use(entry)
        key = part.evening, file or record.file
        before = nights.get(key, Night(evening=part.evening))
        nights[key] = _joined(before, part, key[1], entry.place)
    return [nights[key] for key in sorted(nights)]


def _joined(night: Night, part: Told, file: str, place: str) -> Night:
    return Night(
        evening=night.evening,
        cramps=night.cramps if part.cramps is None else part.cramps,
        values=dict(sorted({**night.values, **part.values}.items())),
        note=night.note or part.note,
        provenance=night.provenance or (Provenance(file=file, at=place),),
    )


def _part_of_night(record: Record, entry: Entry) -> Told | None:
    """Return what one observation tells of a night; None for what cannot be."""
    resource: Observation = entry.resource
    period = resource.effective_period
    evening = day_of(period.start) if period else None
    if evening is None or resource.status in OVER:
        return None
    try:
        part = _measured(resource, evening)
        stand_in = DiaryEntry(
            id=NOBODY, made_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), zone="UTC", body=part
        )
        _sound(record, stand_in)
    except InputError:
        return None
    return part


def _measured(resource: Observation, evening: dt.date) -> Told:
    code = code_of(resource.code, ours.DIARY_CODE)
    value = _component(resource)
    if code == ours.COUNT:
        found: Told = _fitted(Told, {"is": "night", "evening": evening, "cramps": value})
        return found
    if code == ours.NOTE:
        return Told(evening=evening, note=resource.value_string)
    concept = resource.code
    key = concept.text if code == ours.NAMED and concept else code_of(concept, ours.MEASURE)
    if value is None or not key or isinstance(value, str):
        raise InputError(_("it holds a value that cannot be"))
    return Told(evening=evening, values={key: float(value)})
