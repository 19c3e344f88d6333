"""Many people at once: whom to look at, what was told of each, and what was met on the way."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nightcramp.cohort.source.arrays import EPOCH, Flags, Floats, Ints
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance

if TYPE_CHECKING:
    from nightcramp.cohort.people.reader import Reader

ORIGIN = Provenance(file="", at="")


@dataclass(frozen=True)
class When:
    """Whom to look at and on which day: those with a marker, or all; a day, or their own."""

    everyone: bool = False
    day: dt.date | None = None

    @property
    def number(self) -> int | None:
        """Return the day as days since 1970-01-01."""
        return None if self.day is None else (self.day - EPOCH).days


@dataclass(frozen=True)
class Told:
    """What was told of people, a row each: who (an index), what (an index), since when."""

    who: Ints
    what: Ints
    since: Ints


@dataclass(frozen=True)
class Taken:
    """How medicines were taken: who, which, whether now, from when on, until when (days)."""

    who: Ints
    what: Ints
    taking: Flags
    since: Ints
    until: Ints


@dataclass(frozen=True)
class Measured:
    """The newest result of each lab: who, which, in its own unit, with limits, when."""

    who: Ints
    what: Ints
    value: Floats
    low: Floats
    high: Floats
    day: Ints


@dataclass
class Account:
    """What was met on the way: people left at each step, and rows that could not be used."""

    steps: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)

    def notice(self, name: str, rows: int, people: int = 0) -> None:
        """Count rows (and people) of a kind of trouble."""
        self.rows[name] += rows
        self.people[name] += people

    def add(self, other: Account) -> None:
        """Take in the counts of another batch."""
        self.steps += other.steps
        self.rows += other.rows
        self.people += other.people


@dataclass(frozen=True)
class Batch:
    """The people looked at and their facts; all indices count from the first of them.

    `ids`: as in the database. `as_of`, `marked_on`: days. `age`: full years, -1 unknown.
    `female`: 1, 0, or -1 unknown. `markers`: bits in the order of the content. `answers`:
    what is an index of tokens. `numbers`: what an index of tokens, with its value.
    """

    reader: Reader
    ids: Ints
    as_of: Ints
    age: Ints
    female: Ints
    marked_on: Ints
    markers: Ints
    conditions: Told
    denied: Told
    answers: Told
    numbers: tuple[Told, Floats]
    medicines: Taken
    labs: Measured
    account: Account

    def __len__(self) -> int:
        return len(self.ids)

    @functools.cached_property
    def lately(self) -> Flags:
        """Return which medicines are taken, or were stopped so lately that they still count."""
        taken, limit = self.medicines, self.reader.knowledge.model.stopped_days
        found: Flags = taken.taking | (self.as_of[taken.who] - taken.until <= limit)
        return found

    def facts(self, index: int) -> list[Fact]:
        """Return one person's facts, in the order in which they are always listed."""
        return [
            *self._born(index),
            *self._conditions(index),
            *self._answers(index),
            *self._medicines(index),
            *self._labs(index),
        ]

    def _born(self, index: int) -> list[Fact]:
        found = []
        if self.age[index] >= 0:
            found.append(_fact("answer", "age", float(self.age[index])))
        if self.female[index] >= 0:
            found.append(_fact("answer", "sex", "female" if self.female[index] else "male"))
        return found

    def _conditions(self, index: int) -> list[Fact]:
        told = [
            (name, value)
            for part, value in ((self.conditions, True), (self.denied, False))
            for name in (self.reader.conditions[part.what[i]] for i in _rows(part.who, index))
        ]
        return [_fact("condition", name, value) for name, value in sorted(told)]

    def _answers(self, index: int) -> list[Fact]:
        tokens = self.reader.tokens
        told = [tokens[self.answers.what[i]] for i in _rows(self.answers.who, index)]
        found = [_fact("answer", token.id, token.value) for token in told]
        numbers, values = self.numbers
        found += [
            _fact("answer", tokens[numbers.what[i]].id, float(values[i]))
            for i in _rows(numbers.who, index)
        ]
        return sorted(found, key=lambda fact: fact.id)

    def _medicines(self, index: int) -> list[Fact]:
        taken, day = self.medicines, int(self.as_of[index])
        found = []
        for i in _rows(taken.who, index):
            taking = bool(taken.taking[i])
            use = MedicineUse(
                taking=taking,
                since_days=float(day - taken.since[i]),
                stopped_days=None if taking else float(day - taken.until[i]),
            )
            found.append(_fact("medicine", self.reader.medicines[taken.what[i]], use))
        return sorted(found, key=lambda fact: fact.id)

    def _labs(self, index: int) -> list[Fact]:
        labs, day = self.labs, int(self.as_of[index])
        found = []
        for i in _rows(labs.who, index):
            result = LabResult(
                value=float(labs.value[i]),
                low=_or_none(labs.low[i]),
                high=_or_none(labs.high[i]),
                days_ago=float(day - labs.day[i]),
            )
            found.append(_fact("lab", self.reader.labs[labs.what[i]], result))
        return sorted(found, key=lambda fact: fact.id)


def _fact(kind: Any, name: str, value: Any) -> Fact:
    return Fact(kind=kind, id=name, value=value, provenance=ORIGIN)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _rows(who: Ints, index: int) -> range:
    return range(np.searchsorted(who, index), np.searchsorted(who, index, side="right"))
