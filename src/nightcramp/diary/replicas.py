"""Made-up histories like this person's: what chance alone, or the fitted model, would make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nightcramp.diary.design import Design
from nightcramp.diary.history import Array
from nightcramp.diary.hyper import Nodes
from nightcramp.diary.latent import ETA_RANGE, Hyper, fit
from nightcramp.diary.models import Models, active_columns
from nightcramp.diary.posterior import Mixture, Weighed, weigh_at

HISTORIES_AT_ONCE = 32
FEW_NODES = 8


def null_histories(
    design: Design, weighed: Weighed, count: int, random: np.random.Generator
) -> Array:
    """Return counts of histories in which no exposure matters, shape (T, count).

    Level, trend, season, weekday, drift and spread are drawn from what the person's own counts
    say of them when nothing matters; the same nights are not logged.
    """
    weight = np.exp(weighed.log_null - weighed.log_null.max())
    node = random.choice(len(weight), size=count, p=weight / weight.sum())
    used, place = np.unique(node, return_inverse=True)
    nothing = np.zeros((len(used), len(design.choices)), dtype=np.int8)
    hyper = weighed.nodes.hyper[used]
    found = fit(design.problem, hyper, active_columns(nothing, design))
    n = design.common
    spread = np.linalg.cholesky(np.linalg.inv(found.information[:, :n, :n]))
    drawn = found.b[place, :n] + np.einsum(
        "bpq,bq->bp", spread[place], random.standard_normal((count, n))
    )
    level = design.problem.columns[:, :n] @ drawn.T
    return _same_missing(counts_around(level, hyper[place], random), design)


def replicas(design: Design, mixture: Mixture, count: int, random: np.random.Generator) -> Array:
    """Return counts drawn from the fitted model, shape (T, count), the same nights missing."""
    which = random.choice(len(mixture.weight), size=count, p=mixture.weight)
    variance = mixture.covariance[which]
    value, vector = np.linalg.eigh(variance)
    noise = random.standard_normal((count, variance.shape[1]))
    drawn = mixture.coefficients[which] + np.einsum(
        "bpq,bq->bp", vector * np.sqrt(np.maximum(value, 0.0))[:, None, :], noise
    )
    level = design.problem.columns @ drawn.T
    return _same_missing(counts_around(level, mixture.hyper[which], random), design)


def counts_around(level: Array, hyper: Hyper, random: np.random.Generator) -> Array:
    """Return negative binomial counts around a level with a fresh drift, shape (T, B)."""
    mu = np.exp(np.clip(level + drift_paths(hyper, len(level), random), *ETA_RANGE))
    shape = 1.0 / hyper.kappa
    return random.negative_binomial(shape, 1.0 / (1.0 + hyper.kappa * mu)).astype(float)


def _same_missing(counts: Array, design: Design) -> Array:
    """Return the counts with the nights left out that the person did not log either."""
    counts[np.isnan(design.problem.counts)] = np.nan
    return counts


def drift_paths(hyper: Hyper, nights: int, random: np.random.Generator) -> Array:
    """Return stationary AR(1) paths, shape (nights, B)."""
    noise = random.standard_normal((nights, len(hyper)))
    path = np.empty_like(noise)
    path[0] = hyper.sigma * noise[0]
    step = hyper.sigma * np.sqrt(1.0 - hyper.rho**2)
    for t in range(1, nights):
        path[t] = hyper.rho * path[t - 1] + step * noise[t]
    return path


@dataclass(frozen=True)
class Strength:
    """How strongly histories speak for each exposure.

    `log_factor`: log Bayes factor of each exposure being in, shape (B, E). `probability`: the
    posterior probability of being in, same shape.
    """

    log_factor: Array
    probability: Array


def few_nodes(weighed: Weighed) -> Nodes:
    """Return a handful of nodes that stand for all: weighted quantiles along each direction."""
    joint = weighed.log_joint()
    weight = np.exp(np.logaddexp.reduce(joint, axis=1) - np.logaddexp.reduce(joint.ravel()))
    order = np.lexsort((weighed.nodes.hyper.rho, weighed.nodes.hyper.sigma))
    middle = (np.arange(FEW_NODES) + 0.5) / FEW_NODES
    place = np.searchsorted(np.cumsum(weight[order]), middle)
    chosen = np.unique(order[np.minimum(place, len(order) - 1)])
    return Nodes(weighed.nodes.hyper[chosen], np.zeros(len(chosen)))


def strengths(design: Design, counts: Array, nodes: Nodes) -> Strength:
    """Return how strongly each history speaks, by the quick weighing at the few nodes.

    `counts`: shape (T, B). The same function is used for the person's own counts and for the
    made-up ones, so that they can be compared.
    """
    parts = [
        _strength(design, counts[:, at : at + HISTORIES_AT_ONCE], nodes)
        for at in range(0, counts.shape[1], HISTORIES_AT_ONCE)
    ]
    return Strength(
        np.concatenate([part.log_factor for part in parts]),
        np.concatenate([part.probability for part in parts]),
    )


def _strength(design: Design, counts: Array, nodes: Nodes) -> Strength:
    histories, per = counts.shape[1], len(nodes.log_weight)
    many = Nodes(
        Hyper(*(np.tile(axis, histories) for axis in _axes(nodes.hyper))),
        np.tile(nodes.log_weight, histories),
    )
    found = weigh_at(design, many, np.repeat(counts, per, axis=1))
    joint = (found.log_null + many.log_weight)[:, None] + found.models.log_weight
    joint = joint.reshape(histories, per, -1)
    by_model = np.logaddexp.reduce(joint, axis=1)
    return _of_exposures(found.models, by_model, design)


def _axes(hyper: Hyper) -> tuple[Array, Array, Array]:
    return hyper.sigma, hyper.rho, hyper.kappa


def _of_exposures(models: Models, by_model: Array, design: Design) -> Strength:
    weight = np.exp(by_model - by_model.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    inside = np.clip(weight @ (models.chosen > 0).astype(float), 1e-12, 1 - 1e-12)
    before = np.array([design.probability[list(columns)].sum() for columns in design.choices])
    odds = np.log(inside / (1 - inside)) - np.log(before / (1 - before))
    return Strength(odds, inside)
