"""Where the dependence between nights is integrated: nodes that follow the posterior.

The prior is HalfNormal for the hidden level's standard deviation and for the overdispersion,
uniform for its correlation. A first grid finds where the posterior lies, a second, finer one
covers that box; both are Gauss-Legendre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nightcramp.diary.history import Array
from nightcramp.diary.latent import Hyper
from nightcramp.knowledge.schema import DiaryModel

FIRST = (6, 4, 4)
SECOND = (6, 6, 4)
WIDEST = 3.5
KEPT = np.log(1e-3)
NEGLIGIBLE = 1e-4
Box = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Nodes:
    """Points (sigma, rho, kappa) with the log of prior density times quadrature weight."""

    hyper: Hyper
    log_weight: Array

    def __getitem__(self, chosen: Any) -> Nodes:
        return Nodes(self.hyper[chosen], self.log_weight[chosen])


def prior_box(model: DiaryModel) -> Box:
    """Return the box that holds the whole prior but for a ten-thousandth."""
    return (
        (0.0, WIDEST * model.drift_sd),
        (0.0, model.most_correlation),
        (0.0, WIDEST * model.overdispersion_sd),
    )


def grid(box: Box, counts: tuple[int, int, int], model: DiaryModel) -> Nodes:
    """Return Gauss-Legendre nodes of a box, weighted by the prior."""
    points, weights = zip(
        *(_line(low, high, n) for (low, high), n in zip(box, counts, strict=True)), strict=True
    )
    sigma, rho, kappa = (axis.ravel() for axis in np.meshgrid(*points, indexing="ij"))
    weight = np.prod(np.stack([w.ravel() for w in np.meshgrid(*weights, indexing="ij")]), axis=0)
    prior = -0.5 * (sigma / model.drift_sd) ** 2 - 0.5 * (kappa / model.overdispersion_sd) ** 2
    return Nodes(Hyper(sigma, rho, kappa), prior + np.log(weight))


def _line(low: float, high: float, count: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * 0.5 * (nodes + 1), 0.5 * (high - low) * weights


def box_of(nodes: Nodes, log_posterior: Array, counts: tuple[int, int, int], box: Box) -> Box:
    """Return the box around the nodes that matter, in each direction half a node wider."""
    shaped = (log_posterior - log_posterior.max()).reshape(counts)
    axes = (nodes.hyper.sigma, nodes.hyper.rho, nodes.hyper.kappa)
    result = []
    for axis, (values, (low, high)) in enumerate(zip(axes, box, strict=True)):
        line = np.unique(values)
        others = tuple(i for i in range(3) if i != axis)
        keep = np.flatnonzero(shaped.max(axis=others) > KEPT)
        first, last = keep[0], keep[-1]
        below = low if first == 0 else float(line[first - 1])
        above = high if last == len(line) - 1 else float(line[last + 1])
        result.append((below, above))
    return tuple(result)


def explore(evidence: Callable[[Nodes], Array], model: DiaryModel) -> tuple[Nodes, Array]:
    """Return the nodes that matter with the log of evidence times weight at each.

    `evidence` gives the log marginal likelihood at nodes.
    """
    box = prior_box(model)
    first = grid(box, FIRST, model)
    found = evidence(first) + first.log_weight
    second = grid(box_of(first, found, FIRST, box), SECOND, model)
    total = evidence(second) + second.log_weight
    kept = total > total.max() + np.log(NEGLIGIBLE)
    return second[kept], total[kept]
