"""Reads responses to the interview's form, from any program; says why an answer is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nightcramp.errors import InputError
from nightcramp.intake.answers import fit_answer
from nightcramp.intake.conditions import read_condition
from nightcramp.intake.fhir import canonical as ours
from nightcramp.intake.fhir.beside import told_at, words_of
from nightcramp.intake.fhir.form import (
    CONDITION_LINES,
    ILLNESSES,
    LISTS,
    MEDICINE_LINES,
    PARTS,
    Asked,
    form_of,
)
from nightcramp.intake.fhir.medicines import UNIT_DAYS
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.resources import Answer, Item, Quantity, QuestionnaireResponse
from nightcramp.intake.medicines import read_medicine
from nightcramp.intake.reading import Reading, moved
from nightcramp.knowledge.schema import Question
from nightcramp.language import noted
from nightcramp.person.duration import DAYS
from nightcramp.person.fact import Fact, Provenance
from nightcramp.person.units import canonical

USED = {"completed", "amended", "in-progress", ""}
ANSWERS = noted("answers")
NOT_ON_FORM = noted("an answer to a question that is not on the form")
WRONG_TYPE = noted("an answer of another kind than its question takes")
NO_OPTION = noted("an answer that is not one of its question's")
NO_UNIT = noted("an answer in a unit that its question does not take")
NOT_FITTING = noted("an answer that does not fit its question")
SEVERAL = noted("several answers to a question that takes one")
NESTED = noted("an answer inside another answer, where the form has no question")
NOT_ASKED = noted("an answer to a question that is not asked after the other answers")
STOPPED = noted("it was stopped, or entered in error")
FUTURE = noted("it is dated after the date of the reading")
LONGEST = 200
MOST_LINES = 200
DEEPEST = 20


class MisfitError(Exception):
    """Why an answer cannot be read."""


def is_response_to(questionnaire: str, form: str) -> bool:
    """Return whether a canonical names a form of ours, in any version and language."""
    address = questionnaire.partition("|")[0]
    return address == form or address.startswith(f"{form}-")


def read_response(record: Record, entry: Entry) -> Iterator[Fact]:
    """Yield the facts of a response; each answer that is left out is accounted for."""
    response: QuestionnaireResponse = entry.resource
    if response.status.lower() not in USED or changed_meaning(response):
        record.account.leave_out(ANSWERS, STOPPED)
        return
    day = record.day(response.authored) or record.as_of
    if day > record.as_of:
        record.account.leave_out(ANSWERS, FUTURE)
        return
    told = Reading(file=record.file, format="fhir", as_of=day)
    told.facts = list(_Response(record, entry, told).facts(response.item))
    yield from moved(told, record.as_of)


class _Response:
    """One response while it is read."""

    def __init__(self, record: Record, entry: Entry, told: Reading) -> None:
        self.record = record
        self.entry = entry
        self.told = told
        self.form = form_of(record.knowledge)

    def leave_out(self, reason: str) -> None:
        self.record.account.leave_out(ANSWERS, reason)

    def facts(self, items: list[Item]) -> Iterator[Fact]:
        found = dict(self._answers(items))
        given = {name: value for name, (value, _) in found.items()}
        asked = self.form.asked_of(given, self.record.knowledge)
        for name, (value, origin) in found.items():
            if name not in asked:
                self.leave_out(NOT_ASKED)
                continue
            kind = "answer" if name in self.record.knowledge.questions else "condition"
            yield Fact(kind=kind, id=name, value=value, provenance=origin)  # type: ignore[arg-type]
        yield from self._lines(items)

    def _answers(self, items: list[Item]) -> Iterator[tuple[str, tuple[Any, Provenance]]]:
        seen: set[str] = set()
        for item in self._items(items, 0):
            asked = self.form.by_id.get(item.link_id)
            if asked is None:
                self._not_on_form(item)
                continue
            if item.link_id in seen:
                self.leave_out(SEVERAL)
                continue
            try:
                value = self._value(asked, item)
            except MisfitError as error:
                self.leave_out(str(error))
                continue
            if value is not None or _is_unknown(item):
                seen.add(item.link_id)
                yield item.link_id, (value, self._origin(item))

    def _origin(self, item: Item) -> Provenance:
        origin = told_at(self.record, self.entry, item.extension)
        if origin.written or origin.note:
            return origin
        return self.record.origin(self.entry, written=item.link_id)

    def _items(self, items: list[Item], depth: int) -> Iterator[Item]:
        """Yield the questions in the order of the form; groups are gone through."""
        for item in items:
            if not item.item or item.answer:
                yield item
            elif depth < DEEPEST and item.link_id not in self.form.by_id:
                yield from self._items(item.item, depth + 1)
            else:
                self.leave_out(NESTED)
            for answer in item.answer:
                for inner in (*answer.item, *item.item):
                    if inner.answer or inner.item:
                        self.leave_out(NESTED)

    def _not_on_form(self, item: Item) -> None:
        groups = {*PARTS, ILLNESSES, LISTS, MEDICINE_LINES, CONDITION_LINES}
        if item.answer and item.link_id not in groups - {ILLNESSES, LISTS, *PARTS}:
            self.leave_out(NOT_ON_FORM)

    def _value(self, asked: Asked, item: Item) -> Any:
        """Return what was answered; None where nothing was. Raises MisfitError."""
        values = [value for answer in item.answer if (value := _given(asked, answer)) is not None]
        if not values:
            return None
        if len(values) > 1 and asked.kind != "many":
            raise MisfitError(SEVERAL)
        told = values if asked.kind == "many" else values[0]
        try:
            return fit_answer(self.record.knowledge, asked.id, told, self.told.as_of)
        except InputError:
            raise MisfitError(NOT_FITTING) from None

    def _lines(self, items: list[Item]) -> Iterator[Fact]:
        """Yield what the lists of medicines and illnesses name, a line each."""
        listed = [item for item in self._listed(items) if item.answer]
        answers = [(item, answer) for item in listed for answer in item.answer][:MOST_LINES]
        for item, answer in answers:
            text = _line(answer)
            if text is None:
                self.leave_out(WRONG_TYPE)
                continue
            origin = self.record.origin(self.entry, written=text)
            if item.link_id == MEDICINE_LINES:
                yield from read_medicine(self.record.knowledge, text, origin, self.told.as_of)
            else:
                yield from read_condition(self.record.knowledge, text, origin)

    def _listed(self, items: list[Item]) -> Iterator[Item]:
        for item in items:
            if item.link_id in {MEDICINE_LINES, CONDITION_LINES}:
                yield item
            elif item.link_id == LISTS:
                yield from (i for i in item.item if i.link_id in {MEDICINE_LINES, CONDITION_LINES})


def _is_unknown(item: Item) -> bool:
    """Return whether an item says that the question was asked and the answer is not known."""
    return not item.answer and words_of(item.extension, ours.ABSENT) == ours.ASKED_UNKNOWN


def _line(answer: Answer) -> str | None:
    coding = answer.value_coding
    text = answer.value_string or (coding.display if coding else "")
    return text[:LONGEST].strip() or None


def _given(asked: Asked, answer: Answer) -> Any:
    """Return one answer as its question takes it; None where it is empty."""
    if not _has_value(answer):
        return None
    if asked.kind == "yes_no":
        return _checked(answer.value_boolean)
    if asked.kind in {"choice", "many"}:
        return _option(asked, answer)
    if asked.kind == "duration":
        return _days(answer)
    return _number(asked, answer)


def _has_value(answer: Answer) -> bool:
    coded = (answer.value_coding, answer.value_quantity, answer.value_boolean)
    plain = (answer.value_decimal, answer.value_integer)
    texts = (answer.value_string, answer.value_date, answer.value_date_time)
    return any(value is not None for value in (*coded, *plain)) or any(texts)


def _checked(value: Any) -> Any:
    if value is None:
        raise MisfitError(WRONG_TYPE)
    return value


def _option(asked: Asked, answer: Answer) -> str:
    coding = answer.value_coding
    assert isinstance(asked.record, Question)
    if coding is None:
        raise MisfitError(WRONG_TYPE)
    options = {option.id for option in asked.record.options}
    if coding.code not in options or coding.system not in {"", ours.answers_of(asked.id)}:
        raise MisfitError(NO_OPTION)
    return coding.code


def _days(answer: Answer) -> float:
    """Return a length of time in days; raises MisfitError for what is none."""
    quantity = answer.value_quantity
    if quantity is None or quantity.value is None:
        raise MisfitError(WRONG_TYPE)
    return quantity.value * _unit_days(quantity)


def _unit_days(quantity: Quantity) -> float:
    found = UNIT_DAYS.get(quantity.code) or DAYS.get(quantity.unit.lower().rstrip("s"))
    found = found or UNIT_DAYS.get(quantity.unit)
    if found is None or quantity.comparator:
        raise MisfitError(NO_UNIT)
    return found


def _number(asked: Asked, answer: Answer) -> float:
    from nightcramp.intake.fhir.ucum import ucum_of

    assert isinstance(asked.record, Question)
    quantity = answer.value_quantity
    if quantity is None:
        plain = answer.value_decimal if answer.value_decimal is not None else answer.value_integer
        return float(_checked(plain))
    own = {canonical(asked.record.unit), canonical(ucum_of(asked.record.unit))}
    written = {canonical(unit) for unit in (quantity.code, quantity.unit) if unit}
    if quantity.comparator or (written and not written & own):
        raise MisfitError(NO_UNIT)
    return float(_checked(quantity.value))
