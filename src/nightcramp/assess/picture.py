"""The expected picture: how much each explanation weighs, without intervals.

This is what the next question is chosen by, and what the assessment prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nightcramp.assess.factors import Weighed, weigh_factors
from nightcramp.assess.known import Known
from nightcramp.assess.shares import shapley, unexplained
from nightcramp.assess.syndromes import TARGET, Syndrome, syndromes
from nightcramp.assess.triage import Triage, flagged, triage

IDIOPATHIC = "idiopathic"
Kind = Literal["factor", "mimic", "emergency", "idiopathic"]


@dataclass(frozen=True)
class Picture:
    """Triage, syndromes, factors and the weight of every explanation (summing to one)."""

    triage: Triage
    syndromes: list[Syndrome]
    factors: list[Weighed]
    shares: dict[str, float]
    unexplained: float
    weights: dict[str, float]
    flagged: frozenset[str]

    def ranked(self) -> list[str]:
        """Return explanation ids: what urgent flags point to first, then by weight."""
        return sorted(self.weights, key=lambda x: (x not in self.flagged, -self.weights[x], x))


def picture(known: Known, cautious: Known) -> Picture:
    """Return the expected picture; `cautious` decides the red flags."""
    result = triage(cautious)
    pointed_to = flagged(result)
    found = syndromes(known, pointed_to)
    factors = weigh_factors(known)
    inverse = np.array([item.multiplier.expected_inverse for item in factors])
    values = shapley(inverse)
    shares = {item.factor.id: float(v) for item, v in zip(factors, values, strict=True)}
    left = float(unexplained(inverse))
    return Picture(
        triage=result,
        syndromes=found,
        factors=factors,
        shares=shares,
        unexplained=left,
        weights=_weights(known, found, factors, shares, left),
        flagged=_flagged(known, pointed_to, found),
    )


def _weights(
    known: Known,
    found: list[Syndrome],
    factors: list[Weighed],
    shares: dict[str, float],
    left: float,
) -> dict[str, float]:
    """Return weight by explanation: shares of the cramp, and what each mimic means."""
    weights = dict.fromkeys([*shares, IDIOPATHIC], 0.0)
    present = {item.factor.id: item.presence.probability for item in factors}
    unspoken = 1.0 / (1 + len(known.knowledge.factors))
    for syndrome in found:
        if syndrome.id == TARGET:
            for name, share in shares.items():
                weights[name] += syndrome.probability * share
            weights[IDIOPATHIC] += syndrome.probability * left
            continue
        causes = known.knowledge.mimics[syndrome.id].attributed_to
        parts = {name: present.get(name, unspoken) for name in causes}
        if not any(parts.values()):
            weights[syndrome.id] = syndrome.probability
            continue
        for name, part in parts.items():
            added = syndrome.probability * part / sum(parts.values())
            weights[name] = weights.get(name, 0.0) + added
    return weights


def _flagged(known: Known, pointed_to: list[str], found: list[Syndrome]) -> frozenset[str]:
    names = set(pointed_to)
    for syndrome in found:
        if syndrome.id in pointed_to:
            names.update(known.knowledge.mimics[syndrome.id].attributed_to)
    return frozenset(names)


def kind_of(known: Known, identifier: str) -> Kind:
    """Return what kind of explanation an id is."""
    if identifier == IDIOPATHIC:
        return "idiopathic"
    mimic = known.knowledge.mimics.get(identifier)
    if mimic is None:
        return "factor"
    return "emergency" if mimic.kind == "emergency" else "mimic"
