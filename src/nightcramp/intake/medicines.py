"""Reads medicines written as people write them: name, dose, dates, changes."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from nightcramp.intake.names import Found, NameIndex
from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext, language
from nightcramp.language.words import one_of, plain, spoken
from nightcramp.person.duration import days_in
from nightcramp.person.fact import DoseChange, Fact, MedicineUse, Provenance


class _Patterns(NamedTuple):
    """What people write of medicines, in English and the reader's language."""

    dose: re.Pattern[str]
    stopped: re.Pattern[str]
    raised: re.Pattern[str]
    lowered: re.Pattern[str]
    not_taken: re.Pattern[str]
    not_daily: re.Pattern[str]
    clause: re.Pattern[str]
    apart: re.Pattern[str]
    nothing: frozenset[str]


@functools.lru_cache(maxsize=4)
def _patterns(code: str) -> _Patterns:
    known = [words.medicines for words in spoken()]
    units = "|".join(unit for words in known for unit in words.dose_units)
    denied = "|".join(word for words in known for word in words.not_taken)
    return _Patterns(
        dose=re.compile(rf"\b(\d+(?:[.,]\d+)?)\s*({units})\b", re.I),
        stopped=one_of(word for words in known for word in words.stopped),
        raised=one_of(word for words in known for word in words.raised),
        lowered=one_of(word for words in known for word in words.lowered),
        not_taken=re.compile(rf"^\s*(?:{denied})\b"),
        not_daily=one_of(word for words in known for word in words.not_daily),
        clause=re.compile("|".join(known[-1].clause)),
        apart=re.compile("|".join(known[-1].apart)),
        nothing=frozenset(word for words in known for word in words.nothing),
    )


@functools.lru_cache(maxsize=2)
def medicine_names(knowledge: Knowledge) -> tuple[NameIndex, NameIndex]:
    """Return the names of ingredients (with brands) and of classes, to look up in text."""
    ingredients = [
        (name, item.id)
        for item in knowledge.medicines.values()
        for name in (item.id.replace("_", " "), *item.names, *item.brands)
    ]
    classes = [
        (name, item.id)
        for item in knowledge.medicine_classes.values()
        for name in (item.id.replace("_", " "), item.label, *item.names)
    ]
    ordinary = knowledge.ordinary_words
    return NameIndex(ingredients, ordinary=ordinary), NameIndex(classes, ordinary=ordinary)


def medicine_ids(knowledge: Knowledge, text: str) -> list[Found]:
    """Return the ingredients in `text`; where there is none, the classes; else the nearest."""
    ingredients, classes = medicine_names(knowledge)
    found = ingredients.find(text) or classes.find(text)
    found = found or ingredients.near(text) or classes.near(text)
    return [part for item in found for part in _contents(knowledge, item)]


def _contents(knowledge: Knowledge, item: Found) -> list[Found]:
    medicine = knowledge.medicines.get(item.id)
    if medicine is None or not medicine.contains:
        return [item]
    return [Found(part, item.start, item.end, item.near) for part in medicine.contains]


def read_medicine(
    knowledge: Knowledge, text: str, origin: Provenance, as_of: dt.date, **given: object
) -> Iterator[Fact]:
    """Yield the medicine facts in one line of free text (`given` overrides what it says)."""
    if plain(text.strip()) in _patterns(language()).nothing:
        yield Fact(kind="answer", id="no_other_medicines", value=True, provenance=origin)
        return
    for part in _apart(knowledge, text):
        yield from _read_one(knowledge, part, text, origin, as_of, **given)


def _apart(knowledge: Knowledge, text: str) -> list[str]:
    """Return the parts of a line that names several medicines, else the line whole."""
    parts = [part for part in _patterns(language()).apart.split(text) if part.strip()]
    ingredients, _ = medicine_names(knowledge)
    return parts if all(ingredients.find(part) for part in parts) else [text]


def _read_one(
    knowledge: Knowledge,
    text: str,
    written: str,
    origin: Provenance,
    as_of: dt.date,
    **given: object,
) -> Iterator[Fact]:
    found = list({item.id: item for item in medicine_ids(knowledge, text)}.values())
    if not found:
        yield Fact(kind="unrecognised", id="medicine", value=text, provenance=origin)
        return
    use = use_in(text, as_of, **given)
    for item in found:
        note = gettext("read as {name}").format(name=item.near) if item.near else ""
        provenance = Provenance(file=origin.file, at=origin.at, written=written, note=note)
        yield Fact(kind="medicine", id=item.id, value=use, provenance=provenance)


def use_in(text: str, as_of: dt.date, **given: object) -> MedicineUse:
    """Return how a medicine is taken, as far as the words tell."""
    low = plain(text)
    told_by = _patterns(language())
    doses = told_by.dose.findall(low)
    since: float | None = None
    stopped: float | None = None
    changes: list[DoseChange] = []
    for clause in told_by.clause.split(low):
        days = days_in(told_by.dose.sub(" ", clause), as_of)
        if told_by.stopped.search(clause):
            stopped = days if days is not None else 0.0
        elif direction := _direction(clause, told_by):
            changes.append(DoseChange(direction=direction, days_ago=days))  # type: ignore[arg-type]
        elif days is not None and since is None:
            since = days
    taking = not told_by.not_taken.search(low) and stopped is None
    told = {
        "taking": taking,
        "dose": "".join(doses[-1]) if doses else "",
        "since_days": since,
        "stopped_days": stopped,
        "changes": tuple(changes),
        "intermittent": True if told_by.not_daily.search(low) else None,
    }
    return MedicineUse(**{**told, **given})  # type: ignore[arg-type]


def _direction(clause: str, told_by: _Patterns) -> str:
    if told_by.raised.search(clause):
        return "raised"
    return "lowered" if told_by.lowered.search(clause) else ""
