"""Reads resources of our own kind back: each gives exactly what it was made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nightcramp.diary.entry import Entry as DiaryEntry
from nightcramp.errors import InputError
from nightcramp.intake.answers import fit_answer
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.beside import (
    code_of,
    days_ago,
    one,
    role_of,
    told_at,
    truth_of,
    words_of,
)
from nightcramp.intake.fhir.codes import code_in
from nightcramp.intake.fhir.dates import day_of
from nightcramp.intake.fhir.own_diary import read_entries, read_nights
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.resources import (
    Condition,
    Extension,
    Measured,
    MedicationStatement,
    Observation,
    Period,
)
from nightcramp.intake.fhir.responses import is_response_to, read_response
from nightcramp.intake.medicines import medicine_ids
from nightcramp.language import noted
from nightcramp.person.fact import DoseChange, Fact, LabResult, MedicineUse
from nightcramp.person.night import Night
from nightcramp.person.units import convert

WORKED_OUT = noted("it was worked out from the rest, and will be again")
SAID_ALREADY = noted("it repeats what another resource of the export holds")
NOT_OURS = noted("it does not hold what an export of ours holds")
ENTERED_IN_ERROR = noted("it was entered in error")
WORDS = {"L": "low", "N": "normal", "H": "high"}
STATUS = {"active": True, "stopped": False, "completed": False, "not-taken": False}
DIRECTIONS = ("raised", "lowered", "changed")
TOLD_OF_USE = (
    "intermittent",
    "began_after",
    "predates",
    "better_when_stopped",
    "back_when_restarted",
    "better_with_less",
    "after_each_dose",
    "same_reaction_before",
)


class NotReadError(Exception):
    """Why a resource of ours gave nothing."""


@dataclass
class Own:
    """The resources of ours in a file, by what they are for."""

    by_role: dict[str, list[Entry]] = field(default_factory=dict)

    @classmethod
    def taken_from(cls, entries: dict[str, list[Entry]]) -> Own:
        """Return the resources of ours, which no longer stand among the others."""
        own = cls()
        for kind, listed in entries.items():
            others: list[Entry] = []
            for entry in listed:
                role = _role(entry)
                (own.by_role.setdefault(role, []) if role else others).append(entry)
            entries[kind] = others
        return own

    def of(self, role: ours.Role) -> list[Entry]:
        """Return the resources of one role, in the order of the file."""
        return self.by_role.get(role, [])

    def day(self, today: dt.date) -> dt.date | None:
        """Return the date from which an export counts back, else when a response was given.

        None where neither is told.
        """
        assessed = [e.resource.occurrence_date_time for e in self._kind("result", "RiskAssessment")]
        given = [entry.resource.authored for entry in self._kind("fact", "QuestionnaireResponse")]
        days = [day for text in assessed or given if (day := day_of(text)) and day <= today]
        return max(days, default=None)

    def _kind(self, role: ours.Role, kind: str) -> list[Entry]:
        return [entry for entry in self.of(role) if entry.kind == kind]

    def facts(self, record: Record) -> list[Fact]:
        """Return the facts that were told, each as often as it was."""
        for entry in self._said_already():
            record.leave_out(entry, SAID_ALREADY)
        for entry in self.of("result"):
            record.leave_out(entry, WORKED_OUT)
        told = [*self.of("fact"), *self._alone("Condition", self._responses())]
        return [fact for entry in told for fact in _used(record, entry, _facts)]

    def _responses(self) -> list[Entry]:
        return self._kind("fact", "QuestionnaireResponse")

    def _alone(self, kind: str, sources: list[Entry]) -> list[Entry]:
        """Return what repeats a source that is not there, as when a server kept only some."""
        return [] if sources else self._kind("derived", kind)

    def _said_already(self) -> list[Entry]:
        alone = [*self._alone("Condition", self._responses()), *self._nights_alone()]
        read = {id(entry) for entry in alone}
        return [entry for entry in self.of("derived") if id(entry) not in read]

    def _nights_alone(self) -> list[Entry]:
        repeated = self._alone("Observation", self.of("entry"))
        return [entry for entry in repeated if entry.resource.effective_period]

    def diary(self, record: Record) -> list[DiaryEntry]:
        """Return the entries of the diary, in the order of the file."""
        return [told for entry in self.of("entry") for told in _used(record, entry, read_entries)]

    def nights(self, record: Record) -> list[Night]:
        """Return what imports brought of nights, one a night and file it came from."""
        return read_nights(record, [*self.of("night"), *self._nights_alone()])


def _role(entry: Entry) -> ours.Role | None:
    """Return what a resource is read as; None where it is read as anybody's."""
    if role := role_of(entry.resource):
        return role
    if entry.kind != "QuestionnaireResponse":
        return None
    if is_response_to(entry.resource.questionnaire, ours.DIARY):
        return "entry"
    return "fact" if is_response_to(entry.resource.questionnaire, ours.INTERVIEW) else None


def _used(
    record: Record, entry: Entry, read: Callable[[Record, Entry], Iterator[Any]]
) -> list[Any]:
    """Return what a resource gives, and account for it."""
    try:
        if changed_meaning(entry.resource):
            raise NotReadError(noted("it carries a modifier that may change its meaning"))
        found = list(read(record, entry))
    except (NotReadError, InputError) as error:
        record.leave_out(entry, NOT_OURS if isinstance(error, InputError) else str(error))
        return []
    if found:
        record.use(entry)
    else:
        record.leave_out(entry, NOT_OURS)
    return found


def _facts(record: Record, entry: Entry) -> Iterator[Fact]:
    resource = entry.resource
    status = getattr(resource, "status", "") or code_in(
        getattr(resource, "verification_status", None)
    )
    if status == "entered-in-error":
        raise NotReadError(ENTERED_IN_ERROR)
    yield from _READERS.get(entry.kind, _nothing)(record, entry)


def _nothing(record: Record, entry: Entry) -> Iterator[Fact]:
    del record, entry
    yield from ()


def _not_understood(record: Record, entry: Entry, kind: str, text: str) -> Iterator[Fact]:
    origin = told_at(record, entry, entry.resource.extension)
    yield Fact(kind="unrecognised", id=kind, value=text, provenance=origin)


# Conditions


def _condition(record: Record, entry: Entry) -> Iterator[Fact]:
    resource: Condition = entry.resource
    if resource.code and truth_of(resource.extension, ours.NOT_UNDERSTOOD):
        yield from _not_understood(record, entry, "condition", resource.code.text)
        return
    name = code_of(resource.code, ours.CONDITION)
    if name not in record.knowledge.conditions:
        return
    present = code_in(resource.verification_status) != "refuted"
    origin = told_at(record, entry, resource.extension)
    yield Fact(kind="condition", id=name, value=present, provenance=origin)


# Medicines


def _medicine(record: Record, entry: Entry) -> Iterator[Fact]:
    resource: MedicationStatement = entry.resource
    concept = resource.medication_codeable_concept
    if concept and truth_of(resource.extension, ours.NOT_UNDERSTOOD):
        yield from _not_understood(record, entry, "medicine", concept.text)
        return
    known = record.knowledge.medicines.keys() | record.knowledge.medicine_classes.keys()
    name = code_of(concept, ours.MEDICINE)
    if name not in known and concept:
        name = next((found.id for found in medicine_ids(record.knowledge, concept.text)), "")
    if name not in known:
        return
    origin = told_at(record, entry, resource.extension)
    yield Fact(kind="medicine", id=name, value=_use(record, resource), provenance=origin)


def _use(record: Record, statement: MedicationStatement) -> MedicineUse:
    period = statement.effective_period or Period()
    beside = one(statement.extension, ours.MEDICINE_USE)
    inside = beside.extension if beside else []
    stopped = days_ago(record, period.end, period.beside_end)
    if stopped is None and (end := _beside_date(record, one(inside, "stopped"))) is not None:
        stopped = end
    return MedicineUse(
        taking=STATUS.get(statement.status),
        dose=statement.dosage[0].words if statement.dosage else "",
        since_days=days_ago(record, period.start, period.beside_start),
        stopped_days=stopped,
        changes=tuple(_changes(record, inside)),
        **{name: truth_of(inside, name) for name in TOLD_OF_USE},
    )


def _beside_date(record: Record, item: Extension | None) -> float | None:
    """Return the days of a date that stands in extensions of its own."""
    if item is None:
        return None
    day = day_of(words_of(item.extension, "date"))
    part = one(item.extension, "part")
    if day is None:
        return None
    return float((record.as_of - day).days) + (part.decimal or 0.0 if part else 0.0)


def _changes(record: Record, inside: list[Extension]) -> Iterator[DoseChange]:
    for item in inside:
        direction = words_of(item.extension, "direction")
        if item.url == "change" and direction in DIRECTIONS:
            yield DoseChange(direction=direction, days_ago=_beside_date(record, item))  # type: ignore[arg-type]


# Laboratory results, and answers outside of the form


def _observation(record: Record, entry: Entry) -> Iterator[Fact]:
    resource: Observation = entry.resource
    if truth_of(resource.extension, ours.NOT_UNDERSTOOD):
        yield from _not_understood(record, entry, "lab", resource.value_string)
        return
    name = code_of(resource.code, ours.LAB)
    if name in record.knowledge.labs:
        yield _lab(record, entry, name)
        return
    for kind, system in (("answer", ours.QUESTION), ("condition", ours.CONDITION)):
        if name := code_of(resource.code, system):
            value = fit_answer(record.knowledge, name, _answer(resource, name), record.as_of)
            if name in ("onset", "recent_flare") and isinstance(value, float):
                value += days_ago(record, resource.effective_date_time, None) or 0.0
            origin = told_at(record, entry, resource.extension)
            yield Fact(kind=kind, id=name, value=value, provenance=origin)  # type: ignore[arg-type]


def _answer(resource: Observation, name: str) -> Any:
    if resource.data_absent_reason:
        return None
    if resource.value_boolean is not None:
        return resource.value_boolean
    if resource.value_quantity is not None:
        return resource.value_quantity.value
    if resource.value_codeable_concept is not None:
        return code_of(resource.value_codeable_concept, ours.answers_of(name))
    system = ours.answers_of(name)
    return [code_of(part.value_codeable_concept, system) for part in resource.component]


def _lab(record: Record, entry: Entry, name: str) -> Fact:
    resource: Observation = entry.resource
    value, bound, assumed = _result(record, resource, name)
    low, high = _limits(resource)
    word = "" if value is not None else WORDS.get(code_in(_first(resource)).upper(), "")
    if value is None and not word:
        raise NotReadError(noted("it gives no result"))
    result = LabResult(
        value=value,
        word=word,  # type: ignore[arg-type]
        bound=bound,  # type: ignore[arg-type]
        low=low,
        high=high,
        days_ago=days_ago(record, resource.effective_date_time, resource.beside_effective),
        unit_assumed=assumed,
    )
    origin = told_at(record, entry, resource.extension)
    return Fact(kind="lab", id=name, value=result, provenance=origin)


def _first(part: Measured) -> Any:
    return part.interpretation[0] if part.interpretation else None


def _result(record: Record, part: Measured, name: str) -> tuple[float | None, str, bool]:
    """Return (value in the lab's unit, bound, whether the unit was assumed)."""
    quantity = part.value_quantity
    if quantity is None or quantity.value is None:
        return None, "", False
    lab = record.knowledge.labs[name]
    value, _ = convert(lab, quantity.value, quantity.unit or lab.unit)
    bound = quantity.comparator if quantity.comparator in {"<", ">"} else ""
    return value, bound, truth_of(quantity.extension, ours.UNIT_ASSUMED) is True


def _limits(part: Measured) -> tuple[float | None, float | None]:
    if not part.reference_range:
        return None, None
    low, high = part.reference_range[0].low, part.reference_range[0].high
    return (low.value if low else None), (high.value if high else None)


_READERS: dict[str, Callable[[Record, Entry], Iterator[Fact]]] = {
    "Condition": _condition,
    "MedicationStatement": _medicine,
    "Observation": _observation,
    "QuestionnaireResponse": read_response,
}
