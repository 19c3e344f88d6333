"""Weighted discrimination and calibration of predicted probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
EDGE = 1e-6
STEPS = 50


def auc(score: Array, case: Flags, weight: Array) -> float:
    """Return the chance that a case scores above another, ties counting half; NaN without both."""
    levels, place = np.unique(score, return_inverse=True)
    cases = np.bincount(place, np.where(case, weight, 0.0), len(levels))
    others = np.bincount(place, np.where(case, 0.0, weight), len(levels))
    pairs = cases.sum() * others.sum()
    below = np.cumsum(others) - others
    return float(cases @ (below + others / 2) / pairs) if pairs > 0 else float("nan")


def brier(probability: Array, case: Flags, weight: Array) -> float:
    """Return the mean squared distance between probability and what was so."""
    return float(np.average((probability - case) ** 2, weights=weight))


def scaled_brier(probability: Array, case: Flags, weight: Array) -> float:
    """Return the part of the Brier score of everybody's mean that a prediction takes away."""
    rate = float(np.average(case, weights=weight))
    usual = rate * (1 - rate)
    return 1 - brier(probability, case, weight) / usual if usual > 0 else float("nan")


def calibration_slope(probability: Array, case: Flags, weight: Array) -> float:
    """Return the slope of the log odds on the predicted ones; 1 is right, less is overdone."""
    terms = np.stack([np.ones(len(case)), log_odds(probability)], axis=1)
    return float(logistic(terms, case, weight)[1])


def calibration_intercept(probability: Array, case: Flags, weight: Array) -> float:
    """Return by how much the log odds are off on the whole, the slope held at 1; 0 is right."""
    ones = np.ones((len(case), 1))
    return float(logistic(ones, case, weight, offset=log_odds(probability))[0])


def log_odds(probability: Array) -> Array:
    """Return log odds; probabilities of 0 and 1 are kept off the edge."""
    inside = np.clip(probability, EDGE, 1 - EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def chance(odds: Array) -> Array:
    """Return the probability of log odds."""
    return np.asarray(1 / (1 + np.exp(-odds)))


def logistic(terms: Array, case: Flags, weight: Array, offset: Array | float = 0.0) -> Array:
    """Return the weighted logistic coefficients by Newton steps; NaN where there are none."""
    found = np.zeros(terms.shape[1])
    scale = weight / weight.sum()
    for _step in range(STEPS):
        fitted = chance(terms @ found + offset)
        slope = terms.T @ (scale * (case - fitted))
        curve = (terms * (scale * fitted * (1 - fitted))[:, None]).T @ terms
        try:
            step = np.linalg.solve(curve, slope)
        except np.linalg.LinAlgError:
            return _nowhere(terms)
        found = found + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-10:
            return np.asarray(found)
    return _nowhere(terms)


def _nowhere(terms: Array) -> Array:
    return np.full(terms.shape[1], np.nan)


def tenths(probability: Array, weight: Array, parts: int = 10) -> NDArray[np.intp]:
    """Return each person's tenth of the population, lowest first; ties stay together."""
    levels, place = np.unique(probability, return_inverse=True)
    mass = np.bincount(place, weight, len(levels))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    tenth: NDArray[np.intp] = np.minimum((middle * parts).astype(np.intp), parts - 1)
    return tenth[place]
