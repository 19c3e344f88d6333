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
    weighed = known.each("mimics", _weigh_mimic)
    priors = _priors({name: item[0] for name, item in weighed.items()}, known, pointed_to)
    scores = {name: priors[name] * item[1] for name, item in weighed.items()}
    total = sum(scores.values())
    found = [
        Syndrome(
            id=name,
            probability=scores[name] / total,
            prior=priors[name],
            flagged=name in pointed_to,
            evidence=item[2],
        )
        for name, item in weighed.items()
    ]
    return sorted(found, key=lambda syndrome: (-syndrome.probability, syndrome.id))


def _weigh_mimic(mimic: Mimic, known: Known) -> tuple[float, float, list[Evidence]]:
    """Return (prior weight, product of the ratios, ledger)."""
    return prior_of(mimic, known).weight, *weigh(mimic.feature, known)


def prior_of(mimic: Mimic, known: Known) -> Prior:
    """Return the first prior row that holds for this person."""
    return next(row for row in mimic.prior if known.truth(row.when))


def _priors(weights: dict[str, float], known: Known, pointed_to: list[str]) -> dict[str, float]:
    lifted = [name for name in weights if name in pointed_to]
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
