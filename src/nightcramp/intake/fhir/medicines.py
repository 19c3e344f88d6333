"""Reads medicines: prescribed, stated, handed over, given; one fact an ingredient."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from nightcramp.intake.fhir.bundle import BROKEN
from nightcramp.intake.fhir.codes import Codes, code_in, name_of, texts_of
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.references import contained_in, key_of
from nightcramp.intake.fhir.resources import (
    CodeableReference,
    Concept,
    Dosage,
    Ingredient,
    Medication,
    MedicationAdministration,
    MedicationDispense,
    MedicationRequest,
    MedicationStatement,
    Period,
    Quantity,
    Reference,
    decode,
)
from nightcramp.intake.medicines import medicine_ids, medicine_names
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.language import noted
from nightcramp.person.duration import DAYS
from nightcramp.person.fact import DoseChange, Fact, MedicineUse

KINDS = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationDispense",
    "MedicationAdministration",
)
NEVER = {
    "entered-in-error": noted("it was entered in error"),
    "cancelled": noted("it was cancelled before it was taken"),
    "draft": noted("it is only planned"),
    "intended": noted("it is only planned"),
    "declined": noted("it was not handed over"),
    "preparation": noted("it was not handed over"),
    "not-done": noted("it was not given"),
}
PLANS = {"proposal", "plan", "option"}
STOPPED = {"stopped", "completed", "ended", "on-hold"}
NOT_TAKEN = {"not-taken", "not-taking"}
UNIT_DAYS = {
    "min": DAYS["minute"],
    "h": DAYS["hour"],
    "d": DAYS["day"],
    "wk": DAYS["week"],
    "mo": DAYS["month"],
    "a": DAYS["year"],
    "s": DAYS["minute"] / 60,
}
LONG_PERIODS = {"wk", "mo", "a"}
NO_MEDICINE = noted("it names no medicine")
UNKNOWN = noted("a medicine the knowledge does not hold")
MOST_DAYS = 40_000.0
MOST_PARTS = 50
_STRENGTH = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(mg/actuat|mg/ml|mg|mcg|ug|µg|g|unt|units?|meq)\b", re.I
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_PART = re.compile(r"\s+/\s+|\s*;\s*")


@dataclass(frozen=True)
class Strength:
    """How much of an ingredient one dose or one tablet holds."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"


@dataclass(frozen=True)
class Course:
    """One resource's word on taking one ingredient; `over` is None when it does not say."""

    ingredient: str
    entry: Entry
    written: str
    start: dt.date | None = None
    end: dt.date | None = None
    over: bool | None = False
    taken: bool = True
    strength: Strength | None = None
    intermittent: bool | None = None


@dataclass(frozen=True)
class _Taking:
    """What the status and the dates of one resource say."""

    start: dt.date | None
    end: dt.date | None
    over: bool | None
    taken: bool = True


def read_medicines(record: Record) -> Iterator[Fact]:
    """Yield one fact for every ingredient in the record."""
    courses: dict[str, list[Course]] = {}
    for kind in KINDS:
        for entry in record.of(kind):
            for course in _courses(record, entry):
                courses.setdefault(course.ingredient, []).append(course)
    for ingredient, found in courses.items():
        yield _merged(record, ingredient, found)


def _courses(record: Record, entry: Entry) -> list[Course]:
    refused = _refusal(entry)
    if refused:
        record.leave_out(entry, refused)
        return []
    concepts = _concepts(record, entry)
    if any(code_in(concept) in record.codes.content.nothing for concept in concepts):
        return []
    named = [(i, s, c) for c in concepts for i, s in ingredients_named(record.codes, c)]
    if not named:
        _leave_unknown(record, entry, concepts)
        return []
    taking = _READERS[entry.kind](record, entry.resource)
    if taking.start and taking.start > record.as_of:
        record.leave_out(entry, noted("it begins after the date of the reading"))
        return []
    record.use(entry)
    dose = _dose(entry)
    return [
        Course(
            ingredient=ingredient,
            entry=entry,
            written=name_of(concept),
            start=taking.start,
            end=taking.end,
            over=taking.over,
            taken=taking.taken,
            strength=strength or (dose if len(named) == 1 else None),
            intermittent=_intermittent(entry),
        )
        for ingredient, strength, concept in named
    ]


def _refusal(entry: Entry) -> str:
    resource = entry.resource
    if changed_meaning(resource):
        return noted("it carries a modifier that may change its meaning")
    status = resource.status.lower()
    if status in NEVER:
        return NEVER[status]
    if entry.kind == "MedicationRequest":
        if resource.do_not_perform:
            return noted("it says not to give the medicine")
        if resource.intent.lower() in PLANS:
            return noted("it is only planned")
    return ""


def _leave_unknown(record: Record, entry: Entry, concepts: list[Concept]) -> None:
    names = [name for name in map(name_of, concepts) if name]
    for name in names:
        record.account.unknown_medicines[name] += 1
    record.leave_out(entry, UNKNOWN if names else NO_MEDICINE)


# Which medicine


def _concepts(record: Record, entry: Entry) -> list[Concept]:
    """Return what a record names: the product, or where that says nothing its ingredients."""
    resource = entry.resource
    both = resource.medication or CodeableReference()
    if concept := both.concept or resource.medication_codeable_concept:
        return [concept]
    reference = both.reference or resource.medication_reference
    if reference is None:
        return []
    medication = _medication(record, resource, reference)
    return _product(record, medication, resource) if medication else []


def _medication(record: Record, resource: Any, reference: Reference) -> Medication | None:
    if reference.reference.startswith("#"):
        found = contained_in(resource, reference.reference)
        if found is None or found[0] != "Medication":
            return None
        try:
            return decode("Medication", found[1])[0]  # type: ignore[no-any-return]
        except BROKEN:
            return None
    return record.medications.get(key_of(reference.reference))


def _product(record: Record, medication: Medication, holder: Any) -> list[Concept]:
    if medication.code and ingredients_named(record.codes, medication.code):
        return [medication.code]
    parts = [_part(record, medication, holder, item) for item in medication.ingredient[:MOST_PARTS]]
    known = [concept for concept in parts if concept]
    return known or ([medication.code] if medication.code else [])


def _part(record: Record, medication: Medication, holder: Any, item: Ingredient) -> Concept | None:
    if concept := item.item_codeable_concept or (item.item.concept if item.item else None):
        return concept
    reference = item.item_reference or (item.item.reference if item.item else None)
    if reference is None:
        return None
    inside = holder if contained_in(holder, reference.reference) else medication
    found = _medication(record, inside, reference)
    return found.code if found else None


def ingredients_named(codes: Codes, concept: Concept) -> list[tuple[str, Strength | None]]:
    """Return the ingredients a concept names, with their strengths where it prints them."""
    texts = texts_of(concept)
    read = [_read_name(codes.knowledge, text) for text in texts]
    strengths = {i: s for parts in read for i, s in reversed(parts) if s}
    coded = [i for coding in concept.coding for i in codes.medicines(coding)]
    named = coded or next((ids for parts in read if (ids := [i for i, _ in parts])), [])
    if not named and not concept.coding:
        named = [found.id for text in texts for found in medicine_ids(codes.knowledge, text)]
    return [(identifier, strengths.get(identifier)) for identifier in dict.fromkeys(named)]


@functools.lru_cache(maxsize=4096)
def _read_name(knowledge: Knowledge, text: str) -> tuple[tuple[str, Strength | None], ...]:
    """Return the ingredients in a product's name, part by part (`A 10 MG / B 5 MG`)."""
    whole = _sure(knowledge, text)
    found: list[tuple[str, Strength | None]] = []
    for part in _PART.split(text) if whole else []:
        match = _STRENGTH.search(part)
        strength = Strength(_number(match[1]), match[2].lower()) if match else None
        found += [(identifier, strength) for identifier in _sure(knowledge, part)]
    by_id = dict(reversed(found))
    return tuple((identifier, by_id.get(identifier)) for identifier in whole)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _sure(knowledge: Knowledge, text: str) -> list[str]:
    """Return the medicines a product's name holds; near misses and salts do not count."""
    ingredients, classes = medicine_names(knowledge)
    if not (ingredients.find(text) or classes.find(text)):
        return []
    return [
        item.id
        for item in medicine_ids(knowledge, text)
        if item.id in knowledge.medicines or not _WORD.search(text[: item.start])
    ]


# Whether it is taken


def _request(record: Record, request: MedicationRequest) -> _Taking:
    start = record.day(request.authored_on)
    told, end = _bounds(record, request.dosage_instruction, start)
    start = told or start
    over = _over(request.status, record, end)
    supply = request.dispense_request
    if over and end is None and supply:
        end = record.day(supply.validity_period.end if supply.validity_period else "")
        if end is None and start:
            times = 1 + max(0, supply.number_of_repeats_allowed or 0)
            end = _after(start, supply.expected_supply_duration, times)
    return _Taking(start, _not_future(record, end), over)


def _statement(record: Record, statement: MedicationStatement) -> _Taking:
    period = statement.effective_period or Period()
    taken = code_in(statement.adherence.code) if statement.adherence else ""
    told, until = _bounds(record, statement.dosage, None)
    end = record.day(period.end) or until
    start = record.day(period.start, statement.effective_date_time) or told
    if statement.status.lower() in NOT_TAKEN or taken in NOT_TAKEN:
        day = record.day(statement.date_asserted) or start
        return _Taking(day, None, True, taken=False)
    return _Taking(start, _not_future(record, end), _over(statement.status, record, end))


def _dispense(record: Record, dispense: MedicationDispense) -> _Taking:
    start = record.day(dispense.when_handed_over, dispense.when_prepared)
    end = _after(start, dispense.days_supply, 1, "d") if start else None
    over = None if end is None else end < record.as_of
    return _Taking(start, _not_future(record, end), over)


def _administration(record: Record, given: MedicationAdministration) -> _Taking:
    periods = [p for p in (given.effective_period, given.occurence_period) if p]
    start = record.day(
        *(p.start for p in periods), given.effective_date_time, given.occurence_date_time
    )
    end = record.day(*(p.end for p in periods)) or start
    over = given.status.lower() != "in-progress"
    return _Taking(start, _not_future(record, end) if over else None, over)


_READERS: dict[str, Callable[[Record, Any], _Taking]] = {
    "MedicationRequest": _request,
    "MedicationStatement": _statement,
    "MedicationDispense": _dispense,
    "MedicationAdministration": _administration,
}


def _over(status: str, record: Record, end: dt.date | None) -> bool | None:
    """Return whether a course has ended; None where the record does not know."""
    if end is not None and end < record.as_of:
        return True
    word = status.lower()
    if word == "unknown" or not word:
        return None
    return word in STOPPED


def _not_future(record: Record, end: dt.date | None) -> dt.date | None:
    return end if end is None or end <= record.as_of else None


def _bounds(
    record: Record, dosages: list[Dosage], start: dt.date | None
) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and the last day that the instructions name."""
    for dosage in dosages:
        repeat = dosage.timing.repeat if dosage.timing else None
        if repeat and repeat.bounds_period:
            period = repeat.bounds_period
            return record.day(period.start), record.day(period.end)
        if repeat and repeat.bounds_duration and start:
            return start, _after(start, repeat.bounds_duration, 1)
    return None, None


def _after(start: dt.date, length: Quantity | None, times: int, unit: str = "") -> dt.date | None:
    """Return the day a supply lasts to, or None where its length is not known."""
    if length is None or length.value is None:
        return None
    size = UNIT_DAYS.get(length.code or unit) or DAYS.get(length.unit.lower().rstrip("s"))
    days = length.value * (size or 0.0) * times
    if not 0 < days < MOST_DAYS:
        return None
    try:
        return start + dt.timedelta(days=days)
    except OverflowError:
        return None


# How much of it


def _dosages(entry: Entry) -> list[Dosage]:
    if entry.kind == "MedicationAdministration":
        return []
    if entry.kind == "MedicationStatement":
        return entry.resource.dosage  # type: ignore[no-any-return]
    return entry.resource.dosage_instruction  # type: ignore[no-any-return]


def _dose(entry: Entry) -> Strength | None:
    if entry.kind == "MedicationAdministration":
        dose = entry.resource.dosage.dose if entry.resource.dosage else None
        return _strength(dose)
    doses = [rate.dose_quantity for dosage in _dosages(entry) for rate in dosage.dose_and_rate]
    return _strength(doses[0]) if len(doses) == 1 else None


def _strength(dose: Quantity | None) -> Strength | None:
    unit = (dose.unit or dose.code).lower() if dose else ""
    if dose is None or dose.value is None or not _STRENGTH.fullmatch(f"{abs(dose.value):f} {unit}"):
        return None
    return Strength(dose.value, unit)


def _intermittent(entry: Entry) -> bool | None:
    repeats = [d.timing.repeat for d in _dosages(entry) if d.timing and d.timing.repeat]
    return True if any(repeat.period_unit in LONG_PERIODS for repeat in repeats) else None


# One fact an ingredient


def _merged(record: Record, ingredient: str, courses: list[Course]) -> Fact:
    """Return how an ingredient is taken by all its courses: the latest run of them counts."""
    taken = sorted((c for c in courses if c.taken), key=lambda c: c.start or dt.date.min)
    denial = _denial([c for c in courses if not c.taken], taken)
    run = _latest_run(taken, record.knowledge.model.stopped_days)
    taking = _is_taken(taken, denial)
    newest = _newest(run) if run else courses[-1]
    use = MedicineUse(
        taking=taking,
        dose=str(newest.strength or ""),
        since_days=record.days_ago(min((c.start for c in run if c.start), default=None)),
        stopped_days=None if taking is not False else record.days_ago(_last_day(taken)),
        intermittent=newest.intermittent,
        changes=tuple(_changes(record, run)),
    )
    note = _("other records say it is taken") if denial == "open" else ""
    origin = record.origin(*(c.entry for c in courses), written=newest.written, note=note)
    return Fact(kind="medicine", id=ingredient, value=use, provenance=origin)


def _denial(denials: list[Course], taken: list[Course]) -> Literal["", "newer", "older", "open"]:
    """Return whether somebody said it is not taken, and whether after the last start."""
    if not denials:
        return ""
    day = max((c.start for c in denials if c.start), default=None)
    last = max((c.start for c in taken if c.start), default=None)
    if not taken or (day and last and day >= last):
        return "newer"
    return "older" if day and last else "open"


def _is_taken(taken: list[Course], denial: str) -> bool | None:
    if denial == "newer":
        return False
    if any(c.over is False for c in taken):
        return None if denial == "open" else True
    return None if any(c.over is None for c in taken) else False


def _latest_run(taken: list[Course], gap: float) -> list[Course]:
    """Return the courses since the last known break of more than `gap` days."""
    run: list[Course] = []
    earliest: dt.date | None = None
    for course in reversed(taken):
        ended = course.end if course.over else None
        if earliest and ended and (earliest - ended).days > gap:
            break
        run.append(course)
        earliest = min((day for day in (earliest, course.start) if day), default=None)
    return run[::-1]


def _newest(run: list[Course]) -> Course:
    current = [c for c in run if c.over is False]
    return (current or run)[-1]


def _last_day(taken: list[Course]) -> dt.date | None:
    """Return the last day it was taken, where the course begun last tells its end."""
    if not taken or taken[-1].end is None:
        return None
    return max(c.end for c in taken if c.end)


def _changes(record: Record, run: list[Course]) -> Iterator[DoseChange]:
    """Yield where a course of another strength took the place of an earlier one."""
    for before, after in itertools.pairwise(run):
        if not (before.strength and after.strength and before.start and after.start):
            continue
        replaced = before.over and before.entry.kind == after.entry.kind
        if not replaced or before.start == after.start:
            continue
        if before.strength.unit == after.strength.unit and before.strength != after.strength:
            higher = after.strength.amount > before.strength.amount
            yield DoseChange(
                direction="raised" if higher else "lowered",
                days_ago=record.days_ago(after.start),
            )
