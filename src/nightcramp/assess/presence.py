"""Is the factor there? Settled by a fact, else a prior for people like this one, updated."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.assess.ledger import Evidence, weigh
from nightcramp.knowledge.schema import Clue, Presence


class Presenced(Struct, frozen=True, kw_only=True):
    """How likely a factor is present, where that starts, and what moved it."""

    probability: float
    base: Presence
    settled: bool
    evidence: list[Evidence]


def presence(rows: list[Presence], clues: list[Clue], known: Known) -> Presenced:
    """Return the presence of one factor; the first row that holds is the base."""
    base = next(row for row in rows if known.truth(row.when))
    ratio, evidence = weigh(clues, known)
    settled = base.status == "definition"
    probability = base.probability if settled else updated(base.probability, ratio)
    return Presenced(probability=probability, base=base, settled=settled, evidence=evidence)


def updated(probability: float, ratio: float) -> float:
    """Return a probability after multiplying its odds by a likelihood ratio."""
    if probability >= 1.0:
        return 1.0
    odds = probability / (1 - probability) * ratio
    return odds / (1 + odds)
