"""What medicines that cannot matter show: how far off ratios are for other reasons than chance.

Schuemie 2014 and 2018: the log ratios of negative controls are taken as draws of a systematic
error, Normal(mean, spread^2), plus chance. With few of them both are uncertain, so they are not
fixed at the likeliest: the mean is integrated out, and the spread over a grid on which all values
up to a most are as likely beforehand (Gelman 2006).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from nightcramp.cohort.sequence.ratio import Ratio

Floats = NDArray[np.float64]

GRID = 400
BISECTIONS = 60
NORMAL = NormalDist()


@dataclass(frozen=True)
class SystematicError:
    """What is known of the systematic error of a log ratio: a mixture of normal distributions.

    Arrays of one length. `weight`: sums to 1; `mean`, `variance`: of the error of one more ratio.
    """

    controls: int
    weight: Floats
    mean: Floats
    variance: Floats
    spread: Floats


class ErrorSummary(Struct, frozen=True, kw_only=True):
    """The systematic error in numbers: how many times too large a ratio is, and how it varies.

    `times`: the error of one more ratio, with the interval in which it lies. `spread`: mean
    standard deviation of the log errors.
    """

    controls: int
    times: Ratio
    spread: float


class Calibrated(Struct, frozen=True, kw_only=True):
    """A ratio freed of the systematic error, and the chance of one as far from 1 without effect."""

    ratio: Ratio
    p: float


def systematic_error(
    logs: Sequence[float], errors: Sequence[float], most_spread: float
) -> SystematicError:
    """Return the error that controls show: their log ratios and standard errors, three or more."""
    estimate, chance = np.asarray(logs), np.asarray(errors) ** 2
    spread = most_spread * ((np.arange(GRID) + 0.5) / GRID) ** 2
    each = 1 / (chance + spread[:, None] ** 2)
    total = each.sum(axis=1)
    mean = (each * estimate).sum(axis=1) / total
    fits = 0.5 * np.log(each).sum(axis=1) - 0.5 * np.log(total)
    fits -= 0.5 * (each * (estimate - mean[:, None]) ** 2).sum(axis=1)
    weight = np.exp(fits - fits.max()) * np.sqrt(spread)
    return SystematicError(len(logs), weight / weight.sum(), mean, spread**2 + 1 / total, spread)


def summary(error: SystematicError, confidence: float) -> ErrorSummary:
    """Return the error of one more ratio."""
    low, middle, high = _quantiles(error.weight, error.mean, error.variance, confidence)
    return ErrorSummary(
        controls=error.controls,
        times=Ratio(value=math.exp(middle), low=math.exp(low), high=math.exp(high)),
        spread=float(error.weight @ error.spread),
    )


def calibrated(log: float, se: float, error: SystematicError, confidence: float) -> Calibrated:
    """Return a log ratio with what controls show taken off."""
    mean, variance = log - error.mean, error.variance + se**2
    low, middle, high = _quantiles(error.weight, mean, variance, confidence)
    below = _below(0.0, error.weight, mean, variance)
    return Calibrated(
        ratio=Ratio(value=math.exp(middle), low=math.exp(low), high=math.exp(high)),
        p=min(1.0, 2 * min(below, 1 - below)),
    )


def _quantiles(
    weight: Floats, mean: Floats, variance: Floats, confidence: float
) -> tuple[float, float, float]:
    tails = ((1 - confidence) / 2, 0.5, (1 + confidence) / 2)
    reach = 10 * float(np.sqrt(variance.max()))
    low, middle, high = (
        _quantile(
            tail, weight, mean, variance, float(mean.min()) - reach, float(mean.max()) + reach
        )
        for tail in tails
    )
    return low, middle, high


def _quantile(
    tail: float, weight: Floats, mean: Floats, variance: Floats, low: float, high: float
) -> float:
    for _halving in range(BISECTIONS):
        middle = (low + high) / 2
        if _below(middle, weight, mean, variance) < tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(value: float, weight: Floats, mean: Floats, variance: Floats) -> float:
    """Return the chance that the mixture is below a value."""
    steps = (value - mean) / np.sqrt(variance)
    return float(weight @ [NORMAL.cdf(step) for step in steps])
