"""What the facts say about the names and functions that conditions use."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from nightcramp.knowledge.expression import Truth
from nightcramp.knowledge.loader import Knowledge
from nightcramp.knowledge.schema import Lab, ReferenceRange
from nightcramp.person.fact import LabResult
from nightcramp.person.facts import Facts, use_of

Result = TypeVar("Result")


class Known:
    """Evaluates conditions over one person's facts, remembering what it has decided.

    `cautious` reads a contradictory yes/no as yes: red flags take the more urgent side.
    """

    def __init__(self, facts: Facts, *, cautious: bool = False) -> None:
        self.facts = facts
        self.knowledge: Knowledge = facts.knowledge
        self.cautious = cautious
        self.extra: dict[str, Any] = {}
        self._parent: Known | None = None
        self._added: frozenset[str] = frozenset()
        self._truths: dict[str, Truth] = {}
        self._results: dict[str, Any] = {}

    def supposing(self, name: str, value: Any) -> Known:
        """Return the same knowledge with one more answer, keeping what it does not touch."""
        child = Known(self.facts, cautious=self.cautious)
        child.extra = {**self.extra, name: value}
        follows = self.knowledge.follows(name, value)
        child.extra.update(follows)
        child._parent = self
        child._added = frozenset({name, *follows})
        return child

    def about_medicine(self, values: dict[str, Any]) -> Known:
        """Return the same knowledge with the names that describe one medicine."""
        child = Known(self.facts, cautious=self.cautious)
        child.extra = {**self.extra, **values}
        return child

    def truth(self, text: str) -> Truth:
        """Decide a condition as yes, no or unknown; the empty condition holds."""
        if not text:
            return True
        if text not in self._truths:
            self._truths[text] = self._decide(text)
        return self._truths[text]

    def _decide(self, text: str) -> Truth:
        if self._parent and not self._added & self.knowledge.names_in(text):
            return self._parent.truth(text)
        return self.knowledge.condition_of(text).truth(self)

    def recall(self, key: str, names: frozenset[str], compute: Callable[[Known], Result]) -> Result:
        """Return `compute(self)`, kept by key; a supposed answer redoes only what reads it."""
        if key not in self._results:
            if self._parent and not self._added & names:
                self._results[key] = self._parent.recall(key, names, compute)
            else:
                self._results[key] = compute(self)
        result: Result = self._results[key]
        return result

    def each(self, collection: str, compute: Callable[[Any, Known], Result]) -> dict[str, Result]:
        """Return `compute(record, self)` of all records of a collection, by id.

        A supposed answer redoes only the records that read it.
        """
        if collection not in self._results:
            records = getattr(self.knowledge, collection)
            if self._parent is None:
                results = {name: compute(record, self) for name, record in records.items()}
            else:
                results = dict(self._parent.each(collection, compute))
                readers = self.knowledge.readers(collection)
                for name in {i for added in self._added for i in readers.get(added, ())}:
                    results[name] = compute(records[name], self)
            self._results[collection] = results
        found: dict[str, Result] = self._results[collection]
        return found

    def number(self, text: str) -> float | None:
        """Return the numeric value of a condition text such as `lab('hba1c')`."""
        return self.knowledge.condition_of(text).number(self)

    def value(self, name: str) -> Any:
        """Return the value of a question or condition; None when unknown."""
        if name in self.extra:
            return self.extra[name]
        value = self.facts.value(name)
        if value is None and self.cautious and True in self.facts.values(name):
            return True
        if value is None and not self.facts.values(name) and self._all_named(name):
            return False
        return value

    def _all_named(self, name: str) -> bool:
        return (
            name in self.knowledge.conditions
            and self.facts.value("no_other_conditions") is True
            and not self.facts.asked(name)
        )

    def call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        """Return the value of one of the language's functions."""
        return getattr(self, f"_{function}")(*arguments)

    def _med(self, name: str) -> Truth:
        uses = [use_of(fact).taking for fact in self._medicine_facts(name)]
        if any(taking for taking in uses):
            return True
        all_named = self.facts.value("no_other_medicines") is True
        return False if uses or all_named else None

    def _med_since_days(self, name: str) -> float | None:
        days = [use_of(fact).since_days for fact in self._medicine_facts(name)]
        return min((d for d in days if d is not None), default=None)

    def _medicine_facts(self, name: str) -> list[Any]:
        return [f for f in self.facts.medicines() if name in lineage(self.knowledge, f.id)]

    def lab_result(self, name: str) -> LabResult | None:
        """Return the newest result of a lab, unless it is too old to tell of these cramps."""
        for fact in self.facts.labs(name):
            assert isinstance(fact.value, LabResult)
            if (fact.value.days_ago or 0.0) <= self.knowledge.model.lab_days:
                return fact.value
        return None

    def _lab(self, name: str) -> float | None:
        result = self.lab_result(name)
        return None if result is None else result.value

    def _low(self, name: str) -> Truth:
        return self._outside(name, "low")

    def _high(self, name: str) -> Truth:
        return self._outside(name, "high")

    def _outside(self, name: str, side: str) -> Truth:
        result = self.lab_result(name)
        if result is None:
            return None
        if result.value is None:
            return result.word == side
        low, high = self.limits(name, result)
        limit = low if side == "low" else high
        if limit is None:
            return None
        return result.value < limit if side == "low" else result.value > limit

    def _normal(self, name: str) -> Truth:
        low, high = self._low(name), self._high(name)
        if low or high:
            return False
        return None if low is None and high is None else True

    def _times_upper(self, name: str) -> float | None:
        result = self.lab_result(name)
        if result is None or result.value is None:
            return None
        _, high = self.limits(name, result)
        return None if not high else result.value / high

    def limits(self, name: str, result: LabResult) -> tuple[float | None, float | None]:
        """Return the range printed on a result, else the fallback range for this person."""
        if result.low is not None or result.high is not None:
            return result.low, result.high
        fallback = self._fallback(self.knowledge.labs[name])
        return (fallback.low, fallback.high) if fallback else (None, None)

    def _fallback(self, lab: Lab) -> ReferenceRange | None:
        for limits in lab.ranges:
            if self.truth(limits.when):
                return limits
        widest = [r for r in lab.ranges if r.when]
        if not widest:
            return None
        lows = [r.low for r in widest if r.low is not None]
        highs = [r.high for r in widest if r.high is not None]
        return ReferenceRange(low=min(lows, default=None), high=max(highs, default=None))

    def _score(self, name: str) -> float | None:
        from nightcramp.assess.instruments import score_of

        return score_of(self.knowledge.instruments[name], self).score

    def _score_min(self, name: str) -> float:
        from nightcramp.assess.instruments import score_of

        items = score_of(self.knowledge.instruments[name], self).items
        return sum(item.points for item in items if item.points is not None)

    def _flagged(self, name: str) -> Truth:
        from nightcramp.assess.triage import flagged, triage

        return name in flagged(triage(self))

    def _began_after_medicine(self) -> Truth:
        from nightcramp.assess.medicines import medicine_scope, medicines_taken

        scopes = [medicine_scope(self, use, 0) for use in medicines_taken(self).values()]
        told = ("began_after", "after_each_dose", "better_when_stopped", "back_when_restarted")
        if any(scope[name] for scope in scopes for name in told):
            return True
        lags = [s[k] for s in scopes for k in ("start_to_onset_days", "dose_raised_to_onset_days")]
        model = self.knowledge.model
        earliest, latest = -model.began_before_days, model.began_after_days
        return True if any(x is not None and earliest <= x <= latest for x in lags) else None


@functools.lru_cache(maxsize=8192)
def lineage(knowledge: Knowledge, medicine: str) -> frozenset[str]:
    """Return a medicine's id with its classes and all their parents."""
    found: set[str] = {medicine}
    queue = list(knowledge.medicines[medicine].classes if medicine in knowledge.medicines else [])
    if medicine in knowledge.medicine_classes:
        queue = list(knowledge.medicine_classes[medicine].parents)
    while queue:
        group = queue.pop()
        if group not in found:
            found.add(group)
            queue.extend(knowledge.medicine_classes[group].parents)
    return frozenset(found)
