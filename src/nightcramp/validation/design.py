"""Intervals that respect how a survey drew its people: strata, and clusters within them.

Means and proportions: Taylor linearisation. The mean of y has the linear values
z_i = w_i (y_i - mean) / sum(w), and its variance is the sum over strata of n/(n-1) times the sum
over the stratum's n clusters of (cluster total of z - mean of these totals)^2.

Everything else (areas under curves, slopes, differences): the stratified jackknife that leaves out
one cluster at a time. In the replicate without cluster c of a stratum with n clusters the weights
of c are 0 and those of the stratum's other clusters are times n/(n-1); the variance is the sum
over replicates of (n-1)/n (replicate - whole)^2. For a mean the two agree closely.

Intervals are estimate +- t x standard error with as many degrees of freedom as clusters less
strata; of proportions in log odds. People outside a group keep their place in the design, with
weight 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from nightcramp.errors import InputError
from nightcramp.language import gettext as _

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]
LEVEL = 0.95


class Estimate(Struct, frozen=True, kw_only=True):
    """An estimate with its standard error and 95 % interval; None where it cannot be told."""

    value: float | None
    se: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SurveyDesign:
    """Who was drawn how: the weight, the cluster's number and the stratum of each cluster."""

    weight: Array
    cluster: Places
    stratum_of: Places
    size_of: Places

    @property
    def clusters(self) -> int:
        """Return how many clusters there are."""
        return len(self.stratum_of)

    @property
    def freedom(self) -> int:
        """Return the degrees of freedom: clusters less strata."""
        return self.clusters - len(np.unique(self.stratum_of))

    def without(self, cluster: int) -> Array:
        """Return the weights of the jackknife replicate that leaves out a cluster."""
        size = self.size_of[cluster]
        beside = self.stratum_of == self.stratum_of[cluster]
        times = np.where(beside, size / (size - 1), 1.0)
        times[cluster] = 0.0
        return np.asarray(self.weight * times[self.cluster])

    def folds(self, count: int) -> Places:
        """Return each person's fold; a cluster stays whole, and folds have clusters alike."""
        return self.cluster % min(count, self.clusters)


def design_of(weight: Array, stratum: Array, cluster: Array) -> SurveyDesign:
    """Return the design of people; raises InputError where a stratum has a single cluster."""
    pairs, place = np.unique(np.stack([stratum, cluster], axis=1), axis=0, return_inverse=True)
    _strata, stratum_of, size = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    if (size < 2).any():
        lonely = _strata[size < 2][0]
        raise InputError(
            _(
                "stratum {stratum} has a single cluster, so nothing can be said of its spread"
            ).format(stratum=f"{lonely:g}")
        )
    return SurveyDesign(weight, place.reshape(-1), stratum_of, size[stratum_of])


def mean(values: Array, design: SurveyDesign, among: Flags) -> Estimate:
    """Return the weighted mean among some people, with its linearised interval."""
    weight = np.where(among, design.weight, 0.0)
    total = float(weight.sum())
    if total == 0:
        return Estimate(value=None)
    value = float(weight @ values) / total
    return _estimate(value, _linear_variance(weight * (values - value) / total, design), design)


def proportion(flags: Flags, design: SurveyDesign, among: Flags) -> Estimate:
    """Return a weighted proportion; its interval is made in log odds, so it stays in 0 to 1.

    Where nobody or everybody has it, nothing is said of the spread.
    """
    found = mean(flags.astype(np.float64), design, among)
    if found.value is None or found.se is None or not 0 < found.value < 1:
        return Estimate(value=found.value)
    middle = np.log(found.value / (1 - found.value))
    wide = _wide(design) * found.se / (found.value * (1 - found.value))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (middle - wide, middle + wide))
    return Estimate(value=found.value, se=found.se, low=low, high=high)


def _linear_variance(linear: Array, design: SurveyDesign) -> float:
    totals = np.bincount(design.cluster, linear, design.clusters)
    sums = np.bincount(design.stratum_of, totals)
    away = totals - sums[design.stratum_of] / design.size_of
    return float(np.sum(design.size_of / (design.size_of - 1) * away**2))


def jackknife(statistic: Callable[[Array], list[float]], design: SurveyDesign) -> list[Estimate]:
    """Return the estimates that `statistic` makes of weights, with their jackknife intervals."""
    whole = np.array(statistic(design.weight), dtype=np.float64)
    left_out = [statistic(design.without(cluster)) for cluster in range(design.clusters)]
    share = ((design.size_of - 1) / design.size_of)[:, None]
    variance = np.sum(share * (np.array(left_out, dtype=np.float64) - whole) ** 2, axis=0)
    return [_estimate(float(v), float(s), design) for v, s in zip(whole, variance, strict=True)]


def _estimate(value: float, variance: float, design: SurveyDesign) -> Estimate:
    if not np.isfinite(value):
        return Estimate(value=None)
    if not np.isfinite(variance):
        return Estimate(value=value)
    se = float(np.sqrt(variance))
    wide = _wide(design) * se
    return Estimate(value=value, se=se, low=value - wide, high=value + wide)


def _wide(design: SurveyDesign) -> float:
    """Return by how many standard errors an interval reaches to either side."""
    from scipy.stats import t  # type: ignore[import-untyped]

    return float(t.ppf(0.5 + LEVEL / 2, design.freedom))
