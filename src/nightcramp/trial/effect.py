"""How large: the count model with trend, weekday and drift, and one column for the arms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nightcramp.diary.analysis import quantile
from nightcramp.diary.design import Design, common_columns, common_prior
from nightcramp.diary.history import Array
from nightcramp.diary.hyper import Nodes
from nightcramp.diary.latent import Problem, fit
from nightcramp.diary.posterior import posterior_of
from nightcramp.knowledge.schema import DiaryModel
from nightcramp.trial.betting import Slab
from nightcramp.trial.nights import TrialNights

INTERVAL = 0.95
GRID = np.linspace(-4.0, 4.0, 1601)


@dataclass(frozen=True)
class Size:
    """The posterior of a log rate ratio as weighted normals, from a Normal(0, sd) before.

    `nodes`: where the dependence between nights was integrated.
    """

    weight: Array
    mean: Array
    sd: Array
    before: Slab
    nodes: Nodes

    @property
    def middle(self) -> float:
        """Return the posterior mean."""
        return float(self.weight @ self.mean)

    def interval(self) -> tuple[float, float]:
        """Return the central 95 % interval."""
        tail = (1 - INTERVAL) / 2
        parts = (self.weight, self.mean, self.sd)
        return quantile(*parts, tail), quantile(*parts, 1 - tail)

    def below(self, value: float) -> float:
        """Return how likely the log ratio is below a value."""
        z = (value - self.mean) / self.sd
        parts = [0.5 * math.erfc(-x / math.sqrt(2)) for x in z]
        return float(self.weight @ np.array(parts))

    def sequence(self, error: float) -> tuple[float, float]:
        """Return an interval that holds the truth at all looks together but for `error`.

        Those values whose density has not fallen below `error` times what it was before: the
        ratio of prior to posterior is a bet against each value (valid where the model holds).
        """
        before = _density(GRID, np.array([self.before.mean]), np.array([self.before.sd]))[0]
        after = self.weight @ _density(GRID, self.mean, self.sd)
        kept = GRID[after >= error * before]
        return float(kept.min()), float(kept.max())


def _density(x: Array, mean: Array, sd: Array) -> Array:
    z = (x[None, :] - mean[:, None]) / sd[:, None]
    return np.asarray(np.exp(-0.5 * z**2) / (sd[:, None] * math.sqrt(2 * math.pi)))


def problem_of(nights: TrialNights, model: DiaryModel) -> Problem:
    """Return the outcomes that count with the columns every night has."""
    mean, sd = common_prior(model)
    return Problem(
        counts=nights.used,
        columns=common_columns(nights.first, len(nights.outcome)),
        mean=np.array(mean),
        precision=np.array(sd) ** -2.0,
    )


def size_of(problem: Problem, column: Array, before: Slab, model: DiaryModel) -> Size:
    """Return the posterior of the coefficient of one column beside the common ones."""
    wide = _with_columns(problem, column[:, None], before)
    common = problem.columns.shape[1]
    design = Design(
        problem=wide,
        common=common,
        choices=((0,),),
        probability=np.ones(1),
        lags=(0,),
        scale=np.ones(1),
        center=np.zeros(1),
    )
    mixture, weighed = posterior_of(design, model)
    return Size(mixture.weight, mixture.mean[:, 0], mixture.sd[:, 0], before, weighed.nodes)


def carried_over(
    problem: Problem, arm: Array, after: Array, nodes: Nodes, model: DiaryModel
) -> float:
    """Return how many standard deviations the arm of the block before acts on its successor.

    `arm`: contrast of each night. `after`: contrast of the block before, on the early nights
    of a block, else 0. `nodes`: those of the size, which one more column hardly moves.
    """
    before = Slab(0.0, 2 * model.unpublished_sd)
    wide = _with_columns(problem, np.column_stack([arm, after]), before)
    found = fit(wide, nodes.hyper, shifted=True)
    joint = found.evidence + nodes.log_weight
    weight = np.exp(joint - joint.max())
    weight /= weight.sum()
    middle, spread = found.mean[:, -1], np.linalg.inv(found.information)[:, -1, -1]
    mean = float(weight @ middle)
    variance = float(weight @ (spread + middle**2)) - mean**2
    information = max(1 / variance - before.sd**-2, 1e-9)
    return mean / variance / math.sqrt(information)


def _with_columns(problem: Problem, columns: Array, before: Slab) -> Problem:
    """Return the problem with more columns, the slab before each."""
    extra = columns.shape[1]
    return Problem(
        counts=problem.counts,
        columns=np.hstack([problem.columns, columns]),
        mean=np.concatenate([problem.mean, [before.mean] * extra]),
        precision=np.concatenate([problem.precision, [before.sd**-2.0] * extra]),
    )
