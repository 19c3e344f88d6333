"""All models at once: every choice of which exposures matter, and on which day.

Around the full model's mode the likelihood of the coefficients is Gaussian, so the evidence of
a model has a closed form. Exposures are taken in turn: left out, or integrated out at one of
their lags; what remains is the Gaussian of those not yet taken. The work is a few operations a
model, however many exposures there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightcramp.diary.design import Design
from nightcramp.diary.history import Array
from nightcramp.diary.latent import Fit

MOST_MODELS = 1 << 15


@dataclass(frozen=True)
class Gaussian:
    """The log likelihood of the exposure columns, h'b - b'Jb/2, for G nodes."""

    linear: Array
    """h, shape (G, R)."""
    curvature: Array
    """J, shape (G, R, R)."""


@dataclass(frozen=True)
class Models:
    """Models and how each weighs at each node.

    `chosen`: shape (M, E), 0 for out, else 1 + the place among the exposure's lags.
    `log_weight`: prior times evidence against the model with nothing in, shape (G, M).
    """

    chosen: NDArray[np.int8]
    log_weight: Array


def gaussian_of(fit: Fit, design: Design) -> Gaussian:
    """Return the likelihood of the exposures around the mode, the common columns integrated."""
    n = design.common
    common = fit.information[:, :n, :n]
    across = fit.information[:, :n, n:]
    prior = design.problem.precision[n:]
    posterior = fit.information[:, n:, n:] - across.transpose(0, 2, 1) @ np.linalg.solve(
        common, across
    )
    linear = np.einsum("grs,gs->gr", posterior, fit.b[:, n:]) - prior * design.problem.mean[n:]
    return Gaussian(linear, posterior - np.diag(prior))


def enumerate_models(likelihood: Gaussian, design: Design) -> Models:
    """Return every model with its weight; beyond 32,768 the weightiest at every turn."""
    n = design.common
    mean, precision = design.problem.mean[n:], design.problem.precision[n:]
    nodes = len(likelihood.linear)
    h, j = likelihood.linear[:, None, :], likelihood.curvature[:, None, :, :]
    weight = np.zeros((nodes, 1))
    chosen = np.zeros((1, 0), dtype=np.int8)
    for columns in design.choices:
        size = len(columns)
        branches = [_left_out(h, j, size, weight, 1.0 - design.probability[list(columns)].sum())]
        for place, column in enumerate(columns):
            branches.append(
                _taken(
                    h,
                    j,
                    size,
                    place,
                    weight,
                    mean[column],
                    precision[column],
                    design.probability[column],
                )
            )
        h = np.concatenate([b[0] for b in branches], axis=1)
        j = np.concatenate([b[1] for b in branches], axis=1)
        weight = np.concatenate([b[2] for b in branches], axis=1)
        marks = np.repeat(np.arange(size + 1, dtype=np.int8), len(chosen))
        chosen = np.column_stack([np.tile(chosen, (size + 1, 1)), marks])
        if len(chosen) > MOST_MODELS:
            keep = np.sort(np.argsort(weight.max(axis=0))[-MOST_MODELS:])
            h, j, weight, chosen = h[:, keep], j[:, keep], weight[:, keep], chosen[keep]
    return Models(chosen, weight)


def _left_out(
    h: Array, j: Array, size: int, weight: Array, probability: float
) -> tuple[Array, Array, Array]:
    return h[..., size:], j[..., size:, size:], weight + np.log(max(probability, 1e-300))


def _taken(
    h: Array,
    j: Array,
    size: int,
    place: int,
    weight: Array,
    mean: float,
    precision: float,
    probability: float,
) -> tuple[Array, Array, Array]:
    """Integrate one column out: returns (h, J, weight) of what remains."""
    pivot = j[..., place, place] + precision
    pull = h[..., place] + precision * mean
    across = j[..., size:, place] / pivot[..., None]
    gain = 0.5 * (pull**2 / pivot - precision * mean**2 + np.log(precision / pivot))
    rest = j[..., size:, size:] - across[..., :, None] * j[..., place, size:][..., None, :]
    return (
        h[..., size:] - across * pull[..., None],
        rest,
        weight + gain + np.log(max(probability, 1e-300)),
    )


def active_columns(chosen: NDArray[np.int8], design: Design) -> Array:
    """Return which columns take part in each model, shape (M, P): 1 or 0."""
    active = np.zeros((len(chosen), design.problem.columns.shape[1]))
    active[:, : design.common] = 1.0
    for exposure, columns in enumerate(design.choices):
        for place, column in enumerate(columns):
            active[chosen[:, exposure] == place + 1, design.common + column] = 1.0
    return active
