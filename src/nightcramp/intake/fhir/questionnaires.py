"""Reads questionnaires whose questions carry the ids of our own."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from typing import Any

from nightcramp.errors import InputError
from nightcramp.intake.answers import fit_answer
from nightcramp.intake.fhir.record import Entry, Record, changed_meaning
from nightcramp.intake.fhir.resources import Answer, Item, QuestionnaireResponse
from nightcramp.language import noted
from nightcramp.person.fact import Fact, Value

USED = {"completed", "amended", "in-progress", ""}
LONGEST = 200
Given = dict[str, tuple[Entry, Value]]


def read_questionnaires(record: Record) -> Iterator[Fact]:
    """Yield one answer a question; of several questionnaires the newest counts."""
    given: Given = {}
    entries = record.of("QuestionnaireResponse")
    for entry in sorted(entries, key=lambda e: record.day(e.resource.authored) or dt.date.min):
        found = _answers(record, entry)
        if found:
            given |= found
            record.use(entry)
    for name, (entry, value) in given.items():
        kind = "answer" if name in record.knowledge.questions else "condition"
        origin = record.origin(entry, written=name)
        yield Fact(kind=kind, id=name, value=value, provenance=origin)  # type: ignore[arg-type]


def _answers(record: Record, entry: Entry) -> Given:
    response: QuestionnaireResponse = entry.resource
    if response.status.lower() not in USED or changed_meaning(response):
        record.leave_out(entry, noted("it was stopped, or entered in error"))
        return {}
    day = record.day(response.authored)
    if day and day > record.as_of:
        record.leave_out(entry, noted("it is dated after the date of the reading"))
        return {}
    known = record.knowledge.questions.keys() | record.knowledge.conditions.keys()
    found: Given = {}
    for item in _items(response.item):
        values = [value for answer in item.answer if (value := _value(answer)) is not None]
        if item.link_id not in known or not values:
            continue
        try:
            told = values if len(values) > 1 else values[0]
            value = fit_answer(record.knowledge, item.link_id, told, day or record.as_of)
            found[item.link_id] = entry, value
        except InputError:
            record.account.leave_out(
                noted("answers"), noted("an answer that does not fit its question")
            )
    if not found:
        record.leave_out(entry, noted("none of its questions is one of ours, or none was answered"))
    return found


def _items(items: list[Item]) -> Iterator[Item]:
    queue = deque(items)
    while queue:
        item = queue.popleft()
        yield item
        queue += item.item
        for answer in item.answer:
            queue += answer.item


def _value(answer: Answer) -> Any:
    if answer.value_boolean is not None:
        return answer.value_boolean
    if answer.value_coding is not None:
        return answer.value_coding.code or answer.value_coding.display
    numbers = (
        answer.value_decimal,
        answer.value_integer,
        answer.value_quantity.value if answer.value_quantity else None,
    )
    texts = (answer.value_string[:LONGEST], answer.value_date, answer.value_date_time[:10])
    return next((v for v in numbers if v is not None), next((t for t in texts if t), None))
