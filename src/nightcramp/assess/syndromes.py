"""What is it? A posterior over mutually exclusive syndromes."""

from __future__ import annotations

from msgspec import Struct

from nightcramp.assess.known import Known
from nightcramp.assess.ledger import Evidence, weigh
from nightcramp.knowledge.schema import Mimic, Prior

TARGET = "night_cramp"


class Syndrome(Struct, frozen=True, kw_only=True):
    """One syndrome with its posterior probability and the ledger behind it."""

    id: str
    probability: float
    prior: float
    flagged: bool
    evidence: list[Evidence]


def syndromes(known: Known, pointed_to: list[str]) -> list[Syndrome]:
    """Return all syndromes, likeliest first; probabilities sum to one.

    `pointed_to`: syndromes that an urgent red flag names. Together they start at the model's
    `flagged_probability` and share it, until somebody has examined the person.
    """
    mimics = list(known.knowledge.mimics.values())
    priors = _priors(mimics, known, pointed_to)
    weighed = {mimic.id: _recalled(mimic, known) for mimic in mimics}
    scores = {mimic.id: priors[mimic.id] * weighed[mimic.id][0] for mimic in mimics}
    total = sum(scores.values())
    found = [
        Syndrome(
            id=mimic.id,
            probability=scores[mimic.id] / total,
            prior=priors[mimic.id],
            flagged=mimic.id in pointed_to,
            evidence=weighed[mimic.id][1],
        )
        for mimic in mimics
    ]
    return sorted(found, key=lambda syndrome: (-syndrome.probability, syndrome.id))


def _recalled(mimic: Mimic, known: Known) -> tuple[float, list[Evidence]]:
    names = known.knowledge.needs(mimic)
    return known.recall(f"mimic:{mimic.id}", names, lambda k: weigh(mimic.feature, k))


def prior_of(mimic: Mimic, known: Known) -> Prior:
    """Return the first prior row that holds for this person."""
    return next(row for row in mimic.prior if known.truth(row.when))


def _priors(mimics: list[Mimic], known: Known, pointed_to: list[str]) -> dict[str, float]:
    weights = {mimic.id: prior_of(mimic, known).weight for mimic in mimics}
    lifted = [mimic.id for mimic in mimics if mimic.id in pointed_to]
    rest = sum(weight for name, weight in weights.items() if name not in lifted)
    share = known.knowledge.model.flagged_probability if lifted else 0.0
    lifted_total = sum(weights[name] for name in lifted)
    priors = {}
    for name, weight in weights.items():
        if name in lifted:
            # Equal parts and parts by weight, half each: two flags differ in likelihood.
            priors[name] = share * 0.5 * (1 / len(lifted) + weight / lifted_total)
        else:
            priors[name] = (1 - share) * weight / rest
    return priors
