"""What is it? A posterior over mutually exclusive syndromes."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from nightcramp.assess.known import Known
from nightcramp.assess.ledger import Evidence, weigh
from nightcramp.knowledge.schema import Mimic, Prior

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
    weighed = known.each("mimics", weigh_mimic)
    weights = np.array([item[0] for item in weighed.values()])
    ratios = np.array([item[1] for item in weighed.values()])
    lifted = np.array([name in pointed_to for name in weighed])
    flagged = known.knowledge.model.flagged_probability
    priors = lifted_priors(weights, lifted, flagged)
    found = [
        Syndrome(
            id=name,
            probability=float(probability),
            prior=float(prior),
            flagged=name in pointed_to,
            evidence=item[2],
        )
        for (name, item), prior, probability in zip(
            weighed.items(), priors, posterior(weights, ratios, lifted, flagged), strict=True
        )
    ]
    return sorted(found, key=lambda syndrome: (-syndrome.probability, syndrome.id))


def weigh_mimic(mimic: Mimic, known: Known) -> tuple[float, float, list[Evidence]]:
    """Return (prior weight, product of the ratios, ledger)."""
    return prior_of(mimic, known).weight, *weigh(mimic.feature, known)


def prior_of(mimic: Mimic, known: Known) -> Prior:
    """Return the first prior row that holds for this person."""
    return next(row for row in mimic.prior if known.truth(row.when))


def lifted_priors(weights: Array, lifted: Flags, flagged: float) -> Array:
    """Return starting probabilities, shape (..., syndromes) as `weights`.

    `lifted`: which an urgent flag points to; together those start at `flagged`.
    """
    high = np.where(lifted, weights, 0.0)
    count = lifted.sum(axis=-1, keepdims=True)
    share = np.where(count > 0, flagged, 0.0)
    total = np.where(count > 0, high.sum(axis=-1, keepdims=True), 1.0)
    # Equal parts and parts by weight, half each: two flags differ in likelihood.
    raised = share * 0.5 * (1 / np.maximum(count, 1) + high / total)
    rest = np.where(lifted, 0.0, weights)
    others = (1 - share) * rest / rest.sum(axis=-1, keepdims=True)
    priors: Array = np.where(lifted, raised, others)
    return priors


def posterior(weights: Array, ratios: Array, lifted: Flags, flagged: float) -> Array:
    """Return the probabilities of the syndromes, shape (..., syndromes) as `weights`.

    `ratios`: of each, the product of the likelihood ratios of its features.
    """
    scores = lifted_priors(weights, lifted, flagged) * ratios
    probabilities: Array = scores / scores.sum(axis=-1, keepdims=True)
    return probabilities
