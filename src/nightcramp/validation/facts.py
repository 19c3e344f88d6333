"""The facts of every respondent, by the mapping; what nobody answered stays unknown."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from nightcramp.errors import InputError
from nightcramp.intake.medicines import medicine_ids
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance
from nightcramp.person.units import convert
from nightcramp.validation.mapping import Between, Counted, Mapping, Measured, Rule, Told
from nightcramp.validation.survey import MedicineLine, Survey


@dataclass
class Reader:
    """Turns rows of a survey into facts, and counts what could not be used."""

    knowledge: Knowledge
    mapping: Mapping
    survey: Survey
    lines: int = 0
    unrecognised: Counter[str] = field(default_factory=Counter)
    impossible: Counter[str] = field(default_factory=Counter)

    def facts(self, row: int) -> list[Fact]:
        """Return the facts of the person in a row."""
        return [
            *(fact for entry in self._entries for fact in self._of(entry, row)),
            *(fact for line in self.survey.medicines.get(row, ()) for fact in self._taken(line)),
        ]

    @functools.cached_property
    def _entries(self) -> list[Told | Counted | Measured]:
        return self.mapping.entries(self.survey.wave.code)

    def _of(self, entry: Told | Counted | Measured, row: int) -> Iterator[Fact]:
        if isinstance(entry, Told):
            return self._told(entry, row)
        return self._counted(entry, row) if isinstance(entry, Counted) else self._lab(entry, row)

    def _told(self, entry: Told, row: int) -> Iterator[Fact]:
        rule = next((rule for rule in entry.rules if self._holds(rule, row)), None)
        if rule is not None:
            kind = "answer" if entry.id in self.knowledge.questions else "condition"
            origin = self._origin(" ".join(rule.when))
            yield Fact(kind=kind, id=entry.id, value=rule.value, provenance=origin)  # type: ignore[arg-type]

    def _holds(self, rule: Rule, row: int) -> bool:
        return all(_among(self._value(name, row), codes) for name, codes in rule.when.items())

    def _value(self, name: str, row: int) -> float:
        column = self.survey.columns.get(name)
        return float("nan") if column is None else float(column[row])

    def _first(self, names: list[str], row: int) -> tuple[str, float]:
        name = next((one for one in names if one in self.survey.columns), names[0])
        return name, self._value(name, row)

    def _counted(self, entry: Counted, row: int) -> Iterator[Fact]:
        name, value = self._first(entry.columns, row)
        if np.isnan(value):
            return
        told = value / entry.divide_by
        question = self.knowledge.questions[entry.id]
        if not question.minimum <= told <= question.maximum:
            self.impossible[name] += 1
            return
        yield Fact(kind="answer", id=entry.id, value=told, provenance=self._origin(name))

    def _lab(self, entry: Measured, row: int) -> Iterator[Fact]:
        name, value = self._first(entry.columns, row)
        if np.isnan(value):
            return
        try:
            result, _assumed = convert(self.knowledge.labs[entry.id], value, entry.unit)
        except InputError:
            self.impossible[name] += 1
            return
        origin = self._origin(name)
        yield Fact(kind="lab", id=entry.id, value=LabResult(value=result), provenance=origin)

    def _taken(self, line: MedicineLine) -> Iterator[Fact]:
        self.lines += 1
        found = _ingredients(self.knowledge, line.name)
        if not found:
            self.unrecognised[line.name] += 1
        origin = self._origin(self.mapping.medicines.name)
        use = MedicineUse(since_days=line.days)
        for name in found:
            yield Fact(kind="medicine", id=name, value=use, provenance=origin)

    def _origin(self, at: str) -> Provenance:
        return Provenance(file=self.survey.file, at=at)


def _among(value: float, codes: list[float] | Between) -> bool:
    if isinstance(codes, Between):
        return codes.least <= value <= codes.most
    return value in codes


@functools.lru_cache(maxsize=4096)
def _ingredients(knowledge: Knowledge, name: str) -> tuple[str, ...]:
    """Return the ingredients that a survey's name of a medicine holds."""
    parts = [part for part in name.split(";") if part.strip()]
    found = {
        one.id: None for part in parts for one in medicine_ids(knowledge, part) if not one.near
    }
    return tuple(found)
