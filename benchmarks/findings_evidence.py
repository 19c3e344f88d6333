"""A second path to the chances that exposures act, to judge the sampler that judges.

Nothing of the sampler is used: the latent process is summed over on a grid, night by night, its
correlation by Gauss-Legendre nodes, and all else by draws from the priors weighted with the
likelihood (the intercept is drawn around the mean count, and weighted for it), the same draws for
every model. NumPy and SciPy; good for short diaries of few exposures.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import norm

from diaries import PRIOR, baseline, column, lag_prior
from findings_oracle import CASES, history_of, read
from nightcramp.diary.history import Array, Exposure, History

GRID = np.linspace(-6.0, 6.0, 61)
NODES, AIM = 12, 0.8
"""Nodes of the correlation, and the spread of the drawn intercepts."""

State = tuple[int | None, ...]
"""The lag after which each exposure acts, None where it does not."""


@dataclass(frozen=True)
class Draws:
    """Draws of everything but the correlation and the latent process, shape (draws, ...)."""

    weights: Array
    beta: Array
    sigma: Array
    kappa: Array
    weight: Array


@dataclass(frozen=True)
class Estimate:
    """A mean and its Monte Carlo error."""

    value: float
    error: float


def chances(
    history: History, draws: int, rng: np.random.Generator
) -> list[tuple[Estimate, Estimate]]:
    """Return for each exposure the chance that it acts, and its mean effect if so."""
    points, shares = np.polynomial.legendre.leggauss(NODES)
    states = list(itertools.product(*([None, *e.lags] for e in history.exposures)))
    beliefs = [math.prod(map(_belief, history.exposures, state)) for state in states]
    drawn = [_draw(history, draws, rng) for _ in range(NODES)]
    joint = np.array(
        [
            [
                share * belief * at.weight * _likelihood(history, at, rho, state)
                for state, belief in zip(states, beliefs, strict=True)
            ]
            for at, rho, share in zip(drawn, PRIOR.rho * (points + 1) / 2, shares, strict=True)
        ]
    )
    return [
        _of_exposure(
            joint, [s[k] is not None for s in states], np.array([d.beta[:, k] for d in drawn])
        )
        for k in range(len(history.exposures))
    ]


def _belief(exposure: Exposure, lag: int | None) -> float:
    """Return how likely this lag, or not acting, was before the diary."""
    if lag is None:
        return 1 - exposure.inclusion
    return exposure.inclusion * float(lag_prior(exposure.lags)[exposure.lags.index(lag)])


def _of_exposure(joint: Array, acts: list[bool], beta: Array) -> tuple[Estimate, Estimate]:
    """Return chance and effect from weights of shape (nodes, models, draws)."""
    total, acting = joint.sum(axis=1), joint[:, acts].sum(axis=1)
    return _ratio(acting, total), _ratio(acting * beta, acting)


def _ratio(above: Array, below: Array) -> Estimate:
    """Return the ratio of two sums of shape (nodes, draws), its error from within the nodes."""
    value = float(above.sum() / below.sum())
    off = (above - value * below) / below.sum()
    return Estimate(value, float(np.sqrt(off.shape[1] * off.var(axis=1).sum())))


def _draw(history: History, draws: int, rng: np.random.Generator) -> Draws:
    """Return draws from the priors, the intercept from around the mean count instead."""
    aim = float(np.log(np.nanmean(history.cramps) + 0.02)) - 0.1
    intercept = rng.normal(aim, AIM, draws)
    widths = [PRIOR.trend, *[PRIOR.season] * 2, *[PRIOR.weekday] * 7]
    others = rng.normal(0.0, widths, (draws, len(widths)))
    return Draws(
        weights=np.column_stack([intercept, others]),
        beta=np.column_stack([rng.normal(e.mean, e.sd, draws) for e in history.exposures]),
        sigma=np.abs(rng.normal(0, PRIOR.sigma, draws)),
        kappa=np.abs(rng.normal(0, PRIOR.kappa, draws)),
        weight=norm.pdf(intercept, *PRIOR.intercept) / norm.pdf(intercept, aim, AIM),
    )


def _likelihood(history: History, drawn: Draws, rho: float, state: State) -> Array:
    """Return the likelihood of each draw, the latent process summed over; shape (draws,)."""
    moves = norm.pdf(GRID[None, :], rho * GRID[:, None], np.sqrt(1 - rho**2))
    moves /= moves.sum(axis=1, keepdims=True)
    at = np.repeat((norm.pdf(GRID) / norm.pdf(GRID).sum())[None, :], len(drawn.sigma), axis=0)
    latent, size = drawn.sigma[:, None] * GRID, (1 / drawn.kappa)[:, None]
    for count, eta in zip(history.cramps, _known(history, drawn, state), strict=True):
        if not np.isnan(count):
            at *= _count_chance(count, eta[:, None] + latent, size)
        at = at @ moves
    total: Array = at.sum(axis=1)
    return total


def _known(history: History, drawn: Draws, state: State) -> Array:
    """Return the log rates without the latent process, shape (nights, draws)."""
    known: Array = baseline(history.first, len(history.cramps)) @ drawn.weights.T
    for k, (exposure, lag) in enumerate(zip(history.exposures, state, strict=True)):
        if lag is not None:
            known = known + column(exposure, lag)[:, None] * drawn.beta[:, k]
    return known


def _count_chance(count: float, eta: Array, size: Array) -> Array:
    """Return the negative binomial probability of a count, in its textbook form."""
    ways = gammaln(count + size) - gammaln(size) - gammaln(count + 1)
    share = 1 / (1 + size * np.exp(-eta))
    chance: Array = np.exp(ways + size * np.log1p(-share)) * share**count
    return chance


def agree(here: Estimate, mean: float, error: float) -> bool:
    """Return whether two estimates are within three of their joint errors."""
    return abs(here.value - mean) <= 3 * math.hypot(here.error, error)


def compare(name: str, draws: int, rng: np.random.Generator) -> Iterator[bool]:
    """Print both answers for each exposure of a case and yield whether they agree."""
    there = read()[name]["reference"]["exposures"]
    for (acts, effect), e in zip(chances(history_of(CASES[name]), draws, rng), there, strict=True):
        print(
            f"{name} {e['id']:10} acts {acts.value:.4f} +- {acts.error:.4f} here, "
            f"{e['probability']:.4f} +- {e['probability_error']:.4f} sampled;   if so "
            f"{effect.value:+.4f} +- {effect.error:.4f} here, "
            f"{e['mean']:+.4f} +- {e['mean_error']:.4f} sampled"
        )
        yield agree(acts, e["probability"], e["probability_error"])
        yield agree(effect, e["mean"], e["mean_error"])


def main() -> int:
    """Compare the cases named; 1 if the two paths differ by more than their errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["one-exposure"], help="short ones")
    parser.add_argument("--draws", type=int, default=8000, help="at each node")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    rng = np.random.default_rng(told.seed)
    agreed = [same for name in told.cases for same in compare(name, told.draws, rng)]
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
