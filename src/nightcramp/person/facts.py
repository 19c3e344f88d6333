"""All facts about one person: what is known, what is unknown, what contradicts itself."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from nightcramp.knowledge.loader import Knowledge
from nightcramp.language import gettext as _
from nightcramp.person.fact import Fact, LabResult, MedicineUse, Provenance, Value
from nightcramp.person.finding import Finding
from nightcramp.person.verdict import Verdict

SAYS = frozenset({"answer", "condition"})
"""Facts whose name has the value: the others tell how a medicine is taken, or a result."""


class Facts:
    """The facts of one person, by name; `unknown` is never read as `no`.

    `findings`: what the diary shows; only what it found takes part. `verdicts`: of the person's
    own trials, oldest first; only those that tell take part.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        facts: Iterable[Fact],
        findings: Iterable[Finding] = (),
        verdicts: Iterable[Verdict] = (),
    ) -> None:
        self.knowledge = knowledge
        self.all: list[Fact] = list(facts)
        self.findings: tuple[Finding, ...] = tuple(f for f in findings if f.state == "found")
        self.verdicts: tuple[Verdict, ...] = tuple(v for v in verdicts if v.tells)
        self._by_name: dict[str, list[Fact]] = defaultdict(list)
        for fact in self._with_implied():
            self._by_name[fact.id].append(fact)

    def _with_implied(self) -> Iterator[Fact]:
        """Yield the facts and what they imply, each implication once."""
        queue, seen = deque(self.all), set()
        while queue:
            fact = queue.popleft()
            yield fact
            if fact.kind not in SAYS:
                continue
            for name, value in self.knowledge.follows(fact.id, fact.value).items():
                if (name, value) not in seen:
                    seen.add((name, value))
                    queue.append(
                        Fact(
                            kind="answer" if name in self.knowledge.questions else "condition",
                            id=name,
                            value=value,
                            provenance=_following(fact),
                        )
                    )

    def values(self, name: str) -> list[Value]:
        """Return every different known value given for a name."""
        values: list[Value] = []
        for fact in self._by_name.get(name, ()):
            value = fact.value
            if fact.kind in SAYS and value is not None and value not in values:
                values.append(value)  # type: ignore[arg-type]
        return values

    def value(self, name: str) -> Value:
        """Return the value of a name; None when unknown or contradictory."""
        values = self.values(name)
        if len(values) > 1 and all(isinstance(value, list) for value in values):
            return sorted({item for value in values for item in value})  # type: ignore[union-attr]
        return values[0] if len(values) == 1 else None

    def asked(self, name: str) -> bool:
        """Return whether a name was answered, `unknown` included."""
        return name in self._by_name

    def conflicts(self) -> list[str]:
        """Return the names with answers that contradict each other."""
        return sorted(
            name
            for name in self._by_name
            if len(values := self.values(name)) > 1
            and not all(isinstance(value, list) for value in values)
        )

    def origins(self, name: str) -> list[Fact]:
        """Return the facts behind a name, newest file last."""
        return list(self._by_name.get(name, ()))

    def medicines(self) -> list[Fact]:
        """Return the medicine facts in the order they were read."""
        return [fact for fact in self.all if fact.kind == "medicine"]

    def labs(self, lab: str) -> list[Fact]:
        """Return the results of a lab, newest first (undated ones count as now)."""
        found = [fact for fact in self._by_name.get(lab, ()) if fact.kind == "lab"]
        return sorted(found, key=lambda fact: _result(fact).days_ago or 0.0)

    def finding_about(self, factor: str) -> Finding | None:
        """Return the strongest finding of the diary that speaks of a factor first of all."""
        about = [f for f in self.findings if f.factors[:1] == (factor,) and f.over_nights]
        return max(about, key=lambda finding: finding.probability or 0.0, default=None)

    def verdict_on(self, action: str) -> Verdict | None:
        """Return the latest verdict of the person's own trials of an action."""
        return next((v for v in reversed(self.verdicts) if v.action == action), None)

    def verdict_about(self, factor: str) -> Verdict | None:
        """Return the latest verdict of a trial that compared nights without a factor and with it.

        That is one of an action that is for this factor alone, such as leaving out caffeine.
        """
        about = [v for v in self.verdicts if v.of_cramps and self._left_out(v) == [factor]]
        return about[-1] if about else None

    def _left_out(self, verdict: Verdict) -> list[str]:
        action = self.knowledge.actions.get(verdict.action)
        return action.factors if action else []

    def unrecognised(self) -> list[Fact]:
        """Return what was written but not understood; it takes no part."""
        return [fact for fact in self.all if fact.kind == "unrecognised"]


def _following(fact: Fact) -> Provenance:
    origin = fact.provenance
    note = _("follows from {id}").format(id=fact.id)
    return Provenance(file=origin.file, at=origin.at, note=note)


def _result(fact: Fact) -> LabResult:
    assert isinstance(fact.value, LabResult)
    return fact.value


def use_of(fact: Fact) -> MedicineUse:
    """Return how the medicine of a medicine fact was taken."""
    assert isinstance(fact.value, MedicineUse)
    return fact.value
