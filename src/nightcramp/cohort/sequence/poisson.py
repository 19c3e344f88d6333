"""The Poisson likelihood of markers given how many each person has (Farrington 1995).

    log L = sum over people i of  sum_k n_ik (log t_ik + x_ik b)  -  n_i log sum_k t_ik exp(x_ik b)

A piece of time has a category in each of some groups (age, month, exposure); what a category does
is a row of `design` times the parameters, so waves and joined bands cost nothing.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from nightcramp.cohort.sequence.histories import Whole

Floats = NDArray[np.float64]

STEPS, HALVINGS, SETTLED = 60, 30, 1e-9
FAR = 12.0
"""A log ratio beyond this has run away: all markers lie on one side."""
CASES_AT_ONCE = 20_000
LOOKS, CLOSE = 12, 1e-3


@dataclass(frozen=True)
class Pieces:
    """Pieces of time of cases, sorted by case; arrays of one length but `design`.

    `case`: place, every one from 0 on has at least one. `days`: how long. `events`: markers in it.
    `codes`: for each group the category, all groups counted through. `design`: categories x
    parameters.
    """

    case: Whole
    days: Floats
    events: Floats
    codes: tuple[Whole, ...]
    design: Floats


@dataclass(frozen=True)
class Fit:
    """The likeliest parameters, their covariance, and the log likelihood there.

    `settled` is False where no maximum was found; nothing else is to be used then.
    """

    parameters: Floats
    covariance: Floats
    likelihood: float
    settled: bool


@dataclass(frozen=True)
class _Slope:
    likelihood: float
    gradient: Floats
    information: Floats


def fit(pieces: Pieces, start: Floats | None = None, held: int | None = None) -> Fit:
    """Return the likeliest parameters by Newton's method, one of them `held` where it starts."""
    size = pieces.design.shape[1]
    at = np.zeros(size) if start is None else start.copy()
    free = np.array([place for place in range(size) if place != held], np.intp)
    slope = _slope(pieces, at)
    for _step in range(STEPS):
        gradient, information = slope.gradient[free], slope.information[np.ix_(free, free)]
        move = _solved(information, gradient)
        gain = float(gradient @ move)
        if gain < SETTLED:
            return _found(at, slope, settled=True)
        at, slope = _climbed(pieces, at, slope, free, move)
        if np.abs(at).max(initial=0.0) > FAR:
            break
    return _found(at, slope, settled=False)


def _found(at: Floats, slope: _Slope, *, settled: bool) -> Fit:
    covariance: Floats = np.asarray(np.linalg.pinv(slope.information, hermitian=True), np.float64)
    return Fit(at, covariance, slope.likelihood, settled)


def _solved(matrix: Floats, right: Floats) -> Floats:
    """Return the shortest solution: bands of age and of years overlap nearly, at times wholly."""
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=1e-10)[0])


def _climbed(
    pieces: Pieces, at: Floats, slope: _Slope, free: NDArray[np.intp], move: Floats
) -> tuple[Floats, _Slope]:
    """Return the parameters after a step, halved until the likelihood does not fall."""
    for halving in range(HALVINGS):
        there = at.copy()
        there[free] += move / 2**halving
        found = _slope(pieces, there)
        if found.likelihood >= slope.likelihood - SETTLED:
            break
    return there, found


def _slope(pieces: Pieces, at: Floats) -> _Slope:
    """Return likelihood, gradient and information, people taken so many at a time."""
    effect = pieces.design @ at
    categories, size = pieces.design.shape
    cases = int(pieces.case[-1]) + 1
    edges = np.searchsorted(pieces.case, np.arange(0, cases + CASES_AT_ONCE, CASES_AT_ONCE))
    likelihood, gradient = 0.0, np.zeros(categories)
    information = np.zeros((size, size))
    for low, high in itertools.pairwise(edges):
        if low == high:
            continue
        part = slice(int(low), int(high))
        found = _of_some(pieces, part, effect)
        likelihood += found.likelihood
        gradient += found.gradient
        information += found.information
    return _Slope(likelihood, pieces.design.T @ gradient, information)


def _of_some(pieces: Pieces, part: slice, effect: Floats) -> _Slope:
    """Return the same for some people; the gradient still by category."""
    codes = [code[part] for code in pieces.codes]
    case, events = pieces.case[part] - pieces.case[part.start], pieces.events[part]
    heads = np.flatnonzero(np.diff(case, prepend=-1))
    log_rate = np.sum([effect[code] for code in codes], axis=0)
    weight = pieces.days[part] * np.exp(log_rate)
    total = np.add.reduceat(weight, heads)
    count = np.add.reduceat(events, heads)
    share = weight / total[case]
    expected = share * count[case]
    categories = len(effect)
    gradient = np.zeros(categories)
    mean = np.zeros((len(heads), categories))
    for code in codes:
        gradient += np.bincount(code, events - expected, categories)
        place = case * categories + code
        mean += np.bincount(place, share, mean.size).reshape(mean.shape)
    mean = mean @ pieces.design
    inner = pieces.design.T @ _together(codes, expected, categories) @ pieces.design
    information = inner - mean.T @ (count[:, None] * mean)
    return _Slope(float(events @ log_rate - count @ np.log(total)), gradient, information)


def _together(codes: list[Whole], weight: Floats, categories: int) -> Floats:
    """Return how much weight has each two categories at once."""
    found = np.zeros((categories, categories))
    for place, one in enumerate(codes):
        found[np.diag_indices(categories)] += np.bincount(one, weight, categories)
        for other in codes[place + 1 :]:
            flat = np.bincount(one * categories + other, weight, categories**2)
            pair = flat.reshape(categories, categories)
            found += pair + pair.T
    return found


def wald(found: Fit, place: int, confidence: float) -> tuple[float, float]:
    """Return the interval of a parameter by its standard error."""
    half = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(found.covariance[place, place])
    return float(found.parameters[place] - half), float(found.parameters[place] + half)


def profiled(
    pieces: Pieces, found: Fit, place: int, confidence: float
) -> tuple[float, float] | None:
    """Return the interval in which the likelihood, all others fitted anew, is high enough.

    None where an end is not found.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    ends = [_end(pieces, found, place, side * z) for side in (-1.0, 1.0)]
    low, high = ends
    return None if low is None or high is None else (low, high)


def _end(pieces: Pieces, found: Fit, place: int, z: float) -> float | None:
    """Return where the signed root of the likelihood's fall is `z`, by scaling the distance."""
    best = float(found.parameters[place])
    step = z * math.sqrt(found.covariance[place, place])
    start = found.parameters
    for _look in range(LOOKS):
        start = start.copy()
        start[place] = best + step
        there = fit(pieces, start, held=place)
        if not there.settled:
            return None
        start = there.parameters
        root = math.sqrt(max(2 * (found.likelihood - there.likelihood), 0.0))
        if abs(root - abs(z)) < CLOSE:
            return best + step
        if root == 0:
            return None
        step *= abs(z) / root
    return None
