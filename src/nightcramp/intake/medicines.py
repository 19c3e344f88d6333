"""Reads medicines written as people write them: name, dose, dates, changes."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterator

from nightcramp.intake.names import Found, NameIndex
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.duration import days_in
from nightcramp.person.fact import DoseChange, Fact, MedicineUse, Provenance

_DOSE = re.compile(r"\b(\d+(?:[.,]\d+)?)\s*(mg|mcg|µg|ug|g|units?|iu|ml|puffs?)\b", re.I)
_STOPPED = re.compile(
    r"\b(stopped|no longer|discontinued|came off|finished|ended|not taken|ran out)\b"
)
_RAISED = re.compile(
    r"\b(raised|increased?|doubled|upped|higher|stepped up|titrated up|from \d+\s?m?c?g)\b"
)
_LOWERED = re.compile(r"\b(lowered|reduced|halved|decreased?|cut down|tapered)\b")
_NOT_TAKEN = re.compile(r"^\s*(?:no|not on|never took|never taken|does not take|denies)\b")
_INTERMITTENT = re.compile(
    r"\b(weekly|fortnightly|monthly|yearly|infusions?|drips?|intravenous|iv|cycles?"
    r"|(?:once|twice|every|per|a)\s+(?:\w+\s+)?(?:weeks?|months?|year)|days? a week)\b"
)
_NOTHING = {"none", "nil", "no medicines", "no medication", "no medications", "nothing"}
_CLAUSE = re.compile(r"[,;()\[\]]|\bthen\b|\band then\b")


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
    return NameIndex(ingredients), NameIndex(classes)


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
    if text.strip().lower() in _NOTHING:
        yield Fact(kind="answer", id="no_other_medicines", value=True, provenance=origin)
        return
    for part in _apart(knowledge, text):
        yield from _read_one(knowledge, part, text, origin, as_of, **given)


def _apart(knowledge: Knowledge, text: str) -> list[str]:
    """Return the parts of a line that names several medicines, else the line whole."""
    parts = [part for part in re.split(r"[,;+]|\band\b", text) if part.strip()]
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
        note = f"read as {item.near}" if item.near else ""
        provenance = Provenance(file=origin.file, at=origin.at, written=written, note=note)
        yield Fact(kind="medicine", id=item.id, value=use, provenance=provenance)


def use_in(text: str, as_of: dt.date, **given: object) -> MedicineUse:
    """Return how a medicine is taken, as far as the words tell."""
    low = text.lower()
    doses = _DOSE.findall(low)
    since: float | None = None
    stopped: float | None = None
    changes: list[DoseChange] = []
    for clause in _CLAUSE.split(low):
        days = days_in(_DOSE.sub(" ", clause), as_of)
        if _STOPPED.search(clause):
            stopped = days if days is not None else 0.0
        elif direction := _direction(clause):
            changes.append(DoseChange(direction=direction, days_ago=days))  # type: ignore[arg-type]
        elif days is not None and since is None:
            since = days
    taking = not _NOT_TAKEN.search(low) and stopped is None
    told = {
        "taking": taking,
        "dose": "".join(doses[-1]) if doses else "",
        "since_days": since,
        "stopped_days": stopped,
        "changes": tuple(changes),
        "intermittent": True if _INTERMITTENT.search(low) else None,
    }
    return MedicineUse(**{**told, **given})  # type: ignore[arg-type]


def _direction(clause: str) -> str:
    if _RAISED.search(clause):
        return "raised"
    return "lowered" if _LOWERED.search(clause) else ""
