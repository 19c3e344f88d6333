"""The facts of one person of a database, read from their events one by one.

This is the rule book that `cohort/people/reader.py` follows for many at once.

- A person is looked at on a day: the one asked for, else that of the latest sign of cramps, else
  the last day observed. What begins later, has no day, or is dated before the birth, is not read.
- A diagnosis counts while it lasts. One whose record ends on the day it began says nothing about
  its end: it goes on, unless the knowledge lists it as passing. What lasts for life stays; what
  becomes something else when it is over (a clot: a clot before) becomes that.
- Supplies of a medicine no further apart than the persistence window are one run; it is taken
  while its last supply, and the window, have not passed.
- Of each lab, number and answer the newest counts.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nightcramp.assess.known import lineage
from nightcramp.cohort.content import CohortContent, cohort_content
from nightcramp.cohort.source.arrays import EPOCH, MOST_SUPPLY
from nightcramp.cohort.source.tokens import Token
from nightcramp.errors import InputError
from nightcramp.intake.fhir.codes import RecordCodes, codes_of
from nightcramp.knowledge.loader import Knowledge
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance
from nightcramp.person.units import convert


@dataclass(frozen=True)
class Event:
    """One event of the person; days since 1970-01-01, None where empty."""

    token: Token
    start: int | None
    end: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    row: int = 0


@dataclass(frozen=True)
class Seen:
    """One person as a database shows them on a day."""

    as_of: int
    marked_on: int | None
    markers: list[str]
    facts: list[Fact]


def seen(
    events: Iterable[Event],
    knowledge: Knowledge,
    *,
    day: int | None = None,
    file: str = "",
) -> Seen | None:
    """Return one person on a day (else on their own), or None where they are not observed."""
    reader = _Reader(knowledge, Provenance(file=file, at=""))
    return reader.seen(list(events), day)


class _Reader:
    def __init__(self, knowledge: Knowledge, origin: Provenance) -> None:
        self.knowledge = knowledge
        self.origin = origin
        self.content: CohortContent = cohort_content(knowledge)
        self.codes: RecordCodes = codes_of(knowledge).content
        self.longest = knowledge.questions["pregnancy_weeks"].maximum * 7

    def seen(self, events: list[Event], day: int | None) -> Seen | None:
        births = [event for event in events if event.token.kind == "born"]
        periods = [e for e in events if e.token.kind == "observed" and _is_span(e)]
        days = {_birthday(event) for event in births}
        if len(days) != 1 or not periods:
            return None
        (born,) = days
        first = min(event.start for event in periods if event.start is not None)
        last = max(event.end for event in periods if event.end is not None)
        died = min(
            (e.start for e in events if e.token.kind == "died" and e.start is not None),
            default=None,
        )
        known = [_mended(event) for event in events if _of_life(event, born)]
        marked = {
            name: max(e.start for e in found if e.start is not None)
            for name, found in self._markers(known, first, last, day).items()
        }
        weak = {marker.id for marker in self.content.markers if marker.weak}
        strong = [on for name, on in marked.items() if name not in weak]
        marked_on = max(strong or marked.values(), default=None)
        as_of = self._day(day, first, last, died, marked_on)
        age = _age(born, as_of)
        if as_of is None or (age is not None and not 0 <= age <= 120):
            return None
        upto = [event for event in known if event.start is not None and event.start <= as_of]
        facts = [*self._born(age, births[-1]), *self._facts(upto, as_of)]
        names = [marker.id for marker in self.content.markers if marker.id in marked]
        return Seen(as_of, marked_on, names, facts)

    def _day(
        self, day: int | None, first: int, last: int, died: int | None, marked_on: int | None
    ) -> int | None:
        if day is not None:
            alive = died is None or died >= day
            return day if first <= day <= last and alive else None
        if marked_on is not None:
            return marked_on
        end = last if died is None else min(last, died)
        return end if end >= first else None

    def _markers(
        self, events: list[Event], first: int, last: int, day: int | None
    ) -> dict[str, list[Event]]:
        """Return the events that are signs of cramps, by marker."""
        inside = [
            event
            for event in events
            if event.start is not None
            and first <= event.start <= last
            and (day is None or event.start <= day)
        ]
        found: dict[str, list[Event]] = {}
        for marker in self.content.markers:
            named = [
                event
                for event in inside
                if (event.token.kind == "condition" and event.token.id in marker.conditions)
                or (
                    event.token.kind == "medicine"
                    and lineage(self.knowledge, event.token.id) & set(marker.medicines)
                )
            ]
            if named:
                found[marker.id] = named
        return found

    def _fact(self, kind: str, name: str, value: object) -> Fact:
        return Fact(kind=kind, id=name, value=value, provenance=self.origin)  # type: ignore[arg-type]

    def _born(self, age: int | None, birth: Event) -> list[Fact]:
        found = [] if age is None else [self._fact("answer", "age", float(age))]
        if birth.value is not None and not math.isnan(birth.value):
            sex = "female" if birth.value else "male"
            found.append(self._fact("answer", "sex", sex))
        return found

    def _facts(self, events: list[Event], as_of: int) -> list[Fact]:
        return [
            *self._conditions(events, as_of),
            *self._answers(events),
            *self._medicines(events, as_of),
            *self._labs(events, as_of),
        ]

    # Conditions

    def _conditions(self, events: list[Event], as_of: int) -> list[Fact]:
        told: dict[str, bool] = {}
        for name, said in _by_id(events, "condition").items():
            if kept := self._kept(name, said, as_of):
                told[kept] = True
        for event in events:
            start = event.start or 0
            over = as_of - max(start, event.end if event.end is not None else start)
            lasting = event.token.kind == "operation"
            going_on = event.token.kind == "treatment" and over <= self.knowledge.model.stopped_days
            if lasting or going_on:
                told[event.token.id] = True
        told |= self._pregnancy(events, as_of)
        return [self._fact("condition", name, told[name]) for name in sorted(told)]

    def _kept(self, name: str, said: list[Event], as_of: int) -> str:
        """Return what is left of a diagnosis on the day: itself, what it became, or nothing."""
        if any(self._is_current(event, as_of) for event in said) or name in self.codes.lasting:
            return name
        return self.codes.resolved_becomes.get(name, "")

    def _is_current(self, event: Event, as_of: int) -> bool:
        start = event.start or 0
        if event.token.id == "pregnancy" and as_of - start > self.longest:
            return False
        if event.end is not None and event.end > start:
            return event.end >= as_of
        passing = event.token.id in self.content.passing
        return not passing or as_of - start <= self.content.passing_days

    def _pregnancy(self, events: list[Event], as_of: int) -> dict[str, bool]:
        """Return the latest word on a pregnancy, where an answer tells of one."""
        answers = [
            (event.start or 0, event.token.value is True)
            for event in events
            if event.token.kind == "answer"
            and event.token.id == "pregnancy"
            and as_of - (event.start or 0) <= self.longest
        ]
        if not answers:
            return {}
        stated = [
            (event.start or 0, True)
            for event in events
            if event.token.kind == "condition"
            and event.token.id == "pregnancy"
            and self._is_current(event, as_of)
        ]
        return {"pregnancy": max([*answers, *stated])[1]}

    # Answers, numbers, medicines, labs

    def _answers(self, events: list[Event]) -> list[Fact]:
        newest: dict[str, Fact] = {}
        for event in _in_time(events):
            token = event.token
            if token.kind == "answer" and token.id != "pregnancy":
                newest[token.id] = self._fact("answer", token.id, token.value)
            elif token.kind == "number" and event.value is not None:
                question = self.knowledge.questions[token.id]
                if question.minimum <= event.value <= question.maximum:
                    newest[token.id] = self._fact("answer", token.id, float(event.value))
        return [newest[name] for name in sorted(newest)]

    def _medicines(self, events: list[Event], as_of: int) -> list[Fact]:
        found = []
        for name, supplies in sorted(_by_id(events, "medicine").items()):
            since, until = _latest_run(supplies, self.content.persistence_days)
            taking = until + self.content.persistence_days >= as_of
            use = MedicineUse(
                taking=taking,
                since_days=float(as_of - since),
                stopped_days=None if taking else float(as_of - until),
            )
            found.append(self._fact("medicine", name, use))
        return found

    def _labs(self, events: list[Event], as_of: int) -> list[Fact]:
        newest: dict[str, Fact] = {}
        for event in _in_time(events):
            if event.token.kind != "lab":
                continue
            days_ago = as_of - (event.start or 0)
            if days_ago <= self.knowledge.model.lab_days and (
                result := self._result(event, days_ago)
            ):
                newest[event.token.id] = self._fact("lab", event.token.id, result)
        return [newest[name] for name in sorted(newest)]

    def _result(self, event: Event, days_ago: int) -> LabResult | None:
        value = self._in_own_unit(event, event.value)
        if value is None:
            return None
        low, high = (
            self._in_own_unit(event, limit) if event.token.unit else None
            for limit in (event.low, event.high)
        )
        if low is not None and high is not None and low >= high:
            low = high = None
        return LabResult(value=round(value, 6), low=low, high=high, days_ago=float(days_ago))

    def _in_own_unit(self, event: Event, value: float | None) -> float | None:
        if value is None or not math.isfinite(value):
            return None
        try:
            return convert(self.knowledge.labs[event.token.id], value, event.token.unit)[0]
        except InputError:
            return None


def _is_span(event: Event) -> bool:
    return event.start is not None and event.end is not None and event.end >= event.start


def _of_life(event: Event, born: int | None) -> bool:
    """Return whether an event has a day that is not before the birth."""
    about = event.token.kind not in {"born", "observed", "died"}
    return about and event.start is not None and (born is None or event.start >= born)


def _mended(event: Event) -> Event:
    """Return an event without an end that lies before its start."""
    turned = event.end is not None and event.start is not None and event.end < event.start
    return replace(event, end=None) if turned else event


def _in_time(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: event.start or 0)


def _by_id(events: list[Event], kind: str) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.token.kind == kind:
            found.setdefault(event.token.id, []).append(event)
    return found


def _latest_run(supplies: Sequence[Event], window: int) -> tuple[int, int]:
    """Return the first and the last day of the latest run of supplies."""
    since, until = 0, -(10**9)
    for event in _in_time(list(supplies)):
        start = event.start or 0
        end = _supplied_until(event, start)
        if start - until > window:
            since, until = start, end
        until = max(until, end)
    return since, until


def _supplied_until(event: Event, start: int) -> int:
    if event.end is not None:
        return event.end
    days = 1.0 if event.value is None or math.isnan(event.value) else event.value
    return start + int(min(max(days, 1), MOST_SUPPLY)) - 1


def _birthday(event: Event) -> int | None:
    """Return the day of birth; the middle of a month or a year left open."""
    year, month, day = event.start or 0, (event.end or 0) // 100, (event.end or 0) % 100
    if not 1850 <= year <= 9000:
        return None
    if not 1 <= month <= 12:
        return (dt.date(year, 7, 1) - EPOCH).days
    try:
        return (dt.date(year, month, day or 15) - EPOCH).days
    except ValueError:
        return (dt.date(year, month, 15) - EPOCH).days


def _age(born: int | None, as_of: int | None) -> int | None:
    if born is None or as_of is None:
        return None
    birth, day = (EPOCH + dt.timedelta(days=number) for number in (born, as_of))
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
