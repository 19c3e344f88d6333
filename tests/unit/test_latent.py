"""The batched Laplace approximation against the same thing written out densely, one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from nightcramp.diary.history import Array
from nightcramp.diary.latent import Fit, Hyper, Problem, fit

NIGHTS, WIDTH = 40, 4
HYPER = Hyper(np.array([0.5, 0.9, 0.2]), np.array([0.8, 0.3, 0.0]), np.array([0.4, 0.01, 1.0]))
ACTIVE = np.array([[1, 1, 1, 1], [1, 1, 0, 1], [1, 0, 0, 1]], dtype=float)


@dataclass(frozen=True)
class Dense:
    """Mode, evidence, third-order shift and precision of the coefficients of one entry."""

    b: Array
    evidence: float
    shift: Array
    information: Array


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Forty nights, one of them not logged, with a weak prior on each coefficient."""
    random = np.random.default_rng(0)
    columns = np.column_stack([np.ones(NIGHTS), random.normal(size=(NIGHTS, WIDTH - 1))])
    counts = random.poisson(0.8, NIGHTS).astype(float)
    counts[5] = np.nan
    mean, precision = np.array([-1.0, 0.0, 0.3, 0.0]), np.array([0.25, 1.0, 4.0, 2.0])
    return Problem(counts, columns, mean, precision)


@pytest.fixture(scope="module")
def batched(problem: Problem) -> Fit:
    """All three entries in one batch."""
    return fit(problem, HYPER, ACTIVE, shifted=True)


def dense(problem: Problem, entry: int) -> Dense:
    """Return one entry by plain Newton steps over all unknowns with full matrices."""
    sigma, rho, kappa = (float(axis[entry]) for axis in (HYPER.sigma, HYPER.rho, HYPER.kappa))
    used = np.flatnonzero(ACTIVE[entry])
    apart = np.abs(np.subtract.outer(np.arange(NIGHTS), np.arange(NIGHTS)))
    prior = np.zeros((NIGHTS + len(used),) * 2)
    prior[:NIGHTS, :NIGHTS] = np.linalg.inv(sigma**2 * rho**apart)
    prior[NIGHTS:, NIGHTS:] = np.diag(problem.precision[used])
    middle = np.concatenate([np.zeros(NIGHTS), problem.mean[used]])
    both = np.hstack([np.eye(NIGHTS), problem.columns[:, used]])
    seen = ~np.isnan(problem.counts)
    counts = np.where(seen, problem.counts, 0.0)
    at = middle.copy()
    for _ in range(200):
        mu = np.exp(both @ at)
        weight = seen * (1 + kappa * counts) * mu / (1 + kappa * mu) ** 2
        hessian = both.T @ (weight[:, None] * both) + prior
        slope = both.T @ (seen * (counts - mu) / (1 + kappa * mu)) - prior @ (at - middle)
        at = at + 0.5 * np.linalg.solve(hessian, slope)
    mu = np.exp(both @ at)
    inverse = np.linalg.inv(hessian)
    third = -weight * (1 - 2 * kappa * mu / (1 + kappa * mu))
    pull = 0.5 * third * np.einsum("ij,jk,ik->i", both, inverse, both)
    gone = at - middle
    evidence = _log_likelihood(counts[seen], mu[seen], kappa) - 0.5 * gone @ prior @ gone
    evidence += 0.5 * (np.linalg.slogdet(prior)[1] - np.linalg.slogdet(hessian)[1])
    return Dense(
        at[NIGHTS:],
        float(evidence),
        (inverse @ both.T @ pull)[NIGHTS:],
        np.linalg.inv(inverse[NIGHTS:, NIGHTS:]),
    )


def _log_likelihood(counts: Array, mu: Array, kappa: float) -> float:
    """Return the negative binomial log likelihood from gamma functions, y! left out."""
    shape = 1 / kappa
    return math.fsum(
        math.lgamma(y + shape)
        - math.lgamma(shape)
        + y * math.log(m / (shape + m))
        - shape * math.log1p(m / shape)
        for y, m in zip(counts, mu, strict=True)
    )


@pytest.mark.parametrize("entry", [0, 1, 2])
def test_a_batch_entry_is_what_the_dense_computation_gives(
    problem: Problem, batched: Fit, entry: int
) -> None:
    """Mode, evidence, curvature and third-order shift agree, with columns left out too."""
    one = dense(problem, entry)
    used = np.flatnonzero(ACTIVE[entry])
    assert batched.converged[entry]
    assert batched.evidence[entry] == pytest.approx(one.evidence, abs=1e-7)
    np.testing.assert_allclose(batched.b[entry, used], one.b, atol=1e-6)
    np.testing.assert_allclose(batched.shift[entry, used], one.shift, atol=1e-6)
    inside = batched.information[entry][np.ix_(used, used)]
    np.testing.assert_allclose(inside, one.information, rtol=1e-5)


def test_a_night_that_is_not_logged_says_nothing(problem: Problem) -> None:
    """Nights without an entry after the last one change no coefficient and no evidence."""
    longer = Problem(
        np.concatenate([problem.counts, np.full(9, np.nan)]),
        np.vstack([problem.columns, np.ones((9, WIDTH))]),
        problem.mean,
        problem.precision,
    )
    short, long = fit(problem, HYPER), fit(longer, HYPER)
    np.testing.assert_allclose(long.b, short.b, atol=1e-6)
    np.testing.assert_allclose(long.evidence, short.evidence, atol=1e-6)
    assert np.abs(fit(replaced(longer), HYPER).b - short.b).max() > 0.05


def replaced(problem: Problem) -> Problem:
    """Return the problem with the unlogged nights read as nights without a cramp."""
    return Problem(np.nan_to_num(problem.counts), problem.columns, problem.mean, problem.precision)


def test_wild_counts_still_settle() -> None:
    """A night of sixty cramps among quiet ones does not throw the steps off."""
    counts = np.zeros(60)
    counts[30] = 60.0
    problem = Problem(counts, np.ones((60, 1)), np.array([-1.0]), np.array([0.25]))
    assert fit(problem, HYPER).converged.all()
