"""Counts with a latent AR(1): many Laplace approximations at once, one a batch entry.

Counts y_t are negative binomial with mean exp(eta_t) and variance mu + kappa mu^2, where
eta = C b + u, b Gaussian with a diagonal prior, and u a stationary AR(1) with standard deviation
sigma and correlation rho. Given (sigma, rho, kappa) the log posterior of (u, b) is concave; its
mode is found by Newton steps. The precision of u is tridiagonal, so one forward recursion over
the nights eliminates u, for all batch entries together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightcramp.diary.history import Array

STEPS = 30
CLOSE = 3e-4
"""The last Newton step is shorter than this, and what it leaves is its square."""
LONGEST_STEP = 3.0
ETA_RANGE = (-25.0, 8.0)


@dataclass(frozen=True)
class Hyper:
    """Latent standard deviation, latent correlation and overdispersion; each shape (B,)."""

    sigma: Array
    rho: Array
    kappa: Array

    def __len__(self) -> int:
        return len(self.sigma)

    def __getitem__(self, chosen: Any) -> Hyper:
        return Hyper(self.sigma[chosen], self.rho[chosen], self.kappa[chosen])


@dataclass(frozen=True)
class Problem:
    """Counts and columns shared by all batch entries, with the prior of the coefficients.

    `counts`: shape (T,) or (T, B), NaN where not logged. `columns`: shape (T, P). `mean` and
    `precision`: shape (P,), the prior of each coefficient.
    """

    counts: Array
    columns: Array
    mean: Array
    precision: Array


@dataclass(frozen=True)
class Fit:
    """The mode and the curvature there, B batch entries.

    `eta`: log means, shape (T, B). `b`: coefficients, (B, P). `information`: the precision of b
    with u integrated out, (B, P, P). `evidence`: log marginal likelihood, (B,). `shift`: what
    the third derivatives move the mean of b away from the mode, (B, P). `converged`: (B,).
    """

    eta: Array
    b: Array
    information: Array
    evidence: Array
    shift: Array
    converged: NDArray[np.bool_]

    @property
    def mean(self) -> Array:
        """Return the approximate posterior mean of b, shape (B, P)."""
        return self.b + self.shift


def fit(
    problem: Problem,
    hyper: Hyper,
    active: Array | None = None,
    start: Array | None = None,
    *,
    shifted: bool = False,
) -> Fit:
    """Return the Laplace approximation for each batch entry.

    `active`: shape (B, P), 1 where a column takes part, 0 where it is left out. `start`: log
    means to begin at, shape (T, B). `shifted`: work out the third-order shift too, else it is 0.
    """
    solver = _Solver(problem, hyper, active)
    eta = solver.first_guess() if start is None else start.copy()
    moved = np.full(len(hyper), np.inf)
    for _ in range(STEPS):
        b, u = solver.step(eta)
        change = problem.columns @ b.T + u - eta
        moved = np.abs(change).max(axis=0)
        eta += change * np.minimum(1.0, LONGEST_STEP / np.maximum(moved, LONGEST_STEP))
        if (moved < CLOSE).all():
            break
    return solver.result(eta, moved < 100 * CLOSE, shifted)


class _Solver:
    """Holds what stays the same between Newton steps."""

    def __init__(self, problem: Problem, hyper: Hyper, active: Array | None) -> None:
        self.columns = problem.columns
        self.nights, self.width = problem.columns.shape
        self.batch = len(hyper)
        counts = problem.counts.reshape(self.nights, -1)
        self.seen = (~np.isnan(counts)).astype(float)
        self.counts = np.where(np.isnan(counts), 0.0, counts)
        self.kappa = hyper.kappa
        self.active = np.ones((self.batch, self.width)) if active is None else active
        self.prior_precision = np.where(self.active > 0, problem.precision, 1.0)
        self.prior_mean = problem.mean * self.active
        self.rho = hyper.rho
        self.noise = hyper.sigma**2 * (1.0 - hyper.rho**2)
        self.off = -hyper.rho / self.noise
        diagonal = np.repeat(((1.0 + hyper.rho**2) / self.noise)[None, :], self.nights, axis=0)
        diagonal[0] = diagonal[-1] = 1.0 / self.noise
        self.prior_diagonal = diagonal

    def first_guess(self) -> Array:
        """Return the log of the mean count everywhere, a safe place to begin."""
        total = (self.counts * self.seen).sum(axis=0) + 0.5
        rate = np.log(total / (self.seen.sum(axis=0) + 1.0))
        return np.broadcast_to(rate, (self.nights, self.batch)).copy()

    def slopes(self, eta: Array) -> tuple[Array, Array, Array]:
        """Return gradient, curvature W and third derivative of the log likelihood in eta."""
        mu = np.exp(np.clip(eta, *ETA_RANGE))
        over = 1.0 + self.kappa * mu
        gradient = self.seen * (self.counts - mu) / over
        weight = self.seen * (1.0 + self.kappa * self.counts) * mu / over**2
        third = -weight * (2.0 / over - 1.0)
        return gradient, weight, third

    def eliminate(self, weight: Array, right: Array) -> tuple[Array, Array, Array]:
        """Eliminate u from [W C, right]; returns (pivots, forward-solved, what is left for b).

        Shapes (T, B), (T, B, P + 1) and (B, P, P + 1).
        """
        pivots = self.prior_diagonal + weight
        solved = np.empty((self.nights, self.batch, self.width + 1))
        np.multiply(weight[:, :, None], self.columns[:, None, :], out=solved[:, :, :-1])
        solved[:, :, -1] = right
        gram = self._gram(solved)
        for t in range(1, self.nights):
            factor = self.off / pivots[t - 1]
            pivots[t] -= self.off * factor
            solved[t] -= factor[:, None] * solved[t - 1]
        scaled = np.ascontiguousarray((solved / np.sqrt(pivots)[:, :, None]).transpose(1, 0, 2))
        crossed = np.matmul(scaled.transpose(0, 2, 1), scaled)
        return pivots, solved, gram - crossed[:, :-1, :]

    def _gram(self, weighted: Array) -> Array:
        """Return C'[WC, right], shape (B, P, P + 1)."""
        flat = self.columns.T @ weighted.reshape(self.nights, -1)
        return flat.reshape(self.width, self.batch, -1).transpose(1, 0, 2)

    def information(self, schur: Array) -> Array:
        """Return the precision of b, columns left out replaced by their prior."""
        both = self.active[:, :, None] * self.active[:, None, :]
        information = schur[:, :, :-1] * both
        at = np.arange(self.width)
        information[:, at, at] += self.prior_precision
        return information

    def step(self, eta: Array) -> tuple[Array, Array]:
        """Return the coefficients and the latent process after one Newton step."""
        gradient, weight, _ = self.slopes(eta)
        pivots, solved, schur = self.eliminate(weight, gradient + weight * eta)
        right = schur[:, :, -1] * self.active + self.prior_precision * self.prior_mean
        b = np.asarray(np.linalg.solve(self.information(schur), right[:, :, None])[:, :, 0], float)
        left = solved[:, :, -1] - np.einsum("tbp,bp->tb", solved[:, :, :-1], b)
        return b, self._back(pivots, left)

    def _back(self, pivots: Array, forward: Array) -> Array:
        """Finish the tridiagonal solve: from the last night to the first."""
        u = forward / pivots
        for t in range(self.nights - 2, -1, -1):
            u[t] -= self.off / pivots[t] * u[t + 1]
        return u

    def result(self, eta: Array, converged: NDArray[np.bool_], shifted: bool) -> Fit:
        """Return everything asked of the mode."""
        gradient, weight, third = self.slopes(eta)
        pivots, solved, schur = self.eliminate(weight, gradient + weight * eta)
        information = self.information(schur)
        right = schur[:, :, -1] * self.active + self.prior_precision * self.prior_mean
        inverse = np.asarray(np.linalg.inv(information), float)
        b = np.einsum("bpq,bq->bp", inverse, right)
        left = solved[:, :, -1] - np.einsum("tbp,bp->tb", solved[:, :, :-1], b)
        u = self._back(pivots, left)
        evidence = self._evidence(eta, u, b, pivots, information)
        shift = np.zeros_like(b)
        if shifted:
            shift = self._shift(third, pivots, solved[:, :, :-1], inverse)
        return Fit(eta, b, information, evidence, shift, converged)

    def _evidence(self, eta: Array, u: Array, b: Array, pivots: Array, info: Array) -> Array:
        gone = b - self.prior_mean
        penalty = self._latent_penalty(u) + (self.prior_precision * gone**2).sum(axis=1)
        determinants = (
            np.log1p(-(self.rho**2))
            - self.nights * np.log(self.noise)
            + np.log(self.prior_precision).sum(axis=1)
            - np.log(pivots).sum(axis=0)
            - np.linalg.slogdet(info)[1]
        )
        return np.asarray(self._likelihood(eta) + 0.5 * (determinants - penalty))

    def _latent_penalty(self, u: Array) -> Array:
        """Return u'Qu, shape (B,)."""
        steps = u[1:] - self.rho * u[:-1]
        first = u[0] ** 2 * (1.0 - self.rho**2)
        total: Array = (first + (steps**2).sum(axis=0)) / self.noise
        return total

    def _likelihood(self, eta: Array) -> Array:
        """Return the log likelihood up to what depends on the counts alone, shape (B,)."""
        mu = np.exp(np.clip(eta, *ETA_RANGE))
        spread = (self.counts + 1.0 / self.kappa) * np.log1p(self.kappa * mu)
        fixed = _rising(self.counts, self.kappa)
        total: Array = (self.seen * (self.counts * eta - spread + fixed)).sum(axis=0)
        return total

    def _shift(self, third: Array, pivots: Array, solved: Array, inverse: Array) -> Array:
        """Return half the mean's third-order move away from the mode, b part."""
        reached = self._reached(pivots, solved)
        seen_by_b = (self.columns[:, None, :] - reached) * self.active
        by_b = np.einsum("tbp,bpq,tbq->tb", seen_by_b, inverse, seen_by_b, optimize=True)
        pull = 0.5 * third * (_inverse_diagonal(self, pivots) + by_b)
        return np.asarray(np.einsum("bpq,tbq,tb->bp", inverse, seen_by_b, pull, optimize=True))

    def _reached(self, pivots: Array, solved: Array) -> Array:
        """Return H^-1 W C from the forward-solved columns, shape (T, B, P)."""
        reached = solved / pivots[:, :, None]
        for t in range(self.nights - 2, -1, -1):
            reached[t] -= (self.off / pivots[t])[:, None] * reached[t + 1]
        return np.asarray(reached)


def _inverse_diagonal(solver: _Solver, pivots: Array) -> Array:
    """Return the diagonal of the inverse of the tridiagonal matrix with these pivots."""
    variance = np.empty_like(pivots)
    variance[-1] = 1.0 / pivots[-1]
    for t in range(solver.nights - 2, -1, -1):
        variance[t] = (1.0 + solver.off**2 / pivots[t] * variance[t + 1]) / pivots[t]
    return variance


def _rising(counts: Array, kappa: Array) -> Array:
    """Return the sum over j < y of log(1 + kappa j): what kappa does to a count by itself."""
    most = int(counts.max(initial=0.0))
    steps = np.log1p(kappa[None, :] * np.arange(max(most, 1))[:, None])
    table = np.concatenate([np.zeros((1, len(kappa))), np.cumsum(steps, axis=0)])
    index = np.broadcast_to(counts.astype(int), (len(counts), len(kappa)))
    return np.asarray(np.take_along_axis(table, index, axis=0))
