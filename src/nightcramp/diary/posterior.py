"""What a history says of its exposures: averaged over all models and over the dependence.

First every model is weighed around the full model's mode. Then the models and nodes that carry
the weight are fitted each at its own mode, which corrects the evidence where counts are few and
gives the coefficients with their third-order shift.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightcramp.diary.design import Design
from nightcramp.diary.history import Array
from nightcramp.diary.hyper import Nodes, explore
from nightcramp.diary.latent import Fit, Hyper, fit
from nightcramp.diary.models import (
    Gaussian,
    Models,
    active_columns,
    enumerate_models,
    gaussian_of,
)
from nightcramp.knowledge.schema import DiaryModel

CHUNK = 128
CARRIED = 0.995
MOST_MODELS_REFINED = 256
MOST_PAIRS = 384


@dataclass(frozen=True)
class Mixture:
    """The posterior as weighted normals, one for each fitted pair of model and node.

    `weight`: shape (N,), sums to one. `chosen`: (N, E) as in `Models`. `mean`, `sd`: (N, R) of
    the exposure columns, 0 where a column is out. `coefficients`: (N, P) and
    `covariance`: (N, P, P) of all columns, those of every night first. `inclusion`: (R,), the
    posterior probability of each exposure column.
    """

    weight: Array
    chosen: NDArray[np.int8]
    mean: Array
    sd: Array
    coefficients: Array
    covariance: Array
    hyper: Hyper
    inclusion: Array
    converged: bool

    def inclusion_of(self, design: Design) -> Array:
        """Return the posterior probability that each exposure matters, on whichever day."""
        return np.array([self.inclusion[list(columns)].sum() for columns in design.choices])


@dataclass(frozen=True)
class Weighed:
    """All models at the nodes that matter, before any is fitted at its own mode."""

    nodes: Nodes
    full: Fit
    models: Models
    log_null: Array
    """Log evidence times node weight of the model with nothing in, shape (G,)."""

    def log_joint(self) -> Array:
        """Return the log weight of each node and model, shape (G, M)."""
        return self.log_null[:, None] + self.models.log_weight


def weigh_models(design: Design, model: DiaryModel) -> Weighed:
    """Return every model weighed at the nodes that matter."""
    nodes, _ = explore(lambda nodes: weigh_at(design, nodes).log_total(), model)
    found = weigh_at(design, nodes)
    return Weighed(nodes, found.full, found.models, found.log_null + nodes.log_weight)


@dataclass(frozen=True)
class AtNodes:
    """All models at given nodes, one batch entry a node."""

    full: Fit
    models: Models
    log_null: Array

    def log_total(self) -> Array:
        """Return the log evidence of each node, all models together."""
        total: Array = self.log_null + np.logaddexp.reduce(self.models.log_weight, axis=1)
        return total


def weigh_at(design: Design, nodes: Nodes, counts: Array | None = None) -> AtNodes:
    """Return every model weighed at the given nodes; `counts` (T, G) may differ by node."""
    problem = design.problem if counts is None else replace(design.problem, counts=counts)
    full = fit(problem, nodes.hyper)
    likelihood = gaussian_of(full, design)
    models = enumerate_models(likelihood, design)
    return AtNodes(full, models, full.evidence - _gain_of_all(likelihood, design))


def _gain_of_all(likelihood: Gaussian, design: Design) -> Array:
    """Return the log evidence of all columns in against none, shape (G,)."""
    n = design.common
    mean, precision = design.problem.mean[n:], design.problem.precision[n:]
    if not len(mean):
        return np.zeros(len(likelihood.linear))
    posterior = likelihood.curvature + np.diag(precision)
    pull = likelihood.linear + precision * mean
    best = np.linalg.solve(posterior, pull[:, :, None])[:, :, 0]
    gain: Array = 0.5 * (
        (pull * best).sum(axis=1)
        - (precision * mean**2).sum()
        + np.log(precision).sum()
        - np.linalg.slogdet(posterior)[1]
    )
    return gain


def posterior_of(design: Design, model: DiaryModel) -> tuple[Mixture, Weighed]:
    """Return the posterior of a history's coefficients, and all models as first weighed."""
    weighed = weigh_models(design, model)
    return refine(design, weighed), weighed


def refine(design: Design, weighed: Weighed) -> Mixture:
    """Fit what carries the weight at its own mode and return it as a mixture."""
    joint = weighed.log_joint()
    best = int(np.logaddexp.reduce(joint, axis=1).argmax())
    top = _carrying(np.logaddexp.reduce(joint, axis=0), MOST_MODELS_REFINED)
    chosen = weighed.models.chosen
    fitted = _log_joint(design, weighed, np.full(len(top), best), chosen[top])
    active = active_columns(chosen, design)[:, design.common :]
    joint = joint + _correction(active, top, fitted - joint[best, top])
    joint -= np.logaddexp.reduce(joint.ravel())
    node, which = np.divmod(_carrying(joint.ravel(), MOST_PAIRS), len(chosen))
    return _mixture(design, weighed, node, chosen[which], np.exp(joint).sum(axis=0) @ active)


def _correction(active: Array, top: NDArray[np.intp], found: Array) -> Array:
    """Return how far the evidence of each model was off, shape (M,).

    Fitted models get what their fit found; the light rest what a sum over their columns
    predicts, learnt from the fitted ones.
    """
    terms = np.column_stack([np.ones(len(top)), active[top]])
    penalty = np.diag([0.0] + [1.0] * active.shape[1])
    weights = np.linalg.solve(terms.T @ terms + penalty, terms.T @ found)
    correction = weights[0] + active @ weights[1:]
    correction[top] = found
    return np.asarray(correction)


def _carrying(log_weight: Array, most: int) -> NDArray[np.intp]:
    """Return the places of the largest weights that together carry nearly all."""
    order = np.argsort(-log_weight, kind="stable")
    weight = np.exp(log_weight[order] - log_weight.max())
    count = int(np.searchsorted(np.cumsum(weight) / weight.sum(), CARRIED)) + 1
    return order[: min(count, most)]


def _fits(
    design: Design, weighed: Weighed, node: NDArray[np.intp], chosen: NDArray[np.int8]
) -> list[Fit]:
    """Return fits of pairs of node and model at their own modes, in chunks."""
    active = active_columns(chosen, design)
    parts = [slice(at, at + CHUNK) for at in range(0, len(node), CHUNK)]
    hyper, start = weighed.nodes.hyper[node], weighed.full.eta[:, node]
    return [
        fit(design.problem, hyper[part], active[part], start[:, part], shifted=True)
        for part in parts
    ]


def _log_joint(
    design: Design, weighed: Weighed, node: NDArray[np.intp], chosen: NDArray[np.int8]
) -> Array:
    """Return log evidence, prior and node weight of pairs, each at its own mode."""
    fits = _fits(design, weighed, node, chosen)
    return _joint_of(fits, design, weighed, node, chosen)


def _joint_of(
    fits: list[Fit],
    design: Design,
    weighed: Weighed,
    node: NDArray[np.intp],
    chosen: NDArray[np.int8],
) -> Array:
    evidence = np.concatenate([item.evidence for item in fits])
    return evidence + log_prior(chosen, design) + weighed.nodes.log_weight[node]


def log_prior(chosen: NDArray[np.int8], design: Design) -> Array:
    """Return the log prior probability of models, shape (M,)."""
    total = np.zeros(len(chosen))
    for exposure, columns in enumerate(design.choices):
        inside = design.probability[list(columns)]
        table = np.log(np.maximum([1.0 - inside.sum(), *inside], 1e-300))
        total += table[chosen[:, exposure]]
    return total


def _mixture(
    design: Design,
    weighed: Weighed,
    node: NDArray[np.intp],
    chosen: NDArray[np.int8],
    inclusion: Array,
) -> Mixture:
    fits = _fits(design, weighed, node, chosen)
    joint = _joint_of(fits, design, weighed, node, chosen)
    weight = np.exp(joint - joint.max())
    active = active_columns(chosen, design)[:, design.common :]
    mean = np.concatenate([item.mean for item in fits])
    covariance = np.concatenate([np.linalg.inv(item.information) for item in fits])
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))[:, design.common :]
    return Mixture(
        weight=weight / weight.sum(),
        chosen=chosen,
        mean=mean[:, design.common :] * active,
        sd=sd * active,
        coefficients=mean * _everything(active, design),
        covariance=covariance * _both(_everything(active, design)),
        hyper=weighed.nodes.hyper[node],
        inclusion=inclusion,
        converged=all(item.converged.all() for item in fits),
    )


def _everything(active: Array, design: Design) -> Array:
    """Return which of all columns take part, from those of the exposures."""
    return np.hstack([np.ones((len(active), design.common)), active])


def _both(active: Array) -> Array:
    return active[:, :, None] * active[:, None, :]
