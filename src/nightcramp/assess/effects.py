"""How much does a factor matter? From a published ratio to this person's multiplier.

The cramp rate is base x product of theta over active factors. A factor is active when it is
present and its association is causal (probability: presence x credibility of the grade).
Given active, b = log theta is Normal(log ratio, se from the interval), pulled towards zero for
graded associations, and positive. The person's own pattern (timing, side, right nights) is a
likelihood ratio L between "this cramp is due to the factor" and "it is an ordinary one". A
cramp is due to the factor with probability s = 1 - 1/theta, so the pattern has likelihood
1 + s (L - 1), which updates b and whether the factor is active, and moves the multiplier to
theta' = 1 + L (theta - 1). The distribution of b is held on a grid, so that expectations and
draws agree and no special functions are needed.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightcramp.assess.known import Known
from nightcramp.knowledge.schema import Effect, Model

GRID_POINTS = 61
INTERVAL_Z = 1.959964


@dataclass(frozen=True)
class Multiplier:
    """The posterior of one factor's multiplier.

    `active`: probability that the factor acts in this person. `inverse`: theta'**-1 at the
    grid points, shape (GRID_POINTS,). `weight`: their probabilities given active, same shape.
    """

    active: float
    inverse: NDArray[np.float64]
    weight: NDArray[np.float64]

    @functools.cached_property
    def expected_inverse(self) -> float:
        """Return E[1/theta'], the only moment the expected shares need."""
        return 1.0 - self.active * (1.0 - float(self.inverse @ self.weight))


def effect_of(rows: list[Effect], known: Known) -> Effect:
    """Return the first effect row that holds for this person."""
    return next(row for row in rows if known.truth(row.when))


def units_of(effect: Effect, known: Known) -> float:
    """Return by how many units the person exceeds the level of a per-unit effect, else 1."""
    if not effect.per:
        return 1.0
    value = known.number(effect.per)
    if value is None:
        return 1.0
    over = max(0.0, value - effect.above)
    return min(over, effect.most_units) if effect.most_units else over


def multiplier(
    effect: Effect,
    *,
    presence: float,
    credibility: float,
    pattern: float,
    model: Model,
    units: float = 1.0,
) -> Multiplier:
    """Return the posterior multiplier; `pattern` is the likelihood ratio L."""
    mean, sd = log_effect(effect, units, model)
    inverse, weight, evidence = _on_grid(mean, sd, pattern)
    odds = presence * credibility * evidence
    active = odds / (odds + 1 - presence * credibility)
    return Multiplier(active, inverse, weight)


@functools.lru_cache(maxsize=8192)
def _on_grid(
    mean: float, sd: float, pattern: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return theta'**-1 and its probabilities given active, and how likely the pattern is."""
    points = np.linspace(0.0, max(mean + 4 * sd, 4 * sd, 1e-6), GRID_POINTS)
    density = np.exp(-0.5 * ((points - mean) / sd) ** 2)
    density[0] *= 0.5
    weight = density / density.sum()
    share = 1.0 - np.exp(-points)
    likelihood = 1.0 + share * (pattern - 1.0)
    evidence = float(weight @ likelihood)
    theta = 1.0 + pattern * np.expm1(points)
    inverse, weight = 1.0 / theta, weight * likelihood / evidence
    inverse.setflags(write=False)
    weight.setflags(write=False)
    return inverse, weight, evidence


def log_effect(effect: Effect, units: float, model: Model) -> tuple[float, float]:
    """Return mean and sd of the log ratio, pulled towards zero unless established or own."""
    mean = math.log(effect.ratio) * units
    sd = max((math.log(effect.high) - math.log(effect.low)) / (2 * INTERVAL_Z) * units, 0.02)
    if effect.status in {"established", "own"}:
        return mean, sd
    kept = model.shrink_sd**2 / (model.shrink_sd**2 + sd**2)
    return mean * kept, sd * math.sqrt(kept)
